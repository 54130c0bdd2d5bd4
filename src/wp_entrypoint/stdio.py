"""The application's standard output and error: passed on byte for byte, and a copy handed to the log shipper.

Each has a thread that reads from the application and writes to our own descriptor, where it may block: that is the
same back-pressure the application would feel without us, and it holds up nothing else.
"""

from __future__ import annotations

import os

from wp_entrypoint.loop import READ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from wp_entrypoint.loop import Loop
    from wp_entrypoint.process import FileActions

    Take = Callable[[int, bytes], None]

STDOUT = 1
STDERR = 2
PIECE = 64 * 1024


class Output:
    """Both pipes, over all restarts of the application."""

    new_session = False

    def __init__(self) -> None:
        self._pipes = {STDOUT: os.pipe(), STDERR: os.pipe()}
        self._open = set(self._pipes)
        self._buffers = {fd: bytearray(PIECE) for fd in self._pipes}
        self._deaf: set[int] = set()  # those of ours that nobody reads
        self._on_drained: Callable[[], None] | None = None

    def file_actions(self) -> FileActions:
        """What makes a spawned application write here."""
        return [(os.POSIX_SPAWN_DUP2, write, fd) for fd, (_, write) in self._pipes.items()]

    def start(self, loop: Loop, take: Take, on_drained: Callable[[], None]) -> None:
        """Begin to pump. take(fd, data) is called in the pumps' threads; on_drained, at their end (perhaps twice), when
        no process has either pipe open for writing any more."""
        from _thread import start_new_thread

        self._on_drained = on_drained
        for fd, (read, _) in self._pipes.items():
            try:
                start_new_thread(self._pump, (read, fd, take))
            except RuntimeError:
                # No further thread is allowed here. In the loop a full descriptor of ours holds up everything else, but
                # an application that nobody reads from would stand still.
                self._watch(loop, read, fd, take)

    def resize(self) -> None:
        """Pipes have no size."""

    def restore(self) -> None:
        """Pipes leave nothing to put back."""

    def close(self) -> None:
        """Nobody will be started with these pipes any more: their end comes when the last writer is gone."""
        for _, write in self._pipes.values():
            os.close(write)

    def _pump(self, read: int, fd: int, take: Take) -> None:
        while self._pass_on(read, fd, take):
            pass

    def _watch(self, loop: Loop, read: int, fd: int, take: Take) -> None:
        def readable(_events: int) -> None:
            if not self._pass_on(read, fd, take):
                loop.forget(read)

        loop.watch(read, READ, readable)

    def _pass_on(self, read: int, fd: int, take: Take) -> bool:
        """Move one piece; whether there may be more."""
        # Into one buffer, and a copy of what came: large pieces that shrink to their content leave holes in memory.
        buffer = self._buffers[fd]
        data = bytes(memoryview(buffer)[: os.readv(read, [buffer])])
        if data:
            if fd not in self._deaf and not write_all(fd, data):
                self._deaf.add(fd)
            take(fd, data)
            return True
        self._open.discard(fd)
        if not self._open and self._on_drained is not None:
            self._on_drained()
        return False


def write_all(fd: int, data: bytes) -> bool:
    """Write to a descriptor that may block; whether it still takes anything, which it does not when it is closed or its
    reader has gone."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            _await_writable(fd)
        except OSError:
            return False
    return True


def _await_writable(fd: int) -> None:
    """Somebody else made the descriptor non-blocking; it is theirs, so wait instead of changing it."""
    import select

    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    poll.poll()
