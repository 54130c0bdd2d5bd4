"""Removing what is finished and old (server.md §9.2; defect 41): jobs with output, tasks and runs, runners, audit.

What belongs together goes together or stays: the jobs around a launched runner, the jobs of a pipeline's run. Nothing
goes that something else still needs. Every function does a small piece in its transaction, so that nobody waits long;
what is searched for outside of it is checked again inside.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, delete, exists, func, select

from wp_proto.waypoint import api as pb
from wp_server.ids import first_id_of
from wp_server.jobs.machine import FINISHED
from wp_server.store import clock
from wp_server.store.output import KEPT_EVENTS
from wp_server.store.schema import (
    audit_events,
    job_dependencies,
    job_output,
    jobs,
    operations,
    pipeline_runs,
    polls,
    runners,
    tasks,
)

JOBS_AT_ONCE, UNITS_AT_ONCE = 20, 3
"""Jobs that one transaction looks at; and of those that belong together with others."""
EVENTS_AT_ONCE = 4_000
"""Events of output that go with them, unless one job alone has more."""
AUDIT_AT_ONCE = 200
_FINISHED = sorted(int(state) for state in FINISHED)
_ROUTINE = ("poll", "status_report")
_LAUNCHING = ("start_task", "watch_task", "stop_task")
_DECIDED = (int(pb.Runner.ADOPTED), int(pb.Runner.REJECTED))
_RUN_ENDED = (pb.PipelineRun.ERROR, pb.PipelineRun.CANCELLED, pb.PipelineRun.SUCCESS)

_is_finished = jobs.c.state.in_(_FINISHED)
_one = select(jobs.c.blob).where(jobs.c.id == bindparam("id"))
_ids: BindParameter[str] = bindparam("ids", expanding=True)
_some = select(jobs.c.id, jobs.c.output_last, jobs.c.blob).where(jobs.c.id.in_(_ids))
_of_records = select(operations.c.job_id).where(operations.c.job_id.in_(_ids))
_of_unfinished = (
    select(job_dependencies.c.depends_on)
    .join(jobs, jobs.c.id == job_dependencies.c.job_id)
    .where(job_dependencies.c.depends_on.in_(_ids), jobs.c.state.not_in(_FINISHED))
)
_polled = select(polls.c.job_ids).where(polls.c.project_key.in_(bindparam("projects", expanding=True)))
_drop_output = delete(job_output).where(job_output.c.job_id.in_(_ids))
_drop_dependents = delete(job_dependencies).where(job_dependencies.c.depends_on.in_(_ids))
_drop = delete(jobs).where(jobs.c.id.in_(_ids))


@dataclass(frozen=True)
class JobGroup:
    """Jobs of a project that are counted together: all that look at something, all that launch runners, all others.

    What looks every few seconds must not push out what somebody wanted.
    """

    project: str
    kind: str


def condition(group: JobGroup) -> ColumnElement[bool]:
    """Returns what is true for the finished jobs of a group."""
    return and_(jobs.c.project_key == group.project, _is_finished, _of_kind(group.kind))


def _of_kind(kind: str) -> ColumnElement[bool]:
    match kind:
        case "routine":
            return jobs.c.operation.in_(_ROUTINE)
        case "launching":
            return jobs.c.operation.in_(_LAUNCHING)
        case _:
            return jobs.c.operation.not_in((*_ROUTINE, *_LAUNCHING))


def crowded(connection: Connection, kind: str, most: int) -> list[JobGroup]:
    """Returns the groups of this kind that have more than `most` jobs."""
    count = select(jobs.c.project_key).where(_is_finished, _of_kind(kind)).group_by(jobs.c.project_key)
    found = connection.execute(count.having(func.count() > most).order_by(jobs.c.project_key)).scalars()
    return [JobGroup(project, kind) for project in found]


def excess(connection: Connection, group: JobGroup, most: int, after: str, size: int) -> list[str]:
    """Returns up to `size` jobs that are older than the `most` newest of their group, from the one after `after` on."""
    newest = select(jobs.c.id).where(condition(group)).order_by(jobs.c.id.desc())
    oldest_kept = connection.execute(newest.offset(most - 1).limit(1)).scalar()
    if oldest_kept is None:
        return []
    query = select(jobs.c.id).where(condition(group), jobs.c.id < oldest_kept, jobs.c.id > after)
    return list(connection.execute(query.order_by(jobs.c.id).limit(size)).scalars())


def aged(connection: Connection, before: int, after: str, size: int) -> list[str]:
    """Returns up to `size` finished jobs that were made before a moment, from the one after `after` on."""
    query = select(jobs.c.id).where(_is_finished, jobs.c.id < first_id_of(before), jobs.c.id > after)
    return list(connection.execute(query.order_by(jobs.c.id).limit(size)).scalars())


def drop_jobs(connection: Connection, job_ids: Sequence[str], before: int | None) -> int:
    """Deletes the first of these jobs, with all that belongs to them, as far as nothing needs them; returns how many
    were looked at. With `before` only what had ended by that moment goes."""
    rows = {row.id: row for row in connection.execute(_some, {"ids": list(job_ids[:JOBS_AT_ONCE])})}
    looked, events = 0, 0
    alone: dict[str, pb.Job] = {}
    linked: list[str] = []
    for job_id in job_ids[:JOBS_AT_ONCE]:
        row = rows.get(job_id)
        if row is not None:
            job = pb.Job.FromString(row.blob)
            has_others = bool(job.task.id or job.pipeline.run_sequence)
            events += min(row.output_last, KEPT_EVENTS)
            if looked and (events > EVENTS_AT_ONCE or (has_others and len(linked) == UNITS_AT_ONCE)):
                break
            if has_others:
                linked.append(job_id)
            elif _has_ended(job, before):
                alone[job_id] = job
        looked += 1
    _delete(connection, set(alone) - _needed(connection, alone))
    for job_id in linked:
        unit = _Unit(connection, job_id)
        if unit.may_go(before):
            unit.delete()
    return looked


def _has_ended(job: pb.Job, before: int | None) -> bool:
    return job.state in _FINISHED and (before is None or _ended(job) < before)


def _needed(connection: Connection, members: Mapping[str, pb.Job]) -> set[str]:
    """Returns those of the jobs that a record, an unfinished job or polling refers to."""
    if not members:
        return set()
    ids = {"ids": sorted(members)}
    needed: set[str] = set()
    for statement in (_of_records, _of_unfinished):
        needed |= set(connection.execute(statement, ids).scalars())
    projects = {job.application.project.lower() for job in members.values()}
    polled = connection.execute(_polled, {"projects": sorted(projects)}).scalars()
    return needed | {job_id for text in polled for job_id in text.split() if job_id in members}


def _delete(connection: Connection, job_ids: Collection[str]) -> None:
    if job_ids:
        ids = {"ids": sorted(job_ids)}
        for statement in (_drop_output, _drop_dependents, _drop):
            connection.execute(statement, ids)


class _Unit:
    """A job with all that goes with it: the jobs around its launched runner, those of its run, and theirs."""

    def __init__(self, connection: Connection, job_id: str) -> None:
        self._connection = connection
        self.jobs: dict[str, pb.Job] = {}
        self.tasks: set[str] = set()
        self.runs: dict[tuple[str, int], pb.PipelineRun] = {}
        waiting = [job_id]
        while waiting:
            waiting += self._add(waiting.pop())

    def _add(self, job_id: str) -> list[str]:
        """Adds a job; returns those that belong to it."""
        if job_id in self.jobs:
            return []
        blob = self._connection.execute(_one, {"id": job_id}).scalar()
        if blob is None:
            return []
        job = self.jobs[job_id] = pb.Job.FromString(blob)
        return [*self._of_task(job), *self._of_run(job)]

    def _of_task(self, job: pb.Job) -> list[str]:
        if not job.task.id or job.task.id in self.tasks:
            return []
        row = self._connection.execute(select(tasks).where(tasks.c.id == job.task.id)).first()
        if row is None:
            return []
        members = [row.work_job, row.start_job, row.watch_job, row.stop_job]
        if job.id not in members:  # a clean-up that was done again
            return []
        self.tasks.add(row.id)
        return members

    def _of_run(self, job: pb.Job) -> list[str]:
        key = (job.pipeline.root_pipeline_id, job.pipeline.run_sequence)
        if not key[1] or key in self.runs:
            return []
        blob = self._connection.execute(select(pipeline_runs.c.blob).where(*_run(*key))).scalar()
        if blob is None:
            return []
        run = self.runs[key] = pb.PipelineRun.FromString(blob)
        return [ref.id for ref in run.jobs]

    def may_go(self, before: int | None) -> bool:
        """Returns whether all of it is finished (by that moment) and nothing else needs any of it."""
        if not self.jobs or not all(_has_ended(job, before) for job in self.jobs.values()):
            return False
        if any(run.state not in _RUN_ENDED or self._is_newest(*key) for key, run in self.runs.items()):
            return False
        repeated = select(tasks.c.id).where(tasks.c.id.in_(sorted(self.tasks)), tasks.c.stop_again.is_not(None))
        if self._connection.execute(repeated.limit(1)).first() is not None:
            return False
        return not _needed(self._connection, self.jobs)

    def delete(self) -> None:
        """Deletes all of it."""
        _delete(self._connection, self.jobs)
        self._connection.execute(delete(tasks).where(tasks.c.id.in_(sorted(self.tasks))))
        for key in self.runs:
            self._connection.execute(delete(pipeline_runs).where(*_run(*key)))

    def _is_newest(self, pipeline_id: str, sequence: int) -> bool:
        """The newest run stays: the next one is numbered after it."""
        own = pipeline_runs.c.pipeline_id == pipeline_id
        newest: int = self._connection.execute(select(func.max(pipeline_runs.c.sequence)).where(own)).scalar_one()
        return newest == sequence


def _ended(job: pb.Job) -> int:
    return max(job.complete_time.ToNanoseconds(), job.cancel_time.ToNanoseconds(), job.queue_time.ToNanoseconds())


def _run(pipeline_id: str, sequence: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return pipeline_runs.c.pipeline_id == pipeline_id, pipeline_runs.c.sequence == sequence


@dataclass(frozen=True)
class Departed:
    """A runner that left, and when it was seen last (nanoseconds since 1970)."""

    id: str
    last_seen: int


def departed(connection: Connection, after: str, size: int) -> list[Departed]:
    """Returns up to `size` runners that left, about whom nobody decided, and had none of the kept jobs, by id."""
    query = select(runners.c.id, runners.c.blob).where(_is_forgotten(), runners.c.id > after)
    found = connection.execute(query.order_by(runners.c.id).limit(size))
    return [Departed(row.id, pb.Runner.FromString(row.blob).last_seen.ToNanoseconds()) for row in found]


def drop_runners(connection: Connection, runner_ids: Sequence[str]) -> None:
    """Deletes runners as far as that still holds."""
    connection.execute(delete(runners).where(runners.c.id.in_(list(runner_ids)), _is_forgotten()))


def _is_forgotten() -> ColumnElement[bool]:
    has_jobs = exists(select(jobs.c.id).where(jobs.c.runner_id == runners.c.id))
    return and_(runners.c.gone.is_(True), runners.c.adoption.not_in(_DECIDED), ~has_jobs)


def drop_audit(connection: Connection, seconds: float) -> int:
    """Deletes some of the audit's rows that are older than so many seconds; returns how many."""
    before = clock.now(connection) - int(seconds * 1e9)
    oldest = select(audit_events.c.id).where(audit_events.c.time < before).order_by(audit_events.c.time)
    return connection.execute(delete(audit_events).where(audit_events.c.id.in_(oldest.limit(AUDIT_AT_ONCE)))).rowcount
