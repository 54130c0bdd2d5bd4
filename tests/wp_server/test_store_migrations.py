"""Schema versions: what a released server wrote, this one brings up to date, on both engines."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from wp_server.store import migrations


def test_the_code_and_the_newest_migration_agree():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


async def test_migrations_build_exactly_the_schema(store):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from wp_server.store.schema import metadata

    def difference(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    assert await store.read(difference) == []
