"""The file of a snapshot (server.md §10.1): a gzip stream of messages, each after its length, checksum at the end."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, Protocol

from google.protobuf.message import DecodeError, Message

from wp_proto.waypoint import api as pb
from wp_server.errors import InvalidArgument

CHUNK_BYTES = 1024 * 1024
"""Values of one message, about."""
MESSAGE_LIMIT = 64 * 1024 * 1024
"""Longer messages are not read: no server writes them."""
_LEVEL = 1
_VARINT_BYTES = 5

Chunk = pb.Snapshot.BoltChunk


class Damaged(InvalidArgument):  # a refusal like those of `errors`
    """The file is no snapshot that can be used."""


def damaged(why: str) -> Damaged:
    """Returns the refusal of a file; nothing was changed."""
    return Damaged(f"The snapshot is damaged or none at all ({why}); nothing was changed. Use another copy.")


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class Writer:
    """Writes a snapshot into a file that is open for writing."""

    def __init__(self, file: BinaryIO, version: pb.VersionInfo) -> None:
        self._gzip = gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_LEVEL, mtime=0)
        self._digest: _Digest = hashlib.sha256()
        self._message(pb.Snapshot.Header(version=version, format=pb.Snapshot.Header.BOLT))

    def bucket(self, name: str, items: Iterable[tuple[str, bytes]]) -> None:
        """Writes a bucket; one without items is there as well."""
        chunk, size, written = Chunk(bucket=name), 0, False
        for key, value in items:
            if size and size + len(value) > CHUNK_BYTES:
                self._message(chunk)
                chunk, size, written = Chunk(bucket=name), 0, True
            chunk.items[key] = value
            size += len(key) + len(value)
        if size or not written:
            self._message(chunk)

    def finish(self) -> None:
        """Ends the file; it stays open."""
        self._message(Chunk(final=True))
        checksum = self._digest.hexdigest()
        self._message(pb.Snapshot.Trailer(sha256=checksum))
        self._gzip.close()

    def _message(self, message: Message) -> None:
        raw = message.SerializeToString()
        framed = _varint(len(raw)) + raw
        self._digest.update(framed)
        self._gzip.write(framed)


def read(file: BinaryIO) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    """Yields bucket by bucket, in pieces; only the end says that all of it is good. Errors: InvalidArgument."""
    try:
        yield from _read(gzip.GzipFile(fileobj=file, mode="rb"))
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(str(error)) from error
    except (DecodeError, UnicodeDecodeError) as error:
        raise damaged("a part of it is not a message of a snapshot") from error


def _read(stream: gzip.GzipFile) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    digest = hashlib.sha256()
    framed, raw = _next(stream)
    header = pb.Snapshot.Header.FromString(raw)
    if header.format != pb.Snapshot.Header.BOLT:
        raise damaged("its header names a format that this server does not know")
    while True:
        digest.update(framed)
        framed, raw = _next(stream)
        chunk = Chunk.FromString(raw)
        if chunk.final:
            break
        yield chunk.bucket, chunk.items
    digest.update(framed)
    _, raw = _next(stream)
    if pb.Snapshot.Trailer.FromString(raw).sha256 != digest.hexdigest():
        raise damaged("its checksum does not match")
    if stream.read(1):
        raise damaged("something follows its end")


def _next(stream: gzip.GzipFile) -> tuple[bytes, bytes]:
    """Returns the next message, with and without its length in front."""
    prefix = b""
    while not prefix or prefix[-1] & 0x80:
        byte = stream.read(1)
        if not byte:
            raise damaged("it ends too early")
        prefix += byte
        if len(prefix) > _VARINT_BYTES:
            raise damaged("a length in it is too large")
    length = sum((byte & 0x7F) << 7 * position for position, byte in enumerate(prefix))
    if length > MESSAGE_LIMIT:
        raise damaged("a length in it is too large")
    raw = stream.read(length)
    if len(raw) < length:
        raise damaged("it ends too early")
    return prefix + raw, raw


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
