"""Job output as JSON lines on stdout: one object per event. The commands add a last one with the result."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wp_cli.render.job import TerminalEvent
    from wp_cli.render.screen import Screen


class JsonRenderer:
    """Every object has `time`, `app` and `event`; the other keys are those of the event's message."""

    def __init__(self, screen: Screen, app: str = "") -> None:
        self._screen = screen
        self._app = app

    def event(self, event: TerminalEvent) -> None:
        """Write one event."""
        kind = event.WhichOneof("event")
        stamp = event.timestamp.ToJsonString() if event.HasField("timestamp") else ""
        if kind == "line":
            self.emit("line", {"message": event.line.msg, "style": event.line.style}, stamp)
        elif kind == "status":
            status = event.status
            self.emit("status", {"status": status.status, "message": status.msg, "step": status.step}, stamp)
        elif kind == "named_values":
            pairs = {pair.name: pair.value for pair in event.named_values.values}
            self.emit("named_values", {"values": pairs}, stamp)
        elif kind == "raw":
            self.emit("raw", {"stderr": event.raw.stderr} | as_text(event.raw.data), stamp)
        elif kind == "table":
            rows = [[entry.value for entry in row.entries] for row in event.table.rows]
            self.emit("table", {"headers": list(event.table.headers), "rows": rows}, stamp)
        elif kind == "step":
            step = event.step
            facts: dict[str, object] = {"id": step.id, "closed": step.close}
            facts |= {"message": step.msg} if step.msg else {}
            facts |= {"status": step.status} if step.status else {}
            facts |= as_text(step.output) if step.output else {}
            self.emit("step", facts, stamp)

    def notice(self, text: str, style: str = "") -> None:
        """Write a line of our own."""
        self.emit("line", {"message": text, "style": style})

    def finish(self, *, ok: bool) -> None:
        """Do nothing: the result tells how it ended."""

    def emit(self, event: str, facts: dict[str, object], stamp: str = "") -> None:
        """Write one object."""
        stamp = stamp or datetime.now(UTC).isoformat().replace("+00:00", "Z")
        line = json.dumps({"time": stamp, "app": self._app, "event": event} | facts, ensure_ascii=False)
        self._screen.data(line.encode() + b"\n")


def as_text(data: bytes) -> dict[str, object]:
    """Return bytes as text if they are UTF-8, else in base64."""
    try:
        return {"output": data.decode()}
    except UnicodeDecodeError:
        return {"output_base64": base64.b64encode(data).decode()}
