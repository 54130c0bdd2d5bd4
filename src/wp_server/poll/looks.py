"""One look at a source or an application (server.md §9.1): what came of the last one, and the jobs of the next.

What was seen last is kept here and told to the runner. The revision of the workspace says something else: whatever job
fetched files last, such as one that only asks for the state of a deployment, has set it.

A look never overtakes the one before: as long as that has an unfinished job, nothing is queued. A commit counts as seen
only when its deployments are queued, so a runner or server that dies in between costs a repetition, not a deployment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from wp_proto.own import polling_pb2 as own
from wp_proto.waypoint import api as pb
from wp_server.errors import FailedPrecondition
from wp_server.ids import new_id
from wp_server.jobs import explain, queueing
from wp_server.jobs.machine import FINISHED, SECOND, State
from wp_server.poll import schedule
from wp_server.store import clock, jobs, operations, polls, projects, workspaces
from wp_server.store.jobs import JobRow
from wp_server.store.operations import DEPLOYMENT, RELEASE, Search
from wp_server.store.polls import Kind, Poll

QUEUED_BY = "server"
WAIT_SECONDS = 5.0
"""Pause between two questions whether the last look has ended."""
LATE = 5 * SECOND
"""Nanoseconds that a job may be queued before people are told why."""
LONGEST_PROBLEM = 500
"""Characters."""
_CREATED = pb.Operation.CREATED
_LOST = frozenset({1, 10})
"""gRPC's numbers of CANCELLED and ABORTED: the job was ended by somebody else than its runner."""


@dataclass(frozen=True)
class Outcome:
    """What is known of the last look: `waits_for` is its unfinished job; `failed` asks for a longer pause."""

    poll: Poll
    waits_for: JobRow | None = None
    failed: bool = False


def take(connection: Connection, poll: Poll) -> None:
    """Looks if it is time to: notes what came of the last look, queues the next one, and says when to come again.

    Errors: those of queueing, with nothing changed.
    """
    found = polls.find(connection, poll.kind, poll.project, poll.app)
    now = clock.now(connection)
    if found is None or found.next > now:
        return
    project = projects.find(connection, found.project)
    if project is None or not _wanted(found.kind, project):
        polls.drop(connection, found)
        return
    seconds = schedule.interval(found.kind, project)
    outcome = outcome_of(connection, found)
    if outcome.waits_for is not None:
        polls.save(connection, replace(found, next=now + schedule.pause(min(seconds, WAIT_SECONDS), 0)))
        return
    failures = outcome.poll.failures + 1 if outcome.failed else 0
    # Without jobs the problem was that none could be queued.
    problem = outcome.poll.problem if found.job_ids else ""
    queued = _queue(connection, outcome.poll, project)
    looked = replace(outcome.poll, last=now, failures=failures, job_ids=tuple(queued), problem=problem)
    polls.save(connection, replace(looked, next=now + schedule.pause(seconds, failures)))


def postpone(connection: Connection, poll: Poll, problem: str) -> None:
    """Notes why a look was not possible, and comes again later."""
    found = polls.find(connection, poll.kind, poll.project, poll.app)
    if found is None:
        return
    project = projects.get(connection, found.project)
    now, failures = clock.now(connection), found.failures + 1
    following = now + schedule.pause(schedule.interval(found.kind, project), failures)
    shown = replace(found, next=following, last=now, failures=failures, job_ids=(), problem=_short(problem))
    polls.save(connection, shown)


def outcome_of(connection: Connection, poll: Poll) -> Outcome:
    """Returns what came of the jobs of the last look; jobs that are gone say nothing."""
    rows = [row for job_id in poll.job_ids if (row := jobs.find(connection, job_id)) is not None]
    if not rows:
        return Outcome(poll)
    for row in rows:
        if row.position.state not in FINISHED:
            return Outcome(poll, waits_for=row)
    for row in rows:
        if row.position.state is State.ERROR:
            return Outcome(replace(poll, problem=_of_job(row)), failed=True)
    if poll.kind is Kind.APPLICATION:
        return Outcome(replace(poll, problem=""))
    return _seen(connection, poll, rows[0].job.result.poll)


def problem_of(connection: Connection, outcome: Outcome) -> str:
    """Returns what is wrong now, or what is waited for; empty if nothing."""
    waits_for = outcome.waits_for
    if waits_for is not None and waits_for.position.state is State.QUEUED and _is_late(connection, waits_for):
        return f"The job {waits_for.job.id} is queued. {explain.sentence(connection, waits_for)}"
    return outcome.poll.problem


def _is_late(connection: Connection, row: JobRow) -> bool:
    return clock.now(connection) - row.position.queue_time > LATE


