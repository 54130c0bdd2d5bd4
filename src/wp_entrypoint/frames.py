"""The vocabulary of HTTP/2 (RFC 9113): numbers of frames, flags, settings and errors, and the events that a connection
reports."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    from wp_entrypoint.hpack import Header

    Event = Union["Headers", "Data", "Reset", "Goaway", "PingAcknowledged"]

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)

END_STREAM = 0x1
ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITY_FLAG = 0x20

SETTINGS_HEADER_TABLE_SIZE = 1
SETTINGS_ENABLE_PUSH = 2
SETTINGS_MAX_CONCURRENT_STREAMS = 3
SETTINGS_INITIAL_WINDOW_SIZE = 4
SETTINGS_MAX_FRAME_SIZE = 5
SETTINGS_MAX_HEADER_LIST_SIZE = 6

NO_ERROR = 0x0
PROTOCOL_ERROR = 0x1
INTERNAL_ERROR = 0x2
FLOW_CONTROL_ERROR = 0x3
STREAM_CLOSED = 0x5
FRAME_SIZE_ERROR = 0x6
REFUSED_STREAM = 0x7
CANCEL = 0x8
COMPRESSION_ERROR = 0x9
ENHANCE_YOUR_CALM = 0xB

DEFAULT_WINDOW = 65535
MAX_WINDOW = 2**31 - 1
DEFAULT_FRAME_SIZE = 16384


class ProtocolError(Exception):
    """The peer broke HTTP/2, or closed the connection; code is the HTTP/2 error code that was answered."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Headers:
    """A header block: the response's head, an interim (1xx) head, or the trailers."""

    __slots__ = ("ended", "headers", "stream_id")

    def __init__(self, stream_id: int, headers: list[Header], ended: bool) -> None:
        self.stream_id = stream_id
        self.headers = headers
        self.ended = ended


class Data:
    """Body bytes. flow is what they cost in window, padding included: hand it back with consumed()."""

    __slots__ = ("data", "ended", "flow", "stream_id")

    def __init__(self, stream_id: int, data: bytes, flow: int, ended: bool) -> None:
        self.stream_id = stream_id
        self.data = data
        self.flow = flow
        self.ended = ended


class Reset:
    """A stream ended without its end: by the peer (remote), or by us because the peer broke a rule on it."""

    __slots__ = ("code", "remote", "stream_id")

    def __init__(self, stream_id: int, code: int, remote: bool) -> None:
        self.stream_id = stream_id
        self.code = code
        self.remote = remote


class Goaway:
    """The peer takes no new streams; those above last_stream_id were not touched by it and may be repeated."""

    __slots__ = ("code", "debug", "last_stream_id")

    def __init__(self, last_stream_id: int, code: int, debug: bytes) -> None:
        self.last_stream_id = last_stream_id
        self.code = code
        self.debug = debug


class PingAcknowledged:
    """The answer to ping()."""

    __slots__ = ("payload",)

    def __init__(self, payload: bytes) -> None:
        self.payload = payload


def unpadded(flags: int, payload: bytes) -> bytes:
    """The payload of a DATA or HEADERS frame without its padding. Raises ProtocolError."""
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise ProtocolError(PROTOCOL_ERROR, "a frame has more padding than content")
    return payload[1 : len(payload) - payload[0]]


def well_formed(headers: list[Header], trailers: bool) -> bool:
    """RFC 9113 section 8.2 and 8.3: lower-case names, pseudo-headers first and only where they belong."""
    regular = False
    status = 0
    for name, _ in headers:
        if name.startswith(b":"):
            if regular or trailers or name != b":status":
                return False
            status += 1
        else:
            regular = True
            if not name or name != name.lower():
                return False
    return status == (0 if trailers else 1)
