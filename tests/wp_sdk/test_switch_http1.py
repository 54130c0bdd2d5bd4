from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wp_sdk.switch.http1 import HEAD_LIMIT, Exchange

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

# request, answer: each pair is complete, so the connection is idle after it
COMPLETE = [
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", ANSWER),
    (b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
    (b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    (b"DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n"),
    (b"POST /x HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", ANSWER),
    (
        b"POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nb",
        b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWER,
    ),
    (
        b"PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\na;x=y\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n",
    ),
    (b"GET / HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n", ANSWER + ANSWER),
]

# request, answer: relayed to the end, never moved
NEVER_MOVED = [
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b""),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b""),
    (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"),
    (b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    (b"", b"220 mail.example.com ESMTP\r\n"),
    (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end"),
    (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", ANSWER),
    (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", ANSWER),
    (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
    (b"GET / HTTP/1.1\r\nX: " + b"x" * (HEAD_LIMIT + 1), b""),
]


def cut(message: bytes, at: list[int]) -> list[bytes]:
    places = sorted({min(place, len(message)) for place in at})
    return [message[a:b] for a, b in zip([0, *places], [*places, len(message)], strict=True) if a != b]


@given(pair=st.sampled_from(COMPLETE), at=st.lists(st.integers(1, 120), max_size=6))
def test_a_connection_is_idle_exactly_when_every_request_has_its_answer(
    pair: tuple[bytes, bytes], at: list[int]
) -> None:
    request, answer = pair
    exchange = Exchange()
    assert exchange.idle
    for part in cut(request, at):
        exchange.from_client(part)
        assert not exchange.idle
    parts = cut(answer, at)
    for part in parts[:-1]:
        exchange.from_target(part)
        assert not exchange.idle
    exchange.from_target(parts[-1])
    assert exchange.idle
    assert not exchange.opaque


@given(pair=st.sampled_from(NEVER_MOVED), at=st.lists(st.integers(1, 120), max_size=6))
def test_what_is_not_recognised_is_never_idle(pair: tuple[bytes, bytes], at: list[int]) -> None:
    request, answer = pair
    exchange = Exchange()
    for part in cut(request, at):
        exchange.from_client(part)
    for part in cut(answer, at):
        exchange.from_target(part)
    assert not exchange.idle
    exchange.from_client(COMPLETE[0][0])
    exchange.from_target(COMPLETE[0][1])
    assert not exchange.idle


def test_an_early_answer_keeps_the_connection_busy_until_the_request_is_complete() -> None:
    exchange = Exchange()
    exchange.from_client(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345")
    exchange.from_target(ANSWER)
    assert not exchange.idle
    exchange.from_client(b"67890")
    assert exchange.idle


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_bytes_are_too_strange(client: bytes, target: bytes) -> None:
    exchange = Exchange()
    exchange.from_client(client)
    exchange.from_target(target)
    assert exchange.idle in {True, False}
    if client and not client.startswith(tuple(bytes([c]) for c in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\r\n")):
        assert not exchange.idle


@pytest.mark.parametrize("beginning", [b"G", b"GET / HTTP/1.1\r\nHost: a"])
def test_half_a_head_is_under_way(beginning: bytes) -> None:
    exchange = Exchange()
    exchange.from_client(beginning)
    assert not exchange.idle
    assert not exchange.opaque
