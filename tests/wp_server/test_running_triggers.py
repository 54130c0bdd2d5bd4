"""Running triggers: one job for each application, with and without a token (server.md §9.3)."""

from __future__ import annotations

import grpc
import pytest

from wp_proto.waypoint import api as pb
from wp_server.auth import tokens

from .job_peers import refusal
from .peers import deployment

SHOP = pb.Ref.Project(project="shop")
WEB = pb.Ref.Application(project="shop", application="web")
SOURCE = pb.Job.DataSource(git=pb.Job.Git(url="https://git.example/shop.git", ref="main"))


@pytest.fixture
async def api(client, token):
    made = client(token)
    await with_source(made)
    for name in ("web", "api"):
        await made.UpsertApplication(pb.UpsertApplicationRequest(project=SHOP, name=name))
    return made


async def with_source(api) -> None:
    await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="shop", data_source=SOURCE)))


async def trigger(api, **fields) -> str:
    made = pb.Trigger(**{"project": SHOP, "authenticated": True} | fields)
    return (await api.UpsertTrigger(pb.UpsertTriggerRequest(trigger=made))).trigger.id


async def run(api, trigger_id: str, *variables: pb.Variable) -> list[pb.Job]:
    request = pb.RunTriggerRequest(ref=pb.Ref.Trigger(id=trigger_id), variable_overrides=variables)
    ids = (await api.RunTrigger(request)).job_ids
    return [await api.GetJob(pb.GetJobRequest(job_id=job_id)) for job_id in ids]


async def test_a_job_for_every_application_of_the_project(api):
    staging = pb.Ref.Workspace(workspace="staging")
    made = await trigger(api, build=pb.Job.BuildOp(disable_push=True), workspace=staging)
    jobs = await run(api, made)
    assert sorted(job.application.application for job in jobs) == ["api", "web"]
    for job in jobs:
        assert job.state == pb.Job.QUEUED
        assert job.build.disable_push
        assert job.workspace == staging
        assert dict(job.labels) == {"trigger/id": made}
        assert job.data_source == SOURCE
        assert job.target_runner.WhichOneof("target") == "any"
    ran = (await api.GetTrigger(pb.GetTriggerRequest(ref=pb.Ref.Trigger(id=made)))).trigger
    assert ran.HasField("active_time")


async def test_variables_come_from_the_command_line_only(api):
    made = await trigger(api, application=WEB, up=pb.Job.UpOp())
    (job,) = await run(api, made, pb.Variable(name="tag", str="v2", cli={}))
    assert [variable.name for variable in job.variables] == ["tag"]
    wrong = pb.RunTriggerRequest(
        ref=pb.Ref.Trigger(id=made), variable_overrides=[pb.Variable(name="tag", str="v2", server={})]
    )
    code, message = await refusal(api.RunTrigger(wrong))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "'tag' must have the source cli" in message


async def test_numbers_name_records_and_zero_the_newest(api):
    first, second = await deployment(api), await deployment(api)
    await with_source(api)

    def target(number: int) -> pb.Job.DestroyOp:
        return pb.Job.DestroyOp(deployment=pb.Deployment(sequence=number))

    (job,) = await run(api, await trigger(api, application=WEB, destroy=target(first.sequence)))
    assert job.destroy.deployment.id == first.id
    (job,) = await run(api, await trigger(api, application=WEB, destroy=target(0)))
    assert job.destroy.deployment.id == second.id
    (job,) = await run(api, await trigger(api, application=WEB, release=pb.Job.ReleaseOp(prune=True)))
    assert (job.release.prune, job.release.HasField("deployment")) == (True, False)
    code, message = await refusal(
        api.RunTrigger(
            pb.RunTriggerRequest(ref=pb.Ref.Trigger(id=await trigger(api, application=WEB, destroy=target(99))))
        )
    )
    assert (code, "99 of shop/web" in message) == (grpc.StatusCode.NOT_FOUND, True)


async def test_all_jobs_or_none(api):
    await deployment(api)  # of web; api has none
    await with_source(api)
    report = pb.Job.StatusReportOp(deployment=pb.Deployment())
    request = pb.RunTriggerRequest(ref=pb.Ref.Trigger(id=await trigger(api, status_report=report)))
    assert (await refusal(api.RunTrigger(request)))[0] is grpc.StatusCode.NOT_FOUND
    queued = (await api.ListJobs(pb.ListJobsRequest(project=SHOP))).jobs
    assert not [job for job in queued if job.HasField("status_report")]


async def test_without_applications_there_is_nothing_to_do(api):
    await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="empty", data_source=SOURCE)))
    made = await trigger(api, project=pb.Ref.Project(project="empty"), build=pb.Job.BuildOp())
    code, message = await refusal(api.RunTrigger(pb.RunTriggerRequest(ref=pb.Ref.Trigger(id=made))))
    assert (code, "has no applications" in message) == (grpc.StatusCode.FAILED_PRECONDITION, True)


async def test_without_a_token_only_where_the_trigger_allows_it(api, client):
    closed = await trigger(api, application=WEB, build=pb.Job.BuildOp())
    open_ = await trigger(api, application=WEB, build=pb.Job.BuildOp(), authenticated=False)
    nobody = client()
    answer = await nobody.NoAuthRunTrigger(pb.RunTriggerRequest(ref=pb.Ref.Trigger(id=open_)))
    assert len(answer.job_ids) == 1
    code, _ = await refusal(nobody.NoAuthRunTrigger(pb.RunTriggerRequest(ref=pb.Ref.Trigger(id=closed))))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    code, _ = await refusal(nobody.RunTrigger(pb.RunTriggerRequest(ref=pb.Ref.Trigger(id=closed))))
    assert code is grpc.StatusCode.UNAUTHENTICATED
    code, _ = await refusal(nobody.NoAuthRunTrigger(pb.RunTriggerRequest(ref=pb.Ref.Trigger(id="unknown123"))))
    assert code is grpc.StatusCode.NOT_FOUND


async def test_a_trigger_token_runs_triggers_and_follows_its_own_jobs_only(api, client, server):
    made = await trigger(api, application=WEB, build=pb.Job.BuildOp())
    me = (await api.GetUser(pb.GetUserRequest())).user
    own = client(await server.store.read(tokens.trigger, me.id, None))
    ids = (await own.RunTrigger(pb.RunTriggerRequest(ref=pb.Ref.Trigger(id=made)))).job_ids
    stream = own.GetJobStream(pb.GetJobStreamRequest(job_id=ids[0]))
    assert (await stream.read()).WhichOneof("event") == "open"
    stream.cancel()
    (other,) = await run(api, made)
    foreign = own.GetJobStream(pb.GetJobStreamRequest(job_id=other.id))
    assert await foreign.code() is grpc.StatusCode.PERMISSION_DENIED
    code, _ = await refusal(own.GetJob(pb.GetJobRequest(job_id=ids[0])))
    assert code is grpc.StatusCode.PERMISSION_DENIED
