"""Signals, restarts, orphans: what stands between a platform and its application must not be felt."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.wp_entrypoint.conftest import Entrypoints, alive, children_of, eventually, parent_of, pid_file
from tests.wp_entrypoint.fake_server import FakeServer

from wp_entrypoint.journal import Journal
from wp_entrypoint.loop import Loop
from wp_entrypoint.process import Reaper
from wp_entrypoint.settings import Settings
from wp_entrypoint.supervise import Supervisor

pytestmark = pytest.mark.both_natures

TRAPS = """
for s in HUP USR1 USR2 WINCH CONT ALRM QUIT URG; do trap "echo $s" $s; done
trap 'echo TERM; exit 0' TERM
echo ready
while :; do sleep 0.02; done
"""


@contextlib.contextmanager
def all_at_once(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """The entrypoint hears afterwards what the server says inside, however long that takes: less than settling does."""
    process.send_signal(signal.SIGSTOP)
    eventually(lambda: state_of(process.pid) == "T")
    yield
    process.send_signal(signal.SIGCONT)


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode().strip()


@pytest.mark.parametrize("logs", ["0", "1"])
def test_signals_reach_the_application(entrypoints: Entrypoints, server: FakeServer, logs: str) -> None:
    env = {"WAYPOINT_CEB_DISABLE_LOGS": logs}
    process = entrypoints.start("sh", "-c", TRAPS, server=server, env=env)
    assert line(process) == "ready"
    for name in ("HUP", "USR1", "USR2", "WINCH", "ALRM", "URG", "QUIT"):
        process.send_signal(signal.Signals[f"SIG{name}"])
        assert line(process) == name
    process.terminate()
    assert line(process) == "TERM"
    assert process.wait(60) == 0


def test_a_stop_takes_the_applications_own_time_and_status(entrypoints: Entrypoints, server: FakeServer) -> None:
    script = "trap 'sleep 1.5; exit 5' TERM; echo ready; while :; do sleep 0.02; done"
    process = entrypoints.start("sh", "-c", script, server=server)
    assert line(process) == "ready"
    process.terminate()
    assert process.wait(60) == 5


DEADLY = ("HUP", "INT", "QUIT", "USR1", "USR2", "ALRM", "TERM", "VTALRM", "PROF", "IO", "PWR", "RTMIN", "RTMAX")


@pytest.mark.parametrize("name", DEADLY)
def test_an_application_that_does_not_care_dies_of_the_signal(
    entrypoints: Entrypoints, server: FakeServer, name: str
) -> None:
    """One by one, as tini's own tests do: what comes out is what the application alone would have given."""
    number = getattr(signal, f"SIG{name}")
    process = entrypoints.start("sh", "-c", "ulimit -c 0; echo ready; exec sleep 100", server=server)
    assert line(process) == "ready"
    process.send_signal(number)
    assert process.wait(60) == -number


def test_signals_reach_the_whole_group(entrypoints: Entrypoints, server: FakeServer) -> None:
    script = "sh -c 'trap \"echo inner\" USR1; echo ready; while :; do sleep 0.02; done' & trap 'echo outer' USR1; "
    process = entrypoints.start("sh", "-c", script + "while :; do wait; done", server=server)
    assert line(process) == "ready"
    process.send_signal(signal.SIGUSR1)
    assert sorted([line(process), line(process)]) == ["inner", "outer"]


def test_a_storm_of_signals_is_survived(entrypoints: Entrypoints, server: FakeServer) -> None:
    process = entrypoints.start("sh", "-c", "trap '' USR1; echo ready; read x; exit 4", server=server, stdin=-1)
    assert line(process) == "ready"
    for _ in range(3000):
        process.send_signal(signal.SIGUSR1)
    process.communicate(b"\n", timeout=60)
    assert process.returncode == 4


def test_an_interrupt_ends_it_as_it_ends_the_application(entrypoints: Entrypoints, server: FakeServer) -> None:
    process = entrypoints.start("sh", "-c", "echo ready; exec sleep 100", server=server)
    assert line(process) == "ready"
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == -signal.SIGINT


