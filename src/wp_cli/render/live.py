"""Job output on a terminal: running steps are redrawn in place, finished ones scroll up with their mark.

Below a running step its last lines of output scroll in a small window. Steps are frozen in the order in which they
began, so that the page reads like a protocol. Everything from elsewhere is plain `Text`: never markup, never a format.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from wp_cli.render.lines import LineCutter
from wp_cli.render.table import aligned
from wp_cli.render.text import printable

if TYPE_CHECKING:
    from wp_cli.render.job import TerminalEvent
    from wp_cli.render.screen import Screen

WINDOW_LINES = 10
WINDOW_COLUMNS = 80
KEPT_LINES = 2000  # of a step's output, shown in full when it fails
FRAMES_PER_SECOND = 10

MARKS = {  # status: unicode, ascii, colour
    "ok": ("✓", " +", "bright_green"), "error": ("❌", " !", "red"), "abort": ("❌", " !", "red"),
    "warn": ("⚠️ ", " *", "yellow"), "timeout": ("⌛", "<>", "yellow"),
}  # fmt: skip
STYLES = {
    "success": "bright_green", "success-bold": "bold bright_green", "warning": "bright_yellow",
    "warning-bold": "bold bright_yellow", "error": "bright_red", "error-bold": "bold bright_red", "header": "bold",
}  # fmt: skip
CELL_COLORS = frozenset({"green", "yellow", "red"})


class _Step:
    def __init__(self, spinner: str) -> None:
        self.message = ""
        self.status = ""
        self.closed = False
        self.cutter = LineCutter()
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.spinner = Spinner(spinner)

    def window(self) -> list[str]:
        """Return the last lines of the output."""
        tail = self.cutter.unfinished
        return [*self.lines, *([tail] if tail else [])][-WINDOW_LINES:]


class LiveRenderer:
    """Draws on stderr while the results go to stdout."""

    def __init__(self, screen: Screen) -> None:
        self._unicode = screen.unicode
        self._console = Console(file=screen.err, markup=False, highlight=False, emoji=False, soft_wrap=True)
        self._steps: dict[int, _Step] = {}
        self._status = _Step(self._spinner)
        self._raw = LineCutter()
        self._live = Live(
            console=self._console, get_renderable=self._draw, refresh_per_second=FRAMES_PER_SECOND, transient=True,
            redirect_stdout=False, redirect_stderr=False, vertical_overflow="crop",
        )  # fmt: skip
        self._live.start()

    @property
    def _spinner(self) -> str:
        return "dots" if self._unicode else "line"

    def event(self, event: TerminalEvent) -> None:
        """Draw one event."""
        kind = event.WhichOneof("event")
        if kind == "line":
            self.notice(event.line.msg, event.line.style)
        elif kind == "status":
            self._on_status(event.status.status, event.status.msg, step=event.status.step)
        elif kind == "named_values":
            pairs = [(printable(pair.name), printable(pair.value)) for pair in event.named_values.values if pair.value]
            width = max((len(name) for name, _ in pairs), default=0)
            for name, value in pairs:
                self._print(Text.assemble((f"  {name:>{width}}: ", "bold"), value))
        elif kind == "raw":
            for line in self._raw.feed(event.raw.data):
                self._print(Text(line))
        elif kind == "table":
            self._on_table(event)
        elif kind == "step":
            step = event.step
            self._on_step(step.id, step.msg, step.status, step.output, close=step.close)

    def notice(self, text: str, style: str = "") -> None:
        """Draw a message in one of the styles of the terminal interface."""
        first, *rest = printable(text).split("\n")
        if style == "header":
            self._print(Text(""))
            self._print(Text(f"{'»' if self._unicode else '==>'} {first}", style="bold"))
        elif style.startswith("error"):
            self._print(Text(f"! {first}", style=STYLES.get(style, "")))
            rest = [f"  {line}" for line in rest]
        elif style == "info":
            self._print(Text(f"  {first}"))
            rest = [f"  {line}" for line in rest]
        else:
            self._print(Text(first, style=STYLES.get(style, "")))
        for line in rest:
            self._print(Text(line))

    def finish(self, *, ok: bool) -> None:
        """Freeze everything and stop drawing."""
        for id, step in list(self._steps.items()):
            if not step.closed:
                self._on_step(id, "", "" if ok else "abort", b"", close=True)
        for line in self._raw.flush():
            self._print(Text(line))
        self._live.stop()

    def _on_step(self, id: int, message: str, status: str, output: bytes, *, close: bool) -> None:
        step = self._steps.setdefault(id, _Step(self._spinner))
        step.message = printable(message) or step.message
        step.status = status or step.status
        if output:
            step.lines.extend(step.cutter.feed(output))
        if close or status == "abort":
            step.lines.extend(step.cutter.flush())
            step.closed = True
            self._freeze()

    def _on_status(self, status: str, message: str, *, step: bool) -> None:
        if step:
            self._print(self._marked(status, printable(message)))
        else:
            self._status.message = printable(message)

    def _on_table(self, event: TerminalEvent) -> None:
        rows = [[printable(entry.value) for entry in row.entries] for row in event.table.rows]
        lines = aligned([header.upper() for header in event.table.headers], rows, self._console.width)
        colors = [
            next((entry.color for entry in row.entries if entry.color in CELL_COLORS), "") for row in event.table.rows
        ]
        self._print(Text(lines[0], style="bold") if lines else Text(""))
        for index, line in enumerate(lines[1:]):
            self._print(Text(line, style=colors[index] if index < len(colors) else ""))

    def _freeze(self) -> None:
        """Print the finished steps that no running step stands before."""
        for id, step in list(self._steps.items()):
            if not step.closed:
                return
            del self._steps[id]
            self._print(self._marked(step.status or "ok", step.message))
            if step.status in {"abort", "error"}:
                for line in step.lines:
                    self._print(Text.assemble((" │ " if self._unicode else " | ", ""), (line, "bright_blue")))

    def _marked(self, status: str, message: str) -> Text:
        unicode, ascii, color = MARKS.get(status, (status, status, ""))
        first, newline, rest = message.partition("\n")
        return Text.assemble((unicode if self._unicode else ascii, color), " ", first, newline, rest)

    def _draw(self) -> RenderableType:
        parts: list[RenderableType] = []
        for step in [*self._steps.values(), *([self._status] if self._status.message else [])]:
            if step.closed:
                parts.append(self._marked(step.status or "ok", step.message))
                continue
            step.spinner.update(text=Text(step.message, no_wrap=True, overflow="ellipsis"), style="bright_blue")
            parts.append(step.spinner)
            bar = " │ " if self._unicode else " | "
            for line in step.window():
                cut = Text(line, style="bright_blue", no_wrap=True, overflow="ellipsis")
                cut.truncate(min(WINDOW_COLUMNS, max(1, self._console.width - len(bar))), overflow="ellipsis")
                parts.append(Text.assemble(bar, cut, no_wrap=True, overflow="ellipsis"))
        return Group(*parts)

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
