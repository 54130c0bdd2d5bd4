"""The data file of a Go Waypoint server: read as it is, damaged in every way, and made here by the public format."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import io
import random
import struct
from pathlib import Path

import pytest

from wp_server.errors import InvalidArgument
from wp_server.store import projects, settings, snapshot
from wp_server.store.slices import EVERYTHING
from wp_server.store.snapshot import bbolt, container

RECORDED = Path(__file__).parents[1] / "interop/recorded"
PAGE = 4096
Buckets = dict[str, dict[str, bytes]]


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """One that a Go server wrote, of the state of which there is a snapshot as well."""
    path = tmp_path / "go.db"
    path.write_bytes(gzip.decompress((RECORDED / "go-0.11.4.data.db.gz").read_bytes()))
    return path


def collected(pieces) -> Buckets:
    found: Buckets = {}
    for name, items in pieces:
        found.setdefault(name, {}).update(items)
    return found


def test_it_says_what_the_snapshot_of_the_same_server_says(real: Path):
    said = collected(container.read(io.BytesIO((RECORDED / "go-0.11.4.snapshot").read_bytes())))
    assert bbolt.is_one(real.read_bytes()[: bbolt.HEAD_BYTES])
    assert collected(bbolt.read(real)) == said


async def test_it_is_restored_like_a_snapshot(store, real: Path, tmp_path: Path):
    with snapshot.staged(real, tmp_path) as state:
        await store.write_alone(snapshot.apply, state, False)
    assert [one.name for one in await store.read(projects.page, EVERYTHING)] == ["bare", "Garden", "shed"]
    assert (await store.read(settings.config)).cookie.startswith("WPC")


def element(kind: int, number: int, elements: list[tuple[bytes, bytes, int]], size: int = PAGE) -> bytes:
    """A leaf or branch page; elements are key, value (of a branch: the page below) and flags."""
    place = 16 * len(elements)
    heads, body = b"", b""
    for index, (key, value, flags) in enumerate(elements):
        start = place - 16 * index + len(body)
        if kind == bbolt.BRANCH:
            heads += struct.pack("<IIQ", start, len(key), int.from_bytes(value))
            body += key
        else:
            heads += struct.pack("<4I", flags, start, len(key), len(value))
            body += key + value
    pages = -(-(16 + len(heads) + len(body)) // size)
    return (struct.pack("<QHHI", number, kind, len(elements), pages - 1) + heads + body).ljust(pages * size, b"\0")


def meta(number: int, transaction: int, root: int, pages: int, size: int = PAGE) -> bytes:
    raw = struct.pack("<4I5Q", bbolt.MAGIC, 2, size, 0, root, 0, 2, pages, transaction)
    checksum = 14695981039346656037
    for byte in raw:
        checksum = (checksum ^ byte) * 1099511628211 % (1 << 64)
    return (struct.pack("<QHHI", number, bbolt.META, 0, 0) + raw + checksum.to_bytes(8, "little")).ljust(size, b"\0")


def inline(elements: list[tuple[bytes, bytes, int]]) -> bytes:
    return struct.pack("<QQ", 0, 0) + element(bbolt.LEAF, 0, elements, 1)


def made(size: int = PAGE) -> bytes:
    """Two levels of branches, a value over several pages, a bucket inside of a value, an empty one; two generations."""
    long = b"v" * (3 * size)
    rooted = struct.pack("<QQ", 4, 0)
    root = [(b"big", rooted, 1), (b"empty", inline([]), 1), (b"system", inline([(b"version", b"1", 0)]), 1)]
    pages = [
        meta(0, 7, 3, 12, size),
        meta(1, 6, 9999, 12, size),  # an older transaction, whose pages are not there any more
        element(16, 2, [], size),
        element(bbolt.LEAF, 3, root, size),
        element(bbolt.BRANCH, 4, [(b"a", b"\x05", 0), (b"m", b"\x06", 0)], size),
        element(bbolt.BRANCH, 5, [(b"a", b"\x07", 0)], size),
        element(bbolt.LEAF, 6, [(b"m", b"", 0), (b"n", b"2", 0)], size),
        element(bbolt.LEAF, 7, [(b"a", long, 0), (b"b", b"1", 0)], size),
    ]
    return b"".join(pages)


@pytest.mark.parametrize("size", [1024, 4096, 65536])
def test_pages_of_any_size_in_every_shape_are_read(tmp_path: Path, size: int):
    (tmp_path / "made.db").write_bytes(made(size))
    found = collected(bbolt.read(tmp_path / "made.db"))
    assert found == {
        "big": {"a": b"v" * (3 * size), "b": b"1", "m": b"", "n": b"2"},
        "empty": {},
        "system": {"version": b"1"},
    }


def test_the_last_whole_transaction_counts(tmp_path: Path):
    content = bytearray(made())
    content[PAGE : 2 * PAGE] = meta(1, 8, 3, 12)
    content[30] ^= 1  # the first page was not written to its end
    (tmp_path / "made.db").write_bytes(content)
    assert "big" in collected(bbolt.read(tmp_path / "made.db"))


def spoiled() -> list[tuple[str, bytes]]:
    whole = made()

    def patched(place: int, raw: bytes) -> bytes:
        return whole[:place] + raw + whole[place + len(raw) :]

    other = whole.replace(b"system", b"sister")
    return [
        ("cut", whole[: 5 * PAGE]),
        ("only its first page", whole[:PAGE]),
        ("neither first page whole", patched(20, b"\xff").replace(meta(1, 6, 9999, 12), b"\0" * PAGE)),
        ("a page that is elsewhere", patched(5 * PAGE, struct.pack("<Q", 6))),
        ("a page of another kind", patched(6 * PAGE + 8, struct.pack("<H", 16))),
        ("a circle", patched(5 * PAGE + 16 + 8, struct.pack("<Q", 4))),
        ("a page beyond the last", patched(4 * PAGE + 16 + 8, struct.pack("<Q", 12))),
        ("a key beyond the page", patched(7 * PAGE + 16 + 4, struct.pack("<I", 1 << 30))),
        ("a length beyond the page", patched(7 * PAGE + 16 + 12, struct.pack("<I", 1 << 30))),
        ("more elements than there is room for", patched(6 * PAGE + 10, struct.pack("<H", 65535))),
        ("a bucket in a bucket", patched(6 * PAGE + 16, struct.pack("<I", 1))),
        ("another program's", other),
    ]


@pytest.mark.parametrize("what", [what for what, _ in spoiled()])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, what: str):
    (tmp_path / "bad.db").write_bytes(dict(spoiled())[what])
    with pytest.raises(InvalidArgument, match="nothing was changed") as caught:
        collected(bbolt.read(tmp_path / "bad.db"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_whatever_is_changed_in_it_is_restored_or_refused(store, real: Path, tmp_path: Path):
    """Bytes of all kinds at places of all kinds, the heads of pages above all."""
    whole, chance = real.read_bytes(), random.Random(4)
    for attempt in range(80):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 1, 8))):
            place = chance.randrange(len(content))
            if attempt % 2:
                place = place // PAGE * PAGE + chance.randrange(96)
            content[place] = chance.randrange(256)
        path = tmp_path / f"{attempt}.db"
        path.write_bytes(content)
        scratch = tmp_path / str(attempt)
        scratch.mkdir()
        with contextlib.suppress(InvalidArgument), snapshot.staged(path, scratch):
            pass
        path.unlink()


def test_a_file_in_use_is_refused(real: Path):
    with real.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(InvalidArgument, match="Stop that server first"):
            collected(bbolt.read(real))
