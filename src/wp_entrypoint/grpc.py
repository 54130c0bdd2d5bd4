"""gRPC calls over one HTTP/2 connection, still without a socket: bytes in, callbacks out.

Follows the protocol description of gRPC over HTTP/2: five-byte message prefixes, the status in the trailers, time-outs
in a header, HTTP and stream errors mapped to statuses. Waypoint's inline keepalives are recognised here, on the raw
bytes, and never reach a caller.
"""

from __future__ import annotations

from wp_entrypoint import frames, http2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from wp_entrypoint.hpack import Header

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
UNAUTHENTICATED = 16

NAMES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes of the largest message taken from a server; a snapshot of configuration has at most 3 MiB."""

INLINE_KEEPALIVE = b"\x82\x90\xbc\xfd\x02\x10inline_keepalive"
"""A message that only says: still here (server.md section 1.6)."""

_HTTP_STATUS = {
    b"400": INTERNAL,
    b"401": UNAUTHENTICATED,
    b"403": PERMISSION_DENIED,
    b"404": UNIMPLEMENTED,
    b"429": UNAVAILABLE,
    b"502": UNAVAILABLE,
    b"503": UNAVAILABLE,
    b"504": UNAVAILABLE,
}
_RESET_STATUS = {
    frames.REFUSED_STREAM: UNAVAILABLE,
    frames.CANCEL: CANCELLED,
    frames.ENHANCE_YOUR_CALM: RESOURCE_EXHAUSTED,
    0xC: PERMISSION_DENIED,  # INADEQUATE_SECURITY
}


class Status:
    """How a call ended. pushback is the delay in seconds the server asks for before a repetition, or None;
    details is the encoded google.rpc.Status it sent along, or empty."""

    __slots__ = ("code", "details", "message", "pushback")

    def __init__(self, code: int, message: str = "", details: bytes = b"", pushback: float | None = None) -> None:
        self.code = code
        self.message = message
        self.details = details
        self.pushback = pushback

    @property
    def name(self) -> str:
        """The code in words."""
        return NAMES[self.code] if self.code < len(NAMES) else "UNKNOWN"

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name


class Call:
    """One call. The callbacks run inside Channel.receive(): on_message for each message, then on_end once.

    With manual flow the server is given room for more only when taken() says that a message has been dealt with; a
    message that is still being put together is paid for as it comes, so that it may be larger than the window.
    """

    def __init__(
        self,
        channel: Channel,
        stream_id: int,
        on_message: Callable[[bytes], None],
        on_end: Callable[[Status], None],
        manual_flow: bool,
    ) -> None:
        self._channel = channel
        self.stream_id = stream_id
        self._on_message = on_message
        self._on_end = on_end
        self._manual_flow = manual_flow
        self._inbox = bytearray()
        self._owed: list[int] = []  # of each message not yet taken: the window bytes it holds back
        self._head: list[Header] | None = None
        self.ended = False
        self.half_closed = False
        self.deadline: float | None = None
        self.heard_keepalive = False
        self.last_heard = 0.0

    def send(self, message: bytes) -> None:
        """Queue one message; what the peer's windows hold back is counted by queued()."""
        if not self.ended and not self.half_closed:
            self._channel.http2.send(self.stream_id, b"\0" + len(message).to_bytes(4, "big") + message)

    def half_close(self) -> None:
        """Nothing more will be sent."""
        if not self.ended and not self.half_closed:
            self.half_closed = True
            self._channel.http2.send(self.stream_id, b"", end_stream=True)

    def queued(self) -> int:
        """Bytes that wait for the server's windows."""
        return self._channel.http2.queued(self.stream_id)

    def taken(self) -> None:
        """With manual flow: the oldest message that was not taken yet has been dealt with."""
        self._channel.http2.consumed(self.stream_id, self._owed.pop(0))

    def cancel(self) -> None:
        """End the call at once; no callback runs any more."""
        if not self.ended:
            self.ended = True
            self._channel.forget(self)

    # Called by the channel

    def on_headers(self, headers: list[Header], ended: bool) -> None:
        """The head of the response, or its end."""
        if self._head is None and not ended:
            problem = _refusal(headers)
            if problem is not None:
                self.finish(problem)
                return
            self._head = headers
            return
        if self._head is None:
            problem = _refusal(headers) if _value(headers, b"grpc-status") is None else None
            if problem is not None:
                self.finish(problem)
                return
        if self._inbox:
            self.finish(Status(INTERNAL, "the server ended the call inside a message"))
            return
        self.finish(_status(headers))

    def on_data(self, data: bytes, flow: int, ended: bool) -> None:
        """A part of the messages."""
        paid = len(self._inbox)
        self._inbox += data
        position = 0
        size = len(self._inbox)
        while size - position >= 5 and not self.ended:
            length = int.from_bytes(self._inbox[position + 1 : position + 5], "big")
            if self._inbox[position]:
                self.finish(Status(INTERNAL, "the server sent a compressed message, which was not asked for"))
                return
            if length > MAX_MESSAGE:
                self.finish(Status(RESOURCE_EXHAUSTED, f"the server sent a message of {length} bytes"))
                return
            end = position + 5 + length
            if size < end:
                break
            message = bytes(self._inbox[position + 5 : end])
            if message == INLINE_KEEPALIVE:
                self.heard_keepalive = True
            else:
                if self._manual_flow:
                    self._owed.append(end - max(position, paid))
                    flow -= self._owed[-1]
                self._on_message(message)
            position = end
        del self._inbox[:position]
        if self.ended:
            return
        if ended:
            self.finish(Status(INTERNAL, "the server ended the call without a status"))
        else:
            self._channel.http2.consumed(self.stream_id, flow)

    def finish(self, status: Status) -> None:
        """End the call with a status, unless it has ended."""
        if not self.ended:
            self.ended = True
            self._channel.forget(self)
            self._on_end(status)


