"""The wire form of tokens (server.md §2.1): base58 of a magic and a signed protobuf. Pure functions."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

from google.protobuf.message import DecodeError

from wp_proto.waypoint import api as pb
from wp_server.errors import Unauthenticated

MAGIC = b"wp24"
SIGNATURE_BYTES = 32
ACCESSOR_BYTES = 16
MAX_TOKEN_CHARACTERS = 8 * 1024

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {character: value for value, character in enumerate(_ALPHABET)}

MALFORMED = "The token is not valid; log in again, or check that it was copied completely."


def base58(raw: bytes) -> str:
    """Returns `raw` in the Bitcoin alphabet, without a checksum."""
    number = int.from_bytes(raw)
    characters: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        characters.append(_ALPHABET[digit])
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(characters))


def unbase58(text: str) -> bytes:
    """Returns the bytes behind `text`. Errors: ValueError for a character outside the alphabet."""
    number = 0
    for character in text:
        digit = _DIGITS.get(character)
        if digit is None:
            raise ValueError(f"{character!r} is not a base58 character")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def signature(key: bytes, body: bytes) -> bytes:
    """Returns the keyed BLAKE2b-256 of a token body."""
    return hashlib.blake2b(body, digest_size=SIGNATURE_BYTES, key=key).digest()


def encode(token: pb.Token, key_id: str, key: bytes) -> str:
    """Returns the signed token string."""
    body = token.SerializeToString()
    transport = pb.TokenTransport(body=body, signature=signature(key, body), key_id=key_id)
    return base58(MAGIC + transport.SerializeToString())


def open_transport(text: str) -> pb.TokenTransport:
    """Returns the envelope of a token string, unverified. Errors: Unauthenticated."""
    if len(text) > MAX_TOKEN_CHARACTERS:
        raise Unauthenticated(MALFORMED)
    try:
        raw = unbase58(text)
        if not hmac.compare_digest(raw[: len(MAGIC)], MAGIC):
            raise ValueError("no magic")
        return pb.TokenTransport.FromString(raw[len(MAGIC) :])
    except (ValueError, DecodeError) as error:
        raise Unauthenticated(MALFORMED) from error


def verify(transport: pb.TokenTransport, key: bytes | None) -> pb.Token:
    """Returns the body of a transport signed by `key` (None: no such key here). Errors: Unauthenticated."""
    expected = signature(key if key is not None else secrets.token_bytes(SIGNATURE_BYTES), transport.body)
    if not hmac.compare_digest(expected, transport.signature) or key is None:
        raise Unauthenticated("The token was not made by this server; log in again with `waypoint login`.")
    try:
        return pb.Token.FromString(transport.body)
    except DecodeError as error:
        raise Unauthenticated(MALFORMED) from error


def fresh(valid_for: float | None = None, now: int | None = None) -> pb.Token:
    """Returns a token body without a kind: new accessor id, issued now, valid for so many seconds (None: for ever).

    `now` is the store's clock where there is one, in nanoseconds since 1970: withdrawals are measured by it.
    """
    token = pb.Token(accessor_id=secrets.token_bytes(ACCESSOR_BYTES))
    now = time.time_ns() if now is None else now
    token.issued_time.FromNanoseconds(now)
    if valid_for is not None:
        token.valid_until.FromNanoseconds(now + int(valid_for * 1e9))
    return token


def expires_at(token: pb.Token) -> int | None:
    """Returns when the token ends, in nanoseconds since 1970; None for one that does not."""
    return token.valid_until.ToNanoseconds() if token.HasField("valid_until") else None


def check_expiry(token: pb.Token) -> None:
    """Errors: Unauthenticated when the token's time is over."""
    end = expires_at(token)
    if end is not None and end <= time.time_ns():
        raise Unauthenticated("The token has expired; log in again with `waypoint login`.")
