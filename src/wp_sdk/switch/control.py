"""What plugins call: start a switch, point it at a deployment, ask how it is, stop it.

The switch is known by a folder (one per platform, project, application and workspace, see `folder_for`), not by a
process id, so that every program of this user finds it again. Everything here is synchronous; every wait has a limit.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import platformdirs

import wp_sdk
from wp_sdk.switch import files
from wp_sdk.switch.files import Settings, Status, Target

__all__ = ["Status", "Switch", "SwitchError", "Target", "accepts", "folder_for", "state_folder", "wait_until_accepting"]

ANSWER_TIMEOUT = 60.0
"""Seconds until the relay must have answered (start, new settings), also on a machine that does much else."""

STOP_TIMEOUT = 20.0
"""Seconds until a stopped relay must be gone; more than the relay gives its connections."""

POLL = 0.03
"""Seconds between two looks at the relay's status."""

CONNECT_TIME = 1.0
"""Seconds a probe waits to be accepted."""

PROBE_TIME = 0.1
"""Seconds a probed connection must stay open. A container engine's port proxy accepts for everybody and hangs up at
once when nobody listens behind it, so being accepted alone proves nothing."""


class SwitchError(Exception):
    """The switch could not do what was asked; the text is one sentence for people."""


class Switch:
    """One switch, known by its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def status(self) -> Status | None:
        """What the running switch does; None when it does not run."""
        if not files.is_locked(self.folder / files.LOCK):
            return None
        with self._exclusive():
            settings = files.read_settings(self.folder)
            try:
                return self._ask(settings.generation if settings is not None else 0)
            except SwitchError:
                if not files.is_locked(self.folder / files.LOCK):
                    return None
                raise

    def target(self) -> Target | None:
        """Where the switch points, whether it runs at the moment or not; None when it was never pointed."""
        settings = files.read_settings(self.folder)
        return settings.target if settings is not None else None

    def address(self) -> tuple[str, int] | None:
        """The stable address, whether the switch runs at the moment or not; None when there is none yet."""
        settings = files.read_settings(self.folder)
        return (settings.host, settings.port) if settings is not None and settings.port else None

    def point(self, target: Target, *, host: str = "127.0.0.1", port: int = 0) -> Status:
        """Send new connections and requests to `target`; starts the switch when it does not run.

        `port` 0 keeps the port of before, or takes any free one the first time. A running switch that listens
        somewhere else than asked is restarted there. Raises SwitchError, e.g. when the port is in use; then
        everything is as it was before.
        """
        with self._exclusive():
            before = files.read_settings(self.folder)
            kept = before.port if before is not None and before.host == host else 0
            wanted = Settings(host, port or kept, target, before.generation + 1 if before is not None else 1)
            running = files.is_locked(self.folder / files.LOCK)
            if running and before is not None and (before.host, before.port) != (wanted.host, wanted.port):
                _refuse_if_taken(wanted)
                self._end()
                running = False
            files.write(self.folder, files.SETTINGS, wanted)
            try:
                if not running:
                    self._start(wanted)
                return self._ask(wanted.generation)
            except SwitchError:
                self._restore(before)
                raise

    def wait_until_drained(self, seconds: float, cancelled: Callable[[], bool] = lambda: False) -> int:
        """Wait until no earlier target has anything under way; returns how many connections still have."""
        deadline = time.monotonic() + seconds
        while True:
            status = self.status()
            if status is None or status.draining == 0:
                return 0
            if time.monotonic() >= deadline or cancelled():
                return status.draining
            time.sleep(POLL)

    def stop(self) -> None:
        """End the switch and forget its address; does nothing when there is none."""
        if not self.folder.exists():
            return
        with self._exclusive():
            if files.is_locked(self.folder / files.LOCK):
                self._end()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _exclusive(self) -> contextlib.AbstractContextManager[None]:
        return files.locked(self.folder)

    def _start(self, settings: Settings) -> None:
        root = str(Path(wp_sdk.__file__).parent.parent)
        program = f"import sys; sys.path.insert(0, {root!r}); from wp_sdk.switch.relay import main; main(sys.argv[1:])"
        with (self.folder / files.LOG).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", program, str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd="/",
            )
        try:
            answer, _ = process.communicate(timeout=ANSWER_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise SwitchError(f"the traffic switch did not start within {ANSWER_TIMEOUT:.0f} s") from None
        said = (
            json.loads(answer)
            if answer.strip()
            else {"error": f"it ended without a word, see {self.folder / files.LOG}"}
        )
        if "error" in said:
            raise SwitchError(_why_not_listening(settings, said))

    def _ask(self, generation: int) -> Status:
        """Have the relay read its settings and report; returns a status written after that."""
        status_file = self.folder / files.STATUS
        before = files.read_status(self.folder)
        if before is None:
            raise SwitchError(f"the traffic switch of {self.folder} runs without a readable status")
        asked = _identity(status_file)
        os.kill(before.pid, signal.SIGHUP)
        deadline = time.monotonic() + ANSWER_TIMEOUT
        while time.monotonic() < deadline:
            if _identity(status_file) != asked:
                status = files.read_status(self.folder)
                if status is not None and status.generation >= generation:
                    return status
            if not files.is_locked(self.folder / files.LOCK):
                raise SwitchError(f"the traffic switch ended unexpectedly, see {self.folder / files.LOG}")
            time.sleep(POLL)
        raise SwitchError(f"the traffic switch did not answer within {ANSWER_TIMEOUT:.0f} s")

    def _end(self) -> None:
        status = files.read_status(self.folder)
        if status is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(status.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT
        while files.is_locked(self.folder / files.LOCK):
            if time.monotonic() > deadline:
                raise SwitchError(f"the traffic switch of {self.folder} did not end within {STOP_TIMEOUT:.0f} s")
            time.sleep(POLL)

    def _restore(self, before: Settings | None) -> None:
        if before is None:
            (self.folder / files.SETTINGS).unlink(missing_ok=True)
        else:
            files.write(self.folder, files.SETTINGS, before)


def state_folder() -> Path:
    """Where the switches of this user live (below XDG_DATA_HOME on Linux)."""
    return Path(platformdirs.user_data_dir("waypoint")) / "switch"


def folder_for(state: Path, platform: str, project: str, app: str, workspace: str) -> Path:
    """The folder of an application's switch below `state`: readable, and different for different names."""
    names = (platform, project, app, workspace)
    readable = "-".join(re.sub(r"[^A-Za-z0-9_.]+", "_", name)[:24] for name in names)
    return state / f"{readable}-{hashlib.sha256(json.dumps(names).encode()).hexdigest()[:12]}"


