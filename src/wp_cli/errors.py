"""The one kind of error that people see, and the exit codes of the program (CLI specification 5.6, 5.7)."""

from __future__ import annotations

EXIT_OK = 0
EXIT_ERROR = 1
EXIT_NOT_FORMATTED = 3
EXIT_UNKNOWN_COMMAND = 127
EXIT_INTERRUPTED = 130


class CliError(Exception):
    """A failure to show to the user: one sentence that says what happened and where, then what to do about it.

    `details` are further lines printed indented below; `code` is the exit code of the program.
    """

    def __init__(self, message: str, *, do: str = "", details: tuple[str, ...] = (), code: int = EXIT_ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.do = do
        self.details = details
        self.code = code


class UsageProblem(CliError):
    """The command line itself is wrong; `command` is the full name of the command whose help would explain it."""

    def __init__(self, message: str, *, command: str = "", do: str = "") -> None:
        hint = f"waypoint {command} -h" if command else "waypoint -h"
        super().__init__(message, do=do or f"See `{hint}`.")
        self.command = command


class ConnectionProblem(CliError):
    """No usable connection to the server: unreachable, wrong certificate, wrong version."""


class Interrupted(CliError):
    """The user pressed Ctrl-C (or the process got SIGTERM) and what was running has been cancelled."""

    def __init__(self, message: str = "operation canceled", *, do: str = "") -> None:
        super().__init__(message, do=do, code=EXIT_INTERRUPTED)
