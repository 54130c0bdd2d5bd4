"""What passes between servers when it goes wrong: refusals, lost links, and news that a killed server never told."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from wp_proto.own import administration_pb2 as own
from wp_proto.own.role_pb2 import Grant
from wp_proto.waypoint import api as pb
from wp_server import app
from wp_server.auth import tokens
from wp_server.errors import DomainError, InvalidArgument, Violation
from wp_server.ids import new_id
from wp_server.store import Store, instances
from wp_server.transport import farewell, status

from .conftest import Client
from .peers import APPLICATION, DEADLINE, Entrypoint, deployment, lines_of
from .test_replicas import (
    ReplicaProcess,
    Split,
    Wanderer,
    connect,
    entrypoint_token_of,
    playing,
    three,
    token,
)

__all__ = ["connect", "three", "token"]
PATIENCE = 60.0


def test_last_words_are_told_from_answers_and_lose_nothing():
    error = InvalidArgument.of([Violation("a.b", "is wrong"), Violation("c", "is missing")])
    error.details["Key"] = "value"
    for size in (0, 100, 20_000):
        error.message = "x" * size
        end = status.rich(error)
        again = farewell.error_of(farewell.heard(farewell._TAG + farewell._varint(len(end)) + end))
        assert isinstance(again, DomainError)
        assert (again.code, again.message) == (error.code, error.message)
        assert (again.details, again.violations) == (error.details, error.violations)
    assert farewell.error_of(farewell.heard(farewell._TAG + b"\0")) is None
    answer = pb.ExecStreamResponse(output=pb.ExecStreamResponse.Output(data=farewell._TAG * 3))
    assert farewell.heard(answer.SerializeToString()) is None
    assert farewell.heard(b"") is None
    for broken in (b"", b"\x80", b"\x05abc", b"\x02abc"):
        with pytest.raises(ValueError, match="cut off"):
            farewell.heard(farewell._TAG + broken)


async def writing(call: grpc.aio.StreamStreamCall) -> None:
    """Sends input for as long as it is taken."""
    while True:
        try:
            await call.write(pb.ExecStreamRequest(input=pb.ExecStreamRequest.Input(data=b"x" * 1000)))
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            return


async def test_a_refusal_of_another_server_arrives_as_it_is_however_much_is_being_sent(three, connect, token):
    user = connect(three[0], token)
    record = await deployment(user)
    own_token = await entrypoint_token_of(three[0].store, record.id)
    one = Entrypoint(Split(*(connect(three[1], own_token) for _ in range(2))), record.id, new_id())
    request = pb.EntrypointConfigRequest(deployment_id=record.id, instance_id=one.id, disable_exec=True)
    held = one.client.EntrypointConfig(request)
    await held.read()
    await known_on(three[0].store, one.id)
    begin = pb.ExecStreamRequest.Start(args=["true"], instance_id=one.id)
    for _ in range(40):
        # Straight to the relay: the client's own grpc.aio would lose the status in the same way.
        with pytest.raises(DomainError, match="has exec disabled") as refused:
            async with asyncio.timeout(DEADLINE):
                await drained(relayed(three, user, endless(begin)))
        assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED
    held.cancel()


def relayed(three, user, requests: AsyncIterator[pb.ExecStreamRequest]):
    """The answers of the second server, by way of the first one's link."""

    class Context:
        def invocation_metadata(self):
            return user.metadata

    address = three[1]._others._listener.address
    return three[0]._others._links.relay("StartExecStream", address, requests, Context())


async def drained(answers) -> list[pb.ExecStreamResponse]:
    return [answer async for answer in answers]


async def endless(begin: pb.ExecStreamRequest.Start) -> AsyncIterator[pb.ExecStreamRequest]:
    yield pb.ExecStreamRequest(start=begin)
    while True:
        yield pb.ExecStreamRequest(input=pb.ExecStreamRequest.Input(data=b"x"))
        await asyncio.sleep(0)


async def known_on(store: Store, instance_id: str) -> None:
    async with asyncio.timeout(DEADLINE):
        while await store.read(instances.elsewhere, instance_id) is None:
            await asyncio.sleep(0.02)


