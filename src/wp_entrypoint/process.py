"""Starting programs and hearing of their end: look-up by PATH, spawning, and the one place that waits for children."""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from typing import Any, Callable

    from wp_entrypoint.settings import Environment

    FileAction = tuple[Any, ...]
    FileActions = list[FileAction]
else:
    import _signal  # without the enums of `signal`, which take 3 ms to make

NOT_FOUND = 127
NOT_EXECUTABLE = 126
DEFAULT_PATH = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

CHANGED_BY_PYTHON = tuple(getattr(_signal, name) for name in ("SIGPIPE", "SIGXFSZ", "SIGXFZ") if hasattr(_signal, name))
"""Signals the interpreter ignores at its start; a program that is spawned must have them at their default."""

TERMINAL_SIGNALS = (
    _signal.SIGHUP, _signal.SIGINT, _signal.SIGQUIT, _signal.SIGTSTP, _signal.SIGTTIN, _signal.SIGTTOU,
)  # fmt: skip
"""What a terminal sends. A shell ignores some of them for what it starts in the background; we may be started so."""


def restore_signals() -> None:
    """Undo in this process what the interpreter did at its start."""
    for number in CHANGED_BY_PYTHON:
        _signal.signal(number, _signal.SIG_DFL)


class CannotStart(Exception):
    """A program cannot be started; status is what a shell would exit with (126 or 127)."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def resolve(command: bytes, path: bytes | None) -> bytes:
    """The file that a command names, searched in a PATH as execvp does. Raises CannotStart."""
    name = os.fsdecode(command)
    if b"/" in command:
        _check(command, name)
        return command
    found: CannotStart | None = None
    for folder in (DEFAULT_PATH if path is None else path).split(b":"):
        candidate = os.path.join(folder or b".", command)
        try:
            _check(candidate, name)
        except CannotStart as error:
            if found is None or error.status == NOT_EXECUTABLE:
                found = error
            continue
        return candidate
    if found is not None and found.status == NOT_EXECUTABLE:
        raise found
    raise CannotStart(NOT_FOUND, f"{name}: command not found")


def _check(candidate: bytes, name: str) -> None:
    try:
        is_folder = os.stat(candidate).st_mode & 0o170000 == 0o040000
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise CannotStart(NOT_FOUND, f"{name}: no such file") from None
        raise CannotStart(NOT_EXECUTABLE, f"{name}: {error.strerror}") from None
    if is_folder:
        raise CannotStart(NOT_EXECUTABLE, f"{name}: is a directory")
    if not os.access(candidate, os.X_OK):
        raise CannotStart(NOT_EXECUTABLE, f"{name}: permission denied")


def failure(error: OSError, command: bytes) -> CannotStart:
    """What a failed exec means."""
    status = NOT_FOUND if error.errno in (errno.ENOENT, errno.ENOTDIR) else NOT_EXECUTABLE
    return CannotStart(status, f"{os.fsdecode(command)}: {error.strerror}")


def spawn(
    program: bytes,
    argv: list[bytes],
    environment: Environment,
    file_actions: FileActions = (),  # type: ignore[assignment]
    new_session: bool = False,
    hears_terminal: bool = False,
) -> int:
    """Start a program in a process group (or session) of its own; returns its pid. Raises CannotStart.

    Descriptors of ours are closed on exec; signals have the dispositions that they had when we were started, except
    for a command that somebody waits for: it `hears_terminal`.
    """
    defaults = CHANGED_BY_PYTHON + (TERMINAL_SIGNALS if hears_terminal else ())
    keywords: dict[str, Any] = {"setsid": True} if new_session else {"setpgroup": 0}
    try:
        return os.posix_spawn(program, argv, environment, file_actions=file_actions, setsigdef=defaults, **keywords)
    except OSError as error:
        if error.errno == errno.E2BIG:
            raise
        raise failure(error, argv[0]) from error


class Reaper:
    """Waits for every child, ours and adopted ones, and tells who asked. Nothing else may call wait."""

    def __init__(self) -> None:
        self._owners: dict[int, Callable[[int], None]] = {}
        self.on_stop: Callable[[int, int], None] | None = None  # pid and signal of a child that was stopped

    def expect(self, pid: int, on_end: Callable[[int], None]) -> None:
        """Call on_end with the wait status when this child has ended."""
        self._owners[pid] = on_end

    def reap(self) -> None:
        """Collect everybody who has ended; to be called after SIGCHLD."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                return
            if not pid:
                return
            if os.WIFSTOPPED(status):
                if self.on_stop is not None:
                    self.on_stop(pid, os.WSTOPSIG(status))
                continue
            owner = self._owners.pop(pid, None)
            if owner is not None:
                owner(status)


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; whether there was anybody."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody is there who has changed his user
    return True
