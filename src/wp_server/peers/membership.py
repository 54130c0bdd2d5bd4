"""This server's place among the others: it renews its lease, and may hold the duties that only one may do."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from wp_server.errors import DomainError
from wp_server.jobs.deadlines import SWEEPING
from wp_server.store import Store, replicas

RENEW_SECONDS = 5.0
MARGIN_SECONDS = 2.0
"""We count a duty as lost this much before the others may take it."""

log = logging.getLogger(__name__)


class Membership:
    """One per server. `back` is called when the others had taken this server for dead."""

    def __init__(self, store: Store, address: str, version: str, back: Callable[[], None]) -> None:
        self._store = store
        self._address = address
        self._version = version
        self._back = back
        self._fence: int | None = None
        self._held_until = 0.0

    async def join(self) -> None:
        """Makes this server known. Errors: those of the store."""
        await self._renew()

    async def run(self) -> None:
        """Renews until cancelled."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self._renew()
            except DomainError as error:
                log.warning("this server could not tell the others that it lives: %s", error)

    async def leave(self) -> None:
        """Hands everything over at once; the streams of this server have ended."""
        self._fence = None
        try:
            await self._store.write(replicas.leave)
        except DomainError as error:
            log.warning("the others take over only when they miss this server: %s", error)

    def leads(self) -> int | None:
        """Returns the number of the sweeping duty while this server has it."""
        return self._fence if time.monotonic() < self._held_until else None

    async def _renew(self) -> None:
        began = time.monotonic()
        if await self._store.write(replicas.renew, self._address, self._version):
            self._back()
        self._fence = await self._store.write(replicas.hold, SWEEPING)
        self._held_until = began + replicas.LEASE / 1e9 - MARGIN_SECONDS
        if self._fence is not None and (dead := await self._store.write(replicas.bury_dead)):
            log.warning("%d servers are gone; what they had is free again", dead)
