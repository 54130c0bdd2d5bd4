"""A real server on a free loopback port, and real grpcio clients that pin its certificate."""

from __future__ import annotations

import asyncio
import functools
import json
import operator
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO

import grpc
import pytest
from google.protobuf.message import Message

from wp_proto.own.administration_pb2_grpc import AdministrationStub
from wp_proto.own.queue_pb2_grpc import QueueStub
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_server import app, local
from wp_server.auth import tokens
from wp_server.settings import Settings
from wp_server.store import Store
from wp_server.tls import PINNED_NAME

VERSION_HEADERS = (
    ("client-api-protocol", "1,1"),
    ("client-entrypoint-protocol", "1,1"),
    ("client-version", "v1.0.0"),
)
START_DEADLINE = 60.0
CALL_DEADLINE = 60.0


def channel(address: str, certificate: bytes) -> grpc.aio.Channel:
    """A channel that trusts exactly `certificate`."""
    return grpc.aio.secure_channel(
        address,
        grpc.ssl_channel_credentials(certificate),
        options=[("grpc.ssl_target_name_override", PINNED_NAME), ("grpc.max_receive_message_length", 4 * 1024 * 1024)],
    )


class Client:
    """All services as a peer sees them: `client.GetProject(request)`; sends version headers and token each time."""

    def __init__(self, channel: grpc.aio.Channel, token: str = "", headers=VERSION_HEADERS) -> None:
        self.channel = channel
        self._stubs = (WaypointStub(channel), AdministrationStub(channel), QueueStub(channel))
        self.metadata = (*headers, *((("waypoint-token", token), ("authorization", token)) if token else ()))

    def __getattr__(self, rpc: str):
        stub = next(one for one in self._stubs if hasattr(one, rpc))
        return functools.partial(getattr(stub, rpc), metadata=self.metadata)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store, once for each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data.db"
    return request.getfixturevalue("postgres").emptied()


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """An empty store, once on each engine."""
    opened = Store.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A server on SQLite; `WAYPOINT_TESTS_STORE=postgresql` puts every server of these tests on PostgreSQL."""
    chosen = Settings(db=tmp_path / "data.db", listen_grpc="127.0.0.1:0", listen_http="127.0.0.1:0")
    if os.environ.get("WAYPOINT_TESTS_STORE") == "postgresql":
        return replace(chosen, db_url=request.getfixturevalue("postgres").emptied())
    return chosen


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[app.RunningServer]:
    """A server in this process, not bootstrapped, with an empty store."""
    async with app.running(settings) as running:
        yield running


@pytest.fixture
async def client(server: app.RunningServer) -> AsyncIterator[Callable[..., Client]]:
    """`client(token)` talks to `server`; without a token it is anonymous. Each has its own connection."""
    async with AsyncExitStack() as stack:

        def connect(token: str = "", headers=VERSION_HEADERS) -> Client:
            made = channel(server.grpc_address, server.certificate.chain)
            stack.push_async_callback(made.close)
            return Client(made, token, headers)

        yield connect


Refusals = Callable[..., Awaitable[tuple[grpc.StatusCode, str]]]


@pytest.fixture
def stream_status(server: app.RunningServer) -> Refusals:
    """`await stream_status(client, rpc, *requests)`: how a call with a stream of requests ends, as code and words.

    OK and no words where the server answers at all. grpcio's blocking client makes the call, because its asyncio one
    now and then has `INTERNAL: Internal error from Core` for a call that the server ended before it had the first
    request: that request cannot be sent any more, which it takes for a failure of its own and drops the true status.
    """
    return functools.partial(asyncio.to_thread, _stream_status, server)


def _stream_status(
    server: app.RunningServer, client: Client, rpc: str, *requests: Message
) -> tuple[grpc.StatusCode, str]:
    options = [("grpc.ssl_target_name_override", PINNED_NAME)]
    pinned = grpc.ssl_channel_credentials(server.certificate.chain)
    with grpc.secure_channel(server.grpc_address, pinned, options) as blocking:
        path = f"/{app.SERVICE.full_name}/{rpc}"
        call = blocking.stream_stream(path, operator.methodcaller("SerializeToString"))(
            iter(requests), metadata=client.metadata, timeout=CALL_DEADLINE
        )
        try:
            next(call, None)
        except grpc.RpcError as error:
            return error.code(), error.details()
        call.cancel()
    return grpc.StatusCode.OK, ""


@pytest.fixture
async def token(server: app.RunningServer) -> str:
    """The bootstrap user's login token: `server` is bootstrapped by asking for it."""
    return await server.store.write(tokens.bootstrap)


class ServerProcess:
    """The program itself, in its embedded mode, on a data directory that outlives it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.process: subprocess.Popen[bytes] | None = None
        self.extra: dict[str, str] = {}
        """More environment."""

    async def start(self, stderr: IO[bytes] | None = None) -> local.State:
        """Starts the program and returns the state file it wrote."""
        (self.directory / local.STATE_FILE).unlink(missing_ok=True)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WAYPOINT_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wp_server", "run", "-local", f"-db={self.directory / 'data.db'}"],
            env=environment | {"PYTHONPATH": str(Path(app.__file__).parents[1])} | self.extra,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
        async with asyncio.timeout(START_DEADLINE):
            while not (self.directory / local.STATE_FILE).exists():
                assert self.process.poll() is None, "the server ended at once"
                await asyncio.sleep(0.02)
        return self.state

    @property
    def state(self) -> local.State:
        return local.State(**json.loads((self.directory / local.STATE_FILE).read_text()))

    @property
    def token(self) -> str:
        return Path(self.state.token_file).read_text().strip()

    def channel(self) -> grpc.aio.Channel:
        return channel(self.state.grpc, Path(self.state.certificate).read_bytes())

    def end(self, number: signal.Signals) -> int:
        """Sends a signal and returns the exit code; the end may take ten seconds."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def clean(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)


@pytest.fixture
def server_process(tmp_path: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path)
    yield process
    process.clean()
