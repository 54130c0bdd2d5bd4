"""What one job has to say to the server, in order, over as many streams as it takes.

The operation's threads put events and messages in; one stream at a time takes them out through the iterator that
`feed` returns. When a stream breaks, the next one continues where the server's memory ends: it says how many events
it holds, and the outbox keeps the last ones it sent. A server that does not say gets what the dying stream took
without coming back for more. Control messages are sent again (they are idempotent). Chunks of output are joined, and
a batch waits a moment for company, so that a chatty build does not become a message per line (server specification
8.5).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator

from google.protobuf.timestamp_pb2 import Timestamp

from wp_proto.waypoint import api as pb
from wp_runner.events import merge, to_message
from wp_runner.masking import Mask, OutputMask
from wp_sdk.terminal import Event, Line, Raw, Step, Style

HEARTBEAT_SECONDS = 5.0
BATCH_EVENTS = 64
BATCH_BYTES = 32 * 1024
BATCH_DELAY_SECONDS = 0.03
SENT_BYTES = 4 * 1024 * 1024
"""Output kept after it was sent, to be sent again when the server turns out not to have it."""

PENDING_BYTES = 8 * 1024 * 1024
"""Output waiting to be sent above which producers wait: a build must not outrun the server without bound."""


class Outbox:
    """Thread-safe. A `wp_sdk.terminal.Sink`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._feed = 0
        self._events: deque[tuple[float, Timestamp, Event]] = deque()
        self._sent: deque[tuple[float, Timestamp, Event]] = deque()
        self._sent_bytes = 0
        self._taken = 0
        self._in_flight = 0
        self._held = False
        self._bytes = 0
        self._control: list[pb.RunnerJobStreamRequest] = []
        self._unsent = 0
        self._final: pb.RunnerJobStreamRequest | None = None
        self._final_feed = 0
        self._beating = False
        self._next_beat = 0.0
        self._closed = False
        self._mask = OutputMask()

    def hide(self, mask: Mask) -> None:
        """Keep these secrets out of what is said from now on: terminal events and the outcome's error."""
        with self._changed:
            self._mask.hide(mask)

    @property
    def final_sent(self) -> bool:
        """True when the current stream has taken the final message."""
        with self._changed:
            return self._final is not None and self._final_feed == self._feed

    @property
    def finished(self) -> bool:
        """True when the job's outcome is known, sent or not."""
        with self._changed:
            return self._final is not None

    def emit(self, event: Event) -> None:
        """Add a terminal event; waits while too much output is pending. After `close` or the outcome it is dropped."""
        size = _size(event)
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._bytes + size <= PENDING_BYTES or not self._events)
            if self._closed or self._final is not None:
                return
            for shown in self._mask.shown(event):
                self._add(shown)
            self._changed.notify_all()

    def _add(self, event: Event) -> None:
        joined = merge(self._events[-1][2], event, BATCH_BYTES) if self._events else None
        if joined is not None:
            at, stamp, _ = self._events[-1]
            self._events[-1] = (at, stamp, joined)
        else:
            stamp = Timestamp()
            stamp.GetCurrentTime()
            self._events.append((time.monotonic(), stamp, event))
        self._bytes += _size(event)

    def send(self, message: pb.RunnerJobStreamRequest) -> None:
        """Add a control message (`download`, `config_load`, `variable_values_set`)."""
        with self._changed:
            self._control.append(message)
            self._changed.notify_all()

    def finish(self, message: pb.RunnerJobStreamRequest) -> None:
        """Add the outcome (`complete` or `error`); it goes out after everything else. Only the first counts."""
        with self._changed:
            if self._final is None:
                for shown in self._mask.rest():
                    self._add(shown)
                if message.HasField("error"):
                    self._mask.status(message.error.error)
                self._final = message
            self._changed.notify_all()

    def start(self) -> None:
        """The job is acknowledged: heartbeats go out from now on."""
        with self._changed:
            self._beating = True
            self._next_beat = time.monotonic() + HEARTBEAT_SECONDS
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing will be sent any more: frees waiting producers and ends the current feed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def detach(self) -> None:
        """The current stream is gone; its iterator ends."""
        with self._changed:
            self._feed += 1
            self._changed.notify_all()

    def feed(self, *initial: pb.RunnerJobStreamRequest, hold: bool = False) -> Iterator[pb.RunnerJobStreamRequest]:
        """Return the request iterator for a new stream: `initial`, then everything pending, until the stream is
        detached.

        With `hold` nothing but `initial` goes out before `resume`.
        """
        with self._changed:
            self._feed += 1
            self._unsent = 0
            self._held = hold
            self._changed.notify_all()
            return self._messages(self._feed, initial)

    def resume(self, stored: int | None) -> None:
        """Go on with a new stream of the same job, whose server holds the first `stored` events (None: it does not
        say)."""
        with self._changed:
            wanted = self._in_flight if stored is None else max(0, self._taken - stored)
            again = min(wanted, len(self._sent))
            for _ in range(again):
                _, stamp, event = self._sent.pop()
                self._events.appendleft((0.0, stamp, event))
                self._bytes += _size(event)
                self._sent_bytes -= _size(event)
            self._taken -= wanted
            self._in_flight = 0
            if wanted > again:
                stamp = Timestamp()
                stamp.GetCurrentTime()
                note = f"{wanted - again} pieces of output were lost while the server was away"
                self._events.appendleft((0.0, stamp, Line(note, Style.WARNING)))
            self._held = False
            self._changed.notify_all()

    def _messages(
        self, mine: int, initial: tuple[pb.RunnerJobStreamRequest, ...]
    ) -> Iterator[pb.RunnerJobStreamRequest]:
        yield from initial
        while (message := self._take(mine)) is not None:
            yield message

    def _take(self, mine: int) -> pb.RunnerJobStreamRequest | None:
        with self._changed:
            if self._feed == mine and not self._held:
                self._in_flight = 0
            while True:
                if self._closed or self._feed != mine:
                    return None
                if self._held:
                    self._changed.wait()
                    continue
                now = time.monotonic()
                if self._unsent < len(self._control):
                    self._unsent += 1
                    return self._control[self._unsent - 1]
                if self._beating and self._final is None and now >= self._next_beat:
                    self._next_beat = now + HEARTBEAT_SECONDS
                    return pb.RunnerJobStreamRequest(heartbeat=pb.RunnerJobStreamRequest.Heartbeat())
                if self._events and self._ready(now):
                    return self._batch()
                if self._final is not None and not self._events:
                    if self._final_feed == mine:
                        return None
                    self._final_feed = mine
                    return self._final
                self._changed.wait(self._patience(now))

    def _ready(self, now: float) -> bool:
        return (
            self._final is not None
            or len(self._events) >= BATCH_EVENTS
            or self._bytes >= BATCH_BYTES
            or now - self._events[0][0] >= BATCH_DELAY_SECONDS
        )

    def _patience(self, now: float) -> float | None:
        deadlines = []
        if self._beating and self._final is None:
            deadlines.append(self._next_beat - now)
        if self._events:
            deadlines.append(self._events[0][0] + BATCH_DELAY_SECONDS - now)
        return max(0.0, min(deadlines)) if deadlines else None

    def _batch(self) -> pb.RunnerJobStreamRequest:
        terminal = pb.GetJobStreamResponse.Terminal()
        size = 0
        while self._events and len(terminal.events) < BATCH_EVENTS and size < BATCH_BYTES:
            taken = self._events.popleft()
            _, stamp, event = taken
            size += _size(event)
            self._sent.append(taken)
            message = to_message(event)
            message.timestamp.CopyFrom(stamp)
            terminal.events.append(message)
        self._taken += len(terminal.events)
        self._in_flight = len(terminal.events)
        self._sent_bytes += size
        while self._sent_bytes > SENT_BYTES and len(self._sent) > BATCH_EVENTS:
            self._sent_bytes -= _size(self._sent.popleft()[2])
        self._bytes = max(0, self._bytes - size) if self._events else 0
        self._changed.notify_all()
        return pb.RunnerJobStreamRequest(terminal=terminal)


def _size(event: Event) -> int:
    match event:
        case Raw(data=content) | Step(output=content) if content:
            return len(content)
        case _:
            return 128
