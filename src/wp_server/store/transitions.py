"""Every move of a job, with all that follows from it in the same transaction (server.md §7.4, §7.5; G2, G3, G4, G5).

Each function reads the row, asks `jobs.machine` for the next position, stores it by compare-and-set and settles the
consequences: the application lock follows its job, dependents move up or fail, records left RUNNING become ERROR.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from google.rpc.status_pb2 import Status
from sqlalchemy import Connection, bindparam, delete, literal_column, select, update

from wp_proto.waypoint import api as pb
from wp_server.errors import FailedPrecondition, NotFound
from wp_server.jobs import machine
from wp_server.jobs.locks import lock_of
from wp_server.jobs.machine import Position, State
from wp_server.store import clock, keys, moves, operations, pipeline_runs, tasks, workspaces
from wp_server.store import jobs as rows
from wp_server.store.changes import changed
from wp_server.store.isolation import one_at_a_time
from wp_server.store.jobs import JobRow
from wp_server.store.moves import Cause, Move
from wp_server.store.schema import app_locks, job_dependencies, jobs

CLAIMABLE = "claimable"
"""Topic: there may be a job for a waiting stream now."""

RESTORED = "The server's state was restored from a snapshot, in which this job was not finished."
QUEUED_TOO_LONG = 24 * 3600 * 1_000_000_000
"""Nanoseconds after which a restored job is not wanted any more (server.md §10.2)."""
_FINISHED = sorted(int(state) for state in machine.FINISHED)

_take_lock = app_locks.insert()
_release_lock = delete(app_locks).where(app_locks.c.job_id == bindparam("id"))
_dependents = select(job_dependencies.c.job_id, job_dependencies.c.allow_failure).where(
    job_dependencies.c.depends_on == bindparam("id")
)
_one_less = (
    update(jobs)
    .where(jobs.c.id == bindparam("dependent"), jobs.c.unfinished > 0)
    .values(unfinished=jobs.c.unfinished - 1)
)
_queued_singleton = select(jobs.c.id).where(
    jobs.c.singleton_key == bindparam("key"), literal_column("jobs.state = 1 AND jobs.singleton_key IS NOT NULL")
)
_overdue = (
    select(jobs.c.id).where(jobs.c.deadline <= bindparam("now")).order_by(jobs.c.deadline).limit(bindparam("most"))
)


def assign(connection: Connection, job_id: str, runner_id: str) -> JobRow | None:
    """QUEUED → WAITING with its application lock; None when somebody else holds that. Call it inside a claim."""
    before = rows.get(connection, job_id)
    lock = lock_of(before.job)
    if lock is not None:
        one_at_a_time(connection, f"lock {lock.project}")
        held = rows.conflicts(lock.project, lock.application, lock.workspace)
        if connection.execute(select(app_locks.c.job_id).where(held).limit(1)).first() is not None:
            return None
        key = {"project_key": lock.project, "app_key": lock.application, "workspace_key": lock.workspace}
        connection.execute(_take_lock, {**key, "job_id": job_id})
    return _move(connection, before, machine.assign(before.position, runner_id, clock.now(connection)))


def acknowledge(connection: Connection, job_id: str, assignment: int) -> JobRow:
    """WAITING → RUNNING. Errors: FailedPrecondition."""
    return _step(connection, job_id, lambda at, now: machine.acknowledge(at, assignment, now))


def give_back(connection: Connection, job_id: str, assignment: int, cause: Cause = Cause.DISCONNECTED) -> JobRow:
    """WAITING → QUEUED, first in line. Errors: FailedPrecondition."""
    return _step(connection, job_id, lambda at, now: machine.give_back(at, assignment, now), cause=cause)


def reattach(connection: Connection, job_id: str, runner_id: str) -> JobRow:
    """Hands an assigned job to its runner's new stream. Errors: NotFound, FailedPrecondition."""
    return _step(connection, job_id, lambda at, now: machine.reattach(at, runner_id, now))


def heartbeat(connection: Connection, job_id: str, assignment: int, slack: int) -> None:
    """Moves the heartbeat deadline, `slack` nanoseconds further because not every heartbeat is written."""
    before = rows.get(connection, job_id)
    after = machine.heartbeat(before.position, assignment, clock.now(connection) + slack)
    if after != before.position:
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(deadline=after.deadline))


def part(connection: Connection, job_id: str, assignment: int) -> None:
    """Shortens the deadline of a RUNNING job whose command line has gone. Errors: FailedPrecondition."""
    before = rows.get(connection, job_id)
    after = machine.part(before.position, assignment, clock.now(connection))
    if after != before.position:
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(deadline=after.deadline))


