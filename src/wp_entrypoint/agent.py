"""All parts put together: one application under one entrypoint, from its start to its end."""

from __future__ import annotations

import gc
import os

from wp_entrypoint import appconfig, instance, journal, supervise
from wp_entrypoint import loop as loops
from wp_entrypoint.environment import INVITE_TOKEN, for_application
from wp_entrypoint.loop import Loop
from wp_entrypoint.process import CannotStart, Reaper, signal_group
from wp_entrypoint.secrecy import blot_out, hide_memory
from wp_entrypoint.session import Session
from wp_entrypoint.stdio import Output
from wp_entrypoint.subreaper import adopt_orphans
from wp_entrypoint.supervise import Supervisor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from wp_entrypoint.console import Console
    from wp_entrypoint.dynamic import DynamicValues
    from wp_entrypoint.exec import ExecHost
    from wp_entrypoint.files import ConfigFiles
    from wp_entrypoint.grpc import Call
    from wp_entrypoint.logs import Shipper
    from wp_entrypoint.loop import Timer
    from wp_entrypoint.settings import Environment, Settings
    from wp_proto.entrypoint.messages import EntrypointConfig, EntrypointConfigExec

DRAIN_TIMEOUT = 1.0
"""Seconds for output that is still in the pipes when the application has ended."""
FLUSH_TIMEOUT = 2.0
"""Seconds for the server to acknowledge the last lines."""
FAULT_PAUSE = 1.0
GROUP_TIMEOUT = 1.0
"""Seconds for what the application left behind, between TERM and KILL."""


