"""`waypoint exec` through the server: choice of instance, relay, endings (server.md §6)."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import grpc
import pytest

from wp_proto.waypoint import api as pb
from wp_server.api import entrypoint
from wp_server.live.instances import sessions_topic
from wp_server.live.session_numbers import SessionNumbers
from wp_server.store import Store

from .peers import DEADLINE, Entrypoint, connected, deployment, entrypoint_token, eventually


@pytest.fixture
def user(client, token):
    return client(token)


async def start(user, **target) -> grpc.aio.StreamStreamCall:
    """Starts `true` on a target and waits for `open`."""
    call = user.StartExecStream()
    await call.write(pb.ExecStreamRequest(start=pb.ExecStreamRequest.Start(args=["true"], **target)))
    assert (await call.read()).HasField("open")
    return call


async def rest(call) -> list[pb.ExecStreamResponse]:
    found = []
    async with asyncio.timeout(DEADLINE):
        while (response := await call.read()) is not grpc.aio.EOF:
            found.append(response)
    return found


def said(responses, channel=pb.ExecStreamResponse.Output.STDOUT) -> bytes:
    return b"".join(r.output.data for r in responses if r.HasField("output") and r.output.channel == channel)


async def test_input_output_and_exit_status_travel(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = await start(user, deployment_id=record.id)
        # Sent before the entrypoint has attached: kept, not dropped.
        await call.write(pb.ExecStreamRequest(input=pb.ExecStreamRequest.Input(data=b"early")))
        peer = await one.take_session()
        assert list(peer.announced.args) == ["true"]
        assert (await peer.call.read()).input == b"early"
        await call.write(pb.ExecStreamRequest(winch=pb.ExecStreamRequest.WindowSize(rows=5, cols=6)))
        assert (await peer.call.read()).winch.cols == 6
        await call.write(pb.ExecStreamRequest(input_eof={}))
        assert (await peer.call.read()).HasField("input_eof")
        await peer.output(b"out")
        await peer.output(b"err", pb.EntrypointExecRequest.Output.STDERR)
        await peer.exit(7)
        responses = await rest(call)
        assert said(responses) == b"out"
        assert said(responses, pb.ExecStreamResponse.Output.STDERR) == b"err"
        assert responses[-1].exit.code == 7
        assert await call.code() is grpc.StatusCode.OK
        assert await peer.call.read() is grpc.aio.EOF
        assert await peer.call.code() is grpc.StatusCode.OK
        await one.snapshot(lambda snapshot: not snapshot.exec)


async def test_a_terminal_without_a_size_gets_one(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = user.StartExecStream()
        pty = pb.ExecStreamRequest.PTY(enable=True, term="xterm")
        await call.write(
            pb.ExecStreamRequest(start=pb.ExecStreamRequest.Start(args=["sh"], pty=pty, deployment_id=record.id))
        )
        announced = (await one.snapshot(lambda snapshot: bool(snapshot.exec))).exec[0]
        assert (announced.pty.window_size.rows, announced.pty.window_size.cols) == (24, 80)
        call.cancel()


@pytest.mark.parametrize("typed", [b"", b"one\n", b"one"])
async def test_the_end_of_input_is_typed_at_the_terminal_of_a_go_entrypoint(server, client, user, typed):
    record = await deployment(user)
    async with connected(server, client, record, go=True) as [one]:
        call = user.StartExecStream()
        pty = pb.ExecStreamRequest.PTY(enable=True)
        begin = pb.ExecStreamRequest.Start(args=["cat"], pty=pty, deployment_id=record.id)
        await call.write(pb.ExecStreamRequest(start=begin))
        peer = await one.take_session()
        if typed:
            await call.write(pb.ExecStreamRequest(input=pb.ExecStreamRequest.Input(data=typed)))
            assert (await peer.call.read()).input == typed
        await call.write(pb.ExecStreamRequest(input_eof={}))
        assert (await peer.call.read()).input == (b"\x04\x04" if typed == b"one" else b"\x04")
        assert (await peer.call.read()).HasField("input_eof")
        call.cancel()


async def test_the_client_leaving_ends_the_entrypoints_stream(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = await start(user, deployment_id=record.id)
        peer = await one.take_session()
        call.cancel()
        async with asyncio.timeout(DEADLINE):
            assert await peer.call.read() is grpc.aio.EOF
        await eventually(lambda: server.pipeline.open_streams == 1)


async def test_half_closing_ends_the_session_without_a_status(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = await start(user, deployment_id=record.id)
        peer = await one.take_session()
        await call.done_writing()
        assert not any(response.HasField("exit") for response in await rest(call))
        assert await peer.call.read() is grpc.aio.EOF


async def test_the_entrypoint_vanishing_fails_the_session_with_a_reason(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = await start(user, deployment_id=record.id)
        peer = await one.take_session()
        await peer.output(b"half")
        assert (await call.read()).output.data == b"half"
        peer.call.cancel()
        responses = await rest(call)
        assert b"lost" in said(responses, pb.ExecStreamResponse.Output.STDERR)
        assert responses[-1].exit.code == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [(grpc.StatusCode.NOT_FOUND, 127), (grpc.StatusCode.INVALID_ARGUMENT, 127), (grpc.StatusCode.INTERNAL, 1)],
)
async def test_a_start_failure_is_told_and_has_the_shells_status(server, client, user, code, status):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = await start(user, deployment_id=record.id)
        peer = await one.take_session()
        failure = pb.EntrypointExecRequest.Error(error={"code": code.value[0], "message": "nope: not found"})
        await peer.call.write(pb.EntrypointExecRequest(error=failure))
        responses = await rest(call)
        assert said(responses, pb.ExecStreamResponse.Output.STDERR) == b"nope: not found\n"
        assert responses[-1].exit.code == status


async def test_a_peer_that_sends_rubbish_ends_the_session_and_is_told(server, client, user):
    record = await deployment(user)
    method = "/hashicorp.waypoint.Waypoint/{}"
    async with connected(server, client, record) as [one]:
        call = await start(user, deployment_id=record.id)
        announced = (await one.snapshot(lambda snapshot: bool(snapshot.exec))).exec[0]
        raw = one.client.channel.stream_stream(method.format("EntrypointExecStream"))(metadata=one.client.metadata)
        opening = pb.EntrypointExecRequest.Open(instance_id=one.id, index=announced.index)
        await raw.write(pb.EntrypointExecRequest(open=opening).SerializeToString())
        await raw.read()
        await raw.write(b"\xff\xff\xff")
        assert (await rest(call))[-1].exit.code == 1
        assert await raw.code() is grpc.StatusCode.INVALID_ARGUMENT
        raw = user.channel.stream_stream(method.format("StartExecStream"))(metadata=user.metadata)
        begin = pb.ExecStreamRequest.Start(args=["true"], deployment_id=record.id)
        await raw.write(pb.ExecStreamRequest(start=begin).SerializeToString())
        await raw.read()
        await raw.write(b"\xff\xff\xff")
        assert await raw.code() is grpc.StatusCode.INVALID_ARGUMENT
        await one.snapshot(lambda snapshot: not snapshot.exec)


async def test_much_output_passes_a_slow_client_complete_and_in_order(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = await start(user, deployment_id=record.id)
        peer = await one.take_session()
        sent = b"".join(number.to_bytes(4, "big") for number in range(2_000_000))

        async def pour() -> None:
            for offset in range(0, len(sent), 30_000):
                await peer.output(sent[offset : offset + 30_000])
            await peer.exit(0)

        pouring = asyncio.create_task(pour())
        session = server.instances.get(one.id).sessions[peer.announced.index]
        await eventually(lambda: session.to_client._size >= 64 * 1024)
        responses = await rest(call)
        await pouring
        assert said(responses) == sent
        assert responses[-1].exit.code == 0


async def test_one_huge_message_is_cut_for_the_client(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = await start(user, deployment_id=record.id)
        peer = await one.take_session()
        await peer.output(b"q" * 10_000_000)
        await peer.exit(0)
        responses = await rest(call)
        assert len(said(responses)) == 10_000_000
        assert max(len(response.output.data) for response in responses) <= 1024 * 1024


async def test_the_least_busy_instance_is_chosen(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record, record) as [first, second]:
        one = await start(user, deployment_id=record.id)
        other = await start(user, deployment_id=record.id)
        assert len((await first.snapshot(lambda snapshot: bool(snapshot.exec))).exec) == 1
        assert len((await second.snapshot(lambda snapshot: bool(snapshot.exec))).exec) == 1
        (one.cancel(), other.cancel())


async def test_an_instance_that_disabled_exec_is_never_chosen(server, client, user):
    record = await deployment(user)
    token = await entrypoint_token(server, record.id)
    request = pb.EntrypointConfigRequest(deployment_id=record.id, instance_id="01CLOSED", disable_exec=True)
    held = client(token).EntrypointConfig(request)
    await held.read()
    for target, code in (
        ({"deployment_id": record.id}, grpc.StatusCode.RESOURCE_EXHAUSTED),
        ({"instance_id": "01CLOSED"}, grpc.StatusCode.PERMISSION_DENIED),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await start(user, **target)
        assert caught.value.code() is code
    held.cancel()


async def test_session_numbers_grow(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        numbers = []
        for _ in range(3):
            call = await start(user, deployment_id=record.id)
            peer = await one.take_session()
            numbers.append(peer.announced.index)
            await peer.exit(0)
            await rest(call)
        assert numbers == sorted(set(numbers))


async def test_session_numbers_grow_over_restarts_whatever_the_clock_says(settings, monkeypatch):
    numbers = []
    for clock in (2_000_000_000, 1_000_000_000, 1_000_000_000):
        store = Store.open(f"sqlite:///{settings.db}")
        monkeypatch.setattr(time, "time_ns", lambda clock=clock: clock * 1_000_000_000)
        given = SessionNumbers(store)
        numbers += [await given.next(), await given.next()]
        monkeypatch.undo()
        await store.close()
    assert numbers == sorted(set(numbers))


async def test_indexes_are_offered_in_their_order_however_the_database_answers():
    class Shared:
        """A database whose later answers come first."""

        shared = True
        given = 0

        async def write(self, _work, _at_least):
            self.given += 1
            index = self.given
            await asyncio.sleep(0.05 / index)
            return index

    numbers, offered = SessionNumbers(Shared()), []

    async def offer():
        offered.append(await numbers.next())

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(offer())
    assert offered == sorted(offered)


async def test_a_go_entrypoint_never_sees_a_session_in_its_first_snapshot(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record, go=True) as [one]:
        call = await start(user, deployment_id=record.id)
        allowed_from = server.instances.get(one.id).sessions_from
        await one.take_session()
        assert time.monotonic() >= allowed_from
        call.cancel()


async def test_a_go_entrypoint_that_reads_from_sources_sees_a_session_when_it_has_its_environment(server, client, user):
    record = await deployment(user)
    value = pb.ConfigVar.DynamicVal(**{"from": "vault"})
    target = pb.ConfigVar.Target(application=record.application)
    await user.SetConfig(pb.ConfigSetRequest(variables=[pb.ConfigVar(name="D", dynamic=value, target=target)]))
    async with connected(server, client, record, go=True) as [one]:
        call = await start(user, deployment_id=record.id)
        known = server.instances.get(one.id)
        at_first = known.sessions_from
        await one.send(["entrypoint: entrypoint starting: …"], pb.LogBatch.Entry.ENTRYPOINT)
        assert known.sessions_from > at_first
        await one.send(["entrypoint.config.watcher: env vars changed"], pb.LogBatch.Entry.APP)
        assert not known.resolved
        await one.send(["entrypoint.config.watcher: env vars changed"], pb.LogBatch.Entry.ENTRYPOINT)
        assert known.resolved
        peer = await one.take_session()
        assert time.monotonic() >= known.sessions_from
        await peer.exit(0)
        await rest(call)
        again = Entrypoint(one.client, record.id, one.id)
        running = asyncio.create_task(again.run())
        await again.snapshot()
        assert known.sessions_from <= time.monotonic() + entrypoint.GO_SESSION_DELAY
        running.cancel()


async def test_an_entrypoint_that_never_attaches_is_replaced_and_then_given_up(server, client, user, monkeypatch):
    patience = iter([DEADLINE, 2 * DEADLINE, 0.3])  # with the first one, the second one, and the first one again
    monkeypatch.setattr(type(server.exec), "_attach_timeout", property(lambda _: next(patience)), raising=False)
    record = await deployment(user)
    async with connected(server, client, record, record) as [first, second]:
        call = await start(user, deployment_id=record.id)
        await first.snapshot(lambda snapshot: bool(snapshot.exec))
        later = SimpleNamespace(monotonic=lambda: time.monotonic() + DEADLINE)
        monkeypatch.setattr("wp_server.api.exec.time", later)
        server.store.changes.publish((sessions_topic(first.id),))
        peer = await second.take_session()
        await peer.exit(0)
        assert (await rest(call))[-1].exit.code == 0
        call = await start(user, instance_id=first.id)
        responses = await rest(call)
        assert b"does not answer" in said(responses, pb.ExecStreamResponse.Output.STDERR)
        assert responses[-1].exit.code == 1


async def test_what_a_go_entrypoint_may_have_run_is_not_run_again(server, client, user, monkeypatch):
    patience = iter([0.3, 0.3, DEADLINE])  # with the first one, with the first one again, and with the second one
    monkeypatch.setattr(type(server.exec), "_attach_timeout", property(lambda _: next(patience)), raising=False)
    record = await deployment(user)
    async with connected(server, client, record, record, go=True) as [first, second]:
        for one in (first, second):
            server.instances.allow_sessions(server.instances.get(one.id), time.monotonic())
        pty = pb.ExecStreamRequest.PTY(enable=True)
        call = user.StartExecStream()
        begin = pb.ExecStreamRequest.Start(args=["ls"], pty=pty, deployment_id=record.id)
        await call.write(pb.ExecStreamRequest(start=begin))
        responses = await rest(call)
        assert b"may have run" in said(responses, pb.ExecStreamResponse.Output.STDERR)
        assert responses[-1].exit.code == 1
        assert second.snapshots.empty()
        # Without a terminal none gets lost.
        call = await start(user, deployment_id=record.id)
        peer = await second.take_session()
        await peer.exit(0)
        assert (await rest(call))[-1].exit.code == 0


async def test_an_instance_that_leaves_before_it_attaches_is_replaced_at_once(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [first]:
        call = await start(user, deployment_id=record.id)
        offered = await first.snapshot(lambda snapshot: bool(snapshot.exec))
        async with connected(server, client, record) as [second]:
            server.instances.disconnect(server.instances.get(first.id), 1)
            peer = await second.take_session()
            # A Go entrypoint takes up no index below its highest, which may be of a session since.
            assert peer.announced.index > offered.exec[0].index
            await peer.exit(0)
            assert (await rest(call))[-1].exit.code == 0


async def test_exec_into_a_stopped_instance_says_so_at_once(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        pass
    await eventually(lambda: not server.instances.get(one.id).connected)
    for target, code in (
        ({"deployment_id": record.id}, grpc.StatusCode.RESOURCE_EXHAUSTED),
        ({"instance_id": one.id}, grpc.StatusCode.NOT_FOUND),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await start(user, **target)
        assert caught.value.code() is code


async def test_an_entrypoint_cannot_take_a_foreign_session(server, client, user):
    mine, other = await deployment(user), await deployment(user)
    async with connected(server, client, mine, other) as [one, stranger]:
        call = await start(user, deployment_id=mine.id)
        announced = (await one.snapshot(lambda snapshot: bool(snapshot.exec))).exec[0]
        for instance, code in ((one.id, grpc.StatusCode.PERMISSION_DENIED), (stranger.id, grpc.StatusCode.NOT_FOUND)):
            theft = stranger.client.EntrypointExecStream()
            opening = pb.EntrypointExecRequest.Open(instance_id=instance, index=announced.index)
            await theft.write(pb.EntrypointExecRequest(open=opening))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await theft.read()
            assert caught.value.code() is code
        call.cancel()


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (pb.ExecStreamRequest(input_eof={}), grpc.StatusCode.FAILED_PRECONDITION),
        (pb.ExecStreamRequest(start={"deployment_id": "x"}), grpc.StatusCode.INVALID_ARGUMENT),
        (pb.ExecStreamRequest(start={"args": ["true"]}), grpc.StatusCode.FAILED_PRECONDITION),
        (pb.ExecStreamRequest(start={"args": ["true"], "deployment_id": "x"}), grpc.StatusCode.NOT_FOUND),
        (pb.ExecStreamRequest(start={"args": ["x" * 200_000], "deployment_id": "x"}), grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_an_unusable_start_is_refused(user, request_, code):
    call = user.StartExecStream()
    await call.write(request_)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is code
