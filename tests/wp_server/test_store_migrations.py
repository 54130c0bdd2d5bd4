"""Schema versions: what a released server wrote, this one brings up to date, on both engines."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection

from wp_server.store import Store, migrations

from .schemas import past

SCHEMAS = Path(past.__file__).parent


def test_the_code_and_the_newest_migration_agree():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


async def test_migrations_build_exactly_the_schema(store):
    assert await store.read(_difference) == []


def _difference(connection: Connection) -> list[object]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from wp_server.store.schema import metadata

    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


def kept(engine: str) -> list[str]:
    return sorted(file.name.split(".")[0] for file in SCHEMAS.glob(f"*.{engine}.sql"))


@pytest.mark.parametrize("schema", kept("sqlite"))
async def test_what_a_server_left_in_sqlite_is_brought_up_to_date(schema, tmp_path):
    with sqlite3.connect(tmp_path / "data.db") as database:
        database.executescript((SCHEMAS / f"{schema}.sqlite.sql").read_text())
    await _opens_and_goes_on(f"sqlite:///{tmp_path}/data.db")


@pytest.mark.parametrize("schema", kept("postgresql"))
async def test_what_a_server_left_in_postgresql_is_brought_up_to_date(schema, postgres):
    url = postgres.database()
    with psycopg.connect(url, autocommit=True) as database:
        database.execute((SCHEMAS / f"{schema}.postgresql.sql").read_text())
    await _opens_and_goes_on(url)


async def _opens_and_goes_on(url: str) -> None:
    store = Store.open(url)
    try:
        assert await store.read(migrations.version) == migrations.HEAD
        assert await store.read(_difference) == []
        await past.look(store)
    finally:
        await store.close()


def test_both_engines_keep_schemas_from_the_first_that_had_both():
    assert kept("postgresql") == [schema for schema in kept("sqlite") if schema >= "0005"]


async def test_servers_that_start_together_change_the_schema_once(postgres):
    url = postgres.database()
    opened = await asyncio.gather(*(asyncio.to_thread(Store.open, url) for _ in range(4)))
    for store in opened:
        assert await store.read(migrations.version) == migrations.HEAD
        await store.close()
