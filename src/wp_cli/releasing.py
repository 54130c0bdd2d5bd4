"""What releasing commands share: the current release, and the job that releases a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from wp_cli import standard_flags as shared
from wp_cli.connect import Client, code_of
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.operation import Operations
    from wp_cli.session import Session
    from wp_cli.target import App


def current_release(client: Client, app: App, workspace: str) -> pb.Release | None:
    """Return the newest release of an app in a workspace, None if there is none."""
    request = pb.GetLatestReleaseRequest(
        application=pb.Ref.Application(application=app.name, project=app.project),
        workspace=pb.Ref.Workspace(workspace=workspace),
    )
    try:
        return client.calls.GetLatestRelease(request)
    except grpc.RpcError as err:
        if code_of(err) is grpc.StatusCode.NOT_FOUND:
            return None
        raise


def release_job(operations: Operations, app: App, deployment: pb.Deployment) -> pb.Job:
    """Return the job that releases a deployment and prunes as the flags say."""
    job = operations.job(app)
    job.release.deployment.CopyFrom(deployment)
    prune_as_told(operations.session, job.release)
    return job


def prune_as_told(session: Session, release: pb.Job.ReleaseOp) -> None:
    """Put the -prune flags into a release operation."""
    retain = session[shared.PRUNE_RETAIN]
    release.prune = session[shared.PRUNE]
    release.prune_retain = max(retain, 0)
    release.prune_retain_override = retain >= 0
