"""Reading and creating job rows (server.md §7). Moves from state to state are in `transitions`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import cast

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, literal_column, or_, select, true

from wp_proto.waypoint import api as pb
from wp_server.errors import FailedPrecondition, NotFound
from wp_server.jobs.locks import lock_of
from wp_server.jobs.machine import Position, State
from wp_server.store import clock
from wp_server.store.replica import current
from wp_server.store.schema import app_locks, job_dependencies, jobs
from wp_server.store.slices import EVERYTHING, Slice

NEWEST = Slice(backwards=True, limit=1_000)
"""The jobs in a list that asked for no page."""
ROWS_AT_ONCE = 200
"""How many a search holds that looks at each."""


class Target(IntEnum):
    """Whom a job is for; the numbers are those of `Ref.Runner`'s fields."""

    ANY = 1
    ID = 2
    LABELS = 3


@dataclass(frozen=True)
class JobRow:
    """A stored job: the message as clients see it, and its position in the state machine."""

    job: pb.Job
    position: Position
    queued_by: str
    output_last: int
    replica: str | None = None
    """The server whose stream has it."""


_by_id = select(jobs).where(jobs.c.id == bindparam("id"))
_blob = select(jobs.c.blob).where(jobs.c.id == bindparam("id"))

_insert = jobs.insert()
_save = (
    jobs.update()
    .where(jobs.c.id == bindparam("of"), jobs.c.state == bindparam("was"), jobs.c.assignment == bindparam("fence"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "state",
                "assignment",
                "queue_time",
                "deadline",
                "runner_id",
                "replica",
                "data_source_ref",
                "blob",
            )
        }
    )
)


def target_of(ref: pb.Ref.Runner) -> tuple[Target, str]:
    """Returns kind and key of a target. Label sets have a canonical key; an empty one is any runner."""
    match ref.WhichOneof("target"):
        case "id":
            return Target.ID, ref.id.id
        case "labels" if ref.labels.labels:
            return Target.LABELS, json.dumps(dict(ref.labels.labels), sort_keys=True, separators=(",", ":"))
        case _:
            return Target.ANY, ""


def find(connection: Connection, job_id: str) -> JobRow | None:
    """Returns the job, or None."""
    row = connection.execute(_by_id, {"id": job_id}).first()
    if row is None:
        return None
    job = pb.Job.FromString(row.blob)
    return JobRow(job, position_of(job, row.assignment, row.deadline), row.queued_by, row.output_last, row.replica)


def get(connection: Connection, job_id: str) -> JobRow:
    """Returns the job. Errors: NotFound."""
    row = find(connection, job_id)
    if row is None:
        raise NotFound(f"There is no job {job_id!r}.")
    return row


def message(connection: Connection, job_id: str) -> pb.Job:
    """Returns the job as clients see it. Errors: NotFound."""
    blob = connection.execute(_blob, {"id": job_id}).scalar()
    if blob is None:
        raise NotFound(f"There is no job {job_id!r}.")
    return pb.Job.FromString(blob)


def insert(connection: Connection, job: pb.Job, at: Position, queued_by: str, unfinished: int) -> None:
    """Stores a new job at position `at`, waiting for `unfinished` dependencies."""
    kind, target = target_of(job.target_runner)
    lock = lock_of(job)
    stored = with_position(job, at)
    values = {
        "id": job.id,
        "operation": job.WhichOneof("operation"),
        "target_kind": int(kind),
        "target": target,
        "unfinished": unfinished,
        "project_key": job.application.project.lower(),
        "app_key": job.application.application.lower(),
        "workspace_key": job.workspace.workspace.lower(),
        "lock_project": lock.project if lock else None,
        "lock_app": lock.application if lock else None,
        "lock_workspace": lock.workspace if lock else None,
        "singleton_key": job.singleton_id.lower() or None,
        "queued_by": queued_by,
        "output_last": 0,
        **position_columns(at),
        "blob": stored.SerializeToString(),
    }
    connection.execute(_insert, values)


def save(connection: Connection, before: JobRow, job: pb.Job, at: Position) -> None:
    """Moves a job to `at` if it still is where `before` saw it (G2). Errors: FailedPrecondition."""
    stored = with_position(job, at)
    source = stored.data_source_ref.SerializeToString() if stored.HasField("data_source_ref") else None
    values = {
        "of": job.id,
        "was": int(before.position.state),
        "fence": before.position.assignment,
        **position_columns(at),
        "replica": _holder(connection, before, at),
        "data_source_ref": source,
        "blob": stored.SerializeToString(),
    }
    if connection.execute(_save, values).rowcount == 0:
        raise FailedPrecondition(f"The job {job.id} changed in the meantime.")


