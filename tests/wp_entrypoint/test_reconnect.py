"""Connections that break in other ways than a server that stops."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import h2.config
import h2.connection
import h2.errors
import h2.events
import pytest

from wp_entrypoint.loop import Loop
from wp_proto.waypoint import api as pb

from .conftest import Entrypoints, eventually
from .fake_server import DEPLOYMENT, LOGIN, FakeServer
from .test_exec import Client

HEAD = [(":status", "200"), ("content-type", "application/grpc")]


class Wire:
    """A TCP proxy that can be cut."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def cut(self) -> int:
        """Break every connection; how many there were."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        return len(pairs)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


@pytest.fixture
def wire(server: FakeServer) -> Iterator[Wire]:
    wire = Wire(server.port)
    yield wire
    wire.close()


def test_a_cut_wire_is_mended_and_no_line_is_lost(entrypoints: Entrypoints, server: FakeServer, wire: Wire) -> None:
    program = "import time\nfor n in range(1500):\n    print(n, flush=True)\n    time.sleep(0.001)\ninput()\n"
    env = {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{wire.port}"}
    process = entrypoints.start("/usr/bin/python3", "-c", program, server=server, env=env, stdin=-1, stdout=-3)
    server.wait(lambda: len(server.app_lines()) > 300)
    assert wire.cut() == 1
    server.wait(lambda: "1499" in server.app_lines(), timeout=30)
    assert {int(line) for line in server.app_lines()} == set(range(1500))
    assert len(server.instances) == 1, "the instance keeps its identity"
    assert process.poll() is None


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
    assert max(counts) == min(counts)


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


def test_a_session_goes_on_over_a_connection_that_is_being_closed(entrypoints: Entrypoints, server: FakeServer) -> None:
    entrypoints.start("sleep", "100", server=server)
    server.wait(lambda: bool(server.instances))
    client = Client(server.exec("sh", "-c", "echo begun; sleep 1; exit 3"))
    client.until(b"begun")
    over = server.go_away(grace=20)
    assert client.finish() == 3
    assert over.wait(8), "the entrypoint has left of its own accord"


def test_a_forgotten_login_is_asked_for_again(entrypoints: Entrypoints, server: FakeServer) -> None:
    entrypoints.start("sleep", "100", server=server)
    server.wait(lambda: bool(server.instances))
    server.config_error = (grpc.StatusCode.UNAUTHENTICATED, "the key has changed")
    server.end_streams()
    server.wait(lambda: [method for method, _ in server.metadata].count("ConvertInviteToken") >= 2)


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
    assert process.wait(20) == -15
    server.listener.close()


def test_a_cancelled_timer_is_not_called_and_others_are_in_order() -> None:
    loop = Loop()
    called: list[str] = []
    loop.after(0.02, lambda: called.append("second"))
    loop.after(0.01, lambda: called.append("first"))
    loop.after(0.015, lambda: called.append("never")).cancel()
    loop.after(0.03, loop.stop)
    loop.wake(lambda: called.append("at once"))
    loop.run()
    assert called == ["at once", "first", "second"]
