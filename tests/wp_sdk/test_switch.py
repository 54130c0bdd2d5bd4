"""The switch as plugins use it: a real relay process, real targets, real clients on loopback."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.ports import free_port

from wp_sdk.switch.control import Switch, SwitchError, Target, accepts, folder_for, wait_until_accepting
from wp_sdk.switch.files import LOCK, is_locked

DEADLINE = 60.0


def eventually(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """False for a process that is gone or only waits for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class App:
    """An application that says its name; a path of /slow waits until the test lets it go on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.go_on = threading.Event()
        self.waiting = threading.Event()
        app = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path == "/slow":
                    app.waiting.set()
                    app.go_on.wait(DEADLINE)
                body = app.name.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 256

        self.server = Server(("127.0.0.1", 0), Handler)
        self.target = Target(name, "127.0.0.1", self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self) -> None:
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def apps() -> Iterator[Callable[[str], App]]:
    made: list[App] = []

    def make(name: str) -> App:
        made.append(App(name))
        return made[-1]

    yield make
    for app in made:
        app.close()


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Switch]:
    made = Switch(tmp_path / "switch")
    yield made
    made.stop()
    assert not made.folder.exists()


def get(port: int, path: str = "/") -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_the_address_stays_while_the_target_changes(switch: Switch, apps: Callable[[str], App]) -> None:
    first, second = apps("first"), apps("second")
    before = switch.point(first.target)
    assert get(before.port) == "first"
    after = switch.point(second.target)
    assert (after.pid, after.port, after.target) == (before.pid, before.port, second.target)
    assert get(after.port) == "second"
    assert switch.target() == second.target
    assert switch.address() == ("127.0.0.1", after.port)


def test_fifty_switches_under_load_lose_no_request(switch: Switch, apps: Callable[[str], App]) -> None:
    sides = [apps("a"), apps("b")]
    port = switch.point(sides[0].target).port
    stop = threading.Event()
    failures: list[str] = []
    served: dict[str, int] = {"a": 0, "b": 0}
    lock = threading.Lock()

    def client(keep_alive: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        while not stop.is_set():
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                name = answer.read().decode()
                with lock:
                    served[name] += 1
            except (OSError, http.client.HTTPException, KeyError) as error:
                failures.append(repr(error))
                return
            if not keep_alive:
                connection.close()
            stop.wait(0.002)
        connection.close()

    clients = [threading.Thread(target=client, args=(number % 2 == 0,)) for number in range(6)]
    for each in clients:
        each.start()
    try:
        for number in range(50):
            old, new = sides[number % 2], sides[(number + 1) % 2]
            switch.point(new.target)
            assert switch.wait_until_drained(DEADLINE) == 0
            # nothing may reach the old one any more, on old connections neither
            with lock:
                count = served[old.name]
            eventually(
                lambda new=new, seen=served[new.name]: served[new.name] > seen + 5 or failures, "the new side serves"
            )
            with lock:
                assert served[old.name] <= count + len(clients)  # answers that were on their way when we counted
    finally:
        stop.set()
        for each in clients:
            each.join()
    assert failures == []
    assert min(served.values()) > 100


def test_a_request_under_way_is_finished_by_the_old_target(switch: Switch, apps: Callable[[str], App]) -> None:
    old, new = apps("old"), apps("new")
    port = switch.point(old.target).port
    answers: list[str] = []
    slow = threading.Thread(target=lambda: answers.append(get(port, "/slow")))
    slow.start()
    assert old.waiting.wait(DEADLINE)
    assert switch.point(new.target).draining == 1
    assert get(port) == "new"
    assert switch.wait_until_drained(0.1) == 1
    old.go_on.set()
    assert switch.wait_until_drained(DEADLINE) == 0
    slow.join()
    assert answers == ["old"]


def test_a_kept_connection_moves_between_two_requests(switch: Switch, apps: Callable[[str], App]) -> None:
    old, new = apps("old"), apps("new")
    connection = http.client.HTTPConnection("127.0.0.1", switch.point(old.target).port, timeout=DEADLINE)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"old"
    assert switch.point(new.target).draining == 0
    old.close()  # as after a prune: the client must not notice
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"new"
    connection.close()


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while line := self.rfile.readline():
            self.wfile.write(self.server.prefix + line)  # type: ignore[attr-defined]
        self.wfile.write(self.server.prefix + b"bye\n")  # type: ignore[attr-defined]


@pytest.fixture
def echoes() -> Iterator[Callable[[bytes], Target]]:
    servers: list[tuple[socketserver.ThreadingTCPServer, threading.Thread]] = []

    def make(prefix: bytes) -> Target:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo)
        server.daemon_threads = True
        server.prefix = prefix  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        servers.append((server, thread))
        return Target(prefix.decode(), "127.0.0.1", server.server_address[1])

    yield make
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


def test_another_protocol_stays_with_its_target_to_the_end(switch: Switch, echoes: Callable[[bytes], Target]) -> None:
    port = switch.point(echoes(b"1:")).port
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as old, old.makefile("rwb") as file:
        file.write(b"hello\n")
        file.flush()
        assert file.readline() == b"1:hello\n"
        assert switch.point(echoes(b"2:")).draining == 1
        file.write(b"again\n")
        file.flush()
        assert file.readline() == b"1:again\n"
        old.shutdown(socket.SHUT_WR)
        assert file.readline() == b"1:bye\n"
        assert file.readline() == b""
    assert switch.wait_until_drained(DEADLINE) == 0
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as new, new.makefile("rwb") as file:
        file.write(b"hello\n")
        file.flush()
        assert file.readline() == b"2:hello\n"


def test_ten_megabytes_pass_unchanged_both_ways(switch: Switch) -> None:
    payload = os.urandom(10 * 1024 * 1024)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def mirror() -> None:
            connection, _ = listener.accept()
            with connection:
                while chunk := connection.recv(65536):
                    connection.sendall(chunk)

        thread = threading.Thread(target=mirror)
        thread.start()
        port = switch.point(Target("mirror", "127.0.0.1", listener.getsockname()[1])).port
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client:

            def send() -> None:
                client.sendall(payload)
                client.shutdown(socket.SHUT_WR)

            sender = threading.Thread(target=send)
            sender.start()
            received = bytearray()
            while chunk := client.recv(65536):
                received += chunk
            sender.join()
        thread.join()
    assert received == payload


def test_a_connection_waits_for_a_target_that_is_just_starting(switch: Switch) -> None:
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        port = switch.point(Target("late", "127.0.0.1", late.getsockname()[1])).port
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client:
            client.sendall(b"early")
            late.listen()
            served, _ = late.accept()
            with served:
                assert served.recv(5) == b"early"


def test_port_in_use_is_one_sentence_and_changes_nothing(switch: Switch, apps: Callable[[str], App]) -> None:
    app = apps("app")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SwitchError, match=rf"127\.0\.0\.1:{port} is already in use: choose another `port`"):
            switch.point(app.target, port=port)
        assert switch.status() is None
        assert switch.address() is None
        running = switch.point(app.target)
        with pytest.raises(SwitchError, match="already in use"):
            switch.point(app.target, port=port)
        assert get(running.port) == "app"


def test_it_moves_to_another_port_when_asked(switch: Switch, apps: Callable[[str], App]) -> None:
    app = apps("app")
    first = switch.point(app.target)
    wanted = free_port()
    second = switch.point(app.target, port=wanted)
    assert second.port == wanted
    assert get(wanted) == "app"
    assert not accepts("127.0.0.1", first.port)


def test_a_killed_switch_comes_back_on_its_port(switch: Switch, apps: Callable[[str], App]) -> None:
    app = apps("app")
    before = switch.point(app.target, port=free_port())
    os.kill(before.pid, signal.SIGKILL)
    eventually(lambda: not is_locked(switch.folder / LOCK), "the relay is gone")
    assert switch.status() is None
    assert switch.target() == app.target
    after = switch.point(app.target)
    assert after.port == before.port
    assert after.pid != before.pid
    assert get(after.port) == "app"


def test_it_outlives_who_started_it_and_ends_when_told(switch: Switch, apps: Callable[[str], App]) -> None:
    status = switch.point(apps("app").target)
    assert os.getsid(status.pid) == status.pid  # its own session: Ctrl-C and hang-up of the starter do not reach it
    switch.stop()
    assert not switch.folder.exists()
    eventually(lambda: not is_running(status.pid), "the process is gone")
    switch.stop()  # again: nothing to do


def test_stopping_lets_a_request_finish(switch: Switch, apps: Callable[[str], App]) -> None:
    app = apps("app")
    port = switch.point(app.target).port
    answers: list[str] = []
    slow = threading.Thread(target=lambda: answers.append(get(port, "/slow")))
    slow.start()
    assert app.waiting.wait(DEADLINE)
    stopping = threading.Thread(target=switch.stop)
    stopping.start()
    eventually(lambda: not accepts("127.0.0.1", port), "no new connections")
    app.go_on.set()
    slow.join()
    stopping.join()
    assert answers == ["app"]


def test_two_programs_at_once_start_one_switch(tmp_path: Path, apps: Callable[[str], App]) -> None:
    app = apps("app")
    ports: list[int] = []
    folder = tmp_path / "switch"
    threads = [threading.Thread(target=lambda: ports.append(Switch(folder).point(app.target).port)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    try:
        assert len(ports) == 4
        assert len(set(ports)) == 1
    finally:
        Switch(folder).stop()


def test_folders_differ_by_every_name(tmp_path: Path) -> None:
    made = {
        folder_for(tmp_path, *names)
        for names in [
            ("docker", "p", "a", "default"),
            ("docker", "p", "a", "prod"),
            ("docker", "p", "b", "default"),
            ("local", "p", "a", "default"),
            ("docker", "p-a", "", "default"),
            ("docker", "p/a", "../..", "default"),
            ("docker", "x" * 200, "a", "default"),
        ]
    }
    assert len(made) == 7
    assert all(folder.parent == tmp_path and len(folder.name) < 140 for folder in made)


def test_being_accepted_and_hung_up_on_is_not_listening() -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def hang_up() -> None:
            connection, _ = proxy.accept()
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert not accepts("127.0.0.1", proxy.getsockname()[1])
        thread.join()
        assert wait_until_accepting("127.0.0.1", proxy.getsockname()[1], DEADLINE)
    assert not wait_until_accepting("127.0.0.1", proxy.getsockname()[1] if proxy.fileno() >= 0 else 1, 0.0)
