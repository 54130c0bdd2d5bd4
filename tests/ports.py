"""Ports that are free, and stay so until a test listens on them."""

from __future__ import annotations

import contextlib
import secrets
import socket
from pathlib import Path

FIRST = 20_000


def free_port() -> int:
    """A free port, for TCP and UDP, to listen on later or again.

    It is none of those that the kernel gives to whoever asks for any port, or connects to somewhere, so nobody takes it
    by accident.
    """
    first_given = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert first_given > FIRST, "the kernel gives away every port"
    for _ in range(100):
        port = FIRST + secrets.randbelow(first_given - FIRST)
        with contextlib.suppress(OSError), socket.create_server(("", port)):
            with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
                datagrams.bind(("", port))
            return port
    raise AssertionError("no free port was found")
