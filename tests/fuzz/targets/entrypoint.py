"""What a server can send to an entrypoint: header blocks, frames, messages. All are taken or refused, never worse.

The first byte of an input says what the rest is. Where an oracle (the hpack package) takes a block that we take,
both must have read the same; a connection must behave the same however its bytes are cut.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import hpack as oracle

from wp_entrypoint import frames, grpc, hpack
from wp_proto.entrypoint import codec, messages

PACKAGES = ("wp_entrypoint", "wp_proto.entrypoint")

HEADERS, FRAMES, MESSAGES = range(3)
DICTIONARY = ("grpc-status", "grpc-message", ":status", "content-type", "application/grpc", "inline_keepalive", "%41")

SETTINGS = b"\0\0\0\4\0\0\0\0\0"
MESSAGE_TYPES = [
    messages.EntrypointConfigResponse,
    messages.EntrypointExecResponse,
    messages.GetVersionInfoResponse,
    messages.NewTokenResponse,
]


def one(data: bytes) -> None:
    """Try an input as what its first byte says."""
    kind, rest = (data[0] if data else 0), data[1:]
    if kind % 3 == HEADERS:
        _headers(rest)
    elif kind % 3 == FRAMES:
        _frames(rest)
    else:
        _messages(rest)


def _headers(block: bytes) -> None:
    decoder = hpack.Decoder()
    try:
        ours = decoder.decode(block)
    except hpack.HpackError:
        return
    try:
        theirs = [(bytes(name), bytes(value)) for name, value in oracle.Decoder().decode(block, raw=True)]
    except oracle.HPACKError:
        raise AssertionError("we read what the oracle refuses") from None
    assert ours == theirs


class _Side:
    """A client with three calls of different kinds, and what they heard."""

    def __init__(self) -> None:
        self.heard: list[object] = []
        self.ends = [0, 0, 0]
        self.channel = grpc.Channel("a", False, "fuzz", lambda text: self.heard.append(("goaway", text)))
        self.calls = [self._call(number) for number in range(3)]
        self.channel.http2.send(self.calls[0].stream_id, b"x" * 100_000)

    def _call(self, number: int) -> grpc.Call:
        def message(content: bytes) -> None:
            self.heard.append((number, content))
            if number == 1:
                self.calls[1].taken()

        def end(status: grpc.Status) -> None:
            self.ends[number] += 1
            self.heard.append((number, status.code, status.message, status.details, status.pushback))

        return self.channel.call("/s/m", [], message, end, manual_flow=number == 1)

    def feed(self, pieces: list[bytes]) -> None:
        self.channel.http2.data_to_send()
        try:
            for piece in pieces:
                self.channel.receive(piece, 1.0)
                self.channel.http2.data_to_send()
        except frames.ProtocolError as error:
            self.heard.append(("broken", error.code))
            self.channel.http2.data_to_send()
        self.channel.lost("the end")
        assert self.ends == [1, 1, 1], "every call ends once"
        assert self.channel.idle()


def _frames(data: bytes) -> None:
    whole, cut = _Side(), _Side()
    stream = SETTINGS + data
    whole.feed([stream])
    cut.feed([stream[start : start + 3] for start in range(0, len(stream), 3)])
    # Bytes in front of a fault are acted upon in both cases; only what the fault was must not depend on the cut.
    assert [event for event in whole.heard if event[0] == "broken"] == [e for e in cut.heard if e[0] == "broken"]  # type: ignore[index]


def _messages(data: bytes) -> None:
    for kind in MESSAGE_TYPES:
        try:
            message = kind.decode(data)
        except codec.DecodeError:
            continue
        assert kind.decode(message.encode()) == message


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def seeds() -> Iterator[bytes]:
    """A few of every kind."""
    encoder = oracle.Encoder()
    head = encoder.encode([(":status", "200"), ("content-type", "application/grpc")])
    trailers = encoder.encode([("grpc-status", "14"), ("grpc-message", "a%20b"), ("grpc-retry-pushback-ms", "5")])
    for block in (head, trailers, b"\x3f\xe1\x1f\x82", b"\x40\x01a\x01b\xbe"):
        yield bytes([HEADERS]) + block
    message = b"\0\0\0\0\x05hello"
    answer = _frame(1, 4, 1, head) + _frame(0, 0, 1, message) + _frame(1, 5, 1, trailers)
    yield bytes([FRAMES]) + answer
    yield (
        bytes([FRAMES])
        + _frame(1, 0, 3, head[:3])
        + _frame(9, 4, 3, head[3:])
        + _frame(0, 8, 3, b"\2" + message + b"\0\0")
    )
    yield bytes([FRAMES]) + _frame(4, 0, 0, b"\0\4\0\0\0\1\0\5\0\0\x40\0") + _frame(8, 0, 1, b"\0\0\1\0")
    yield (
        bytes([FRAMES])
        + _frame(6, 0, 0, b"12345678")
        + _frame(3, 0, 5, b"\0\0\0\2")
        + _frame(7, 0, 0, bytes(8) + b"bye")
    )
    keepalive = b"\0\0\0\0\x16" + grpc.INLINE_KEEPALIVE
    yield (
        bytes([FRAMES])
        + _frame(1, 4, 5, head)
        + _frame(0, 0, 5, keepalive + message[:4])
        + _frame(0, 0, 5, message[4:])
    )
    config = messages.EntrypointConfig(env_vars=[messages.ConfigVar(name="A", static="b")], file_change_signal="HUP")
    yield bytes([MESSAGES]) + messages.EntrypointConfigResponse(config=config).encode()
    yield bytes([MESSAGES]) + messages.EntrypointExecResponse(input=b"typed").encode()
    yield bytes([MESSAGES]) + messages.NewTokenResponse(token="t").encode()
