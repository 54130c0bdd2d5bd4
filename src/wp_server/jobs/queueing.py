"""Queueing jobs: the one way in, which decides whether a job gets a runner of its own (server.md §7.2 5, §7.9)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.auth import tokens
from wp_server.auth.verify import decode
from wp_server.errors import FailedPrecondition, NotFound
from wp_server.ids import new_id
from wp_server.jobs import on_demand
from wp_server.jobs.on_demand import LaunchIds
from wp_server.store import job_groups, profiles, projects, settings, tasks
from wp_server.store import jobs as jobs_store
from wp_server.store.tasks import TaskRow

NO_PROFILE = (
    "A container of its own takes an on-demand runner profile that says how to launch it; there is no default one "
    "(`waypoint runner profile set NAME -plugin-type=docker -default` makes one)."
)
_SERVER_OWNED_FROM = 100
_CLIENT_FIELDS = frozenset({112, 115, pb.Job.KEEP_CONFIG_FIELD_NUMBER})
"""Field numbers of 100 and above that belong to the client all the same (§7.1)."""


def complete(connection: Connection, requested: pb.Job, job_id: str) -> pb.Job:
    """Returns the job to store: without what the server owns, with its project's data source (§7.2 3).

    Errors: NotFound, FailedPrecondition.
    """
    project = projects.find(connection, requested.application.project)
    if project is None:
        raise NotFound(
            f"There is no project {requested.application.project!r} on this server; create it with `waypoint init`."
        )
    operation = requested.WhichOneof("operation")
    if project.state == pb.Project.DESTROYING and operation not in ("destroy", "destroy_project"):
        raise FailedPrecondition(f"The project {project.name!r} is being destroyed; no other job can be queued for it.")
    if requested.HasField("ondemand_runner"):
        profiles.get(connection, requested.ondemand_runner)
    job = pb.Job()
    job.CopyFrom(requested)
    for field, _ in job.ListFields():
        if field.number >= _SERVER_OWNED_FROM and field.number not in _CLIENT_FIELDS:
            job.ClearField(field.name)
    job.id = job_id
    if job.HasField("data_source"):
        return job
    if not project.HasField("data_source"):
        raise FailedPrecondition(
            f"The project {project.name!r} has no data source, so the job needs one of its own "
            "(run it where the source is, or set a git source with `waypoint project apply`)."
        )
    job.data_source.CopyFrom(project.data_source)
    return job


def queue(connection: Connection, jobs: Sequence[pb.Job], expire_time: int | None, queued_by: str) -> None:
    """Queues jobs, whose ids are set, together with what launches their runners: all or none.

    `expire_time` (nanoseconds since 1970) is when these jobs end that no runner took. Errors: NotFound for an unknown
    profile; NotFound and FailedPrecondition about dependencies; FailedPrecondition for a container without a profile.
    """
    group: list[pb.Job] = []
    for job in jobs:
        profile = profile_of(connection, job)
        if profile is None:
            if job.ondemand_runner_task.skip_operation:
                raise FailedPrecondition(NO_PROFILE)
            group.append(job)
        elif joins(job):
            job.target_runner.CopyFrom(profile.target_runner)
            group.append(job)
        else:
            group.extend(_launched(connection, on_demand.container_of(job), profile))
    job_groups.queue(connection, group, expire_time, queued_by, expiring={job.id for job in jobs})


def stop_again(connection: Connection, task: TaskRow) -> str | None:
    """Queues another clean-up of a task in place of the one that failed; returns its id, None if that one is gone."""
    row = jobs_store.find(connection, task.stop)
    if row is None:
        tasks.stops_with(connection, task, None)
        return None
    job = on_demand.stop_again(row.job, new_id())
    there = [one for one in job.depends_on if jobs_store.find(connection, one) is not None]
    job.depends_on[:], job.depends_on_allow_failure[:] = there, there
    tasks.stops_with(connection, task, job.id)
    job_groups.queue(connection, [job], None, row.queued_by)
    return job.id


def joins(job: pb.Job) -> bool:
    """Returns whether the job only waits for a nested pipeline: any runner will do, none is launched for it."""
    return (
        job.WhichOneof("operation") == "noop"
        and job.pipeline.step != ""
        and not job.ondemand_runner_task.skip_operation
    )


def profile_of(connection: Connection, job: pb.Job) -> pb.OnDemandRunnerConfig | None:
    """Returns the profile whose runner `job` gets, None when it runs on one that is there. Errors: NotFound."""
    if job.HasField("ondemand_runner"):
        return profiles.get(connection, job.ondemand_runner)
    return profiles.default(connection) if job.target_runner.WhichOneof("target") == "any" else None


def _launched(connection: Connection, job: pb.Job, profile: pb.OnDemandRunnerConfig) -> list[pb.Job]:
    ids = LaunchIds(task=new_id(), start=new_id(), watch=new_id(), stop=new_id(), runner=new_id())
    token = tokens.runner(connection, ids.runner, {}, None)
    addresses = settings.config(connection).advertise_addrs
    launch = on_demand.launch(job, profile, ids, addresses[0] if addresses else None, token)
    accessor = decode(connection, token)[0].accessor_id.hex()
    tasks.insert(connection, TaskRow(ids.task, launch.source.id, ids.start, launch.watch.id, ids.stop, accessor))
    return launch.group
