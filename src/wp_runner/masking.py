"""Keeps the values of sensitive variables out of what a job tells others: its output, its error, its records.

A builder may print a token it was given, a hook may echo one, a platform may quote one in its refusal. All of it passes
through the job's outbox, and that is where the texts are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from google.rpc import error_details_pb2, status_pb2

from wp_sdk.terminal import Cell, Event, Line, NamedValues, Raw, Status, Step, Table

SHOWN = "(sensitive)"
SHORTEST_LINE = 4
"""A line of a secret of several lines is masked by itself from this length on: terminals and YAML indent and re-wrap
keys, and masking `}` everywhere would make output unreadable."""


class Mask:
    """Replaces the given texts, and the lines of those that have several."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        texts = set(secrets)
        for secret in list(texts):
            lines = [line.strip() for line in secret.splitlines()]
            texts.update(line for line in lines if len(lines) > 1 and len(line) >= SHORTEST_LINE)
        self._texts = sorted(texts, key=len, reverse=True)  # the longest first: one may be the beginning of another
        self._bytes = [text.encode("utf-8", "surrogatepass") for text in self._texts]
        self._longest = max(map(len, self._bytes), default=0)
        self._text_pattern = re.compile("|".join(map(re.escape, self._texts))) if self._texts else None
        self._byte_pattern = re.compile(b"|".join(map(re.escape, self._bytes))) if self._bytes else None

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        return self._text_pattern.sub(SHOWN, text) if self._text_pattern else text

    def data(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the data without secrets, and what at its end may be the beginning of one."""
        if self._byte_pattern is None:
            return data, b""
        shown, done, end = [], 0, self._beginning(data)
        for found in self._byte_pattern.finditer(data):
            if found.start() >= end:
                break
            shown += [data[done : found.start()], SHOWN.encode()]
            done = found.end()
        return b"".join([*shown, data[done:end]]), data[max(done, end) :]

    def rest(self, held: bytes) -> bytes:
        """Return what was held back, now that nothing follows it: a shorter secret may stand in it."""
        return self._byte_pattern.sub(SHOWN.encode(), held) if self._byte_pattern else held

    def status(self, status: status_pb2.Status) -> None:
        """Take the secrets out of a failure, and out of its traceback."""
        if self._text_pattern is None:
            return
        status.message = self.text(status.message)
        for detail in status.details:
            trace = error_details_pb2.DebugInfo()
            if detail.Unpack(trace):
                frames = [self.text(frame) for frame in trace.stack_entries]
                detail.Pack(error_details_pb2.DebugInfo(stack_entries=frames, detail=self.text(trace.detail)))

    def _beginning(self, data: bytes) -> int:
        """Where the part at the end begins that a secret may begin with."""
        for start in range(max(0, len(data) - self._longest + 1), len(data)):
            tail = data[start:]
            if any(len(secret) > len(tail) and secret.startswith(tail) for secret in self._bytes):
                return start
        return len(data)


class OutputMask:
    """Masks a job's events one after the other; output comes in pieces, and a secret may be cut anywhere.

    What may be the beginning of a secret waits for the next piece of the same output, for other output, or for the end.
    """

    def __init__(self) -> None:
        self._mask = Mask()
        self._steps: dict[int, tuple[int, bytes]] = {}
        self._raw: dict[bool, bytes] = {}

    def hide(self, mask: Mask) -> None:
        """Mask with these secrets from now on."""
        self._mask = mask

    def shown(self, event: Event) -> Iterator[Event]:
        """Return what may be shown of the event, after what waited for it."""
        match event:
            case Step():
                yield from self._step(event)
                return
            case Raw(data=data, stderr=stderr):
                clean, held = self._mask.data(self._raw.pop(stderr, b"") + data)
                if held:
                    self._raw[stderr] = held
                if clean:
                    yield Raw(clean, stderr)
                return
        yield from self._flush_raw()
        match event:
            case Line(msg=msg):
                yield replace(event, msg=self._mask.text(msg))
            case Status(msg=msg):
                yield replace(event, msg=self._mask.text(msg))
            case NamedValues(values=values):
                yield NamedValues(tuple((name, self._mask.text(value)) for name, value in values))
            case Table(rows=rows):
                masked = tuple(tuple(Cell(self._mask.text(cell.value), cell.color) for cell in row) for row in rows)
                yield replace(event, rows=masked)
            case _:
                yield event

    def rest(self) -> Iterator[Event]:
        """Return what still waits; the job has ended."""
        yield from self._flush_raw()
        for step_id, (group, held) in self._steps.items():
            yield Step(step_id, group, output=self._mask.rest(held))
        self._steps.clear()

    def status(self, status: status_pb2.Status) -> None:
        """Mask the job's failure."""
        self._mask.status(status)

    def _step(self, event: Step) -> Iterator[Event]:
        waiting = self._steps.pop(event.id, (event.group, b""))[1]
        clean, held = self._mask.data(waiting + event.output) if event.output else (b"", waiting)
        if held and event.close:
            clean, held = clean + self._mask.rest(held), b""
        if held:
            self._steps[event.id] = (event.group, held)
        masked = replace(event, msg=self._mask.text(event.msg), output=clean)
        if clean or masked.msg or masked.status or masked.close:
            yield masked

    def _flush_raw(self) -> Iterator[Event]:
        waiting, self._raw = self._raw, {}
        for stderr, held in waiting.items():
            yield Raw(self._mask.rest(held), stderr)
