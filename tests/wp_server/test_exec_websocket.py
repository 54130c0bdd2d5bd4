"""`/v1/exec`: exec by websocket, with a client that shares no code with the server (server.md §6.7)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
import websocket

from wp_proto.own import administration_pb2 as own
from wp_proto.own.role_pb2 import Grant
from wp_proto.waypoint import api as pb
from wp_server import app
from wp_server.tls import PINNED_NAME
from wp_server.web import exec as bridge

from .peers import DEADLINE, connected, deployment, entrypoint_token, eventually


@pytest.fixture
def user(client, token):
    return client(token)


class Socket:
    """A blocking websocket, worked from threads."""

    def __init__(self, raw: websocket.WebSocket) -> None:
        self.raw = raw

    async def send(self, request: pb.ExecStreamRequest) -> None:
        await asyncio.to_thread(self.raw.send_binary, request.SerializeToString())

    async def start(self, *args: str, **target: str) -> None:
        await self.send(pb.ExecStreamRequest(start=pb.ExecStreamRequest.Start(args=args, **target)))

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: its opcode and content."""
        while True:
            opcode, content = await asyncio.to_thread(self.raw.recv_data, True)
            if opcode != websocket.ABNF.OPCODE_PING:
                return opcode, content

    async def message(self) -> pb.ExecStreamResponse:
        opcode, content = await self.frame()
        assert opcode == websocket.ABNF.OPCODE_BINARY, (opcode, content)
        return pb.ExecStreamResponse.FromString(content)

    async def closed(self) -> tuple[int, str]:
        """Code and reason with which the server closed."""
        opcode, content = await self.frame()
        assert opcode == websocket.ABNF.OPCODE_CLOSE, (opcode, content)
        return int.from_bytes(content[:2]), content[2:].decode()


@contextlib.asynccontextmanager
async def opened(server: app.RunningServer, query: str = "", *protocols: str, **headers: str) -> AsyncIterator[Socket]:
    chain = Path(server.settings.data_dir) / "trusted.pem"
    chain.write_bytes(server.certificate.chain)
    raw = await asyncio.to_thread(
        websocket.create_connection,
        f"wss://{server.http_address}/v1/exec{query}",
        timeout=DEADLINE,
        sslopt={"ca_certs": str(chain), "server_hostname": PINNED_NAME},
        subprotocols=list(protocols) or None,
        header=[f"{name}: {value}" for name, value in headers.items()],
    )
    try:
        yield Socket(raw)
    finally:
        await asyncio.to_thread(raw.shutdown)


async def test_input_output_and_exit_travel_and_the_socket_closes_after_the_exit(server, client, user, token):
    record = await deployment(user)
    async with connected(server, client, record) as [one], opened(server, f"?token={token}") as socket:
        await socket.start("true", deployment_id=record.id)
        assert (await socket.message()).HasField("open")
        await socket.send(pb.ExecStreamRequest(input=pb.ExecStreamRequest.Input(data=b"in \xff")))
        peer = await one.take_session()
        assert list(peer.announced.args) == ["true"]
        assert (await peer.call.read()).input == b"in \xff"
        await socket.send(pb.ExecStreamRequest(winch=pb.ExecStreamRequest.WindowSize(rows=5, cols=6)))
        assert (await peer.call.read()).winch.cols == 6
        await peer.output(b"out")
        assert (await socket.message()).output.data == b"out"
        await peer.exit(7)
        assert (await socket.message()).exit.code == 7
        assert await socket.closed() == (bridge.CLOSED, "")


async def test_a_browser_that_leaves_ends_the_session(server, client, user, token):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        async with opened(server, f"?token={token}") as socket:
            await socket.start("true", deployment_id=record.id)
            peer = await one.take_session()
        async with asyncio.timeout(DEADLINE):
            assert await peer.call.read() is grpc.aio.EOF
        await eventually(lambda: server.pipeline.open_streams == 1)  # the instance's own


async def test_input_larger_than_any_buffer_arrives_whole(server, client, user, token):
    record = await deployment(user)
    async with connected(server, client, record) as [one], opened(server, f"?token={token}") as socket:
        await socket.start("cat", deployment_id=record.id)
        await socket.message()
        piece = pb.ExecStreamRequest(input=pb.ExecStreamRequest.Input(data=b"x" * 100_000))
        sending = asyncio.create_task(_send_all(socket, piece, 40))
        peer = await one.take_session()
        size = 0
        while size < 40 * 100_000:
            size += len((await peer.call.read()).input)
        await sending
        await peer.exit(0)
        assert (await socket.message()).exit.code == 0


async def _send_all(socket: Socket, piece: pb.ExecStreamRequest, count: int) -> None:
    for _ in range(count):
        await socket.send(piece)


