"""One address on which the gRPC API is served, always with TLS (ALPN h2)."""

from __future__ import annotations

from collections.abc import Iterable

import grpc

from wp_server.transport.certificates import LiveCertificate

MAX_REQUEST = 32 * 1024 * 1024
"""Bytes of one received message (server.md §1.10)."""
PING_INTERVAL = 30_000
"""Milliseconds between our pings on an idle connection: a vanished peer is noticed within 40 s."""
PING_TIMEOUT = 10_000
PEER_PING_INTERVAL = 10_000
"""Milliseconds; peers ping every 25 to 30 s, also without streams, and must not be sent away for it."""
HANDSHAKE_TIMEOUT = 20_000
"""Milliseconds until a connection must have its TLS and know that it is HTTP/2."""

_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", MAX_REQUEST),
    ("grpc.max_send_message_length", -1),
    ("grpc.server_handshake_timeout_ms", HANDSHAKE_TIMEOUT),
    ("grpc.keepalive_time_ms", PING_INTERVAL),
    ("grpc.keepalive_timeout_ms", PING_TIMEOUT),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", PEER_PING_INTERVAL),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", PEER_PING_INTERVAL),
)


class ListenError(Exception):
    """An address cannot be listened on; the message says which."""


class Listener:
    """Serves `handlers` on one address between `start` and `stop`."""

    def __init__(
        self,
        host: str,
        port: int,
        certificate: LiveCertificate | grpc.ServerCredentials,
        handlers: Iterable[grpc.GenericRpcHandler],
    ) -> None:
        self._server = grpc.aio.server(options=_OPTIONS)
        self._server.add_generic_rpc_handlers(tuple(handlers))
        credentials = certificate.credentials() if isinstance(certificate, LiveCertificate) else certificate
        bracketed = f"[{host}]" if ":" in host else host
        wanted = f"{bracketed or '[::]'}:{port}"
        try:
            self.port = self._server.add_secure_port(wanted, credentials)
        except RuntimeError as error:
            raise ListenError(
                f"Cannot listen on {wanted} (gRPC): the port is in use, or the address is not ours."
            ) from error
        self.address = f"{bracketed}:{self.port}"

    async def start(self) -> None:
        """Accepts connections from now on."""
        await self._server.start()

    async def stop(self, grace: float) -> None:
        """Accepts nothing new, lets running calls finish for `grace` seconds, then cuts them."""
        await self._server.stop(grace)
