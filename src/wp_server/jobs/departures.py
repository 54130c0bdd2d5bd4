"""What the end of a runner's stream means for its job and its registration, written even when nothing can be saved at
that moment (full disk): it is kept, and written as soon as the store saves again."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from sqlalchemy import Connection

from wp_server.errors import DomainError, ResourceExhausted, Unavailable
from wp_server.store import Store

P = ParamSpec("P")

RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


class Departures:
    """Run it as one task of the server."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owed: deque[Callable[[Connection], object]] = deque()

    async def write(
        self, step: Callable[Concatenate[Connection, P], object], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Write an idempotent step, now or later; done too when it is refused because somebody else was faster. It is
        written even when the caller is cancelled meanwhile."""
        await asyncio.shield(self._now_or_later(lambda connection: step(connection, *args, **kwargs)))

    async def run(self) -> None:
        """Write what is owed until cancelled."""
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            while self._owed and await self._settle(self._owed[0]):
                self._owed.popleft()

    async def _now_or_later(self, owed: Callable[[Connection], object]) -> None:
        if not await self._settle(owed):
            self._owed.append(owed)

    async def _settle(self, owed: Callable[[Connection], object]) -> bool:
        try:
            await self._store.write(owed)
        except (ResourceExhausted, Unavailable) as error:
            log.warning("the end of a stream is noted later: %s", error)
            return False
        except DomainError:
            return True
        return True
