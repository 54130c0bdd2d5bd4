"""Running pipelines: what is queued, how a run goes on and ends, and how it is shown (server.md §9.4, §9.5)."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from sqlalchemy import func, select

from wp_proto.own import queue_pb2 as own
from wp_proto.own.role_pb2 import Grant
from wp_proto.waypoint import api as pb
from wp_server.auth import authenticator
from wp_server.jobs import expansion
from wp_server.store import projects
from wp_server.store.schema import job_dependencies, pipeline_runs
from wp_server.store.schema import jobs as jobs_table

from .job_peers import Request, Runner, refusal, until_state
from .test_on_demand import profile, started
from .test_roles import sign_up

SHOP = pb.Ref.Project(project="shop")
APP = pb.Ref.Application(project="shop", application="web")
Step = pb.Pipeline.Step
Run = pb.PipelineRun
Node = pb.UI.PipelineRunTreeNode


@pytest.fixture(autouse=True)
def no_tarpit(monkeypatch):
    monkeypatch.setattr(authenticator, "TARPIT_SECONDS", 0.0)


@pytest.fixture
async def api(server, client, token):
    for name in ("shop", "bank"):
        await server.store.write(projects.upsert, pb.Project(name=name))
    return client(token)


@pytest.fixture
async def runner(api):
    runner = await Runner(api, "r1", remote=pb.Runner.Remote()).register()
    yield runner
    await runner.leave()


def step(name: str, *after: str, workspace: str = "", **kind) -> Step:
    made = Step(name=name, depends_on=after, **kind or {"build": Step.Build(disable_push=True)})
    if workspace:
        made.workspace.workspace = workspace
    return made


def nested(name: str, *after: str, of: str, workspace: str = "", project: str = "shop") -> Step:
    return step(name, *after, workspace=workspace, pipeline=Step.Pipeline(ref=named(of, project)))


def named(name: str, project: str = "shop") -> pb.Ref.Pipeline:
    owner = pb.Ref.PipelineOwner(project=pb.Ref.Project(project=project), pipeline_name=name)
    return pb.Ref.Pipeline(owner=owner)


async def store(api, name: str, *steps: Step, project: str = "shop") -> pb.Pipeline:
    made = pb.Pipeline(name=name, project=pb.Ref.Project(project=project), steps={one.name: one for one in steps})
    return (await api.UpsertPipeline(pb.UpsertPipelineRequest(pipeline=made))).pipeline


def template(**fields) -> pb.Job:
    fields.setdefault("application", APP)
    fields.setdefault("workspace", pb.Ref.Workspace(workspace="default"))
    fields.setdefault("data_source", pb.Job.DataSource(local=pb.Job.Local()))
    fields.setdefault("target_runner", pb.Ref.Runner(any=pb.Ref.RunnerAny()))
    return pb.Job(**fields)


async def start(api, name: str, expires_in: str = "", **fields) -> pb.RunPipelineResponse:
    request = pb.RunPipelineRequest(pipeline=named(name), job_template=template(**fields), expires_in=expires_in)
    return await api.RunPipeline(request)


async def jobs_of(api, answer: pb.RunPipelineResponse) -> dict[str, pb.Job]:
    """The jobs by `step` or, in a nested pipeline, `pipeline/step`, in their order."""
    found: dict[str, pb.Job] = {}
    for job_id in answer.all_job_ids:
        job = await api.GetJob(pb.GetJobRequest(job_id=job_id))
        ref = job.pipeline
        key = ref.step if ref.pipeline_id == ref.root_pipeline_id else f"{ref.pipeline_name}/{ref.step}"
        while key in found:
            key += "'"
        found[key] = job
    return found


async def state_of(api, name: str, sequence: int) -> int:
    request = pb.GetPipelineRunRequest(pipeline=named(name), sequence=sequence)
    return (await api.GetPipelineRun(request)).pipeline_run.state


async def finish(stream) -> None:
    await stream.write(Request(complete=Request.Complete()))
    assert await stream.read() is grpc.aio.EOF


async def fail(stream, message: str = "no luck") -> None:
    await stream.write(Request(error=Request.Error(error={"code": 9, "message": message})))
    assert await stream.read() is grpc.aio.EOF


async def counts(server) -> tuple[int, int]:
    def count(connection):
        return tuple(
            connection.execute(select(func.count()).select_from(t)).scalar() for t in (jobs_table, pipeline_runs)
        )

    return await server.store.read(count)


async def test_every_step_becomes_a_job_that_waits_for_the_jobs_of_the_steps_before(api):
    made = await store(
        api, "release",
        step("test"), step("build", "test"), step("lint", "test"),
        step("deploy", "build", "lint", deploy=Step.Deploy(release=True)),
        step("go", "deploy", up=Step.Up(prune=True, prune_retain=3, prune_retain_override=True)),
    )  # fmt: skip
    asked = {"labels": {"team": "blue"}, "variables": [pb.Variable(name="v", str="1", cli={})]}
    answer = await start(api, "RELEASE", **asked)
    found = await jobs_of(api, answer)
    assert list(found) == ["test", "build", "lint", "deploy", "go"]
    ids = {name: job.id for name, job in found.items()}
    assert answer.job_id == ids["test"]
    assert (answer.sequence, len(answer.job_map)) == (1, 5)
    assert {name: set(job.depends_on) for name, job in found.items()} == {
        "test": set(), "build": {ids["test"]}, "lint": {ids["test"]}, "deploy": {ids["build"], ids["lint"]},
        "go": {ids["deploy"]},
    }  # fmt: skip
    for name, job in found.items():
        assert job.pipeline == answer.job_map[job.id]
        assert job.pipeline == pb.Ref.PipelineStep(
            pipeline_id=made.id, pipeline_name="release", step=name, run_sequence=1,
            root_pipeline_id=made.id, root_pipeline_name="release",
        )  # fmt: skip
        assert (job.application, job.workspace.workspace, dict(job.labels)) == (APP, "default", {"team": "blue"})
        assert [variable.name for variable in job.variables] == ["v"]
        assert job.state == pb.Job.QUEUED
    assert found["build"].build.disable_push
    assert found["deploy"].deploy == pb.Job.DeployOp(release_after=True)
    assert found["go"].up.release == pb.Job.ReleaseOp(prune=True, prune_retain=3, prune_retain_override=True)
    run = (await api.GetLatestPipelineRun(pb.GetPipelineRequest(pipeline=named("release")))).pipeline_run
    assert [ref.id for ref in run.jobs] == list(answer.all_job_ids)
    assert (run.pipeline.id, run.sequence, run.state) == (made.id, 1, Run.STARTING)


async def test_a_run_succeeds_when_all_of_it_has(api, runner):
    await store(api, "p", step("a"), step("b", "a"))
    answer = await start(api, "p")
    seen = [await state_of(api, "p", 1)]
    for _ in answer.all_job_ids:
        stream, job = await runner.take()
        await until_state(api, job.id, pb.Job.RUNNING)
        seen.append(await state_of(api, "p", 1))
        await finish(stream)
        seen.append(await state_of(api, "p", 1))
    assert seen == [Run.STARTING, Run.RUNNING, Run.RUNNING, Run.RUNNING, Run.SUCCESS]
    assert (await start(api, "p")).sequence == 2


async def test_a_nested_pipeline_is_run_between_what_its_step_waits_for_and_what_waits_for_the_step(api, runner):
    inner = await store(api, "inner", step("first"), step("second", "first"))
    outer = await store(api, "outer", step("a"), nested("in", "a", of="inner"), step("z", "in"))
    answer = await start(api, "outer")
    found = await jobs_of(api, answer)
    assert list(found) == ["a", "inner/first", "inner/second", "in", "z"]
    ids = {name: job.id for name, job in found.items()}
    assert {name: set(job.depends_on) for name, job in found.items()} == {
        "a": set(), "inner/first": {ids["a"]}, "inner/second": {ids["inner/first"]},
        "in": {ids["inner/first"], ids["inner/second"]}, "z": {ids["in"]},
    }  # fmt: skip
    assert found["in"].WhichOneof("operation") == "noop"
    ref = found["inner/first"].pipeline
    assert (ref.pipeline_id, ref.root_pipeline_id, ref.root_pipeline_name) == (inner.id, outer.id, "outer")
    for _ in answer.all_job_ids:
        await runner.work()
    assert await state_of(api, "outer", 1) == Run.SUCCESS
    code, _ = await refusal(api.GetLatestPipelineRun(pb.GetPipelineRequest(pipeline=named("inner"))))
    assert code is grpc.StatusCode.NOT_FOUND, "a nested pipeline has no run of its own"
    for wanted, steps in (
        (pb.Ref.PipelineStep(pipeline_name="outer", run_sequence=1), 5),
        ({"pipeline_name": "inner"}, 2),
    ):
        listed = (await api.ListJobs(pb.ListJobsRequest(pipeline=wanted))).jobs
        assert len(listed) == steps


async def test_a_pipeline_that_two_steps_name_runs_twice(api):
    await store(api, "inner", step("only"))
    await store(api, "outer", nested("one", of="inner"), nested("two", "one", of="inner"))
    found = await jobs_of(api, await start(api, "outer"))
    assert list(found) == ["inner/only", "one", "inner/only'", "two"]
    assert list(found["inner/only'"].depends_on) == [found["one"].id]


@pytest.mark.parametrize(
    ("own", "invoking", "expected"),
    [
        ("", "", "staging"), ("own", "", "own"), ("", "inv", "inv"), ("own", "inv", "own"),
        ("default", "inv", "inv"), ("default", "", "default"),
    ],
)  # fmt: skip
async def test_in_which_workspace_a_nested_step_runs(api, own, invoking, expected):
    await store(api, "inner", step("only", workspace=own))
    await store(api, "outer", nested("in", of="inner", workspace=invoking), step("z", "in"))
    found = await jobs_of(api, await start(api, "outer", workspace=pb.Ref.Workspace(workspace="staging")))
    assert found["inner/only"].workspace.workspace == expected
    assert found["in"].workspace.workspace == (invoking or "staging")
    assert found["z"].workspace.workspace == "staging"


async def test_pipelines_that_would_run_themselves_are_refused_and_nothing_is_left(server, api):
    await store(api, "c", step("only"))
    await store(api, "b", nested("to-c", of="c"))
    await store(api, "a", nested("to-b", of="b"))
    await store(api, "c", step("before"), nested("to-a", "before", of="a"))
    code, said = await refusal(start(api, "a"))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert said == "The pipeline 'a' would run itself: a → b → c → a."
    await store(api, "missing", step("x"), nested("y", "x", of="nowhere"))
    assert (await refusal(start(api, "missing")))[0] is grpc.StatusCode.NOT_FOUND
    assert await counts(server) == (0, 0)


async def test_what_is_too_much_is_refused_in_words(api):
    await store(api, "wide", *(step(f"s{number}", *(["s0"] if number else [])) for number in range(300)))
    await store(api, "outer", nested("in", of="wide"))
    assert "as a step of another it may have 256" in (await refusal(start(api, "outer")))[1]
    await store(api, "hundred", *(step(f"s{number}", *(["s0"] if number else [])) for number in range(100)))
    await store(
        api, "thousand", *(nested(f"n{number}", *(["n0"] if number else []), of="hundred") for number in range(10))
    )
    assert "more than 1000 steps" in (await refusal(start(api, "thousand")))[1]
    await store(api, "deep0", step("only"))
    for number in range(expansion.DEEPEST + 1):
        await store(api, f"deep{number + 1}", nested("down", of=f"deep{number}"))
    assert "more than 20 deep" in (await refusal(start(api, f"deep{expansion.DEEPEST + 1}")))[1]
    assert (await start(api, f"deep{expansion.DEEPEST - 1}")).sequence == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"application": pb.Ref.Application(project="shop")}, "job_template.application.application"),
        ({"workspace": pb.Ref.Workspace()}, "job_template.workspace.workspace"),
        ({"singleton_id": "one"}, "job_template.singleton_id"),
        ({"depends_on": ["GONE"]}, "no job 'GONE'"),
    ],
)
async def test_a_template_that_cannot_be_used_is_refused(server, api, fields, words):
    await store(api, "p", step("a"))
    assert words in (await refusal(start(api, "p", **fields)))[1]
    assert await counts(server) == (0, 0)


async def test_runs_that_begin_together_have_numbers_of_their_own(api):
    await store(api, "p", step("a"), step("b", "a"))
    answers = await asyncio.gather(*(start(api, "p") for _ in range(8)))
    assert sorted(answer.sequence for answer in answers) == list(range(1, 9))


async def test_a_failed_step_ends_what_waits_for_it_and_the_run_stays_failed(api, runner):
    await store(api, "p", step("a"), step("bad", "a"), step("good", "a"), step("z", "bad", "good"))
    answer = await start(api, "p")
    ids = {answer.job_map[job_id].step: job_id for job_id in answer.all_job_ids}
    await runner.work()
    taken = [await runner.take(), await runner.take(ack=False)]
    streams = {job.pipeline.step: stream for stream, job in taken}
    await fail(streams["bad"])
    assert await state_of(api, "p", 1) == Run.ERROR
    last = await api.GetJob(pb.GetJobRequest(job_id=ids["z"]))
    assert last.state == pb.Job.ERROR
    assert last.error.message == f'Job dependency "{ids["bad"]}" errored: no luck'
    assert not last.HasField("cancel_time"), "nobody cancelled it"
    await streams["good"].write(Request(ack=Request.Ack()))
    await until_state(api, ids["good"], pb.Job.RUNNING)
    await finish(streams["good"])
    assert await state_of(api, "p", 1) == Run.ERROR


async def test_a_cancelled_step_ends_what_waits_for_it_and_the_run_is_cancelled(api, runner):
    await store(api, "p", step("a"), step("b", "a"), step("c", "b"))
    answer = await start(api, "p")
    a, b, c = answer.all_job_ids
    stream, _ = await runner.take()
    await api.CancelJob(pb.CancelJobRequest(job_id=b))
    assert await state_of(api, "p", 1) == Run.CANCELLED
    for job_id in (b, c):
        job = await api.GetJob(pb.GetJobRequest(job_id=job_id))
        assert job.state == pb.Job.ERROR
        assert job.HasField("cancel_time")
    await finish(stream)
    assert (await api.GetJob(pb.GetJobRequest(job_id=a))).state == pb.Job.SUCCESS
    assert await state_of(api, "p", 1) == Run.CANCELLED


async def test_a_run_that_waits_for_a_job_that_failed_has_failed(api, runner):
    await store(api, "p", step("a"), step("b", "a"))
    before = (await start(api, "p")).all_job_ids[0]
    stream, _ = await runner.take()
    await fail(stream)
    assert (await start(api, "p", depends_on=[before])).sequence == 2
    assert await state_of(api, "p", 2) == Run.ERROR
    allowed = await start(api, "p", depends_on=[before], depends_on_allow_failure=[before])
    assert (await api.GetJob(pb.GetJobRequest(job_id=allowed.job_id))).state == pb.Job.QUEUED


async def test_jobs_that_no_runner_takes_end_in_time(api):
    await store(api, "p", step("a"), step("b", "a"))
    answer = await start(api, "p", expires_in="0.2s")
    await until_state(api, answer.all_job_ids[1], pb.Job.ERROR)
    assert await state_of(api, "p", 1) == Run.CANCELLED
    assert (await refusal(start(api, "p", expires_in="soon")))[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_release_step_releases_the_deployment_that_it_names(api):
    made = pb.Deployment(application=APP, workspace=pb.Ref.Workspace(workspace="default"))
    first = (await api.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=made))).deployment
    await api.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=made))
    await store(api, "p", step("r", release=Step.Release(deployment=pb.Ref.Deployment(sequence=1), prune=True)))
    found = await jobs_of(api, await start(api, "p"))
    assert found["r"].release.deployment.id == first.id
    assert found["r"].release.prune
    await store(api, "p", step("r", release=Step.Release(deployment=pb.Ref.Deployment(sequence=9))))
    assert (await refusal(start(api, "p")))[0] is grpc.StatusCode.NOT_FOUND
    await store(api, "p", step("r", release=Step.Release(deployment=pb.Ref.Deployment(latest=True))))
    assert not (await jobs_of(api, await start(api, "p")))["r"].release.HasField("deployment")


async def test_a_run_is_of_the_definitions_that_come_with_it(server, api):
    await store(api, "inner", step("old"))
    outer = await store(api, "outer", nested("in", of="inner"))
    inner = pb.Pipeline(name="INNER", project=SHOP, steps={"new": step("new", up=Step.Up(prune_retain=5))})
    request = pb.RunPipelineRequest(pipeline=named("outer"), job_template=template(), definitions=[inner])
    found = await jobs_of(api, await api.RunPipeline(request))
    assert list(found) == ["inner/new", "in"]
    assert found["inner/new"].up.release.prune_retain == 5
    kept = (await api.GetPipeline(pb.GetPipelineRequest(pipeline=named("inner")))).pipeline
    assert list(kept.steps) == ["old"]
    again = pb.Pipeline(name="outer", project=SHOP, steps={"a": step("a")})
    by_id = pb.Ref.Pipeline(id=outer.id)
    request = pb.RunPipelineRequest(pipeline=by_id, job_template=template(), definitions=[again])
    found = await jobs_of(api, await api.RunPipeline(request))
    assert list(found) == ["a"]
    assert found["a"].pipeline.pipeline_id == outer.id
    before = await counts(server)
    for wrong, words in (
        (pb.Pipeline(name="inner", project=SHOP), "definitions[0].steps: must not be empty"),
        (pb.Pipeline(name="outer", project=SHOP, steps={"a": nested("a", of="outer")}), "would run itself"),
        (pb.Pipeline(name="outer", project=SHOP, steps={"a": step("a"), "b": step("b", "b")}), "in a circle"),
    ):
        request = pb.RunPipelineRequest(pipeline=named("outer"), job_template=template(), definitions=[wrong])
        assert words in (await refusal(api.RunPipeline(request)))[1]
    unknown = pb.Pipeline(name="unknown", project=SHOP, steps={"a": step("a")})
    request = pb.RunPipelineRequest(pipeline=named("unknown"), job_template=template(), definitions=[unknown])
    assert (await refusal(api.RunPipeline(request)))[0] is grpc.StatusCode.NOT_FOUND
    assert await counts(server) == before


async def test_a_deployer_of_one_workspace_runs_nothing_in_another(server, api, client):
    await store(api, "inner", step("only", workspace="production"))
    await store(api, "outer", step("a"), nested("in", "a", of="inner"))
    await store(api, "harmless", step("a"))
    await store(api, "foreign", step("a"), project="bank")
    await store(api, "across", step("a"), nested("in", "a", of="foreign", project="bank"))
    grants = (Grant(role=Grant.DEPLOYER, project="shop", workspace="staging"),)
    peer = client(await sign_up(client, api, "sten", grants))
    staging = {"workspace": pb.Ref.Workspace(workspace="staging")}
    assert (await start(peer, "harmless", **staging)).sequence == 1
    for name, place in (("outer", "workspace 'production'"), ("across", "project 'bank'")):
        code, said = await refusal(start(peer, name, **staging))
        assert code is grpc.StatusCode.PERMISSION_DENIED
        assert place in said
    assert (await refusal(start(peer, "harmless")))[0] is grpc.StatusCode.PERMISSION_DENIED


async def test_with_a_profile_a_step_gets_a_runner_of_its_own_and_an_exec_step_is_its_container(api, client, runner):
    await profile(api, default=True)
    exec_step = step("test", exec=Step.Exec(image="busybox", command="make", args=["-s", "check"]))
    await store(api, "inner", exec_step)
    await store(api, "outer", nested("in", of="inner"), step("build", "in"))
    answer = await start(api, "outer")
    found = await jobs_of(api, answer)
    test = found["inner/test"]
    assert test.WhichOneof("operation") == "watch_task"
    launch = await api.GetJob(pb.GetJobRequest(job_id=test.watch_task.start_job.id))
    info = launch.start_task.info
    assert (info.oci_url, list(info.entrypoint), list(info.arguments)) == ("busybox", ["make"], ["-s", "check"])
    assert found["in"].target_runner.WhichOneof("target") == "any", "nothing is launched for a job that only waits"
    assert not found["in"].HasField("task")
    assert found["build"].target_runner.id.id not in ("", "r1")
    stream, taken = await runner.take()
    assert taken.id == launch.id
    await stream.write(Request(complete=Request.Complete(result=started())))
    assert await stream.read() is grpc.aio.EOF
    assert await state_of(api, "outer", 1) == Run.STARTING, "the launch of a runner is no step"
    done = pb.Job.Result(watch_task=pb.Job.WatchTaskResult())
    stream, taken = await runner.take()
    assert taken.id == test.id
    await stream.write(Request(complete=Request.Complete(result=done)))
    assert await stream.read() is grpc.aio.EOF
    assert await state_of(api, "outer", 1) == Run.RUNNING
    operations = set()
    stream, taken = await runner.take()
    operations.add(taken.WhichOneof("operation"))
    await finish(stream)
    stream, taken = await runner.take()
    operations.add(taken.WhichOneof("operation"))
    await finish(stream)
    assert operations == {"noop", "stop_task"}
    stream, taken = await runner.take()
    assert taken.WhichOneof("operation") == "start_task"
    await fail(stream, "no room")
    assert await state_of(api, "outer", 1) == Run.ERROR, "a runner that could not be launched is no cancellation"


async def test_an_exec_step_that_is_cancelled_before_its_launch_launches_nothing(api, runner):
    await profile(api, default=True)
    await store(api, "p", step("a", exec=Step.Exec(image="busybox", command="true")), step("b", "a"))
    answer = await start(api, "p")
    watched, b = [await api.GetJob(pb.GetJobRequest(job_id=job_id)) for job_id in answer.all_job_ids]
    await api.CancelJob(pb.CancelJobRequest(job_id=watched.id))
    launch = await api.GetJob(pb.GetJobRequest(job_id=watched.watch_task.start_job.id))
    assert launch.state == pb.Job.ERROR
    assert (await api.GetJob(pb.GetJobRequest(job_id=b.id))).state == pb.Job.ERROR
    assert await state_of(api, "p", 1) == Run.CANCELLED


async def test_a_container_without_a_profile_is_refused_and_not_taken_for_done(server, api):
    job = template(noop=pb.Job.Noop(), ondemand_runner_task=pb.Job.TaskOverride(skip_operation=True))
    code, said = await refusal(api.QueueJob(pb.QueueJobRequest(job=job)))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "waypoint runner profile set" in said
    assert await counts(server) == (0, 0)
    await store(api, "p", step("a", exec=Step.Exec(image="busybox", command="true")))
    found = await jobs_of(api, await start(api, "p"))
    assert found["a"].pipeline_step.step.exec.command == "true", "the runner finds a way, or says that there is none"


# The tree


def outline(node: Node) -> object:
    """`name`, or `[name, what is below]`; parallel nodes as a set of their outlines in a tuple."""
    below = [outline(one) for one in node.children.nodes]
    if not node.HasField("step"):
        assert node.job.id.endswith("-virtual")
        return tuple(below) if node.children.mode == Node.Children.PARALLEL else ["", *below]
    return [node.step.name, *below] if below else node.step.name


async def tree(api, name: str, sequence: int = 1) -> Node:
    request = pb.UI.GetPipelineRunRequest(pipeline=named(name), sequence=sequence)
    return (await api.UI_GetPipelineRun(request)).root_tree_node


def sorted_branches(shape: object) -> object:
    if isinstance(shape, tuple):
        return tuple(sorted((sorted_branches(one) for one in shape), key=str))
    return [sorted_branches(one) for one in shape] if isinstance(shape, list) else shape


INNER = (step("i1"), step("i2", "i1"))


@pytest.mark.parametrize(
    ("steps", "shape"),
    [
        ((step("a"),), "a"),
        ((step("a"), step("b", "a"), step("c", "b")), ["a", "b", "c"]),
        ((step("a"), step("b", "a"), step("c", "b", "a")), ["a", "b", "c"]),
        ((step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c")), ["a", ("b", "c"), "d"]),
        ((step("a"), step("b", "a"), step("b2", "b"), step("c", "a")), ["a", (["b", "b2"], "c")]),
        (
            (
                step("a"), step("b", "a"), step("c", "a"), step("d", "b"), step("e", "b"), step("f", "c", "d"),
                step("g", "f", "e"),
            ),
            ["a", (["b", ("d", "e")], "c"), "f", "g"],
        ),
        ((step("a"), nested("n", "a", of="inner"), step("z", "n")), ["a", ["n", "i1", "i2"], "z"]),
        ((nested("n", of="inner"),), ["n", "i1", "i2"]),
        ((nested("n", of="inner"), step("z", "n")), ["", ["n", "i1", "i2"], "z"]),
        (
            (step("a"), nested("n", "a", of="inner"), nested("m", "a", of="inner"), step("z", "n", "m")),
            ["a", (["m", "i1", "i2"], ["n", "i1", "i2"]), "z"],
        ),
        (
            (step("a"), nested("n", "a", of="inner"), step("n2", "n"), step("b", "a")),
            ["a", (["", ["n", "i1", "i2"], "n2"], "b")],
        ),
        ((step("a"), nested("o", "a", of="middle")), ["a", ["o", ["n", "i1", "i2"]]]),
    ],
)  # fmt: skip
async def test_how_a_run_is_drawn(api, steps, shape):
    await store(api, "inner", *INNER)
    await store(api, "middle", nested("n", of="inner"))
    await store(api, "p", *steps)
    answer = await start(api, "p")
    root = await tree(api, "p")
    assert sorted_branches(outline(root)) == sorted_branches(shape)

    def jobs_in(node: Node) -> list[str]:
        return [node.job.id] * node.HasField("step") + [one for below in node.children.nodes for one in jobs_in(below)]

    assert sorted(jobs_in(root)) == sorted(answer.all_job_ids), "every job is there once"


async def test_what_the_nodes_of_a_run_say(api, runner):
    await store(api, "inner", step("one", workspace="production"), step("two", "one"))
    await store(api, "p", step("a"), nested("n", "a", of="inner"), step("b", "n", up=Step.Up(prune=True)))
    answer = await start(api, "p")
    await runner.work()
    stream, job = await runner.take()
    deployment = (
        await api.UpsertDeployment(
            pb.UpsertDeploymentRequest(
                deployment=pb.Deployment(application=APP, workspace=job.workspace, job_id=job.id)
            )
        )
    ).deployment
    report = pb.StatusReport(
        application=APP, workspace=job.workspace, deployment_id=deployment.id, health={"health_status": "READY"}
    )
    await api.UpsertStatusReport(pb.UpsertStatusReportRequest(status_report=report))
    result = pb.Job.Result(deploy=pb.Job.DeployResult(deployment=deployment))
    await stream.write(Request(complete=Request.Complete(result=result)))
    assert await stream.read() is grpc.aio.EOF
    stream, _ = await runner.take()
    await fail(stream)
    request = pb.UI.GetPipelineRunRequest(pipeline=named("p"), sequence=1)
    shown = await api.UI_GetPipelineRun(request)
    assert shown.pipeline_run.state == Run.ERROR
    assert shown.pipeline_run_bundle.application == APP
    root = shown.root_tree_node
    inner, last = root.children.nodes
    one, two = inner.children.nodes
    assert [node.state for node in (root, inner, one, two, last)] == [
        Node.SUCCESS, Node.ERROR, Node.SUCCESS, Node.ERROR, Node.ERROR,
    ]  # fmt: skip
    assert root.step.build.disable_push
    assert last.step.up.prune
    assert inner.step.pipeline.ref == named("inner")
    assert (one.workspace.workspace, one.result.deploy.deployment.id) == ("production", deployment.id)
    assert one.latest_status_report.health.health_status == "READY"
    assert (inner.start_time, inner.complete_time) == (one.start_time, two.complete_time)
    assert inner.job.id == answer.all_job_ids[3]
    code, _ = await refusal(api.UI_GetPipelineRun(pb.UI.GetPipelineRunRequest(pipeline=named("p"), sequence=2)))
    assert code is grpc.StatusCode.NOT_FOUND


async def test_a_tree_lives_without_the_definition_and_with_a_cancelled_step(api):
    await store(api, "p", step("a"), step("b", "a"), step("gone", "b"))
    answer = await start(api, "p")
    await store(api, "p", step("other"))
    await api.CancelJob(pb.CancelJobRequest(job_id=answer.all_job_ids[1]))
    root = await tree(api, "p")
    assert outline(root) == ["a", "b", "gone"]
    assert [node.state for node in (root, *root.children.nodes)] == [Node.QUEUED, Node.CANCELLED, Node.CANCELLED]


async def test_a_tree_of_which_jobs_are_missing_shows_the_rest(server, api):
    await store(api, "p", step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"))
    answer = await start(api, "p")

    def forget(connection):
        connection.execute(job_dependencies.delete().where(job_dependencies.c.depends_on == answer.job_id))
        connection.execute(jobs_table.delete().where(jobs_table.c.id == answer.job_id))

    await server.store.write(forget)
    assert outline(await tree(api, "p")) == ["b", "d", "c"]


# Why a step waits


async def why(api, job_id: str) -> str:
    return (await api.ExplainJob(own.ExplainJobRequest(job_id=job_id))).sentence


async def test_a_step_says_which_step_it_waits_for(api, runner):
    await store(api, "inner", step("first"), step("second", "first"))
    await store(api, "p", step("a"), nested("in", "a", of="inner"), step("z", "in"))
    answer = await start(api, "p")
    a, first, second, inside, z = answer.all_job_ids
    assert await why(api, first) == (
        f'Waiting for the step "a" of run 1 of the pipeline "p" to finish: build {a} (queued).'
    )
    stream, _ = await runner.take()
    await until_state(api, a, pb.Job.RUNNING)
    assert (await why(api, first)).endswith(f"build {a} (running).")
    assert await why(api, inside) == (
        f'Waiting for the steps of the pipeline "inner" that the step "in" of run 1 of the pipeline "p" runs: '
        f'"first" {first} (queued); "second" {second} (queued).'
    )
    assert (await why(api, z)).startswith('Waiting for the step "in" of run 1 of the pipeline "p"')
    await fail(stream, "out of luck")
    assert await why(api, z) == (
        f'Ended before any runner had it: the step "a" of run 1 of the pipeline "p" failed: out of luck (job {a}).'
    )


async def test_a_step_that_waits_for_its_runner_says_that_too(api, runner):
    await profile(api, default=True)
    await store(api, "p", step("a"), step("b", "a"))
    answer = await start(api, "p")
    a, b = answer.all_job_ids
    said = await why(api, b)
    assert said.startswith('Waiting for the step "a" of run 1 of the pipeline "p" to finish: build ')
    assert "start_task" not in said, "the launch of its own runner comes after that"
    assert "start_task" in await why(api, a)
