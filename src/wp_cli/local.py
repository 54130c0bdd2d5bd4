"""The embedded server.

One per user, started in the background by the first command that needs it, found again by all others.

It is an ordinary `waypoint server run -local`. Its folder (in the user's data directory) holds the database, the
certificate, the token and, while it accepts calls, `server.json` (see `wp_server.local`).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wp_cli.endpoint import Endpoint, Trust, host_and_port
from wp_cli.errors import CliError
from wp_cli.version import CHECKOUT_VERSION, VERSION
from wp_sdk.program import own_command

START_TIMEOUT = 60.0  # seconds until a started server must accept calls
STOP_TIMEOUT = 15.0
ELSEWHERE_TIMEOUT = 15.0  # seconds until a server that has the data is not one whose start was interrupted
POLL = 0.02
STATE_FILE, LOCK_FILE, LOG_FILE, DATABASE = "server.json", "start.lock", "server.log", "data.db"
DATABASE_LOCK = DATABASE + ".lock"
CERTIFICATE_NAME = "waypoint"  # every self-made certificate carries it
LOG_LINES_SHOWN = 5
SPACE_TO_START = 1 << 20  # bytes without which a server cannot start


@dataclass(frozen=True)
class Running:
    """What `server.json` says about a server that runs."""

    pid: int
    started: str
    version: str
    grpc: str
    http: str
    gateway: str
    certificate: str
    token_file: str

    def endpoint(self) -> Endpoint:
        """Return how to connect to it: its own certificate is the only root, its own token the one that is sent."""
        try:
            roots, token = (
                Path(self.certificate).read_bytes(),
                Path(self.token_file).read_text(encoding="utf-8").strip(),
            )
        except OSError as err:
            raise CliError(
                f"the embedded server runs, but its file {err.filename} cannot be read: {err.strerror}",
                do="Stop it with `waypoint server stop`; the next command starts it again.",
            ) from err
        trust = Trust(roots=roots, name=CERTIFICATE_NAME)
        return Endpoint(self.grpc, True, trust, token, "the embedded server", "the embedded server")


def folder() -> Path:
    """Folder of the embedded server; not created by asking."""
    import platformdirs

    return platformdirs.user_data_path("waypoint") / "server"


def exists(place: Path) -> bool:
    """Return whether an embedded server has ever been started there."""
    return (place / DATABASE).exists()


def running(place: Path) -> Running | None:
    """Return the embedded server if it lives and listens, else None."""
    state = read_state(place)
    return state if state and alive(state.pid) and listens(state.grpc) else None


def read_state(place: Path) -> Running | None:
    """Return what `server.json` says, whether or not that process still lives.

    None without the file or if it is damaged.
    """
    try:
        said = json.loads((place / STATE_FILE).read_text(encoding="utf-8"))
        texts = {name: str(said.get(name, "")) for name in Running.__dataclass_fields__ if name != "pid"}
        return Running(pid=int(said["pid"]), **texts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def ensure_running(place: Path) -> tuple[Running, bool]:
    """Return the embedded server and whether this call started it.

    Of several callers at once one starts it. A server that an earlier version of this program left running is replaced.
    CliError if it does not start.
    """
    found = running(place)
    if found and not outdated(found):
        return found, False
    with start_lock(place):
        found = running(place)
        if found and outdated(found):
            end(found)
        elif found:
            return found, False
        return start(place), True


def outdated(server: Running) -> bool:
    """Return whether a server is of another version than we are. One that runs from a checkout counts as ours."""
    return server.version not in {VERSION, CHECKOUT_VERSION}


@contextlib.contextmanager
def start_lock(place: Path) -> Iterator[None]:
    """Hold the lock that serialises starting and stopping."""
    import fcntl

    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(place / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as err:
        raise storage_problem(place, err) from err
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def start(place: Path) -> Running:
    """Start the server in the background and wait until it accepts calls.

    CliError with its own last words if it does not.
    """
    import subprocess

    stale = read_state(place)
    try:
        log = os.open(place / LOG_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    except OSError as err:
        raise storage_problem(place, err) from err
    try:
        child = subprocess.Popen(
            [*own_command(), "server", "run", "-local", f"-db={place / DATABASE}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=place, start_new_session=True, env=environment(),
        )  # fmt: skip
    finally:
        os.close(log)
    ended = time.monotonic()
    deadline = ended + START_TIMEOUT
    while time.monotonic() < deadline:
        state = read_state(place)
        if state and state != stale and alive(state.pid) and listens(state.grpc):
            return state
        if child.poll() is not None:
            if not starting_elsewhere(place):
                raise start_failed(place, f"ended with exit code {child.returncode}")
            deadline = min(deadline, ended + ELSEWHERE_TIMEOUT)
        else:
            ended = time.monotonic()
        time.sleep(POLL)
    if child.poll() is not None:
        raise start_failed(place, f"ended with exit code {child.returncode}")
    child.terminate()
    child.wait(STOP_TIMEOUT)
    raise start_failed(place, f"was not ready after {START_TIMEOUT:g} seconds")


def starting_elsewhere(place: Path) -> bool:
    """Return whether another process has the data: a server whose start was interrupted goes on with it."""
    import fcntl

    try:
        with (place / DATABASE_LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def environment() -> dict[str, str]:
    """Environment of the server: ours, without what is meant for clients."""
    ours = {"WAYPOINT_SERVER_ADDR", "WAYPOINT_SERVER_TOKEN", "WAYPOINT_CONTEXT", "WAYPOINT_WORKSPACE", "WAYPOINT_PLAIN"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def start_failed(place: Path, how: str) -> CliError:
    """Error for a server that did not start, with what it said itself."""
    import shutil

    said = last_words(place)
    if not said and shutil.disk_usage(place).free < SPACE_TO_START:  # its log is on the same disk
        return storage_problem(place, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    return CliError(f"the embedded server {how}", details=said, do=f"Its log is {place / LOG_FILE}.")


def last_words(place: Path) -> tuple[str, ...]:
    """Return the sentence with which the server ended; the end of its log if it said none. Never a traceback."""
    try:
        lines = (place / LOG_FILE).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ()
    sentence = next((number for number in reversed(range(len(lines))) if lines[number].startswith("! ")), None)
    if sentence is not None:
        return (lines[sentence].removeprefix("! "), *lines[sentence + 1 : sentence + LOG_LINES_SHOWN])
    return tuple(lines[-1:] if any(line.startswith("Traceback") for line in lines) else lines[-LOG_LINES_SHOWN:])


def storage_problem(place: Path, err: OSError) -> CliError:
    """Error for a data directory that cannot be used."""
    if err.errno in {errno.ENOSPC, errno.EDQUOT}:
        return CliError(f"the disk is full: the embedded server keeps its data in {place}", do="Free some space there.")
    return CliError(
        f"the embedded server cannot keep its data in {place}: {err.strerror}",
        do="Make that folder writable, or use a server elsewhere (`waypoint context create`).",
    )


def stop(place: Path) -> Running | None:
    """Stop the embedded server and return what it was; None if it does not run. Its data stays.

    CliError if it will not end.
    """
    if not place.is_dir():
        return None
    with start_lock(place):
        state = running(place)
        if state:
            end(state)
        return state


def end(server: Running) -> None:
    """End the server's process and wait for that. CliError if it will not end."""
    import signal

    with contextlib.suppress(ProcessLookupError):
        os.kill(server.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT
    while alive(server.pid):
        if time.monotonic() > deadline:
            raise CliError(
                f"the embedded server (process {server.pid}) did not end within {STOP_TIMEOUT:g} seconds",
                do=f"End it with `kill -9 {server.pid}`; its data survives that.",
            )
        time.sleep(POLL)


def alive(pid: int) -> bool:
    """Return whether a process with this id runs (a zombie does not count)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return True


def listens(address: str) -> bool:
    """Return whether something accepts connections at `host:port`."""
    import socket

    try:
        with socket.create_connection(host_and_port(address), timeout=2):
            return True
    except (OSError, ValueError):
        return False
