"""ULIDs: ids that sort by the time they were made (server.md §0.1)."""

from __future__ import annotations

import secrets
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80
_LENGTH = 26


class _Source:
    """Makes every id larger than the one before, also within a millisecond and when the clock steps back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        fresh = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        with self._lock:
            self._last = fresh if fresh >> _RANDOM_BITS > self._last >> _RANDOM_BITS else self._last + 1
            return self._last


_source = _Source()


def new_id() -> str:
    """Returns a new ULID: 26 characters, upper case, larger than every one this process made before."""
    return _text(_source.next())


def first_id_of(moment: int) -> str:
    """Returns what no id is smaller than that was made at `moment` (nanoseconds since 1970) or later."""
    return _text((moment // 1_000_000) << _RANDOM_BITS)


def _text(number: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
