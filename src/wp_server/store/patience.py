"""How long a caller waits for a database that cannot be reached (server.md §11.4): streams outlive a short outage."""

from __future__ import annotations

from contextvars import ContextVar

STREAM_SECONDS = 30.0

_seconds: ContextVar[float] = ContextVar("wp_store_patience", default=0.0)


def seconds() -> float:
    """Returns the patience of the running task; 0 = it hears UNAVAILABLE at once."""
    return _seconds.get()


def be_patient(seconds: float = STREAM_SECONDS) -> None:
    """Gives the running task, and those it starts, patience."""
    _seconds.set(seconds)