def shown(connection: Connection, project: pb.Project) -> list[own.Polling]:
    """Returns what is looked at of a project, as people are told."""
    spelled = {app.name.lower(): app.name for app in project.applications}
    found = []
    for poll in polls.of_project(connection, project.name):
        outcome = outcome_of(connection, poll)
        one = own.Polling(
            application=spelled.get(poll.app, poll.app),
            job_ids=poll.job_ids,
            commit=outcome.poll.known.git.commit if outcome.poll.known is not None else "",
            problem=problem_of(connection, outcome),
        )
        if poll.last is not None:
            one.last.FromNanoseconds(poll.last)
        one.next.FromNanoseconds(poll.next)
        found.append(one)
    return found


def _seen(connection: Connection, poll: Poll, result: pb.Job.PollResult) -> Outcome:
    """What a poll of a source has found. The end of the job that queues the deployments decides what it was worth."""
    if not result.job_id:
        # Without failures the problem is one of the commit, and stays with it.
        known = poll.known.git.commit if poll.known is not None and not poll.failures else ""
        problem = poll.problem if known == result.new_ref.git.commit else ""
        return Outcome(replace(poll, known=result.new_ref, problem=problem))
    row = jobs.find(connection, result.job_id)
    if row is None:
        return Outcome(replace(poll, known=result.new_ref, problem=""))
    if row.position.state not in FINISHED:
        return Outcome(poll, waits_for=row)
    if row.position.state is State.SUCCESS:
        return Outcome(replace(poll, known=result.new_ref, problem=""))
    if row.job.error.code in _LOST:
        return Outcome(replace(poll, problem=_of_job(row)), failed=True)
    # The commit itself is broken: looking again every time would not mend it, the next commit may.
    broken = f"The commit {result.new_ref.git.commit[:12]} is not deployed: {_of_job(row)}"
    return Outcome(replace(poll, known=result.new_ref, failures=0, problem=_short(broken)))


def _of_job(row: JobRow) -> str:
    return _short(f"The job {row.job.id} failed: {row.job.error.message}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_PROBLEM else line[: LONGEST_PROBLEM - 1] + "…"


def _wanted(kind: Kind, project: pb.Project) -> bool:
    return polls.polls_source(project) if kind is Kind.SOURCE else polls.polls_applications(project)


def _queue(connection: Connection, poll: Poll, project: pb.Project) -> list[str]:
    if poll.kind is Kind.SOURCE:
        group = [_source_job(poll, project)]
    else:
        group = _application_jobs(connection, poll, project)
    group = [queueing.complete(connection, job, new_id()) for job in group]
    if group:
        queueing.queue(connection, group, None, QUEUED_BY)
    return [job.id for job in group]


def _source_job(poll: Poll, project: pb.Project) -> pb.Job:
    if project.data_source.WhichOneof("source") != "git":
        raise FailedPrecondition(
            f"The project {project.name!r} has no git data source that could be polled; set one with "
            "`waypoint project apply -data-source=git -git-url=URL`, or switch polling off with -poll=false."
        )
    job = _job(pb.Ref.Application(project=project.name))
    job.singleton_id = f"poll/{project.name}"
    job.poll.known.SetInParent()
    if poll.known is not None:
        job.poll.known.CopyFrom(poll.known)
    return job


def _application_jobs(connection: Connection, poll: Poll, project: pb.Project) -> list[pb.Job]:
    """For the newest deployment and the newest release that exist; a releaser that does nothing has no state."""
    named = [app.name for app in project.applications if app.name.lower() == poll.app]
    if not named:
        return []
    application = pb.Ref.Application(project=project.name, application=named[0])
    search = Search(
        application, workspaces.DEFAULT, frozenset({pb.Status.SUCCESS}), _CREATED, by_complete_time=True, limit=1
    )
    group = []
    for deployment in operations.listed(connection, DEPLOYMENT, search):
        group.append(_job(application, "deployment"))
        group[-1].status_report.deployment.CopyFrom(deployment)
    for release in operations.listed(connection, RELEASE, search):
        if not release.unimplemented:
            group.append(_job(application, "release"))
            group[-1].status_report.release.CopyFrom(release)
    return group


def _job(application: pb.Ref.Application, target: str = "") -> pb.Job:
    job = pb.Job(
        application=application,
        workspace=pb.Ref.Workspace(workspace=workspaces.DEFAULT),
        target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
    )
    if target:
        place = f"{workspaces.DEFAULT}/{application.project}/{application.application}"
        job.singleton_id = f"app-status-poll/{place}/{target}"
    return job
