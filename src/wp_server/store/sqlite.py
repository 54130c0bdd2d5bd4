"""SQLite, for one machine: reads inline, all writes through one thread that shares one disk sync among them.

An acknowledged write survives a power cut: SQLite in WAL mode with `synchronous=FULL`. One sync takes about 1.3 ms
on the machines we measure, so a write per sync would cap the server at some hundred writes a second. The writer
therefore takes every call that waits, runs each in its own savepoint, commits once and answers them all: a failing call
rolls back alone, and nobody hears "done" before the disk did. Calls of the weak class (log lines, job output) do not
ask for a sync of their own: they survive the death of the process at once and a power cut after the next full commit.

Reads run in the event loop on their own WAL connection: they never wait for the writer, and see all that was answered.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from wp_server.errors import DomainError, Unavailable
from wp_server.store import audit, migrations, moves, trouble
from wp_server.store.changes import pending
from wp_server.store.engine import Durability, Store
from wp_server.store.lockfile import LockFile
from wp_server.store.moves import Move

log = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 5_000
CHECKPOINT_PAGES = 2_000
"""WAL pages (4 KiB each) after which a commit also moves them into the main file."""
BATCH_LIMIT = 256
"""Calls that share one commit at most."""

P = ParamSpec("P")
T = TypeVar("T")


class _Driver(Protocol):
    """The part of `sqlite3.Connection` that is used below SQLAlchemy, where each microsecond counts."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, sql: str, /) -> object: ...


@dataclass
class _Call:
    """One `write` on its way through the writer thread."""

    run: Callable[[Connection], object]
    durability: Durability
    answer: asyncio.Future[object]
    result: object = None
    error: Exception | None = None
    topics: list[str] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    submitted: float = field(default_factory=time.perf_counter)
    begun: float = 0.0