def moved(connection: Connection, before: JobRow, job: pb.Job, at: Position) -> JobRow:
    """Returns the row as `save` leaves it."""
    return JobRow(job, at, before.queued_by, before.output_last, _holder(connection, before, at))


def _holder(connection: Connection, before: JobRow, at: Position) -> str | None:
    """A new assignment is on a stream of the server that makes it; what others do to the job does not move it."""
    return before.replica if at.assignment == before.position.assignment else current(connection)


@dataclass(frozen=True)
class JobSearch:
    """Filters of a list; empty ones do not filter."""

    workspace: str = ""
    project: str = ""
    application: str = ""
    states: frozenset[int] = frozenset()
    target: pb.Ref.Runner | None = None
    part: Slice = EVERYTHING
    matching: Callable[[pb.Job], bool] | None = None
    """What else a job must be; the part is one of those that are."""
    within: frozenset[tuple[str, str]] = frozenset()
    """Only jobs of one of these keys of project and workspace, of which an empty one is any; no pairs: all jobs."""


def listed(connection: Connection, search: JobSearch) -> list[pb.Job]:
    """Returns the matching jobs, oldest first."""
    where: list[ColumnElement[bool]] = []
    if search.workspace:
        where.append(jobs.c.workspace_key == search.workspace.lower())
    if search.project:
        where.append(jobs.c.project_key == search.project.lower())
    if search.application:
        where.append(jobs.c.app_key == search.application.lower())
    if search.states:
        where.append(jobs.c.state.in_(sorted(search.states)))
    if search.within and ("", "") not in search.within:
        where.append(or_(*(_inside(project, workspace) for project, workspace in sorted(search.within))))
    labels: dict[str, str] = {}
    if search.target is not None and search.target.WhichOneof("target") is not None:
        kind, key = target_of(search.target)
        where.append(jobs.c.target_kind == kind)
        if kind is Target.ID:
            where.append(jobs.c.target == key)
        labels = dict(search.target.labels.labels)
    each = bool(labels or search.matching)
    found: Iterable[pb.Job] = map(pb.Job.FromString, _blobs(connection, search.part, where, limited=not each))
    if labels:
        found = filter(lambda job: set(labels.items()) & set(job.target_runner.labels.labels.items()), found)
    if search.matching:
        found = filter(search.matching, found)
    return search.part.taken(found)


def _blobs(
    connection: Connection, part: Slice, where: Sequence[ColumnElement[bool]], *, limited: bool
) -> Iterator[bytes]:
    query = part.of(select(jobs.c.blob).where(*where), jobs.c.id, str, limited=limited)
    with connection.execute(query, execution_options={} if limited else {"yield_per": ROWS_AT_ONCE}) as rows:
        yield from rows.scalars()


def _inside(project: str, workspace: str) -> ColumnElement[bool]:
    if not project:
        return jobs.c.workspace_key == workspace
    return and_(jobs.c.project_key == project, jobs.c.workspace_key == workspace if workspace else true())


def blockers(connection: Connection, job_id: str) -> list[pb.Job]:
    """Returns the jobs whose application lock a queued job waits for; empty when no lock keeps it."""
    row = connection.execute(
        select(jobs.c.lock_project, jobs.c.lock_app, jobs.c.lock_workspace).where(
            jobs.c.id == job_id, jobs.c.state == State.QUEUED, jobs.c.lock_project.is_not(None)
        )
    ).first()
    if row is None:
        return []
    query = select(jobs.c.blob).join(app_locks, app_locks.c.job_id == jobs.c.id)
    query = query.where(conflicts(row.lock_project, row.lock_app, row.lock_workspace))
    return [pb.Job.FromString(blob) for blob in connection.execute(query.order_by(jobs.c.id)).scalars()]


def unfinished_dependencies(connection: Connection, job_id: str) -> list[pb.Job]:
    """Returns the jobs that a queued job still waits for."""
    finished = [int(State.SUCCESS), int(State.ERROR)]
    query = (
        select(jobs.c.blob)
        .join(job_dependencies, job_dependencies.c.depends_on == jobs.c.id)
        .where(job_dependencies.c.job_id == job_id, jobs.c.state.not_in(finished))
    )
    return [pb.Job.FromString(blob) for blob in connection.execute(query.order_by(jobs.c.id)).scalars()]


def ahead(connection: Connection, row: JobRow) -> int:
    """Returns how many jobs with the same target come first when a runner is free."""
    kind, target = target_of(row.job.target_runner)
    earlier = (jobs.c.queue_time < row.position.queue_time) | (
        (jobs.c.queue_time == row.position.queue_time) & (jobs.c.id < row.job.id)
    )
    query = select(func.count()).where(
        literal_column("jobs.state = 1 AND jobs.unfinished = 0"),
        jobs.c.target_kind == int(kind),
        jobs.c.target == target,
        earlier,
    )
    return int(connection.execute(query).scalar_one())


