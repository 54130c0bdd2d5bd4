"""What SQL functions may say about their transaction, without knowing the engine.

A function is right if it is right alone: SQLite has one writer, PostgreSQL runs it serializable and repeats it when it
met another one. That costs repetitions where many meet at the same rows by design. Such a function takes care itself:
it changes rows only by compare-and-set or after locking them, and says so with `guarded`.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection, bindparam, func, select

P = ParamSpec("P")
T = TypeVar("T")

_guarded: set[object] = set()
_wait_for = select(func.pg_advisory_xact_lock(bindparam("key")))


def guarded(fn: Callable[P, T]) -> Callable[P, T]:
    """Marks a function that holds beside others in READ COMMITTED: each statement sees what was committed before it."""
    _guarded.add(fn)
    return fn


def is_guarded(fn: object) -> bool:
    """Returns whether the function was marked."""
    return fn in _guarded


def one_at_a_time(connection: Connection, subject: str) -> None:
    """Waits until no other running transaction is past this line for the same `subject`; inside `guarded` functions."""
    if connection.dialect.name == "postgresql":
        key = int.from_bytes(blake2b(subject.encode(), digest_size=8).digest(), signed=True)
        connection.execute(_wait_for, {"key": key})