class SqliteStore(Store):
    """The state in one file, used by this process alone."""

    shared = False

    def __init__(self, engine: Engine, lock: LockFile) -> None:
        super().__init__()
        self._engine = engine
        self._lock = lock
        self._reader = engine.connect()
        self._reader_driver = _driver(self._reader)
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._write_loop, name="store-writer", daemon=True)
        self._thread.start()

    @classmethod
    def open_url(cls, url: URL) -> SqliteStore:
        """Opens the file that `url` names. Errors: StoreError."""
        path = Path(url.database or "")
        trouble.check_file(path)
        lock = LockFile.acquire(path)
        engine = create_engine(url, pool_size=4, connect_args={"check_same_thread": False, "isolation_level": None})
        event.listen(engine, "connect", _configure)
        try:
            with engine.connect() as connection:
                trouble.check_content(connection, path)
                _upgrade(connection, path)
            return cls(engine, lock)
        except DBAPIError as error:
            engine.dispose()
            lock.release()
            raise trouble.at_start(error, path) from error
        except BaseException:
            engine.dispose()
            lock.release()
            raise

    @property
    def waiting(self) -> int:
        """Calls that the writer has not taken yet."""
        return self._calls.qsize()

    def read_now(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn` here and now."""
        if self._closed:
            raise Unavailable("The server is shutting down.")
        begun = time.perf_counter()
        self._reader_driver.execute("BEGIN")
        try:
            return fn(self._reader, *args, **kwargs)
        except DBAPIError as error:
            raise trouble.while_running(error) from error
        finally:
            if self._reader_driver.in_transaction:
                self._reader_driver.execute("COMMIT")
            if self.watch is not None:
                self.watch.called("read", 0.0, time.perf_counter() - begun)

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn` on a view of its own."""
        return self.read_now(fn, *args, **kwargs)

    async def read_aside(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn` in a thread, on a connection of its own."""

        def run() -> T:
            with self._engine.connect() as connection:
                driver = _driver(connection)
                driver.execute("BEGIN")
                try:
                    return fn(connection, *args, **kwargs)
                except DBAPIError as error:
                    raise trouble.while_running(error) from error
                finally:
                    if driver.in_transaction:
                        driver.execute("ROLLBACK")

        if self._closed:
            raise Unavailable("The server is shutting down.")
        return await asyncio.to_thread(run)

    async def write_alone(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn` like any other: there is one writer."""
        return await self.write(fn, *args, **kwargs)

    async def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn`; its effects are on disk on return."""
        with audit.claim() as recorded:
            run = recorded(lambda connection: fn(connection, *args, **kwargs))
            return await self._submit(Durability.FULL, run)

    async def write_weak(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn`; its effects survive the death of this process."""
        return await self._submit(Durability.WEAK, lambda connection: fn(connection, *args, **kwargs))

    async def _submit(self, durability: Durability, run: Callable[[Connection], T]) -> T:
        if self._closed:
            raise Unavailable("The server is shutting down.")
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._calls.put(_Call(run, durability, answer))
        return cast("T", await answer)

    async def close(self) -> None:
        """Ends what runs, then gives the database free."""
        if self._closed:
            return
        self._closed = True
        self._calls.put(None)
        await asyncio.to_thread(self._thread.join)
        self._reader.close()
        self._engine.dispose()
        self._lock.release()

    def _write_loop(self) -> None:
        with self._engine.connect() as connection:
            driver = _driver(connection)
            while (first := self._calls.get()) is not None:
                batch, closing = self._drain(first)
                _run_batch(connection, driver, batch)
                self.commits += 1
                self._deliver(batch)
                if closing:
                    return

    def _drain(self, first: _Call) -> tuple[list[_Call], bool]:
        batch = [first]
        while len(batch) < BATCH_LIMIT:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                break
            if call is None:
                return batch, True
            batch.append(call)
        return batch, False

    def _deliver(self, batch: list[_Call]) -> None:
        loops = {call.answer.get_loop() for call in batch}
        for loop in loops:
            calls = [call for call in batch if call.answer.get_loop() is loop]
            try:
                loop.call_soon_threadsafe(self._answer, calls)
            except RuntimeError:
                log.warning("%d writes were committed after their event loop had ended", len(calls))

    def _answer(self, calls: list[_Call]) -> None:
        for call in calls:
            if call.answer.done():
                continue
            if call.error is not None:
                call.answer.set_exception(call.error)
            else:
                call.answer.set_result(call.result)
        done = [call for call in calls if call.error is None]
        self.announce([topic for call in done for topic in call.topics], [move for call in done for move in call.moves])
        if self.watch is not None:
            now = time.perf_counter()
            for call in calls:
                kind = "write" if call.durability is Durability.FULL else "write_weak"
                self.watch.called(kind, call.begun - call.submitted, now - call.submitted)


def _upgrade(connection: Connection, path: Path) -> None:
    if migrations.is_current(connection):
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        migrations.upgrade(connection, f"The state file {path}")
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _run_batch(connection: Connection, driver: _Driver, batch: list[_Call]) -> None:
    """Runs all calls in one transaction, each in its savepoint; a broken transaction fails all of them."""
    full = any(call.durability is Durability.FULL for call in batch)
    try:
        driver.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")
        driver.execute("BEGIN IMMEDIATE")
        for call in batch:
            _run_call(connection, driver, call)
        driver.execute("COMMIT")
    except (DBAPIError, sqlite3.Error) as error:
        if driver.in_transaction:
            driver.execute("ROLLBACK")
        failure = trouble.while_running(error)
        _log_failure(f"the store could not commit {len(batch)} writes", failure)
        for call in batch:
            call.error = call.error or failure


def _run_call(connection: Connection, driver: _Driver, call: _Call) -> None:
    topics, made = pending(connection), moves.pending(connection)
    topics.clear()
    made.clear()
    call.begun = time.perf_counter()
    driver.execute("SAVEPOINT one_call")
    try:
        call.result = call.run(connection)
        call.topics, call.moves = list(topics), list(made)
    except DBAPIError as error:
        if not driver.in_transaction:
            raise
        call.error = failure = trouble.while_running(error)
        _log_failure("a write failed in the database", failure)
    except DomainError as error:
        call.error = error
    except Exception as error:
        log.exception("a write failed")
        call.error = error
    if call.error is not None:
        driver.execute("ROLLBACK TO one_call")
    driver.execute("RELEASE one_call")


def _log_failure(what: str, failure: DomainError) -> None:
    """With a traceback only if the sentence does not name the cause, as it does for a full disk."""
    log.log(logging.ERROR, "%s: %s", what, failure, exc_info=type(failure) is DomainError)


def _driver(connection: Connection) -> _Driver:
    return cast("_Driver", connection.connection.driver_connection)


def _configure(driver: sqlite3.Connection, _record: object) -> None:
    driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    driver.execute("PRAGMA journal_mode=WAL")
    driver.execute("PRAGMA synchronous=FULL")
    driver.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    driver.execute("PRAGMA foreign_keys=ON")
    driver.execute("PRAGMA trusted_schema=OFF")