@pytest.mark.parametrize(
    ("way", "chosen"),
    [
        ("query", None),
        ("protocol", bridge.SUBPROTOCOL),
        ("header", None),
    ],
)
async def test_the_token_comes_in_any_of_three_ways(server, client, user, token, way, chosen):
    offered = (bridge.SUBPROTOCOL, f"{bridge.TOKEN_SUBPROTOCOL}{token}") if way == "protocol" else ()
    headers = {"Authorization": f"Bearer {token}"} if way == "header" else {}
    query = f"?token={token}" if way == "query" else ""
    async with opened(server, query, *offered, **headers) as socket:
        assert socket.raw.getsubprotocol() == chosen
        await socket.start("true", deployment_id="01NOSUCHDEPLOYMENT")
        code, reason = await socket.closed()
        assert code == bridge.FAILED
        assert "01NOSUCHDEPLOYMENT" in reason


async def test_without_a_token_there_is_no_socket(server):
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        async with opened(server):
            pass
    assert refused.value.status_code == 403


async def test_a_bad_token_closes_with_its_own_code(server, token):
    async with opened(server, "?token=nonsense") as socket:
        code, reason = await socket.closed()
    assert code == bridge.NOT_ADMITTED
    assert reason


async def test_roles_hold(server, client, user):
    record = await deployment(user)
    invite = await user.GenerateInviteToken(
        pb.InviteTokenRequest(duration="1h", signup=pb.Token.Invite.Signup(initial_username="eve"))
    )
    seeing = (await user.ConvertInviteToken(pb.ConvertInviteTokenRequest(token=invite.token))).token
    await user.SetRoles(own.SetRolesRequest(user="eve", grants=[Grant(role=Grant.VIEWER)]))
    other = await entrypoint_token(server, record.id)
    async with connected(server, client, record):
        for bad in (seeing, other):
            async with opened(server, f"?token={bad}") as socket:
                with contextlib.suppress(OSError):  # it may be closed before it asks
                    await socket.start("true", deployment_id=record.id)
                code, _ = await socket.closed()
                assert code in (bridge.FAILED, bridge.NOT_ADMITTED)
        assert server.pipeline.open_streams == 1


async def test_what_is_no_message_is_refused(server, token):
    for send in ("send", "send_binary"):
        async with opened(server, f"?token={token}") as socket:
            await asyncio.to_thread(getattr(socket.raw, send), "" if send == "send_binary" else "text")
            assert (await socket.closed())[0] == bridge.FAILED
    async with opened(server, f"?token={token}") as socket:
        await asyncio.to_thread(socket.raw.send_binary, b"\xff\xff")
        code, reason = await socket.closed()
        assert (code, "protobuf" in reason) == (bridge.FAILED, True)
    async with opened(server, f"?token={token}") as socket:
        await asyncio.to_thread(socket.raw.send_binary, pb.ExecStreamRequest(input_eof={}).SerializeToString())
        code, reason = await socket.closed()
        assert (code, "start" in reason) == (bridge.FAILED, True)


async def test_a_stopping_server_closes_with_its_reason(server, client, user, token):
    record = await deployment(user)
    async with connected(server, client, record), opened(server, f"?token={token}") as socket:
        await socket.start("true", deployment_id=record.id)
        assert (await socket.message()).HasField("open")
        server.pipeline.drain()
        code, reason = await socket.closed()
        assert (code, "shutting down" in reason) == (bridge.FAILED, True)


async def test_plain_http_takes_no_socket_unless_a_proxy_has_tls(settings):
    async with app.running(replace(settings, listen_http_insecure="127.0.0.1:0")) as plain:
        address = f"ws://{plain.plain_http_address}/v1/exec?token=nonsense"
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            await asyncio.to_thread(websocket.create_connection, address, timeout=DEADLINE)
        assert refused.value.status_code == 403
        behind = ["X-Forwarded-Proto: https"]
        raw = await asyncio.to_thread(websocket.create_connection, address, timeout=DEADLINE, header=behind)
        assert (await Socket(raw).closed())[0] == bridge.NOT_ADMITTED
        await asyncio.to_thread(raw.shutdown)


async def test_no_token_of_a_socket_gets_into_the_log(server, token, caplog):
    caplog.set_level(logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.NOTSET)
    from wp_server import logging_setup

    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    logging_setup.configure("trace")
    logging.getLogger().handlers.append(caplog.handler)
    try:
        async with opened(server, "?token=s3cret") as socket:
            await socket.closed()
    finally:
        logging.getLogger().handlers[:] = handlers
        logging.getLogger().setLevel(level)
    assert any("StartExecStream" in record.getMessage() for record in caplog.records)
    assert not any("s3cret" in record.getMessage() for record in caplog.records)
