"""Queueing, looking at and cancelling jobs (server.md §7.2, §7.8)."""

from __future__ import annotations

import time

import grpc
from google.protobuf.empty_pb2 import Empty
from google.rpc.status_pb2 import Status
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.api.paging import Page
from wp_server.api.projects import check_data_source
from wp_server.api.viewers import job_for
from wp_server.auth import rules
from wp_server.auth.identity import current
from wp_server.auth.roles import Place, Role
from wp_server.errors import DomainError, Unimplemented
from wp_server.ids import new_id
from wp_server.jobs import access, queueing
from wp_server.jobs.discretion import discreet
from wp_server.store import Store, jobs, runners, transitions
from wp_server.store.jobs import NEWEST, JobSearch

Context = grpc.aio.ServicerContext[object, object]

LIST_BYTES = 3 * 1024 * 1024
"""Above this a list leaves out the bulky parts of its jobs, so that Go clients accept it (defect 36)."""
LABEL_LIMIT = 128
LABEL_BYTES = 255

_PROJECT_SCOPED = frozenset({"init", "poll", "queue_project", "destroy_project", "pipeline_step"})
"""Operations that may leave the application's name empty."""


class JobHandlers:
    """The RPCs about jobs, without the streams."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def QueueJob(self, request: pb.QueueJobRequest, context: Context) -> pb.QueueJobResponse:
        """Queues one job and answers its id."""
        checks = Checks()
        seconds = checks.duration("expires_in", request.expires_in) if request.expires_in else None
        checks.raise_invalid()
        if not request.HasField("job"):
            checks.fail("job", "is required")
            checks.raise_precondition()
        _check_operation(request.job)
        structure(request.job).raise_precondition()
        if request.job.WhichOneof("operation") == "destroy_project":
            rules.require(Role.ADMIN, Place(request.job.application.project.lower()), "destroy a project")
        expire_time = time.time_ns() + int(seconds * 1e9) if seconds is not None else None
        job_id = new_id()
        await self._store.write(_queue, request.job, job_id, expire_time, str(current()))
        return pb.QueueJobResponse(job_id=job_id)

    async def ValidateJob(self, request: pb.ValidateJobRequest, context: Context) -> pb.ValidateJobResponse:
        """Answers whether a job could be queued, and whether a runner that is online would take it."""
        try:
            _check_operation(request.job)
            structure(request.job).raise_precondition()
            await self._store.read(queueing.complete, request.job, "")
        except DomainError as error:
            reason = Status(code=error.code.value[0], message=error.message)
            return pb.ValidateJobResponse(valid=False, validation_error=reason)
        assignable = not request.disable_assign and await self._store.read(_assignable, request.job)
        return pb.ValidateJobResponse(valid=True, assignable=assignable)

    async def GetJob(self, request: pb.GetJobRequest, context: Context) -> pb.Job:
        """Answers one job."""
        row = await self._store.read(jobs.get, request.job_id)
        await self._store.read(access.check, current(), row)
        return job_for(current(), discreet(row.job))

    async def ListJobs(self, request: pb.ListJobsRequest, context: Context) -> pb.ListJobsResponse:
        """Answers jobs, oldest first; without a page the newest thousand."""
        page = Page.of(request.pagination)
        wanted = request.pipeline
        search = JobSearch(
            workspace=request.workspace.workspace,
            project=request.project.project or request.application.project,
            application=request.application.application,
            states=frozenset(int(state) for state in request.jobState),
            target=request.targetRunner if request.HasField("targetRunner") else None,
            part=NEWEST if page.whole else page.slice,
            matching=(lambda job: _in_pipeline(job, wanted)) if request.HasField("pipeline") else None,
            within=frozenset((grant.project, grant.workspace) for grant in current().grants),
        )
        found = await self._store.read(jobs.listed, search)
        found = [job_for(current(), job) for job in found]
        shown, pagination = page.cut(found, lambda job: job.id)
        return pb.ListJobsResponse(jobs=_light(list(shown)), pagination=pagination)

    async def CancelJob(self, request: pb.CancelJobRequest, context: Context) -> Empty:
        """Asks a job to stop; with `force` it ends at once, whatever its runner does."""
        row = await self._store.read(jobs.get, request.job_id)
        await self._store.read(access.check, current(), row)
        await self._store.write(transitions.cancel, request.job_id, request.force)
        return Empty()


def _check_operation(job: pb.Job) -> None:
    if job.WhichOneof("operation") is None:
        raise Unimplemented("The job has no operation that this server knows; the client may be newer than the server.")


def structure(job: pb.Job, path: str = "job") -> Checks:
    """Returns what is wrong with the shape of a job that a client sends as the field `path` (§7.2 2)."""
    checks = Checks()
    if job.id:
        checks.fail(f"{path}.id", "must be empty, the server assigns it")
    if checks.present(job, "application", f"{path}.application"):
        checks.name(f"{path}.application.project", job.application.project)
        if job.application.application or job.WhichOneof("operation") not in _PROJECT_SCOPED:
            checks.name(f"{path}.application.application", job.application.application)
    if checks.present(job, "workspace", f"{path}.workspace"):
        checks.name(f"{path}.workspace.workspace", job.workspace.workspace)
    if checks.present(job, "target_runner", f"{path}.target_runner"):
        kind = job.target_runner.WhichOneof("target")
        if kind is None:
            checks.fail(f"{path}.target_runner", "must be any, id or labels")
        elif kind == "id" and not job.target_runner.id.id:
            checks.fail(f"{path}.target_runner.id.id", "must not be empty")
        elif kind == "labels":
            _check_labels(checks, f"{path}.target_runner.labels", dict(job.target_runner.labels.labels))
    if job.HasField("data_source"):
        check_data_source(checks, f"{path}.data_source", job.data_source)
    _check_labels(checks, f"{path}.labels", dict(job.labels))
    if job.ondemand_runner_task.skip_operation and job.WhichOneof("operation") != "noop":
        checks.fail(f"{path}.ondemand_runner_task.skip_operation", "is only for a noop operation")
    return checks


def _check_labels(checks: Checks, field: str, labels: dict[str, str]) -> None:
    if len(labels) > LABEL_LIMIT:
        checks.fail(field, f"may not have more than {LABEL_LIMIT} labels")
    for key, value in labels.items():
        if len(key.encode()) > LABEL_BYTES or len(value.encode()) > LABEL_BYTES:
            checks.fail(field, f"{key[:40]!r}: key and value may have {LABEL_BYTES} bytes each")


def _queue(connection: Connection, requested: pb.Job, job_id: str, expire_time: int | None, queued_by: str) -> None:
    job = queueing.complete(connection, requested, job_id)
    queueing.queue(connection, [job], expire_time, queued_by)


def _assignable(connection: Connection, job: pb.Job) -> bool:
    profile = queueing.profile_of(connection, job)
    return runners.would_take(connection, job.target_runner if profile is None else profile.target_runner)


def _in_pipeline(job: pb.Job, wanted: pb.Ref.PipelineStep) -> bool:
    ref = job.pipeline
    if wanted.pipeline_id and wanted.pipeline_id not in (ref.pipeline_id, ref.root_pipeline_id):
        return False
    if wanted.pipeline_name and wanted.pipeline_name not in (ref.pipeline_name, ref.root_pipeline_name):
        return False
    return not wanted.run_sequence or ref.run_sequence == wanted.run_sequence


def _light(found: list[pb.Job]) -> list[pb.Job]:
    for job in found:
        discreet(job)
    if sum(job.ByteSize() for job in found) > LIST_BYTES:
        for job in found:
            for field in ("result", "variables", "variable_final_values", "waypoint_hcl"):
                job.ClearField(field)
    return found
