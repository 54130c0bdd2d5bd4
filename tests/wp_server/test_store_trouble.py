"""What can be wrong with the state file, and what of it survives: full disk, damage, locks, kill -9 (issue F)."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

import wp_server
from wp_server.errors import ResourceExhausted, Unavailable
from wp_server.store import Store, StoreError, keys, settings

SOURCES = str(Path(wp_server.__file__).parents[1])


def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.db"


async def made(path: Path) -> bytes:
    """Makes a sound state file; returns its bytes."""
    store = Store.open(url(path))
    await store.write(settings.prepare)
    await store.close()
    return path.read_bytes()


def python(code: str, *arguments: object, **options) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": SOURCES},
        text=True,
        **options,
    )


WRITER = """
import asyncio, sys
from wp_server.store import Store, keys
async def main():
    store = Store.open("sqlite:///" + sys.argv[1])
    async def write(worker):
        for number in range(1_000_000):
            await store.write(keys.create_key, f"{worker}-{number}")
            print(f"{worker}-{number}", flush=True)
    await asyncio.gather(*(write(worker) for worker in range(8)))
asyncio.run(main())
"""


async def test_every_acknowledged_write_survives_kill_9(path):
    for _ in range(3):
        with python(WRITER, path, stdout=subprocess.PIPE) as writer:
            acknowledged = [writer.stdout.readline().strip() for _ in range(200)]
            writer.send_signal(signal.SIGKILL)
            acknowledged += writer.stdout.read().split("\n")[:-1]
        assert writer.returncode == -signal.SIGKILL
        store = Store.open(url(path))
        missing = [name for name in acknowledged if await store.read(keys.key, name) is None]
        await store.close()
        assert not missing
        path.unlink()


async def test_the_newest_write_of_the_weak_class_survives_kill_9_too(path):
    code = WRITER.replace("store.write(", "store.write_weak(")
    writer = python(code, path, stdout=subprocess.PIPE)
    acknowledged = [writer.stdout.readline().strip() for _ in range(200)]
    writer.kill()
    writer.communicate()
    store = Store.open(url(path))
    assert all([await store.read(keys.key, name) for name in acknowledged])
    await store.close()


async def test_a_second_server_on_the_same_file_is_told_who_has_it(path):
    await made(path)
    holder = python(
        "import sys; from wp_server.store import Store\n"
        "Store.open('sqlite:///' + sys.argv[1]); print(1, flush=True); input()",
        path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout.readline() == "1\n"
    try:
        with pytest.raises(StoreError, match=rf"in use by another server \(process {holder.pid}\)"):
            Store.open(url(path))
    finally:
        holder.communicate("\n")
    await (Store.open(url(path))).close()


async def test_a_file_that_another_program_locks_is_said_to_be_locked(path, monkeypatch):
    await made(path)
    monkeypatch.setattr("wp_server.store.sqlite.BUSY_TIMEOUT_MS", 50)
    other = sqlite3.connect(path, isolation_level=None)
    store = Store.open(url(path))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked by another program"):
        await store.write(keys.create_key, "k1")
    assert (await store.read(settings.cookie)).startswith("WPC")
    other.execute("ROLLBACK")
    await store.write(keys.create_key, "k1")
    await store.close()
    other.close()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is a text, not a database\n" * 40, "damaged (it is not a database)"),
        (b"\0" * 16 + bytes.fromhex("edda0ced") + b"\0" * 4000, "the database of a Go Waypoint server"),
    ],
)
def test_a_file_that_is_no_database_of_ours_is_left_alone(path, content, words):
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        Store.open(url(path))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("where", [0.2, 0.5, 0.9])
async def test_a_damaged_database_is_refused_and_not_touched(path, where):
    content = bytearray(await made(path))
    start = int(len(content) * where) // 4096 * 4096
    content[start : start + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"is damaged \(.*\); it was left as it is"):
        Store.open(url(path))
    assert path.read_bytes() == bytes(content)


async def test_a_truncated_database_is_refused_and_not_touched(path):
    content = (await made(path))[:20_000]
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged"):
        Store.open(url(path))
    assert path.read_bytes() == content


async def test_the_database_of_another_program_is_refused(path):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.commit()
    other.close()
    with pytest.raises(StoreError, match="a database of another program"):
        Store.open(url(path))


async def test_a_file_of_a_newer_server_is_refused(path):
    await made(path)
    file = sqlite3.connect(path)
    file.execute("UPDATE alembic_version SET version_num = '9999'")
    file.commit()
    file.close()
    with pytest.raises(StoreError, match=r"written by a newer server \(schema 9999\)"):
        Store.open(url(path))


def test_a_missing_folder_and_a_folder_as_file_are_named(tmp_path):
    with pytest.raises(StoreError, match="of the state file does not exist"):
        Store.open(url(tmp_path / "no" / "data.db"))
    with pytest.raises(StoreError, match="is a folder"):
        Store.open(url(tmp_path))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody who may not write")
def test_a_read_only_folder_is_named():
    code = (
        "import os, sys; from wp_server.store import Store, StoreError, sqlite\n"
        "os.setuid(65534)\n"
        "try: Store.open('sqlite:///' + sys.argv[1])\n"
        "except StoreError as error: print(error)"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        process = python(code, Path(folder) / "data.db", stdout=subprocess.PIPE)
        words, _ = process.communicate(timeout=60)
        assert "cannot be written" in words
        assert os.listdir(folder) == []


async def test_a_full_disk_fails_writes_in_one_sentence_and_reading_goes_on(path):
    await made(path)
    store = Store.open(url(path))
    await store.write(_limit_pages)
    with pytest.raises(ResourceExhausted, match="disk is full, so nothing was saved"):
        await store.write(_fill)
    assert (await store.read(settings.cookie)).startswith("WPC")
    outcomes = await asyncio.gather(*(store.write(_fill) for _ in range(4)), return_exceptions=True)
    assert all(isinstance(outcome, ResourceExhausted) for outcome in outcomes)
    await store.write(_limit_pages, 100_000)
    await store.write(keys.create_key, "after")
    await store.close()
    store = Store.open(url(path))
    assert await store.read(keys.key, "after")
    assert await store.read(keys.key, "filler") is None
    await store.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")
async def test_a_really_full_disk_fails_writes_and_recovers(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=False).returncode:
        pytest.skip("optional: this machine does not let tests mount a small disk")
    try:
        store = Store.open(url(disk / "data.db"))
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            while True:
                file.write(bytes(4096))
        with pytest.raises((ResourceExhausted, Unavailable), match="disk"):
            await store.write(_fill)
        assert await store.read(settings.cookie) == ""
        ballast.unlink()
        await store.write(keys.create_key, "after")
        assert await store.read(keys.key, "after")
        await store.close()
    finally:
        subprocess.run(["umount", disk], check=True)


def _limit_pages(connection: Connection, pages: int = 0) -> None:
    used = connection.execute(text("PRAGMA page_count")).scalar_one()
    connection.execute(text(f"PRAGMA max_page_count={pages or used + 4}"))


def _fill(connection: Connection) -> None:
    keys.create_key(connection, "filler")
    for number in range(1_000):
        connection.execute(
            text("INSERT INTO settings VALUES (:name, :value)"), {"name": f"x{number}", "value": bytes(4096)}
        )
