"""The program as an operator has it: drained, stopped, given new certificates, run by systemd."""

from __future__ import annotations

import asyncio
import configparser
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import grpc
import pytest
import websocket
from google.protobuf import empty_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.wp_cli.servers import RealServer, real_server

from wp_proto.waypoint import api as pb
from wp_server import app, tls

from .conftest import VERSION_HEADERS, Client, channel
from .peers import deployment
from .test_tls import shown
from .test_web import fetch

DEADLINE = 60.0
PROGRAM = ("-m", "wp_server", "run")
EXAMPLE = Path(__file__).parents[2] / "examples/server"


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WAYPOINT_")}
    return kept | {"PYTHONPATH": str(Path(app.__file__).parents[1])}


class Program:
    """`waypoint-server run` and a connection to it."""

    def __init__(self, server: RealServer, folder: Path, certificate: bytes, connection: grpc.aio.Channel) -> None:
        self.process = server.process
        self.folder = folder
        self.certificate = certificate
        self.connection = connection
        self.grpc_address = server.address
        self.http_address = re.findall(r"HTTP Address: (\S+)", server.log.read_text())[0]

    async def user(self) -> Client:
        """A client with the first token."""
        made = await Client(self.connection).BootstrapToken(empty_pb2.Empty())
        self.token = made.token
        return Client(self.connection, made.token)

    async def ended(self) -> int:
        async with asyncio.timeout(DEADLINE):
            return await asyncio.to_thread(self.process.wait)


@asynccontextmanager
async def running(folder: Path, *flags: str, certificate: Path | None = None) -> AsyncIterator[Program]:
    with real_server(folder, environment(), *flags, program=PROGRAM) as server:
        pinned = (certificate or folder / "tls-cert.pem").read_bytes()
        connection = channel(server.address, pinned)
        try:
            yield Program(server, folder, pinned, connection)
        finally:
            await connection.close()


async def code_of(call: grpc.aio.Call) -> grpc.StatusCode:
    async with asyncio.timeout(DEADLINE):
        if isinstance(call, grpc.aio.UnaryStreamCall):
            with suppress(grpc.aio.AioRpcError):
                while await call.read() is not grpc.aio.EOF:  # its end is heard after all that came before
                    pass
        return await call.code()


async def instance(user: Client, record: pb.Deployment, instance_id: str) -> grpc.aio.UnaryStreamCall:
    """The configuration stream of an instance, with its first snapshot read."""
    call = user.EntrypointConfig(pb.EntrypointConfigRequest(deployment_id=record.id, instance_id=instance_id))
    async with asyncio.timeout(DEADLINE):
        await call.read()
    return call


async def test_sigusr1_sends_the_streams_away_before_the_end(tmp_path):
    async with running(tmp_path) as program:
        user = await program.user()
        record = await deployment(user)
        streams = [await instance(user, record, f"01INSTANCE{number}") for number in range(3)]
        health = health_pb2_grpc.HealthStub(program.connection).Watch(health_pb2.HealthCheckRequest())
        serving = health_pb2.HealthCheckResponse
        assert (await health.read()).status == serving.SERVING
        program.process.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(DEADLINE):
            assert (await health.read()).status == serving.NOT_SERVING
        assert (await fetch(program.http_address, "/readyz", trust=program.certificate))[0] == 503
        assert (await user.ListProjects(pb.ListProjectsRequest())).projects  # short calls are answered to the end
        late = user.EntrypointConfig(pb.EntrypointConfigRequest(deployment_id=record.id, instance_id="01LATE"))
        assert await code_of(late) is grpc.StatusCode.UNAVAILABLE
        for stream in streams:
            assert await code_of(stream) is grpc.StatusCode.UNAVAILABLE
        assert await program.ended() == 0


async def test_sigterm_ends_everything_that_waits_and_every_stream_with_unavailable(tmp_path):
    async with running(tmp_path) as program:
        user = await program.user()
        record = await deployment(user)
        cookie = (await user.GetServerConfig(empty_pb2.Empty())).config.cookie
        guest = Client(program.connection, headers=(*VERSION_HEADERS, ("wpcookie", cookie)))
        waiting = guest.RunnerToken(pb.RunnerTokenRequest(runner=pb.Runner(id="01RUNNER", remote={})))
        stream = await instance(user, record, "01INSTANCE")
        socket = await asyncio.to_thread(
            websocket.create_connection, f"wss://{program.http_address}/v1/exec?token={program.token}",
            timeout=DEADLINE, sslopt={"ca_certs": str(tmp_path / "tls-cert.pem"), "server_hostname": "waypoint"},
        )  # fmt: skip
        start = pb.ExecStreamRequest.Start(args=["true"], deployment_id=record.id)
        await asyncio.to_thread(socket.send_binary, pb.ExecStreamRequest(start=start).SerializeToString())
        await asyncio.to_thread(socket.recv)
        async with asyncio.timeout(DEADLINE):
            while not (await user.ListRunners(pb.ListRunnersRequest())).runners:
                await asyncio.sleep(0.05)
        program.process.send_signal(signal.SIGTERM)
        assert await code_of(stream) is grpc.StatusCode.UNAVAILABLE
        assert await code_of(waiting) is grpc.StatusCode.UNAVAILABLE
        assert await program.ended() == 0
        await asyncio.to_thread(socket.shutdown)


