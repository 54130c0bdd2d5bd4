"""Configuration that is delivered as files (entrypoint-url.md A9.2): replaced as a whole, removed when it goes."""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.journal import Journal

MODE = 0o644
PRIVATE_MODE = 0o600
"""Of files with a value from a dynamic source, which is a secret more often than not."""
PARENT_MODE = 0o755


class ConfigFiles:
    """The files of the configuration, as they lie on disk."""

    def __init__(self, journal: Journal, root: str) -> None:
        self._journal = journal
        self._root = os.path.realpath(os.fsencode(root)) if root else b""
        self._written: dict[bytes, bytes] = {}
        self._created: set[bytes] = set()

    def apply(self, wanted: dict[bytes, bytes], private: set[bytes] | None = None) -> bool:
        """Make the disk agree; whether anything changed. private ones are for their owner only. What cannot be written
        is reported and tried again with the next change."""
        changed = False
        for path in [path for path in self._written if path not in wanted]:
            changed = self._remove(path) or changed
        failed = []
        for path, data in sorted(wanted.items()):
            if self._written.get(path) == data:
                continue
            try:
                self._write(path, data, PRIVATE_MODE if private and path in private else MODE)
            except OSError as error:
                failed.append(os.fsdecode(path))
                self._journal.error("config", f"{os.fsdecode(path)} cannot be written: {error.strerror}")
                continue
            self._written[path] = data
            changed = True
        if failed:
            self._journal.error("config", f"{len(failed)} of {len(wanted)} configuration files are missing or old")
        return changed

    def _write(self, path: bytes, data: bytes, mode: int) -> None:
        if self._root and not _is_below(self._root, os.path.realpath(path)):
            raise PermissionError(errno.EPERM, "it lies outside WAYPOINT_CEB_FILE_ROOT")
        parent = os.path.dirname(path)
        if parent:
            os.makedirs(parent, PARENT_MODE, exist_ok=True)
        is_new = not os.path.lexists(path)
        temporary = path + b".waypoint-new"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
        try:
            with open(descriptor, "wb") as file:
                os.fchmod(descriptor, mode)
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            self._put_in_place(temporary, path, data)
        except OSError:
            _unlink(temporary)
            raise
        if is_new:
            self._created.add(path)

    def _put_in_place(self, temporary: bytes, path: bytes, data: bytes) -> None:
        try:
            os.rename(temporary, path)
        except OSError as error:
            # A single file that is mounted from outside cannot be replaced, only rewritten.
            if error.errno not in (errno.EBUSY, errno.EXDEV):
                raise
            with open(path, "wb") as file:
                file.write(data)
            _unlink(temporary)

    def _remove(self, path: bytes) -> bool:
        del self._written[path]
        if path not in self._created:
            return False
        self._created.discard(path)
        return _unlink(path)


def _is_below(root: bytes, path: bytes) -> bool:
    return path.startswith(root.rstrip(b"/") + b"/")


def _unlink(path: bytes) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True
