"""The identity of one start of the entrypoint, and chance."""

from __future__ import annotations

import os
import time

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> str:
    """A ULID: 26 characters, sortable by time in milliseconds, 80 random bits."""
    value = (time.time_ns() // 10**6 << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


def chance() -> float:
    """A number from 0 to below 1; `random` would cost 5 ms to import, at a moment when the application waits."""
    return int.from_bytes(os.urandom(4), "big") / 2**32
