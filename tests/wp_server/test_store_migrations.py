"""Schema versions: what a released server wrote, this one brings up to date, on both engines."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, create_engine

from wp_server.store import Store, migrations

from .schemas import past

SCHEMAS = Path(past.__file__).parent


def test_the_code_and_the_newest_migration_agree():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_a_new_database_is_what_the_migrations_lead_to(engine, tmp_path, request):
    """Column order aside: a migration adds at the end."""

    def empty(name: str) -> str:
        if engine == "sqlite":
            return f"sqlite:///{tmp_path}/{name}.db"
        return request.getfixturevalue("postgres").database()

    new = Store.open(empty("new"))
    made = await new.read(_shape)
    assert await new.read(_difference) == []
    await new.close()
    old_url = empty("old")
    _at_first_schema(old_url)
    old = Store.open(old_url)
    migrated = await old.read(_shape)
    assert await old.read(_difference) == []
    await old.close()
    assert made == migrated


def _at_first_schema(url: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        migrations.upgrade(connection, "The test's database", "0001")
    engine.dispose()


def _shape(connection: Connection) -> list[str]:
    """Everything about tables, columns, keys and indexes, in the words of the engine."""
    if connection.dialect.name == "sqlite":
        questions = (
            'SELECT m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk FROM sqlite_master m,'
            " pragma_table_info(m.name) c WHERE m.type = 'table'",
            'SELECT m.name, k."table", k."from", k."to", k.on_update, k.on_delete FROM sqlite_master m,'
            " pragma_foreign_key_list(m.name) k WHERE m.type = 'table'",
            "SELECT tbl_name, sql FROM sqlite_master WHERE type <> 'table'",
        )
    else:
        questions = (
            "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default,"
            " collation_name FROM information_schema.columns WHERE table_schema = current_schema()",
            "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = current_schema()::regnamespace",
            "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
        )
    return sorted(str(tuple(row)) for question in questions for row in connection.exec_driver_sql(question))


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
