"""Files that only a passphrase opens: snapshots hold keys and tokens.

AES-256-GCM in pieces, the key by scrypt. Each piece is bound to its place and to whether it is the last one, so that
nothing can be cut off, swapped or added; the pieces are small, so that a file of any size is read and written at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"waypoint sealed 1\n"
PIECE_BYTES = 64 * 1024
_TAG_BYTES = 16
_SALT_BYTES = 16
_PREFIX_BYTES = 7
_COUNTER_BYTES = 4
_SCRYPT_COST = 2**15


class WrongPassphraseError(Exception):
    """The passphrase does not open the file, or the file was changed."""


def seal(pieces: Iterable[bytes], passphrase: str) -> Iterator[bytes]:
    """Yields the sealed form of a content that comes in pieces of any size."""
    salt, prefix = os.urandom(_SALT_BYTES), os.urandom(_PREFIX_BYTES)
    head = MAGIC + salt + prefix
    yield head
    cipher = AESGCM(_key(passphrase, salt))
    rest = bytearray()
    number = 0
    for piece in pieces:
        rest += piece
        while len(rest) > PIECE_BYTES:
            yield cipher.encrypt(_nonce(prefix, number, last=False), bytes(rest[:PIECE_BYTES]), head)
            del rest[:PIECE_BYTES]
            number += 1
    yield cipher.encrypt(_nonce(prefix, number, last=True), bytes(rest), head)


def is_sealed(start: bytes) -> bool:
    """Returns whether a content that starts so is sealed."""
    return start.startswith(MAGIC)


def unseal(file: BinaryIO, passphrase: str) -> Iterator[bytes]:
    """Yields the content of a sealed file. Errors: WrongPassphraseError, also after some pieces."""
    head = file.read(len(MAGIC) + _SALT_BYTES + _PREFIX_BYTES)
    salt, prefix = head[len(MAGIC) : -_PREFIX_BYTES], head[-_PREFIX_BYTES:]
    cipher = AESGCM(_key(passphrase, salt))
    number = 0
    piece = file.read(PIECE_BYTES + _TAG_BYTES)
    while True:
        following = file.read(PIECE_BYTES + _TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(prefix, number, last=not following), piece, head)
        except InvalidTag as error:
            raise WrongPassphraseError from error
        if not following:
            return
        piece = following
        number += 1


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_SCRYPT_COST, r=8, p=1).derive(passphrase.encode())


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(_COUNTER_BYTES) + bytes([last])