Text = str | ColumnElement[str | None]


def conflicts(project: Text, app: Text, workspace: Text) -> ColumnElement[bool]:
    """Returns the condition that a row of `app_locks` excludes this lock. An empty application is the whole project."""
    same = and_(app_locks.c.app_key == app, app_locks.c.workspace_key == workspace)
    whole = app_locks.c.app_key == ""
    if isinstance(app, str):
        return and_(app_locks.c.project_key == project, same | whole) if app else app_locks.c.project_key == project
    return and_(app_locks.c.project_key == project, same | whole | (app == ""))


def position_of(job: pb.Job, assignment: int, deadline: int | None) -> Position:
    """Returns the position that a stored job is in."""

    def moment(field: str) -> int | None:
        return getattr(job, field).ToNanoseconds() if job.HasField(field) else None

    return Position(
        state=State(job.state),
        assignment=assignment,
        runner_id=job.assigned_runner.id,
        queue_time=job.queue_time.ToNanoseconds(),
        assign_time=moment("assign_time"),
        ack_time=moment("ack_time"),
        complete_time=moment("complete_time"),
        cancel_time=moment("cancel_time"),
        expire_time=moment("expire_time"),
        deadline=deadline,
        error=job.error if job.HasField("error") else None,
    )


def with_position(job: pb.Job, at: Position) -> pb.Job:
    """Returns a copy of `job` whose server-owned fields say `at`."""
    stored = pb.Job()
    stored.CopyFrom(job)
    stored.state = cast("pb.Job.State", int(at.state))
    if at.runner_id:
        stored.assigned_runner.id = at.runner_id
    else:
        stored.ClearField("assigned_runner")
    stored.queue_time.FromNanoseconds(at.queue_time)
    for field, value in (
        ("assign_time", at.assign_time),
        ("ack_time", at.ack_time),
        ("complete_time", at.complete_time),
        ("cancel_time", at.cancel_time),
        ("expire_time", at.expire_time),
    ):
        if value is None:
            stored.ClearField(field)
        else:
            getattr(stored, field).FromNanoseconds(value)
    if at.error is not None:
        stored.error.CopyFrom(at.error)
    else:
        stored.ClearField("error")
    return stored


def position_columns(at: Position) -> dict[str, object]:
    """Returns the columns that a position determines."""
    return {
        "state": int(at.state),
        "assignment": at.assignment,
        "queue_time": at.queue_time,
        "deadline": at.deadline,
        "runner_id": at.runner_id or None,
    }


def assigned_to(connection: Connection, runner_id: str) -> list[pb.Job]:
    """Returns the jobs that a runner has now."""
    states = [int(State.WAITING), int(State.RUNNING)]
    query = select(jobs.c.blob).where(jobs.c.runner_id == runner_id, jobs.c.state.in_(states))
    return [pb.Job.FromString(blob) for blob in connection.execute(query).scalars()]


def newest(connection: Connection, project: str, operation: str) -> pb.Job | None:
    """Returns the job of a project with this operation that was queued last, or None."""
    query = select(jobs.c.blob).where(jobs.c.project_key == project.lower(), jobs.c.operation == operation)
    blob = connection.execute(query.order_by(jobs.c.id.desc()).limit(1)).scalar()
    return pb.Job.FromString(blob) if blob is not None else None


def is_overdue(connection: Connection) -> bool:
    """Returns whether the deadline of any job has passed."""
    query = select(jobs.c.deadline).where(jobs.c.deadline.is_not(None)).order_by(jobs.c.deadline).limit(1)
    deadline: int | None = connection.execute(query).scalar()
    return deadline is not None and deadline <= clock.now(connection)


@dataclass(frozen=True)
class Load:
    """What is unfinished: how many jobs by state and operation, and since when the oldest of them is queued."""

    counts: dict[tuple[State, str], int]
    oldest_queued: int | None


def load(connection: Connection) -> Load:
    """Returns what is unfinished now."""
    unfinished = [int(State.QUEUED), int(State.WAITING), int(State.RUNNING)]
    query = (
        select(jobs.c.state, jobs.c.operation, func.count())
        .where(jobs.c.state.in_(unfinished))
        .group_by(jobs.c.state, jobs.c.operation)
    )
    counts = {(State(state), operation): count for state, operation, count in connection.execute(query)}
    oldest = connection.execute(select(func.min(jobs.c.queue_time)).where(jobs.c.state == int(State.QUEUED))).scalar()
    return Load(counts, oldest)
