"""One exec session: the local terminal or pipes on one side, the stream to the server on the other."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import TYPE_CHECKING

from wp_cli.errors import EXIT_ERROR, CliError, Interrupted
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.connect import Client

CHUNK = 32 * 1024  # bytes read from stdin at once
PENDING = 16  # chunks of input that may wait to be sent
STDIN, STDOUT, STDERR = 0, 1, 2
LINE_ENDS = b"\r\n"
ESCAPE, DROP = ord("~"), ord(".")


class EscapeDetector:
    """Finds `~.` at the beginning of a line in what the user types. The bytes are forwarded in any case."""

    def __init__(self) -> None:
        self._matched = 1  # 0: inside a line, 1: at its beginning, 2: after `~`

    def feed(self, data: bytes) -> bool:
        """Return whether the escape is complete."""
        for byte in data:
            if byte in LINE_ENDS:
                self._matched = 1
            elif self._matched == 1 and byte == ESCAPE:
                self._matched = 2
            elif self._matched == 2 and byte == DROP:
                return True
            else:
                self._matched = 0
        return False


class ExecSession:
    """Runs one command; `run` returns its exit code."""

    def __init__(
        self, client: Client, start: pb.ExecStreamRequest.Start, *, pty: bool, environ: Mapping[str, str]
    ) -> None:
        self._client = client
        self._start = start
        self._pty = pty
        self._requests: queue.Queue[pb.ExecStreamRequest | None] = queue.Queue(PENDING)
        self._dropped = threading.Event()
        self._cancel: Callable[[], object] = bool
        if pty:
            start.pty.enable = True
            start.pty.term = environ.get("TERM", "")
            start.pty.window_size.CopyFrom(window_size())

    def run(self, greeting: str = "") -> int:
        """Relay until the command ends. `greeting` is shown on stderr when the session stands.

        The terminal is raw from then on; before that, Ctrl-C ends the waiting.

        Raises Interrupted on SIGINT or SIGTERM, CliError if the session ends without an exit code, RpcError if it
        breaks.
        """
        import grpc

        stream = self._client.calls.StartExecStream(self._outgoing())
        self._cancel = stream.cancel
        try:
            with self._signals(), contextlib.ExitStack() as cleanup:
                for response in stream:
                    kind = response.WhichOneof("event")
                    if kind == "open":
                        cleanup.enter_context(raw_terminal(self._pty))
                        if greeting:
                            write_all(STDERR, f"{greeting}\r\n".encode())
                        threading.Thread(target=self._read_stdin, daemon=True).start()
                    elif kind == "output":
                        to_stderr = response.output.channel == pb.ExecStreamResponse.Output.STDERR
                        write_all(STDERR if to_stderr else STDOUT, response.output.data)
                    elif kind == "exit":
                        return response.exit.code
        except grpc.RpcError:
            if not self._dropped.is_set():
                raise
        finally:
            stream.cancel()
        if self._dropped.is_set():
            return EXIT_ERROR
        raise CliError(
            "the session ended without an exit code", do="The instance may have stopped; see `waypoint logs`."
        )

    def _outgoing(self) -> Iterator[pb.ExecStreamRequest]:
        yield pb.ExecStreamRequest(start=self._start)
        while True:
            request = self._requests.get()
            if request is None:
                return
            yield request

    def _read_stdin(self) -> None:
        eof = pb.ExecStreamRequest()
        eof.input_eof.SetInParent()
        if os.isatty(STDIN) and not self._pty:
            self._requests.put(eof)
            return
        escape = EscapeDetector()
        while True:
            try:
                data = os.read(STDIN, CHUNK)
            except OSError:
                data = b""
            if not data:
                self._requests.put(eof)
                return
            self._requests.put(pb.ExecStreamRequest(input=pb.ExecStreamRequest.Input(data=data)))
            if self._pty and escape.feed(data):
                self._dropped.set()
                self._cancel()
                return

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def resized(number: int, frame: FrameType | None) -> None:
            with contextlib.suppress(queue.Full):
                self._requests.put_nowait(pb.ExecStreamRequest(winch=window_size()))

        def interrupted(number: int, frame: FrameType | None) -> None:
            raise Interrupted("interrupted")

        handlers = {signal.SIGINT: interrupted, signal.SIGTERM: interrupted}
        if self._pty:
            handlers[signal.SIGWINCH] = resized
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def window_size() -> pb.ExecStreamRequest.WindowSize:
    """Size of our terminal. The pixel fields repeat it, as the Go command line has it."""
    size = shutil.get_terminal_size()
    with contextlib.suppress(OSError):
        size = os.get_terminal_size(STDOUT)
    return pb.ExecStreamRequest.WindowSize(rows=size.lines, cols=size.columns, height=size.lines, width=size.columns)


@contextlib.contextmanager
def raw_terminal(wanted: bool) -> Iterator[None]:
    """Put the terminal on stdin into raw mode, and restore it whatever happens."""
    if not wanted or not os.isatty(STDIN):
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(STDIN)
    tty.setraw(STDIN, termios.TCSADRAIN)  # what was typed meanwhile is kept
    try:
        yield
    finally:
        termios.tcsetattr(STDIN, termios.TCSADRAIN, before)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes to a descriptor, past Python's buffers."""
    (sys.stdout if descriptor == STDOUT else sys.stderr).flush()
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
