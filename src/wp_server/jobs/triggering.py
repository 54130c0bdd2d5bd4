"""Running a trigger: one job for each application it is about (server.md §9.3)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.errors import FailedPrecondition
from wp_server.ids import new_id
from wp_server.jobs import queueing
from wp_server.store import clock, operations, projects, triggers, workspaces
from wp_server.store.operations import ARTIFACT, BUILD, DEPLOYMENT, RELEASE, Kind, R

LABEL = "trigger/id"
"""On every job that a trigger queued: which one."""


def run(connection: Connection, trigger_id: str, variables: Sequence[pb.Variable], queued_by: str) -> list[str]:
    """Queues the trigger's jobs and returns their ids; all or none.

    Errors: NotFound without the trigger or a record it names, FailedPrecondition for variables that do not come from a
    command line, and for a project without applications.
    """
    trigger = triggers.get(connection, trigger_id)
    for variable in variables:
        if variable.WhichOneof("source") != "cli":
            raise FailedPrecondition(f"The variable {variable.name!r} must have the source cli.")
    jobs = [
        queueing.complete(connection, _job(connection, trigger, application, variables), new_id())
        for application in _applications(connection, trigger)
    ]
    queueing.queue(connection, jobs, None, queued_by)
    trigger.active_time.FromNanoseconds(clock.now(connection))
    triggers.upsert(connection, trigger)
    return [job.id for job in jobs]


def _applications(connection: Connection, trigger: pb.Trigger) -> list[pb.Ref.Application]:
    if trigger.application.application:
        return [trigger.application]
    project = projects.get(connection, trigger.project.project)
    if trigger.WhichOneof("operation") == "init":
        return [pb.Ref.Application(project=project.name)]
    if not project.applications:
        raise FailedPrecondition(f"The project {project.name!r} has no applications that the trigger could be about.")
    return [pb.Ref.Application(project=project.name, application=app.name) for app in project.applications]


def _job(
    connection: Connection, trigger: pb.Trigger, application: pb.Ref.Application, variables: Sequence[pb.Variable]
) -> pb.Job:
    workspace = trigger.workspace.workspace or workspaces.DEFAULT
    job = pb.Job(application=application, variables=variables, labels={LABEL: trigger.id})
    job.workspace.workspace = workspace
    job.target_runner.any.SetInParent()

    def numbered(kind: Kind[R], number: int) -> R:
        ref = pb.Ref.Operation()
        ref.sequence.application.CopyFrom(application)
        ref.sequence.number = number
        return operations.get(connection, kind, ref)

    def latest(kind: Kind[R]) -> R:
        return operations.latest(connection, kind, application, workspace)

    match trigger.WhichOneof("operation"):
        case "build":
            job.build.CopyFrom(trigger.build)
        case "push":
            job.push.SetInParent()
            if trigger.push.build.sequence:
                job.push.build.CopyFrom(numbered(BUILD, trigger.push.build.sequence))
        case "deploy":
            job.deploy.SetInParent()
            if trigger.deploy.artifact.sequence:
                job.deploy.artifact.CopyFrom(numbered(ARTIFACT, trigger.deploy.artifact.sequence))
        case "destroy" if trigger.destroy.WhichOneof("target") == "deployment":
            wanted = trigger.destroy.deployment.sequence
            found = numbered(DEPLOYMENT, wanted) if wanted else latest(DEPLOYMENT)
            job.destroy.deployment.CopyFrom(found)
        case "destroy":
            job.destroy.workspace.SetInParent()
        case "release":
            job.release.CopyFrom(trigger.release)
            job.release.ClearField("deployment")
            if trigger.release.deployment.sequence:
                job.release.deployment.CopyFrom(numbered(DEPLOYMENT, trigger.release.deployment.sequence))
        case "up":
            job.up.CopyFrom(trigger.up)
        case "init":
            job.init.CopyFrom(trigger.init)
        case "status_report" if trigger.status_report.WhichOneof("target") == "release":
            wanted = trigger.status_report.release.sequence
            release = numbered(RELEASE, wanted) if wanted else latest(RELEASE)
            job.status_report.release.CopyFrom(release)
        case "status_report":
            wanted = trigger.status_report.deployment.sequence
            found = numbered(DEPLOYMENT, wanted) if wanted else latest(DEPLOYMENT)
            job.status_report.deployment.CopyFrom(found)
        case _:
            raise FailedPrecondition(f"The trigger {trigger.id} says nothing that could be done.")
    return job
