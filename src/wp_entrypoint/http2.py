"""The client side of HTTP/2 (RFC 9113) as a state machine: bytes in, events out, no socket.

Complete for a gRPC client: both flow-control windows, CONTINUATION, padding, PING, SETTINGS at any time, GOAWAY,
RST_STREAM, trailers, many streams. What a client may refuse (server push, upgrade from HTTP/1.1) is refused.

Every rule a peer can break ends in ProtocolError (the connection is lost) or in a Reset event (one stream is).
"""

from __future__ import annotations

from wp_entrypoint import hpack
from wp_entrypoint.frames import (
    ACK,
    CANCEL,
    COMPRESSION_ERROR,
    CONTINUATION,
    DATA,
    DEFAULT_FRAME_SIZE,
    DEFAULT_WINDOW,
    END_HEADERS,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    GOAWAY,
    HEADERS,
    MAX_WINDOW,
    NO_ERROR,
    PING,
    PREFACE,
    PRIORITY,
    PRIORITY_FLAG,
    PROTOCOL_ERROR,
    PUSH_PROMISE,
    REFUSED_STREAM,
    RST_STREAM,
    SETTINGS,
    SETTINGS_ENABLE_PUSH,
    SETTINGS_INITIAL_WINDOW_SIZE,
    SETTINGS_MAX_CONCURRENT_STREAMS,
    SETTINGS_MAX_FRAME_SIZE,
    SETTINGS_MAX_HEADER_LIST_SIZE,
    STREAM_CLOSED,
    WINDOW_UPDATE,
    Data,
    Goaway,
    Headers,
    PingAcknowledged,
    ProtocolError,
    Reset,
    unpadded,
    well_formed,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.frames import Event

STREAM_WINDOW = 256 * 1024
"""Bytes a server may send on one stream before the application has taken them."""
CONNECTION_WINDOW = 16 * 1024 * 1024
"""Bytes in flight on the connection; credited on arrival, so that one stream that waits does not stop the others."""
MAX_HEADER_LIST = 64 * 1024
MAX_FRAMED = 128 * 1024
"""Bytes of body framed ahead of the socket; the rest waits in its stream, where queued() counts it."""
MAX_UNANSWERED = 64 * 1024
"""Bytes of control answers (ACKs) waiting to be written, above which the peer is flooding us."""


class _Stream:
    __slots__ = ("credit", "end_queued", "local_closed", "queue", "received", "remote_closed", "uncredited", "window")

    def __init__(self, window: int) -> None:
        self.window = window  # what we may send
        self.credit = STREAM_WINDOW  # what the peer may send
        self.uncredited = 0  # consumed by the application, not yet announced
        self.queue = bytearray()
        self.end_queued = False
        self.local_closed = False
        self.remote_closed = False
        self.received = False  # a final (not 1xx) header block has come


class Connection:
    """One client connection. Feed receive() with what the socket gave, write what data_to_send() returns."""

    def __init__(self) -> None:
        self._out = bytearray(PREFACE)
        self._in = bytearray()
        self._streams: dict[int, _Stream] = {}
        self._next_stream_id = 1
        self._encoder = hpack.Encoder()
        self._decoder = hpack.Decoder(max_list_size=MAX_HEADER_LIST)
        self._window = DEFAULT_WINDOW
        self._credit = DEFAULT_WINDOW
        self._peer_initial_window = DEFAULT_WINDOW
        self._peer_max_streams = MAX_WINDOW
        self._partial: tuple[int, bool, bytearray] | None = None  # stream, END_STREAM, block of an unfinished HEADERS
        self._settled = False
        self.going_away = False
        self._frame(
            SETTINGS,
            0,
            0,
            b"".join(
                key.to_bytes(2, "big") + value.to_bytes(4, "big")
                for key, value in (
                    (SETTINGS_ENABLE_PUSH, 0),
                    (SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW),
                    (SETTINGS_MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST),
                )
            ),
        )
        self._frame(WINDOW_UPDATE, 0, 0, (CONNECTION_WINDOW - DEFAULT_WINDOW).to_bytes(4, "big"))
        self._credit = CONNECTION_WINDOW

    # What the application does

    def data_to_send(self) -> bytes:
        """The bytes to write to the socket now; they are forgotten here."""
        out = bytes(self._out)
        self._out.clear()
        if out:
            self._flush_all()
        return out

    def can_open(self) -> bool:
        """Whether the peer takes one more stream."""
        return not self.going_away and len(self._streams) < self._peer_max_streams and self._next_stream_id < MAX_WINDOW

    def request(self, headers: list[hpack.Header], end_stream: bool = False) -> int:
        """Open a stream and send its request head; returns the stream's number."""
        if not self.can_open():
            raise ProtocolError(REFUSED_STREAM, "the connection takes no further stream")
        stream_id = self._next_stream_id
        self._next_stream_id += 2
        stream = self._streams[stream_id] = _Stream(self._peer_initial_window)
        block = self._encoder.encode(headers)
        flags = END_STREAM if end_stream else 0
        stream.local_closed = end_stream
        kind = HEADERS
        while True:
            fragment, block = block[:DEFAULT_FRAME_SIZE], block[DEFAULT_FRAME_SIZE:]
            self._frame(kind, flags | (0 if block else END_HEADERS), stream_id, fragment)
            if not block:
                return stream_id
            kind, flags = CONTINUATION, 0

    def send(self, stream_id: int, data: bytes, end_stream: bool = False) -> None:
        """Queue body bytes; they go out as the windows allow. A stream that is gone swallows them."""
        stream = self._streams.get(stream_id)
        if stream is None or stream.local_closed or stream.end_queued:
            return
        stream.queue += data
        stream.end_queued = end_stream
        self._flush(stream_id, stream)

    def queued(self, stream_id: int) -> int:
        """Bytes queued on a stream that the windows have not let out yet."""
        stream = self._streams.get(stream_id)
        return len(stream.queue) if stream else 0

    def consumed(self, stream_id: int, flow: int) -> None:
        """The application has taken this much of a stream's Data: let the peer send as much again."""
        stream = self._streams.get(stream_id)
        if stream is None or stream.remote_closed:
            return
        stream.uncredited += flow
        if stream.uncredited >= STREAM_WINDOW // 4:
            self._frame(WINDOW_UPDATE, 0, stream_id, stream.uncredited.to_bytes(4, "big"))
            stream.credit += stream.uncredited
            stream.uncredited = 0

    def reset(self, stream_id: int, code: int = CANCEL) -> None:
        """End a stream at once; nothing more is heard of it."""
        if self._streams.pop(stream_id, None) is not None:
            self._frame(RST_STREAM, 0, stream_id, code.to_bytes(4, "big"))

    def ping(self, payload: bytes = b"waypoint") -> None:
        """Ask for a PingAcknowledged with these eight bytes."""
        self._frame(PING, 0, 0, payload)

    def close(self, code: int = NO_ERROR, text: str = "") -> None:
        """Say goodbye (GOAWAY)."""
        self._frame(GOAWAY, 0, 0, bytes(4) + code.to_bytes(4, "big") + text.encode())
        self.going_away = True

    # What the peer does

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes from the socket; returns what happened, in order. Raises ProtocolError, after which data_to_send()
        still has the farewell for the peer."""
        self._in += data
        events: list[Event] = []
        position = 0
        try:
            while len(self._in) - position >= 9:
                length = int.from_bytes(self._in[position : position + 3], "big")
                if length > DEFAULT_FRAME_SIZE:
                    raise ProtocolError(FRAME_SIZE_ERROR, f"the server sent a frame of {length} bytes")
                end = position + 9 + length
                if len(self._in) < end:
                    break
                kind = self._in[position + 3]
                flags = self._in[position + 4]
                stream_id = int.from_bytes(self._in[position + 5 : position + 9], "big") & MAX_WINDOW
                payload = bytes(self._in[position + 9 : end])
                position = end
                self._on_frame(kind, flags, stream_id, payload, events)
        except hpack.HpackError as error:
            failure = ProtocolError(COMPRESSION_ERROR, str(error))
            self.close(failure.code, str(failure))
            raise failure from error
        except ProtocolError as error:
            self.close(error.code, str(error))
            raise
        finally:
            del self._in[:position]
        if len(self._out) > MAX_FRAMED + DEFAULT_FRAME_SIZE + MAX_UNANSWERED:
            raise ProtocolError(ENHANCE_YOUR_CALM, "the server does not read what it asks for")
        return events

    def _on_frame(self, kind: int, flags: int, stream_id: int, payload: bytes, events: list[Event]) -> None:
        if not self._settled:
            if kind != SETTINGS or flags & ACK:
                raise ProtocolError(PROTOCOL_ERROR, "the server does not speak HTTP/2")
            self._settled = True
        if self._partial is not None and (kind != CONTINUATION or stream_id != self._partial[0]):
            raise ProtocolError(PROTOCOL_ERROR, "a header block was interrupted")
        if kind == DATA:
            self._on_data(flags, stream_id, payload, events)
        elif kind == HEADERS:
            self._on_headers(flags, stream_id, payload, events)
        elif kind == CONTINUATION:
            self._on_continuation(flags, payload, events)
        elif kind == WINDOW_UPDATE:
            self._on_window_update(stream_id, payload, events)
        elif kind == SETTINGS:
            self._on_settings(flags, stream_id, payload)
        elif kind == PING:
            if stream_id or len(payload) != 8:
                raise ProtocolError(PROTOCOL_ERROR if stream_id else FRAME_SIZE_ERROR, "a malformed PING")
            if flags & ACK:
                events.append(PingAcknowledged(payload))
            else:
                self._frame(PING, ACK, 0, payload)
        elif kind == RST_STREAM:
            if len(payload) != 4:
                raise ProtocolError(FRAME_SIZE_ERROR, "a malformed RST_STREAM")
            self._check_known(stream_id)
            if self._streams.pop(stream_id, None) is not None:
                events.append(Reset(stream_id, int.from_bytes(payload, "big"), True))
        elif kind == GOAWAY:
            if stream_id or len(payload) < 8:
                raise ProtocolError(PROTOCOL_ERROR if stream_id else FRAME_SIZE_ERROR, "a malformed GOAWAY")
            self.going_away = True
            last = int.from_bytes(payload[:4], "big") & MAX_WINDOW
            events.append(Goaway(last, int.from_bytes(payload[4:8], "big"), payload[8:]))
        elif kind == PUSH_PROMISE:
            raise ProtocolError(PROTOCOL_ERROR, "the server pushed a stream although that is switched off")
        elif kind == PRIORITY:
            if not stream_id:
                raise ProtocolError(PROTOCOL_ERROR, "a malformed PRIORITY")
            if len(payload) != 5:
                self._break(stream_id, FRAME_SIZE_ERROR, events)

    def _on_data(self, flags: int, stream_id: int, payload: bytes, events: list[Event]) -> None:
        self._check_known(stream_id)
        flow = len(payload)
        if flow > self._credit:
            raise ProtocolError(FLOW_CONTROL_ERROR, "the server overran the connection's window")
        self._credit -= flow
        if self._credit < CONNECTION_WINDOW // 2:
            self._frame(WINDOW_UPDATE, 0, 0, (CONNECTION_WINDOW - self._credit).to_bytes(4, "big"))
            self._credit = CONNECTION_WINDOW
        data = unpadded(flags, payload)
        stream = self._streams.get(stream_id)
        if stream is None:
            return  # we reset it; what was under way has been counted
        if flow > stream.credit:
            self._break(stream_id, FLOW_CONTROL_ERROR, events)
            return
        if stream.remote_closed:
            self._break(stream_id, STREAM_CLOSED, events)
            return
        if not stream.received:
            self._break(stream_id, PROTOCOL_ERROR, events)
            return
        stream.credit -= flow
        ended = bool(flags & END_STREAM)
        events.append(Data(stream_id, data, flow, ended))
        if ended:
            self._remote_ended(stream_id, stream)

    def _on_headers(self, flags: int, stream_id: int, payload: bytes, events: list[Event]) -> None:
        self._check_known(stream_id)
        block = unpadded(flags, payload)
        if flags & PRIORITY_FLAG:
            if len(block) < 5:
                raise ProtocolError(FRAME_SIZE_ERROR, "a malformed HEADERS")
            block = block[5:]
        ended = bool(flags & END_STREAM)
        if flags & END_HEADERS:
            self._on_block(stream_id, ended, block, events)
        else:
            self._partial = (stream_id, ended, bytearray(block))

    def _on_continuation(self, flags: int, payload: bytes, events: list[Event]) -> None:
        if self._partial is None:
            raise ProtocolError(PROTOCOL_ERROR, "a CONTINUATION without HEADERS")
        stream_id, ended, block = self._partial
        block += payload
        if len(block) > MAX_HEADER_LIST:
            raise ProtocolError(ENHANCE_YOUR_CALM, f"a header block is larger than {MAX_HEADER_LIST} bytes")
        if flags & END_HEADERS:
            self._partial = None
            self._on_block(stream_id, ended, bytes(block), events)

    def _on_block(self, stream_id: int, ended: bool, block: bytes, events: list[Event]) -> None:
        headers = self._decoder.decode(block)  # always, or the tables part
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        if stream.remote_closed:
            self._break(stream_id, STREAM_CLOSED, events)
            return
        interim = any(name == b":status" and value.startswith(b"1") for name, value in headers)
        if not well_formed(headers, trailers=stream.received) or (not ended and stream.received) or (interim and ended):
            self._break(stream_id, PROTOCOL_ERROR, events)
            return
        if interim:
            return
        stream.received = True
        events.append(Headers(stream_id, headers, ended))
        if ended:
            self._remote_ended(stream_id, stream)

    def _on_window_update(self, stream_id: int, payload: bytes, events: list[Event]) -> None:
        if len(payload) != 4:
            raise ProtocolError(FRAME_SIZE_ERROR, "a malformed WINDOW_UPDATE")
        self._check_known(stream_id, zero=True)
        increment = int.from_bytes(payload, "big") & MAX_WINDOW
        if stream_id == 0:
            self._window += increment
            if not increment or self._window > MAX_WINDOW:
                raise ProtocolError(PROTOCOL_ERROR if not increment else FLOW_CONTROL_ERROR, "a wrong WINDOW_UPDATE")
            self._flush_all()
            return
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        stream.window += increment
        if not increment or stream.window > MAX_WINDOW:
            self._break(stream_id, PROTOCOL_ERROR if not increment else FLOW_CONTROL_ERROR, events)
            return
        self._flush(stream_id, stream)

    def _on_settings(self, flags: int, stream_id: int, payload: bytes) -> None:
        if stream_id:
            raise ProtocolError(PROTOCOL_ERROR, "SETTINGS on a stream")
        if flags & ACK:
            if payload:
                raise ProtocolError(FRAME_SIZE_ERROR, "a malformed SETTINGS acknowledgement")
            return
        if len(payload) % 6:
            raise ProtocolError(FRAME_SIZE_ERROR, "a malformed SETTINGS")
        for position in range(0, len(payload), 6):
            key = int.from_bytes(payload[position : position + 2], "big")
            value = int.from_bytes(payload[position + 2 : position + 6], "big")
            if key == SETTINGS_MAX_CONCURRENT_STREAMS:
                self._peer_max_streams = value
            elif key == SETTINGS_MAX_FRAME_SIZE:
                if not DEFAULT_FRAME_SIZE <= value < 2**24:
                    raise ProtocolError(PROTOCOL_ERROR, "a frame size out of range in SETTINGS")
            elif key == SETTINGS_ENABLE_PUSH:
                if value:
                    raise ProtocolError(PROTOCOL_ERROR, "a server cannot enable push")
            elif key == SETTINGS_INITIAL_WINDOW_SIZE:
                if value > MAX_WINDOW:
                    raise ProtocolError(FLOW_CONTROL_ERROR, "a window out of range in SETTINGS")
                change = value - self._peer_initial_window
                self._peer_initial_window = value
                for stream in self._streams.values():
                    stream.window += change
                    if stream.window > MAX_WINDOW:
                        raise ProtocolError(FLOW_CONTROL_ERROR, "a window out of range after SETTINGS")
        self._frame(SETTINGS, ACK, 0, b"")
        self._flush_all()

    def _check_known(self, stream_id: int, zero: bool = False) -> None:
        """A frame must belong to a stream that we opened at some time (or to the connection where zero is allowed)."""
        if (stream_id == 0 and zero) or (stream_id % 2 and stream_id < self._next_stream_id):
            return
        raise ProtocolError(PROTOCOL_ERROR, f"a frame for stream {stream_id}, which was never opened")

    def _break(self, stream_id: int, code: int, events: list[Event]) -> None:
        if stream_id in self._streams:
            self.reset(stream_id, code)
            events.append(Reset(stream_id, code, False))

    def _remote_ended(self, stream_id: int, stream: _Stream) -> None:
        stream.remote_closed = True
        if stream.local_closed:
            del self._streams[stream_id]

    # What goes out

    def _flush_all(self) -> None:
        for stream_id, stream in list(self._streams.items()):
            self._flush(stream_id, stream)

    def _flush(self, stream_id: int, stream: _Stream) -> None:
        while stream.queue:
            size = min(len(stream.queue), self._window, stream.window, DEFAULT_FRAME_SIZE)
            if size <= 0 or len(self._out) > MAX_FRAMED:
                return
            piece = bytes(stream.queue[:size])
            del stream.queue[:size]
            self._window -= size
            stream.window -= size
            last = stream.end_queued and not stream.queue
            self._frame(DATA, END_STREAM if last else 0, stream_id, piece)
            stream.local_closed = stream.local_closed or last
        if stream.end_queued and not stream.local_closed:
            self._frame(DATA, END_STREAM, stream_id, b"")
            stream.local_closed = True
        if stream.local_closed and stream.remote_closed:
            self._streams.pop(stream_id, None)

    def _frame(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        self._out += len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream_id.to_bytes(4, "big")
        self._out += payload
