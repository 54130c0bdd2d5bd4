"""The store as the rest of the server sees it: one state, whatever engine keeps it.

`Store.open` chooses the engine by the URL: `sqlite` for one machine, `postgres` for several replicas. SQL functions are
written once, as functions of a connection that assume to be alone; each engine makes that true in its own way (one
writer thread there, serializable transactions here). They may run more than once, so they touch the database only and
never change their arguments.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError

from wp_server.store.changes import Changes
from wp_server.store.moves import Move
from wp_server.store.trouble import StoreError

P = ParamSpec("P")
T = TypeVar("T")


class Durability(Enum):
    """What an acknowledged write survives."""

    FULL = "full"
    """A power cut."""
    WEAK = "weak"
    """The death of the server process; a power cut only after the next FULL commit. For log lines and job output."""


class StoreWatch(Protocol):
    """Somebody who counts what the store does. Called in any thread."""

    def called(self, kind: str, waited: float, seconds: float) -> None:
        """A call of this kind (`read`, `write`, `write_weak`) was answered after `seconds`.

        `waited` of them went by until it could begin: for its turn or a connection, and for others to let it in.
        """
        ...

    def repeated(self) -> None:
        """A transaction met another one, and is made once more."""
        ...

    def moved(self, move: Move) -> None:
        """A job moved, in a transaction that was committed."""
        ...


class Store(ABC):
    """One server's state. Open it once, hand it to everybody, close it last."""

    shared: bool
    """Whether other servers use the same state at the same time."""
    look_seconds: float | None = None
    """After how long a silence whoever hands out work should look by himself; None: every change is told."""

    def __init__(self) -> None:
        self.changes = Changes()
        self.commits = 0
        """How many transactions were committed here."""
        self.watch: StoreWatch | None = None

    @property
    @abstractmethod
    def waiting(self) -> int:
        """How many calls wait for their turn."""

    @staticmethod
    def open(url: str) -> Store:
        """Opens the database at `url` (`sqlite:///PATH`, `postgresql://…`), bringing its schema up to date.

        Errors: StoreError with one sentence when it cannot be reached, is in use, damaged, not ours, or not writable.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise StoreError(f"The store URL {url!r} cannot be read; write sqlite:///PATH or postgresql://…") from error
        match parsed.get_backend_name():
            case "sqlite" if parsed.database:
                from wp_server.store.sqlite import SqliteStore

                return SqliteStore.open_url(parsed)
            case "postgresql" | "postgres":
                from wp_server.store.postgres import PostgresStore

                return PostgresStore.open_url(parsed)
        raise StoreError(f"The store URL {parsed!r} is not supported; write sqlite:///PATH or postgresql://…")

    def trouble(self) -> str:
        """Returns why the state cannot be reached now; empty = it can, as far as is known."""
        return ""

    def announce(self, topics: Iterable[str], moves: Iterable[Move]) -> None:
        """Tells everybody what a transaction did. Call it in the loop, after the commit."""
        if self.watch is not None:
            for move in moves:
                self.watch.moved(move)
        self.changes.publish(topics)

    @abstractmethod
    def read_now(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Returns `fn(connection, ...)` from one consistent view of the database. Call it in the server's loop only.

        The loop waits for it, so it is for single rows that something without `await` needs.
        """

    @abstractmethod
    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Returns `fn(connection, ...)` from one consistent view of the database."""

    @abstractmethod
    async def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Returns `fn(connection, ...)` once its effects are on disk; if it raises, nothing of it remains."""

    @abstractmethod
    async def read_aside(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `read`, for what takes seconds or minutes: nobody waits for it."""

    @abstractmethod
    async def write_alone(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `write`, for what replaces everything: no other server writes meanwhile, and no time limit holds."""

    @abstractmethod
    async def write_weak(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `write` with `Durability.WEAK`."""

    @abstractmethod
    async def close(self) -> None:
        """Answers the writes that wait, then closes the database and gives it free."""
