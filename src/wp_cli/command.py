"""A command.

Its flags, its help, and the function that does it. The function takes the session and returns the exit code.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wp_cli.errors import UsageProblem
from wp_cli.flags import Flag, Parsed, parse
from wp_cli.standard_flags import CONNECTION_FLAGS, GLOBAL_FLAGS, OPERATION_FLAGS, WITHOUT_EFFECT

if TYPE_CHECKING:
    from wp_cli.session import Session

Run = Callable[["Session"], int]


class Command:
    """What the registry names. `words` is the least and the greatest number of positional words (None: any)."""

    def __init__(
        self, name: str, run: Run, help: str, *, flags: tuple[Flag[Any], ...] = (), arguments: str = "",
        words: tuple[int, int | None] = (0, 0), operation: bool | None = False, connection: bool = True,
        interspersed: bool = True, logs_itself: bool = False,
    ) -> None:  # fmt: skip
        """`arguments` is how help shows the positional words; `operation` and `connection` add those flag groups.

        With `operation=None` the flags of operations are taken, hidden and without effect.
        """
        self.name = name
        self.run = run
        self.help = help
        self.arguments = arguments
        self.word_limits = words
        self.interspersed = interspersed
        self.logs_itself = logs_itself
        of_operations = OPERATION_FLAGS if operation else WITHOUT_EFFECT if operation is None else ()
        shared = (*GLOBAL_FLAGS, *of_operations, *(CONNECTION_FLAGS if connection else ()))
        own = {name for flag in flags for name in flag.names}
        self.flags: tuple[Flag[Any], ...] = (*flags, *(flag for flag in shared if flag.name not in own))

    def parse(self, args: list[str]) -> Parsed:
        """Parse the words after the command's name; UsageProblem if they do not fit."""
        parsed = parse(self.flags, args, command=self.name, interspersed=self.interspersed)
        least, most = self.word_limits
        if len(parsed.words) < least:
            raise UsageProblem(f"`waypoint {self.name}` needs {self.arguments or 'an argument'}", command=self.name)
        if most is not None and len(parsed.words) > most:
            raise UsageProblem(
                f"unexpected argument {parsed.words[most]!r} for `waypoint {self.name}`", command=self.name
            )
        return parsed

    def invoke(self, args: list[str]) -> int:
        """Run the command in a session that is closed afterwards, whatever happened; returns the exit code."""
        from wp_cli.session import Session

        level = os.environ.get("WAYPOINT_LOG_LEVEL", "")
        if level and not self.logs_itself:
            from wp_cli.verbosity import configure

            configure(level)
        parsed = self.parse(args)
        if not self.logs_itself:
            terminate_like_interrupt()
        with Session(self.name, parsed) as session:
            for flag in self.flags:
                if flag in WITHOUT_EFFECT and session.given(flag):
                    session.screen.warn(f"-{flag.name} has no effect on `waypoint {self.name}`.")
            return self.run(session)


def terminate_like_interrupt() -> None:
    """Let SIGTERM end a command the way Ctrl-C does: with its cleanups, and exit code 130."""
    import signal

    signal.signal(signal.SIGTERM, signal.default_int_handler)
