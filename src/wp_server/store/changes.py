"""Who wants to know that something changed: topics, announced after the commit, keys only (server.md G13).

A SQL function names topics with `changed(connection, ...)`. The writer publishes them once its transaction is on disk;
receivers read again, in this process and in all other replicas. A subscription coalesces: any number of changes between
two waits is one wake-up.

Topics in use: `auth`, `standing`, `projects`, `project/<key>`, `config`, `config/<project key>`, `config/*`, `server`,
`jobs`, `job/<id>`, `output/<job id>`, `claimable`, `runners`, `runner/<id>`, `deployments`, `deployment/<id>`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from types import TracebackType
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

_PENDING = "wp_changed_topics"
EVERYTHING = "*"
"""Topic that stands for all of them."""


def changed(connection: Connection, *topics: str) -> None:
    """Marks `topics` as changed by the running transaction; they are published only if it commits."""
    connection.info.setdefault(_PENDING, []).extend(topics)


def pending(connection: Connection) -> list[str]:
    """Returns the live list of topics that the running transaction has marked."""
    topics: list[str] = connection.info.setdefault(_PENDING, [])
    return topics


class Subscription:
    """A waiter for topics. Use as a context manager; subscribe first, then read, then wait."""

    def __init__(self, bus: Changes, topics: Iterable[str]) -> None:
        self._bus = bus
        self._topics = frozenset(topics)
        self._seen: set[str] = set()
        self._event = asyncio.Event()

    def __enter__(self) -> Subscription:
        self._bus._join(self, self._topics)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bus._leave(self, self._topics)

    def _wake(self, topic: str) -> None:
        self._seen.add(topic)
        self._event.set()

    async def wait(self, seconds: float | None = None) -> frozenset[str]:
        """Returns the topics that changed since the last call; empty when `seconds` passed without a change."""
        if not self._event.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._event.wait()
            except TimeoutError:
                return frozenset()
        self._event.clear()
        seen, self._seen = frozenset(self._seen), set()
        return seen

    async def wait_beside(self, other: asyncio.Future[T], seconds: float | None = None) -> frozenset[str]:
        """Like `wait`, and also returns (empty) as soon as `other` is done."""
        waiting = asyncio.ensure_future(self.wait(seconds))
        both: tuple[asyncio.Future[Any], ...] = (waiting, other)
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            return waiting.result() if waiting.done() else frozenset()
        finally:
            waiting.cancel()


class Changes:
    """The bus of one process. Publishing and waiting happen in the server's event loop."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._versions: defaultdict[str, int] = defaultdict(int)

    def subscribe(self, topics: str | Iterable[str]) -> Subscription:
        """Returns a waiter for `topics` (one, or several)."""
        return Subscription(self, (topics,) if isinstance(topics, str) else topics)

    def version(self, topic: str) -> int:
        """Returns how often `topic` was published in this process; caches compare it instead of subscribing.

        Only topics without a key (`auth`, `config`, ...) are counted, so that the table does not grow with the records.
        """
        return self._versions[topic]

    def publish(self, topics: Iterable[str]) -> None:
        """Wakes every subscriber of `topics`. Call it in the loop, after the commit."""
        names = dict.fromkeys(topics)
        if EVERYTHING in names:
            # What changed is not known, as after a lost connection to other replicas.
            names = dict.fromkeys((*self._waiting, *self._versions))
        for topic in names:
            if "/" not in topic:
                self._versions[topic] += 1
            for subscription in tuple(self._waiting.get(topic, ())):
                subscription._wake(topic)

    def _join(self, subscription: Subscription, topics: frozenset[str]) -> None:
        for topic in topics:
            self._waiting[topic].add(subscription)

    def _leave(self, subscription: Subscription, topics: frozenset[str]) -> None:
        for topic in topics:
            waiting = self._waiting[topic]
            waiting.discard(subscription)
            if not waiting:
                del self._waiting[topic]
