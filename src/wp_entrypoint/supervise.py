"""The application as a child: start, signals, restarts, and an exit that looks like its own (entrypoint-url.md A11)."""

from __future__ import annotations

import os

from wp_entrypoint import loop as loops
from wp_entrypoint import process
from wp_entrypoint.instance import chance

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from typing import Callable

    from wp_entrypoint.journal import Journal
    from wp_entrypoint.loop import Loop, Timer
    from wp_entrypoint.process import FileActions, Reaper
    from wp_entrypoint.settings import Environment, Settings
else:
    import _signal  # without the enums of `signal`, which take 3 ms to make

WAITING, RUNNING, RESTARTING, ENDED = range(4)

KILL = _signal.SIGKILL
WINCH = _signal.SIGWINCH
STOPPING = (_signal.SIGTERM, _signal.SIGINT, _signal.SIGQUIT)
SETTLE = 0.5
"""Seconds without a further change before a new environment is acted on."""
SETTLE_LIMIT = 5.0
YOUNG = 1.0
"""Seconds after its start in which an application is not signalled about files."""
GROUP_CHECK = 0.02
"""Seconds between looks at a group whose leader has ended and whose rest is still ending."""

_NOT_FORWARDED = {
    getattr(_signal, name)
    for name in (
        "SIGKILL",
        "SIGSTOP",
        "SIGCHLD",
        "SIGCLD",
        "SIGPIPE",
        "SIGXFSZ",
        "SIGFPE",
        "SIGILL",
        "SIGSEGV",
        "SIGBUS",
        "SIGABRT",
        "SIGIOT",
        "SIGTRAP",
        "SIGSYS",
        "SIGSTKFLT",
    )
    if hasattr(_signal, name)
}


def handled_signals() -> list[int]:
    """The signals to take: all that can be passed on and that we were not told to ignore, and SIGCHLD."""
    numbers = [number for number in _signal.valid_signals() if number not in _NOT_FORWARDED]
    wanted = [number for number in numbers if _signal.getsignal(number) != _signal.SIG_IGN]
    return [int(number) for number in wanted] + [_signal.SIGCHLD]