async def test_new_certificates_serve_new_connections_while_open_streams_go_on(tmp_path):
    for name in ("given", "second"):
        (tmp_path / name).mkdir()
    given, second = tls.persisted(tmp_path / "given"), tls.persisted(tmp_path / "second")
    flags = (f"-tls-cert-file={given.chain_file}", f"-tls-key-file={given.key_file}")
    async with running(tmp_path / "server", *flags, certificate=given.chain_file) as program:
        user = await program.user()
        record = await deployment(user)
        stream = await instance(user, record, "01INSTANCE")
        addresses = {program.grpc_address: "h2", program.http_address: ""}
        for address, alpn in addresses.items():
            assert (await shown(address, alpn=alpn))[0] == given.fingerprint
        given.key_file.write_bytes(second.key)
        given.chain_file.write_bytes(second.chain)
        async with asyncio.timeout(DEADLINE):
            for address, alpn in addresses.items():
                while (await shown(address, alpn=alpn))[0] != second.fingerprint:
                    await asyncio.sleep(0.1)
        variable = pb.ConfigVar(name="NEW", static="1")
        variable.target.application.CopyFrom(record.application)
        await user.SetConfig(pb.ConfigSetRequest(variables=[variable]))
        async with asyncio.timeout(DEADLINE):
            while not any(one.name == "NEW" for one in (await stream.read()).config.env_vars):
                pass
        assert program.process.poll() is None


@pytest.fixture
def unit() -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=False)
    parsed.optionxform = str  # names of settings have capitals
    parsed.read(EXAMPLE / "waypoint-server.service")
    return parsed


def variables(file: Path) -> dict[str, str]:
    lines = (line for line in file.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def started_by(unit: configparser.ConfigParser, state: Path) -> list[str]:
    """The unit's command, with the program of this checkout."""
    program, *arguments = shlex.split(unit["Service"]["ExecStart"].replace("%S", str(state)))
    assert program == "/usr/local/bin/waypoint-server"
    return [sys.executable, "-m", "wp_server", *arguments]


@pytest.fixture
def from_unit(unit: configparser.ConfigParser, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    (tmp_path / "waypoint").mkdir(mode=0o700)
    told = variables(EXAMPLE / "server.env")
    listening = {name: "127.0.0.1:0" for name in told if "_LISTEN_" in name}  # the ports of the example may be taken
    with subprocess.Popen(
        started_by(unit, tmp_path), env=environment() | told | listening, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        banner = ""
        while "Server logs:" not in banner:
            line = process.stdout.readline()
            assert line, banner
            banner += line
        yield process, banner
        process.kill()


def test_the_unit_runs_the_server_with_the_settings_beside_it(unit, from_unit, tmp_path):
    process, banner = from_unit
    assert f"DB Path: {tmp_path}/waypoint/data.db" in banner
    assert "Advertise Address: waypoint.example.com:9701" in banner
    assert sorted(path.name for path in tmp_path.iterdir()) == ["waypoint"]  # all state is where the unit says
    assert unit["Service"]["Restart"] == "on-failure"  # a server that wants to be started again ends with 2
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE) == 0


def test_every_setting_of_the_example_is_a_flag(tmp_path):
    commented = (EXAMPLE / "server.env").read_text().replace("#WAYPOINT", "WAYPOINT")
    (tmp_path / "all.env").write_text(commented)
    from wp_server import settings

    names = set(variables(tmp_path / "all.env")) - {settings.LOG_LEVEL_ENV}
    known = {settings.ENV_PREFIX + flag.name.upper().replace("-", "_") for flag in settings._FLAGS}
    assert names <= known


def test_systemd_takes_the_unit(tmp_path):
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("optional: there is no systemd-analyze here")
    text = (EXAMPLE / "waypoint-server.service").read_text()
    unit = tmp_path / "waypoint-server.service"
    unit.write_text(text.replace("/usr/local/bin/waypoint-server", sys.executable))  # it looks whether it is there
    done = subprocess.run([verify, "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "waypoint-server" in line]
    assert ours == [], done.stderr
