"""Commands that are run beside the application at the server's request (entrypoint-url.md A13).

A session is announced in the configuration, claimed by opening a stream, and only run once the server has answered that
it is ours: a session that is listed again after a reconnect cannot run twice.
"""

from __future__ import annotations

import os

from wp_entrypoint import grpc, process
from wp_entrypoint import loop as loops
from wp_entrypoint.terminal import Pipes, Terminal
from wp_proto.entrypoint import messages
from wp_proto.entrypoint.codec import DecodeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from typing import Callable

    from wp_entrypoint.journal import Journal
    from wp_entrypoint.loop import Loop, Timer
    from wp_entrypoint.process import Reaper
    from wp_entrypoint.session import Session
    from wp_entrypoint.settings import Environment, Settings
else:
    import _signal

MAX_SESSIONS = 64
SHELL = b"/bin/sh"
CHUNK = 32 * 1024
MAX_QUEUED = 256 * 1024
"""Bytes of output that wait for the server's windows before the command has to wait."""
DRAIN_TIMEOUT = 1.0
"""Seconds for output after the command's end; what keeps its descriptors open longer is left behind."""
HANGUP_TIMEOUT = 5.0
"""Seconds between HUP and KILL when the client is gone."""
GOODBYE_TIMEOUT = 10.0
OPEN_TIMEOUT = 30.0

STDOUT = messages.EntrypointExecRequestOutputChannel.STDOUT
STDERR = messages.EntrypointExecRequestOutputChannel.STDERR


class ExecHost:
    """All exec sessions of this instance."""

    def __init__(
        self,
        loop: Loop,
        journal: Journal,
        reaper: Reaper,
        session: Session,
        settings: Settings,
        environment: Callable[[], Environment],
    ) -> None:
        self.loop = loop
        self.journal = journal
        self.reaper = reaper
        self.session = session
        self._settings = settings
        self._environment = environment
        self._seen: dict[int, int] = {}  # index -> the epoch of the configuration stream that announced it
        self._live: dict[int, ExecSession] = {}
        self.on_over: Callable[[grpc.Call | None], None] | None = None
        """Called when a session is over, with its stream, on which the last words may still be under way."""
        session.on_room.append(self._room)

    def announced(self, sessions: list[messages.EntrypointConfigExec]) -> None:
        """The sessions of a snapshot: start those that are new."""
        epoch = self.session.epoch
        for announced in sessions:
            index = announced.index
            if index in self._live or self._seen.get(index) == epoch:
                continue
            self._seen[index] = epoch
            if self._settings.disable_exec:
                self.journal.warn("exec", "a command was not run: WAYPOINT_CEB_DISABLE_EXEC forbids it")
                continue
            exec_session = ExecSession(self, announced, self._refusal(announced))
            if exec_session.open():
                self._live[index] = exec_session
        listed = {announced.index for announced in sessions}
        self._seen = {index: seen for index, seen in self._seen.items() if index in listed}

    def _refusal(self, announced: messages.EntrypointConfigExec) -> grpc.Status | None:
        if len(self._live) >= MAX_SESSIONS:
            return grpc.Status(grpc.RESOURCE_EXHAUSTED, f"this instance runs {MAX_SESSIONS} commands already")
        if not announced.args:
            return grpc.Status(grpc.INVALID_ARGUMENT, "the command is empty")
        patterns = [pattern for pattern in self._settings.exec_allow.split(",") if pattern.strip()]
        if patterns:
            from fnmatch import fnmatchcase

            try:
                path = self.environment(None).get(b"PATH")
                program = os.path.abspath(process.resolve(announced.args[0].encode("utf-8", "surrogateescape"), path))
            except process.CannotStart:
                if not self._settings.exec_profile:
                    return None  # that is told like for every command that does not exist
                program = b""
            if not any(fnmatchcase(os.fsdecode(program), pattern.strip()) for pattern in patterns):
                return grpc.Status(grpc.PERMISSION_DENIED, "WAYPOINT_CEB_EXEC_ALLOW does not name this command")
        return None

    def command(self, args: list[bytes], environment: Environment) -> list[bytes]:
        """What is executed for these arguments: they, or a shell that reads WAYPOINT_CEB_EXEC_SHELL_ENV before it
        becomes them. With a list of allowed programs the profile cannot put another one in the place of theirs."""
        profile = os.fsencode(self._settings.exec_profile)
        if not profile:
            return args
        if self._settings.exec_allow:
            args = [os.path.abspath(process.resolve(args[0], environment.get(b"PATH"))), *args[1:]]
        return [SHELL, b"-c", b'. "$0" && exec "$@"', profile, *args]

    def environment(self, pty: messages.ExecStreamRequestPTY | None) -> Environment:
        """What a command gets: the application's environment and a few words about where it is."""
        environment = dict(self._environment())
        environment[b"WAYPOINT_EXEC"] = b"1"
        if pty is not None and pty.enable and pty.term:
            environment[b"TERM"] = pty.term.encode("utf-8", "surrogateescape")
        return environment

    def forget(self, session: ExecSession) -> None:
        """A session is over."""
        if self._live.pop(session.index, None) is not None and self.on_over is not None:
            self.on_over(session.call)

    def hang_up(self) -> None:
        """The application has ended: end all commands."""
        for session in list(self._live.values()):
            session.hang_up()

    def idle(self) -> bool:
        """Whether no command runs."""
        return not self._live

    def _room(self) -> None:
        for session in list(self._live.values()):
            session.resume()


