"""Reading a snapshot: checked to the end, staged in a database of its own, put in place at once (server.md §10.2)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from google.protobuf.message import DecodeError
from sqlalchemy import Connection, Engine, create_engine, event, func, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from wp_proto.own import snapshot_pb2 as own
from wp_server.errors import DomainError, FailedPrecondition
from wp_server.store import migrations, settings, transitions
from wp_server.store.changes import EVERYTHING, changed
from wp_server.store.schema import config_versions, sequences
from wp_server.store.snapshot import bbolt, container, reference, rows
from wp_server.store.trouble import StoreError


@contextmanager
def staged(file: Path, scratch: Path) -> Iterator[Engine]:
    """Yields the state in `file` as a database below the folder `scratch`, in this code's schema.

    The file is a snapshot, or the data file of a Go Waypoint server.

    Errors: InvalidArgument for a file that is damaged or none, FailedPrecondition for one of a newer server.
    """
    described = _checked(file)
    engine = create_engine(f"sqlite:///{scratch / 'staged.db'}", connect_args={"isolation_level": None})
    event.listen(engine, "connect", _configure)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")  # another server has our tables in its own order
            try:
                if described is None:
                    _from_buckets(connection, file)
                else:
                    _from_tables(connection, file, described)
                connection.exec_driver_sql("COMMIT")
            except (FailedPrecondition, container.Damaged):
                raise
            except (SQLAlchemyError, DecodeError, DomainError, ValueError) as error:
                raise container.damaged(f"its parts do not fit together: {_first_line(error)}") from error
        yield engine
    finally:
        engine.dispose()


def apply(connection: Connection, state: Engine, run_queued: bool) -> None:
    """Puts a staged state in place of the present one. No number that was given out here is ever given out again.

    Jobs that ran end as aborted; those queued for more than a day end too unless `run_queued`.
    """
    numbers = {(row.kind, row.project_key, row.app_key): row.last for row in connection.execute(select(sequences))}
    versions = {
        (row.scope, row.project_key, row.app_key): row.version for row in connection.execute(select(config_versions))
    }
    sessions = settings.exec_ceiling(connection)
    between_servers = settings.starting_with(connection, settings.BETWEEN_SERVERS)
    with state.connect() as source:
        rows.copy(source, connection)
    _keep_numbers(connection, numbers)
    _keep_versions(connection, versions)
    settings.raise_exec_ceiling(connection, max(sessions, settings.exec_ceiling(connection)))
    for name, value in between_servers:
        settings.put(connection, name, value)
    settings.mark_restored(connection)
    transitions.settle_restored(connection, run_queued)
    changed(connection, EVERYTHING)


def _checked(file: Path) -> own.Manifest | None:
    """Reads all of the file; returns what it says about our tables if they are what the rest of it says, too."""
    content = reference.Content()
    described: own.Manifest | None = None
    counted: Counter[str] = Counter()
    buckets = 0
    for bucket, items in _read(file):
        buckets += 1
        if bucket == rows.MANIFEST:
            try:
                described = own.Manifest.FromString(_only(items))
            except DecodeError as error:
                raise container.damaged("its list of tables cannot be read") from error
        elif bucket.startswith(rows.PREFIX):
            counted[bucket.removeprefix(rows.PREFIX)] += len(items)
        else:
            for key, value in items.items():
                reference.check(bucket, key, value)
                content.add(bucket, key, value)
    if not buckets:
        raise container.damaged("it is empty")
    if described is None or described.content != content.digest():
        return None
    for table in described.tables:
        if counted[table.name] != table.rows:
            raise container.damaged(f"it has {counted[table.name]} of {table.rows} rows of {table.name}")
    return described


def _from_buckets(connection: Connection, file: Path) -> None:
    _upgrade(connection, migrations.HEAD)
    for bucket, items in _read(file):
        if not bucket.startswith(rows.PREFIX):
            for key in sorted(items):
                reference.put(connection, bucket, key, items[key])
    reference.settle(connection)
    settings.prepare(connection)


def _from_tables(connection: Connection, file: Path, described: own.Manifest) -> None:
    _upgrade(connection, described.schema)
    tables = {rows.PREFIX + table.name: table for table in described.tables}
    for bucket, items in _read(file):
        if bucket in tables:
            rows.load(connection, tables[bucket], (items[key] for key in sorted(items)))
    _upgrade(connection, migrations.HEAD)


def _upgrade(connection: Connection, schema: str) -> None:
    try:
        migrations.upgrade(connection, "The snapshot", schema)
    except StoreError as error:
        raise FailedPrecondition(
            "The snapshot was written by a newer server; restore it there, or update this one. Nothing was changed."
        ) from error


def _read(file: Path) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    with file.open("rb") as opened:
        data_file = bbolt.is_one(opened.read(bbolt.HEAD_BYTES))
        opened.seek(0)
        try:
            yield from bbolt.read(file) if data_file else container.read(opened)
        except DecodeError as error:
            raise container.damaged("a part of it is not what its place says") from error


def _only(items: Mapping[str, bytes]) -> bytes:
    if len(items) != 1:
        raise container.damaged("it says twice what is in it")
    return next(iter(items.values()))


def _keep_numbers(connection: Connection, before: Mapping[tuple[int, str, str], int]) -> None:
    table = sequences.c
    for (kind, project, app), last in before.items():
        where = (table.kind == kind, table.project_key == project, table.app_key == app)
        known = connection.execute(select(table.last).where(*where)).scalar()
        if known is None:
            values = {"kind": kind, "project_key": project, "app_key": app, "last": last}
            connection.execute(sequences.insert().values(**values))
        elif known < last:
            connection.execute(update(sequences).where(*where).values(last=last))


def _keep_versions(connection: Connection, before: Mapping[tuple[int, str, str], int]) -> None:
    """Every watcher of a configuration notices: all versions are above those from before."""
    above = max(before.values(), default=0) + 1
    connection.execute(update(config_versions).values(version=config_versions.c.version + above))
    table = config_versions.c
    for scope, project, app in before:
        where = (table.scope == scope, table.project_key == project, table.app_key == app)
        if not connection.execute(select(func.count()).select_from(config_versions).where(*where)).scalar_one():
            values = {"scope": scope, "project_key": project, "app_key": app, "version": above, "bytes": 0}
            connection.execute(config_versions.insert().values(**values))


def _configure(driver: sqlite3.Connection, _record: object) -> None:
    # It is thrown away after use: nothing of it needs to survive.
    driver.execute("PRAGMA journal_mode=MEMORY")
    driver.execute("PRAGMA synchronous=OFF")
    driver.execute("PRAGMA foreign_keys=ON")


def _first_line(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).splitlines()[0] if str(cause) else type(error).__name__
