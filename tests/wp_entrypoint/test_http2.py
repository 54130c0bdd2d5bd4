"""The HTTP/2 client against the h2 package as server, in memory, and against peers that break the rules."""

from __future__ import annotations

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import pytest
from hyperframe import frame as frames
from hypothesis import given, settings
from hypothesis import strategies as st

from wp_entrypoint import hpack, http2

REQUEST = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", b"/x"), (b":authority", b"a")]
HEAD = [(":status", "200"), ("content-type", "application/grpc")]


class Pair:
    """Our client and h2's server; bytes cross in pieces of a given size."""

    def __init__(self, piece: int = 1 << 20) -> None:
        self.client = http2.Connection()
        self.server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
        self.server.initiate_connection()
        self.piece = piece
        self.heard: list[http2.Event] = []
        self.served: list[h2.events.Event] = []

    def cross(self) -> None:
        """Let bytes pass until both sides are silent."""
        while True:
            up = self.client.data_to_send()
            if up:
                self.served += self.server.receive_data(up)
            down = self.server.data_to_send()
            for start in range(0, len(down), self.piece):
                self.heard += self.client.receive(down[start : start + self.piece])
            if not up and not down:
                return

    def request(self, end: bool = False) -> int:
        stream_id = self.client.request(REQUEST, end_stream=end)
        self.cross()
        return stream_id

    def body(self, stream_id: int) -> bytes:
        return b"".join(e.data for e in self.heard if isinstance(e, http2.Data) and e.stream_id == stream_id)

    def credit(self) -> None:
        """The application takes all it has heard so far."""
        for event in self.heard:
            if isinstance(event, http2.Data) and event.flow:
                self.client.consumed(event.stream_id, event.flow)
                event.flow = 0
        self.cross()

    def serve(self, stream_id: int, body: bytes, padding: int | None = None) -> None:
        """Send a whole body as the windows allow, crediting as it arrives."""
        while body:
            room = min(
                self.server.local_flow_control_window(stream_id) - (padding or 0) - 1,
                self.server.max_outbound_frame_size - 300,
            )
            if room <= 0:
                self.credit()
                continue
            self.server.send_data(stream_id, body[:room], pad_length=padding)
            body = body[room:]
            self.cross()

    def taken(self, stream_id: int) -> bytes:
        """What the server has received of a request's body; gives credit for it."""
        body = b""
        for event in self.served:
            if isinstance(event, h2.events.DataReceived) and event.stream_id == stream_id:
                body += event.data or b""
        return body


CONNECTION_HEADERS = {"connection", "te", "transfer-encoding", "upgrade", "keep-alive", "proxy-connection"}
HEADER_LISTS = st.lists(
    st.tuples(
        st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20).filter(lambda n: n[0] != "-"),
        st.text("abcdefghijklmnopqrstuvwxyz0123456789 %=", max_size=60).map(str.strip)
        | st.integers(100, 9000).map(lambda n: "v" * n),
    ).filter(
        lambda h: h[0] not in {"connection", "te", "transfer-encoding", "upgrade", "keep-alive", "proxy-connection"}
    ),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(
    bodies=st.lists(st.integers(0, 700_000), min_size=1, max_size=4),
    piece=st.sampled_from([1 << 20, 4096, 977]),
    padding=st.none() | st.integers(0, 255),
    extra=HEADER_LISTS,
)
def test_responses_arrive_whole(
    bodies: list[int], piece: int, padding: int | None, extra: list[tuple[str, str]]
) -> None:
    pair = Pair(piece)
    streams = [(pair.request(end=True), bytes([n + 1]) * size) for n, size in enumerate(bodies)]
    for stream_id, _ in streams:
        pair.server.send_headers(stream_id, [*HEAD, *extra])
    for stream_id, body in streams:
        pair.serve(stream_id, body, padding)
        pair.server.send_headers(stream_id, [("grpc-status", "0"), *extra], end_stream=True)
    pair.cross()
    pair.credit()
    for stream_id, body in streams:
        assert pair.body(stream_id) == body
        heads = [e for e in pair.heard if isinstance(e, http2.Headers) and e.stream_id == stream_id]
        assert [event.ended for event in heads] == [False, True]
        expected = [(name.encode(), value.encode()) for name, value in [("grpc-status", "0"), *extra]]
        assert heads[1].headers == expected
    assert pair.client.can_open()


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 200_000), min_size=1, max_size=4),
    windows=st.lists(st.integers(0, 100_000), min_size=1, max_size=4),
)
def test_requests_keep_to_both_windows_while_settings_change(sizes: list[int], windows: list[int]) -> None:
    pair = Pair()
    pair.cross()
    streams = []
    for number, size in enumerate(sizes):
        stream_id = pair.request()
        streams.append((stream_id, bytes([number + 1]) * size))
        pair.client.send(stream_id, streams[-1][1], end_stream=True)
    acknowledged = 0
    for window in windows:
        # h2 raises FlowControlError itself when we send beyond what it allows
        pair.server.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
        pair.cross()
    pair.server.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 65535})
    pair.cross()
    while any(pair.client.queued(stream_id) for stream_id, _ in streams):
        received = [e for e in pair.served if isinstance(e, h2.events.DataReceived)]
        fresh = received[acknowledged:]
        acknowledged = len(received)
        assert fresh, "the client stopped although it has window"
        for event in fresh:
            ended = any(isinstance(e, h2.events.StreamEnded) and e.stream_id == event.stream_id for e in pair.served)
            size = event.flow_controlled_length or 0
            if size:
                pair.server.increment_flow_control_window(size)
                if not ended:
                    pair.server.increment_flow_control_window(size, event.stream_id)
        pair.cross()
    for stream_id, body in streams:
        assert pair.taken(stream_id) == body
        assert any(isinstance(e, h2.events.StreamEnded) and e.stream_id == stream_id for e in pair.served)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60_000), st.sampled_from([1 << 20, 1, 7]))
