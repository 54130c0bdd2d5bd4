"""The two ways a command's input and output can be connected: three pipes, or a pseudo-terminal."""

from __future__ import annotations

import os

from wp_proto.entrypoint.messages import EntrypointExecRequestOutputChannel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.process import FileActions
    from wp_proto.entrypoint.messages import ExecStreamRequestPTY, ExecStreamRequestWindowSize

DEFAULT_ROWS = 24
DEFAULT_COLUMNS = 80


class Pipes:
    """Standard input, output and error, each a pipe of its own."""

    def __init__(self) -> None:
        self._theirs: list[int] = []
        self._readers: dict[int, int] = {}
        stdin, self._writer = os.pipe()
        self._theirs.append(stdin)
        for channel in (EntrypointExecRequestOutputChannel.STDOUT, EntrypointExecRequestOutputChannel.STDERR):
            read, write = os.pipe()
            self._readers[read] = channel
            self._theirs.append(write)
        for fd in self.open_fds():
            os.set_blocking(fd, False)

    def file_actions(self) -> FileActions:
        """What connects a spawned command."""
        return [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(self._theirs)]

    def started(self) -> None:
        """The command has its ends."""
        for fd in self._theirs:
            os.close(fd)
        self._theirs = []

    def readers(self) -> dict[int, int]:
        """Descriptors to read output from, and the channel of each."""
        return self._readers

    def writer(self) -> int | None:
        """The descriptor for input, or None when there is no input any more."""
        return self._writer if self._writer >= 0 else None

    def wrote(self, data: memoryview) -> None:
        """Input went out."""

    def ended(self, fd: int) -> None:
        """No more output from this one."""
        del self._readers[fd]
        os.close(fd)

    def end_input(self) -> None:
        """The command shall see the end of its input."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1

    def open_fds(self) -> list[int]:
        """Our descriptors."""
        return [*self._readers, *([self._writer] if self._writer >= 0 else [])]

    def close(self) -> None:
        """Let go of everything."""
        self.started()
        self.end_input()
        for fd in list(self._readers):
            self.ended(fd)


class Terminal:
    """A pseudo-terminal: one descriptor for both directions, all output on the channel of standard output."""

    def __init__(self, pty: ExecStreamRequestPTY) -> None:
        self._master, self._slave = os.openpty()
        self._name = os.ttyname(self._slave)
        os.set_blocking(self._master, False)
        self._line_is_empty = True
        self._input_ended = False
        if pty.window_size is not None:
            self.resize(pty.window_size)
        else:
            self._set_size(DEFAULT_ROWS, DEFAULT_COLUMNS, 0, 0)

    def file_actions(self) -> FileActions:
        """What connects a command that is spawned in a new session; the first open makes the terminal its own."""
        return [
            (os.POSIX_SPAWN_OPEN, 0, os.fsencode(self._name), os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ]

    def started(self) -> None:
        """The command has its end."""
        if self._slave >= 0:
            os.close(self._slave)
            self._slave = -1

    def readers(self) -> dict[int, int]:
        """The terminal, until nobody has it open any more."""
        return {self._master: EntrypointExecRequestOutputChannel.STDOUT} if self._master >= 0 else {}

    def writer(self) -> int | None:
        """The terminal, until the end of input."""
        return self._master if self._master >= 0 and not self._input_ended else None

    def wrote(self, data: memoryview) -> None:
        """Remember whether the line that is being typed is empty."""
        self._line_is_empty = bytes(data[-1:]) in (b"\n", b"\r", b"\x04")

    def ended(self, _fd: int) -> None:
        """The last process has closed the terminal."""
        os.close(self._master)
        self._master = -1

    def end_input(self) -> None:
        """Type end-of-file: once on an empty line, twice behind text, which the first one only submits."""
        if self._master < 0 or self._input_ended:
            return
        self._input_ended = True
        import termios

        try:
            letter = termios.tcgetattr(self._master)[6][termios.VEOF]
            os.write(self._master, letter if self._line_is_empty else letter * 2)
        except (OSError, termios.error):
            return  # the command is ending already

    def resize(self, size: ExecStreamRequestWindowSize) -> None:
        """The client's window has this size."""
        self._set_size(size.rows or DEFAULT_ROWS, size.cols or DEFAULT_COLUMNS, size.width, size.height)

    def _set_size(self, rows: int, columns: int, width: int, height: int) -> None:
        if self._master < 0:
            return
        import fcntl
        import struct
        import termios

        numbers = [max(0, min(number, 0xFFFF)) for number in (rows, columns, width, height)]
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", *numbers))

    def open_fds(self) -> list[int]:
        """Our descriptors."""
        return [self._master] if self._master >= 0 else []

    def close(self) -> None:
        """Let go of everything; what still runs on the terminal gets HUP from the kernel."""
        self.started()
        if self._master >= 0:
            self.ended(self._master)
