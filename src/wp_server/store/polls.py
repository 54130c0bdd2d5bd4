"""When what is looked at next (server.md §9.1): a row for each polled source, and for each polled application.

Rows follow the settings of their project in the transaction that changes those; `wp_server.poll` does the looking.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, select, update

from wp_proto.waypoint import api as pb
from wp_server.store import clock
from wp_server.store.changes import changed
from wp_server.store.schema import polls

TOPIC = "polls"
"""Something is due at another time than before."""

_of_project = select(polls).where(polls.c.project_key == bindparam("project")).order_by(polls.c.kind, polls.c.app_key)


class Kind(IntEnum):
    """What is looked at."""

    SOURCE = 1
    APPLICATION = 2


@dataclass(frozen=True)
class Poll:
    """A row. Times are nanoseconds since 1970.

    `failures` counts those in a row; `job_ids` were queued the last time; `known` is the revision of a source that
    needs no deployment any more; `problem` is a sentence.
    """

    kind: Kind
    project: str
    app: str
    next: int
    last: int | None = None
    failures: int = 0
    job_ids: tuple[str, ...] = ()
    known: pb.Job.DataSource.Ref | None = None
    problem: str = ""


def polls_source(project: pb.Project) -> bool:
    """Returns whether the project's source is looked at regularly."""
    return project.state == pb.Project.ACTIVE and project.data_source_poll.enabled


def polls_applications(project: pb.Project) -> bool:
    """Returns whether the state of the project's applications is looked at regularly."""
    return project.state == pb.Project.ACTIVE and project.status_report_poll.enabled


def follow(connection: Connection, before: pb.Project | None, after: pb.Project, app_keys: Collection[str]) -> None:
    """Makes the rows what the settings of a project say. What they changed is due at once."""
    key = after.name.lower()
    if not polls_source(after):
        _remove(connection, Kind.SOURCE, key)
    elif before is None or not polls_source(before):
        add(connection, Kind.SOURCE, key, "")
    elif (before.data_source, before.data_source_poll) != (after.data_source, after.data_source_poll):
        _now(connection, Kind.SOURCE, key)
    if not polls_applications(after):
        _remove(connection, Kind.APPLICATION, key)
        return
    if before is not None and before.status_report_poll != after.status_report_poll:
        _now(connection, Kind.APPLICATION, key)
    for app_key in app_keys:
        add(connection, Kind.APPLICATION, key, app_key)


def add(connection: Connection, kind: Kind, project_key: str, app_key: str) -> None:
    """Has something looked at from now on; what is already looked at stays as it is."""
    if find(connection, kind, project_key, app_key) is not None:
        return
    key = {"kind": int(kind), "project_key": project_key, "app_key": app_key}
    connection.execute(polls.insert().values(**key, next=clock.now(connection)))
    changed(connection, TOPIC)


def _now(connection: Connection, kind: Kind, project_key: str) -> None:
    """What was queued under the old settings is waited for: it may deploy."""
    where = (polls.c.kind == int(kind), polls.c.project_key == project_key)
    values = {"next": clock.now(connection), "failures": 0}
    connection.execute(update(polls).where(*where).values(**values))
    changed(connection, TOPIC)


def _remove(connection: Connection, kind: Kind, project_key: str) -> None:
    connection.execute(delete(polls).where(polls.c.kind == int(kind), polls.c.project_key == project_key))


def find(connection: Connection, kind: Kind, project_key: str, app_key: str) -> Poll | None:
    """Returns the row, or None."""
    row = connection.execute(select(polls).where(*_key(kind, project_key, app_key))).first()
    return _poll(row) if row is not None else None


def of_project(connection: Connection, project: str) -> list[Poll]:
    """Returns what is looked at of a project, its source first, applications by name."""
    return [_poll(row) for row in connection.execute(_of_project, {"project": project.lower()})]


def every(connection: Connection) -> list[Poll]:
    """Returns all rows."""
    return [_poll(row) for row in connection.execute(select(polls))]


@dataclass(frozen=True)
class Ahead:
    """What is due next, and in how many seconds; not more than 0 if it is due now."""

    poll: Poll
    seconds: float


def ahead(connection: Connection) -> Ahead | None:
    """Returns what comes next; None when nothing is looked at."""
    row = connection.execute(
        select(polls).order_by(polls.c.next, polls.c.project_key, polls.c.app_key).limit(1)
    ).first()
    return Ahead(_poll(row), (row.next - clock.now(connection)) / 1e9) if row is not None else None


def save(connection: Connection, poll: Poll) -> None:
    """Stores a row that exists."""
    values = {
        "next": poll.next,
        "last": poll.last,
        "failures": poll.failures,
        "job_ids": " ".join(poll.job_ids),
        "known": poll.known.SerializeToString() if poll.known is not None else None,
        "problem": poll.problem,
    }
    connection.execute(update(polls).where(*_key(poll.kind, poll.project, poll.app)).values(**values))


def drop(connection: Connection, poll: Poll) -> None:
    """Removes a row."""
    connection.execute(delete(polls).where(*_key(poll.kind, poll.project, poll.app)))


def _key(kind: Kind, project_key: str, app_key: str) -> tuple[ColumnElement[bool], ...]:
    return (polls.c.kind == int(kind), polls.c.project_key == project_key, polls.c.app_key == app_key)


def _poll(row: Row[tuple[object, ...]]) -> Poll:
    known = pb.Job.DataSource.Ref.FromString(row.known) if row.known is not None else None
    return Poll(
        Kind(row.kind), row.project_key, row.app_key, row.next, row.last, row.failures, tuple(row.job_ids.split()),
        known, row.problem,
    )  # fmt: skip
