"""Between a person's terminal and the application: a pseudo-terminal, so that colours, line editing and job control
work as without us while the output is shipped all the same (entrypoint-url.md A12.3)."""

from __future__ import annotations

import os
import termios
from fcntl import ioctl

from wp_entrypoint.stdio import PIECE, STDOUT, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from wp_entrypoint.loop import Loop
    from wp_entrypoint.process import FileActions
    from wp_entrypoint.stdio import Take

STDIN = 0
WINDOW_SIZE = bytes(8)


class Console:
    """The application's terminal, over all its restarts. Ours is in raw mode until restore()."""

    new_session = True

    def __init__(self) -> None:
        self._before: list[Any] = termios.tcgetattr(STDIN)
        self._master, self._slave = os.openpty()
        self._name = os.fsencode(os.ttyname(self._slave))
        termios.tcsetattr(self._slave, termios.TCSANOW, self._before)
        self.resize()
        self._on_drained: Callable[[], None] | None = None

    def file_actions(self) -> FileActions:
        """What makes a spawned application that leads a session of its own have this terminal."""
        return [
            (os.POSIX_SPAWN_OPEN, STDIN, self._name, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, STDIN, 1),
            (os.POSIX_SPAWN_DUP2, STDIN, 2),
        ]

    def start(self, _loop: Loop, take: Take, on_drained: Callable[[], None]) -> None:
        """Begin to pass bytes in both directions; as Output.start()."""
        from _thread import start_new_thread

        self._on_drained = on_drained
        self._make_raw()
        start_new_thread(self._pump_output, (take,))
        start_new_thread(self._pump_input, ())

    def close(self) -> None:
        """Nobody will be started on this terminal any more: it ends with the last process that has it open."""
        os.close(self._slave)

    def restore(self) -> None:
        """Put our terminal back as it was."""
        try:
            termios.tcsetattr(STDIN, termios.TCSADRAIN, self._before)
        except termios.error:
            return  # it has been hung up

    def resize(self) -> None:
        """Take over the size of our window; the kernel tells the application when it changed."""
        try:
            ioctl(self._master, termios.TIOCSWINSZ, ioctl(STDIN, termios.TIOCGWINSZ, WINDOW_SIZE))
        except OSError:
            return  # it has been hung up

    def _make_raw(self) -> None:
        raw = termios.tcgetattr(STDIN)
        raw[0] &= ~(termios.BRKINT | termios.ICRNL | termios.INPCK | termios.ISTRIP | termios.IXON | termios.INLCR)
        raw[1] &= ~termios.OPOST
        raw[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
        termios.tcsetattr(STDIN, termios.TCSADRAIN, raw)

    def _pump_output(self, take: Take) -> None:
        writable = True
        while True:
            try:
                data = os.read(self._master, PIECE)
            except OSError:
                break  # EIO: nobody has the terminal open
            writable = writable and write_all(STDOUT, data)
            take(STDOUT, data)
        if self._on_drained is not None:
            self._on_drained()

    def _pump_input(self) -> None:
        while True:
            try:
                data = os.read(STDIN, PIECE)
            except OSError:
                return
            if not data or not write_all(self._master, data):
                return


def is_interactive() -> bool:
    """Whether all three standard descriptors are a terminal in whose foreground we are."""
    try:
        return all(os.isatty(fd) for fd in (0, 1, 2)) and os.tcgetpgrp(STDIN) == os.getpgrp()
    except OSError:
        return False
