"""Commands run beside the application: streams, terminals, exit codes, refusals, lost clients."""

from __future__ import annotations

import queue
import re
import signal
import time
from pathlib import Path

import pytest
from google.protobuf import empty_pb2
from tests.wp_entrypoint.conftest import Entrypoints, alive, children_of, eventually, pid_file
from tests.wp_entrypoint.fake_server import ExecSession, FakeServer

from wp_entrypoint.exec import MAX_SESSIONS
from wp_proto.waypoint import api as pb

pytestmark = pytest.mark.both_natures

STDOUT = pb.EntrypointExecRequest.Output.STDOUT
STDERR = pb.EntrypointExecRequest.Output.STDERR
EOF = pb.EntrypointExecResponse(input_eof=empty_pb2.Empty())


class Client:
    """What the person at `waypoint exec` sees and types."""

    def __init__(self, session: ExecSession) -> None:
        self.session = session
        self.output = {STDOUT: b"", STDERR: b""}
        self.code: int | None = None
        self.error: tuple[int, str] | None = None
        self.over = False

    def type(self, data: bytes) -> None:
        self.session.to_entrypoint.put(pb.EntrypointExecResponse(input=data))

    def end_input(self) -> None:
        self.session.to_entrypoint.put(EOF)

    def read(self, timeout: float = 60) -> bool:
        """Take the next message; whether the session goes on."""
        try:
            request = self.session.from_entrypoint.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"nothing came from the command; so far {self.output}") from None
        if request is None:
            self.over = True
            return False
        kind = request.WhichOneof("event")
        if kind == "output":
            self.output[request.output.channel] += request.output.data
        elif kind == "exit":
            assert self.code is None
            self.code = request.exit.code
        elif kind == "error":
            self.error = (request.error.error.code, request.error.error.message)
        return True

    def until(self, text: bytes, channel: int = STDOUT) -> None:
        while text not in self.output[channel]:
            assert self.read(), f"the session ended before {text!r}: {self.output}"

    def finish(self) -> int | None:
        while self.code is None and self.error is None and self.read():
            pass
        return self.code


@pytest.fixture
def running(entrypoints: Entrypoints, server: FakeServer) -> FakeServer:
    """A server with one instance whose application idles."""
    server.set_config(GREETING="hello")
    entrypoints.start("sleep", "1000", server=server)
    server.wait(lambda: bool(server.instances))
    return server


def pty(rows: int = 0, cols: int = 0, term: str = "") -> pb.ExecStreamRequest.PTY:
    size = pb.ExecStreamRequest.WindowSize(rows=rows, cols=cols) if rows else None
    return pb.ExecStreamRequest.PTY(enable=True, term=term, window_size=size)


def test_output_error_and_exit_code(running: FakeServer) -> None:
    client = Client(running.exec("sh", "-c", "echo out; echo err >&2; exit 3"))
    assert client.finish() == 3
    assert client.output == {STDOUT: b"out\n", STDERR: b"err\n"}


def test_the_command_has_the_applications_environment(running: FakeServer) -> None:
    client = Client(running.exec("sh", "-c", 'echo "$GREETING $WAYPOINT_EXEC ${WAYPOINT_CEB_INVITE_TOKEN:-none}"'))
    assert client.finish() == 0
    assert client.output[STDOUT] == b"hello 1 none\n"


def test_a_killed_command_is_128_plus_its_signal(running: FakeServer) -> None:
    assert Client(running.exec("sh", "-c", "kill -KILL $$")).finish() == 137
    assert Client(running.exec("sh", "-c", "kill -TERM $$")).finish() == 143


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("no-such-command", 127, b"command not found"),
        ("/etc/passwd", 126, b"permission denied"),
        ("/none", 127, b"file"),
    ],
)
@pytest.mark.parametrize("with_pty", [False, True])
def test_a_command_that_does_not_exist(
    running: FakeServer, command: str, code: int, words: bytes, with_pty: bool
) -> None:
    client = Client(running.exec(command, pty=pty() if with_pty else None))
    assert client.finish() == code
    assert words in client.output[STDERR]


