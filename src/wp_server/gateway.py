"""The embedded server's second address, for containers: the Docker bridge, and nothing wider (never 0.0.0.0).

The bridge may come up after the server, go away, or get another address; listener and advertised address follow.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

import grpc

from wp_server import local
from wp_server.errors import DomainError
from wp_server.transport.certificates import LiveCertificate
from wp_server.transport.listener import Listener, ListenError

INTERVAL = 10.0
"""Seconds between two looks at the bridge."""

log = logging.getLogger(__name__)


class Gateway:
    """Listens on the bridge while there is one; `moved` is told the new address, empty without a bridge."""

    def __init__(
        self,
        certificate: LiveCertificate,
        handlers: Iterable[grpc.GenericRpcHandler],
        port: int,
        moved: Callable[[str], Awaitable[None]],
    ) -> None:
        self._certificate = certificate
        self._handlers = tuple(handlers)
        self._moved = moved
        self._listener: Listener | None = None
        self._host = ""
        self._over = False
        self.port = port
        self.address = ""

    async def run(self) -> None:
        """Follows the bridge until cancelled."""
        untold = False
        while True:
            await asyncio.sleep(INTERVAL)
            untold = await self.look() or untold
            if not untold:
                continue
            try:
                await self._moved(self.address)
                untold = False
            except (DomainError, OSError) as error:
                log.warning("the new address for containers is not announced yet: %s", error)

    async def look(self) -> bool:
        """Brings the listener in line with the bridge's present address; returns whether that had changed."""
        host = await asyncio.to_thread(local.bridge_address)
        if host == self._host or self._over:
            return False
        await self._end_listener(0)
        if self._over:
            return False
        self._host = host
        if host:
            await self._listen(host)
        return True

    async def stop(self, grace: float) -> None:
        """Ends the listener for good."""
        self._over = True
        await self._end_listener(grace)

    async def _end_listener(self, grace: float) -> None:
        listener, self._listener, self.address, self._host = self._listener, None, "", ""
        if listener is not None:
            await listener.stop(grace)

    async def _listen(self, host: str) -> None:
        for port in dict.fromkeys((self.port, 0)):
            try:
                self._listener = Listener(host, port, self._certificate, self._handlers)
            except ListenError as error:
                log.warning("containers cannot reach this server: %s", error)
                continue
            await self._listener.start()
            self.port, self.address = self._listener.port, self._listener.address
            return
