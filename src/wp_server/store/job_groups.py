"""Queueing: all jobs of one call are stored together or not at all (server.md §7.3; G1, G15)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from sqlalchemy import Connection, select, update

from wp_proto.waypoint import api as pb
from wp_server.errors import FailedPrecondition
from wp_server.jobs import machine
from wp_server.jobs.machine import State
from wp_server.store import clock, transitions
from wp_server.store import jobs as rows
from wp_server.store.changes import changed
from wp_server.store.schema import job_dependencies, jobs

GROUP_LIMIT = 1_000
DEPENDENCY_LIMIT = 256


def queue(
    connection: Connection,
    group: Sequence[pb.Job],
    expire_time: int | None,
    queued_by: str,
    expiring: Collection[str] | None = None,
) -> None:
    """Stores jobs, whose ids are set, as QUEUED; `expire_time` is for all, or those of `expiring`.

    Errors: NotFound and FailedPrecondition about dependencies.
    """
    if len(group) > GROUP_LIMIT:
        raise FailedPrecondition(f"More than {GROUP_LIMIT} jobs cannot be queued together.")
    for job in _ordered(group):
        expires = expire_time if expiring is None or job.id in expiring else None
        _queue_one(connection, job, expires, queued_by)
    changed(connection, transitions.CLAIMABLE, "jobs")


def link(connection: Connection) -> None:
    """Makes queued jobs that were stored by themselves wait for those they depend on.

    They end where one of these ended in an error, or is not there.
    """
    queued = select(jobs.c.id).where(jobs.c.state == int(State.QUEUED)).order_by(jobs.c.id)
    for job_id in connection.execute(queued).scalars().all():
        job = rows.message(connection, job_id)
        depends_on, allowed = list(dict.fromkeys(job.depends_on)), set(job.depends_on_allow_failure)
        found = connection.execute(select(jobs.c.id, jobs.c.state).where(jobs.c.id.in_(depends_on)))
        states = {row.id: State(row.state) for row in found}
        if any(states.get(one, State.ERROR) is State.ERROR and one not in allowed for one in depends_on):
            transitions.cancel(connection, job_id, False)
            continue
        unfinished = [one for one in depends_on if one in states and states[one] not in machine.FINISHED]
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(unfinished=len(unfinished)))
        _link(connection, job_id, unfinished, allowed)


def _link(connection: Connection, job_id: str, unfinished: Collection[str], allowed: Collection[str]) -> None:
    if unfinished:
        links = [{"job_id": job_id, "depends_on": one, "allow_failure": one in allowed} for one in unfinished]
        connection.execute(job_dependencies.insert(), links)


def _ordered(group: Sequence[pb.Job]) -> Iterator[pb.Job]:
    members = {job.id: job for job in group}
    sorter = TopologicalSorter({job.id: [one for one in job.depends_on if one in members] for job in group})
    try:
        order = list(sorter.static_order())
    except CycleError as error:
        raise FailedPrecondition("The jobs depend on each other in a circle.") from error
    return (members[job_id] for job_id in order)


def _queue_one(connection: Connection, job: pb.Job, expire_time: int | None, queued_by: str) -> None:
    depends_on = list(dict.fromkeys(job.depends_on))
    allowed = set(job.depends_on_allow_failure)
    if not allowed <= set(depends_on):
        raise FailedPrecondition("depends_on_allow_failure: may only name jobs of depends_on")
    if len(depends_on) > DEPENDENCY_LIMIT:
        raise FailedPrecondition(f"depends_on: may not have more than {DEPENDENCY_LIMIT} jobs")
    queue_time = clock.now(connection)
    if job.singleton_id:
        replaced = transitions.replace_singleton(connection, job.singleton_id, job.id)
        queue_time = replaced if replaced is not None else queue_time
    states = transitions.check_exists(connection, depends_on) if depends_on else {}
    at = machine.queued(queue_time, expire_time)
    broken = [job_id for job_id in depends_on if states[job_id] is State.ERROR and job_id not in allowed]
    if broken:
        cause = rows.get(connection, broken[0])
        reason = f'Job dependency "{broken[0]}" errored: {cause.job.error.message}'
        at = machine.fall(at, reason, cause.position.cancel_time, clock.now(connection))
    unfinished = [job_id for job_id in depends_on if states[job_id] not in machine.FINISHED]
    rows.insert(connection, job, at, queued_by, len(unfinished))
    _link(connection, job.id, unfinished, allowed)
