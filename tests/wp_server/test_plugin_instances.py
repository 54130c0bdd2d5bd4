"""Deployments whose platform plugin serves exec and logs: a runner plays the instance (server.md §5.5, §6.3)."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from wp_proto.waypoint import api as pb
from wp_server.auth import tokens

from .conftest import VERSION_HEADERS
from .peers import APPLICATION, DEADLINE, FEATURES, WORKSPACE, Entrypoint, deployment, eventually, lines_of
from .test_exec import rest, said
from .test_jobs import Runner

HEADERS = (*VERSION_HEADERS, FEATURES)


@pytest.fixture
def user(client, token):
    """A command line with a runner in it."""
    return client(token, (*VERSION_HEADERS, ("waypoint-runner-id", "r1")))


@pytest.fixture
async def runner(server, client, user):
    """The runner, known by a token of its own."""
    runner_token = await server.store.write(tokens.runner, "", {}, None)
    api = client(runner_token, HEADERS)
    found = await Runner(api, "r1").register()
    yield found
    await found.leave()


async def plugged(user, **fields) -> pb.Deployment:
    record = await deployment(user)
    for name in fields:
        setattr(record, name, True)
    return (await user.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=record))).deployment


async def test_exec_goes_through_the_runner_that_plays_the_instance(server, user, runner):
    record = await plugged(user, has_exec_plugin=True)
    call = user.StartExecStream()
    start = pb.ExecStreamRequest.Start(args=["true"], deployment_id=record.id)
    await call.write(pb.ExecStreamRequest(start=start))
    async with asyncio.timeout(DEADLINE):
        stream, job = await runner.take()
    assert job.exec.deployment.id == record.id
    assert job.data_source.HasField("local")
    played = Entrypoint(runner.api, record.id, job.exec.instance_id, pb.Instance.VIRTUAL)
    playing = asyncio.create_task(played.run())
    peer = await played.take_session()
    await peer.output(b"from the platform")
    await peer.exit(3)
    responses = await rest(call)
    assert said(responses) == b"from the platform"
    assert responses[-1].exit.code == 3
    async with asyncio.timeout(DEADLINE):
        assert (await stream.read()).HasField("cancel")
    playing.cancel()


async def test_a_runner_cannot_play_what_no_job_of_the_server_names(user, runner):
    record = await plugged(user, has_exec_plugin=True)
    request = pb.EntrypointConfigRequest(deployment_id=record.id, instance_id="mine", type=pb.Instance.VIRTUAL)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await runner.api.EntrypointConfig(request).read()
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_job_that_fails_ends_exec_with_its_reason(user, runner):
    record = await plugged(user, has_exec_plugin=True)
    call = user.StartExecStream()
    start = pb.ExecStreamRequest.Start(args=["true"], deployment_id=record.id)
    await call.write(pb.ExecStreamRequest(start=start))
    stream, _ = await runner.take(ack=False)
    failure = pb.RunnerJobStreamRequest.Error(error={"code": 5, "message": "no such pod"})
    await stream.write(pb.RunnerJobStreamRequest(ack=pb.RunnerJobStreamRequest.Ack()))
    await stream.write(pb.RunnerJobStreamRequest(error=failure))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() in {grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert "no such pod" in caught.value.details()


@pytest.mark.parametrize("by_application", [False, True])
async def test_logs_come_from_the_plugin_to_the_one_who_asked(server, user, runner, by_application):
    record = await plugged(user, has_logs_plugin=True)
    scope = pb.GetLogStreamRequest.Application(application=APPLICATION, workspace=WORKSPACE)
    request = (
        pb.GetLogStreamRequest(application=scope) if by_application else pb.GetLogStreamRequest(deployment_id=record.id)
    )
    call = user.GetLogStream(request)
    reading = asyncio.create_task(lines_of(call, 1))
    stream, job = await runner.take()
    assert job.logs.deployment.id == record.id
    played = Entrypoint(runner.api, record.id, job.logs.instance_id)
    await played.send(["from the platform"])
    assert await reading == ["from the platform"]
    assert not (await user.ListInstances(pb.ListInstancesRequest(deployment_id=record.id))).instances
    call.cancel()
    async with asyncio.timeout(DEADLINE):
        assert (await stream.read()).HasField("cancel")
    await eventually(lambda: server.instances.get(job.logs.instance_id) is None)


async def test_a_plugin_that_fails_is_a_line_among_the_others(user, runner):
    await plugged(user, has_logs_plugin=True)
    scope = pb.GetLogStreamRequest.Application(application=APPLICATION, workspace=WORKSPACE)
    call = user.GetLogStream(pb.GetLogStreamRequest(application=scope))
    reading = asyncio.create_task(lines_of(call, 1))
    stream, _ = await runner.take()
    failure = pb.RunnerJobStreamRequest.Error(error={"code": 5, "message": "no such pod"})
    await stream.write(pb.RunnerJobStreamRequest(error=failure))
    await stream.read()
    [text] = await reading
    assert "no such pod" in text
