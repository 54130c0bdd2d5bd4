"""Running a pipeline: the run and all its jobs in one transaction (server.md §9.4; G1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.auth.roles import Place
from wp_server.errors import FailedPrecondition
from wp_server.ids import new_id
from wp_server.jobs import queueing
from wp_server.jobs.expansion import PlannedJob, expand
from wp_server.store import operations, pipeline_runs, pipelines
from wp_server.store.operations import DEPLOYMENT

Permit = Callable[[Place], None]
"""Refuses (PermissionDenied) a place that the caller may not change."""


@dataclass(frozen=True)
class Asked:
    """What a run shall be. `template` is what its jobs have in common: its operation counts for nothing; what it
    depends on, the first step depends on.

    `definitions` are in place of what is stored of pipelines with their project and name. `expire_time` (nanoseconds
    since 1970) is when the jobs end that no runner took.
    """

    pipeline: pb.Ref.Pipeline
    template: pb.Job
    definitions: tuple[pb.Pipeline, ...] = ()
    expire_time: int | None = None


def run(connection: Connection, asked: Asked, permit: Permit, queued_by: str) -> pb.RunPipelineResponse:
    """Queues a run of the pipeline and returns its jobs; all or none.

    Errors: NotFound without a pipeline or a deployment that a step names; PermissionDenied from `permit`, which is
    asked about every pipeline and every workspace that the run reaches; FailedPrecondition for a pipeline that would
    run itself.
    """
    template = asked.template
    instead = {_key(one): one for one in asked.definitions}
    pipeline = _as_asked(pipelines.get(connection, asked.pipeline), instead)
    project, app = template.application.project.lower(), template.application.application

    def find(nested: pb.Ref.Pipeline) -> pb.Pipeline:
        found = _as_asked(pipelines.get(connection, nested), instead)
        permit(Place(found.project.project.lower(), template.workspace.workspace.lower()))
        return found

    planned = expand(pipeline, template.workspace.workspace, template.depends_on, find, new_id)
    for workspace in sorted({one.workspace.lower() for one in planned}):
        permit(Place(project, workspace, app))
    sequence = pipeline_runs.next_sequence(connection, pipeline.id)
    answer = pb.RunPipelineResponse(job_id=planned[0].id, sequence=sequence)
    jobs: list[pb.Job] = []
    for one in planned:
        job = queueing.complete(connection, _job(connection, template, one), one.id)
        job.pipeline.CopyFrom(
            pb.Ref.PipelineStep(
                pipeline_id=one.pipeline.id,
                pipeline_name=one.pipeline.name,
                step=one.step.name,
                run_sequence=sequence,
                root_pipeline_id=pipeline.id,
                root_pipeline_name=pipeline.name,
            )
        )
        jobs.append(job)
        answer.all_job_ids.append(job.id)
        answer.job_map[job.id].CopyFrom(job.pipeline)
    queueing.queue(connection, jobs, asked.expire_time, queued_by)
    pipeline_runs.insert(connection, pipeline.id, sequence, list(answer.all_job_ids))
    return answer


def _key(pipeline: pb.Pipeline) -> tuple[str, str]:
    return pipeline.project.project.lower(), pipeline.name.lower()


def _as_asked(stored: pb.Pipeline, instead: Mapping[tuple[str, str], pb.Pipeline]) -> pb.Pipeline:
    given = instead.get(_key(stored))
    if given is None:
        return stored
    found = pb.Pipeline(id=stored.id, name=stored.name, project=stored.project)
    for name, step in given.steps.items():
        found.steps[name].CopyFrom(step)
    return found


def _job(connection: Connection, template: pb.Job, planned: PlannedJob) -> pb.Job:
    job = pb.Job()
    job.CopyFrom(template)
    operation = job.WhichOneof("operation")
    if operation is not None:
        job.ClearField(operation)
    job.workspace.workspace = planned.workspace
    if job.HasField("ondemand_runner_task"):
        job.ondemand_runner_task.skip_operation = False
    allowed = set(template.depends_on_allow_failure)
    job.depends_on[:] = planned.waits_for
    job.depends_on_allow_failure[:] = [job_id for job_id in planned.waits_for if job_id in allowed]
    step = planned.step
    match step.WhichOneof("kind"):
        case "build":
            job.build.disable_push = step.build.disable_push
        case "deploy":
            job.deploy.SetInParent()
            job.deploy.release_after = step.deploy.release
        case "release":
            _release(connection, job, step.release)
        case "up":
            _prune(job.up.release, step.up)
        case "exec":
            job.pipeline_step.step.CopyFrom(step)
        case "pipeline":
            job.noop.SetInParent()
        case _:
            raise FailedPrecondition(
                f"The step {step.name!r} of the pipeline {planned.pipeline.name!r} says nothing that could be done."
            )
    return job


def _release(connection: Connection, job: pb.Job, asked: pb.Pipeline.Step.Release) -> None:
    _prune(job.release, asked)
    if asked.deployment.sequence:
        ref = pb.Ref.Operation()
        ref.sequence.application.CopyFrom(job.application)
        ref.sequence.number = asked.deployment.sequence
        job.release.deployment.CopyFrom(operations.get(connection, DEPLOYMENT, ref))


def _prune(release: pb.Job.ReleaseOp, asked: pb.Pipeline.Step.Release | pb.Pipeline.Step.Up) -> None:
    release.prune = asked.prune
    release.prune_retain = asked.prune_retain
    release.prune_retain_override = asked.prune_retain_override
