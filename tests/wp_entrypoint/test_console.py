"""A person at a terminal: the application must feel as if it had been started directly."""

from __future__ import annotations

from collections.abc import Iterator

import pexpect
import pytest
from tests.wp_cli.terminal import let_go

from .conftest import Entrypoints, alive, eventually
from .fake_server import FakeServer

pytestmark = pytest.mark.both_natures


@pytest.fixture
def terminal(entrypoints: Entrypoints, server: FakeServer) -> Iterator[object]:
    """start(argv, **environment) runs the entrypoint on a terminal of 30 rows and 90 columns."""
    started: list[pexpect.spawn] = []

    def start(*argv: str, **extra: str) -> pexpect.spawn:
        program, *options = entrypoints.program()
        child = pexpect.spawn(
            program,
            [*options, *argv],
            env=entrypoints.environment(server, **extra),
            dimensions=(30, 90),
            timeout=60,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        let_go(child)


def test_the_application_has_a_terminal_of_its_own_and_is_shipped(terminal, server: FakeServer) -> None:
    child = terminal(
        "sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo yes; stty size; read x; echo got $x; exit 4"
    )
    child.expect("yes\r\n30 90\r\n")
    child.sendline("input")
    child.expect("got input\r\n")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 4
    assert {"yes", "30 90", "got input"} <= set(server.app_lines())


def test_a_changed_window_reaches_the_application(terminal) -> None:
    child = terminal("sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done")
    child.expect("ready")
    child.setwinsize(50, 132)
    child.expect("50 132")


def test_keys_that_make_signals(terminal) -> None:
    child = terminal("sh", "-c", "trap 'echo interrupted; exit 6' INT; echo ready; while :; do sleep 0.05; done")
    child.expect("ready")
    child.sendintr()
    child.expect("interrupted")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 6


def test_the_end_of_input(terminal) -> None:
    child = terminal("sh", "-c", "echo ready; cat; exit 7")
    child.expect("ready")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 7


def test_a_shell_has_job_control(terminal) -> None:
    child = terminal("bash", "--norc", "-i", PS1="> ")
    child.sendline("sleep 100 & jobs; kill %1; echo o''ver")
    child.expect("Running")
    child.expect("over")
    child.sendline("exit 3")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 3


def test_a_shell_can_stop_and_continue_it_in_a_pipeline(entrypoints: Entrypoints, server: FakeServer) -> None:
    """Not all descriptors are the terminal, so the application uses the shell's."""
    environment = entrypoints.environment(server, PS1="> ")
    child = pexpect.spawn("bash", ["--norc", "-i"], env=environment, timeout=60)
    child.expect("> ")
    child.sendline(
        f"{' '.join(entrypoints.program())} sh -c 'echo re''ady; read x; echo got $x; exec sleep 1000' | cat"
    )
    child.expect("ready")
    child.sendcontrol("z")
    child.expect("Stopped")
    child.expect("> ")
    child.sendline("fg")
    child.sendline("input")
    child.expect("got input")
    child.sendintr()
    child.expect("> ")
    child.sendline("exit")
    child.expect(pexpect.EOF)
    let_go(child)


def test_the_terminal_is_left_as_it_was(entrypoints: Entrypoints, server: FakeServer, tmp_path) -> None:
    """The settings before and after are the same for whoever shares the terminal."""
    script = tmp_path / "script"
    command = f"{' '.join(entrypoints.program())} sh -c 'stty raw -echo'"
    script.write_text(f"stty -a > {tmp_path}/before\n{command}\nstty -a > {tmp_path}/after\necho finished\n")
    child = pexpect.spawn("sh", [str(script)], env=entrypoints.environment(server), timeout=60)
    child.expect("finished")
    child.wait()
    assert (tmp_path / "before").read_text() == (tmp_path / "after").read_text()


def test_a_hung_up_terminal_ends_the_application(terminal, server: FakeServer) -> None:
    child = terminal("sh", "-c", "echo pid $$ .; exec sleep 1000")
    child.expect(r"pid (\d+) \.")
    pid = int(child.match[1])
    child.ptyproc.fileobj.close()
    child.closed = child.ptyproc.closed = True
    eventually(lambda: not alive(pid))
    child.wait()


def test_a_restart_keeps_the_terminal(terminal, server: FakeServer) -> None:
    """Each time in one piece: between two writes of the application the entrypoint may say that it has started it."""
    server.set_config(GREETING="one")
    child = terminal("sh", "-c", "echo is $GREETING on $(stty size); exec sleep 1000")
    child.expect("is one on 30 90\r\n")
    server.set_config(GREETING="two")
    child.expect("is two on 30 90\r\n")