def test_a_megabyte_each_way(running: FakeServer) -> None:
    data = bytes(range(256)) * 4096
    client = Client(running.exec("cat"))
    for start in range(0, len(data), 30_000):
        client.type(data[start : start + 30_000])
    client.end_input()
    assert client.finish() == 0
    assert client.output[STDOUT] == data


def test_input_larger_than_every_window_in_one_message(running: FakeServer) -> None:
    client = Client(running.exec("wc", "-c"))
    client.type(b"x" * 3_000_000)
    client.end_input()
    assert client.finish() == 0
    assert client.output[STDOUT].strip() == b"3000000"


def test_a_command_that_does_not_read_its_input_still_ends(running: FakeServer) -> None:
    client = Client(running.exec("sh", "-c", "echo ready; sleep 0.3; exit 4"))
    for _ in range(40):
        client.type(b"x" * 100_000)
    assert client.finish() == 4


def test_input_after_the_command_closed_it_is_dropped(running: FakeServer) -> None:
    client = Client(running.exec("sh", "-c", "exec 0<&-; echo closed; sleep 0.5; exit 5"))
    client.until(b"closed")
    for _ in range(20):
        client.type(b"x" * 100_000)
    assert client.finish() == 5


def test_open_input_does_not_hold_up_the_end(running: FakeServer) -> None:
    assert Client(running.exec("true")).finish() == 0


def test_a_background_process_does_not_hold_up_the_end(running: FakeServer) -> None:
    client = Client(running.exec("sh", "-c", "sleep 30 & echo started"))
    assert client.finish() == 0
    assert client.output[STDOUT] == b"started\n"


def test_a_terminal_has_its_size_and_name(running: FakeServer) -> None:
    client = Client(
        running.exec("sh", "-c", "stty size; echo $TERM; tty; ps -o stat= -p $$", pty=pty(40, 100, "vt100"))
    )
    assert client.finish() == 0
    lines = client.output[STDOUT].replace(b"\r", b"").split(b"\n")
    assert lines[:2] == [b"40 100", b"vt100"]
    assert lines[2].startswith(b"/dev/pts/")
    assert b"s" in lines[3], "the command leads a session of its own"


def test_a_terminal_without_a_size_gets_one(running: FakeServer) -> None:
    client = Client(running.exec("stty", "size", pty=pty()))
    assert client.finish() == 0
    assert client.output[STDOUT] == b"24 80\r\n"


def test_a_changed_window_reaches_the_command(running: FakeServer) -> None:
    script = "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.05; done"
    client = Client(running.exec("sh", "-c", script, pty=pty(24, 80)))
    client.until(b"ready")
    size = pb.ExecStreamRequest.WindowSize(rows=50, cols=132)
    client.session.to_entrypoint.put(pb.EntrypointExecResponse(winch=size))
    assert client.finish() == 0
    assert b"50 132" in client.output[STDOUT]


@pytest.mark.parametrize("typed", [b"some text", b"a line\n", b""])
def test_the_end_of_input_reaches_a_terminal(running: FakeServer, typed: bytes) -> None:
    client = Client(running.exec("sh", "-c", "stty -echo; echo ready; cat; exit 6", pty=pty()))
    client.until(b"ready")
    if typed:
        client.type(typed)
    client.end_input()
    assert client.finish() == 6
    assert typed.strip() in client.output[STDOUT]


def test_control_c_in_a_terminal(running: FakeServer) -> None:
    client = Client(running.exec("sh", "-c", "trap 'exit 9' INT; echo ready; while :; do sleep 0.05; done", pty=pty()))
    client.until(b"ready")
    client.type(b"\x03")
    assert client.finish() == 9


