"""Header compression against the hpack package, both ways."""

from __future__ import annotations

import hpack as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wp_entrypoint import hpack

NAMES = st.sampled_from([name for name, _ in hpack.STATIC_TABLE]) | st.text(
    "abcdefghijklmnopqrstuvwxyz-0123456789", min_size=1, max_size=12
).map(str.encode)
HEADERS = st.lists(st.tuples(NAMES, st.binary(max_size=200) | st.just(b"x" * 1500)), max_size=12)


def plain(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(bytes(name), bytes(value)) for name, value in headers]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(HEADERS, st.booleans(), st.none() | st.integers(0, 4096)), max_size=8))
def test_decodes_what_the_oracle_encodes(blocks: list[tuple[list[tuple[bytes, bytes]], bool, int | None]]) -> None:
    encoder = oracle.Encoder()
    decoder = hpack.Decoder(max_list_size=1 << 20)
    for headers, huffman, table_size in blocks:
        if table_size is not None:
            encoder.header_table_size = table_size
        assert decoder.decode(encoder.encode(headers, huffman=huffman)) == headers


@settings(max_examples=100, deadline=None)
@given(st.lists(HEADERS, max_size=6), st.integers(0, 8192))
def test_encodes_what_the_oracle_decodes(blocks: list[list[tuple[bytes, bytes]]], table_size: int) -> None:
    encoder = hpack.Encoder()
    decoder = oracle.Decoder(max_header_list_size=1 << 20)
    decoder.max_allowed_table_size = table_size
    for headers in blocks:
        assert plain(decoder.decode(encoder.encode(headers), raw=True)) == headers


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=80))
def test_noise_means_the_same_to_both(block: bytes) -> None:
    ours: list[tuple[bytes, bytes]] | None
    theirs: list[tuple[bytes, bytes]] | None
    try:
        ours = hpack.Decoder().decode(block)
    except hpack.HpackError:
        ours = None
    try:
        theirs = plain(oracle.Decoder().decode(block, raw=True))
    except (oracle.HPACKError, UnicodeDecodeError):
        theirs = None
    if ours is not None:
        assert theirs == ours
    elif theirs is not None:
        # Stricter than the oracle only where RFC 7541 is: numbers beyond 32 bits, updates after the first header.
        assert b"\xff" in block or any(octet & 0xE0 == 0x20 or octet & 0x1F == 0x1F for octet in block)


def test_a_token_is_never_indexed() -> None:
    block = hpack.Encoder().encode([(b"waypoint-token", b"secret"), (b"authorization", b"secret")])
    decoded = oracle.Decoder().decode(block, raw=True)
    assert all(isinstance(header, oracle.NeverIndexedHeaderTuple) for header in decoded)


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (b"\x80", "does not exist"),
        (b"\xff\x80\x80\x80\x80\x80\x01", "too large"),
        (b"\x82\x20", "after the first header"),
        (b"\x3f\xe2\x1f", "exceeds"),
        (b"\x00\x01", "inside a"),
        (b"\x00\x81\xff\x00", "padded wrongly"),
        (b"\x00\x84\xff\xff\xff\xff\x00", "end-of-string"),
        (b"\x00\x01a\x81\x18\x00", "padded wrongly"),
    ],
)
def test_what_breaks_the_rules_is_refused(block: bytes, words: str) -> None:
    with pytest.raises(hpack.HpackError, match=words):
        hpack.Decoder().decode(block)


def test_a_small_block_cannot_become_a_large_list() -> None:
    encoder = oracle.Encoder()
    block = encoder.encode([(b"x-long", b"v" * 3000)]) + b"\xbe" * 40
    with pytest.raises(hpack.HpackError, match="larger than"):
        hpack.Decoder(max_list_size=65536).decode(block)