def complete(connection: Connection, job_id: str, assignment: int, result: pb.Job.Result) -> JobRow:
    """RUNNING → SUCCESS with its result. Errors: FailedPrecondition."""

    def keep(job: pb.Job) -> None:
        job.result.CopyFrom(result)

    return _step(connection, job_id, lambda at, now: machine.complete(at, assignment, now), keep)


def fail(connection: Connection, job_id: str, assignment: int, error: Status) -> JobRow:
    """RUNNING → ERROR. Errors: FailedPrecondition."""
    return _step(connection, job_id, lambda at, now: machine.fail(at, assignment, error, now))


def cancel(connection: Connection, job_id: str, force: bool) -> JobRow:
    """Asks a job to stop, or stops it. A finished one is left alone. Errors: NotFound."""
    return _step(connection, job_id, lambda at, now: machine.cancel(at, force, now))


def replace_singleton(connection: Connection, singleton_id: str, new_id: str) -> int | None:
    """Ends the queued job of a singleton for its successor; returns its place in the queue, None when there is none."""
    key = singleton_id.lower()
    old_id = connection.execute(_queued_singleton, {"key": key}).scalar()
    if old_id is None:
        return None
    before = rows.get(connection, old_id)
    _move(connection, before, machine.stop(before.position, f"replaced by job {new_id}", clock.now(connection)))
    return before.position.queue_time


def sweep(connection: Connection, most: int) -> int:
    """Does what the passed deadlines of up to `most` jobs ask for; returns how many there were (G6)."""
    now = clock.now(connection)
    late = connection.execute(_overdue, {"now": now, "most": most}).scalars().all()
    for job_id in late:
        _step(connection, job_id, lambda at, _now: machine.overdue(at, now), cause=Cause.DEADLINE)
    return len(late)


def take_over(connection: Connection, grace: int) -> None:
    """Settles what an earlier process of this server had handed out: its streams are gone (§11.5).

    Jobs that no runner confirmed go back to the queue at once. Running ones have `grace` nanoseconds from now for their
    runner to reattach: it could not reach a server that was down.
    """
    requeue_unconfirmed(connection, None)
    prolong(connection, grace)


def requeue_unconfirmed(connection: Connection, replica: str | None) -> None:
    """Puts back what was handed out on streams of one server (None: of all) and not confirmed."""
    unconfirmed = select(jobs.c.id, jobs.c.assignment).where(jobs.c.state == int(State.WAITING))
    if replica is not None:
        unconfirmed = unconfirmed.where(jobs.c.replica == replica)
    for row in connection.execute(unconfirmed).all():
        give_back(connection, row.id, row.assignment, Cause.SERVER_GONE)


def prolong(connection: Connection, grace: int) -> None:
    """Gives every running job `grace` nanoseconds from now: its runner could not be heard, or the clock was set."""
    until = clock.now(connection) + grace
    running = jobs.c.state == int(State.RUNNING)
    connection.execute(update(jobs).where(running).values(deadline=until))


def settle_restored(connection: Connection, run_queued: bool) -> None:
    """Ends what cannot go on in a state of another time: running jobs, and old queued ones unless they shall run."""
    now = clock.now(connection)
    unfinished = select(jobs.c.id, jobs.c.state, jobs.c.queue_time).where(jobs.c.state.not_in(_FINISHED))
    for row in connection.execute(unfinished.order_by(jobs.c.id)).all():
        if row.state == State.QUEUED and (run_queued or row.queue_time >= now - QUEUED_TOO_LONG):
            continue
        before = rows.get(connection, row.id)
        if not before.position.finished:  # what it depended on may have taken it along
            _move(connection, before, machine.abort(before.position, RESTORED, now))


def note(connection: Connection, job_id: str, assignment: int, keep: Callable[[pb.Job], None]) -> JobRow:
    """Lets `keep` store on the job what its runner found out. Errors: FailedPrecondition for a stale stream."""

    def same(at: Position, _now: int) -> Position:
        if at.assignment != assignment:
            raise machine.StaleAssignment("This stream's assignment was taken back.")
        return at

    return _step(connection, job_id, same, keep, force=True)


def note_source(connection: Connection, job_id: str, assignment: int, ref: pb.Job.DataSource.Ref) -> None:
    """Keeps the revision a job works on, on the job and for its project and workspace."""
    row = note(connection, job_id, assignment, lambda job: job.data_source_ref.CopyFrom(ref))
    application, workspace = row.job.application, row.job.workspace.workspace
    if application.project and workspace:
        workspaces.set_data_source_ref(connection, application.project, workspace, ref)


def _step(
    connection: Connection,
    job_id: str,
    step: Callable[[Position, int], Position],
    keep: Callable[[pb.Job], None] | None = None,
    force: bool = False,
    cause: Cause = Cause.ASKED,
) -> JobRow:
    before = rows.get(connection, job_id)
    after = step(before.position, clock.now(connection))
    if after == before.position and not force:
        return before
    return _move(connection, before, after, keep, cause)