def test_control_c_where_the_entrypoint_was_started_in_the_background_of_a_shell(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    def ignore() -> None:
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)

    entrypoints.start("sleep", "1000", server=server, preexec_fn=ignore)
    server.wait(lambda: bool(server.instances))
    test_control_c_in_a_terminal(server)


@pytest.mark.parametrize("with_pty", [False, True])
def test_all_output_comes_before_the_exit(running: FakeServer, with_pty: bool) -> None:
    script = "seq 1 20000; echo the end; exit 5"
    client = Client(running.exec("sh", "-c", script, pty=pty() if with_pty else None))
    assert client.finish() == 5
    lines = client.output[STDOUT].replace(b"\r", b"").decode().splitlines()
    assert lines == [*map(str, range(1, 20001)), "the end"]


def test_many_at_once_and_not_more(running: FakeServer) -> None:
    assert MAX_SESSIONS >= 50
    clients = [Client(running.exec("sh", "-c", f"read x; echo {n} $x; exit {n}")) for n in range(MAX_SESSIONS)]
    for client in clients:
        assert client.session.opened.wait(60)
    refused = Client(running.exec("true"))
    refused.finish()
    assert refused.error is not None
    assert refused.error[0] == 8, "RESOURCE_EXHAUSTED"
    for client in clients:
        client.type(b"go\n")
    for n, client in enumerate(clients):
        assert client.finish() == n
        assert client.output[STDOUT] == f"{n} go\n".encode()


@pytest.mark.parametrize("with_pty", [False, True])
def test_a_lost_client_ends_the_command(entrypoints: Entrypoints, running: FakeServer, with_pty: bool) -> None:
    pids = entrypoints.folder / "pid"
    client = Client(running.exec("sh", "-c", f"echo $$ > {pids}; sleep 1000", pty=pty() if with_pty else None))
    read = pid_file(pids)
    eventually(read)
    client.session.to_entrypoint.put(None)
    eventually(lambda: not alive(read()))


@pytest.mark.parametrize("with_pty", [False, True])
def test_a_command_that_will_not_hear_of_a_lost_client_is_killed(
    entrypoints: Entrypoints, running: FakeServer, with_pty: bool
) -> None:
    pids = entrypoints.folder / "pid"
    script = f"trap '' HUP TERM INT; echo $$ > {pids}; while :; do sleep 0.05; done"
    client = Client(running.exec("sh", "-c", script, pty=pty() if with_pty else None))
    read = pid_file(pids)
    eventually(read)
    client.session.to_entrypoint.put(None)
    eventually(lambda: not alive(read()))


def test_a_session_listed_again_after_a_reconnect_does_not_run_twice(
    entrypoints: Entrypoints, running: FakeServer
) -> None:
    marker = entrypoints.folder / "runs"
    client = Client(running.exec("sh", "-c", f"echo run >> {marker}; read x; exit 8"))
    eventually(marker.exists)
    running.end_streams()
    running.wait(lambda: max(running.instances.values()) == 2)
    client.type(b"\n")
    assert client.finish() == 8
    assert marker.read_text() == "run\n"


def test_a_session_that_the_server_has_forgotten_does_not_run(entrypoints: Entrypoints, running: FakeServer) -> None:
    """Announced still, but its client has left: opening it is refused, and the next one runs."""
    marker = entrypoints.folder / "ran"
    config = pb.EntrypointConfig(env_vars=running.config.env_vars)
    config.exec.add(index=7, args=["touch", str(marker)])
    running.set_whole_config(config)
    running.wait(lambda: "EntrypointExecStream" in [method for method, _ in running.metadata])
    assert Client(running.exec("true")).finish() == 0
    assert not marker.exists()
    assert [method for method, _ in running.metadata].count("EntrypointExecStream") == 2, "it is not asked for again"


