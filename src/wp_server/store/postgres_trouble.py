"""What can be wrong with a PostgreSQL database, in one sentence each (what, where, what to do)."""

from __future__ import annotations

import psycopg
from psycopg import errors
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from wp_server.errors import DomainError, InvalidArgument, ResourceExhausted, Unavailable
from wp_server.store.trouble import StoreError

CONFLICTS = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.UniqueViolation,
    errors.ForeignKeyViolation,
)
"""What a transaction meets when another one was faster; alone it would not."""

GONE = "The server cannot reach its database now, so nothing was saved; it keeps trying. Try again."


class OutcomeUnknownError(Unavailable):
    """The connection broke during a commit."""


def is_conflict(error: DBAPIError) -> bool:
    """Returns whether the transaction may succeed when it is run again, alone."""
    return isinstance(error.orig, CONFLICTS)


def is_gone(error: DBAPIError) -> bool:
    """Returns whether the database could not be reached, is starting or stopping."""
    cause = error.orig
    state = getattr(cause, "sqlstate", None) or ""
    # 08: connection, 57P: shutdown, crash, starting up; 53300: no connection is free.
    lost = state.startswith(("08", "57P")) or state == "53300"
    return error.connection_invalidated or lost or (isinstance(cause, psycopg.OperationalError) and not state)


def place(url: URL) -> str:
    """Returns how sentences name the database, without its password."""
    host = url.query.get("host", "") or url.host or "the local socket"
    where = host if isinstance(host, str) else ", ".join(host)
    port = f":{url.port}" if url.port else ""
    return f"The database {url.database or url.username or ''} at {where}{port}"


def at_start(error: DBAPIError, url: URL) -> StoreError:
    """Returns the sentence for a database that cannot be opened."""
    cause = error.orig
    reason = " ".join(str(cause).split())
    if isinstance(cause, errors.InsufficientPrivilege):
        return StoreError(
            f"{place(url)} does not let us make our tables ({reason}); "
            "give the user a database of its own, or all rights on its schema."
        )
    if isinstance(cause, errors.ReadOnlySqlTransaction):
        return StoreError(f"{place(url)} is read-only; give the address of the primary with -db.")
    return StoreError(f"{place(url)} cannot be opened ({reason}); check the URL of -db and that the database runs.")


def while_running(error: DBAPIError) -> DomainError:
    """Returns what callers hear when the database refuses under a running server."""
    cause = error.orig
    if is_gone(error):
        return Unavailable(GONE)
    if isinstance(cause, errors.DiskFull):
        return ResourceExhausted(
            "The database's disk is full, so nothing was saved; free some space on it and try again. "
            "Reading still works."
        )
    if isinstance(cause, errors.ReadOnlySqlTransaction):
        return Unavailable("The database became read-only, so nothing was saved; check which server is its primary.")
    if isinstance(cause, errors.ProgramLimitExceeded):
        return InvalidArgument("A name or a set of labels is too long for the database, which takes some 2 600 bytes.")
    if isinstance(cause, psycopg.DataError):
        return InvalidArgument("A text has a character that the database does not take, such as NUL.")
    if isinstance(cause, errors.SerializationFailure | errors.DeadlockDetected | errors.QueryCanceled):
        return Unavailable("The database was too busy to save this; try again.")
    return DomainError("The server could not use its database; its log says why.")
