"""Shipping the application's output to the server: lines, batches, and an account of what could not be kept
(entrypoint-url.md A12.3).

The pumps' threads put raw pieces into a Buffer; the event loop cuts them into lines and sends batches. A log stream is
closed now and then, and its status is the server's receipt: what has none when a connection breaks is sent again.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from wp_entrypoint import grpc
from wp_entrypoint import loop as loops
from wp_proto.entrypoint import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.journal import Journal
    from wp_entrypoint.loop import Loop, Timer
    from wp_entrypoint.session import Session

    Piece = tuple[int, int, bytes]  # stream (a file descriptor; 0 is the entrypoint itself), ns since the epoch, bytes

OWN = 0
MAX_LINE = 16 * 1024
MAX_BATCH_LINES = 500
MAX_BATCH_BYTES = 64 * 1024
MAX_IN_FLIGHT = 128 * 1024
"""Bytes of batches that wait for the server's windows."""
GATHER = 0.02
"""Seconds between two batches, in which lines gather. The first line after a quiet time does not wait."""
PARTIAL_AFTER = 1.0
"""Seconds of silence after which a line without its end is sent (a prompt)."""
RECEIPT_BYTES = 256 * 1024
RECEIPT_SECONDS = 10.0
"""A log stream is closed, to get its status, after this many bytes or seconds."""
RECEIPT_TIMEOUT = 10.0
MAX_ATTEMPTS = 3
BLAMES_THE_LINES = (grpc.INVALID_ARGUMENT, grpc.RESOURCE_EXHAUSTED, grpc.INTERNAL, grpc.UNKNOWN)
"""Statuses after which lines are given up when they have come MAX_ATTEMPTS times; after others they wait."""
REFUSED_PAUSE = 300.0
RETRY_PAUSE = 1.0
STALL = 2.0
"""Seconds an application's output waits for a server that is there but takes nothing, before lines are dropped."""
PIECE_OVERHEAD = 120
"""Bytes that a piece costs in memory besides its own."""