class ExecSession:
    """One command, from its announcement to its exit code."""

    def __init__(self, host: ExecHost, announced: messages.EntrypointConfigExec, refusal: grpc.Status | None) -> None:
        self.index = announced.index
        self._host = host
        self._args = [argument.encode("utf-8", "surrogateescape") for argument in announced.args]
        self._pty = announced.pty if announced.pty is not None and announced.pty.enable else None
        self._refusal = refusal
        self.call: grpc.Call | None = None
        self._io: Pipes | Terminal | None = None
        self._pid = 0
        self._status: int | None = None
        self._input: list[memoryview] = []
        self._input_ended = False
        self._timer: Timer | None = None
        self._finished = False

    def open(self) -> bool:
        """Claim the session; whether there was a connection to do so."""
        self.call = self._host.session.open(
            messages.ENTRYPOINT_EXEC_STREAM, self._on_message, self._on_stream_end, manual_flow=True
        )
        if self.call is None:
            return False
        opening = messages.EntrypointExecRequestOpen(self._host.session.instance_id, self.index)
        self._send(messages.EntrypointExecRequest(open=opening))
        self._set_timer(OPEN_TIMEOUT, self._abandon)
        return True

    # What the server says

    def _on_message(self, data: bytes) -> None:
        assert self.call is not None
        try:
            message = messages.EntrypointExecResponse.decode(data)
        except DecodeError as error:
            self._host.journal.error("exec", f"a message cannot be read: {error}")
            self.call.taken()
            return
        if message.input and not self._input_ended:
            self._input.append(memoryview(message.input))
            self._write_input()
            return  # taken() when it is written
        self.call.taken()
        if message.opened:
            self._start()
        elif message.winch is not None and isinstance(self._io, Terminal):
            self._io.resize(message.winch)
        elif message.input_eof is not None and not self._input_ended:
            self._input_ended = True
            self._write_input()

    def _on_stream_end(self, status: grpc.Status) -> None:
        if self._finished:
            return
        if not self._pid:
            self._host.journal.debug("exec", f"session {self.index} was not opened: {status}")
            self._close()
            return
        self._host.journal.info("exec", f"the client of session {self.index} is gone")
        self.hang_up()

    def hang_up(self) -> None:
        """End the command as a lost terminal would: HUP, and KILL when that does not help."""
        if self._pid and self._status is None:
            process.signal_group(self._pid, _signal.SIGHUP)
            process.signal_group(self._pid, _signal.SIGCONT)
            self._set_timer(HANGUP_TIMEOUT, self._kill)
        elif not self._pid:
            self._abandon()

    def _kill(self) -> None:
        process.signal_group(self._pid, _signal.SIGKILL)

    def _abandon(self) -> None:
        if self.call is not None:
            self.call.cancel()
        self._close()

    # The command

    def _start(self) -> None:
        if self._pid or self._finished:
            return
        self._cancel_timer()
        if self._refusal is not None:
            status = messages.Status(code=self._refusal.code, message=self._refusal.message)
            self._host.journal.warn("exec", f"a command was not run: {self._refusal.message}")
            self._send(messages.EntrypointExecRequest(error=messages.EntrypointExecRequestError(status)))
            self._goodbye()
            return
        environment = self._host.environment(self._pty)
        try:
            args = self._host.command(self._args, environment)
            program = process.resolve(args[0], environment.get(b"PATH"))
            self._io = Terminal(self._pty) if self._pty is not None else Pipes()
            self._pid = process.spawn(
                program,
                args,
                environment,
                self._io.file_actions(),
                new_session=self._pty is not None,
                hears_terminal=True,
            )
        except process.CannotStart as error:
            self._cannot_start(error.status, str(error))
            return
        except OSError as error:
            self._cannot_start(process.NOT_EXECUTABLE, error.strerror or str(error))
            return
        self._io.started()
        self._host.journal.info("exec", f"session {self.index} runs {os.fsdecode(program)} (pid {self._pid})")
        self._host.reaper.expect(self._pid, self._on_exit)
        self.resume()
        self._write_input()

    def _cannot_start(self, status: int, text: str) -> None:
        """The client learns why, and gets the exit code a shell would give."""
        self._send_output(STDERR, f"waypoint-entrypoint: {text}\n".encode("utf-8", "replace"))
        self._send_exit(status)

    def _on_exit(self, status: int) -> None:
        self._status = status
        if self.call is None or self.call.ended:
            self._close()
            return
        self._set_timer(DRAIN_TIMEOUT, self._tell_exit)
        self._tell_exit_when_drained()

    def _tell_exit_when_drained(self) -> None:
        if self._status is not None and self._io is not None and not self._io.readers():
            self._tell_exit()

    def _tell_exit(self) -> None:
        status = self._status
        if self._finished or status is None:
            return
        self._send_exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))

    def _send_exit(self, code: int) -> None:
        self._send(messages.EntrypointExecRequest(exit=messages.EntrypointExecRequestExit(code)))
        self._goodbye()

    def _goodbye(self) -> None:
        """All is said: wait a while for the server to end the stream."""
        call = self.call
        self._close()
        if call is not None:
            call.half_close()
            self._host.session.flush()
            self._host.loop.after(GOODBYE_TIMEOUT, call.cancel)

    def _close(self) -> None:
        self._finished = True
        self._cancel_timer()
        if self._io is not None:
            for fd in list(self._io.open_fds()):
                self._host.loop.forget(fd)
            self._io.close()
        self._host.forget(self)

    # Output

    def resume(self) -> None:
        """Listen to the command again, unless its output still waits for the server."""
        if self._io is None or self._finished:
            return
        full = self.call is None or self.call.queued() > MAX_QUEUED
        writer = self._io.writer() if self._input else None
        for fd, channel in self._io.readers().items():
            events = (0 if full else loops.READ) | (loops.WRITE if fd == writer else 0)
            if events:
                self._host.loop.watch(fd, events, self._handler(fd, channel))
            else:
                self._host.loop.forget(fd)  # a hang-up would be reported again and again

    def _handler(self, fd: int, channel: int) -> Callable[[int], None]:
        def handle(events: int) -> None:
            if events & loops.WRITE:
                self._write_input()
            if events & (loops.READ | loops.CLOSED):
                self._read(fd, channel)

        return handle

    def _read(self, fd: int, channel: int) -> None:
        if self._io is None or fd not in self._io.readers():
            return
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # EIO: nobody has the terminal open any more
        if data:
            self._send_output(channel, data)
            self.resume()
            return
        self._host.loop.forget(fd)
        self._io.ended(fd)
        self._tell_exit_when_drained()

    def _send_output(self, channel: int, data: bytes) -> None:
        self._send(messages.EntrypointExecRequest(output=messages.EntrypointExecRequestOutput(channel, data)))

    def _send(self, message: messages.EntrypointExecRequest) -> None:
        if self.call is not None:
            self.call.send(message.encode())
            self._host.session.flush()

    # Input

    def _write_input(self) -> None:
        if self._io is None or self._finished:
            return
        writer = self._io.writer()
        while self._input and writer is not None:
            try:
                written = os.write(writer, self._input[0])
                self._io.wrote(self._input[0][:written])
            except BlockingIOError:
                self._await_writable(writer)
                return
            except OSError:
                self._host.loop.forget(writer)
                self._io.end_input()  # the command reads no more
                writer = None
                break
            self._input[0] = self._input[0][written:]
            if not self._input[0]:
                self._input.pop(0)
                if self.call is not None and not self.call.ended:
                    self.call.taken()
        if writer is None:
            self._discard_input()
        else:
            if writer not in self._io.readers():
                self._host.loop.forget(writer)
            if self._input_ended:
                self._io.end_input()
            self.resume()
        self._host.session.flush()

    def _discard_input(self) -> None:
        while self._input:
            self._input.pop(0)
            if self.call is not None and not self.call.ended:
                self.call.taken()

    def _await_writable(self, writer: int) -> None:
        if self._io is not None and writer in self._io.readers():
            self.resume()
        else:
            self._host.loop.watch(writer, loops.WRITE, lambda events: self._write_input())

    # Time

    def _set_timer(self, seconds: float, call: Callable[[], None]) -> None:
        self._cancel_timer()
        self._timer = self._host.loop.after(seconds, call)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