def test_sessions_leave_no_descriptor_behind(entrypoints: Entrypoints, running: FakeServer) -> None:
    assert Client(running.exec("true")).finish() == 0
    descriptors = Path(f"/proc/{entrypoints.started[0].pid}/fd")
    eventually(lambda: len(children_of(entrypoints.started[0].pid)) == 1)
    before = len(list(descriptors.iterdir()))
    for number in range(20):
        assert Client(running.exec("cat", "/etc/hostname", pty=pty() if number % 2 else None)).finish() == 0
        assert Client(running.exec("no-such-command", pty=pty() if number % 2 else None)).finish() == 127
    eventually(lambda: len(list(descriptors.iterdir())) <= before)
    eventually(lambda: len(children_of(entrypoints.started[0].pid)) == 1)


def test_switched_off(entrypoints: Entrypoints, server: FakeServer) -> None:
    entrypoints.start("sleep", "1000", server=server, env={"WAYPOINT_CEB_DISABLE_EXEC": "1"})
    server.wait(lambda: bool(server.instances))
    session = server.exec("true")
    server.wait(lambda: any("WAYPOINT_CEB_DISABLE_EXEC" in line for line in server.own_lines()))
    assert not session.opened.is_set()


def test_only_allowed_commands(entrypoints: Entrypoints, server: FakeServer) -> None:
    entrypoints.start("sleep", "1000", server=server, env={"WAYPOINT_CEB_EXEC_ALLOW": "/usr/bin/echo, /bin/echo"})
    server.wait(lambda: bool(server.instances))
    assert Client(server.exec("echo", "yes")).finish() == 0
    refused = Client(server.exec("sh", "-c", "echo no"))
    refused.finish()
    assert refused.error is not None
    assert refused.error[0] == 7, "PERMISSION_DENIED"


def test_a_profile_is_read_before_the_command(entrypoints: Entrypoints, server: FakeServer) -> None:
    profile = entrypoints.folder / "profile"
    tools = entrypoints.folder / "tools"
    tools.mkdir()
    (tools / "greet").write_text('#!/bin/sh\necho "hello $FROM_PROFILE $1"\n')
    (tools / "greet").chmod(0o755)
    profile.write_text(f"export FROM_PROFILE='a b' PATH={tools}:$PATH\n")
    env = {"WAYPOINT_CEB_EXEC_SHELL_ENV": str(profile)}
    entrypoints.start("sleep", "1000", server=server, env=env)
    server.wait(lambda: bool(server.instances))
    client = Client(server.exec("greet", "x $y"))
    assert client.finish() == 0
    assert client.output[STDOUT] == b"hello a b x $y\n"
    client = Client(server.exec("no-such-command"))
    assert client.finish() == 127


def test_a_profile_does_not_widen_what_is_allowed(entrypoints: Entrypoints, server: FakeServer) -> None:
    profile = entrypoints.folder / "profile"
    tools = entrypoints.folder / "tools"
    tools.mkdir()
    for name in ("echo", "other"):
        (tools / name).write_text("#!/bin/sh\nprintf 'not the real one'\n")
        (tools / name).chmod(0o755)
    profile.write_text(f"export PATH={tools}:$PATH\n")
    allowed = "/usr/bin/echo,/bin/echo"
    env = {"WAYPOINT_CEB_EXEC_SHELL_ENV": str(profile), "WAYPOINT_CEB_EXEC_ALLOW": allowed}
    entrypoints.start("sleep", "1000", server=server, env=env)
    server.wait(lambda: bool(server.instances))
    client = Client(server.exec("echo", "yes"))
    assert client.finish() == 0
    assert client.output[STDOUT] == b"yes\n"
    refused = Client(server.exec("other"))
    refused.finish()
    assert refused.error is not None
    assert refused.error[0] == 7, "PERMISSION_DENIED"