async def test_the_end_of_a_session_on_another_server_arrives_while_input_is_being_sent(three, connect, token):
    user = connect(three[0], token)
    record = await deployment(user)
    one = await playing(three, connect, token, 1, 1, record)
    running = asyncio.create_task(one.run())
    await one.snapshot()
    await known_on(three[0].store, one.id)
    begin = pb.ExecStreamRequest.Start(args=["true"], deployment_id=record.id)
    for number in range(20):
        answers = asyncio.create_task(drained(relayed(three, user, endless(begin))))
        peer = await one.take_session()
        await peer.output(b"done")
        await peer.exit(number)
        async with asyncio.timeout(DEADLINE):
            *_, said, end = await answers
        assert said.output.data == b"done"
        assert end.exit.code == number
    draining = asyncio.create_task(drained(relayed(three, user, endless(begin))))
    await one.take_session()
    await three[1].drain(0)
    with pytest.raises(DomainError) as ended:
        async with asyncio.timeout(DEADLINE):
            await draining
    assert ended.value.code is grpc.StatusCode.UNAVAILABLE
    assert "shutting down" in ended.value.message
    with pytest.raises(grpc.aio.AioRpcError):
        await running


async def test_a_role_in_a_project_reaches_its_instances_on_every_server_and_no_others(three, connect, token):
    admin = connect(three[0], token)
    foreign = pb.Ref.Application(project="bank", application="web")
    records = [await deployment(admin), await deployment(admin, application=foreign)]
    running, ids = [], []
    for record in records:
        one = await playing(three, connect, token, 1, 1, record)
        running.append((one, asyncio.create_task(one.run())))
        await one.snapshot()
        await known_on(three[0].store, one.id)
        ids.append(one.id)
    signup = pb.Token.Invite.Signup(initial_username="rob")
    invite = pb.InviteTokenRequest(duration="1h", signup=signup)
    invited = (await admin.GenerateInviteToken(invite)).token
    made = (await admin.ConvertInviteToken(pb.ConvertInviteTokenRequest(token=invited))).token
    grants = [Grant(role=Grant.DEPLOYER, project=APPLICATION.project)]
    await admin.SetRoles(own.SetRolesRequest(user="rob", grants=grants))
    rob = connect(three[0], made)

    async def begun(instance_id: str):
        call = rob.StartExecStream()
        start = pb.ExecStreamRequest.Start(args=["true"], instance_id=instance_id)
        await call.write(pb.ExecStreamRequest(start=start))
        async with asyncio.timeout(DEADLINE):
            return call, await call.read()

    call, answer = await begun(ids[0])
    assert answer.HasField("open")
    call.cancel()
    for instance_id, code in (
        (ids[1], grpc.StatusCode.PERMISSION_DENIED),
        (new_id(), grpc.StatusCode.NOT_FOUND),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await begun(instance_id)
        assert refused.value.code() is code
    for _, task in running:
        task.cancel()


async def test_a_link_that_breaks_costs_readers_nothing_and_repeats_nothing(three, connect, token):
    user = connect(three[0], token)
    record = await deployment(user)
    one = await playing(three, connect, token, 1, 1, record)
    running = asyncio.create_task(one.run())
    await one.snapshot()
    await one.send(f"{number}" for number in range(200))
    reader = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id, limit_backlog=50))
    assert await lines_of(reader, 50) == [f"{number}" for number in range(150, 200)]
    for start in (200, 400):
        cut(three[1], "GetLogStream")
        await one.send(f"{number}" for number in range(start, start + 200))
        assert await lines_of(reader, 200) == [f"{number}" for number in range(start, start + 200)]
    reader.cancel()
    running.cancel()


def cut(server: app.RunningServer, rpc: str) -> None:
    """Ends the streams of one kind, as when the connection under them is lost."""
    streams = [stream for stream in server.pipeline._streams if stream.rpc == rpc]
    assert streams
    for stream in streams:
        stream.end()


