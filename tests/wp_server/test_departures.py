"""What the end of a stream means is written when there is space again."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from wp_server.errors import FailedPrecondition
from wp_server.jobs.departures import Departures
from wp_server.store import Store, keys

from .test_store_trouble import made, url


def pages(connection, *, full):
    """Let the database grow no further, or as it likes."""
    used = connection.execute(text("PRAGMA page_count")).scalar_one()
    connection.execute(text(f"PRAGMA max_page_count={used if full else 1_000_000}"))


def leave(connection, name):
    keys.create_key(connection, name)
    for number in range(100):
        connection.execute(
            text("INSERT INTO settings VALUES (:name, :value)"), {"name": f"{name}{number}", "value": bytes(4096)}
        )


def refuse(connection, name):
    keys.create_key(connection, name)
    raise FailedPrecondition("somebody else was faster")


async def test_a_step_that_cannot_be_saved_is_saved_later_in_order(tmp_path):
    path = tmp_path / "data.db"
    await made(path)
    store = Store.open(url(path))
    departures = Departures(store)
    await store.write(pages, full=True)
    await departures.write(leave, "first")
    await departures.write(leave, "second")
    assert await store.read(keys.key, "first") is None
    running = asyncio.ensure_future(departures.run())
    try:
        await store.write(pages, full=False)
        async with asyncio.timeout(60):
            while await store.read(keys.key, "second") is None:
                await asyncio.sleep(0.05)
        assert await store.read(keys.key, "first")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()


async def test_a_refused_step_is_over(tmp_path):
    path = tmp_path / "data.db"
    await made(path)
    store = Store.open(url(path))
    await Departures(store).write(refuse, "late")
    assert await store.read(keys.key, "late") is None
    await store.close()