class Buffer:
    """Output that has not been sent yet: bounded, the newest kept, what was dropped counted.

    put() is called by the pumps' threads. While the server takes lines a full buffer makes them wait, since a burst
    must not be lost to a server that is there; once nothing has moved for STALL seconds the oldest go instead, so that
    no server can hold up the application.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._pieces: deque[Piece] = deque()
        self._changed = threading.Condition()
        self._size = 0
        self._moved = 0.0
        self._draining = False
        self._dropped_lines = 0
        self._dropped_bytes = 0

    def put(self, stream: int, moment: int, data: bytes, may_wait: bool = True) -> bool:
        """Keep a piece; whether the buffer was empty."""
        cost = len(data) + PIECE_OVERHEAD
        with self._changed:
            while may_wait and self._draining and self._size and self._size + cost > self._capacity:
                left = self._moved + STALL - loops.now()
                if left <= 0:
                    break
                self._changed.wait(left)
            while self._pieces and self._size + cost > self._capacity:
                self._drop_oldest()
            was_empty = not self._pieces
            self._pieces.append((stream, moment, data))
            self._size += cost
            return was_empty

    def _drop_oldest(self) -> None:
        stream, _, data = self._pieces.popleft()
        self._size -= len(data) + PIECE_OVERHEAD
        if stream != OWN:
            self._dropped_lines += data.count(b"\n")
            self._dropped_bytes += len(data)

    def take(self) -> Piece | None:
        """The oldest piece, or None."""
        with self._changed:
            if not self._pieces:
                return None
            piece = self._pieces.popleft()
            self._size -= len(piece[2]) + PIECE_OVERHEAD
            self._moved = loops.now()
            self._changed.notify_all()
            return piece

    def drain(self, draining: bool) -> None:
        """Say whether the server takes lines at the moment."""
        with self._changed:
            self._draining = draining
            self._moved = loops.now()
            self._changed.notify_all()

    def take_losses(self) -> tuple[int, int]:
        """Lines and bytes of the application that were dropped since the last time this was asked."""
        with self._changed:
            lost = self._dropped_lines, self._dropped_bytes
            self._dropped_lines = self._dropped_bytes = 0
            return lost

    def __bool__(self) -> bool:
        return bool(self._pieces)


class Lines:
    """Cuts the pieces of one stream into lines: without their end, at most MAX_LINE bytes each."""

    def __init__(self) -> None:
        self._partial = b""

    def cut(self, data: bytes) -> list[bytes]:
        """The lines that these bytes complete."""
        lines = (self._partial + data).split(b"\n")
        self._partial = lines.pop()
        if len(self._partial) > MAX_LINE:
            *whole, self._partial = _pieces(self._partial)
        else:
            whole = []
        return [piece for line in lines for piece in _pieces(line[:-1] if line.endswith(b"\r") else line)] + whole

    def rest(self) -> list[bytes]:
        """The line that has no end, if there is one, and forget it."""
        rest, self._partial = self._partial, b""
        return [rest] if rest else []

    def __bool__(self) -> bool:
        return bool(self._partial)


def _pieces(line: bytes) -> list[bytes]:
    if len(line) <= MAX_LINE:
        return [line]
    return [line[start : start + MAX_LINE] for start in range(0, len(line), MAX_LINE)]


class Shipper:
    """Sends what comes in to the server, whenever there is one."""

    def __init__(self, loop: Loop, journal: Journal, session: Session, capacity: int) -> None:
        self._loop = loop
        self._journal = journal
        self._session = session
        self._buffer = Buffer(capacity)
        self._lines: dict[int, Lines] = {}
        self._entries: list[messages.LogBatchEntry] = []
        self._entries_bytes = 0
        self._gathering: Timer | None = None
        self._sent_at = -GATHER
        self._partial: Timer | None = None
        self._call: grpc.Call | None = None
        self._call_bytes = 0
        self._call_timer: Timer | None = None
        self._unreceipted: list[bytes] = []
        self._again: list[bytes] = []
        self._attempts = 0
        self._paused_until = 0.0
        self._finishing = False
        self._own_thread = threading.get_ident()
        session.on_ready.append(self._served)
        session.on_gone.append(lambda: self._buffer.drain(False))
        session.on_room.append(self._pump)
        session.on_leaving.append(self._ask_receipt)
        self._buffer.drain(session.ready)
        journal.attach(self._own_line)

    # Coming in

    def take(self, fd: int, data: bytes) -> None:
        """Output of the application. Called by the pumps' threads, or by the loop where there can be none."""
        if self._buffer.put(fd, time.time_ns(), data, may_wait=threading.get_ident() != self._own_thread):
            self._loop.wake(self._gather)

    def _own_line(self, moment: int, line: str) -> None:
        if self._buffer.put(OWN, moment, line.encode("utf-8", "replace") + b"\n", may_wait=False):
            self._gather()

    def _gather(self) -> None:
        if self._gathering is None:
            self._gathering = self._loop.after(max(0.0, self._sent_at + GATHER - loops.now()), self._gathered)

    def _gathered(self) -> None:
        self._gathering = None
        self._pump()

    # Going out

    def _served(self) -> None:
        self._buffer.drain(self._session.ready and loops.now() >= self._paused_until)
        self._pump()

    def _pump(self) -> None:
        """Send as much as the server takes now."""
        if not self._stream():
            return
        assert self._call is not None
        while self._call.queued() < MAX_IN_FLIGHT:
            if self._again:
                self._send(self._again.pop(0))
            elif not self._next_batch():
                break
            if self._call_bytes >= RECEIPT_BYTES:
                self._ask_receipt()
                break
        self._session.flush()

    def _next_batch(self) -> bool:
        while self._entries_bytes < MAX_BATCH_BYTES and len(self._entries) < MAX_BATCH_LINES:
            self._tell_losses()
            piece = self._buffer.take()
            if piece is None:
                break
            self._cut(*piece)
        if not self._entries:
            return False
        while self._entries:
            batch = messages.EntrypointLogBatch(self._session.instance_id, self._entries[:MAX_BATCH_LINES])
            del self._entries[:MAX_BATCH_LINES]
            self._send(batch.encode())
        self._entries_bytes = 0
        return True

    def _send(self, batch: bytes) -> None:
        assert self._call is not None
        self._call.send(batch)
        self._sent_at = loops.now()
        self._unreceipted.append(batch)
        self._call_bytes += len(batch)

    def _cut(self, stream: int, moment: int, data: bytes) -> None:
        lines = self._lines.get(stream)
        if lines is None:
            lines = self._lines[stream] = Lines()
        self._add(stream, moment, lines.cut(data))
        if lines and stream != OWN:
            if self._partial is not None:
                self._partial.cancel()
            self._partial = self._loop.after(PARTIAL_AFTER, self._flush_partial)

    def _add(self, stream: int, moment: int, lines: list[bytes]) -> None:
        timestamp = messages.Timestamp(moment // 10**9, moment % 10**9)
        source = messages.LogBatchEntrySource.ENTRYPOINT if stream == OWN else messages.LogBatchEntrySource.APP
        for line in lines:
            self._entries.append(messages.LogBatchEntry(timestamp, line.decode("utf-8", "replace"), source))
            self._entries_bytes += len(line) + 24

    def _flush_partial(self) -> None:
        self._partial = None
        if self._buffer:
            return  # the rest of the line may be there already
        for stream, lines in self._lines.items():
            self._add(stream, time.time_ns(), lines.rest())
        self._pump()

    def _tell_losses(self) -> None:
        lines, size = self._buffer.take_losses()
        if size:
            text = f"[WARN] entrypoint.logs: {lines} lines ({size} bytes) of output before this were not kept"
            self._add(OWN, time.time_ns(), [text.encode()])

    # Streams and their receipts

    def _stream(self) -> bool:
        """Whether there is a stream to write to; opens one when there is something to write."""
        if self._call is not None:
            return not self._call.half_closed
        if not (self._again or self._entries or self._buffer) or loops.now() < self._paused_until:
            return False
        self._call = self._session.open(messages.ENTRYPOINT_LOG_STREAM, lambda message: None, self._ended)
        if self._call is None:
            return False
        self._call_bytes = 0
        self._call_timer = self._loop.after(RECEIPT_SECONDS, self._ask_receipt)
        return True

    def _ask_receipt(self) -> None:
        if self._call is None or self._call.half_closed:
            return
        if self._call_timer is not None:
            self._call_timer.cancel()
        self._call.half_close()
        self._session.flush()
        self._call_timer = self._loop.after(RECEIPT_TIMEOUT, self._no_receipt)

    def _no_receipt(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._ended(grpc.Status(grpc.DEADLINE_EXCEEDED, "the server did not acknowledge a log stream"))

    def _ended(self, status: grpc.Status) -> None:
        closed = self._call is None or self._call.half_closed
        self._call = None
        if self._call_timer is not None:
            self._call_timer.cancel()
        # The Go server answers a regular end with INTERNAL.
        if closed and status.code in (grpc.OK, grpc.INTERNAL):
            self._unreceipted.clear()
            self._attempts = 0
            self._pump()
            return
        self._attempts += 1
        self._again = self._unreceipted + self._again
        self._unreceipted = []
        if self._attempts >= MAX_ATTEMPTS and status.code in BLAMES_THE_LINES:
            lost = sum(len(messages.EntrypointLogBatch.decode(batch).lines) for batch in self._again)
            self._again.clear()
            self._attempts = 0
            self._journal.warn("logs", f"{lost} lines were refused by the server: {status}")
        pause = REFUSED_PAUSE if status.code in (grpc.UNIMPLEMENTED, grpc.PERMISSION_DENIED) else RETRY_PAUSE
        if pause == REFUSED_PAUSE:
            self._journal.warn("logs", f"the server takes no logs: {status}; trying again in 5 minutes")
        self._buffer.drain(False)
        self._paused_until = loops.now() + pause
        self._loop.after(pause, self._served)

    # The end

    def finish(self) -> None:
        """Everything has come in: send it all, the line without an end too, and ask for a receipt."""
        self._finishing = True
        if self._partial is not None:
            self._partial.cancel()
        self._finish_up()
        self._session.on_room.append(self._finish_up)

    def _finish_up(self) -> None:
        if not self._buffer:
            for stream, lines in self._lines.items():
                self._add(stream, time.time_ns(), lines.rest())
        self._pump()
        if not (self._buffer or self._entries or self._again):
            self._ask_receipt()

    def finished(self) -> bool:
        """Whether all that came in has been acknowledged."""
        return self._finishing and not (
            self._buffer or self._entries or self._again or self._unreceipted or any(self._lines.values())
        )
