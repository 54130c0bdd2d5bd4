"""Pipelines and their runs as records (server.md §9.4, §3.7)."""

from __future__ import annotations

from base64 import b64encode

import grpc
import pytest

from wp_proto.waypoint import api as pb
from wp_server.store.schema import pipeline_runs

from .turning import refuses_foreign_tokens, turned

SHOP = pb.Ref.Project(project="shop")
Step = pb.Pipeline.Step


@pytest.fixture
async def api(client, token):
    made = client(token)
    for name in ("shop", "bank"):
        await made.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name=name)))
    return made


async def refusal(call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


def step(name: str, *depends_on: str, **kind) -> Step:
    return Step(name=name, depends_on=depends_on, **kind or {"build": Step.Build()})


def pipeline(*steps: Step, **fields) -> pb.Pipeline:
    return pb.Pipeline(**{"name": "Release", "project": SHOP} | fields, steps={one.name: one for one in steps})


GOOD = (step("build"), step("deploy", "build", deploy=Step.Deploy()), step("test", "build", exec=Step.Exec(image="x")))


async def upsert(api, made: pb.Pipeline) -> pb.Pipeline:
    return (await api.UpsertPipeline(pb.UpsertPipelineRequest(pipeline=made))).pipeline


def by_name(name: str, project: str = "shop") -> pb.Ref.Pipeline:
    owner = pb.Ref.PipelineOwner(project=pb.Ref.Project(project=project), pipeline_name=name)
    return pb.Ref.Pipeline(owner=owner)


async def run(server, made: pb.Pipeline, sequence: int, *jobs: str) -> pb.PipelineRun:
    """A stored run, as running a pipeline leaves it."""
    found = pb.PipelineRun(
        id=f"RUN{sequence}",
        sequence=sequence,
        pipeline=pb.Ref.Pipeline(id=made.id),
        jobs=[pb.Ref.Job(id=one) for one in jobs],
        state=pb.PipelineRun.SUCCESS,
    )
    row = {"pipeline_id": made.id, "sequence": sequence, "blob": found.SerializeToString()}
    await server.store.write(lambda connection: connection.execute(pipeline_runs.insert(), row) and None)
    return found


async def test_a_pipeline_is_its_project_and_name_whatever_their_case(api):
    first = await upsert(api, pipeline(*GOOD, id="CHOSEN"))
    assert len(first.id) == 26
    second = await upsert(api, pipeline(GOOD[0], name="RELEASE", project=pb.Ref.Project(project="SHOP")))
    assert second.id == first.id
    assert list(second.steps) == ["build"]
    other = await upsert(api, pipeline(*GOOD, project=pb.Ref.Project(project="bank")))
    assert other.id != first.id
    for ref in (pb.Ref.Pipeline(id=first.id.lower()), by_name("release")):
        found = await api.GetPipeline(pb.GetPipelineRequest(pipeline=ref))
        assert found.pipeline == second
        assert found.root_step == "build"
    listed = (await api.ListPipelines(pb.ListPipelinesRequest(project=SHOP))).pipelines
    assert list(listed) == [second]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (pipeline(*GOOD, name=""), "pipeline.name"),
        (pipeline(*GOOD, project=None), "pipeline.project: is required"),
        (pipeline(), "pipeline.steps: must not be empty"),
        (pipeline(step("a"), step("b")), "must begin with one step, but these wait for none: a, b"),
        (pipeline(step("a"), step("b", "c")), "names 'c', which is not a step"),
        (pipeline(Step(name="a")), "must say what the step does"),
        (pipeline(step("a", exec=Step.Exec())), "pipeline.steps[a].exec.image"),
        (pipeline(step("a", pipeline=Step.Pipeline())), "pipeline.steps[a].pipeline.ref"),
        (pb.Pipeline(name="x", project=SHOP, steps={"a": step("b")}), "must be the step's key 'a'"),
    ],
)
async def test_what_is_no_pipeline_is_refused(api, made, words):
    code, said = await refusal(upsert(api, made))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert words in said


async def test_a_placeholder_of_a_pipeline_is_kept_and_takes_no_steps_away(api):
    placeholder = pipeline(step("root", pipeline=Step.Pipeline()))
    first = await upsert(api, placeholder)
    assert list(first.steps) == ["root"]
    asked = pb.RunPipelineRequest(
        pipeline=by_name("Release"),
        job_template=pb.Job(
            application=pb.Ref.Application(project="shop", application="web"),
            workspace=pb.Ref.Workspace(workspace="default"),
            data_source=pb.Job.DataSource(local=pb.Job.Local()),
            target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
        ),
    )
    code, words = await refusal(api.RunPipeline(asked))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "has no steps yet" in words
    assert (await upsert(api, pipeline(*GOOD))).id == first.id
    kept = await upsert(api, placeholder)
    assert kept.id == first.id
    assert sorted(kept.steps) == ["build", "deploy", "test"]


async def test_steps_in_a_circle_are_refused(api):
    for steps in ((step("a", "b"), step("b", "a")), (step("a"), step("b", "a", "c"), step("c", "b"))):
        code, words = await refusal(upsert(api, pipeline(*steps)))
        assert code is grpc.StatusCode.FAILED_PRECONDITION
        assert "in a circle" in words


