"""Statements that go straight to the driver answer like all others, and fail like all others."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, select, text

from wp_server.errors import DomainError
from wp_server.store import settings as server_settings
from wp_server.store.prepared import Prepared
from wp_server.store.schema import settings as table

VALUE = Prepared(select(table.c.value).where(table.c.name == bindparam("name")))
EVERY = Prepared(select(table.c.value).where(table.c.name != bindparam("name")).order_by(table.c.name))


@pytest.fixture(autouse=True)
async def prepared(store):
    await store.write(server_settings.prepare)


async def test_it_reads_what_the_long_way_reads(store):
    names = ("cookie", "id", "nothing", "it's; DROP TABLE settings")
    for name in names:
        long_way = select(table.c.value).where(table.c.name == name)
        expected = await store.read(lambda connection, query=long_way: connection.execute(query).scalar())
        assert await store.read(VALUE.blob, {"name": name}) == expected
    assert len(await store.read(EVERY.blobs, {"name": "cookie"})) == 2


async def test_it_sees_the_running_transaction(store):
    def write_and_read(connection):
        connection.execute(table.update().where(table.c.name == "id").values(value=b"new"))
        return VALUE.blob(connection, {"name": "id"})

    assert await store.write(write_and_read) == b"new"


async def test_a_failure_of_the_driver_is_the_stores_failure(store):
    def rename(connection, before: str, after: str):
        connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

    await store.write(rename, "settings", "elsewhere")
    try:
        with pytest.raises(DomainError, match="could not use its database"):
            await store.read(VALUE.blob, {"name": "id"})
    finally:
        # Other tests use this database too.
        await store.write(rename, "elsewhere", "settings")