def test_large_request_heads_are_continued(size: int, piece: int) -> None:
    pair = Pair(piece)
    pair.server.update_settings({h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: 1 << 20})
    pair.client.request([*REQUEST, (b"x-long", b"v" * size)])
    pair.cross()
    received = [event for event in pair.served if isinstance(event, h2.events.RequestReceived)]
    assert (b"x-long", b"v" * size) in [tuple(h) for h in received[0].headers or []]


def test_a_body_is_framed_no_further_than_the_socket_is_read() -> None:
    pair = Pair()
    stream_id = pair.request()
    pair.server.increment_flow_control_window(100 << 20)
    pair.server.increment_flow_control_window(100 << 20, stream_id)
    pair.cross()
    pair.client.send(stream_id, b"x" * (10 << 20))
    assert pair.client.queued(stream_id) > 9 << 20
    assert len(pair.client.data_to_send()) < 300_000


def test_ping_is_answered_and_heard() -> None:
    pair = Pair()
    pair.cross()
    pair.server.ping(b"12345678")
    pair.client.ping(b"abcdefgh")
    pair.cross()
    assert [e.payload for e in pair.heard if isinstance(e, http2.PingAcknowledged)] == [b"abcdefgh"]
    assert [e.ping_data for e in pair.served if isinstance(e, h2.events.PingAckReceived)] == [b"12345678"]


def test_a_reset_ends_one_stream_only() -> None:
    pair = Pair()
    first, second = pair.request(), pair.request(end=True)
    pair.server.reset_stream(first, h2.errors.ErrorCodes.INTERNAL_ERROR)
    pair.server.send_headers(second, HEAD)
    pair.cross()
    resets = [event for event in pair.heard if isinstance(event, http2.Reset)]
    assert [(e.stream_id, e.code, e.remote) for e in resets] == [(first, 2, True)]
    assert any(isinstance(e, http2.Headers) and e.stream_id == second for e in pair.heard)
    pair.client.send(first, b"late")
    pair.cross()


def test_what_comes_for_a_stream_we_reset_is_counted_and_dropped() -> None:
    pair = Pair()
    stream_id = pair.request()
    pair.server.send_headers(stream_id, HEAD)
    pair.server.send_data(stream_id, b"x" * 10_000)
    late = pair.server.data_to_send()
    pair.client.reset(stream_id)
    assert pair.client.receive(late) == []
    pair.cross()
    other = pair.request()
    pair.server.send_headers(other, HEAD)
    pair.cross()
    assert any(isinstance(e, http2.Headers) and e.stream_id == other for e in pair.heard)


def test_interim_heads_are_passed_over() -> None:
    pair = Pair()
    stream_id = pair.request(end=True)
    pair.server.send_headers(stream_id, [(":status", "103")])
    pair.server.send_headers(stream_id, HEAD)
    pair.cross()
    heads = [event for event in pair.heard if isinstance(event, http2.Headers)]
    assert len(heads) == 1


