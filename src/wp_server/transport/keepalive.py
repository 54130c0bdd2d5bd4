"""Inline keepalives (server.md §1.6): a message of a reserved field that keeps idle streams alive through proxies.

Received ones are dropped by comparing raw bytes, before anything is decoded. Sent ones share the stream's write lock
with the handler. One ticker serves all streams, so that ten thousand idle streams do not need ten thousand timers.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

SIGNATURE = b"inline_keepalive"
MESSAGE = b"\x82\x90\xbc\xfd\x02\x10" + SIGNATURE
"""Field 100000000, length-delimited, 16 bytes."""
HEADER = "wp-inline-keepalives"
INTERVAL = 5.0
"""Seconds between two keepalives; peers treat 20 s of silence as a dead stream."""


class Ticker:
    """Sends keepalives on all joined streams, the first one when a stream joins."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._streams: set[Stream] = set()
        self._writes: set[asyncio.Task[None]] = set()

    def join(self, write: Callable[[bytes], Awaitable[None]], lock: asyncio.Lock) -> Stream:
        """Returns the stream's membership; call `leave` with it when the handler ends."""
        stream = Stream(write, lock)
        self._streams.add(stream)
        self._send(stream)
        return stream

    def leave(self, stream: Stream) -> None:
        """Stops keepalives on `stream`, also one that waits for the peer to read."""
        self._streams.discard(stream)
        if stream.writing is not None:
            stream.writing.cancel()

    async def run(self) -> None:
        """Ticks until cancelled."""
        while True:
            await asyncio.sleep(self._interval)
            for stream in tuple(self._streams):
                self._send(stream)

    def _send(self, stream: Stream) -> None:
        # A stream whose lock is held is being written to: its peer hears from us, or does not read at all.
        if stream.writing is None and not stream.lock.locked():
            stream.writing = asyncio.create_task(stream.send())
            self._writes.add(stream.writing)
            stream.writing.add_done_callback(self._writes.discard)


class Unwanted:
    """Connections that are told that we take no keepalives, because one would end a stream of theirs with an error.

    A Go client opens a stream, and asks with a second call whether it may send keepalives, while it sends already. With
    the answer it sends the first one, also when it has sent everything and closed its end; gRPC then fails the stream.
    A snapshot to restore is sent faster than we answer; other streams stay open.
    """

    RPCS = frozenset({"RestoreSnapshot"})

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def __contains__(self, peer: str) -> bool:
        return self._open[peer] > 0

    @contextmanager
    def during(self, rpc: str, peer: str) -> Iterator[None]:
        """Counts `peer` in while a stream of it is open."""
        if rpc not in self.RPCS:
            yield
            return
        self._open[peer] += 1
        try:
            yield
        finally:
            self._open[peer] -= 1
            if not self._open[peer]:
                del self._open[peer]


class Stream:
    """One response stream that wants keepalives."""

    def __init__(self, write: Callable[[bytes], Awaitable[None]], lock: asyncio.Lock) -> None:
        self.write = write
        self.lock = lock
        self.writing: asyncio.Task[None] | None = None

    async def send(self) -> None:
        """Writes one keepalive; a stream that ended meanwhile is not an error."""
        try:
            async with self.lock:
                await self.write(MESSAGE)
        except (asyncio.CancelledError, asyncio.InvalidStateError, RuntimeError):
            # grpc.aio reports a finished stream as either of these; its handler learns of the end by itself.
            return
        finally:
            self.writing = None
