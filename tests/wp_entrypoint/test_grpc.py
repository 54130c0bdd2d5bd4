"""gRPC's rules on top of HTTP/2, with the h2 package as a server that may misbehave."""

from __future__ import annotations

import base64

import h2.config
import h2.connection
import h2.errors
import pytest
from google.rpc import status_pb2
from hypothesis import given
from hypothesis import strategies as st

from wp_entrypoint import grpc, http2
from wp_proto.entrypoint import messages

HEAD = [(":status", "200"), ("content-type", "application/grpc")]


class Conversation:
    """One call, and the server's end of it."""

    def __init__(self, manual_flow: bool = False, timeout: float | None = None) -> None:
        self.goodbyes: list[str] = []
        self.channel = grpc.Channel("server:9701", True, "test/1", self.goodbyes.append)
        self.server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.server.initiate_connection()
        self.messages: list[bytes] = []
        self.statuses: list[grpc.Status] = []
        self.call = self.channel.call(
            "/service/Method",
            [(b"waypoint-token", b"t")],
            self.messages.append,
            self.statuses.append,
            now=100.0,
            timeout=timeout,
            manual_flow=manual_flow,
        )
        self.served = self.cross()

    def cross(self) -> list[h2.events.Event]:
        served: list[h2.events.Event] = []
        while True:
            up = self.channel.http2.data_to_send()
            served += self.server.receive_data(up)
            down = self.server.data_to_send()
            if down:
                self.channel.receive(down, 100.0)
            elif not up:
                return served

    def head(self, *extra: tuple[str, str], end: bool = False, status: str = "200") -> None:
        self.server.send_headers(1, [(":status", status), HEAD[1], *extra], end_stream=end)

    def message(self, data: bytes, flag: int = 0) -> None:
        self.server.send_data(1, bytes([flag]) + len(data).to_bytes(4, "big") + data)
        self.cross()

    def trailers(self, *trailers: tuple[str, str]) -> grpc.Status:
        self.server.send_headers(1, list(trailers), end_stream=True)
        self.cross()
        return self.status

    @property
    def status(self) -> grpc.Status:
        assert len(self.statuses) == 1
        return self.statuses[0]


def test_the_request_head_is_grpcs() -> None:
    conversation = Conversation(timeout=2.5)
    headers = {}
    for event in conversation.served:
        if isinstance(event, h2.events.RequestReceived):
            headers = {bytes(name): bytes(value) for name, value in event.headers or []}
    assert headers == {
        b":method": b"POST",
        b":scheme": b"https",
        b":path": b"/service/Method",
        b":authority": b"server:9701",
        b"te": b"trailers",
        b"content-type": b"application/grpc",
        b"user-agent": b"test/1",
        b"grpc-timeout": b"2500m",
        b"waypoint-token": b"t",
    }


def test_messages_and_a_good_end() -> None:
    conversation = Conversation()
    conversation.head()
    for data in (b"one", b"", b"x" * 10_000):
        conversation.message(data)
    assert conversation.trailers(("grpc-status", "0")).code == grpc.OK
    assert conversation.messages == [b"one", b"", b"x" * 10_000]
    assert conversation.channel.idle()


# Hypothesis tries values that it finds in the source; this one is for the channel itself.
contents = st.binary(max_size=300).filter(lambda data: data != grpc.INLINE_KEEPALIVE)


@given(st.lists(contents, max_size=6), st.integers(1, 40))
def test_messages_do_not_depend_on_frames(sent: list[bytes], size: int) -> None:
    conversation = Conversation()
    conversation.head()
    wire = b"".join(b"\0" + len(data).to_bytes(4, "big") + data for data in sent)
    for start in range(0, len(wire), size):
        conversation.server.send_data(1, wire[start : start + size])
        conversation.cross()
    conversation.trailers(("grpc-status", "0"))
    assert conversation.messages == sent


def test_an_error_has_its_text_details_and_pushback() -> None:
    details = status_pb2.Status(code=8, message="slow down, ütf")
    conversation = Conversation()
    conversation.head(
        ("grpc-status", "8"),
        ("grpc-message", "slow down, %C3%BCtf"),
        ("grpc-status-details-bin", base64.b64encode(details.SerializeToString()).decode().rstrip("=")),
        ("grpc-retry-pushback-ms", "1500"),
        end=True,
    )
    conversation.cross()
    status = conversation.status
    assert (status.code, status.message, status.pushback) == (8, "slow down, ütf", 1.5)
    assert messages.Status.decode(status.details).message == "slow down, ütf"
    assert str(status) == "RESOURCE_EXHAUSTED: slow down, ütf"


@pytest.mark.parametrize(
    ("http", "code"),
    [("401", 16), ("403", 7), ("404", 12), ("429", 14), ("502", 14), ("503", 14), ("400", 13), ("418", 2)],
)
def test_http_errors_of_a_proxy(http: str, code: int) -> None:
    for end in (False, True):
        conversation = Conversation()
        conversation.server.send_headers(1, [(":status", http), ("content-type", "text/html")], end_stream=end)
        conversation.cross()
        assert conversation.status.code == code
        assert http in conversation.status.message


def test_a_web_page_is_not_grpc() -> None:
    conversation = Conversation()
    conversation.server.send_headers(1, [(":status", "200"), ("content-type", "text/html")])
    conversation.cross()
    assert conversation.status.code == grpc.UNKNOWN
    assert "text/html" in conversation.status.message