def test_goaway_closes_the_door() -> None:
    pair = Pair()
    pair.request()
    pair.server.close_connection(last_stream_id=0, additional_data=b"bye")
    pair.heard += pair.client.receive(pair.server.data_to_send())
    event = next(event for event in pair.heard if isinstance(event, http2.Goaway))
    assert (event.last_stream_id, event.code, event.debug) == (0, 0, b"bye")
    assert not pair.client.can_open()
    with pytest.raises(http2.ProtocolError):
        pair.client.request(REQUEST)


def test_the_servers_limit_of_streams_is_kept() -> None:
    pair = Pair()
    pair.server.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 2})
    pair.cross()
    first = pair.request(end=True)
    pair.request()
    assert not pair.client.can_open()
    pair.server.send_headers(first, HEAD, end_stream=True)
    pair.cross()
    assert pair.client.can_open()


def raw(*sent: frames.Frame) -> bytes:
    return b"".join(frame.serialize() for frame in sent)


def head(stream_id: int = 1, block: bytes = b"\x88", *flags: str) -> frames.HeadersFrame:
    frame = frames.HeadersFrame(stream_id, data=block)
    frame.flags |= {"END_HEADERS", *flags}
    return frame


BROKEN = {
    "no settings first": (raw(frames.PingFrame(0, b"12345678")), http2.PROTOCOL_ERROR),
    "http/1.1": (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", http2.FRAME_SIZE_ERROR),
}
BROKEN_AFTER_SETTINGS = {
    "frame too large": (b"\x00\x40\x01\x00\x00\x00\x00\x00\x01" + b"x" * 16385, http2.FRAME_SIZE_ERROR),
    "data on stream 0": (b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x", http2.PROTOCOL_ERROR),
    "data on an idle stream": (raw(frames.DataFrame(7, b"x")), http2.PROTOCOL_ERROR),
    "data on an even stream": (raw(frames.DataFrame(2, b"x")), http2.PROTOCOL_ERROR),
    "push": (b"\x00\x00\x05\x05\x04\x00\x00\x00\x01\x00\x00\x00\x02\x88", http2.PROTOCOL_ERROR),
    "window update of zero": (b"\x00\x00\x04\x08\x00" + bytes(8), http2.PROTOCOL_ERROR),
    "window overflow": (raw(frames.WindowUpdateFrame(0, 2**31 - 1)), http2.FLOW_CONTROL_ERROR),
    "short window update": (b"\x00\x00\x03\x08\x00" + bytes(7), http2.FRAME_SIZE_ERROR),
    "short ping": (b"\x00\x00\x07\x06\x00" + bytes(11), http2.FRAME_SIZE_ERROR),
    "ping on a stream": (b"\x00\x00\x08\x06\x00\x00\x00\x00\x01" + bytes(8), http2.PROTOCOL_ERROR),
    "odd settings": (b"\x00\x00\x05\x04\x00" + bytes(9), http2.FRAME_SIZE_ERROR),
    "settings on a stream": (b"\x00\x00\x00\x04\x00\x00\x00\x00\x01", http2.PROTOCOL_ERROR),
    "settings enable push": (raw(frames.SettingsFrame(0, {2: 1})), http2.PROTOCOL_ERROR),
    "settings window too large": (raw(frames.SettingsFrame(0, {4: 2**31})), http2.FLOW_CONTROL_ERROR),
    "settings frame size": (raw(frames.SettingsFrame(0, {5: 100})), http2.PROTOCOL_ERROR),
    "acknowledgement with content": (b"\x00\x00\x06\x04\x01" + bytes(10), http2.FRAME_SIZE_ERROR),
    "continuation alone": (raw(frames.ContinuationFrame(1, b"\x88")), http2.PROTOCOL_ERROR),
    "padding beyond the frame": (b"\x00\x00\x02\x00\x08\x00\x00\x00\x01\x05x", http2.PROTOCOL_ERROR),
    "short reset": (b"\x00\x00\x03\x03\x00\x00\x00\x00\x01\x00\x00\x00", http2.FRAME_SIZE_ERROR),
    "short goaway": (b"\x00\x00\x04\x07\x00" + bytes(8), http2.FRAME_SIZE_ERROR),
    "broken header block": (raw(head(1, b"\x80")), http2.COMPRESSION_ERROR),
    "interrupted header block": (
        raw(frames.HeadersFrame(1, data=b"\x88"), frames.PingFrame(0, b"12345678")),
        http2.PROTOCOL_ERROR,
    ),
    "endless continuation": (
        raw(frames.HeadersFrame(1, data=b""), *[frames.ContinuationFrame(1, b"\x00" * 16000)] * 5),
        http2.ENHANCE_YOUR_CALM,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_peer_that_does_not_speak_http2(name: str) -> None:
    data, code = BROKEN[name]
    with pytest.raises(http2.ProtocolError) as caught:
        http2.Connection().receive(data)
    assert caught.value.code == code


@pytest.mark.parametrize("name", BROKEN_AFTER_SETTINGS)
def test_a_peer_that_breaks_the_connection(name: str) -> None:
    data, code = BROKEN_AFTER_SETTINGS[name]
    client = http2.Connection()
    client.request(REQUEST)
    client.receive(raw(frames.SettingsFrame(0)))
    client.data_to_send()
    with pytest.raises(http2.ProtocolError) as caught:
        client.receive(data)
    assert caught.value.code == code
    farewell, _ = frames.Frame.parse_frame_header(
        memoryview(client.data_to_send()[-9 - 8 - len(str(caught.value)) :][:9])
    )
    assert isinstance(farewell, frames.GoAwayFrame)


BROKEN_STREAMS = {
    "body before its head": (raw(frames.DataFrame(1, b"x")), http2.PROTOCOL_ERROR),
    "two heads": (raw(head(), head()), http2.PROTOCOL_ERROR),
    "no status": (raw(head(1, b"\x5f\x01x")), http2.PROTOCOL_ERROR),
    "upper-case name": (raw(head(1, b"\x88\x00\x01X\x01y")), http2.PROTOCOL_ERROR),
    "pseudo-header behind others": (raw(head(1, b"\x5f\x01x\x88")), http2.PROTOCOL_ERROR),
    "request pseudo-header": (raw(head(1, b"\x88\x83")), http2.PROTOCOL_ERROR),
    "status in trailers": (raw(head(), head(1, b"\x88", "END_STREAM")), http2.PROTOCOL_ERROR),
    "body behind the end": (raw(head(1, b"\x88", "END_STREAM"), frames.DataFrame(1, b"x")), http2.STREAM_CLOSED),
    "window overflow": (raw(frames.WindowUpdateFrame(1, 2**31 - 1)), http2.FLOW_CONTROL_ERROR),
    "window overrun": (
        raw(head(), *[frames.DataFrame(1, b"x" * 16384)] * (http2.STREAM_WINDOW // 16384 + 1)),
        http2.FLOW_CONTROL_ERROR,
    ),
}


@pytest.mark.parametrize("name", BROKEN_STREAMS)
def test_a_peer_that_breaks_a_stream(name: str) -> None:
    data, code = BROKEN_STREAMS[name]
    client = http2.Connection()
    client.request(REQUEST)
    events = client.receive(raw(frames.SettingsFrame(0)) + data)
    reset = events[-1]
    assert isinstance(reset, http2.Reset)
    assert (reset.stream_id, reset.code, reset.remote) == (1, code, False)
    assert client.request(REQUEST) == 3, "the connection goes on"


def test_a_flood_of_pings_ends_the_connection() -> None:
    client = http2.Connection()
    client.receive(raw(frames.SettingsFrame(0)))
    with pytest.raises(http2.ProtocolError, match="does not read"):
        client.receive(raw(frames.PingFrame(0, b"12345678")) * 20_000)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.builds(
            lambda kind, flags, stream, payload: (
                len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
            ),
            st.integers(0, 11),
            st.integers(0, 255),
            st.integers(0, 5),
            st.binary(max_size=40),
        ),
        max_size=12,
    )
)
def test_noise_is_taken_or_refused_never_worse(noise: list[bytes]) -> None:
    client = http2.Connection()
    client.request(REQUEST)
    client.request(REQUEST, end_stream=True)
    client.send(1, b"x" * 100_000)
    client.receive(raw(frames.SettingsFrame(0)))
    try:
        for data in noise:
            client.receive(data)
            client.data_to_send()
    except http2.ProtocolError:
        assert client.data_to_send()


def test_static_table_is_the_oracles() -> None:
    import hpack as oracle

    decoder = oracle.Decoder()
    for index, header in enumerate(hpack.STATIC_TABLE, start=1):
        assert tuple(map(bytes, decoder.header_table.get_by_index(index))) == header
