"""Connections that break in other ways than a server that stops."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import h2.config
import h2.connection
import h2.errors
import h2.events
import pytest

from wp_entrypoint.loop import Loop
from wp_entrypoint.session import Session
from wp_proto.waypoint import api as pb

from .conftest import Entrypoints, children_of, eventually
from .fake_server import DEPLOYMENT, LOGIN, FakeServer
from .test_exec import Client
from .wire import Wire

HEAD = [(":status", "200"), ("content-type", "application/grpc")]


@pytest.fixture
def wire(server: FakeServer) -> Iterator[Wire]:
    wire = Wire(server.port)
    yield wire
    wire.close()


@pytest.mark.both_natures
def test_a_cut_wire_is_mended_and_no_line_is_lost(entrypoints: Entrypoints, server: FakeServer, wire: Wire) -> None:
    program = "import time\nfor n in range(1500):\n    print(n, flush=True)\n    time.sleep(0.001)\ninput()\n"
    env = {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{wire.port}"}
    process = entrypoints.start("/usr/bin/python3", "-c", program, server=server, env=env, stdin=-1, stdout=-3)
    server.wait(lambda: len(server.app_lines()) > 300)
    assert wire.cut() == 1
    server.wait(lambda: "1499" in server.app_lines())
    assert {int(line) for line in server.app_lines()} == set(range(1500))
    assert len(server.instances) == 1, "the instance keeps its identity"
    assert process.poll() is None


@pytest.mark.both_natures
def test_reconnections_leave_nothing_behind(entrypoints: Entrypoints, server: FakeServer, wire: Wire) -> None:
    env = {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{wire.port}"}
    process = entrypoints.start("sleep", "1000", server=server, env=env)
    server.wait(lambda: bool(server.instances))
    descriptors = Path(f"/proc/{process.pid}/fd")
    counts = []
    for number in range(2, 8):
        assert wire.cut() == 1
        server.wait(lambda expected=number: max(server.instances.values()) == expected)
        counts.append(len(list(descriptors.iterdir())))
    eventually(lambda: len(list(descriptors.iterdir())) <= min(counts), what="no more are open than after the first")


@pytest.mark.both_natures
def test_several_servers_are_tried_in_turn(entrypoints: Entrypoints, server: FakeServer) -> None:
    server.set_config(GREETING="hello")
    env = {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:1, 127.0.0.1:{server.port}"}
    assert entrypoints.run("sh", "-c", "echo $GREETING", server=server, env=env).stdout == "hello\n"


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED])
def test_any_end_of_the_stream_is_followed_by_another_try(
    entrypoints: Entrypoints, server: FakeServer, code: grpc.StatusCode
) -> None:
    entrypoints.start("sleep", "100", server=server)
    server.wait(lambda: bool(server.instances))
    server.config_error = (code, "for no good reason")
    server.end_streams()
    server.wait(lambda: [method for method, _ in server.metadata].count("EntrypointConfig") >= 3)
    server.config_error = None
    server.wait(lambda: max(server.instances.values()) == 2)


@pytest.mark.both_natures
def test_a_session_goes_on_over_a_connection_that_is_being_closed(entrypoints: Entrypoints, server: FakeServer) -> None:
    entrypoints.start("sleep", "100", server=server)
    server.wait(lambda: bool(server.instances))
    client = Client(server.exec("sh", "-c", "echo begun; sleep 1; exit 3"))
    client.until(b"begun")
    over = server.go_away(grace=100)
    assert client.finish() == 3
    assert over.wait(60), "the entrypoint has left of its own accord"


@pytest.mark.both_natures
def test_a_forgotten_login_is_asked_for_again(entrypoints: Entrypoints, server: FakeServer) -> None:
    entrypoints.start("sleep", "100", server=server)
    server.wait(lambda: bool(server.instances))
    server.config_error = (grpc.StatusCode.UNAUTHENTICATED, "the key has changed")
    server.end_streams()
    server.wait(lambda: [method for method, _ in server.metadata].count("ConvertInviteToken") >= 2)


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connections(server: FakeServer) -> int:
    return max(server.instances.values(), default=0)


def untouched(process: subprocess.Popen[bytes], child: list[int]) -> None:
    """Neither the entrypoint nor the application noticed anything."""
    assert process.poll() is None
    assert children_of(process.pid) == child


@pytest.mark.both_natures
@pytest.mark.timeout(600)
def test_a_connection_that_is_half_open_is_found_dead(entrypoints: Entrypoints, server: FakeServer, wire: Wire) -> None:
    """Nothing arrives and nothing is refused. The server's keepalives do not come, so it is asked, and given up."""
    env = {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{wire.port}"}
    server.keepalives(every=1.0)
    program = "import itertools, time\nfor n in itertools.count():\n    print(n, flush=True)\n    time.sleep(0.05)\n"
    process = entrypoints.start("/usr/bin/python3", "-c", program, server=server, env=env, stdout=-3)
    server.wait(lambda: bool(server.app_lines()))
    child = children_of(process.pid)
    time.sleep(1.5)
    wire.freeze()
    accepted = wire.accepted
    eventually(lambda: wire.accepted > accepted, what="another connection is tried")
    wire.thaw()
    eventually(lambda: connections(server) >= 2)
    count = len(server.app_lines())
    server.wait(lambda: len(server.app_lines()) > count + 50)
    numbers = sorted({int(line) for line in server.app_lines()})
    assert numbers == list(range(len(numbers))), "no line is missing"
    untouched(process, child)


@pytest.mark.both_natures
@pytest.mark.parametrize("lost", [False, True])
def test_a_laptop_that_slept(entrypoints: Entrypoints, server: FakeServer, wire: Wire, lost: bool) -> None:
    """The entrypoint stands still; meanwhile the server has given the connection up, or has not."""
    server.keepalives(every=1.0)
    env = {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{wire.port}"}
    process = entrypoints.start("sh", "-c", "while :; do sleep 0.1; done", server=server, env=env)
    server.wait(lambda: connections(server) == 1)
    process.send_signal(signal.SIGSTOP)
    time.sleep(3)
    if lost:
        wire.cut()
    process.send_signal(signal.SIGCONT)
    server.set_config(GREETING="awake?")
    server.wait(lambda: any("has changed" in line for line in server.own_lines()))
    assert connections(server) == (2 if lost else 1)
    assert process.poll() is None


@contextlib.contextmanager
def frozen_server() -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A server in a process of its own."""
    program = (
        "import sys\n"
        "from tests.wp_entrypoint.fake_server import FakeServer\n"
        "server = FakeServer(None)\n"
        "server._note = lambda method, context: {}\n"
        "server.set_config(GREETING='hello')\n"
        "print(server.port, flush=True)\n"
        "sys.stdin.read()\n"
    )
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {"PYTHONPATH": f"{root}:{root / 'src'}"}
    peer = subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1, text=True, env=environment)
    assert peer.stdout is not None
    try:
        yield int(peer.stdout.readline()), peer
    finally:
        peer.kill()
        peer.communicate()


def test_a_server_that_was_frozen(entrypoints: Entrypoints) -> None:
    """A process that is stopped (a paused container) answers nothing for a while, then everything."""
    with frozen_server() as (port, peer):
        env = {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{port}", "WAYPOINT_DEPLOYMENT_ID": DEPLOYMENT}
        process = entrypoints.start("sh", "-c", "echo $GREETING; exec sleep 100", env=env)
        assert process.stdout is not None
        assert process.stdout.readline() == b"hello\n"
        child = children_of(process.pid)
        peer.send_signal(signal.SIGSTOP)
        time.sleep(3)
        assert processor_seconds(process.pid) < 3
        peer.send_signal(signal.SIGCONT)
        time.sleep(1)
        untouched(process, child)


def test_a_server_that_is_away_is_not_hammered_and_found_again(entrypoints: Entrypoints, server: FakeServer) -> None:
    wire = Wire(server.port)
    env = {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{wire.port}"}
    process = entrypoints.start("sleep", "100", server=server, env=env)
    server.wait(lambda: any("started" in line for line in server.own_lines()))
    child = children_of(process.pid)
    port = wire.port
    wire.close()
    before = processor_seconds(process.pid)
    time.sleep(12)
    assert processor_seconds(process.pid) - before < 1.0, "no busy loop"
    again = Wire(server.port, port)
    try:
        server.wait(lambda: connections(server) == 2)
        untouched(process, child)
    finally:
        again.close()


def test_attempts_are_spread_by_chance() -> None:
    class Nobody:
        addresses = ()

    sessions = [Session(Loop(), None, Nobody(), "I", lambda config: None, lambda reason: None) for _ in range(60)]  # type: ignore[arg-type]
    rounds = [[session._next_delay() for session in sessions] for _ in range(12)]
    for number, delays in enumerate(rounds):
        longest = min(0.5 * 1.6**number, 8.0)
        assert all(0 <= delay <= longest for delay in delays)
        assert max(delays) - min(delays) > longest / 2, "all over the interval"


def test_a_server_that_moves_to_another_address(entrypoints: Entrypoints, tmp_path: Path) -> None:
    """The name stays, what it means changes: it is looked up for every connection."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("optional: no permission to make a mount namespace")
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 waypoint.test\n")
    first = FakeServer(None)
    first.set_config(GREETING="one")
    env = entrypoints.environment(first) | {"WAYPOINT_SERVER_ADDR": f"waypoint.test:{first.port}"}
    script = 'mount --bind "$0" /etc/hosts; exec "$@"'
    command = ["/usr/bin/python3", "-I", "-S", str(entrypoints.zipapp), "sh", "-c", "echo $GREETING; exec sleep 100"]
    process = subprocess.Popen(
        ["unshare", "-m", "sh", "-c", script, str(hosts), *command], env=env, stdout=subprocess.PIPE, stderr=-3
    )
    entrypoints.started.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"one\n"
    second = FakeServer(None, first.port, host="127.0.0.2")
    second.set_config(GREETING="two")
    hosts.write_text("127.0.0.2 waypoint.test\n")
    first.stop()
    try:
        second.wait(lambda: connections(second) == 1)
        assert process.stdout.readline() == b"two\n"
    finally:
        process.terminate()
        process.wait(60)
        second.stop()


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED])
def test_a_token_that_is_refused_for_a_while(
    entrypoints: Entrypoints, server: FakeServer, code: grpc.StatusCode
) -> None:
    process = entrypoints.start("sleep", "100", server=server)
    server.wait(lambda: any("started" in line for line in server.own_lines()))
    child = children_of(process.pid)
    server.token_error = server.config_error = (code, "the database is being restored")
    server.end_streams()
    asked = len(server.metadata)
    server.wait(lambda: len(server.metadata) > asked)
    time.sleep(1)
    server.token_error = server.config_error = None
    server.wait(lambda: connections(server) == 2)
    untouched(process, child)


FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


@pytest.mark.as_zipapp
@pytest.mark.parametrize("jump", ["+30d", "-30d"])
def test_a_clock_that_jumps(entrypoints: Entrypoints, server: FakeServer, tmp_path: Path, jump: str) -> None:
    if not FAKETIME:
        pytest.skip("needs libfaketime (Debian: faketime)")
    offset = tmp_path / "offset"
    offset.write_text("+0\n")
    env = {
        "LD_PRELOAD": str(FAKETIME[0]),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    script = "while read x; do echo $x; done"
    process = entrypoints.start("sh", "-c", script, server=server, env=env, stdin=-1, python="/usr/bin/python3")
    server.wait(lambda: connections(server) == 1)
    assert process.stdin is not None
    stamps = []
    for number, text in enumerate(("+0", jump, "+0")):
        offset.write_text(text + "\n")
        process.stdin.write(b"line %d\n" % number)
        process.stdin.flush()
        server.wait(lambda expected=number: f"line {expected}" in server.app_lines())
        stamps += [entry.timestamp.seconds for entry in server.lines if entry.line == f"line {number}"]
    assert abs(stamps[1] - stamps[0]) > 29 * 86400, "the clock really jumped"
    before = processor_seconds(process.pid)
    time.sleep(2)
    assert processor_seconds(process.pid) - before < 0.5, "no busy loop"
    server.set_config(GREETING="still listening")
    server.wait(lambda: any("has changed" in line for line in server.own_lines()))
    assert connections(server) == 1, "not even the connection was lost"


class ResettingServer:
    """Speaks HTTP/2 itself, and resets configuration streams as a proxy does whose upstream has gone."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.opened = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.listener.accept()
                threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer: socket.socket) -> None:
        server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        server.initiate_connection()
        with contextlib.suppress(OSError), peer:
            peer.sendall(server.data_to_send())
            while data := peer.recv(65536):
                for event in server.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        self._answer(server, event)
                peer.sendall(server.data_to_send())

    def _answer(self, server: h2.connection.H2Connection, event: h2.events.RequestReceived) -> None:
        path = dict(event.headers or [])[b":path"].rpartition(b"/")[2]
        stream_id = event.stream_id
        assert stream_id is not None
        if path == b"ConvertInviteToken":
            reply = pb.NewTokenResponse(token=LOGIN).SerializeToString()
            server.send_headers(stream_id, HEAD)
            server.send_data(stream_id, b"\0" + len(reply).to_bytes(4, "big") + reply)
            server.send_headers(stream_id, [("grpc-status", "0")], end_stream=True)
        elif path == b"EntrypointConfig":
            self.opened += 1
            config = pb.EntrypointConfigResponse(config=pb.EntrypointConfig())
            config.config.env_vars.add(name="GREETING", static="hello")
            reply = config.SerializeToString()
            server.send_headers(stream_id, HEAD)
            server.send_data(stream_id, b"\0" + len(reply).to_bytes(4, "big") + reply)
            server.reset_stream(stream_id, h2.errors.ErrorCodes.INTERNAL_ERROR)
        else:
            server.reset_stream(stream_id, h2.errors.ErrorCodes.REFUSED_STREAM)


@pytest.mark.both_natures
def test_a_proxy_that_resets_streams(entrypoints: Entrypoints) -> None:
    server = ResettingServer()
    env = {
        "WAYPOINT_SERVER_ADDR": f"127.0.0.1:{server.port}",
        "WAYPOINT_DEPLOYMENT_ID": DEPLOYMENT,
        "WAYPOINT_CEB_INVITE_TOKEN": "any",
    }
    process = entrypoints.start("sh", "-c", "echo $GREETING; exec sleep 100", env=env)
    assert process.stdout is not None
    assert process.stdout.readline() == b"hello\n"
    eventually(lambda: server.opened >= 4)
    assert process.poll() is None
    process.terminate()
    assert process.wait(60) == -15
    server.listener.close()


def test_a_cancelled_timer_is_not_called_and_others_are_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of their times, also where all are late."""
    loop = Loop()
    called: list[str] = []
    began = time.monotonic() - 1
    with monkeypatch.context() as standing:
        standing.setattr("wp_entrypoint.loop.now", lambda: began)
        loop.after(0.02, lambda: called.append("second"))
        loop.after(0.01, lambda: called.append("first"))
        loop.after(0.015, lambda: called.append("never")).cancel()
        loop.after(0.03, loop.stop)
    loop.wake(lambda: called.append("at once"))
    loop.run()
    assert called == ["at once", "first", "second"]