def test_an_end_without_status() -> None:
    conversation = Conversation()
    conversation.head()
    assert conversation.trailers(("x-other", "1")).code == grpc.UNKNOWN
    conversation = Conversation()
    conversation.head()
    conversation.server.send_data(1, b"", end_stream=True)
    conversation.cross()
    assert conversation.status.code == grpc.INTERNAL


def test_an_end_inside_a_message() -> None:
    conversation = Conversation()
    conversation.head()
    conversation.server.send_data(1, b"\0\0\0\0\x09four")
    assert conversation.trailers(("grpc-status", "0")).code == grpc.INTERNAL
    assert conversation.messages == []


def test_a_compressed_message_is_refused() -> None:
    conversation = Conversation()
    conversation.head()
    conversation.message(b"x", flag=1)
    assert conversation.status.code == grpc.INTERNAL


def test_a_message_without_measure_is_refused_before_it_is_kept() -> None:
    conversation = Conversation()
    conversation.head()
    conversation.server.send_data(1, b"\0" + (grpc.MAX_MESSAGE + 1).to_bytes(4, "big"))
    conversation.cross()
    assert conversation.status.code == grpc.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    ("reset", "code"),
    [
        (h2.errors.ErrorCodes.REFUSED_STREAM, grpc.UNAVAILABLE),
        (h2.errors.ErrorCodes.CANCEL, grpc.CANCELLED),
        (h2.errors.ErrorCodes.ENHANCE_YOUR_CALM, grpc.RESOURCE_EXHAUSTED),
        (h2.errors.ErrorCodes.INTERNAL_ERROR, grpc.INTERNAL),
    ],
)
def test_resets(reset: h2.errors.ErrorCodes, code: int) -> None:
    conversation = Conversation()
    conversation.server.reset_stream(1, reset)
    conversation.cross()
    assert conversation.status.code == code


def test_going_away_ends_what_was_not_begun() -> None:
    conversation = Conversation()
    conversation.server.close_connection(last_stream_id=0)
    conversation.channel.receive(conversation.server.data_to_send(), 100.0)
    assert conversation.status.code == grpc.UNAVAILABLE
    assert conversation.goodbyes == [""]


def test_a_deadline() -> None:
    conversation = Conversation(timeout=2.0)
    assert conversation.channel.check(101.9, 25, 10) is None
    assert conversation.statuses == []
    assert conversation.channel.check(102.0, 25, 10) is None
    assert conversation.status.code == grpc.DEADLINE_EXCEEDED
    assert any(isinstance(event, h2.events.StreamReset) for event in conversation.cross())


def test_a_silent_server_is_asked_and_given_up() -> None:
    conversation = Conversation()
    channel = conversation.channel
    assert channel.check(124.0, 25, 10) is None
    assert channel.http2.data_to_send() == b""
    assert channel.check(126.0, 25, 10) is None
    assert channel.http2.data_to_send()[3] == http2.PING
    assert channel.check(135.0, 25, 10) is None
    assert "ping" in (channel.check(136.5, 25, 10) or "")


def test_an_answered_ping_means_life() -> None:
    conversation = Conversation()
    assert conversation.channel.check(126.0, 25, 10) is None
    conversation.server.receive_data(conversation.channel.http2.data_to_send())
    conversation.channel.receive(conversation.server.data_to_send(), 127.0)
    assert conversation.channel.check(137.0, 25, 10) is None


def test_inline_keepalives_are_not_messages() -> None:
    conversation = Conversation(manual_flow=True)
    conversation.head()
    conversation.message(grpc.INLINE_KEEPALIVE)
    conversation.message(b"real")
    assert conversation.messages == [b"real"]
    assert conversation.call.heard_keepalive


def test_manual_flow_lets_in_no_more_than_a_window_until_messages_are_taken() -> None:
    conversation = Conversation(manual_flow=True)
    conversation.head()
    conversation.cross()
    sent = 0
    while conversation.server.local_flow_control_window(1) >= 10_005:
        conversation.message(b"x" * 10_000)
        sent += 1
        assert sent < 100, "the window never closes"
    for _ in range(sent):
        conversation.call.taken()
    conversation.cross()
    assert conversation.server.local_flow_control_window(1) > http2.STREAM_WINDOW // 2


def test_a_lost_connection_ends_every_call() -> None:
    conversation = Conversation()
    conversation.channel.lost("the cable was pulled")
    assert (conversation.status.code, conversation.status.message) == (grpc.UNAVAILABLE, "the cable was pulled")


def test_a_cancelled_call_says_nothing_more() -> None:
    conversation = Conversation()
    conversation.head()
    conversation.call.cancel()
    conversation.cross()
    assert conversation.statuses == []


@given(st.text(max_size=30))
def test_percent_decoding(text: str) -> None:
    encoded = b"".join(
        bytes([octet]) if 0x20 <= octet <= 0x7E and octet != 0x25 else b"%%%02X" % octet for octet in text.encode()
    )
    assert grpc.percent_decode(encoded) == text


@given(st.binary(max_size=20))
def test_what_is_not_percent_coded_stays(noise: bytes) -> None:
    assert isinstance(grpc.percent_decode(noise), str)
    assert grpc.percent_decode(b"100% sure, %zz, %4") == "100% sure, %zz, %4"