class Agent:
    """The entrypoint while it stands in front of an application."""

    def __init__(self, settings: Settings, environment: Environment, program: bytes, argv: list[bytes]) -> None:
        # Nothing that is made before the application runs becomes garbage worth looking for.
        gc.disable()
        closed = _fill_standard_descriptors()
        self._settings = settings
        self._given = environment
        self._configured: Environment = {}
        self._problems: list[str] = []
        self._resolved: appconfig.AppConfig | None = None
        self._loop = Loop()
        self._loop.on_error = self._on_fault
        self._journal = journal.Journal(journal.NAMES.index(settings.log_level))
        self._reaper = Reaper()
        self._output = None if settings.disable_logs else self._make_output()
        self._shipper: Shipper | None = None
        self._exec: ExecHost | None = None
        self._files: ConfigFiles | None = None
        self._dynamic: DynamicValues | None = None
        self._snapshot: EntrypointConfig | None = None
        self._apply_anyway: Timer | None = None
        self._session = Session(
            self._loop,
            self._journal,
            settings,
            settings.instance_id or instance.new_id(),
            self._on_config,
            self._on_failure,
        )
        self._supervisor = Supervisor(
            self._loop,
            self._journal,
            self._reaper,
            settings,
            program,
            argv,
            [(os.POSIX_SPAWN_CLOSE, fd) for fd in closed] + (self._output.file_actions() if self._output else []),
            self._on_start,
            self._on_end,
            new_session=self._output is not None and self._output.new_session,
        )
        self._status = 0
        self._cannot_start: CannotStart | None = None
        self._drained = False
        self._command = os.fsdecode(argv[0])

    def run(self) -> NoReturn:
        """Start, supervise, and end as the application ends. Raises CannotStart."""
        self._loop.on_signal(supervise.handled_signals(), self._on_signal)
        if not blot_out(INVITE_TOKEN):
            self._journal.warn("agent", "the token stays readable in /proc for processes of the same user")
        for warning in self._settings.warnings + self._settings.exposures():
            self._journal.warn("settings", warning)
        if not (self._settings.server_required or self._settings.exec_oneshot):
            self._loop.after(self._settings.connect_timeout, self._too_late)
        self._session.start()
        # While the server is on its way to answer, and before there is anybody to lose a child.
        if os.getpid() != 1 and not adopt_orphans():
            self._journal.debug("agent", "orphans of the application go to another process")
        self._loop.run()
        if self._cannot_start is not None:
            raise self._cannot_start
        if self._output is not None:
            self._output.restore()
        supervise.exit_like(self._status)
        raise AssertionError("unreachable")

    def _make_output(self) -> Output | Console:
        if all(os.isatty(fd) for fd in (0, 1, 2)):
            from wp_entrypoint.console import Console, is_interactive

            if is_interactive():
                self._journal.line_end = "\r\n"
                return Console()
        return Output()

    def _on_signal(self, number: int) -> None:
        if number == supervise.WINCH and self._output is not None:
            self._output.resize()
        self._supervisor.on_signal(number)

    def _on_fault(self, error: Exception) -> None:
        """A fault in the entrypoint itself: tell, start over with the server, leave the application alone."""
        import traceback

        *_, place = traceback.extract_tb(error.__traceback__)
        where = f"{os.path.basename(place.filename)}:{place.lineno}"
        self._journal.error("agent", f"internal fault, please report it: {type(error).__name__} at {where}")
        if self._supervisor.state == supervise.ENDED:
            self._loop.stop()
            return
        self._loop.wake(lambda: self._start_bare("an internal fault"))
        self._loop.after(FAULT_PAUSE, lambda: self._session.reset("an internal fault"))

    # The server speaks

    def _on_config(self, config: EntrypointConfig) -> None:
        self._snapshot = config
        if not self._settings.disable_config:
            self._want_dynamic(config)
        self._apply_when_read()
        if (config.exec or self._exec is not None) and not self._settings.exec_oneshot:
            self._announce(config.exec)

    def _want_dynamic(self, config: EntrypointConfig) -> None:
        if self._dynamic is None:
            if not any(variable.dynamic is not None for variable in config.env_vars):
                return
            from wp_entrypoint.dynamic import DynamicValues

            self._dynamic = DynamicValues(self._loop, self._journal, self._given, self._apply_when_read)
        self._dynamic.update(config.env_vars, config.config_sources, config.brokered)

    def _apply_when_read(self) -> None:
        """Act on the newest snapshot as soon as its dynamic values have been asked for; a source that hangs is waited
        for as long as a server that does, and in required mode a first start waits for every value."""
        if self._settings.exec_oneshot:
            self._serve_one()
            return
        waiting = self._supervisor.state == supervise.WAITING
        required = waiting and self._settings.server_required
        if self._dynamic is None or self._dynamic.settled(successfully=required):
            self._apply()
        elif not required and self._apply_anyway is None:
            self._apply_anyway = self._loop.after(self._settings.connect_timeout, self._apply)

    def _apply(self) -> None:
        config = self._snapshot
        assert config is not None
        if self._apply_anyway is not None:
            self._apply_anyway.cancel()
            self._apply_anyway = None
        changed = False
        if not self._settings.disable_config:
            resolved = self._resolve(config)
            for problem in resolved.problems:
                if problem not in self._problems:
                    self._journal.warn("config", problem)
            self._problems = resolved.problems
            self._resolved = resolved
            self._configured = resolved.environment
            self._set_level(resolved.environment.get(b"WAYPOINT_LOG_LEVEL", b""))
            changed = self._apply_files(resolved.files, resolved.private)
        if self._supervisor.state == supervise.WAITING:
            self._start_application()
            if config.exec:
                self._announce(config.exec)
        elif not self._supervisor.reconfigure(self._environment()) and changed:
            self._supervisor.files_changed(config.file_change_signal)

    def _resolve(self, config: EntrypointConfig) -> appconfig.AppConfig:
        values = self._dynamic.values if self._dynamic else None
        return appconfig.resolve(config.env_vars, values, self._resolved)

    def _set_level(self, name: bytes) -> None:
        """The configuration may change how much the entrypoint says; it comes back when the variable goes."""
        wanted = name.decode("utf-8", "replace").strip().upper() or self._settings.log_level
        if wanted in journal.NAMES:
            self._journal.level = journal.NAMES.index(wanted)

    def _apply_files(self, files: dict[bytes, bytes], private: set[bytes]) -> bool:
        if self._files is None:
            if not files:
                return False
            from wp_entrypoint.files import ConfigFiles

            self._files = ConfigFiles(self._journal, self._settings.file_root)
        return self._files.apply(files, private)

    def _serve_one(self) -> None:
        """Without an application: run the first command that is asked for, and end."""
        config = self._snapshot
        assert config is not None
        if self._dynamic is not None and not self._dynamic.settled():
            return
        resolved = self._resolve(config)
        self._configured = resolved.environment
        self._apply_files(resolved.files, resolved.private)
        if config.exec and self._exec is None:
            self._exec = self._make_exec_host()
            self._exec.on_over = self._served_one
            self._exec.announced(config.exec[:1])

    def _served_one(self, call: Call | None) -> None:
        deadline = loops.now() + FLUSH_TIMEOUT

        def end_when_said() -> None:
            if call is None or call.ended or loops.now() >= deadline:
                self._leave()
            else:
                self._loop.after(supervise.GROUP_CHECK, end_when_said)

        end_when_said()

    def _announce(self, sessions: list[EntrypointConfigExec]) -> None:
        if self._supervisor.state not in (supervise.RUNNING, supervise.RESTARTING):
            return
        if self._exec is None:
            self._exec = self._make_exec_host()
        self._exec.announced(sessions)

    def _make_exec_host(self) -> ExecHost:
        from wp_entrypoint.exec import ExecHost

        return ExecHost(
            self._loop,
            self._journal,
            self._reaper,
            self._session,
            self._settings,
            lambda: self._supervisor.environment or self._environment(),
        )

    def _on_failure(self, reason: str) -> None:
        if self._snapshot is None:
            self._start_bare(reason)
        elif (
            self._supervisor.state == supervise.WAITING
            and not self._settings.server_required
            and not self._settings.exec_oneshot
        ):
            self._apply()  # its dynamic values were still being read

    def _start_bare(self, reason: str) -> None:
        if self._settings.exec_oneshot:
            return
        if self._supervisor.state == supervise.WAITING and not self._settings.server_required:
            self._journal.warn("client", f"starting the application without the server's configuration: {reason}")
            self._start_application()

    def _too_late(self) -> None:
        self._on_failure(f"no answer within {self._settings.connect_timeout:g}s")

    def _environment(self) -> Environment:
        return for_application(self._given, self._configured)

    # The application

    def _start_application(self) -> None:
        try:
            self._supervisor.start(self._environment())
        except CannotStart as error:
            self._cannot_start = error
            self._loop.stop()

    def _on_start(self) -> None:
        self._journal.info("child", f"started {self._command} (pid {self._supervisor.pid})")
        if self._shipper is None:
            self._after_first_start()

    def _after_first_start(self) -> None:
        """What the application need not wait for."""
        gc.enable()
        gc.freeze()
        if self._output is not None:
            from wp_entrypoint.logs import Shipper

            self._shipper = Shipper(self._loop, self._journal, self._session, self._settings.log_buffer)
            self._output.start(self._loop, self._shipper.take, lambda: self._loop.wake(self._on_drained))
        hide_memory()

    # The end

    def _on_end(self, status: int) -> None:
        self._status = status
        if not self._supervisor.pid:
            self._loop.stop()
            return
        if self._exec is not None:
            self._exec.hang_up()
            self._await_exec(loops.now() + GROUP_TIMEOUT)
        else:
            self._end_group()

    def _await_exec(self, deadline: float) -> None:
        assert self._exec is not None
        if self._exec.idle() or loops.now() >= deadline:
            self._end_group()
        else:
            self._loop.after(supervise.GROUP_CHECK, lambda: self._await_exec(deadline))

    def _end_group(self) -> None:
        """Nothing of the application outlives it: the kernel sees to that for process 1, for the others we do."""
        group = self._supervisor.pid
        if os.getpid() != 1 and signal_group(group, supervise.STOPPING[0]):
            self._await_group(group, loops.now() + GROUP_TIMEOUT)
        else:
            self._drain()

    def _await_group(self, group: int, deadline: float) -> None:
        self._reaper.reap()
        if signal_group(group, 0):
            if loops.now() < deadline:
                self._loop.after(supervise.GROUP_CHECK, lambda: self._await_group(group, deadline))
                return
            signal_group(group, supervise.KILL)
        self._drain()

    def _drain(self) -> None:
        if self._output is None:
            self._loop.stop()
            return
        self._output.close()
        self._loop.after(DRAIN_TIMEOUT, self._on_drained)

    def _on_drained(self) -> None:
        if self._drained:
            return
        self._drained = True
        if self._shipper is None or not self._session.ready:
            self._loop.stop()
            return
        self._shipper.finish()
        self._session.on_room.append(self._end_when_flushed)
        self._session.on_gone.append(self._leave)
        self._loop.after(FLUSH_TIMEOUT, self._leave)
        self._end_when_flushed()

    def _end_when_flushed(self) -> None:
        if self._shipper is not None and self._shipper.finished():
            self._leave()

    def _leave(self) -> None:
        self._session.close()
        self._loop.stop()


def _fill_standard_descriptors() -> list[int]:
    """Put something behind those of the descriptors 0 to 2 that are closed, lest a socket of ours lands there; returns
    which were."""
    closed = []
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            closed.append(fd)
    if closed:
        read, write = os.pipe()  # needs no /dev; the lowest free descriptors are taken, which are just these
        for fd in closed:
            if fd not in (read, write):
                os.dup2(write, fd, inheritable=False)
    return closed
