"""The audit: one row for each effect, written before it, in the transaction of the effect where there is one.

The transport says which call is running (`attend`); the store's first write of that call takes the row along
(`recorded`): both are on disk, or neither. A function that makes a token or changes a value adds to its call's row with
`issued` and `change`. Values are never kept; keyed hashes tell whether two are the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select

from wp_proto.own.administration_pb2 import AuditEvent, AuditFilter
from wp_server.ids import new_id
from wp_server.store import clock, settings
from wp_server.store.schema import audit_events

T = TypeVar("T")
Run = Callable[[Connection], T]

HASH_BYTES = 16
_RUNNING = "wp_audit_event"

_insert = audit_events.insert()
_update = audit_events.update().where(audit_events.c.id == bindparam("of")).values(blob=bindparam("value"))


Describe = Callable[[Connection, AuditEvent], None]
"""Says where the effect is, from what is stored before it."""


@dataclass
class _Pending:
    event: AuditEvent
    describe: Describe | None
    claimed: bool = False


_pending: ContextVar[_Pending | None] = ContextVar("wp_server_audit", default=None)


def fresh(rpc: str, actor: str, token: str) -> AuditEvent:
    """Returns an event that is not stored yet."""
    return AuditEvent(id=new_id(), rpc=rpc, actor=actor, token=token)


def attend(event: AuditEvent, describe: Describe | None = None) -> None:
    """Makes `event` the one that the running task's next write takes along."""
    _pending.set(_Pending(event, describe))


@contextmanager
def claim() -> Iterator[Callable[[Run[T]], Run[T]]]:
    """Yields what turns the function of a write into one that writes the running call's row first.

    A write that was refused leaves the row to the call's next one.
    """
    pending = _pending.get()
    if pending is None or pending.claimed:
        yield _unrecorded
        return
    pending.claimed = True
    try:
        yield lambda run: _recorded(run, pending.event, pending.describe)
    except Exception:
        pending.claimed = False
        raise


def _unrecorded(run: Run[T]) -> Run[T]:
    def plain(connection: Connection) -> T:
        connection.info.pop(_RUNNING, None)
        return run(connection)

    return plain


def _recorded(run: Run[T], event: AuditEvent, describe: Describe | None) -> Run[T]:
    def recorded(connection: Connection) -> T:
        row = AuditEvent()
        row.CopyFrom(event)
        insert(connection, row, describe)
        connection.info[_RUNNING] = row
        before = row.ByteSize()
        try:
            result = run(connection)
        finally:
            connection.info.pop(_RUNNING, None)
        if row.ByteSize() != before:
            connection.execute(_update, {"of": row.id, "value": row.SerializeToString()})
        return result

    return recorded


def insert(connection: Connection, event: AuditEvent, describe: Describe | None = None) -> None:
    """Stores an event, and gives it its time and place."""
    if describe is not None:
        describe(connection, event)
    event.time.FromNanoseconds(clock.now(connection))
    values = {
        "id": event.id,
        "time": event.time.ToNanoseconds(),
        "rpc": event.rpc,
        "actor": event.actor,
        "project_key": event.project.lower(),
        "blob": event.SerializeToString(),
    }
    connection.execute(_insert, values)


def issued(connection: Connection, accessor_id: str) -> None:
    """Adds to the running call's row which token it handed out."""
    event = _running(connection)
    if event is not None:
        event.issued_token = accessor_id


def change(connection: Connection, what: str, before: bytes | None, after: bytes | None) -> None:
    """Adds to the running call's row what changed; of the values only keyed hashes are kept (None: there is none)."""
    event = _running(connection)
    if event is not None:
        key = settings.audit_key(connection)
        event.changes.add(what=what, before=_hash(key, before), after=_hash(key, after))


def _running(connection: Connection) -> AuditEvent | None:
    event: AuditEvent | None = connection.info.get(_RUNNING)
    return event


def _hash(key: bytes, value: bytes | None) -> str:
    return "" if value is None else hashlib.blake2b(value, key=key, digest_size=HASH_BYTES).hexdigest()


def page(connection: Connection, wanted: AuditFilter, before: str, size: int) -> list[AuditEvent]:
    """Returns up to `size` matching events, newest first, that are older than the one with the id `before`."""
    query = _matching(wanted)
    if before:
        query = query.where(audit_events.c.id < before)
    query = query.order_by(audit_events.c.id.desc()).limit(size)
    return [AuditEvent.FromString(blob) for blob in connection.execute(query).scalars()]


def batch(connection: Connection, wanted: AuditFilter, after: str, size: int) -> list[AuditEvent]:
    """Returns up to `size` matching events, oldest first, that are newer than the one with the id `after`."""
    query = _matching(wanted).where(audit_events.c.id > after).order_by(audit_events.c.id).limit(size)
    return [AuditEvent.FromString(blob) for blob in connection.execute(query).scalars()]


def _matching(wanted: AuditFilter) -> Select[bytes]:
    rows = audit_events.c
    where: list[ColumnElement[bool]] = []
    if wanted.project:
        where.append(rows.project_key == wanted.project.lower())
    if wanted.actor:
        where.append(rows.actor == wanted.actor)
    if wanted.rpc:
        where.append(rows.rpc == wanted.rpc)
    if wanted.HasField("since"):
        where.append(rows.time >= wanted.since.ToNanoseconds())
    if wanted.HasField("until"):
        where.append(rows.time < wanted.until.ToNanoseconds())
    return select(rows.blob).where(*where)
