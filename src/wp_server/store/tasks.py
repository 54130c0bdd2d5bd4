"""Tasks: the jobs around one launched runner, found by any of them (server.md §7.9).

A row is written with its jobs. How far a task is follows from its jobs and is not stored.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from wp_proto.waypoint import api as pb
from wp_server.errors import NotFound
from wp_server.store import clock
from wp_server.store.schema import jobs, tasks

MAX_LISTED = 1_000
SECOND = 1_000_000_000
FIRST_PAUSE, LONGEST_PAUSE = 30 * SECOND, 3600 * SECOND
"""Nanoseconds between two attempts to clean up; they double."""
MOST_STOPS = 200
"""Attempts to clean up, about eight days; then a person has to."""

_by_id = select(tasks).where(tasks.c.id == bindparam("id"))


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
    stops_failed: int = 0


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


def forget_incomplete(connection: Connection) -> None:
    """Removes tasks of which a job is not there."""
    known = select(jobs.c.id)
    connection.execute(tasks.delete().where(or_(*(column.not_in(known) for column in _JOBS))))


def find(connection: Connection, task_id: str) -> TaskRow | None:
    """Returns the task, or None."""
    row = connection.execute(_by_id, {"id": task_id}).first()
    return _task(row) if row else None


def get(connection: Connection, ref: pb.Ref.Task) -> TaskRow:
    """Returns the task with an id, or the one that a job belongs to. Errors: NotFound."""
    if ref.WhichOneof("ref") == "job_id":
        belongs = or_(*(column == ref.job_id for column in _JOBS))
        row = connection.execute(select(tasks).where(belongs)).first()
        found = _task(row) if row is not None else _of_earlier_stop(connection, ref.job_id)
        if found is None:
            raise NotFound(f"There is no task of the job {ref.job_id!r}.")
        return found
    found = find(connection, ref.id)
    if found is None:
        raise NotFound(f"There is no task {ref.id!r}.")
    return found


def newest(connection: Connection) -> list[TaskRow]:
    """Returns the newest tasks, oldest first."""
    query = select(tasks).order_by(tasks.c.id.desc()).limit(MAX_LISTED)
    return [_task(row) for row in connection.execute(query).all()[::-1]]


def stopped(connection: Connection, task: TaskRow, failed: bool) -> None:
    """Notes the end of a task's clean-up; one that failed is due again later, but not for ever."""
    failures = task.stops_failed + 1 if failed else task.stops_failed
    again = None
    if failed and failures < MOST_STOPS:
        again = clock.now(connection) + min(FIRST_PAUSE << min(failures - 1, 16), LONGEST_PAUSE)
    where = tasks.c.id == task.id
    connection.execute(update(tasks).where(where).values(stop_again=again, stops_failed=failures))


def stops_with(connection: Connection, task: TaskRow, job_id: str | None) -> None:
    """Makes another job the clean-up of a task; None: there is none to be repeated."""
    values = {"stop_again": None} if job_id is None else {"stop_again": None, "stop_job": job_id}
    connection.execute(update(tasks).where(tasks.c.id == task.id).values(**values))


def to_stop_again(connection: Connection, most: int) -> list[TaskRow]:
    """Returns up to `most` tasks whose clean-up failed and is due again."""
    due = select(tasks).where(tasks.c.stop_again <= clock.now(connection)).order_by(tasks.c.stop_again, tasks.c.id)
    return [_task(row) for row in connection.execute(due.limit(most))]


def _of_earlier_stop(connection: Connection, job_id: str) -> TaskRow | None:
    blob = connection.execute(select(jobs.c.blob).where(jobs.c.id == job_id)).scalar()
    job = pb.Job.FromString(blob) if blob is not None else pb.Job()
    return find(connection, job.task.id) if job.task.id else None


_JOBS = (tasks.c.work_job, tasks.c.start_job, tasks.c.watch_job, tasks.c.stop_job)


def _task(row: Row[tuple[object, ...]]) -> TaskRow:
    return TaskRow(
        row.id, row.work_job, row.start_job, row.watch_job, row.stop_job, row.token_accessor, row.stops_failed
    )