def test_a_session_in_the_first_configuration_runs_after_the_start(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    client = Client(server.exec("sh", "-c", "echo early $GREETING"))
    server.set_config(GREETING="bird")
    entrypoints.start("sleep", "1000", server=server)
    assert client.finish() == 0
    assert client.output[STDOUT] == b"early bird\n"


def test_one_session_without_an_application(entrypoints: Entrypoints, server: FakeServer) -> None:
    """A platform that starts a container for somebody's one command: the application never runs."""
    server.set_config(GREETING="hello")
    env = {"WAYPOINT_CEB_EXEC_ONESHOT": "1", "WAYPOINT_CEB_INSTANCE_ID": "01GIVEN"}
    process = entrypoints.start("echo", "the application", server=server, env=env)
    server.wait(lambda: "01GIVEN" in server.instances)
    assert server.types["01GIVEN"] == pb.Instance.ON_DEMAND
    client = Client(server.exec("sh", "-c", "read x; echo $GREETING $x; exit 3"))
    client.type(b"you\n")
    assert client.finish() == 3
    assert client.output[STDOUT] == b"hello you\n"
    client.session.to_entrypoint.put(None)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, b"")


def test_one_session_that_nobody_wants_ends_when_it_is_told_to(entrypoints: Entrypoints) -> None:
    env = {"WAYPOINT_SERVER_ADDR": "127.0.0.1:1", "WAYPOINT_CEB_EXEC_ONESHOT": "1"}
    process = entrypoints.start("echo", "the application", env=env)
    assert process.stderr is not None
    assert process.stderr.readline()
    process.terminate()
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (-15, b"")


def test_the_applications_end_ends_commands(entrypoints: Entrypoints, server: FakeServer) -> None:
    process = entrypoints.start("sleep", "1000", server=server)
    server.wait(lambda: bool(server.instances))
    pids = entrypoints.folder / "pid"
    server.exec("sh", "-c", f"echo $$ > {pids}; sleep 1000")
    read = pid_file(pids)
    eventually(read)
    process.terminate()
    assert process.wait(60) == -15
    eventually(lambda: not alive(read()))


@pytest.mark.parametrize("with_pty", [False, True])
def test_a_reader_that_stops_stops_the_command_and_loses_nothing(
    entrypoints: Entrypoints, running: FakeServer, with_pty: bool
) -> None:
    """Much for somebody who does not read: the command waits, the entrypoint's memory does not grow, all arrives."""
    size = 16_000_000
    marker = entrypoints.folder / "written"
    running.reading_exec.clear()
    script = f"head -c {size} /dev/zero | tr '\\0' x; echo > {marker}; exit 5"
    client = Client(running.exec("sh", "-c", script, pty=pty() if with_pty else None))
    pid = entrypoints.started[0].pid

    def peak() -> int:
        return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])  # type: ignore[index]

    def progress() -> int:
        return int(re.search(r"rchar: (\d+)", Path(f"/proc/{pid}/io").read_text())[1])  # type: ignore[index]

    eventually(lambda: progress() > 300_000)
    before_it = peak()
    before = -1
    while progress() != before:
        before = progress()
        time.sleep(0.7)
    assert not marker.exists()
    other = Client(running.exec("echo", "not held up"))
    assert other.session.opened.wait(60)
    running.reading_exec.set()
    assert client.finish() == 5
    assert len(client.output[STDOUT]) == size
    assert other.finish() == 0
    assert peak() < before_it + 6 * 1024, "kB"


@pytest.mark.parametrize("with_pty", [False, True])
def test_a_lost_server_ends_the_command(entrypoints: Entrypoints, running: FakeServer, with_pty: bool) -> None:
    pids = entrypoints.folder / "pid"
    running.exec("sh", "-c", f"echo $$ > {pids}; sleep 1000", pty=pty() if with_pty else None)
    read = pid_file(pids)
    eventually(read)
    running.stop()
    eventually(lambda: not alive(read()))
    assert entrypoints.started[0].poll() is None
