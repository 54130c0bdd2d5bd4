"""The user interface of an operation: calls become events, events go into a sink, and nobody prints.

The events have the shape of `GetJobStreamResponse.Terminal.Event` (server) and of `TerminalUI.Event` (plugin
processes); the runner turns them into either message. Whoever watches the job draws them (protocol specification
4.7).
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Protocol, TypeAlias

from wp_sdk.errors import Cancelled


class Style(StrEnum):
    """Styles of a line; a renderer prints unknown ones plain."""

    PLAIN = ""
    HEADER = "header"
    INFO = "info"
    SUCCESS = "success"
    SUCCESS_BOLD = "success-bold"
    WARNING = "warning"
    WARNING_BOLD = "warning-bold"
    ERROR = "error"
    ERROR_BOLD = "error-bold"


class Mark(StrEnum):
    """Status words that a renderer turns into icons."""

    OK = "ok"
    ERROR = "error"
    WARN = "warn"
    TIMEOUT = "timeout"
    ABORT = "abort"


@dataclass(frozen=True)
class Line:
    """One message; may contain newlines."""

    msg: str
    style: str = ""


@dataclass(frozen=True)
class Status:
    """Spinner line: `step=False` updates (all empty: closes), `step=True` finishes a sub-step with mark `status`."""

    status: str = ""
    msg: str = ""
    step: bool = False


@dataclass(frozen=True)
class NamedValues:
    """Aligned `name: value` block; empty values are not shown."""

    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Raw:
    """Bytes for the terminal as they are."""

    data: bytes
    stderr: bool = False


@dataclass(frozen=True)
class Cell:
    """Table cell; colour is "", "green", "yellow" or "red"."""

    value: str
    color: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of cells under headers."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class StepGroup:
    """Opens (`close=False`) or finishes a group of steps."""

    id: int
    close: bool = False


@dataclass(frozen=True)
class Step:
    """Creates, updates, feeds or finishes the step `id` (unique in the whole operation, not only in its group)."""

    id: int
    group: int
    msg: str = ""
    status: str = ""
    output: bytes = b""
    close: bool = False


Event: TypeAlias = Line | Status | NamedValues | Raw | Table | StepGroup | Step


class Sink(Protocol):
    """Where events go. `emit` is called from any thread, keeps the order of calls, and must not block for long."""

    def emit(self, event: Event) -> None:
        """Take one event."""


@dataclass
class RecordingSink:
    """Keeps every event in memory: for tests and for embedding."""

    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Append to `events`."""
        self.events.append(event)


