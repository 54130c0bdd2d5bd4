"""The last lines of one instance (server.md §5.2): a sliding ring that many readers follow at their own pace.

Lines are kept as they travel: each append is encoded once as the `lines` field of `LogBatch`, and every reader sends
those bytes. A reader costs per chunk, not per line. A reader that falls behind the ring is told how many it lost.
"""

from __future__ import annotations

import secrets
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from wp_proto.waypoint import api as pb

MAX_ENTRIES = 16_000
"""Lines kept at least, unless they are too big."""
MAX_BYTES = 4 * 1024 * 1024
CHUNK_ENTRIES = 256
"""Lines that are encoded together at most: the grain of eviction and of the cut at the start of a backlog."""
READ_BYTES = 256 * 1024
"""Encoded bytes of one read, rounded up to a chunk: batches stay far below the 4 MiB of a message."""
MAX_LINE = 64 * 1024
"""Characters of one line; the rest is cut off, and the line says so."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines, encoded. `first` is the sequence number of the first one, `arrived` its time (monotonic seconds)."""

    first: int
    count: int
    arrived: float
    wire: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """What one read gave: `count` encoded lines after `skipped` lost ones; `cursor` is where to read on."""

    wire: bytes
    count: int
    skipped: int
    cursor: int


class Ring:
    """The lines of one instance. Sequence numbers start at 0 and never go back."""

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._chunks: list[Chunk] = []
        self._head = 0
        self._bytes = 0
        self.id = secrets.token_hex(8)
        """Tells this ring's sequence numbers from those of another ring of the same instance."""
        self.end = 0
        """Sequence number of the next line."""

    @property
    def start(self) -> int:
        """Sequence number of the oldest line that is kept; `end` when there is none."""
        return self._chunks[self._head].first if self._head < len(self._chunks) else self.end

    def append(self, entries: Sequence[pb.LogBatch.Entry], arrived: float) -> None:
        """Adds lines; one trailing newline of each is dropped, over-long ones are cut."""
        part: list[pb.LogBatch.Entry] = []
        size = 0
        for entry in entries:
            size += _normalise(entry)
            part.append(entry)
            if size >= READ_BYTES or len(part) == CHUNK_ENTRIES:
                self._add(part, arrived)
                part, size = [], 0
        if part:
            self._add(part, arrived)

    def backlog(self, limit: int) -> int:
        """Returns the cursor at which exactly the last `limit` kept lines begin; a negative limit means all."""
        return self.start if limit < 0 else max(self.start, self.end - limit)

    def arrival(self, cursor: int) -> float:
        """Returns when the line at `cursor`, or the oldest one after it, arrived; infinity at the end."""
        position = self._position(cursor)
        return self._chunks[position].arrived if position < len(self._chunks) else float("inf")

    def arrived_by(self, moment: float) -> int:
        """Returns the sequence number after the last line that arrived at `moment` or before."""
        position = bisect_right(self._chunks, moment, lo=self._head, key=_arrived)
        return self._chunks[position].first if position < len(self._chunks) else self.end

    def read(self, cursor: int, until: int | None = None) -> Run:
        """Returns the lines from `cursor` on, before sequence number `until`, as many as one message should carry."""
        stop = self.end if until is None else until
        start = max(cursor, self.start)
        parts: list[bytes] = []
        size, now = 0, start
        for chunk in self._chunks[self._position(start) :] if start < stop else ():
            if now >= stop or size >= READ_BYTES:
                break
            first, last = now - chunk.first, min(stop, chunk.first + chunk.count) - chunk.first
            wire = chunk.wire if (first, last) == (0, chunk.count) else _cut(chunk.wire, first, last)
            parts.append(wire)
            size += len(wire)
            now = chunk.first + last
        return Run(b"".join(parts), now - start, start - cursor, now)

    def _position(self, cursor: int) -> int:
        return max(self._head, bisect_right(self._chunks, cursor, lo=self._head, key=_first) - 1)

    def _add(self, part: Sequence[pb.LogBatch.Entry], arrived: float) -> None:
        wire = pb.LogBatch(lines=part).SerializeToString()
        self._chunks.append(Chunk(self.end, len(part), arrived, wire))
        self._bytes += len(wire)
        self.end += len(part)
        while self._head + 1 < len(self._chunks) and self._too_much(self._chunks[self._head]):
            self._bytes -= len(self._chunks[self._head].wire)
            self._head += 1
        if self._head > 64 and self._head * 2 > len(self._chunks):
            del self._chunks[: self._head]
            self._head = 0

    def _too_much(self, oldest: Chunk) -> bool:
        return self._bytes > self._max_bytes or self.end - oldest.first - oldest.count >= self._max_entries


def _first(chunk: Chunk) -> int:
    return chunk.first


def _arrived(chunk: Chunk) -> float:
    return chunk.arrived


def _cut(wire: bytes, first: int, last: int) -> bytes:
    return pb.LogBatch(lines=pb.LogBatch.FromString(wire).lines[first:last]).SerializeToString()


def _normalise(entry: pb.LogBatch.Entry) -> int:
    """Drops one trailing newline, cuts an over-long line; returns the characters that are left."""
    line = entry.line
    if line.endswith("\n"):
        entry.line = line = line[:-1]
    if len(line) > MAX_LINE:
        entry.line = f"{line[:MAX_LINE]} [cut: the line has {len(line)} characters]"
    return min(len(line), MAX_LINE)
