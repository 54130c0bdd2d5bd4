"""Job output for pipes and logs: one line each, no control characters, every step ends with how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from wp_cli.render.lines import LineCutter
from wp_cli.render.table import aligned
from wp_cli.render.text import printable

if TYPE_CHECKING:
    from wp_cli.render.job import TerminalEvent

END_WORDS = {"ok": "ok", "": "ok", "warn": "warning", "error": "failed", "abort": "failed", "timeout": "timeout"}


class _Step:
    def __init__(self) -> None:
        self.message = ""
        self.status = ""
        self.output = LineCutter()


class PlainRenderer:
    """Writes to one stream; a line that cannot be encoded there is written with escapes."""

    def __init__(self, stream: TextIO, *, unicode: bool = True) -> None:
        self._stream = stream
        self._unicode = unicode
        self._steps: dict[int, _Step] = {}
        self._status = ""
        self._raw = {False: LineCutter(), True: LineCutter()}

    def event(self, event: TerminalEvent) -> None:
        """Write one event."""
        kind = event.WhichOneof("event")
        if kind == "line":
            self.notice(event.line.msg, event.line.style)
        elif kind == "status":
            self._on_status(event.status.status, event.status.msg, step=event.status.step)
        elif kind == "named_values":
            pairs = [(pair.name, printable(pair.value)) for pair in event.named_values.values if pair.value]
            width = max((len(name) for name, _ in pairs), default=0)
            for name, value in pairs:
                self._write(f"  {printable(name):>{width}}: {value}")
        elif kind == "raw":
            for line in self._raw[event.raw.stderr].feed(event.raw.data):
                self._write(line)
        elif kind == "table":
            rows = [[printable(entry.value) for entry in row.entries] for row in event.table.rows]
            for line in aligned([header.upper() for header in event.table.headers], rows):
                self._write(line)
        elif kind == "step":
            step = event.step
            self._on_step(step.id, step.msg, step.status, step.output, close=step.close)

    def notice(self, text: str, style: str = "") -> None:
        """Write a message in one of the styles of the terminal interface."""
        for line in styled(printable(text), style, unicode=self._unicode):
            self._write(line)

    def finish(self, *, ok: bool) -> None:
        """Write how every open step ended, and what has no end of line yet."""
        for id in list(self._steps):
            self._on_step(id, "", "" if ok else "abort", b"", close=True)
        for cutter in self._raw.values():
            for line in cutter.flush():
                self._write(line)
        self._stream.flush()

    def _on_step(self, id: int, message: str, status: str, output: bytes, *, close: bool) -> None:
        step = self._steps.setdefault(id, _Step())
        if output:
            for line in step.output.feed(output):
                self._write(f"   {line}")
        step.status = status or step.status
        if message and message != step.message:
            step.message = printable(message)
            if not close:
                self._write(f"-> {step.message}")
        if close or status == "abort":
            for line in step.output.flush():
                self._write(f"   {line}")
            self._write(f"{END_WORDS.get(step.status, step.status)}: {step.message}")
            self._steps.pop(id, None)

    def _on_status(self, status: str, message: str, *, step: bool) -> None:
        if step:
            self._write(f"{END_WORDS.get(status, status)}: {printable(message)}")
        elif message and message != self._status:
            self._write(f"-> {printable(message)}")
        self._status = message

    def _write(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
        except UnicodeEncodeError:
            encoding = self._stream.encoding or "ascii"
            self._stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        self._stream.flush()


def styled(text: str, style: str, *, unicode: bool = True) -> list[str]:
    """Return the lines of a message in a style without colours (CLI specification 5.2)."""
    first, *rest = text.split("\n")
    if style == "header":
        return ["", f"{'»' if unicode else '==>'} {first}", *rest]
    if style.startswith("error"):
        return [f"! {first}", *(f"  {line}" for line in rest)]
    if style.startswith("warning"):
        return [f"warning: {first}", *rest]
    if style == "info":
        return [f"  {line}" for line in (first, *rest)]
    return [first, *rest]
