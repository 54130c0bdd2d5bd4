"""Schema versions, forward only. Alembic runs them; it is imported only when there is something to do."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

from wp_server.store.trouble import StoreError

HEAD = "0003"
"""The schema this code needs; a test compares it with the newest script."""


def upgrade(connection: Connection, path: Path) -> None:
    """Brings the database to `HEAD`. Errors: StoreError when a newer server wrote it."""
    version = _version(connection)
    if version == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        command.upgrade(config, HEAD)
    except CommandError as error:
        connection.exec_driver_sql("ROLLBACK")
        raise StoreError(
            f"The state file {path} was written by a newer server (schema {version}); start that one or a later."
        ) from error
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _version(connection: Connection) -> str | None:
    known = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")).first()
    if known is None:
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version
