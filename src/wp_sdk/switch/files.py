"""The folder of one switch: what is in it, how it is read and written.

One folder per switch. `settings.json` is what the switch shall do (written by plugins), `status.json` what it does
(written by the relay). The relay holds `lock` for as long as it lives, so that a process id in the status is never
taken for somebody else's. Files are replaced in one step; a reader sees the old or the new content, never half of it.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

T = TypeVar("T")

SETTINGS = "settings.json"
STATUS = "status.json"
LOCK = "lock"
CONTROL_LOCK = "control.lock"
LOG = "relay.log"


@dataclasses.dataclass(frozen=True)
class Target:
    """Where connections go: an address, and the name (a deployment's id) under which it is known."""

    name: str
    host: str
    port: int


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the switch shall do. Port 0: any free one, which is then kept."""

    host: str
    port: int
    target: Target | None = None
    generation: int = 0


@dataclasses.dataclass(frozen=True)
class Status:
    """What the switch does. `draining`: connections on earlier targets with something under way."""

    pid: int
    host: str
    port: int
    generation: int
    target: Target | None
    connections: int
    draining: int


def read_settings(folder: Path) -> Settings | None:
    """The settings; None when there are none or they cannot be understood."""
    return _parse(folder / SETTINGS, _settings)


def read_status(folder: Path) -> Status | None:
    """The last status the relay wrote; None when there is none or it cannot be understood."""
    return _parse(folder / STATUS, _status)


def write(folder: Path, name: str, value: Settings | Status) -> None:
    """Replace a file of the folder; readable by its owner only."""
    temporary = folder / f".{name}.{os.getpid()}.{threading.get_ident()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(dataclasses.asdict(value), file, indent=2)
    temporary.replace(folder / name)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for one control action; waits for whoever holds it, makes the folder when it is missing."""
    while True:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            file = (folder / CONTROL_LOCK).open("a")
        except FileNotFoundError:
            continue
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_still(file, folder / CONTROL_LOCK):
                yield
                return


def _is_still(file: IO[str], path: Path) -> bool:
    """False when the folder was removed, and perhaps made again, while we waited for the lock."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def is_locked(path: Path) -> bool:
    """True while another process holds the lock file."""
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _target(value: object) -> Target | None:
    return Target(str(value["name"]), str(value["host"]), int(value["port"])) if isinstance(value, dict) else None


def _settings(value: dict[str, object]) -> Settings:
    return Settings(str(value["host"]), _number(value["port"]), _target(value["target"]), _number(value["generation"]))


def _status(value: dict[str, object]) -> Status:
    return Status(
        pid=_number(value["pid"]),
        host=str(value["host"]),
        port=_number(value["port"]),
        generation=_number(value["generation"]),
        target=_target(value["target"]),
        connections=_number(value["connections"]),
        draining=_number(value["draining"]),
    )


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(value)
    return value


def _parse(path: Path, read: Callable[[dict[str, object]], T]) -> T | None:
    try:
        value = json.loads(path.read_text())
        return read(value)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
