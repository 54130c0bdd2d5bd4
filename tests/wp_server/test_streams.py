"""Streams as a whole: keepalives both ways, ends that bring peers back, peers that vanish (server.md §1.6, §1.9)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server import app
from wp_server.auth import tokens
from wp_server.transport import keepalive

from .conftest import VERSION_HEADERS, Client, channel
from .peers import APPLICATION, DEADLINE, connected, deployment, entrypoint_token, eventually, lines_of


@pytest.fixture
def user(client, token):
    return client(token)


async def test_keepalives_come_at_once_and_regularly_to_those_who_ask(server, client, user):
    record = await deployment(user)
    server.pipeline._ticker._interval = 0.1
    ticking = asyncio.create_task(server.pipeline.run())
    read = user.channel.unary_stream("/hashicorp.waypoint.Waypoint/GetLogStream")
    request = pb.GetLogStreamRequest(deployment_id=record.id).SerializeToString()
    call = read(request, metadata=(*user.metadata, (keepalive.HEADER, "true")))
    async with asyncio.timeout(DEADLINE):
        assert [await call.read() for _ in range(3)] == [keepalive.MESSAGE] * 3
    call.cancel()
    silent = read(request, metadata=user.metadata)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await silent.read()
    ticking.cancel()


async def test_keepalives_of_a_client_never_reach_the_handler(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
        batch = pb.EntrypointLogBatch(instance_id=one.id, lines=[pb.LogBatch.Entry(line="one")]).SerializeToString()
        ship = one.client.channel.stream_unary("/hashicorp.waypoint.Waypoint/EntrypointLogStream")
        sent = [keepalive.MESSAGE, batch, keepalive.MESSAGE, batch, keepalive.MESSAGE]
        await ship(iter(sent), metadata=one.client.metadata)
        assert await lines_of(call, 2) == ["one", "one"]


async def test_no_keepalives_are_asked_for_while_a_snapshot_comes_in(client, user):
    async def features():
        return list((await user.GetVersionInfo(Empty())).server_features.features)

    wanted = [pb.ServerFeatures.FEATURE_INLINE_KEEPALIVES]
    assert await features() == wanted
    restoring = user.RestoreSnapshot()
    await restoring.write(pb.RestoreSnapshotRequest(open=pb.RestoreSnapshotRequest.Open()))
    assert await features() == []
    await restoring.write(pb.RestoreSnapshotRequest(chunk=b"none"))
    await restoring.done_writing()
    with pytest.raises(grpc.aio.AioRpcError):
        await restoring
    async with asyncio.timeout(DEADLINE):
        while await features() != wanted:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def stopped(settings, monkeypatch, grace):
    """A server, a user of it, and what stops it while `grace` seconds are left to running calls."""
    monkeypatch.setattr(app, "CALL_GRACE", grace)
    async with app.running(settings) as server:
        token = await server.store.write(tokens.bootstrap)
        async with channel(server.grpc_address, server.certificate.chain) as made:
            yield server, Client(made, token)


async def test_stopping_ends_streams_and_calls_that_wait_with_unavailable(settings, monkeypatch):
    async with stopped(settings, monkeypatch, grace=0.2) as (server, user):
        record = await deployment(user)
        entrypoint = Client(user.channel, await entrypoint_token(server, record.id))
        request = pb.EntrypointConfigRequest(deployment_id=record.id, instance_id="01INSTANCE")
        ended = [
            entrypoint.EntrypointConfig(request),
            user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id)),
            user.ListInstances(pb.ListInstancesRequest(deployment_id="none yet", wait_timeout="60s")),
        ]
        await ended[0].read()
        await eventually(lambda: (server.pipeline.open_streams, server.pipeline.open_calls) == (2, 1))
        await server.stop()
        for call in ended:
            assert await call.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_stream_that_begins_while_the_server_stops_ends_with_unavailable(settings, monkeypatch):
    async with stopped(settings, monkeypatch, grace=DEADLINE) as (server, user):
        record = await deployment(user)
        waiting = user.ListInstances(pb.ListInstancesRequest(deployment_id="none yet", wait_timeout="60s"))
        await eventually(lambda: server.pipeline.open_calls == 1)
        stopping = asyncio.create_task(server.stop())
        await eventually(server.unready)
        late = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
        assert await late.code() is grpc.StatusCode.UNAVAILABLE
        waiting.cancel()
        await stopping


async def test_who_comes_back_at_once_while_the_server_stops_is_told_that_it_is_away(settings, monkeypatch):
    """A Go entrypoint does, on the same connection, and never comes back after another answer."""
    codes = set()
    async with stopped(settings, monkeypatch, grace=DEADLINE) as (server, user):
        record = await deployment(user)
        entrypoint = Client(user.channel, await entrypoint_token(server, record.id))
        over = asyncio.Event()

        async def insist(number):
            request = pb.EntrypointConfigRequest(deployment_id=record.id, instance_id=f"01INSTANCE{number}")
            while not over.is_set():
                try:
                    async for _ in entrypoint.EntrypointConfig(request):
                        pass
                except grpc.aio.AioRpcError as error:
                    codes.add(error.code())

        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(insist(number))
            await eventually(lambda: len(server.instances.connected()) == 20)
            await server.stop()
            over.set()
    assert codes == {grpc.StatusCode.UNAVAILABLE}


async def test_stopping_waits_for_calls_that_come_to_an_end(settings, monkeypatch):
    async with stopped(settings, monkeypatch, grace=DEADLINE) as (server, user):
        waiting = user.ListInstances(pb.ListInstancesRequest(deployment_id="none yet", wait_timeout="500ms"))
        await eventually(lambda: server.pipeline.open_calls == 1)
        stopping = asyncio.create_task(server.stop())
        assert await waiting.code() is grpc.StatusCode.DEADLINE_EXCEEDED, "its own end, not the server's"
        await stopping


async def test_a_peer_that_vanishes_frees_its_stream(server, client, user):
    record = await deployment(user)
    lonely = channel(server.grpc_address, server.certificate.chain)
    entrypoint = Client(lonely, await entrypoint_token(server, record.id), VERSION_HEADERS)
    call = entrypoint.EntrypointConfig(pb.EntrypointConfigRequest(deployment_id=record.id, instance_id="01INSTANCE"))
    await call.read()
    assert server.pipeline.open_streams == 1
    await lonely.close()
    await eventually(lambda: server.pipeline.open_streams == 0)
    assert not server.instances.get("01INSTANCE").connected


async def test_an_answer_no_client_would_take_is_refused_with_a_sentence(server, client, user):
    record = await deployment(user)
    for _ in range(3):
        record.status.details = "s" * 2_000_000
        record.id = ""
        await user.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=record))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await user.ListDeployments(pb.ListDeploymentsRequest(application=APPLICATION))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "page by page" in caught.value.details()
