"""Jobs with a runner of their own, from the profile to the withdrawn token (server.md §7.9, §8.6)."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_proto.waypoint import api as pb
from wp_server.auth import authenticator
from wp_server.store import projects, settings

from .job_peers import Request, Runner, job, refusal, until_state, watch

STATE = OpaqueAny(type_url="type/container", value=b"c1")


@pytest.fixture(autouse=True)
def no_tarpit(monkeypatch):
    monkeypatch.setattr(authenticator, "TARPIT_SECONDS", 0.0)


@pytest.fixture
async def api(server, client, token):
    await server.store.write(projects.upsert, pb.Project(name="p"))
    address = pb.ServerConfig.AdvertiseAddr(addr="waypoint.example:9701", tls=True, tls_skip_verify=False)
    await server.store.write(settings.advertise, address)
    return client(token)


@pytest.fixture
async def launcher(api):
    """The standing runner that launches others."""
    runner = await Runner(api, "launcher", remote=pb.Runner.Remote()).register()
    yield runner
    await runner.leave()


async def profile(api, **fields) -> pb.OnDemandRunnerConfig:
    fields.setdefault("name", "small")
    fields.setdefault("plugin_type", "docker")
    fields.setdefault("oci_url", "waypoint-odr:latest")
    request = pb.UpsertOnDemandRunnerConfigRequest(config=pb.OnDemandRunnerConfig(**fields))
    return (await api.UpsertOnDemandRunnerConfig(request)).config


async def task_of(api, job_id: str) -> pb.GetTaskResponse:
    return await api.GetTask(pb.GetTaskRequest(ref=pb.Ref.Task(job_id=job_id)))


async def finish(stream, result: pb.Job.Result | None = None) -> None:
    await stream.write(Request(complete=Request.Complete(result=result)))
    assert await stream.read() is grpc.aio.EOF


async def fail(stream, message: str) -> None:
    await stream.write(Request(error=Request.Error(error={"code": 9, "message": message})))
    assert await stream.read() is grpc.aio.EOF


def started() -> pb.Job.Result:
    return pb.Job.Result(start_task=pb.Job.StartTaskResult(state=STATE))


async def started_runner(api, client, launcher, queued: str) -> Runner:
    """Launches the runner of a job, as the launcher's plugin would, and connects as that runner."""
    stream, taken = await launcher.take()
    environment = taken.start_task.info.environment_variables
    await finish(stream, started())
    own = client(environment["WAYPOINT_SERVER_TOKEN"])
    runner_id = environment["WAYPOINT_RUNNER_ID"]
    return await Runner(own, runner_id, odr=pb.Runner.ODR(profile_id="p"), by_id_only=True).register()


