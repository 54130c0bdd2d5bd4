"""A bounded pipe between two streams: the writer waits while the reader is behind, so memory stays small."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

LIMIT = 64 * 1024
"""Bytes that wait in one direction before the sender is held back (server.md §6.5)."""


class ChannelClosed(Exception):
    """The other side left."""


class Channel(Generic[T]):
    """One writer, one reader. What was put before `close` is still delivered."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._items: deque[tuple[T, int]] = deque()
        self._size = 0
        self._closed = False
        self._changed = asyncio.Event()

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken."""
        return self._closed

    async def put(self, item: T, size: int) -> None:
        """Adds `item`, waiting for room for its `size` bytes. Errors: ChannelClosed."""
        while not self._closed and self._size >= self._limit:
            self._changed.clear()
            await self._changed.wait()
        self.force(item, size)

    def force(self, item: T, size: int = 0) -> None:
        """Adds `item` without waiting; for the one last message of a stream. Errors: ChannelClosed."""
        if self._closed:
            raise ChannelClosed
        self._items.append((item, size))
        self._size += size
        self._changed.set()

    async def get(self) -> T | None:
        """Returns the next item; None once the channel is closed and empty."""
        while not self._items:
            if self._closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        item, size = self._items.popleft()
        self._size -= size
        self._changed.set()
        return item

    def close(self) -> None:
        """Takes nothing more; the reader gets what is left, then None. Closing twice is fine."""
        self._closed = True
        self._changed.set()
