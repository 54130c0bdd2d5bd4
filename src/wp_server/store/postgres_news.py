"""Changes between replicas: what one commits, the others hear by LISTEN/NOTIFY (server.md §11.4, G13).

One thread with a connection of its own tells and listens. Topics are told after their commit and together, so that the
lock that NOTIFY holds while it commits never stands in the way of a transaction. What nobody could tell is not lost:
after every break of the connection, on either side, everything counts as changed. A replica that was killed may have
committed what it never told: its connection held a lock, and when that is free the others count everything as changed.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import threading
import time
from collections.abc import Callable, Iterable

import psycopg
from psycopg import errors

from wp_server.store.changes import EVERYTHING

log = logging.getLogger(__name__)

CHANNEL = "waypoint"
PAYLOAD_BYTES = 7_000
"""PostgreSQL refuses 8 000 and more."""
LOOK_SECONDS = 5.0
"""How often a silent connection is asked whether it still lives, and which others do."""
LISTENING = 0x77706C73
"""First half of the advisory lock that a listening replica holds; the other half is made of its name."""
AGAIN_SECONDS = 0.5
"""Pause between two attempts to come back; as often caches hear that they know nothing for sure."""
CONNECT_SECONDS = 5


class News:
    """The thread. `heard` is called in it with topics; EVERYTHING stands for all of them."""

    def __init__(
        self, connect: Callable[[], psycopg.Connection], name: str, heard: Callable[[list[str]], None]
    ) -> None:
        self._connect = connect
        self._name = name
        self._heard = heard
        self._number = _number(name)
        self._others: set[int] = set()
        self._lock = threading.Lock()
        self._untold: dict[str, None] = {}
        self._closing = False
        self._pause = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self.clock_offset = 0
        """Nanoseconds by which the database's clock is ahead of `time.monotonic_ns`."""
        self.lost_since: float | None = None
        """`time.monotonic` of the break; None while the connection stands."""
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to listen; on return it does. Errors: psycopg.Error."""
        connection = self._join()
        self._thread = threading.Thread(target=self._run, args=(connection,), name="store-news", daemon=True)
        self._thread.start()

    def tell(self, topics: Iterable[str]) -> None:
        """Has the other replicas hear `topics`. Any thread."""
        with self._lock:
            self._untold.update(dict.fromkeys(topics))
        self._wake()

    def close(self) -> None:
        """Tells what is left, and ends."""
        self._closing = True
        self._pause.set()
        self._wake()
        if self._thread is not None:
            self._thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _wake(self) -> None:
        try:
            os.write(self._wake_write, b"x")
        except BlockingIOError:
            return  # there is a wake-up to be read already

    def _run(self, first: psycopg.Connection | None = None) -> None:
        connection = first
        while True:
            try:
                connection = connection or self._join()
                if self.lost_since is not None:
                    log.warning("the database is back after %.1f s", time.monotonic() - self.lost_since)
                    self.lost_since = None
                    self._heard([EVERYTHING])
                with connection:
                    self._follow(connection)
                return
            except psycopg.Error as error:
                connection = None
                if self.lost_since is None:
                    self.lost_since = time.monotonic()
                    log.warning("the database is gone, trying to reach it: %s", " ".join(str(error).split()))
                if self._closing:
                    return
                self._heard([EVERYTHING])
                self._pause.wait(AGAIN_SECONDS)

    def _join(self) -> psycopg.Connection:
        connection = self._connect()
        connection.execute(f"LISTEN {CHANNEL}")
        connection.execute("SELECT pg_advisory_lock_shared(%s, %s)", (LISTENING, self._number))
        self._measure_clock(connection)
        self._look(connection)
        # Those who do not know us yet would not miss us.
        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, json.dumps([self._name, []])))
        return connection

    def _follow(self, connection: psycopg.Connection) -> None:
        with selectors.DefaultSelector() as watched:  # select() knows no file of a number above 1023
            for file in (connection.fileno(), self._wake_read):
                watched.register(file, selectors.EVENT_READ)
            self._follow_on(connection, watched)

    def _follow_on(self, connection: psycopg.Connection, watched: selectors.BaseSelector) -> None:
        look = time.monotonic() + LOOK_SECONDS
        while True:
            self._tell_now(connection)
            if self._closing:
                return
            pause = max(0.0, look - time.monotonic())
            readable = {key.fd for key, _ in watched.select(pause)}
            if self._wake_read in readable:
                os.read(self._wake_read, 4096)
            if connection.fileno() in readable:
                for notice in connection.notifies(timeout=0):
                    self._receive(notice.payload)
            if time.monotonic() >= look:
                self._measure_clock(connection)
                self._look(connection)
                look = time.monotonic() + LOOK_SECONDS

    def _tell_now(self, connection: psycopg.Connection) -> None:
        with self._lock:
            topics, self._untold = self._untold, {}
        try:
            for payload in _payloads(self._name, topics):
                connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
        except psycopg.Error:
            with self._lock:
                self._untold = topics | self._untold
            raise

    def _receive(self, payload: str) -> None:
        sender, topics = json.loads(payload)
        if sender != self._name:
            self._others.add(_number(sender))
            if topics:
                self._heard(topics)

    def _look(self, connection: psycopg.Connection) -> None:
        """Misses replicas that listened and do not any more."""
        query = (
            "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        listening = {row[0] for row in connection.execute(query, (LISTENING,))} - {self._number}
        gone, self._others = self._others - listening, listening
        if gone:
            log.info("%d other servers do not listen any more; what they changed last counts as unheard", len(gone))
            self._heard([EVERYTHING])

    def _measure_clock(self, connection: psycopg.Connection) -> None:
        before = time.monotonic_ns()
        row = connection.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").fetchone()
        if row is None:
            raise errors.NoData("the database did not say what time it is")
        self.clock_offset = row[0] * 1000 - (before + time.monotonic_ns()) // 2


def _number(name: str) -> int:
    return int(name[:7], 16)


def _payloads(name: str, topics: Iterable[str]) -> Iterable[str]:
    chunk: list[str] = []
    size = 0
    for topic in topics:
        length = len(json.dumps(topic).encode()) + 2
        if chunk and size + length > PAYLOAD_BYTES:
            yield json.dumps([name, chunk])
            chunk, size = [], 0
        chunk.append(topic if length <= PAYLOAD_BYTES else EVERYTHING)
        size += min(length, PAYLOAD_BYTES)
    if chunk:
        yield json.dumps([name, chunk])
