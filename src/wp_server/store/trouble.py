"""What can be wrong with the state file or its disk, in one sentence each (what, where, what to do)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from wp_server.errors import DomainError, ResourceExhausted, Unavailable

QUICK_CHECK_BYTES = 64 * 1024 * 1024
"""Files up to this size are checked page by page at start; checking a bigger one would make the start slow."""

_SQLITE_MAGIC = b"SQLite format 3\x00"
_BOLT_MAGIC = bytes.fromhex("edda0ced")
_BOLT_MAGIC_OFFSET = 16


class StoreError(Exception):
    """The store cannot be opened; the message is the sentence to show."""


def cannot_write(path: Path, reason: str) -> StoreError:
    """Returns the sentence for a state file whose folder refuses us."""
    return StoreError(
        f"The state file {path} cannot be written ({reason}); make its folder writable for this user, "
        "or give another file with -db."
    )


def damaged(path: Path, reason: str) -> StoreError:
    """Returns the sentence for a state file that is broken. Nothing is ever written to such a file."""
    return StoreError(
        f"The state file {path} is damaged ({reason}); it was left as it is. "
        "Restore a snapshot, or move the file away to start with an empty one."
    )


def check_file(path: Path) -> None:
    """Looks at the file before SQLite does. Errors: StoreError when it is a folder, foreign, or unreadable."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise StoreError(f"The folder {path.parent} of the state file does not exist; create it first.") from None
        return
    except IsADirectoryError:
        raise StoreError(f"The state file {path} is a folder; give a file with -db.") from None
    except OSError as error:
        raise StoreError(f"The state file {path} cannot be read ({error.strerror}); check its permissions.") from error
    if head[_BOLT_MAGIC_OFFSET : _BOLT_MAGIC_OFFSET + 4] == _BOLT_MAGIC:
        raise StoreError(
            f"{path} is the database of a Go Waypoint server; rename it to waypoint-restore.db, and this server takes "
            f"over what is in it, or bring that over with `waypoint server restore {path.name}`."
        )
    if head and not head.startswith(_SQLITE_MAGIC):
        raise damaged(path, "it is not a database")


def check_content(connection: Connection, path: Path) -> None:
    """Checks that the database is sound and ours. Errors: StoreError."""
    if path.stat().st_size <= QUICK_CHECK_BYTES:
        verdict = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
        if verdict != "ok":
            raise damaged(path, str(verdict).splitlines()[-1])
    tables = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())
    if tables and "alembic_version" not in tables:
        raise StoreError(f"{path} is a database of another program; give a file of its own with -db.")


def at_start(error: DBAPIError, path: Path) -> StoreError:
    """Returns the sentence for a database error while opening `path`."""
    code, name = _sqlite_code(error)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, str(error.orig))
    if code == sqlite3.SQLITE_FULL:
        return StoreError(f"The disk of the state file {path} is full; free some space and start again.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return cannot_write(path, str(error.orig))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(f"The state file {path} is locked by another program; close that one and start again.")
    return StoreError(f"The state file {path} cannot be opened ({name}: {error.orig}).")


def while_running(error: DBAPIError | sqlite3.Error) -> DomainError:
    """Returns what callers hear when the database fails under a running server; reads may go on working."""
    code, name = _sqlite_code(error)
    if code == sqlite3.SQLITE_FULL:
        return ResourceExhausted(
            "The server's disk is full, so nothing was saved; free some space on it and try again. Reading still works."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return Unavailable("The server's state file became read-only, so nothing was saved; check its folder and disk.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DomainError("The server's state file is damaged; stop the server and restore a snapshot.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Unavailable("The server's state file is locked by another program; try again.")
    if code == sqlite3.SQLITE_IOERR:
        return Unavailable(f"The server's disk failed ({name}), so nothing was saved; check it and try again.")
    return DomainError("The server could not use its database; its log says why.")


def _sqlite_code(error: DBAPIError | sqlite3.Error) -> tuple[int, str]:
    """Returns the primary result code and the full name; 0 when it is not SQLite's own error."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        extended = getattr(cause, "sqlite_errorcode", 0)
        return extended & 0xFF, getattr(cause, "sqlite_errorname", "")
    return 0, ""
