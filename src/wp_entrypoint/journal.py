"""The entrypoint's own log: one line each on standard error, and the more important ones to the server.

Never blocks: when standard error is not read, lines are left out there and their number is told later.
"""

from __future__ import annotations

import os
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    Sink = Callable[[int, str], None]

TRACE, DEBUG, INFO, WARN, ERROR = range(5)
NAMES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR")
MAX_HELD = 200
"""Lines kept for the server until it can be reached."""
STDERR = 2


class Journal:
    """Where the entrypoint speaks. Values of variables, tokens and input never go in here."""

    def __init__(self, level: int = INFO) -> None:
        self.level = level
        self.line_end = "\n"
        self._sink: Sink | None = None
        self._held: list[tuple[int, str]] = []
        self._unwritten = 0

    def attach(self, sink: Sink) -> None:
        """Give lines of INFO and above also to a sink (time in ns since the epoch, text), earlier ones included."""
        self._sink = sink
        held, self._held = self._held, []
        for moment, line in held:
            sink(moment, line)

    def debug(self, part: str, text: str) -> None:
        """For those who look for a fault."""
        self._say(DEBUG, part, text)

    def info(self, part: str, text: str) -> None:
        """What happens."""
        self._say(INFO, part, text)

    def warn(self, part: str, text: str) -> None:
        """What is not as it was asked for."""
        self._say(WARN, part, text)

    def error(self, part: str, text: str) -> None:
        """What does not work."""
        self._say(ERROR, part, text)

    def _say(self, level: int, part: str, text: str) -> None:
        if level < self.level and level < INFO:
            return
        moment = time.time_ns()
        text = text.replace("\n", " ")
        line = f"[{NAMES[level]}] entrypoint.{part}: {text}"
        if level >= INFO:
            if self._sink is not None:
                self._sink(moment, line)
            elif len(self._held) < MAX_HELD:
                self._held.append((moment, line))
        if level >= self.level:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment // 10**9))
            self._write(f"{stamp}.{moment // 10**6 % 1000:03d}Z {line}{self.line_end}")

    def _write(self, line: str) -> None:
        poll = select.poll()
        poll.register(STDERR, select.POLLOUT)
        events = poll.poll(0)
        if not events or events[0][1] & select.POLLNVAL:
            self._unwritten += 1
            return
        if self._unwritten:
            line = f"({self._unwritten} lines of the entrypoint's log were left out here)\n{line}"
            self._unwritten = 0
        try:
            os.write(STDERR, line.encode("utf-8", "backslashreplace")[:4096])
        except OSError:
            self._unwritten += 1
