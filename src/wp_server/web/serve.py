"""Runs the router on a socket, by uvicorn, in the server's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import h11
import uvicorn
import wsproto  # noqa: F401  # uvicorn imports it by its name; the artifacts hold what is imported here
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from wp_server.settings import split_address
from wp_server.transport.certificates import LiveCertificate
from wp_server.transport.listener import ListenError

IDLE_TIMEOUT = 120
"""Seconds an unused connection stays open (server.md §1.7)."""
HEAD_TIMEOUT = 5.0
"""Seconds in which the head of a request must have arrived (server.md §1.7)."""
SHUTDOWN_TIMEOUT = 2
"""Seconds that running requests get when the server stops."""
PING_INTERVAL = 20.0
"""Seconds between pings of a websocket (server.md §6.7)."""
WEBSOCKET_MESSAGE = 4 * 1024 * 1024
"""Bytes of one message by websocket; what exec relays is smaller (`docs/server.md`, limits)."""


class HttpListener:
    """One HTTP address; TLS when a certificate is given."""

    def __init__(self, name: str, address: str, certificate: LiveCertificate | None) -> None:
        self._certificate = certificate
        self._socket = _bound(name, address)
        host, port = self._socket.getsockname()[:2]
        self.port: int = port
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._server: _Server | None = None

    async def serve(self, site: ASGIApp) -> None:
        """Serves until `stop`."""
        config = uvicorn.Config(
            site,
            http=_Protocol,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=IDLE_TIMEOUT,
            timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
            ws="wsproto",
            ws_max_size=WEBSOCKET_MESSAGE,
            ws_ping_interval=PING_INTERVAL,
            # No deadline: while a command reads nothing its client is not read either, and so the pong is not seen. A
            # client that vanished is noticed because the pings are not acknowledged.
            ws_ping_timeout=None,
            ws_per_message_deflate=False,
            ssl_certfile=str(self._certificate.current.chain_file) if self._certificate else None,
            ssl_keyfile=str(self._certificate.current.key_file) if self._certificate else None,
        )
        config.load()
        if self._certificate and config.ssl:
            context = config.ssl
            self._certificate.follow(lambda new: context.load_cert_chain(new.chain_file, new.key_file))
        self._server = _Server(config)
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        """Ends `serve` within `SHUTDOWN_TIMEOUT`; a listener that never served just gives its port back."""
        if self._server is None:
            self._socket.close()
        else:
            self._server.should_exit = True


class _Protocol(H11Protocol):
    """One connection. Who sends the head of a request too slowly, or nothing at first, is hung up on."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base
        """Begins to wait for the first request."""
        super().connection_made(transport)
        self._expect_head(True)

    def data_received(self, data: bytes) -> None:
        """Takes what came; the head of a request that has begun must be whole in time."""
        super().data_received(data)
        self._expect_head(self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits no more."""
        self._expect_head(False)
        super().connection_lost(exc)

    def _expect_head(self, expected: bool) -> None:
        if not expected and self._late is not None:
            self._late.cancel()
            self._late = None
        elif expected and self._late is None:
            self._late = self.loop.call_later(HEAD_TIMEOUT, self.transport.abort)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to the program."""
        yield


def _bound(name: str, address: str) -> socket.socket:
    host, port = split_address(address)
    family = socket.AF_INET6 if ":" in host or not host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=not host, backlog=2048)
    except OSError as error:
        raise ListenError(f"Cannot listen on {address} (-{name}): {error.strerror or error}.") from error
