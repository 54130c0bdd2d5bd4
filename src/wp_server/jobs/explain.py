"""Why a job is where it is, in words: what it waits for, which runners could take it, what happened so far.

The sentences hold no ages and no counters that change by themselves, so that a client can be told each one once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.jobs.machine import ACK_TIMEOUT, SECOND, State
from wp_server.store import jobs, runners
from wp_server.store.jobs import JobRow, Target, target_of

NAMED = 3
"""Of several jobs or runners so many are named; the rest is counted."""


@dataclass(frozen=True)
class Candidate:
    """A runner, whether the job could go to it, and why (not)."""

    runner_id: str
    fits: bool
    reason: str


@dataclass(frozen=True)
class Explanation:
    """`history`: moments in nanoseconds since 1970 and what happened then, oldest first."""

    sentence: str
    history: tuple[tuple[int, str], ...]
    candidates: tuple[Candidate, ...]


def explain(connection: Connection, row: JobRow) -> Explanation:
    """Returns the whole explanation of a job."""
    candidates = _candidates(connection, row.job)
    return Explanation(_sentence(connection, row, candidates), _history(row), candidates)


def sentence(connection: Connection, row: JobRow) -> str:
    """Returns only the sentence."""
    return _sentence(connection, row, _candidates(connection, row.job))


def blocked_sentence(blocker: pb.Job) -> str:
    """Returns the sentence for a job that waits until `blocker` gives their application free."""
    operation = blocker.WhichOneof("operation") or "job"
    place = f"{blocker.application.project}/{blocker.application.application}".rstrip("/")
    workspace = f" in workspace {blocker.workspace.workspace}" if blocker.workspace.workspace else ""
    return f"Waiting for the {operation} of {place}{workspace} to finish (job {blocker.id})..."


def _sentence(connection: Connection, row: JobRow, candidates: Sequence[Candidate]) -> str:
    job, at = row.job, row.position
    match at.state:
        case State.QUEUED:
            return _queued(connection, row, candidates)
        case State.WAITING:
            minutes = ACK_TIMEOUT // SECOND // 60
            return (
                f"Handed to the runner {at.runner_id}, which has not confirmed it; after {minutes} minutes it goes "
                "back to the queue."
            )
        case State.RUNNING:
            return _running(connection, row)
        case State.SUCCESS:
            return f"Done by the runner {at.runner_id}."
        case State.ERROR:
            where = f" on the runner {at.runner_id}" if at.runner_id else " before any runner had it"
            because = _broken_step(connection, job)
            return f"Ended{where}: {because or job.error.message or 'it failed without saying why'}"


def _queued(connection: Connection, row: JobRow, candidates: Sequence[Candidate]) -> str:
    job = row.job
    unfinished = jobs.unfinished_dependencies(connection, job.id)
    if unfinished:
        return _waiting(job, unfinished)
    blockers = jobs.blockers(connection, job.id)
    if blockers:
        return blocked_sentence(blockers[0])
    fitting = [one for one in candidates if one.fits]
    if fitting:
        ahead = jobs.ahead(connection, row)
        line = f"{ahead} job{'s' if ahead > 1 else ''} ahead of it in the queue" if ahead else "first in the queue"
        return f"Waiting for a free runner, {line}: {_named([f'{one.runner_id} {one.reason}' for one in fitting])}."
    kind, target = target_of(job.target_runner)
    wanted = {
        Target.ANY: "no runner that takes any job",
        Target.ID: f"the runner {target}, which the job names,",
        Target.LABELS: f"no runner with the labels {_labels(dict(job.target_runner.labels.labels))}",
    }[kind]
    said = f"{wanted} is not connected" if kind is Target.ID else f"{wanted} is connected"
    seen = f"; {_named([f'{one.runner_id} {one.reason}' for one in candidates])}" if candidates else ""
    return f"No runner takes it: {said}{seen}. Start one with `waypoint runner agent`, or cancel the job."


def _waiting(job: pb.Job, unfinished: Sequence[pb.Job]) -> str:
    steps = [one for one in unfinished if one.HasField("pipeline")]
    if not steps:
        return f"Waiting for what it depends on to finish: {_named([_job(one) for one in unfinished])}."
    if job.HasField("pipeline") and job.WhichOneof("operation") == "noop":
        inner = [f'"{one.pipeline.step}" {one.id} ({_state(one)})' for one in steps]
        return (
            f'Waiting for the steps of the pipeline "{steps[0].pipeline.pipeline_name}" that the {_step(job)} runs: '
            f"{_named(inner)}."
        )
    if len(steps) == 1:
        return f"Waiting for the {_step(steps[0])} to finish: {_job(steps[0])}."
    several = [f'"{one.pipeline.step}": {_job(one)}' for one in steps]
    return f"Waiting for {len(steps)} steps of {_run(steps[0])} to finish: {_named(several)}."


def _broken_step(connection: Connection, job: pb.Job) -> str:
    """Names the step of a run because of which `job` never ran; empty when that is no other step."""
    cause, seen = job, {job.id}
    while True:
        needed = [one for one in cause.depends_on if one not in seen and one not in cause.depends_on_allow_failure]
        before = (jobs.find(connection, one) for one in needed)
        failed = next((row.job for row in before if row is not None and row.job.state == pb.Job.ERROR), None)
        if failed is None:
            break
        seen.add(failed.id)
        cause = failed
    if cause is job or not cause.HasField("pipeline") or not job.HasField("pipeline"):
        return ""
    if cause.HasField("cancel_time"):
        return f"the {_step(cause)} was cancelled (job {cause.id})."
    return f"the {_step(cause)} failed: {cause.error.message} (job {cause.id})."


def _step(job: pb.Job) -> str:
    ref = job.pipeline
    inner = f' (pipeline "{ref.pipeline_name}")' if ref.pipeline_id != ref.root_pipeline_id else ""
    return f'step "{ref.step}"{inner} of {_run(job)}'


def _run(job: pb.Job) -> str:
    return f'run {job.pipeline.run_sequence} of the pipeline "{job.pipeline.root_pipeline_name}"'


def _running(connection: Connection, row: JobRow) -> str:
    at = row.position
    runner = runners.find(connection, at.runner_id)
    asked = ", and was asked to stop" if at.cancel_time is not None else ""
    if runner is None or not runner.runner.online:
        return f"Given to the runner {at.runner_id}, which is not connected; without it the job ends soon{asked}."
    return f"Running on the runner {at.runner_id}{asked}."


def _candidates(connection: Connection, job: pb.Job) -> tuple[Candidate, ...]:
    return tuple(_verdict(connection, job, runner) for runner in runners.present(connection))


def _verdict(connection: Connection, job: pb.Job, runner: pb.Runner) -> Candidate:
    def no(reason: str) -> Candidate:
        return Candidate(runner.id, False, reason)

    if runner.adoption_state == pb.Runner.REJECTED:
        return no("was rejected")
    if runner.adoption_state not in runners.ADOPTED_STATES:
        return no(f"waits to be adopted (`waypoint runner adopt {runner.id}`)")
    kind, target = target_of(job.target_runner)
    if kind is Target.ID and runner.id != target:
        return no("is not the one that the job names")
    if kind is not Target.ID and runner.by_id_only:
        return no("takes only jobs that name it")
    if kind is Target.LABELS:
        missing = job.target_runner.labels.labels.items() - runner.labels.items()
        if missing:
            return no(f"lacks the labels {_labels(dict(missing))}")
    if not runner.online:
        return no("is not connected")
    busy = len(jobs.assigned_to(connection, runner.id))
    return Candidate(runner.id, True, f"works on {busy} job{'s' if busy > 1 else ''}" if busy else "is free")


def _history(row: JobRow) -> tuple[tuple[int, str], ...]:
    at = row.position
    handed = f"handed to the runner {at.runner_id}" + (f", the {_ordinal(at.assignment)} time" * (at.assignment > 1))
    ended = "ended in success" if at.state is State.SUCCESS else "ended"
    moments = (
        (at.queue_time, f"queued by {row.queued_by}"),
        (at.assign_time, handed),
        (at.ack_time, "confirmed by the runner, which began to work"),
        (at.cancel_time, "its end was asked for"),
        (at.complete_time, ended),
    )
    known = [(moment, what) for moment, what in moments if moment is not None]
    if at.state is State.QUEUED and at.assignment:
        known.append((at.queue_time, f"taken back after it had been handed out ({_times(at.assignment)})"))
    if at.state is State.QUEUED and at.expire_time is not None:
        known.append((at.expire_time, "ends unless a runner has taken it by then"))
    return tuple(sorted(known))


def _job(job: pb.Job) -> str:
    return f"{job.WhichOneof('operation')} {job.id} ({_state(job)})"


def _state(job: pb.Job) -> str:
    return pb.Job.State.Name(job.state).lower()


def _labels(labels: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _named(names: Sequence[str]) -> str:
    rest = len(names) - NAMED
    return "; ".join(names[:NAMED]) + (f"; and {rest} more" if rest > 0 else "")


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
