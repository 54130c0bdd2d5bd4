"""The program as a process: embedded mode, its state file, its end, its return with the same data."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import empty_pb2

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_server import local

from .conftest import Client
from .peers import deployment


async def test_the_embedded_server_says_where_it_is_and_goes_away_cleanly(server_process):
    state = await server_process.start()
    assert state.pid == server_process.process.pid
    assert state.grpc.startswith("127.0.0.1:")
    for name in (local.STATE_FILE, local.TOKEN_FILE, "tls-key.pem"):
        assert stat.S_IMODE(os.stat(server_process.directory / name).st_mode) == 0o600
    async with server_process.channel() as channel:
        assert (await WaypointStub(channel).GetVersionInfo(empty_pb2.Empty())).info.version
    assert server_process.end(signal.SIGTERM) == 0
    assert not (server_process.directory / local.STATE_FILE).exists()


async def test_a_killed_server_returns_with_its_data_at_the_same_place(server_process):
    first = await server_process.start()
    token = server_process.token
    async with server_process.channel() as channel:
        await Client(channel, token).UpsertWorkspace(pb.UpsertWorkspaceRequest(workspace=pb.Workspace(name="kept")))
    server_process.end(signal.SIGKILL)
    second = await server_process.start()
    assert (second.grpc, second.http, second.fingerprint) == (first.grpc, first.http, first.fingerprint)
    assert server_process.token == token
    async with server_process.channel() as channel:
        answer = await Client(channel, token).ListWorkspaces(pb.ListWorkspacesRequest())
    assert "kept" in {workspace.name for workspace in answer.workspaces}


async def test_containers_reach_it_through_the_bridge_and_nothing_wider_listens(server_process):
    state = await server_process.start()
    bridge = local.bridge_address()
    assert state.gateway.rpartition(":")[0] == bridge
    listening = {line.split()[1] for table in ("tcp", "tcp6") for line in _listening(server_process.process.pid, table)}
    mapped = "0000000000000000FFFF0000"  # gRPC listens on ::ffff:127.0.0.1, which is 127.0.0.1
    hosts = {address.partition(":")[0].removeprefix(mapped) for address in listening}
    allowed = {socket.inet_aton(host)[::-1].hex().upper() for host in ("127.0.0.1", bridge) if host}
    assert hosts == allowed  # gRPC and HTTP on loopback, gRPC on the bridge, and nothing else at all


def _listening(pid: int, table: str) -> list[str]:
    sockets = set()
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            sockets.add(os.readlink(f"/proc/{pid}/fd/{entry}").removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    with open(f"/proc/{pid}/net/{table}") as lines:
        rows = list(lines)[1:]
    return [row for row in rows if row.split()[3] == "0A" and row.split()[9] in sockets]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WAYPOINT_")}
    environment["PYTHONPATH"] = str(Path(local.__file__).parents[1])
    command = [sys.executable, "-m", "wp_server", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


async def test_it_takes_as_many_open_files_as_it_may_have(server_process):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        await server_process.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    limits = Path(f"/proc/{server_process.process.pid}/limits").read_text()
    assert limits.partition("Max open files")[2].split()[0] == (
        "unlimited" if hard == resource.RLIM_INFINITY else str(hard)
    )


async def test_a_second_server_on_the_same_data_refuses(server_process):
    await server_process.start()
    result = run("run", "-local", f"-db={server_process.directory / 'data.db'}")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert str(server_process.directory / "data.db") in result.stderr
    assert server_process.state.pid == server_process.process.pid


def test_a_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for flag in ("listen-grpc", "listen-http"):
            free = "listen-http" if flag == "listen-grpc" else "listen-grpc"
            result = run("run", f"-db={tmp_path / 'data.db'}", f"-{flag}=127.0.0.1:{port}", f"-{free}=127.0.0.1:0")
            assert result.returncode == 1
            assert f"127.0.0.1:{port}" in result.stderr
            assert "Traceback" not in result.stderr


@pytest.mark.parametrize("mode", [["-local"], ["-listen-grpc=127.0.0.1:0", "-listen-http=127.0.0.1:0"]])
def test_a_place_that_cannot_be_written_is_named(tmp_path, mode):
    (tmp_path / "file").write_text("in the way")
    result = run("run", *mode, f"-db={tmp_path / 'file' / 'deeper' / 'data.db'}")
    assert result.returncode == 1
    assert str(tmp_path / "file") in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("size", ["4k", "64k", "200k"])
def test_a_full_disk_is_named(tmp_path, size):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=False).returncode:
        pytest.skip("optional: cannot mount a small disk here")
    try:
        result = run("run", "-local", f"-db={disk / 'data.db'}")
    finally:
        subprocess.run(["umount", disk], check=True)
    assert result.returncode == 1
    assert str(disk) in result.stderr
    assert "full" in result.stderr or "No space" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [["run", "-nonsense"], ["fly"], []])
def test_an_unusable_command_line_fails_without_a_traceback(arguments):
    result = run(*arguments)
    assert result.returncode == 1
    assert result.stderr
    assert "Traceback" not in result.stderr


def test_version_and_help_answer():
    assert run("version").stdout.startswith("Waypoint server v")
    assert "-listen-grpc" in run("run", "-help").stdout


async def test_a_client_that_never_reads_does_not_hold_up_the_end(server_process):
    await server_process.start()
    async with server_process.channel() as channel:
        user = Client(channel, server_process.token)
        record = await deployment(user)
        instance = pb.EntrypointConfigRequest(deployment_id=record.id, instance_id="01INSTANCE")
        held = user.EntrypointConfig(instance)
        await held.read()
        # A reader that takes nothing: the server's write waits for room.
        deaf = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
        lines = [pb.LogBatch.Entry(line="x" * 1000) for _ in range(1000)]
        for _ in range(5):
            await user.EntrypointLogStream(iter([pb.EntrypointLogBatch(instance_id="01INSTANCE", lines=lines)]))
        assert await asyncio.to_thread(server_process.end, signal.SIGTERM) == 0
        deaf.cancel()


@pytest.mark.parametrize("flags", [[], ["-advertise-addr=server.example:9701", "-advertise-tls-skip-verify"]])
def test_a_server_without_an_address_for_entrypoints_says_what_is_missing(tmp_path, flags):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WAYPOINT_")}
    environment["PYTHONPATH"] = str(Path(local.__file__).parents[1])
    addresses = ["-listen-grpc=127.0.0.1:0", "-listen-http=127.0.0.1:0"]
    command = [sys.executable, "-m", "wp_server", "run", f"-db={tmp_path / 'data.db'}", *addresses, *flags]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        banner = ""
        while "Server logs:" not in banner:
            line = process.stdout.readline()
            assert line, banner
            banner += line
        process.terminate()
    assert ("Advertise Address: server.example:9701" in banner) == bool(flags)
    assert ("will have no logs, exec and configuration here" in banner) != bool(flags)


async def test_strangers_on_the_ports_do_no_harm(server_process):
    state = await server_process.start()
    rubbish = [os.urandom(200), b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b""]
    for address in (state.grpc, state.http):
        host, _, port = address.rpartition(":")
        for sent in rubbish:
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(sent)
            writer.close()
    async with server_process.channel() as channel:
        assert (await Client(channel).GetVersionInfo(empty_pb2.Empty())).info.version
