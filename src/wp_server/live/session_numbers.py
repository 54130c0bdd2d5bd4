"""Indexes of exec sessions: they grow for the life of the store; entrypoints ignore one below their highest (G12)."""

from __future__ import annotations

import asyncio
import time

from wp_server.store import Store, settings

BLOCK = 600 * 1_000_000
"""Indexes that are allowed by one write: ten minutes' worth, as they follow the clock in microseconds."""


class SessionNumbers:
    """Microseconds since 1970, never below what was given out before, also if the clock went back over a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last = 0
        self._ceiling: int | None = None
        self._lock = asyncio.Lock()

    async def next(self) -> int:
        """Returns an index above all earlier ones, to callers in the order of their indexes."""
        async with self._lock:
            if self._store.shared:
                return await self._store.write(settings.take_exec_index, time.time_ns() // 1000)
            if self._ceiling is None:
                self._last = self._ceiling = await self._store.read(settings.exec_ceiling)
            index = max(self._last + 1, time.time_ns() // 1000)
            if index >= self._ceiling:
                await self._store.write(settings.raise_exec_ceiling, index + BLOCK)
                self._ceiling = index + BLOCK
            self._last = index
            return index