async def test_a_job_for_any_runner_gets_one_from_the_default_profile(api, client, launcher):
    made = await profile(api, default=True, environment_variables={"HTTP_PROXY": "proxy:3128"})
    queued = (await api.QueueJob(job(up=pb.Job.UpOp(), labels={"a": "b"}))).job_id
    stored = await api.GetJob(pb.GetJobRequest(job_id=queued))
    task = await task_of(api, queued)
    assert task.task.job_state == pb.Task.PENDING
    assert [one.id for one in (task.task_job, task.start_job, task.watch_job, task.stop_job)] == [
        queued,
        task.task.start_job.id,
        task.task.watch_job.id,
        task.task.stop_job.id,
    ]
    for other in (task.start_job, task.watch_job, task.stop_job):
        assert (await task_of(api, other.id)).task.id == task.task.id == stored.task.id

    stream, taken = await launcher.take()
    assert taken.id == task.start_job.id
    info = taken.start_task.info
    runner_id = stored.target_runner.id.id
    assert info.oci_url == "waypoint-odr:latest"
    assert list(info.arguments) == f"runner agent -vv -id {runner_id} -odr -odr-profile-id {made.id}".split()
    environment = dict(info.environment_variables)
    token = environment.pop("WAYPOINT_SERVER_TOKEN")
    assert environment == {
        "WAYPOINT_SERVER_ADDR": "waypoint.example:9701",
        "WAYPOINT_SERVER_TLS": "true",
        "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "false",
        "WAYPOINT_RUNNER_ID": runner_id,
        "HTTP_PROXY": "proxy:3128",
    }
    await until_state(api, taken.id, pb.Job.RUNNING)
    assert (await task_of(api, queued)).task.job_state == pb.Task.STARTING
    await finish(stream, started())
    after = await task_of(api, queued)
    assert (after.task.job_state, after.task.state) == (pb.Task.STARTED, STATE)

    watching, watch_job = await launcher.take()
    assert watch_job.watch_task.start_job.id == task.start_job.id
    own = await Runner(client(token), runner_id, odr=pb.Runner.ODR(profile_id=made.id), by_id_only=True).register()
    working, work = await own.take()
    assert (work.id, dict(work.labels), work.ondemand_runner.name) == (queued, {"a": "b"}, "small")
    await until_state(api, queued, pb.Job.RUNNING)
    assert (await task_of(api, queued)).task.job_state == pb.Task.RUNNING
    await finish(working)
    assert (await task_of(api, queued)).task.job_state == pb.Task.COMPLETED
    await own.leave()
    await finish(watching, pb.Job.Result(watch_task=pb.Job.WatchTaskResult(exit_code=0)))
    assert (await api.GetJob(pb.GetJobRequest(job_id=queued))).state == pb.Job.SUCCESS

    stopping, stop_job = await launcher.take()
    assert stop_job.stop_task.start_job_id == task.start_job.id
    await finish(stopping)
    assert (await task_of(api, queued)).task.job_state == pb.Task.STOPPED
    code, _ = await refusal(client(token).GetServerConfig(Empty()))
    assert code is grpc.StatusCode.UNAUTHENTICATED  # the token went with its runner


async def test_nobody_but_the_launching_runner_sees_the_token_of_the_launched_one(api, launcher):
    await profile(api, default=True)
    queued = (await api.QueueJob(job())).job_id
    task = await task_of(api, queued)
    shown = [
        task.start_job,
        await api.GetJob(pb.GetJobRequest(job_id=task.start_job.id)),
        *(await api.ListJobs(pb.ListJobsRequest())).jobs,
        *(one.start_job for one in (await api.ListTask(pb.ListTaskRequest())).tasks),
    ]
    stream, taken = await launcher.take()
    assert taken.start_task.info.environment_variables["WAYPOINT_SERVER_TOKEN"]
    await fail(stream, "no")
    for event in await watch(api, task.start_job.id):
        shown += [event.job.job, event.state.job]
    assert any(one.WhichOneof("operation") == "start_task" for one in shown)
    for one in shown:
        assert "WAYPOINT_SERVER_TOKEN" not in one.start_task.info.environment_variables


async def test_without_a_profile_or_with_a_named_runner_a_job_stays_alone(api, launcher):
    alone = (await api.QueueJob(job())).job_id
    await profile(api, default=True)
    named = (await api.QueueJob(job("launcher"))).job_id
    for queued in (alone, named):
        code, _ = await refusal(api.GetTask(pb.GetTaskRequest(ref=pb.Ref.Task(job_id=queued))))
        assert code is grpc.StatusCode.NOT_FOUND


async def test_a_launch_that_fails_fails_the_job_with_the_platforms_reason_and_cleans_up(api, launcher):
    await profile(api)
    queued = (await api.QueueJob(job(ondemand_runner=pb.Ref.OnDemandRunnerConfig(name="SMALL")))).job_id
    stream, _ = await launcher.take()
    await fail(stream, "there is no image waypoint-odr:latest")
    lost = await until_state(api, queued, pb.Job.ERROR)
    assert "there is no image waypoint-odr:latest" in lost.error.message
    stopping, stop_job = await launcher.take()
    assert stop_job.WhichOneof("operation") == "stop_task"
    await finish(stopping)


async def test_a_runner_that_dies_before_its_job_ends_takes_the_job_with_it(api, client, launcher):
    await profile(api, default=True)
    queued = (await api.QueueJob(job())).job_id
    own = await started_runner(api, client, launcher, queued)
    watching, following = await launcher.take()
    working, _ = await own.take()
    await until_state(api, queued, pb.Job.RUNNING)
    await fail(watching, "the container ended with exit code 137 (out of memory)")
    lost = await until_state(api, queued, pb.Job.ERROR)
    assert lost.error.message == (
        "the runner of this job is gone: the container ended with exit code 137 (out of memory) "
        f"(`waypoint job get-stream {following.id}` shows its output)"
    )
    answer = await working.read()
    assert answer.cancel.force
    await own.leave()


