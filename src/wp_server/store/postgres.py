"""PostgreSQL, for several replicas: concurrent serializable transactions, repeated alone when they met another one.

SQL functions are written as if they were alone. Serializable isolation makes that true or fails the transaction; it is
then run once more behind a gate that lets nobody else write meanwhile, so that it succeeds however many meet at the
same rows. The gate is a table lock, taken before the transaction's view of the data is fixed: shared by everybody,
exclusive for a second attempt. `guarded` functions run in READ COMMITTED.

Transactions run in threads, each on its own connection. What they change is announced here after the commit, and to the
other replicas by `postgres_news`.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Concatenate, Generic, ParamSpec, TypeVar

import psycopg
import psycopg_binary  # noqa: F401  # psycopg finds it by itself; named here, so that the artifacts carry it
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from wp_server.errors import DomainError, Unavailable
from wp_server.store import audit, migrations, moves, patience, postgres_trouble
from wp_server.store.changes import pending
from wp_server.store.clock import CLOCK, Clock
from wp_server.store.engine import Durability, Store
from wp_server.store.isolation import is_guarded
from wp_server.store.moves import Move
from wp_server.store.postgres_news import CONNECT_SECONDS, News
from wp_server.store.postgres_trouble import OutcomeUnknownError
from wp_server.store.replica import REPLICA
from wp_server.store.trouble import StoreError

log = logging.getLogger(__name__)

CONNECTIONS = 12
"""Transactions of one replica that run at the same time."""
STATEMENT_SECONDS = 60
LOCK_SECONDS = 30
"""How long a transaction waits for another one before it gives up."""
OLDEST = 13
"""Oldest PostgreSQL that is known to do."""
MIGRATION_LOCK = 0x77617970
"""Advisory lock of whoever changes the schema."""
GATE = migrations.VERSION_TABLE
_UNLIMITED = "SET LOCAL statement_timeout TO 0"
AGAIN_SECONDS = 0.25
"""Pause between two attempts of a patient caller to reach the database."""

P = ParamSpec("P")
T = TypeVar("T")


class PostgresStore(Store):
    """The state in a PostgreSQL database, shared with other replicas."""

    shared = True
    look_seconds = 5.0

    def __init__(self, engine: Engine, connect: Callable[[], psycopg.Connection]) -> None:
        super().__init__()
        self.name = uuid.uuid4().hex
        self._engine = engine
        self._serial = engine.execution_options(isolation_level="SERIALIZABLE")
        self._guarded = engine.execution_options(isolation_level="READ COMMITTED")
        self._reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="store")
        self._loop = _loop()
        self._closed = False
        self._turns: set[_Turn] = set()
        self._news = News(connect, self.name, self._heard)
        clock = Clock(lambda: self._news.clock_offset)
        event.listen(engine, "connect", lambda _driver, record: record.info.update({CLOCK: clock, REPLICA: self.name}))

    @classmethod
    def open_url(cls, url: URL) -> PostgresStore:
        """Opens the database that `url` names. Errors: StoreError."""
        parameters = {
            "connect_timeout": str(CONNECT_SECONDS),
            "application_name": "waypoint-server",
            "keepalives_idle": "15",
            "keepalives_interval": "5",
            "keepalives_count": "3",
            "tcp_user_timeout": "30000",
            **url.query,
        }
        options = f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={LOCK_SECONDS}s -c timezone=UTC"
        parameters["options"] = f"{parameters.get('options', '')} {options}".strip()
        full = url.set(drivername="postgresql+psycopg", query=parameters)
        engine = create_engine(full, pool_size=CONNECTIONS + 1, max_overflow=0, pool_timeout=LOCK_SECONDS)
        _, arguments = engine.dialect.create_connect_args(full)
        store = cls(engine, partial(psycopg.connect, **arguments, autocommit=True))
        try:
            _prepare(engine, url)
            store._news.start()
        except DBAPIError as error:
            store._abandon()
            raise postgres_trouble.at_start(error, url) from error
        except psycopg.Error as error:
            store._abandon()
            raise StoreError(f"{postgres_trouble.place(url)} cannot be opened ({error}).") from error
        except BaseException:
            store._abandon()
            raise
        return store

    @property
    def waiting(self) -> int:
        """Calls that have no connection yet, or stand at the gate."""
        return sum(turn.begun is None for turn in tuple(self._turns))

    def trouble(self) -> str:
        """Returns whether the connection that hears of changes is down."""
        return "the database cannot be reached" if self._news.lost_since is not None else ""

    def read_now(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn` here and now."""
        self._enter()

        def run(turn: _Turn) -> T:
            return self._read(turn, lambda connection: fn(connection, *args, **kwargs))

        return self._timed(_Turn("read"), run)

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn` on a view of its own."""
        return await self._in_thread(
            "read", lambda turn: self._read(turn, lambda connection: fn(connection, *args, **kwargs))
        )

    async def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn`; its effects are on disk on return."""
        with audit.claim() as recorded:
            run = recorded(lambda connection: fn(connection, *args, **kwargs))
            return await self._submit(Durability.FULL, is_guarded(fn), run)

    async def read_aside(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn` without a time limit."""

        def run(connection: Connection) -> T:
            connection.exec_driver_sql(_UNLIMITED)
            return fn(connection, *args, **kwargs)

        return await self.read(run)

    async def write_alone(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn` behind the gate, without a time limit."""

        def run(connection: Connection) -> T:
            connection.exec_driver_sql(_UNLIMITED)
            return fn(connection, *args, **kwargs)

        with audit.claim() as recorded:
            whole = recorded(run)
            return await self._in_thread(
                "write", lambda turn: self._write(turn, Durability.FULL, guarded=False, run=whole, alone=True)
            )

    async def write_weak(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn`; its effects survive the death of this process."""
        return await self._submit(Durability.WEAK, is_guarded(fn), lambda connection: fn(connection, *args, **kwargs))

    async def close(self) -> None:
        """Ends what runs, then gives the database free."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._news.close)
        self._engine.dispose()

    def _abandon(self) -> None:
        self._closed = True
        self._threads.shutdown()
        self._news.close()
        self._engine.dispose()

    async def _submit(self, durability: Durability, guarded: bool, run: Callable[[Connection], T]) -> T:
        kind = "write" if durability is Durability.FULL else "write_weak"
        return await self._in_thread(kind, lambda turn: self._write(turn, durability, guarded, run))

    async def _in_thread(self, kind: str, work: Callable[[_Turn], T]) -> T:
        """Returns `work()`. Streams are patient: they try again for a while when the database cannot be reached."""
        self._enter()
        loop = asyncio.get_running_loop()
        end = time.monotonic() + patience.seconds()
        while True:
            turn = _Turn(kind)
            self._turns.add(turn)
            running = loop.run_in_executor(self._threads, self._timed, turn, work)
            running.add_done_callback(partial(self._done, turn))
            try:
                # A caller that goes away takes nothing back: what it began happens whole, and is announced.
                return await asyncio.shield(running)
            except OutcomeUnknownError:
                raise
            except Unavailable:
                if time.monotonic() >= end or self._closed:
                    raise
            await asyncio.sleep(AGAIN_SECONDS)

    def _done(self, turn: _Turn, _future: object) -> None:
        self._turns.discard(turn)

    def _timed(self, turn: _Turn, work: Callable[[_Turn], T]) -> T:
        try:
            return work(turn)
        finally:
            if self.watch is not None:
                now = time.perf_counter()
                self.watch.called(turn.kind, (turn.begun or now) - turn.submitted, now - turn.submitted)

    def _enter(self) -> None:
        if self._closed:
            raise Unavailable("The server is shutting down.")
        self._loop = self._loop or _loop()

    def _read(self, turn: _Turn, run: Callable[[Connection], T]) -> T:
        for again in (True, False):
            try:
                with self._reading.connect() as connection:
                    turn.begin()
                    return run(connection)
            except DBAPIError as error:
                if again and error.connection_invalidated:
                    continue  # a connection of the pool, from before the database started anew
                raise _refusal(error) from error
        raise AssertionError("the second attempt returns or raises")

    def _write(
        self,
        turn: _Turn,
        durability: Durability,
        guarded: bool,
        run: Callable[[Connection], T],
        alone: bool = False,
    ) -> T:
        for again in (True, True, False):
            attempt = _Attempt(turn, durability, alone, run)
            try:
                result, topics, made = attempt.on(self._guarded if guarded else self._serial)
            except DBAPIError as error:
                if attempt.committing and postgres_trouble.is_gone(error):
                    raise OutcomeUnknownError(
                        "The database went away while it was saving; look whether it was saved before you try again."
                    ) from error
                if again and (postgres_trouble.is_conflict(error) or error.connection_invalidated):
                    alone = alone or postgres_trouble.is_conflict(error)
                    if self.watch is not None:
                        self.watch.repeated()
                    continue
                raise _refusal(error) from error
            self.commits += 1
            self._news.tell(topics)
            self._in_loop(partial(self.announce, topics, made))
            return result
        raise AssertionError("the last attempt returns or raises")

    def _heard(self, topics: list[str]) -> None:
        self._in_loop(partial(self.changes.publish, topics))

    def _in_loop(self, publish: Callable[[], None]) -> None:
        if self._loop is None:
            return
        try:
            self._loop.call_soon_threadsafe(publish)
        except RuntimeError:
            log.debug("changes were heard after the event loop had ended")


@dataclass(eq=False)
class _Turn:
    """When a call came, and when it could begin: it had a connection, and was past the gate."""

    kind: str
    submitted: float = field(default_factory=time.perf_counter)
    begun: float | None = None

    def begin(self) -> None:
        if self.begun is None:
            self.begun = time.perf_counter()


class _Attempt(Generic[T]):
    """One transaction. `committing`: it got as far as the commit, so that a break leaves its outcome open."""

    def __init__(self, turn: _Turn, durability: Durability, alone: bool, run: Callable[[Connection], T]) -> None:
        self.committing = False
        self._turn = turn
        self._run = run
        self._first = f"LOCK TABLE {GATE} IN {'EXCLUSIVE' if alone else 'ROW SHARE'} MODE"
        if durability is Durability.WEAK:
            self._first += "; SET LOCAL synchronous_commit TO off"

    def on(self, engine: Engine) -> tuple[T, list[str], list[Move]]:
        with engine.connect() as connection:
            topics, made = pending(connection), moves.pending(connection)
            topics.clear()
            made.clear()
            connection.exec_driver_sql(self._first)
            self._turn.begin()
            result = self._run(connection)
            changed = list(dict.fromkeys(topics))
            self.committing = True
            noted = list(made)
            connection.commit()
            return result, changed, noted


def _loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _refusal(error: DBAPIError) -> DomainError:
    refusal = postgres_trouble.while_running(error)
    if type(refusal) is DomainError:
        log.error("the database refused: %s", error, exc_info=error)
    return refusal


def _prepare(engine: Engine, url: URL) -> None:
    """Brings the schema up to date, one replica at a time. Errors: StoreError, DBAPIError."""
    with engine.connect() as connection:
        version = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
        if version < OLDEST:
            raise StoreError(f"{postgres_trouble.place(url)} is PostgreSQL {version}; this server needs {OLDEST}.")
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if not migrations.is_current(connection):
            migrations.upgrade(connection, postgres_trouble.place(url))
            _order_by_bytes(connection)
        connection.commit()


def _order_by_bytes(connection: Connection) -> None:
    """Gives every text column the order of its bytes, so that lists are sorted as with the other engine."""
    columns = connection.execute(
        text(
            "SELECT quote_ident(table_name), quote_ident(column_name), data_type FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_catalog, table_schema, table_name)"
            " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
            " AND data_type IN ('character varying', 'text') AND collation_name IS DISTINCT FROM 'C'"
        )
    )
    for table, column, kind in columns.all():
        connection.execute(text(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind} COLLATE "C"'))