def accepts(host: str, port: int, linger: float = PROBE_TIME) -> bool:
    """True when somebody listens there: accepts, and does not hang up within `linger` seconds (0: accepting is proof
    enough, because nothing stands in between)."""
    try:
        with socket.create_connection((host, port), timeout=CONNECT_TIME) as connection:
            if not linger:
                return True
            connection.settimeout(linger)
            try:
                return connection.recv(1) != b""
            except TimeoutError:
                return True
    except OSError:
        return False


def wait_until_accepting(
    host: str, port: int, seconds: float, give_up: Callable[[], bool] = lambda: False, linger: float = PROBE_TIME
) -> bool:
    """Wait until somebody listens there; False after `seconds`, or as soon as `give_up` says so."""
    deadline = time.monotonic() + seconds
    while not accepts(host, port, linger):
        if time.monotonic() >= deadline or give_up():
            return False
        time.sleep(POLL)
    return True


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def _refuse_if_taken(settings: Settings) -> None:
    """Say before a running switch is ended that its new address cannot be had."""
    if settings.port == 0:
        return
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SwitchError(_why_not_listening(settings, {"error": error.strerror, "errno": error.errno})) from error


def _why_not_listening(settings: Settings, said: dict[str, object]) -> str:
    where = f"{settings.host}:{settings.port}"
    if said.get("errno") == errno.EADDRINUSE:
        return f"{where} is already in use: choose another `port`, or end what listens there"
    if said.get("errno") in {errno.EACCES, errno.EPERM}:
        return f"{where} may not be listened on by this user: choose a `port` of 1024 or more"
    if said.get("errno") == errno.EADDRNOTAVAIL:
        return f"{settings.host} is not an address of this machine"
    return f"the traffic switch cannot listen on {where}: {said['error']}"