def _move(
    connection: Connection,
    before: JobRow,
    after: Position,
    keep: Callable[[pb.Job], None] | None = None,
    cause: Cause = Cause.ASKED,
) -> JobRow:
    job = pb.Job()
    job.CopyFrom(before.job)
    if keep is not None:
        keep(job)
    if after.state is State.QUEUED and job.singleton_id:
        after = _unless_replaced(connection, before, after)
    rows.save(connection, before, job, after)
    job = rows.with_position(job, after)
    changed(connection, f"job/{job.id}", "jobs")
    moves.note(connection, Move(job.WhichOneof("operation") or "", before.position, after, cause))
    was, now = before.position.state, after.state
    if was in machine.ASSIGNED and now not in machine.ASSIGNED:
        freed = connection.execute(_release_lock, {"id": job.id}).rowcount
        if freed or now is State.QUEUED:
            changed(connection, CLAIMABLE)
    if now is not was and job.HasField("pipeline"):
        pipeline_runs.follow(connection, job)  # before what depends on the job: the first cause counts
    if now is not was and after.finished:
        _settle(connection, job)
    return rows.moved(connection, before, job, after)


def _unless_replaced(connection: Connection, before: JobRow, back: Position) -> Position:
    """Returns `back`, or the end of a job whose singleton was queued anew while a runner had it: one waits, not two."""
    newer_id = connection.execute(_queued_singleton, {"key": before.job.singleton_id.lower()}).scalar()
    if newer_id is None:
        return back
    newer = rows.get(connection, newer_id)
    place = min(newer.position.queue_time, back.queue_time)
    rows.save(connection, newer, newer.job, replace(newer.position, queue_time=place))
    changed(connection, f"job/{newer_id}")
    return machine.stop(before.position, f"replaced by job {newer_id}", clock.now(connection))


def _settle(connection: Connection, job: pb.Job) -> None:
    failed = State(job.state) is State.ERROR
    if failed:
        operations.fail_running(connection, job.id, job.error.message)
    for dependent in connection.execute(_dependents, {"id": job.id}).all():
        row = rows.find(connection, dependent.job_id)
        if row is None or row.position.state is not State.QUEUED:
            continue
        if failed and not dependent.allow_failure:
            reason = f'Job dependency "{job.id}" errored: {job.error.message}'
            _move(connection, row, machine.fall(row.position, reason, _cancelled(job), clock.now(connection)))
        else:
            connection.execute(_one_less, {"dependent": dependent.job_id})
            changed(connection, CLAIMABLE, f"job/{dependent.job_id}")
    if job.HasField("task"):
        _settle_task(connection, job)


def _settle_task(connection: Connection, job: pb.Job) -> None:
    """What the end of one job of a launched runner means for the others (server.md §7.9)."""
    task = tasks.find(connection, job.task.id)
    if task is None:
        return
    if job.id == task.stop:
        keys.deny(connection, task.token_accessor)
        tasks.stopped(connection, task, failed=State(job.state) is State.ERROR)
    elif job.id == task.watch != task.work:
        if State(job.state) is State.SUCCESS:
            reason = f"the runner of this job ended with exit code {job.result.watch_task.exit_code} before the job did"
        else:
            reason = f"the runner of this job is gone: {job.error.message}"
        reason = f"{reason} (`waypoint job get-stream {job.id}` shows its output)"
        _stop_unfinished(connection, task.work, reason, job)
    elif job.id == task.work:
        start = rows.find(connection, task.start)
        if start is not None and start.position.state is State.QUEUED:
            _stop_unfinished(connection, task.start, f"the job {job.id} ended before its runner was launched", job)


def _stop_unfinished(connection: Connection, job_id: str, reason: str, cause: pb.Job) -> None:
    row = rows.find(connection, job_id)
    if row is not None and not row.position.finished:
        _move(connection, row, machine.fall(row.position, reason, _cancelled(cause), clock.now(connection)))


def _cancelled(job: pb.Job) -> int | None:
    return job.cancel_time.ToNanoseconds() if job.HasField("cancel_time") else None


def check_exists(connection: Connection, job_ids: list[str]) -> dict[str, State]:
    """Returns the states of the jobs. Errors: NotFound, FailedPrecondition for an empty id."""
    if not all(job_ids):
        raise FailedPrecondition("depends_on: an id must not be empty")
    query = select(jobs.c.id, jobs.c.state).where(jobs.c.id.in_(job_ids))
    states = {row.id: State(row.state) for row in connection.execute(query)}
    for job_id in job_ids:
        if job_id not in states:
            raise NotFound(f"There is no job {job_id!r} to depend on.")
    return states
