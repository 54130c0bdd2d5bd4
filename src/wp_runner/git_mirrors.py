"""A runner's cache of repositories: a bare mirror for each address, so that a job fetches what is new and no more.

A mirror is one job's at a time, over all processes that use the folder. What a killed process left in it is removed by
the next one; all mirrors together stay within a size, those that were not used for the longest time going first.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from wp_sdk.context import Context

LOOK_SECONDS = 0.2
"""Pause between two looks whether another job is done with a mirror."""
_MIRROR, _LOCK, _GONE = ".git", ".lock", ".gone"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mirrors:
    """`limit`: bytes of all mirrors together, kept after each job. Access is the remote's to decide: ask it first."""

    folder: Path
    limit: int

    @contextmanager
    def of(self, url: str, ctx: Context) -> Iterator[Path]:
        """Yield the folder of an address's mirror, which may be empty yet, for this job alone.

        Raises `Cancelled` while it waits for another job; OSError when the cache cannot be used.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = hashlib.sha256(url.encode()).hexdigest()[:40]
        mirror = self.folder / f"{name}{_MIRROR}"
        while (lock := _locked(self.folder / f"{name}{_LOCK}")) is None:
            ctx.wait(LOOK_SECONDS)
        try:
            mirror.mkdir(exist_ok=True)
            _tidy(mirror)
            yield mirror
            os.utime(mirror)
            self._shrink(mirror)
        finally:
            os.close(lock)

    def drop(self, mirror: Path) -> None:
        """Remove a mirror whose lock is held, or that nobody can use any more."""
        gone = mirror.with_name(f"{uuid4().hex}{_GONE}")
        with contextlib.suppress(FileNotFoundError):
            mirror.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def _shrink(self, mine: Path) -> None:
        for left in self.folder.glob(f"*{_GONE}"):
            shutil.rmtree(left, ignore_errors=True)
        sizes = {mirror: _size(mirror) for mirror in self.folder.glob(f"*{_MIRROR}")}
        total = sum(sizes.values())
        for mirror in sorted(sizes, key=_last_used):
            if total <= self.limit:
                return
            lock = None if mirror == mine else _locked(mirror.with_suffix(_LOCK))
            if lock is None and mirror != mine:
                continue
            self.drop(mirror)
            total -= sizes[mirror]
            log.info("removed %s of %.0f MiB from the cache of repositories", mirror.name, sizes[mirror] / 2**20)
            if lock is not None:
                mirror.with_suffix(_LOCK).unlink(missing_ok=True)
                os.close(lock)


def _locked(path: Path) -> int | None:
    """Return a file that is locked until it is closed; None while somebody else has it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.stat().st_ino == os.fstat(file).st_ino:
            return file
    except (BlockingIOError, FileNotFoundError):
        pass  # somebody has it, or has just removed it with its mirror
    except BaseException:
        os.close(file)
        raise
    os.close(file)
    return None


def _tidy(mirror: Path) -> None:
    """Remove what a git process that was killed has left; none runs now."""
    for left in (*mirror.rglob("*.lock"), *mirror.glob("objects/**/tmp_*"), *mirror.glob("gc.pid")):
        left.unlink(missing_ok=True)


def _size(folder: Path) -> int:
    total = 0
    for base, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                total += os.lstat(Path(base, name)).st_size
    return total


def _last_used(mirror: Path) -> float:
    try:
        return mirror.stat().st_mtime
    except FileNotFoundError:
        return 0.0
