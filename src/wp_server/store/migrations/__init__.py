"""Schema versions, forward only. Alembic runs them; it is imported only when there is something to bring up to date.

A new database gets the newest schema at once; a test compares it with what the versions lead to.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, text

from wp_server.store import schema
from wp_server.store.trouble import StoreError

HEAD = "0006"
"""The schema this code needs; a test compares it with the newest script."""
VERSION_TABLE = "alembic_version"

_versions = Table(
    VERSION_TABLE,
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""As Alembic makes it."""


def is_current(connection: Connection) -> bool:
    """Returns whether the database has this code's schema already."""
    return version(connection) == HEAD


def upgrade(connection: Connection, what: str, target: str = HEAD) -> None:
    """Brings the database to the schema `target`, in a transaction that the caller has begun.

    `what` names it in sentences. Errors: StoreError when a newer server wrote it.
    """
    if target == HEAD and version(connection) is None:
        _versions.create(connection)
        connection.execute(_versions.insert().values(version_num=HEAD))
        schema.complete(connection.dialect.name).create_all(connection, checkfirst=False)
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, target)
    except CommandError as error:
        raise StoreError(
            f"{what} was written by a newer server (schema {version(connection)}); start that one or a later."
        ) from error


def version(connection: Connection) -> str | None:
    """Returns the schema that the database has; None when it has none of ours."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    known: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return known
