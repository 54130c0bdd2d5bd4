"""One server per state file: an advisory lock beside it that names its owner (server.md §11.3)."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from wp_server.store.trouble import StoreError, cannot_write


class LockFile:
    """A held lock. The kernel frees it when the process dies, whatever the way."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, database: Path) -> LockFile:
        """Locks `<database>.lock`. Errors: StoreError naming the process that holds it."""
        path = database.with_name(database.name + ".lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise cannot_write(database, error.strerror or str(error)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise StoreError(
                f"The state file {database} is in use by another server (process {owner}); "
                "stop that one first, or give this one another file with -db."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Gives the lock back; the file stays, so that nobody can lock an unlinked one."""
        os.close(self._descriptor)
