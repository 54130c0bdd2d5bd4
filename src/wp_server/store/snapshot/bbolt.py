"""The data file of a Go Waypoint server, read in place of a snapshot of it (server.md §10.3). Nothing is ever written.

It is a bbolt file: pages of one size, the first two of which say where the tree of buckets begins as of the last two
transactions. A bucket is a tree of its own: branch pages point to pages, leaf pages have keys with values or, in the
outermost tree, buckets. A small bucket lies in the place of its value. What is longer than a page goes on behind it.
"""

from __future__ import annotations

import fcntl
import mmap
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from wp_server.store.snapshot.container import CHUNK_BYTES, Damaged

SYSTEM = b"system"
"""A bucket that every Waypoint has."""
MAGIC = 0xED0CDAED
MAGIC_OFFSET = 16
HEAD_BYTES = MAGIC_OFFSET + 4
VERSION = 2
BRANCH, LEAF, META = 1, 2, 4
BUCKET = 1
"""Flag of an item that is a bucket."""
SMALLEST_PAGE, LARGEST_PAGE = 1024, 65536

_PAGE = struct.Struct("<QHHI")  # id, kind, how many elements, how many pages more
_META = struct.Struct("<4I6Q")  # magic, version, page size, -, root, -, free list, pages, transaction, checksum
_BRANCH = struct.Struct("<IIQ")  # where the key is, from here; its length; page
_LEAF = struct.Struct("<4I")  # flags; where the key is, from here; lengths of key and value
_ROOT = struct.Struct("<QQ")  # page, or 0 if the bucket follows; -


def is_one(head: bytes) -> bool:
    """Returns whether a file that begins so is a bbolt file."""
    return head[MAGIC_OFFSET:HEAD_BYTES] == MAGIC.to_bytes(4, "little")


def read(file: Path) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    """Yields bucket by bucket, in pieces. Errors: InvalidArgument when the file is damaged or in use."""
    with file.open("rb") as opened:
        if _in_use(opened):
            raise Damaged(
                "The data file is in use by a Go Waypoint server; nothing was changed. Stop that server first."
            )
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            try:
                yield from _File(content).buckets()
            except (struct.error, UnicodeDecodeError, RecursionError) as error:
                raise _damaged("a page of it is not what its place says") from error


def _in_use(file: BinaryIO) -> bool:
    """Whether a Go server that runs has locked it."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a file system without locks
    return False


def _damaged(why: str) -> Damaged:
    return Damaged(f"The Go Waypoint data file is damaged ({why}); nothing was changed. Use another copy.")


@dataclass(frozen=True)
class _Item:
    key: bytes
    value: bytes
    is_bucket: bool


class _File:
    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._size, self._root, self._pages = self._meta()
        self._seen: set[int] = set()

    def buckets(self) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        found = list(self._items(*self._at(self._root)))
        if SYSTEM not in [bucket.key for bucket in found] or not all(bucket.is_bucket for bucket in found):
            raise Damaged("The file is a bbolt database of another program; nothing was changed.")
        for bucket in found:
            yield from _pieces(bucket.key.decode(), self._inside(bucket.value))

    def _inside(self, bucket: bytes) -> Iterator[_Item]:
        root, _ = _ROOT.unpack_from(bucket)
        return self._items(*self._at(root)) if root else self._items(bucket[_ROOT.size :])

    def _items(self, page: bytes, number: int | None = None) -> Iterator[_Item]:
        """Yields what is in a page and below; `number` is the one that it must have, None for one inside of a value."""
        found, kind, count, _ = _PAGE.unpack_from(page)
        if number is not None and found != number:
            raise _damaged(f"page {number} says that it is page {found}")
        if kind == LEAF:
            for index in range(count):
                start = _PAGE.size + index * _LEAF.size
                flags, position, key, value = _LEAF.unpack_from(page, start)
                start += position
                yield _Item(_cut(page, start, key), _cut(page, start + key, value), is_bucket=bool(flags & BUCKET))
        elif kind == BRANCH and number is not None:
            for index in range(count):
                _, _, below = _BRANCH.unpack_from(page, _PAGE.size + index * _BRANCH.size)
                yield from self._items(*self._at(below))
        else:
            raise _damaged("a page of it is of another kind than its place says")

    def _at(self, number: int) -> tuple[bytes, int]:
        """Returns a page with those it goes on in, and its number. No page has two places."""
        start = number * self._size
        if not 2 <= number < self._pages or number in self._seen:
            raise _damaged(f"it refers to page {number}, which it cannot")
        self._seen.add(number)
        _, _, _, more = _PAGE.unpack_from(self._content, start)
        return _cut(self._content, start, (more + 1) * self._size), number

    def _meta(self) -> tuple[int, int, int]:
        """Returns page size, page of the outermost tree and number of pages as the last transaction left them."""
        sizes = [1 << power for power in range(SMALLEST_PAGE.bit_length() - 1, LARGEST_PAGE.bit_length())]
        found = [meta for start in (0, *sizes) if (meta := self._meta_at(start)) is not None]
        if not found:
            raise _damaged("neither of its first two pages is whole")
        _, size, root, pages = max(found)
        return size, root, pages

    def _meta_at(self, start: int) -> tuple[int, int, int, int] | None:
        end = start + _PAGE.size + _META.size
        if end > len(self._content):
            return None
        number, kind, _, _ = _PAGE.unpack_from(self._content, start)
        raw = self._content[start + _PAGE.size : end]
        magic, version, size, _, root, _, _, pages, transaction, checksum = _META.unpack(raw)
        if (magic, version, checksum) != (MAGIC, VERSION, _fnv1a(raw[:-8])):
            return None
        whole = kind & META and SMALLEST_PAGE <= size <= LARGEST_PAGE and start == number * size
        return (transaction, size, root, pages) if whole else None


def _pieces(name: str, items: Iterator[_Item]) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    piece: dict[str, bytes] = {}
    size, written = 0, False
    for item in items:
        if item.is_bucket:
            raise _damaged(f"there is a bucket in {name}, as no Waypoint has")
        piece[item.key.decode()] = item.value
        size += len(item.key) + len(item.value)
        if size > CHUNK_BYTES:
            yield name, piece
            piece, size, written = {}, 0, True
    if piece or not written:
        yield name, piece


def _cut(content: bytes | mmap.mmap, start: int, length: int) -> bytes:
    if start + length > len(content):
        raise _damaged("it ends too early")
    return content[start : start + length]


def _fnv1a(raw: bytes) -> int:
    value = 14695981039346656037
    for byte in raw:
        value = (value ^ byte) * 1099511628211 & (1 << 64) - 1
    return value
