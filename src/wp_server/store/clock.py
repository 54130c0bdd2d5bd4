"""What time it is, for everything that is stored: one clock for all replicas, the database's (server.md G6, §11.4)."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Connection

CLOCK = "wp_clock"
"""Name under which a connection carries the clock of its database."""


class Clock:
    """The clock of a database elsewhere; `offset` says by how many nanoseconds it is ahead of `time.monotonic_ns`.

    That counts on whatever somebody does to this machine's clock.
    """

    def __init__(self, offset: Callable[[], int]) -> None:
        self._offset = offset

    def now(self) -> int:
        """Returns nanoseconds since 1970."""
        return time.monotonic_ns() + self._offset()


def now(connection: Connection) -> int:
    """Returns nanoseconds since 1970 by the database's clock."""
    clock: Clock | None = connection.info.get(CLOCK)
    return time.time_ns() if clock is None else clock.now()