class Supervisor:
    """One application, through all its restarts. on_start is called after each start, on_end once, with the wait
    status of the application that ended for good."""

    def __init__(
        self,
        loop: Loop,
        journal: Journal,
        reaper: Reaper,
        settings: Settings,
        program: bytes,
        argv: list[bytes],
        file_actions: FileActions,
        on_start: Callable[[], None],
        on_end: Callable[[int], None],
        new_session: bool = False,
    ) -> None:
        self._new_session = new_session
        self._loop = loop
        self._journal = journal
        self._reaper = reaper
        self._settings = settings
        self._program = program
        self._argv = argv
        self._file_actions = file_actions
        self._on_start = on_start
        self._on_end = on_end
        reaper.on_stop = self._child_stopped
        self._terminal = _Terminal(lend=not new_session)
        self._settle: Timer | None = None
        self._settle_by = 0.0
        self._kill: Timer | None = None
        self._wanted: Environment = {}
        self._exit_after_stop = False
        self.state = WAITING
        self.stopping = False
        self.environment: Environment = {}
        self.pid = 0
        self.started_at = 0.0

    # Start

    def start(self, environment: Environment) -> None:
        """Run the application. Raises CannotStart."""
        self.environment = environment
        while True:
            try:
                self.pid = process.spawn(
                    self._program, self._argv, self.environment, self._file_actions, new_session=self._new_session
                )
                break
            except OSError as error:
                self.environment = self._smaller(self.environment, error)
        self._wanted = environment
        self.state = RUNNING
        self.started_at = loops.now()
        self._reaper.expect(self.pid, self._ended)
        self._terminal.give(self.pid)
        self._on_start()

    def _smaller(self, environment: Environment, error: OSError) -> Environment:
        """The environment without its largest variable: arguments and environment together were too much to exec."""
        if not environment:
            raise process.failure(error, self._argv[0])
        largest = max(environment, key=lambda name: len(environment[name]))
        self._journal.error(
            "child",
            "arguments and environment are too large to start the application; "
            f"{os.fsdecode(largest)} ({len(environment[largest])} bytes) is left out",
        )
        return {name: value for name, value in environment.items() if name != largest}

    # Changes

    def reconfigure(self, environment: Environment) -> bool:
        """This environment is wanted: act on it when changes have settled, as WAYPOINT_CEB_RELOAD says. Returns whether
        it is another one than before."""
        if self.stopping or self.state not in (RUNNING, RESTARTING) or environment == self._wanted:
            return False
        self._wanted = environment
        if self.state == RESTARTING:
            return True  # the start that is under way takes the newest
        moment = loops.now()
        if self._settle is None:
            self._settle_by = moment + SETTLE_LIMIT
        else:
            self._settle.cancel()
        self._settle = self._loop.after(min(SETTLE, max(0.0, self._settle_by - moment)), self._settled)
        return True

    def files_changed(self, signal_name: str) -> None:
        """Files of the configuration changed and nothing else: send the signal that was asked for, if one was. An
        application that has only just been started read them already, and may not have its handler yet."""
        if not signal_name or self.stopping or self.state != RUNNING or loops.now() - self.started_at < YOUNG:
            return
        number = signal_number(signal_name)
        if number:
            process.signal_group(self.pid, number)
        else:
            self._journal.error("child", f"the files changed, but {signal_name!r} is no signal")

    def _settled(self) -> None:
        delay = self._splay()
        if delay:
            self._settle = self._loop.after(delay, self._act)
        else:
            self._act()

    def _splay(self) -> float:
        return self._settings.splay * chance() if self._settings.splay else 0.0

    def _act(self) -> None:
        self._settle = None
        if self.stopping or self.state != RUNNING or self._wanted == self.environment:
            return
        reload = self._settings.reload
        if reload == "never":
            self._journal.info("child", "the configuration has changed; WAYPOINT_CEB_RELOAD says not to act on it")
            return
        if reload.startswith("signal:"):
            number = signal_number(reload[len("signal:") :])
            if number:
                self._journal.info("child", "the configuration has changed; signalling the application")
                process.signal_group(self.pid, number)
                return
            self._journal.error("child", f"WAYPOINT_CEB_RELOAD names no signal: {reload}; restarting instead")
        self._exit_after_stop = reload == "exit"
        self._journal.info("child", "the configuration has changed; stopping the application")
        self.state = RESTARTING
        self._stop_group()

    def _stop_group(self) -> None:
        process.signal_group(self.pid, _signal.SIGTERM)
        process.signal_group(self.pid, _signal.SIGCONT)
        self._kill_later()

    def _kill_later(self) -> None:
        if self._kill is None:
            self._kill = self._loop.after(self._settings.kill_timeout, self._kill_group)

    def _kill_group(self) -> None:
        self._kill = None
        if process.signal_group(self.pid, _signal.SIGKILL):
            self._journal.warn("child", f"the application did not stop in {self._settings.kill_timeout:g}s; killed")

    # Signals

    def on_signal(self, number: int) -> None:
        """Pass a signal on to the application's group."""
        if number == _signal.SIGCHLD:
            self._reaper.reap()
            return
        if self.state == WAITING:
            if number in STOPPING:
                self.state = ENDED
                self._on_end(number)
            return
        if self.state == ENDED:
            return
        if number in STOPPING:
            self.stopping = True
            if self._settings.kill_timeout_given:
                self._kill_later()
        if number == _signal.SIGCONT:
            self._terminal.give(self.pid)
        process.signal_group(self.pid, number)
        if number in (_signal.SIGTSTP, _signal.SIGTTIN, _signal.SIGTTOU):
            os.kill(os.getpid(), _signal.SIGSTOP)

    def _child_stopped(self, pid: int, number: int) -> None:
        """The application was stopped from its terminal (Ctrl-Z): stop with it, so that the shell takes over; SIGCONT
        brings both back."""
        if pid == self.pid and number == _signal.SIGTSTP and self._terminal.take_back():
            os.kill(0, _signal.SIGSTOP)

    # End

    def _ended(self, status: int) -> None:
        if self.state != RESTARTING or self.stopping:
            self._over(status)
        else:
            self._await_group(status)

    def _await_group(self, status: int) -> None:
        """Start anew when the last process of the old group is gone: it may still hold the port."""
        if self.stopping:
            self._over(status)
        elif process.signal_group(self.pid, 0):
            self._loop.after(GROUP_CHECK, lambda: self._await_group(status))
        elif self._exit_after_stop:
            self._over(0)
        else:
            self._cancel_kill()
            try:
                self.start(self._wanted)
            except process.CannotStart as error:
                self._journal.error("child", f"the application cannot be started again: {error}")
                self._over(error.status << 8)

    def _over(self, status: int) -> None:
        self.state = ENDED
        self._cancel_kill()
        if self._settle is not None:
            self._settle.cancel()
        self._terminal.take_back()
        self._on_end(status)

    def _cancel_kill(self) -> None:
        if self._kill is not None:
            self._kill.cancel()
            self._kill = None


class _Terminal:
    """The controlling terminal's foreground, lent to the application's group while it runs."""

    def __init__(self, lend: bool) -> None:
        try:
            self._lent = lend and os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
        except OSError:
            self._lent = False

    def give(self, group: int) -> None:
        if self._lent and self._is_ours():
            self._set(group)
            process.signal_group(group, _signal.SIGCONT)  # it may have been stopped for reading a moment too early

    def take_back(self) -> bool:
        if self._lent:
            self._set(os.getpgrp())
        return self._lent

    def _is_ours(self) -> bool:
        try:
            return os.tcgetpgrp(0) == os.getpgrp()
        except OSError:
            return False

    def _set(self, group: int) -> None:
        previous = _signal.signal(_signal.SIGTTOU, _signal.SIG_IGN)
        try:
            os.tcsetpgrp(0, group)
        except OSError:
            self._lent = False
        finally:
            _signal.signal(_signal.SIGTTOU, previous)


def signal_number(name: str) -> int:
    """The number of `USR2`, `sigusr2`, `SIGUSR2` or `12`; 0 when there is no such signal."""
    name = name.strip().upper()
    if name.isdigit():
        number = int(name)
        return number if 0 < number < _signal.NSIG else 0
    if not name.startswith("SIG"):
        name = "SIG" + name
    number = getattr(_signal, name, 0)
    return number if isinstance(number, int) and not name.startswith("SIG_") else 0


def exit_like(status: int) -> None:
    """End this process as its child ended: with its exit status, or by its signal where a parent can see that."""
    if not os.WIFSIGNALED(status):
        os._exit(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    if os.getpid() != 1:
        _no_core()
        _signal.set_wakeup_fd(-1)
        if number not in (_signal.SIGKILL, _signal.SIGSTOP):
            _signal.signal(number, _signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(128 + number)


def _no_core() -> None:
    """One core file, the application's, is enough."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        return
