"""Whose job it is: runner and trigger tokens reach their own jobs only (D13; server.md §2.4)."""

from __future__ import annotations

from typing import TypeAlias

from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.auth.identity import Identity, Kind
from wp_server.errors import PermissionDenied
from wp_server.store import jobs
from wp_server.store.jobs import JobRow, Target, assigned_to, target_of


def check(connection: Connection, identity: Identity, row: JobRow) -> None:
    """Errors: PermissionDenied when `identity` may not see or touch the job.

    A runner's jobs are those assigned or addressed to it, those it queued, and those its own jobs depend on. A runner
    token without an id is good for any runner, and so for any job. A trigger token's jobs are those it queued.
    """
    if identity.kind is Kind.USER or row.queued_by == str(identity):
        return
    if identity.kind is Kind.RUNNER and (not identity.runner_id or _runs(connection, identity.runner_id, row)):
        return
    raise PermissionDenied(f"The job {row.job.id} does not belong to this {identity.kind.value}.")


Record: TypeAlias = pb.Build | pb.PushedArtifact | pb.Deployment | pb.Release


def check_record(connection: Connection, identity: Identity, record: Record) -> None:
    """Errors: PermissionDenied when a runner may not write this record of an operation.

    It may write those of its own jobs, and while it runs a job of an application and workspace also the older ones of
    those: `destroy` marks what other runners made.
    """
    if identity.kind is not Kind.RUNNER or not identity.runner_id:
        return
    row = jobs.find(connection, record.job_id) if record.job_id else None
    if row is not None and (row.queued_by == str(identity) or _runs(connection, identity.runner_id, row)):
        return
    if any(_place(job) == _place(record) for job in assigned_to(connection, identity.runner_id)):
        return
    application, workspace = record.application, record.workspace.workspace
    raise PermissionDenied(
        f"The runner {identity.runner_id} has no job for {application.project}/{application.application} in "
        f"workspace {workspace}."
    )


def _place(found: pb.Job | Record) -> tuple[str, str, str]:
    application, workspace = found.application, found.workspace.workspace
    return application.project.lower(), application.application.lower(), workspace.lower()


def _runs(connection: Connection, runner_id: str, row: JobRow) -> bool:
    if row.position.runner_id == runner_id or target_of(row.job.target_runner) == (Target.ID, runner_id):
        return True
    return any(row.job.id in job.depends_on for job in assigned_to(connection, runner_id))