async def test_the_plugin_that_shows_logs_runs_once_however_many_servers_there_are(three, connect, token):
    user = connect(three[0], token)
    record = await deployment(user)
    project = (await user.GetProject(pb.GetProjectRequest(project={"project": APPLICATION.project}))).project
    project.data_source.git.url = "https://git.example/shop.git"
    await user.UpsertProject(pb.UpsertProjectRequest(project=project))
    record.has_logs_plugin = True
    record = (await user.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=record))).deployment
    one = await playing(three, connect, token, 1, 1, record)
    running = asyncio.create_task(one.run())
    await one.snapshot()
    reader = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
    await one.send(["from another server"])
    # The other server begins to send when it has the plugin's job queued, if it does so at all.
    assert await lines_of(reader, 1) == ["from another server"]
    async with asyncio.timeout(DEADLINE):
        while not (showing := await log_jobs(user)):
            await asyncio.sleep(0.02)
    assert len(showing) == 1
    reader.cancel()
    running.cancel()


async def log_jobs(user: Client) -> list[pb.Job]:
    return [job for job in (await user.ListJobs(pb.ListJobsRequest())).jobs if job.HasField("logs")]


@pytest.mark.timeout(600)
async def test_lines_that_went_with_a_killed_server_leave_a_gap_line_and_the_instance_returns(postgres, tmp_path):
    url = postgres.emptied()
    servers = [ReplicaProcess(url, tmp_path / name) for name in "abc"]
    store = Store.open(url)
    clients: list[Wanderer] = []

    def at(number: int, own_token: str):
        clients.append(Wanderer(servers, own_token, number))
        return clients[-1].next()

    try:
        for server in servers:
            await server.start()
        user_token = await store.write(tokens.bootstrap)
        user = at(0, user_token)
        record = await deployment(user)
        instance_token = await entrypoint_token_of(store, record.id)
        one = Entrypoint(at(1, instance_token), record.id, new_id())
        running = asyncio.create_task(one.run())
        await one.snapshot()
        await one.send(["before"])
        reader = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
        assert await lines_of(reader, 1) == ["before"]
        servers[1].end(signal.SIGKILL)
        with pytest.raises(grpc.aio.AioRpcError):
            await running
        returned = Entrypoint(at(2, instance_token), record.id, one.id)
        running = asyncio.create_task(returned.run())
        await returned.snapshot()
        await returned.send(["after"])
        found: list[tuple[str, str]] = []
        async with asyncio.timeout(PATIENCE):
            while len(found) < 2:
                batch = await reader.read()
                found += [(batch.instance_id, entry.line) for entry in batch.lines]
        assert {instance_id for instance_id, _ in found} == {one.id}
        lines = {line for _, line in found}
        assert lines == {"after", "waypoint: lines may be missing here: the server that kept them is gone"}
        running.cancel()
    finally:
        for one_client in clients:
            await one_client.close()
        for server in servers:
            server.end(signal.SIGKILL)
        await store.close()


UNTOLD = """
import asyncio, os, signal, sys
from wp_server.store import Store, keys
async def main():
    store = Store.open(sys.argv[1])
    store._news.tell = lambda topics: None
    print("ready", flush=True)
    sys.stdin.readline()
    await store.write(keys.create_key, "untold")
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


@pytest.mark.parametrize("first", ["the listener", "the victim"])
async def test_what_a_server_committed_and_never_told_is_noticed_by_the_others(postgres, first):
    """Killed between its commit and its NOTIFY; watchers hear of it all the same."""
    url = postgres.emptied()

    def victim() -> subprocess.Popen[str]:
        environment = os.environ | {"PYTHONPATH": str(Path(app.__file__).parents[1])}
        command = [sys.executable, "-c", UNTOLD, url]
        child = subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdout.readline() == "ready\n"
        return child

    child = victim() if first == "the victim" else None
    store = Store.open(url)
    try:
        child = child or victim()
        with store.changes.subscribe("config/p") as news:
            version = store.changes.version("auth")
            child.communicate("go\n")
            assert child.wait(PATIENCE) == -signal.SIGKILL
            assert await news.wait(PATIENCE) == {"config/p"}
            assert store.changes.version("auth") > version
    finally:
        child.kill()
        child.communicate()
        await store.close()