def test_an_ignored_signal_stays_ignored(entrypoints: Entrypoints, server: FakeServer) -> None:
    process = entrypoints.start(
        "sh",
        "-c",
        "echo ready; read x; exit 4",
        server=server,
        stdin=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    assert line(process) == "ready"
    process.send_signal(signal.SIGHUP)
    process.communicate(b"\n", timeout=60)
    assert process.returncode == 4


def test_a_second_stop_kills_when_a_timeout_was_asked_for(entrypoints: Entrypoints, server: FakeServer) -> None:
    script = "trap '' TERM; echo ready; while :; do sleep 0.02; done"
    env = {"WAYPOINT_CEB_KILL_TIMEOUT": "200ms"}
    process = entrypoints.start("sh", "-c", script, server=server, env=env)
    assert line(process) == "ready"
    process.terminate()
    assert process.wait(60) == -9


def test_stop_and_continue(entrypoints: Entrypoints, server: FakeServer) -> None:
    process = entrypoints.start("sh", "-c", "echo $$; exec sleep 100", server=server)
    pid = int(line(process))
    process.send_signal(signal.SIGTSTP)
    eventually(lambda: state_of(pid) == "T")
    eventually(lambda: state_of(process.pid) == "T")
    process.send_signal(signal.SIGCONT)
    eventually(lambda: state_of(pid) == "S")


def test_a_stopped_entrypoint_goes_on_where_it_was(entrypoints: Entrypoints, server: FakeServer) -> None:
    """SIGSTOP cannot be passed on; the application runs on, and what it says meanwhile is not lost."""
    script = "echo ready; read x; for n in 1 2 3; do echo $n; done; exit 6"
    process = entrypoints.start("sh", "-c", script, server=server, stdin=subprocess.PIPE)
    assert line(process) == "ready"
    process.send_signal(signal.SIGSTOP)
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    out, _ = process.communicate(timeout=60)
    assert out.split() in ([b"1", b"2", b"3"], [])
    assert process.returncode in (6, -signal.SIGTERM)


def test_orphans_are_collected(entrypoints: Entrypoints, server: FakeServer) -> None:
    script = "i=0; while [ $i -lt 1000 ]; do (sleep 0.01 &); i=$((i+1)); done; echo done; read x"
    process = entrypoints.start("sh", "-c", script, server=server, stdin=subprocess.PIPE)
    assert line(process) == "done"
    eventually(lambda: len(children_of(process.pid)) == 1, what="one child is left")
    process.communicate(b"\n", timeout=60)


def test_the_first_orphan_is_adopted_too(entrypoints: Entrypoints, server: FakeServer) -> None:
    """The first thing that the application does is to lose a child."""
    script = "sh -c 'sleep 1000 & echo $! $$'; exec sleep 1000"
    process = entrypoints.start("sh", "-c", script, server=server)
    orphan, lost = map(int, line(process).split())
    eventually(lambda: parent_of(orphan) != lost)
    assert parent_of(orphan) == process.pid


def test_what_the_application_leaves_behind_ends_with_it(entrypoints: Entrypoints, server: FakeServer) -> None:
    script = "sleep 1000 & echo $!; exit 3"
    process = entrypoints.start("sh", "-c", script, server=server)
    pid = int(line(process))
    assert process.wait(60) == 3
    eventually(lambda: not alive(pid))


def test_a_change_restarts_once_with_the_new_environment(entrypoints: Entrypoints, server: FakeServer) -> None:
    log = entrypoints.folder / "log"
    script = f"trap 'echo stop >> {log}; exit 0' TERM; echo $GREETING $$ >> {log}; while :; do sleep 0.02; done"
    server.set_config(GREETING="one")
    process = entrypoints.start("sh", "-c", script, server=server)
    eventually(lambda: log.exists() and len(log.read_text().split("\n")) == 2)
    with all_at_once(process):
        server.set_config(GREETING="two")
        server.set_config(GREETING="three")
    eventually(lambda: log.read_text().count("\n") == 3)
    first, stopped, second = (entry.split() for entry in log.read_text().splitlines())
    assert (first[0], stopped, second[0]) == ("one", ["stop"], "three")
    assert first[1] != second[1]
    assert process.poll() is None
    server.end_streams()
    server.wait(lambda: max(server.instances.values()) == 2)
    process.terminate()
    process.wait(60)
    assert log.read_text().count("\n") == 4, "a reconnect with the same configuration restarts nothing"


def test_a_value_that_comes_back_restarts_nothing(entrypoints: Entrypoints, server: FakeServer) -> None:
    log = entrypoints.folder / "log"
    server.set_config(GREETING="one")
    process = entrypoints.start("sh", "-c", f"echo $GREETING >> {log}; exec sleep 100", server=server)
    eventually(log.exists)
    with all_at_once(process):
        server.set_config(GREETING="two")
        server.set_config(GREETING="one")
        server.set_config(GREETING="one", OTHER="x")
    eventually(lambda: log.read_text() == "one\none\n")
    assert process.poll() is None


@pytest.mark.as_zipapp
def test_a_rolling_delay_spreads_a_change_and_notices_when_it_is_taken_back(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    """Two instances of one deployment do not restart together, and a change that is undone meanwhile is none."""
    log = entrypoints.folder / "log"
    entrypoints.repack("settings", MAX_SPLAY=1e9)  # a delay by chance of up to an hour is short once in a while
    env = {"WAYPOINT_CEB_RELOAD_SPLAY": "100000h"}
    server.set_config(GREETING="one")
    for name in ("a", "b"):
        script = f"echo {name} $GREETING >> {log}; exec sleep 100"
        entrypoints.start("sh", "-c", script, server=server, env=env)
    eventually(lambda: log.exists() and log.read_text().count("\n") == 2)
    server.set_config(GREETING="two")
    time.sleep(2)
    server.set_config(GREETING="one")
    time.sleep(1)
    assert sorted(log.read_text().splitlines()) == ["a one", "b one"]


def test_delays_are_chosen_by_chance_up_to_the_splay() -> None:
    settings = Settings({b"WAYPOINT_CEB_RELOAD_SPLAY": b"10s"})
    supervisor = Supervisor(
        Loop(), Journal(), Reaper(), settings, b"/bin/true", [b"true"], [], lambda: None, lambda status: None
    )
    delays = [supervisor._splay() for _ in range(300)]
    assert all(0 <= delay < 10 for delay in delays)
    assert min(delays) < 2
    assert max(delays) > 8


def test_a_restart_takes_the_whole_group_with_it(entrypoints: Entrypoints, server: FakeServer) -> None:
    pids = entrypoints.folder / "grandchild"
    script = f"trap '' TERM; (trap '' TERM; sh -c 'echo $$ > {pids}.$GREETING; sleep 1000; :') & wait; sleep 1000"
    server.set_config(GREETING="one")
    entrypoints.start("sh", "-c", script, server=server, env={"WAYPOINT_CEB_KILL_TIMEOUT": "300ms"})
    first = pid_file(pids.with_suffix(".one"))
    eventually(first)
    server.set_config(GREETING="two")
    second = pid_file(pids.with_suffix(".two"))
    eventually(second)
    eventually(lambda: not alive(first()))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("never", "one\n"), ("signal:usr1", "one\nUSR1\n")],
)
def test_other_ways_to_take_a_change(entrypoints: Entrypoints, server: FakeServer, mode: str, expected: str) -> None:
    log = entrypoints.folder / "log"
    script = f"trap 'echo USR1 >> {log}' USR1; echo $GREETING >> {log}; while :; do sleep 0.02; done"
    server.set_config(GREETING="one")
    process = entrypoints.start("sh", "-c", script, server=server, env={"WAYPOINT_CEB_RELOAD": mode})
    eventually(log.exists)
    server.set_config(GREETING="two")
    server.wait(lambda: any("has changed" in entry for entry in server.own_lines()))
    eventually(lambda: log.read_text() == expected)
    assert process.poll() is None


