"""Our own part of a snapshot: every table, row by row, in the schema that wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Row, Table, column, func, insert, select, table

from wp_proto.own import snapshot_pb2 as own
from wp_server.store.schema import LASTING, audit_events
from wp_server.store.snapshot.container import damaged

PREFIX = "waypoint.v1/"
MANIFEST = f"{PREFIX}manifest"
ROWS_AT_ONCE = 500

Cell = own.Cell
Value = str | int | bytes | bool | float | None


def manifest(connection: Connection, schema: str, content: bytes) -> own.Manifest:
    """Returns what the file says about its tables."""
    described = own.Manifest(schema=schema, content=content)
    for one in LASTING:
        rows = connection.execute(select(func.count()).select_from(one)).scalar_one()
        described.tables.add(name=one.name, columns=[found.name for found in one.columns], rows=rows)
    return described


def dump(connection: Connection, one: Table) -> Iterator[tuple[str, bytes]]:
    """Yields the rows of a table, numbered."""
    query = select(one).order_by(*one.primary_key.columns).execution_options(yield_per=ROWS_AT_ONCE)
    for number, row in enumerate(connection.execute(query)):
        yield f"{number:012}", own.Row(cells=[_cell(value) for value in row]).SerializeToString()


def load(connection: Connection, described: own.Table, items: Iterable[bytes]) -> int:
    """Inserts rows of a table, in whatever schema; returns how many."""
    target = table(described.name, *(column(name) for name in described.columns))
    values = []
    for raw in items:
        cells = own.Row.FromString(raw).cells
        if len(cells) != len(described.columns):
            raise damaged(f"a row of {described.name} has {len(cells)} of {len(described.columns)} columns")
        values.append(dict(zip(described.columns, map(_value, cells), strict=True)))
    if values:
        connection.execute(insert(target), values)
    return len(values)


def copy(source: Connection, target: Connection) -> None:
    """Puts all rows of `source` in place of those in `target`; both have this code's schema.

    What the target's audit says stays, the row of the running call too: nobody gets rid of it by a restore.
    """
    audited = set(target.execute(select(audit_events.c.id)).scalars())
    for one in reversed(LASTING):
        if one is not audit_events:
            target.execute(one.delete())
    for one in LASTING:
        found = source.execute(select(one).execution_options(yield_per=ROWS_AT_ONCE))
        for part in found.partitions():
            values = [_named(row) for row in part if one is not audit_events or row[0] not in audited]
            if values:
                target.execute(one.insert(), values)


def _named(row: Row[*tuple[object, ...]]) -> dict[str, object]:
    return dict(row._mapping)  # SQLAlchemy's public name for it


def _cell(value: object) -> own.Cell:
    match value:
        case None:
            return Cell()
        case bool():
            return Cell(boolean=value)
        case int():
            return Cell(integer=value)
        case str():
            return Cell(text=value)
        case float():
            return Cell(number=value)
        case bytes() | memoryview():
            return Cell(blob=bytes(value))
    raise TypeError(f"a snapshot cannot hold a {type(value).__name__}")


def _value(cell: own.Cell) -> Value:
    kind = cell.WhichOneof("value")
    value: Value = getattr(cell, kind) if kind is not None else None
    return value