async def test_a_pipeline_needs_its_project_and_what_is_missing_is_not_found(api):
    code, _ = await refusal(upsert(api, pipeline(*GOOD, project=pb.Ref.Project(project="none"))))
    assert code is grpc.StatusCode.NOT_FOUND
    for call, wanted in (
        (api.GetPipeline(pb.GetPipelineRequest(pipeline=by_name("none"))), grpc.StatusCode.NOT_FOUND),
        (api.GetPipeline(pb.GetPipelineRequest(pipeline=pb.Ref.Pipeline(id="NONE"))), grpc.StatusCode.NOT_FOUND),
        (api.GetPipeline(pb.GetPipelineRequest()), grpc.StatusCode.INVALID_ARGUMENT),
        (api.ListPipelines(pb.ListPipelinesRequest()), grpc.StatusCode.INVALID_ARGUMENT),
    ):
        assert (await refusal(call))[0] is wanted


async def test_runs_are_found_by_both_forms_of_the_reference(server, api):
    made = await upsert(api, pipeline(*GOOD))
    refs = (pb.Ref.Pipeline(id=made.id), by_name("release"))
    assert (await refusal(api.GetLatestPipelineRun(pb.GetPipelineRequest(pipeline=refs[0]))))[0] is (
        grpc.StatusCode.NOT_FOUND
    )
    runs = [await run(server, made, number) for number in (1, 2, 3)]
    for ref in refs:
        assert list((await api.ListPipelineRuns(pb.ListPipelineRunsRequest(pipeline=ref))).pipeline_runs) == runs
        latest = await api.GetLatestPipelineRun(pb.GetPipelineRequest(pipeline=ref))
        assert latest.pipeline_run == runs[-1]
        second = await api.GetPipelineRun(pb.GetPipelineRunRequest(pipeline=ref, sequence=2))
        assert second.pipeline_run == runs[1]
        code, words = await refusal(api.GetPipelineRun(pb.GetPipelineRunRequest(pipeline=ref, sequence=9)))
        assert code is grpc.StatusCode.NOT_FOUND
        assert "no run 9" in words


async def test_bundles_show_the_first_job_and_live_without_jobs(server, api):
    made = await upsert(api, pipeline(*GOOD))
    app = pb.Ref.Application(project="shop", application="web")
    job = pb.Job(
        application=app,
        workspace=pb.Ref.Workspace(workspace="default"),
        target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
        data_source=pb.Job.DataSource(local=pb.Job.Local()),
        noop=pb.Job.Noop(),
    )
    job_id = (await api.QueueJob(pb.QueueJobRequest(job=job))).job_id
    await run(server, made, 1, job_id)
    await run(server, made, 2)
    await run(server, made, 3, "GONE")
    request = pb.UI.ListPipelineRunsRequest(pipeline=by_name("release"))
    bundles = (await api.UI_ListPipelineRuns(request)).pipeline_run_bundles
    assert [one.pipeline_run.sequence for one in bundles] == [3, 2, 1]
    assert bundles[2].application == app
    assert bundles[2].HasField("queue_time")
    assert not bundles[0].HasField("queue_time")
    (listed,) = (await api.UI_ListPipelines(pb.UI.ListPipelinesRequest(project=SHOP))).pipelines
    assert listed.pipeline == made
    assert listed.last_run.pipeline_run.sequence == 3


async def test_pipelines_and_runs_are_paged(server, api):
    made = [await upsert(api, pipeline(*GOOD, name=f"p{number}")) for number in range(5)]
    for number in range(1, 6):
        await run(server, made[0], number)
    request = pb.UI.ListPipelinesRequest(project=SHOP)

    def names(answer: pb.UI.ListPipelinesResponse) -> list[str]:
        return [one.pipeline.name for one in answer.pipelines]

    assert await turned(api.UI_ListPipelines, request, 2, names) == [["p0", "p1"], ["p2", "p3"], ["p4"]]
    asked = pb.UI.ListPipelineRunsRequest(pipeline=by_name("p0"))

    def numbers(answer: pb.UI.ListPipelineRunsResponse) -> list[int]:
        return [one.pipeline_run.sequence for one in answer.pipeline_run_bundles]

    assert await turned(api.UI_ListPipelineRuns, asked, 2, numbers) == [[5, 4], [3, 2], [1]]
    await refuses_foreign_tokens(api.UI_ListPipelines, request)
    await refuses_foreign_tokens(api.UI_ListPipelineRuns, asked)
    asked.pagination.CopyFrom(pb.PaginationRequest(next_page_token=b64encode(b"after:p0").decode()))
    assert (await refusal(api.UI_ListPipelineRuns(asked)))[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_pipelines_go_with_their_project_and_stay_away(server, api):
    made = await upsert(api, pipeline(*GOOD))
    await run(server, made, 1)
    other = await upsert(api, pipeline(*GOOD, project=pb.Ref.Project(project="bank")))
    await api.DestroyProject(pb.DestroyProjectRequest(project=SHOP))
    await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="shop")))
    assert not (await api.ListPipelines(pb.ListPipelinesRequest(project=SHOP))).pipelines
    assert (await upsert(api, pipeline(*GOOD))).id not in (made.id, other.id)


async def test_events_are_asked_for_properly_and_not_kept(api):
    assert (await refusal(api.UI_ListEvents(pb.UI.ListEventsRequest(project=SHOP))))[0] is (
        grpc.StatusCode.UNIMPLEMENTED
    )
    both = pb.PaginationRequest(next_page_token="a", previous_page_token="b")
    for request in (pb.UI.ListEventsRequest(), pb.UI.ListEventsRequest(project=SHOP, pagination=both)):
        assert (await refusal(api.UI_ListEvents(request)))[0] is grpc.StatusCode.INVALID_ARGUMENT