class Channel:
    """The calls of one connection. now is the clock's time in seconds, given by the caller wherever it matters."""

    def __init__(self, authority: str, secure: bool, user_agent: str, on_goaway: Callable[[str], None]) -> None:
        self.http2 = http2.Connection()
        self._authority = authority.encode()
        self._scheme = b"https" if secure else b"http"
        self._user_agent = user_agent.encode()
        self._on_goaway = on_goaway
        self._calls: dict[int, Call] = {}
        self._ping_sent: float | None = None
        self.last_heard = 0.0

    def call(
        self,
        path: str,
        metadata: list[Header],
        on_message: Callable[[bytes], None],
        on_end: Callable[[Status], None],
        *,
        now: float = 0.0,
        timeout: float | None = None,
        manual_flow: bool = False,
    ) -> Call:
        """Open a call. Raises ProtocolError when the connection takes no more."""
        headers = [
            (b":method", b"POST"),
            (b":scheme", self._scheme),
            (b":path", path.encode()),
            (b":authority", self._authority),
            (b"te", b"trailers"),
            (b"content-type", b"application/grpc"),
            (b"user-agent", self._user_agent),
        ]
        if timeout is not None:
            headers.append((b"grpc-timeout", b"%dm" % max(1, int(timeout * 1000))))
        call = Call(self, self.http2.request(headers + metadata), on_message, on_end, manual_flow)
        if timeout is not None:
            call.deadline = now + timeout
        self._calls[call.stream_id] = call
        return call

    def forget(self, call: Call) -> None:
        """Drop a call that has ended; what the server still sends on it is refused."""
        self._calls.pop(call.stream_id, None)
        self.http2.reset(call.stream_id)

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the socket and run the callbacks. Raises ProtocolError; then call lost()."""
        self.last_heard = now
        for event in self.http2.receive(data):
            if isinstance(event, frames.Data):
                call = self._calls.get(event.stream_id)
                if call is not None:
                    call.last_heard = now
                    call.on_data(event.data, event.flow, event.ended)
            elif isinstance(event, frames.Headers):
                call = self._calls.get(event.stream_id)
                if call is not None:
                    call.on_headers(event.headers, event.ended)
            elif isinstance(event, frames.Reset):
                call = self._calls.get(event.stream_id)
                if call is not None:
                    who = "the server" if event.remote else "a broken rule"
                    code = _RESET_STATUS.get(event.code, INTERNAL)
                    call.finish(Status(code, f"{who} reset the stream (HTTP/2 error {event.code})"))
            elif isinstance(event, frames.PingAcknowledged):
                self._ping_sent = None
            else:
                text = event.debug.decode("utf-8", "replace")
                for stream_id in [n for n in self._calls if n > event.last_stream_id]:
                    self._calls[stream_id].finish(Status(UNAVAILABLE, "the server is going away"))
                self._on_goaway(f"HTTP/2 error {event.code} {text}" if event.code else text)

    def lost(self, reason: str) -> None:
        """The connection is gone: every call ends as UNAVAILABLE."""
        for call in list(self._calls.values()):
            call.finish(Status(UNAVAILABLE, reason))

    def idle(self) -> bool:
        """Whether no call is open."""
        return not self._calls

    def check(self, now: float, ping_after: float, ping_timeout: float) -> str | None:
        """Do what the time asks for: expire calls, ask whether the server lives. Returns why the connection is dead."""
        for call in list(self._calls.values()):
            if call.deadline is not None and now >= call.deadline:
                call.finish(Status(DEADLINE_EXCEEDED, "the server did not answer in time"))
        if self._ping_sent is not None:
            if now - self._ping_sent >= ping_timeout and self.last_heard < self._ping_sent:
                return f"the server did not answer a ping in {ping_timeout:g} s"
        elif now - self.last_heard >= ping_after:
            self._ping_sent = now
            self.http2.ping()
        return None


def _value(headers: list[Header], name: bytes) -> bytes | None:
    for key, value in headers:
        if key == name:
            return value
    return None


def _refusal(headers: list[Header]) -> Status | None:
    """Why a response head is not one of gRPC, or None."""
    status = _value(headers, b":status") or b""
    kind = _value(headers, b"content-type") or b""
    if status != b"200":
        text = "the server answered with HTTP status {}".format(status.decode("ascii", "replace"))
        return Status(_HTTP_STATUS.get(status, UNKNOWN), text)
    if not kind.startswith(b"application/grpc"):
        return Status(UNKNOWN, "the server answered with {!r} instead of gRPC".format(kind.decode("ascii", "replace")))
    return None


def _status(headers: list[Header]) -> Status:
    """The status in a list of trailers."""
    try:
        code = int(_value(headers, b"grpc-status") or b"")
    except ValueError:
        return Status(UNKNOWN, "the server ended the call without a readable status")
    details = _value(headers, b"grpc-status-details-bin") or b""
    pushback = None
    delay = _value(headers, b"grpc-retry-pushback-ms")
    if delay is not None and delay.isdigit():
        pushback = int(delay) / 1000
    return Status(code, percent_decode(_value(headers, b"grpc-message") or b""), _base64(details), pushback)


def _base64(text: bytes) -> bytes:
    if not text:
        return b""
    from binascii import Error, a2b_base64

    try:
        return a2b_base64(text + b"=" * (-len(text) % 4))
    except Error:
        return b""


def percent_decode(text: bytes) -> str:
    """A grpc-message as text; what is not a valid escape stays as it is."""
    plain, *escaped = text.split(b"%")
    out = bytearray(plain)
    for part in escaped:
        try:
            octet = bytes.fromhex(part[:2].decode("ascii"))
        except ValueError:
            octet = b""
        out += octet + part[2:] if len(octet) == 1 else b"%" + part
    return out.decode("utf-8", "replace")