def test_a_change_can_end_the_application_for_the_platform_to_start_anew(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    server.set_config(GREETING="one")
    script = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.02; done"
    process = entrypoints.start("sh", "-c", script, server=server, env={"WAYPOINT_CEB_RELOAD": "exit"})
    assert line(process) == "ready"
    server.set_config(GREETING="two")
    assert process.wait(60) == 0


def test_a_stop_during_a_restart_is_the_end(entrypoints: Entrypoints, server: FakeServer) -> None:
    server.set_config(GREETING="one")
    script = "trap 'echo asked' TERM; echo ready; while ! read x; do :; done; exit 6"
    process = entrypoints.start("sh", "-c", script, server=server, stdin=subprocess.PIPE)
    assert line(process) == "ready"
    server.set_config(GREETING="two")
    assert line(process) == "asked"
    process.terminate()
    assert line(process) == "asked"  # it was passed on
    out, _ = process.communicate(b"\n", timeout=60)
    assert process.returncode == 6
    assert b"ready" not in out


def test_a_restart_that_fails_ends_the_entrypoint(entrypoints: Entrypoints, server: FakeServer) -> None:
    server.set_config(GREETING="one")
    script = 'echo ready; [ "$GREETING" = one ] || exit 9; exec sleep 100'
    process = entrypoints.start("sh", "-c", script, server=server)
    assert line(process) == "ready"
    server.set_config(GREETING="two")
    assert process.wait(60) == 9


def test_the_application_runs_on_while_the_server_is_away(entrypoints: Entrypoints, certificate: object) -> None:
    server = FakeServer(None)
    server.set_config(GREETING="one")
    process = entrypoints.start("sh", "-c", "echo $GREETING $$; exec sleep 100", server=server)
    first = line(process)
    server.wait(lambda: bool(server.instances))
    port = server.port
    server.stop()
    again = FakeServer(None, port)
    try:
        again.set_config(GREETING="one")
        again.wait(lambda: bool(again.instances))
        again.set_config(GREETING="two")
        assert line(process).startswith("two")
        assert first.startswith("one")
    finally:
        process.terminate()
        process.wait(60)
        again.stop()


def test_process_one_of_a_namespace(entrypoints: Entrypoints, server: FakeServer) -> None:
    """As in a container: pid 1, whose exit status for a killed application is 128 + n."""
    if subprocess.run(["unshare", "-fp", "true"], capture_output=True).returncode:
        pytest.skip("optional: no permission to make a process namespace")
    script = "(sleep 0.01 &); sleep 0.1; kill -KILL $$"
    process = subprocess.run(
        ["unshare", "-fp", "--mount-proc", *entrypoints.program("/usr/bin/python3"), "sh", "-c", script],
        env=entrypoints.environment(server),
        timeout=60,
        capture_output=True,
    )
    assert process.returncode == 137, process.stderr


def test_no_python_variables_appear_without_a_locale(entrypoints: Entrypoints, server: FakeServer) -> None:
    result = entrypoints.run("env", server=server, python="/usr/bin/python3")
    assert "LC_CTYPE" not in result.stdout
    assert "PYTHON" not in result.stdout
    assert os.environ
