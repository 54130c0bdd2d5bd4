"""Side by side with tini as process 1 of a namespace, in the scenarios of tini's own tests: the same comes out."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from .conftest import Entrypoints, children_of, eventually
from .fake_server import FakeServer

pytestmark = pytest.mark.both_natures

KINDS = ("tini", "entrypoint")
OF_THE_C_LIBRARY = 3 << 31
"""Signals 32 and 33, which glibc keeps for itself: its posix_spawn leaves them ignored in every program it starts."""
DEADLY = ("HUP", "INT", "QUIT", "USR1", "USR2", "ALRM", "TERM", "VTALRM", "PROF", "IO", "PWR")


class Namespaces:
    """Starts commands as process 1, under one or the other."""

    def __init__(self, entrypoints: Entrypoints, server: FakeServer) -> None:
        self._entrypoints = entrypoints
        self._server = server

    def start(self, kind: str, *command: str, ignored: tuple[int, ...] = ()) -> subprocess.Popen[str]:
        def ignore() -> None:
            for number in ignored:
                signal.signal(number, signal.SIG_IGN)

        before = {
            "tini": ["tini", "-g", "--"],
            "entrypoint": self._entrypoints.program("/usr/bin/python3"),
        }[kind]
        process = subprocess.Popen(
            ["unshare", "-fp", "--mount-proc", *before, *command],
            env=self._entrypoints.environment(self._server, WAYPOINT_LOG_LEVEL="ERROR"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=ignore if ignored else None,
        )
        self._entrypoints.started.append(process)  # type: ignore[arg-type]
        return process

    def run(self, kind: str, *command: str, **options: tuple[int, ...]) -> tuple[int, str]:
        process = self.start(kind, *command, **options)
        out, _ = process.communicate(timeout=60)
        return process.returncode, out


@pytest.fixture
def namespaces(entrypoints: Entrypoints, server: FakeServer) -> Namespaces:
    if shutil.which("tini") is None:
        pytest.skip("no tini to compare with (Debian: tini)")
    if subprocess.run(["unshare", "-fp", "true"], capture_output=True).returncode:
        pytest.skip("optional: no permission to make a process namespace")
    return Namespaces(entrypoints, server)


def ready(process: subprocess.Popen[str]) -> int:
    """Waits for the first line; returns process 1 as seen from outside."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    (pid,) = children_of(process.pid)
    return pid


@pytest.mark.parametrize("status", [0, 1, 2, 125, 126, 127, 128, 130, 143, 255])
def test_exit_statuses(namespaces: Namespaces, status: int) -> None:
    results = {kind: namespaces.run(kind, "sh", "-c", f"exit {status}") for kind in KINDS}
    assert results["entrypoint"] == results["tini"] == (status, "")


@pytest.mark.parametrize("name", [*DEADLY, "KILL", "SEGV", "ABRT"])
def test_an_application_that_ends_by_a_signal(namespaces: Namespaces, name: str) -> None:
    script = f"ulimit -c 0; kill -{name} $$; sleep 5"
    results = {kind: namespaces.run(kind, "sh", "-c", script)[0] for kind in KINDS}
    assert results["entrypoint"] == results["tini"] == 128 + signal.Signals[f"SIG{name}"]


@pytest.mark.parametrize("name", DEADLY)
def test_signals_are_passed_on(namespaces: Namespaces, name: str) -> None:
    number = signal.Signals[f"SIG{name}"]
    results = {}
    for kind in KINDS:
        process = namespaces.start(kind, "sh", "-c", "ulimit -c 0; echo ready; exec sleep 30")
        pid = ready(process)
        subprocess.run(["kill", f"-{number.value}", str(pid)], check=True)
        process.communicate(timeout=60)
        results[kind] = process.returncode
    assert results["entrypoint"] == results["tini"] == 128 + number


@pytest.mark.parametrize("name", ["TERM", "USR1"])
def test_a_handler_decides(namespaces: Namespaces, name: str) -> None:
    program = (
        f"import signal, sys\nsignal.signal(signal.SIG{name}, lambda *_: (print('{name}'), sys.exit(9)))\n"
        "print('ready', flush=True)\nsignal.pause()\n"
    )
    for kind in KINDS:
        process = namespaces.start(kind, "/usr/bin/python3", "-c", program)
        subprocess.run(["kill", f"-{name}", str(ready(process))], check=True)
        out, _ = process.communicate(timeout=60)
        assert (process.returncode, out) == (9, f"{name}\n"), kind


def test_zombies_are_reaped(namespaces: Namespaces) -> None:
    script = "for n in $(seq 100); do (sleep 0.01 &); done; echo ready; read x; exit 3"
    for kind in KINDS:
        process = namespaces.start(kind, "sh", "-c", script)
        pid = ready(process)
        eventually(lambda one=pid: len(children_of(one)) == 1, what=kind)
        process.communicate("\n", timeout=60)
        assert process.returncode == 3


@pytest.mark.parametrize("ignored", [(), (signal.SIGUSR1, signal.SIGTTIN, signal.SIGTTOU)])
def test_the_application_has_the_dispositions_it_would_have_alone(
    namespaces: Namespaces, ignored: tuple[int, ...]
) -> None:
    command = ("grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status")
    results = {}
    for kind in KINDS:
        status, out = namespaces.run(kind, *command, ignored=ignored)
        assert status == 0
        results[kind] = [int(line.split()[1], 16) & ~OF_THE_C_LIBRARY for line in out.splitlines()]
    assert results["entrypoint"] == results["tini"]
    assert len(results["tini"]) == 3


def test_a_command_that_is_none(namespaces: Namespaces) -> None:
    assert [namespaces.run(kind, "no-such-command")[0] for kind in KINDS] == [127, 127]
    assert [namespaces.run(kind, "/etc/passwd")[0] for kind in KINDS] == [126, 126]


def test_process_1_ends_its_namespace(namespaces: Namespaces, tmp_path: Path) -> None:
    """What the application left behind goes with it, though it does not listen."""
    for kind in KINDS:
        marker = tmp_path / kind
        script = f"(trap '' TERM HUP; exec > /dev/null; sleep 2; echo > {marker}) & exit 4"
        assert namespaces.run(kind, "sh", "-c", script)[0] == 4
        subprocess.run(["sleep", "2.5"], check=True)
        assert not marker.exists()
