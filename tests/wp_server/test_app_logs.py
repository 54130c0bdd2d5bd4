"""From an entrypoint's log stream to a reader, with everything that can go wrong between (server.md §5)."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from wp_proto.waypoint import api as pb
from wp_server.live import lenient

from .conftest import VERSION_HEADERS
from .peers import APPLICATION, FEATURES, WORKSPACE, Entrypoint, connected, deployment, entrypoint_token, lines_of

OF_APPLICATION = pb.GetLogStreamRequest(
    application=pb.GetLogStreamRequest.Application(application=APPLICATION, workspace=WORKSPACE)
)


@pytest.fixture
def user(client, token):
    return client(token)


async def test_a_reader_gets_the_last_lines_and_then_every_new_one(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        await one.send(f"old {number}\n" for number in range(150))
        call = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
        assert await lines_of(call, 100) == [f"old {number}" for number in range(50, 150)]
        await one.send(["new"])
        batch = await call.read()
        assert [line.line for line in batch.lines] == ["new"]
        assert (batch.deployment_id, batch.instance_id) == (record.id, one.id)


@pytest.mark.parametrize(("limit", "first"), [(7, 593), (-1, 0), (10_000, 0), (600, 0), (599, 1)])
async def test_the_backlog_limit_is_exact(server, client, user, limit, first):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        await one.send(str(number) for number in range(600))
        call = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id, limit_backlog=limit))
        assert await lines_of(call, 600 - first) == [str(number) for number in range(first, 600)]


async def test_backlogs_of_several_instances_are_merged_by_time(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record, record) as [first, second]:
        for number in range(6):
            await (first if number % 2 == 0 else second).send([str(number)])
        call = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
        assert await lines_of(call, 6) == ["0", "1", "2", "3", "4", "5"]


async def test_application_scope_follows_new_deployments_and_leaves_failed_ones_out(server, client, user):
    first, failed = await deployment(user), await deployment(user, state=pb.Status.ERROR)
    async with connected(server, client, first, failed) as [one, broken]:
        call = user.GetLogStream(OF_APPLICATION)
        await broken.send(["of a failed deployment"])
        await one.send(["of the first"])
        assert await lines_of(call, 1) == ["of the first"]
        second = await deployment(user)
        async with connected(server, client, second) as [other]:
            await other.send(["of the second"])
            assert await lines_of(call, 1) == ["of the second"]


async def test_an_instance_that_returns_keeps_its_lines_and_its_reader(server, client, user):
    record = await deployment(user)
    token = await entrypoint_token(server, record.id)
    one = Entrypoint(client(token, (*VERSION_HEADERS, FEATURES)), record.id, "01INSTANCE")
    stream = asyncio.create_task(one.run())
    await one.snapshot()
    await one.send(["before"])
    call = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
    assert await lines_of(call, 1) == ["before"]
    stream.cancel()
    await asyncio.wait([stream])
    again = asyncio.create_task(one.run())
    await one.snapshot()
    await one.send(["after"])
    assert await lines_of(call, 1) == ["after"]
    again.cancel()


async def test_a_slow_reader_is_told_what_it_lost_and_costs_no_memory(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
        await one.send(["first"])
        assert await lines_of(call, 1) == ["first"]
        # Far more than flow control windows and ring take, while nobody reads.
        total = 60_000
        for start in range(0, total, 2_000):
            await one.send(f"{number} {'x' * 500}" for number in range(start, start + 2_000))
        received, skipped = 0, 0
        async with asyncio.timeout(60):
            while received + skipped < total:
                for line in (await call.read()).lines:
                    if line.source == pb.LogBatch.Entry.ENTRYPOINT:
                        skipped += int(line.line.split()[1])
                    else:
                        assert int(line.line.split()[0]) == received + skipped
                        received += 1
        assert received + skipped == total
        assert skipped > 0
        assert received > 1_000


async def test_a_hundred_thousand_lines_in_a_burst_arrive_complete_and_in_order(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
        await one.send(["ready"])
        assert await lines_of(call, 1) == ["ready"]  # the reader is there before the burst, which no ring would hold
        reading = asyncio.create_task(lines_of(call, 100_000))

        async def batches():
            for start in range(0, 100_000, 500):
                lines = [pb.LogBatch.Entry(line=str(number)) for number in range(start, start + 500)]
                yield pb.EntrypointLogBatch(instance_id=one.id, lines=lines)

        await one.client.EntrypointLogStream(batches())
        assert await reading == [str(number) for number in range(100_000)]


async def test_lines_that_are_not_utf8_are_kept_with_replacement_characters(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
        good = pb.EntrypointLogBatch(
            instance_id=one.id, lines=[pb.LogBatch.Entry(line="caf@"), pb.LogBatch.Entry(line="fine")]
        )
        raw = good.SerializeToString().replace(b"@", b"\xe9")
        ship = one.client.channel.stream_unary("/hashicorp.waypoint.Waypoint/EntrypointLogStream")
        await ship(iter([raw]), metadata=one.client.metadata)
        assert await lines_of(call, 2) == ["caf\ufffd", "fine"]


def test_bytes_that_are_no_batch_are_still_refused():
    with pytest.raises(lenient.DecodeError):
        lenient.log_batch(b"\xff\xff\xff")


async def test_one_trailing_newline_is_dropped_and_an_endless_line_is_cut(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
        await one.send(["text\n", "two\n\n", "\r\n", "y" * 200_000])
        found = await lines_of(call, 4)
        assert found[:3] == ["text", "two\n", "\r"]
        assert found[3].startswith("y" * 65_536)
        assert found[3].endswith("[cut: the line has 200000 characters]")


async def test_big_batches_never_become_messages_a_client_refuses(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
        await one.send("z" * 60_000 for _ in range(200))
        # The client takes 4 MiB; the ring keeps at least its last 4 MiB.
        async with asyncio.timeout(60):
            batch = await call.read()
        assert batch.ByteSize() < 1024 * 1024


async def test_lines_for_an_unknown_or_foreign_instance_are_refused(server, client, user):
    mine, other = await deployment(user), await deployment(user)
    async with connected(server, client, mine, other) as [one, stranger]:
        batch = pb.EntrypointLogBatch(instance_id=stranger.id, lines=[pb.LogBatch.Entry(line="forged")])
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await one.client.EntrypointLogStream(iter([batch]))
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        batch.instance_id = "nobody"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await one.client.EntrypointLogStream(iter([batch]))
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (pb.GetLogStreamRequest(), grpc.StatusCode.FAILED_PRECONDITION),
        (pb.GetLogStreamRequest(deployment_id="nothing"), grpc.StatusCode.NOT_FOUND),
        (
            pb.GetLogStreamRequest(application=pb.GetLogStreamRequest.Application(application=APPLICATION)),
            grpc.StatusCode.FAILED_PRECONDITION,
        ),
    ],
)
async def test_a_log_request_without_a_usable_scope_is_refused(user, request_, code):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await user.GetLogStream(request_).read()
    assert caught.value.code() is code