async def test_a_runner_that_ends_without_taking_the_job_fails_it(api, launcher):
    await profile(api, default=True)
    queued = (await api.QueueJob(job())).job_id
    stream, _ = await launcher.take()
    await finish(stream, started())
    watching, _ = await launcher.take()
    await finish(watching, pb.Job.Result(watch_task=pb.Job.WatchTaskResult(exit_code=3)))
    lost = await until_state(api, queued, pb.Job.ERROR)
    assert lost.error.message.startswith("the runner of this job ended with exit code 3 before the job did (`waypoint")


async def test_a_job_that_is_cancelled_in_the_queue_launches_nothing(api, launcher):
    await profile(api, default=True)
    queued = (await api.QueueJob(job())).job_id
    await api.CancelJob(pb.CancelJobRequest(job_id=queued))
    task = await task_of(api, queued)
    assert {task.start_job.state, task.watch_job.state} == {pb.Job.ERROR}
    stream, taken = await launcher.take()
    assert taken.id == task.stop_job.id
    await finish(stream)


async def test_a_replaced_singleton_launches_nothing(api, launcher):
    await profile(api, default=True)
    first = (await api.QueueJob(job(singleton_id="poll/p"))).job_id
    second = (await api.QueueJob(job(singleton_id="poll/p"))).job_id
    old, new = await task_of(api, first), await task_of(api, second)
    assert (old.task_job.state, old.start_job.state) == (pb.Job.ERROR, pb.Job.ERROR)
    assert new.start_job.state == pb.Job.QUEUED


async def test_cancelling_a_task_leaves_the_clean_up_to_run(api, launcher):
    await profile(api, default=True)
    queued = (await api.QueueJob(job())).job_id
    stream, _ = await launcher.take()
    await finish(stream, started())
    watching, _ = await launcher.take()
    await api.CancelTask(pb.CancelTaskRequest(ref=pb.Ref.Task(job_id=queued)))
    assert (await watching.read()).WhichOneof("event") == "cancel"
    await fail(watching, "canceled")
    stopping, stop_job = await launcher.take()
    assert stop_job.WhichOneof("operation") == "stop_task"
    await finish(stopping)
    states = [pb.Task.STOPPED]
    listed = (await api.ListTask(pb.ListTaskRequest(taskState=states))).tasks
    assert [one.task_job.id for one in listed] == [queued]
    assert not (await api.ListTask(pb.ListTaskRequest(taskState=[pb.Task.RUNNING]))).tasks


async def test_a_container_alone_is_followed_under_the_id_that_was_asked_for(api, launcher):
    await profile(api)
    override = pb.Job.TaskOverride(
        skip_operation=True,
        launch_info=pb.TaskLaunchInfo(oci_url="busybox:1", entrypoint=["echo"], arguments=["hello"]),
    )
    small = pb.Ref.OnDemandRunnerConfig(name="small")
    queued = (await api.QueueJob(job(ondemand_runner=small, ondemand_runner_task=override))).job_id
    task = await task_of(api, queued)
    assert task.task_job.id == task.watch_job.id == queued
    stream, taken = await launcher.take()
    info = taken.start_task.info
    assert (info.oci_url, list(info.entrypoint), list(info.arguments)) == ("busybox:1", ["echo"], ["hello"])
    await finish(stream, started())
    watching, followed = await launcher.take()
    assert followed.id == queued
    await finish(watching, pb.Job.Result(watch_task=pb.Job.WatchTaskResult(exit_code=0)))
    assert (await api.GetJob(pb.GetJobRequest(job_id=queued))).state == pb.Job.SUCCESS