class UI:
    """What a component function asks for as `ui: UI`. Thread-safe; cheap to pass on."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._lock = threading.Lock()
        self._groups = 0
        self._steps = 0

    def emit(self, event: Event) -> None:
        """Send an event as it is; for hosts that relay."""
        self._sink.emit(event)

    def line(self, text: str, style: str = "") -> None:
        """Print one message."""
        self.emit(Line(text, style))

    def header(self, text: str) -> None:
        """Begin a section (`» text`)."""
        self.line(text, Style.HEADER)

    def info(self, text: str) -> None:
        """Print secondary information, indented."""
        self.line(text, Style.INFO)

    def success(self, text: str) -> None:
        """Print good news."""
        self.line(text, Style.SUCCESS)

    def warn(self, text: str) -> None:
        """Print something the user should look at although the operation goes on."""
        self.line(text, Style.WARNING)

    def error(self, text: str) -> None:
        """Print a failure that does not end the operation; one that does is raised as `PluginError`."""
        self.line(text, Style.ERROR)

    def named_values(self, values: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
        """Print an aligned block of names and values."""
        pairs = values.items() if isinstance(values, Mapping) else values
        self.emit(NamedValues(tuple((name, value) for name, value in pairs)))

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str | Cell]]) -> None:
        """Print a table; a cell is a text or a `Cell` with a colour."""
        cells = tuple(tuple(c if isinstance(c, Cell) else Cell(c) for c in row) for row in rows)
        self.emit(Table(tuple(headers), cells))

    def raw(self, data: bytes, stderr: bool = False) -> None:
        """Send bytes to the terminal unchanged."""
        self.emit(Raw(data, stderr))

    @contextmanager
    def status(self, text: str) -> Iterator[StatusLine]:
        """Show a spinner line while the block runs."""
        line = StatusLine(self)
        line.update(text)
        try:
            yield line
        finally:
            self.emit(Status())

    @contextmanager
    def steps(self) -> Iterator[Steps]:
        """Open a group of steps that may run side by side; leaving it closes what is still open (aborted after an
        exception)."""
        with self._lock:
            group_id = self._groups
            self._groups += 1
        group = Steps(self, group_id)
        self.emit(StepGroup(group_id))
        ok = False
        try:
            yield group
            ok = True
        finally:
            group.finish(ok)
            self.emit(StepGroup(group_id, close=True))

    @contextmanager
    def step(self, text: str) -> Iterator[RunningStep]:
        """Run one step in a group of its own: `with ui.step("Building image...") as step:`."""
        with self.steps() as group, group.step(text) as step:
            yield step

    def next_step_id(self) -> int:
        """Number of a new step, unique in this UI; used by `Steps`."""
        with self._lock:
            self._steps += 1
            return self._steps - 1


class StatusLine:
    """A running spinner line."""

    def __init__(self, ui: UI) -> None:
        self._ui = ui

    def update(self, text: str) -> None:
        """Replace the text. Empty text is ignored, because on the wire it would close the spinner."""
        if text:
            self._ui.emit(Status(msg=text))

    def step(self, mark: str, text: str) -> None:
        """Finish a sub-step: a line of its own with the mark `ok`, `warn`, `error` or `timeout`."""
        self._ui.emit(Status(status=mark, msg=text, step=True))


class Steps:
    """An open group of steps."""

    def __init__(self, ui: UI, group_id: int) -> None:
        self._ui = ui
        self._id = group_id
        self._open: list[RunningStep] = []

    def add(self, text: str) -> RunningStep:
        """Start a step that the caller finishes with `done()`, `warn()` or `abort()`; the group's end finishes it
        otherwise."""
        step = RunningStep(self._ui, self._id, self._ui.next_step_id(), text)
        self._open.append(step)
        return step

    def step(self, text: str) -> RunningStep:
        """Like `add`, named for use as `with group.step("..."):`."""
        return self.add(text)

    def finish(self, ok: bool) -> None:
        """Close what is still open; called by `UI.steps`."""
        for step in self._open:
            if ok:
                step.done()
            else:
                step.abort()


class RunningStep:
    """One step.

    As a context manager: leaving the block finishes it, an exception aborts it and leaves its output shown.
    """

    def __init__(self, ui: UI, group: int, step_id: int, text: str) -> None:
        self._ui = ui
        self._group = group
        self._id = step_id
        self._closed = False
        self._lock = threading.Lock()
        self._emit(msg=text)

    def _emit(self, msg: str = "", status: str = "", output: bytes = b"", close: bool = False) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = close
            self._ui.emit(Step(self._id, self._group, msg, status, output, close))

    def update(self, text: str) -> None:
        """Replace the step's text."""
        if text:
            self._emit(msg=text)

    def output(self, data: bytes | str) -> None:
        """Append to the step's small scrolling terminal (bytes as a PTY gives them, escapes included)."""
        chunk = data.encode("utf-8", "replace") if isinstance(data, str) else data
        if chunk:
            self._emit(output=chunk)

    def writer(self) -> io.RawIOBase:
        """Return a binary file object whose writes become `output`."""
        return _StepWriter(self)

    def status(self, mark: str) -> None:
        """Set the mark the step will be finished with."""
        self._emit(status=mark)

    def warn(self, text: str = "") -> None:
        """Finish with a warning mark."""
        self._emit(msg=text, status=Mark.WARN, close=True)

    def abort(self, text: str = "") -> None:
        """Finish as failed; renderers show the captured output."""
        self._emit(msg=text, status=Mark.ABORT, close=True)

    def done(self, text: str = "") -> None:
        """Finish with the mark set before, `ok` by default. A finished step ignores further calls."""
        self._emit(msg=text, close=True)

    def __enter__(self) -> RunningStep:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.done()
        elif isinstance(error, Cancelled):
            self._emit(status=Mark.WARN, close=True)
        else:
            self.abort()


class _StepWriter(io.RawIOBase):
    def __init__(self, step: RunningStep) -> None:
        super().__init__()
        self._step = step

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        chunk = bytes(data)  # type: ignore[call-overload]  # the buffer protocol has no precise type before 3.12
        self._step.output(chunk)
        return len(chunk)
