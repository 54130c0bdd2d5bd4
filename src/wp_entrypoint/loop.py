"""A small event loop on poll(2): file descriptors, timers, signals, and calls from other threads.

Written for one process that must be running its application some tens of milliseconds after its start, so it imports
nothing but what the interpreter has in itself.
"""

from __future__ import annotations

import os
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from typing import Callable
else:
    import _signal  # without the enums of `signal`, which take 3 ms to make

READ = select.POLLIN | select.POLLPRI
WRITE = select.POLLOUT
CLOSED = select.POLLERR | select.POLLHUP | select.POLLNVAL

now = time.monotonic


class Timer:
    """A call at a time; cancel() takes it back."""

    __slots__ = ("call", "when")

    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Take the call back; harmless when it has been made."""
        self.call = None


class Loop:
    """Everything runs in the thread that calls run(); only wake() may be called from others."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._watched: dict[int, Callable[[int], None]] = {}
        self._timers: list[Timer] = []
        self._signals: list[int] = []
        self._on_signal: Callable[[int], None] | None = None
        self._woken: list[Callable[[], None]] = []
        self._stopped = False
        self.on_error: Callable[[Exception], None] | None = None
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self.watch(self._wake_read, READ, self._drain_wakes)

    def watch(self, fd: int, events: int, call: Callable[[int], None]) -> None:
        """Call with the poll events whenever the descriptor has one of them; replaces an earlier watch."""
        if fd in self._watched:
            self._poll.modify(fd, events)
        else:
            self._poll.register(fd, events)
        self._watched[fd] = call

    def forget(self, fd: int) -> None:
        """Stop watching a descriptor; harmless when it is not watched. Do this before closing it."""
        if self._watched.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call once, this much later."""
        timer = Timer(now() + seconds, call)
        self._timers.append(timer)
        return timer

    def wake(self, call: Callable[[], None]) -> None:
        """Have the loop's thread make this call soon. Safe from every thread."""
        self._woken.append(call)
        self._poke()

    def on_signal(self, numbers: list[int], call: Callable[[int], None]) -> None:
        """Handle these signals in the loop, one call each, in the order of arrival."""
        self._on_signal = call
        _signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in numbers:
            _signal.signal(number, self._note_signal)

    def stop(self) -> None:
        """Let run() return after the current turn."""
        self._stopped = True

    def run(self) -> None:
        """Turn until stop()."""
        self._stopped = False
        while not self._stopped:
            self.turn()

    def turn(self) -> None:
        """Wait for something to happen, and handle it. A fault of ours in one handler goes to on_error and stops no
        other: an application must not end because of its entrypoint."""
        for fd, events in self._poll.poll(self._patience()):
            watcher = self._watched.get(fd)
            if watcher is not None and not self._guard(watcher, events):
                self.forget(fd)  # or the same fault would come again at once
        while self._signals and self._on_signal is not None:
            self._guard(self._on_signal, self._signals.pop(0))
        while self._woken:
            self._guard(self._woken.pop(0))
        self._run_timers()

    def _guard(self, call: Callable[..., None], *arguments: int) -> bool:
        """Make a call; whether it went well."""
        try:
            call(*arguments)
        except Exception as error:
            if self.on_error is None:
                raise
            self.on_error(error)
            return False
        return True

    def _patience(self) -> int | None:
        """Milliseconds to the next timer; None is for ever."""
        if self._signals or self._woken:
            return 0
        self._timers = [timer for timer in self._timers if timer.call is not None]
        if not self._timers:
            return None
        return max(0, int((min(timer.when for timer in self._timers) - now()) * 1000) + 1)

    def _run_timers(self) -> None:
        moment = now()
        due = sorted((timer for timer in self._timers if timer.when <= moment), key=lambda timer: timer.when)
        if not due:
            return
        self._timers = [timer for timer in self._timers if timer.when > moment]
        for timer in due:
            if timer.call is not None:
                call, timer.call = timer.call, None
                self._guard(call)

    def _note_signal(self, number: int, _frame: object) -> None:
        self._signals.append(number)

    def _poke(self) -> None:
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:
            return  # the pipe is full of wakes already

    def _drain_wakes(self, _events: int) -> None:
        while True:
            try:
                if len(os.read(self._wake_read, 512)) < 512:
                    return
            except BlockingIOError:
                return
