"""One deployment's supervisor: keeps the application running after the command line has gone.

Started detached by :mod:`wp_plugins.local.process` as a plain script (``python supervisor.py DIRECTORY``), so it may
use the standard library only. It reads ``DIRECTORY/spec.json``, runs the command, keeps its last output in a pair of
bounded files, restarts it when it fails, and publishes what it sees in ``DIRECTORY/state.json``.

The exclusive lock on ``DIRECTORY/lock`` is the proof of life: it is held exactly as long as the supervisor lives, so a
recycled process number is never mistaken for it.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

OUTPUT_BYTES = 1 << 20  # a full output file becomes the previous one; two are kept
LAST_OUTPUT_SECONDS = 1.0  # a process outside the group may hold the pipe open after the application has ended
STOP_SECONDS = 10.0  # between the polite and the forced end of the application
BACKOFF_FIRST = 0.5  # seconds before the first restart, doubled at each further one
BACKOFF_LONGEST = 30.0
STABLE_SECONDS = 60.0  # an application that ran this long starts over with the first back-off
UNHEARD = (signal.SIGINT, signal.SIGHUP)  # of a terminal that the command line was started from
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


@dataclass
class State:
    """What the supervisor last saw.

    ``status`` is ``starting``, ``running``, ``waiting`` (for a restart) or ``ended``; ``group`` the application's
    process group; ``exit_code`` of the last run, 128 + n for signal n.
    """

    status: str = "starting"
    supervisor_pid: int = 0
    group: int = 0
    exit_code: int | None = None
    restarts: int = 0
    error: str = ""


class Output:
    """The application's last output, at most two files of :data:`OUTPUT_BYTES`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("ab")

    def write(self, chunk: bytes) -> None:
        """Append, starting a new file when the present one is full."""
        if self._file.tell() + len(chunk) > OUTPUT_BYTES:
            self._file.close()
            self._path.replace(self._path.with_suffix(".previous"))
            self._file = self._path.open("ab")
        self._file.write(chunk)
        self._file.flush()


class Supervisor:
    """Runs the command of one deployment until told to stop."""

    def __init__(self, directory: Path) -> None:
        spec = json.loads((directory / "spec.json").read_text("utf-8"))
        self._directory = directory
        self._command: list[str] = spec["command"]
        self._cwd: str = spec["directory"]
        self._environment: dict[str, str] = spec["environment"]
        self._restart: bool = spec["restart"]
        self._state = State(supervisor_pid=os.getpid())
        self._output = Output(directory / "output.log")
        self._stopping = False
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Run and restart until :meth:`stop` or, without restarts, until the command ends."""
        backoff = BACKOFF_FIRST
        while not self._stopping:
            started = time.monotonic()
            code = self._run_once()
            self._state.exit_code = code
            if self._stopping or not self._restart or code == 0:
                break
            if time.monotonic() - started > STABLE_SECONDS:
                backoff = BACKOFF_FIRST
            self._publish("waiting")
            deadline = time.monotonic() + backoff
            while not self._stopping and time.monotonic() < deadline:
                time.sleep(0.05)
            backoff = min(backoff * 2, BACKOFF_LONGEST)
            self._state.restarts += 1
        self._publish("ended")

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """End the application politely; the process group is killed if it has not gone in time."""
        self._stopping = True
        if self._child is not None and self._child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child.pid, signal.SIGTERM)
            signal.setitimer(signal.ITIMER_REAL, STOP_SECONDS)

    def kill(self, _signal: int, _frame: FrameType | None) -> None:
        """The polite end took too long."""
        if self._child is not None and self._child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)

    def _run_once(self) -> int:
        try:
            self._child = subprocess.Popen(
                self._command,
                cwd=self._cwd,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_prepare_child,  # noqa: PLW1509 - a few system calls, and the reader thread has ended
            )
        except OSError as error:
            self._state.error = f"cannot start {self._command[0]}: {error.strerror}"
            return 127 if isinstance(error, FileNotFoundError) else 126
        self._state.group = self._child.pid
        self._publish("running")
        reader = threading.Thread(target=self._copy_output, args=(self._child,), daemon=True)
        reader.start()
        code = self._child.wait()
        _end_what_is_left(self._child.pid)
        reader.join(LAST_OUTPUT_SECONDS)
        return 128 - code if code < 0 else code

    def _copy_output(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        with child.stdout as pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                self._output.write(chunk)

    def _publish(self, status: str) -> None:
        self._state.status = status
        temporary = self._directory / "state.json.new"
        temporary.write_text(json.dumps(asdict(self._state)), "utf-8")
        temporary.replace(self._directory / "state.json")


def _adopt_orphans() -> None:
    """Linux hands this process the children of an entrypoint that was killed hard, so that they can be ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def _end_what_is_left(group: int) -> None:
    """End what an ended application left behind: its process group, and on Linux all its descendants."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while children.exists() and (left := children.read_text().split()):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(int(pid), 0)


def _prepare_child() -> None:
    """The application hears signals that its supervisor does not; and Linux ends it when that is killed hard (elsewhere
    ``destroy`` ends the recorded group)."""
    for number in UNHEARD:
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main(directory: Path) -> int:
    """Supervise until the end; 1 when another supervisor already runs this deployment."""
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 1
    _adopt_orphans()
    supervisor = Supervisor(directory)
    signal.signal(signal.SIGTERM, supervisor.stop)
    signal.signal(signal.SIGALRM, supervisor.kill)
    for number in UNHEARD:
        signal.signal(number, signal.SIG_IGN)
    supervisor.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
