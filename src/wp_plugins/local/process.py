"""Starting, watching and ending the supervisor of a local deployment.

A deployment is a directory; everything about it (program copy, output, state, lock) lives below it, so that removing
the directory after the supervisor has ended leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wp_plugins.local import supervisor
from wp_sdk.context import Context

START_SECONDS = 60.0  # for the supervisor itself to publish its first state
POLL_SECONDS = 0.02
LAST_LINES = 50
OUTPUT_CHUNK = 32 * 1024  # bytes


@dataclass(frozen=True)
class Command:
    """What the supervisor runs: argument list, working directory, whole environment, restart after a failure or not."""

    arguments: tuple[str, ...]
    directory: Path
    environment: dict[str, str]
    restart: bool


def start(directory: Path, command: Command) -> None:
    """Start the supervisor of ``directory`` detached from this process; returns when it has taken over.

    Raises ``RuntimeError`` with the supervisor's own words when it does not.
    """
    directory.mkdir(parents=True, exist_ok=True)
    os.chmod(directory, 0o700)  # the environment holds the deployment's token
    _write_private(
        directory / "spec.json",
        json.dumps(
            {
                "command": list(command.arguments),
                "directory": str(command.directory),
                "environment": command.environment,
                "restart": command.restart,
            }
        ),
    )
    with (directory / "supervisor.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(supervisor_script(directory)), str(directory)],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not (directory / "state.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            reason = (directory / "supervisor.log").read_text("utf-8", "replace").strip()
            raise RuntimeError(reason.splitlines()[-1] if reason else f"it ended with status {process.poll()}")
        time.sleep(POLL_SECONDS)


def supervisor_script(directory: Path) -> Path:
    """The supervisor as a file of the deployment, so that an upgrade or removal of Waypoint does not disturb it."""
    script = directory / "supervisor.py"
    source = supervisor.__spec__.loader.get_source(supervisor.__name__)  # type: ignore[union-attr] # every source loader has it
    _write_private(script, source)
    return script


def running(directory: Path) -> bool:
    """Whether the deployment's supervisor lives (it holds its lock exactly that long)."""
    try:
        descriptor = os.open(directory / "lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def state(directory: Path) -> supervisor.State:
    """What the supervisor last published; ``ended`` when it lives no longer or never did."""
    try:
        published = supervisor.State(**json.loads((directory / "state.json").read_text("utf-8")))
    except FileNotFoundError:
        published = supervisor.State()
    if not running(directory):
        published.status = "ended"
    return published


def stop(directory: Path) -> None:
    """End application and supervisor and wait for it; idempotent."""
    seen = state(directory)
    if seen.status == "ended":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if seen.group and _leads(seen.group, directory):
                os.killpg(seen.group, signal.SIGKILL)
        return
    deadline = time.monotonic() + supervisor.STOP_SECONDS + START_SECONDS
    with contextlib.suppress(ProcessLookupError):
        os.kill(seen.supervisor_pid, signal.SIGTERM)
    while running(directory):
        if time.monotonic() > deadline:
            with contextlib.suppress(ProcessLookupError):
                os.kill(seen.supervisor_pid, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(seen.supervisor_pid, 0)  # only where this very process started it


def remove(directory: Path) -> None:
    """End the deployment and delete its directory; idempotent."""
    stop(directory)
    shutil.rmtree(directory, ignore_errors=False) if directory.exists() else None


def last_output(directory: Path, lines: int = LAST_LINES) -> str:
    """The last ``lines`` lines the application wrote, decoded for reading."""
    try:
        with (directory / "output.log").open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 64 * 1024))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def follow_output(directory: Path, ctx: Context) -> Iterator[bytes]:
    """What the process writes, from its beginning to its end, also over a change of the file. Raises `Cancelled`."""
    path = directory / "output.log"
    while not path.exists() and running(directory):
        ctx.wait(POLL_SECONDS)
    with contextlib.ExitStack() as stack:
        file = None
        while True:
            alive = running(directory)
            if file is None and path.exists():
                file = stack.enter_context(path.open("rb"))
            if file is not None:
                while chunk := file.read(OUTPUT_CHUNK):
                    yield chunk
                if os.fstat(file.fileno()).st_ino != _inode(path):
                    file = None
                    continue
            if not alive:
                return
            ctx.wait(POLL_SECONDS)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return -1


def free_port() -> int:
    """A loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    """Whether something accepts connections on the loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _leads(group: int, directory: Path) -> bool:
    """Whether process group ``group`` still is this deployment's: its leader's environment names the deployment."""
    try:
        environment = Path(f"/proc/{group}/environ").read_bytes()
    except OSError:
        return False
    return f"WAYPOINT_DEPLOYMENT_ID={directory.name}".encode() in environment.split(b"\0")


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