async def test_a_job_that_waits_for_another_launches_its_runner_after_that(api, launcher):
    first = (await api.QueueJob(job("launcher"))).job_id
    await profile(api)
    small = pb.Ref.OnDemandRunnerConfig(name="small")
    queued = (await api.QueueJob(job(ondemand_runner=small, depends_on=[first]))).job_id
    task = await task_of(api, queued)
    assert list(task.start_job.depends_on) == [first]
    assert list(task.task_job.depends_on) == [first, task.start_job.id]
    stream, taken = await launcher.take()
    assert taken.id == first
    await finish(stream)
    _, taken = await launcher.take()
    assert taken.id == task.start_job.id


async def test_profiles_are_found_by_exact_name_and_only_one_is_the_default(api):
    first = await profile(api, name="prod", default=True)
    second = await profile(api, name="prod-2", default=True)
    assert (await api.GetDefaultOnDemandRunnerConfig(Empty())).config == second
    listed = (await api.ListOnDemandRunnerConfigs(Empty())).configs
    assert [(one.name, one.default) for one in listed] == [("prod", False), ("prod-2", True)]
    by_name = pb.GetOnDemandRunnerConfigRequest(config=pb.Ref.OnDemandRunnerConfig(name="PROD"))
    assert (await api.GetOnDemandRunnerConfig(by_name)).config.id == first.id
    assert first.target_runner.WhichOneof("target") == "any"
    again = await profile(api, name="Prod", plugin_type="local")
    assert (again.id, again.plugin_type) == (first.id, "local")
    gone = pb.DeleteOnDemandRunnerConfigRequest(config=pb.Ref.OnDemandRunnerConfig(name="prod-2"))
    assert (await api.DeleteOnDemandRunnerConfig(gone)).config == second
    for call in (api.DeleteOnDemandRunnerConfig(gone), api.GetDefaultOnDemandRunnerConfig(Empty())):
        assert (await refusal(call))[0] is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"plugin_type": ""}, "config.plugin_type: is required"),
        ({"name": "a b"}, "config.name"),
        ({"plugin_config": b"a = = 1"}, "plugin.hcl:1:5"),
        ({"plugin_config": b"{", "config_format": pb.Hcl.JSON}, "plugin.hcl.json:1"),
        ({"target_runner": pb.Ref.Runner(labels=pb.Ref.RunnerLabels())}, "needs at least one label"),
        ({"target_runner": pb.Ref.Runner(id=pb.Ref.RunnerId())}, "config.target_runner.id.id"),
    ],
)
async def test_a_profile_that_cannot_work_is_refused(api, fields, said):
    config = pb.OnDemandRunnerConfig(**{"name": "x", "plugin_type": "docker", **fields})
    call = api.UpsertOnDemandRunnerConfig(pb.UpsertOnDemandRunnerConfigRequest(config=config))
    code, message = await refusal(call)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert said in message


async def test_an_unknown_profile_id_is_not_made(api):
    config = pb.OnDemandRunnerConfig(id="01ARZ3NDEKTSV4RRFFQ69G5FAV", plugin_type="docker")
    call = api.UpsertOnDemandRunnerConfig(pb.UpsertOnDemandRunnerConfigRequest(config=config))
    assert (await refusal(call))[0] is grpc.StatusCode.NOT_FOUND


async def test_a_job_for_any_runner_can_be_assigned_when_the_default_profile_has_a_launcher(api, launcher):
    large = pb.Ref.Runner(labels=pb.Ref.RunnerLabels(labels={"size": "large"}))
    await profile(api, default=True, target_runner=large)
    request = pb.ValidateJobRequest(job=job().job)
    assert not (await api.ValidateJob(request)).assignable
    await profile(api, default=True)
    assert (await api.ValidateJob(request)).assignable


async def test_a_launched_runner_reaches_its_own_job_only(api, client, launcher, stream_status):
    await profile(api, default=True)
    queued = (await api.QueueJob(job())).job_id
    other = (await api.QueueJob(job("launcher"))).job_id
    own = await started_runner(api, client, launcher, queued)
    assert (await own.api.GetJob(pb.GetJobRequest(job_id=queued))).id == queued
    code, _ = await refusal(own.api.GetJob(pb.GetJobRequest(job_id=other)))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    asking = Request(request=Request.Request(runner_id="launcher"))
    code, _ = await stream_status(own.api, "RunnerJobStream", asking)
    assert code is grpc.StatusCode.PERMISSION_DENIED
    await own.leave()
