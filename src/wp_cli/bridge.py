"""The way to servers whose TLS gRPC's library refuses.

It wants the server to agree on HTTP/2 by name (ALPN) and a certificate that names its host. The server of Go Waypoint
does neither unless it is given a certificate, and never the first (server specification 1.2). For such a server gRPC
speaks to a socket of ours, in a folder that only this user may enter, and a thread carries its bytes over TLS.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
import ssl
import tempfile
import threading
from pathlib import Path

CHUNK = 64 * 1024
PATH_LIMIT = 90
"""Bytes that the path of a socket may have everywhere."""

log = logging.getLogger(__name__)


class Bridge:
    """Carries connections to `target` over TLS to a server, each checked by `context` and, if given, `fingerprint`."""

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext, name: str, fingerprint: str) -> None:
        self._address, self._context, self._name, self._fingerprint = address, context, name, fingerprint
        short = len(tempfile.gettempdir().encode()) < PATH_LIMIT - 40
        self._folder = tempfile.TemporaryDirectory(prefix="waypoint-", dir=None if short else "/tmp")  # noqa: S108  # made private
        path = Path(self._folder.name, "grpc")
        self.target = f"unix:{path}"
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._carrying: set[asyncio.Task[None]] = set()
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="tls-bridge", daemon=True)
        self._thread.start()
        self._started.wait()

    def close(self) -> None:
        """End all connections and remove the socket."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._folder.cleanup()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        server = await asyncio.start_unix_server(self._accept, sock=self._socket)
        await self._stop.wait()
        server.close()  # and what it carries ends with the loop

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, thither = await asyncio.open_connection(
                *self._address, ssl=self._context, server_hostname=self._name
            )
        except OSError as error:
            log.debug("cannot reach %s:%d: %s", *self._address, error)
            writer.close()
            return
        try:
            certificate: bytes = thither.get_extra_info("ssl_object").getpeercert(True)
            if self._fingerprint and hashlib.sha256(certificate).hexdigest() != self._fingerprint:
                log.warning("%s:%d shows another certificate than the pinned one", *self._address)
                return
            pumps = {asyncio.create_task(pump(reader, thither)), asyncio.create_task(pump(there, writer))}
            _, going = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for task in going:
                task.cancel()
        finally:
            thither.close()
            writer.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes from one connection to another until either ends."""
    try:
        while piece := await reader.read(CHUNK):
            writer.write(piece)
            await writer.drain()
    except OSError as error:
        log.debug("a connection ended: %s", error)
