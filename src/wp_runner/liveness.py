"""A TCP port that says "alive" by accepting connections, for platforms that look at nothing else."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Server(socketserver.TCPServer):
    allow_reuse_address = True

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), socketserver.BaseRequestHandler)


@contextmanager
def liveness(host: str, port: int) -> Iterator[int]:
    """Accept and close connections while the context lasts; yields the port. Raises `OSError`."""
    with _Server(host, port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.2,), name="liveness", daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
