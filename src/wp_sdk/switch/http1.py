"""Where HTTP/1 requests and answers begin and end on one connection: bytes in, facts out, no sockets.

A relay may give a connection to another target only while nothing is under way on it: every request that went out has
its complete answer. `Exchange` watches both directions without changing a byte and knows when that is so (framing:
RFC 9112 §6). Whatever it does not recognise (TLS, HTTP/2, an upgraded connection, another protocol, a broken message)
makes the connection *opaque*: it is then relayed to its end and never moved.
"""

from __future__ import annotations

import enum
import re
from collections import deque

HEAD_LIMIT = 64 * 1024
"""Bytes of a message head (or of a chunk's size line) after which a connection counts as opaque."""

_REQUEST_LINE = re.compile(rb"([A-Z][A-Z0-9_-]*) \S+ HTTP/1\.[01]\Z")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)(?: .*)?\Z", re.DOTALL)


class _Framing(enum.Enum):
    HEAD = enum.auto()
    BODY = enum.auto()
    CHUNK_SIZE = enum.auto()
    CHUNK_DATA = enum.auto()
    TRAILERS = enum.auto()
    UNTIL_CLOSE = enum.auto()


class _Unrecognised(Exception):
    """The bytes are not HTTP/1 as this module knows it."""


class _Messages:
    """One direction of a connection, cut into messages. Subclasses say what a head means for the body."""

    def __init__(self) -> None:
        self._framing = _Framing.HEAD
        self._pending = bytearray()
        self._remaining = 0

    @property
    def at_boundary(self) -> bool:
        return self._framing is _Framing.HEAD and not self._pending

    def feed(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            if self._framing is _Framing.UNTIL_CLOSE:
                return
            if self._framing in {_Framing.BODY, _Framing.CHUNK_DATA}:
                taken = min(self._remaining, len(view))
                self._remaining -= taken
                view = view[taken:]
                if self._remaining == 0:
                    self._body_part_ended()
                continue
            view = self._take_line(view)

    def _take_line(self, view: memoryview) -> memoryview:
        """Collect a head or a line; the rest of the bytes is returned."""
        end = b"\r\n\r\n" if self._framing is _Framing.HEAD else b"\r\n"
        had = len(self._pending)
        self._pending += view
        found = self._pending.find(end, max(0, had - len(end) + 1))
        if found < 0:
            if len(self._pending) > HEAD_LIMIT:
                raise _Unrecognised
            if self._framing is _Framing.HEAD:
                self._check_beginning(bytes(self._pending[:8]))
            return view[len(view) :]
        line = bytes(self._pending[:found])
        rest = view[found + len(end) - had :]
        self._pending.clear()
        self._line_ended(line)
        return rest

    def _line_ended(self, line: bytes) -> None:
        if self._framing is _Framing.HEAD:
            self._head_ended(line)
        elif self._framing is _Framing.CHUNK_SIZE:
            size = line.split(b";", 1)[0].strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
                raise _Unrecognised
            self._remaining = int(size, 16) + 2
            self._framing = _Framing.CHUNK_DATA if self._remaining > 2 else _Framing.TRAILERS
        elif not line:
            self._message_ended()

    def _body_part_ended(self) -> None:
        if self._framing is _Framing.CHUNK_DATA:
            self._framing = _Framing.CHUNK_SIZE
        else:
            self._message_ended()

    def _message_ended(self) -> None:
        self._framing = _Framing.HEAD

    def _begin_body(self, headers: dict[bytes, bytes], *, without_length: _Framing) -> None:
        coding = headers.get(b"transfer-encoding")
        length = headers.get(b"content-length")
        if coding is not None:
            if coding.rsplit(b",", 1)[-1].strip().lower() != b"chunked":
                raise _Unrecognised
            self._framing = _Framing.CHUNK_SIZE
        elif length is not None:
            if not length.isdigit():
                raise _Unrecognised
            self._remaining = int(length)
            self._framing = _Framing.BODY
            if self._remaining == 0:
                self._message_ended()
        elif without_length is _Framing.HEAD:
            self._message_ended()
        else:
            self._framing = without_length

    def _check_beginning(self, beginning: bytes) -> None:
        raise NotImplementedError

    def _head_ended(self, head: bytes) -> None:
        raise NotImplementedError


def _headers(head: bytes) -> dict[bytes, bytes]:
    """Header fields after the first line, names in lower case; repeated lengths that differ are not recognised."""
    found: dict[bytes, bytes] = {}
    for line in head.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if not colon:
            raise _Unrecognised
        key, value = name.strip().lower(), value.strip()
        if key == b"content-length" and found.get(key, value) != value:
            raise _Unrecognised
        found[key] = value
    return found


class _Requests(_Messages):
    def __init__(self) -> None:
        super().__init__()
        self.methods: deque[bytes] = deque()

    def _check_beginning(self, beginning: bytes) -> None:
        if not beginning.lstrip(b"\r\n")[:1].isupper() and beginning.strip(b"\r\n"):
            raise _Unrecognised

    def _head_ended(self, head: bytes) -> None:
        head = head.lstrip(b"\r\n")
        match = _REQUEST_LINE.match(head.split(b"\r\n", 1)[0])
        if match is None or match[1] == b"CONNECT":
            raise _Unrecognised
        self.methods.append(match[1])
        self._begin_body(_headers(head), without_length=_Framing.HEAD)


class _Answers(_Messages):
    def __init__(self, requests: _Requests) -> None:
        super().__init__()
        self._requests = requests

    def _check_beginning(self, beginning: bytes) -> None:
        if not b"HTTP/1.".startswith(beginning[:7]):
            raise _Unrecognised

    def _head_ended(self, head: bytes) -> None:
        match = _STATUS_LINE.match(head.split(b"\r\n", 1)[0])
        if match is None or not self._requests.methods:
            raise _Unrecognised
        status = int(match[1])
        if status == 101:
            raise _Unrecognised
        if status < 200:
            return
        method = self._requests.methods[0]
        if method == b"HEAD" or status in {204, 304}:
            self._message_ended()
        else:
            self._begin_body(_headers(head), without_length=_Framing.UNTIL_CLOSE)

    def _message_ended(self) -> None:
        super()._message_ended()
        self._requests.methods.popleft()


class Exchange:
    """What is under way on one connection between a client and a target."""

    def __init__(self) -> None:
        self._requests = _Requests()
        self._answers = _Answers(self._requests)
        self.opaque = False

    @property
    def idle(self) -> bool:
        """True when every request has its complete answer, so that the next one may go to another target."""
        return not (self.opaque or self._requests.methods or not self._requests.at_boundary) and (
            self._answers.at_boundary
        )

    def from_client(self, chunk: bytes) -> None:
        """Note bytes the client sent."""
        self._feed(self._requests, chunk)

    def from_target(self, chunk: bytes) -> None:
        """Note bytes the target sent."""
        self._feed(self._answers, chunk)

    def _feed(self, messages: _Messages, chunk: bytes) -> None:
        if self.opaque:
            return
        try:
            messages.feed(chunk)
        except _Unrecognised:
            self.opaque = True
