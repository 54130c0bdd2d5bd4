"""Cancellation and deadline of one operation, handed to every component function that asks for `Context`.

The host cancels from another thread; a function checks between its steps, waits with `ctx.wait` in place of
`time.sleep`, and registers with `ctx.on_cancel` what interrupts a blocking call (close a socket, kill a child).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wp_sdk.errors import Cancelled

log = logging.getLogger(__name__)


class Context:
    """Thread-safe.

    `deadline` is an absolute `time.monotonic()` value or None (the normal case: operations have no deadline).
    """

    def __init__(self, deadline: float | None = None, parent: Context | None = None) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._next = 0
        self._why = "the operation was cancelled"
        self.deadline = deadline
        if parent is not None:
            parent.add_callback(lambda: self.cancel(parent.why))

    @property
    def why(self) -> str:
        """Reason of the cancellation in words; only meaningful once cancelled."""
        return self._why

    def cancelled(self) -> bool:
        """True once the host asked to stop, or the deadline passed."""
        return self._event.is_set() or (self.deadline is not None and time.monotonic() >= self.deadline)

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` when the operation should stop; to be called between steps."""
        if self.cancelled():
            raise Cancelled(self._why if self._event.is_set() else "the operation ran out of time")

    def wait(self, seconds: float) -> None:
        """Sleep up to `seconds`; raises `Cancelled` as soon as the operation is cancelled.

        Use it in every polling loop.
        """
        if self.deadline is not None:
            seconds = min(seconds, max(0.0, self.deadline - time.monotonic()))
        self._event.wait(seconds)
        self.raise_if_cancelled()

    def remaining(self) -> float | None:
        """Seconds to the deadline (never negative), or None without one."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """While the block runs, `callback` is called once (from the cancelling thread, at once if already cancelled)
        on cancellation."""
        token = self.add_callback(callback)
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.pop(token, None)

    def add_callback(self, callback: Callable[[], None]) -> int:
        """Like `on_cancel` for the rest of the operation; returns a number without meaning to the caller."""
        with self._lock:
            self._next += 1
            token = self._next
            if not self._event.is_set():
                self._callbacks[token] = callback
                return token
        callback()
        return token

    def cancel(self, why: str = "the operation was cancelled") -> None:
        """Host side: ask the operation to stop. Idempotent."""
        with self._lock:
            if self._event.is_set():
                return
            self._why = why
            self._event.set()
            callbacks = list(self._callbacks.values())
            self._callbacks.clear()
        for callback in callbacks:
            try:
                callback()
            except Exception:
                log.exception("a function to be called on cancellation failed; the others are called")
