"""Tasks: the jobs around one launched runner, found by any of them (server.md §7.9).

A row is written with its jobs. How far a task is follows from its jobs and is not stored.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Row, or_, select

from wp_proto.waypoint import api as pb
from wp_server.errors import NotFound
from wp_server.store.schema import tasks

MAX_LISTED = 1_000


@dataclass(frozen=True)
class TaskRow:
    """A stored task: ids of its jobs, and the accessor id of the token that its runner was given.

    `work` is the job that was asked for; where only a container was asked for, that is `watch`.
    """

    id: str
    work: str
    start: str
    watch: str
    stop: str
    token_accessor: str


def insert(connection: Connection, task: TaskRow) -> None:
    """Stores a new task."""
    connection.execute(
        tasks.insert().values(
            id=task.id,
            work_job=task.work,
            start_job=task.start,
            watch_job=task.watch,
            stop_job=task.stop,
            token_accessor=task.token_accessor,
        )
    )


def find(connection: Connection, task_id: str) -> TaskRow | None:
    """Returns the task, or None."""
    row = connection.execute(select(tasks).where(tasks.c.id == task_id)).first()
    return _task(row) if row else None


def get(connection: Connection, ref: pb.Ref.Task) -> TaskRow:
    """Returns the task with an id, or the one that a job belongs to. Errors: NotFound."""
    if ref.WhichOneof("ref") == "job_id":
        belongs = or_(*(column == ref.job_id for column in _JOBS))
        row = connection.execute(select(tasks).where(belongs)).first()
        if row is None:
            raise NotFound(f"There is no task of the job {ref.job_id!r}.")
        return _task(row)
    found = find(connection, ref.id)
    if found is None:
        raise NotFound(f"There is no task {ref.id!r}.")
    return found


def newest(connection: Connection) -> list[TaskRow]:
    """Returns the newest tasks, oldest first."""
    query = select(tasks).order_by(tasks.c.id.desc()).limit(MAX_LISTED)
    return [_task(row) for row in connection.execute(query).all()[::-1]]


_JOBS = (tasks.c.work_job, tasks.c.start_job, tasks.c.watch_job, tasks.c.stop_job)


def _task(row: Row[tuple[str, ...]]) -> TaskRow:
    return TaskRow(row.id, row.work_job, row.start_job, row.watch_job, row.stop_job, row.token_accessor)
