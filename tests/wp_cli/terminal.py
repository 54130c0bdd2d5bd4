"""A terminal whose screen tests can read: a process on a pty, its bytes interpreted by pyte."""

from __future__ import annotations

import signal
import time
from types import TracebackType

import pexpect
import pyte

COLUMNS, LINES = 100, 30
DEADLINE = 60.0
POLL = 0.02


def let_go(child: pexpect.spawn) -> None:
    """Kill it if need be, and wait for its end. (It is given a tenth of a second to go where pexpect does this.)"""
    if child.isalive():
        child.kill(signal.SIGKILL)
        child.wait()
    child.close()


class Terminal:
    """Runs a command; `screen` are the lines one sees, `history` also those that have scrolled away."""

    def __init__(self, command: list[str], env: dict[str, str], cwd: str, columns: int = COLUMNS) -> None:
        self._screen = pyte.HistoryScreen(columns, LINES, history=10_000, ratio=1.0)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self.child = pexpect.spawn(
            command[0], command[1:], env=env | {"TERM": "xterm-256color"}, cwd=cwd, dimensions=(LINES, columns),
            echo=False,
        )  # fmt: skip
        self.child.delaybeforesend = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        let_go(self.child)

    def read(self) -> bool:
        """Take what the process has written; False at its end."""
        try:
            data = self.child.read_nonblocking(65536, timeout=POLL)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data)
        return True

    @property
    def screen(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    @property
    def history(self) -> str:
        width = self._screen.columns
        scrolled = ["".join(line[i].data for i in range(width)).rstrip() for line in self._screen.history.top]
        return "\n".join([*scrolled, *self.screen])

    @property
    def cursor_hidden(self) -> bool:
        return bool(self._screen.cursor.hidden)

    def wait_for(self, text: str) -> None:
        """Read until `text` is on the screen."""
        end = time.monotonic() + DEADLINE
        while text not in self.history:
            assert time.monotonic() < end, f"{text!r} did not appear in:\n{self.history}"
            if not self.read():
                assert text in self.history, f"{text!r} did not appear before the end in:\n{self.history}"

    def wait_gone(self, text: str) -> None:
        """Read until `text` has left the screen."""
        end = time.monotonic() + DEADLINE
        while any(text in line for line in self.screen):
            assert time.monotonic() < end, f"{text!r} is still on the screen:\n{self.history}"
            self.read()

    def finish(self, seconds: float = DEADLINE) -> int:
        """Read to the end; returns the exit code (128 + n for a signal)."""
        end = time.monotonic() + seconds
        while self.read():
            assert time.monotonic() < end, f"the process does not end:\n{self.history}"
        self.child.wait()  # it has let go of the terminal, which it does a moment before it ends
        self.child.close()
        return self.child.exitstatus if self.child.exitstatus is not None else 128 + (self.child.signalstatus or 0)

    def send(self, data: bytes) -> None:
        self.child.send(data)
