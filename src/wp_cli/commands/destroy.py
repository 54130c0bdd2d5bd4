"""`waypoint destroy`: everything that the apps created in the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK
from wp_cli.operation import Operations, each_app
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_cli.target import App


def run(session: Session) -> int:
    """Destroy after asking about all apps at once.

    Nobody to ask: nothing happens, exit code 1. Declined: nothing, 0.
    """
    apps = session.apps()
    if not session[shared.AUTO_APPROVE]:
        described = "; ".join(describe(session, app) for app in apps)
        question = f"This destroys {described} in workspace {session.workspace!r}. Type yes to go ahead:"
        if not session.screen.confirm(question, instead="-auto-approve"):
            session.screen.warn("Nothing was destroyed.")
            return EXIT_OK
    return each_app(session, destroy)


def describe(session: Session, app: App) -> str:
    """Say what an app has in the workspace."""
    application = pb.Ref.Application(application=app.name, project=app.project)
    workspace = pb.Ref.Workspace(workspace=session.workspace)
    calls = session.client().calls
    deployments = calls.ListDeployments(
        pb.ListDeploymentsRequest(application=application, workspace=workspace, physical_state=pb.Operation.CREATED)
    ).deployments
    releases = calls.ListReleases(
        pb.ListReleasesRequest(application=application, workspace=workspace, physical_state=pb.Operation.CREATED)
    ).releases
    return f"{counted(len(deployments), 'deployment')} and {counted(len(releases), 'release')} of app {app.name!r}"


def counted(count: int, noun: str) -> str:
    """Return `1 deployment`, `2 deployments`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def destroy(operations: Operations, app: App) -> dict[str, object]:
    """Destroy one app's releases and deployments."""
    job = operations.job(app)
    job.destroy.workspace.SetInParent()
    outcome = operations.run(app, job)
    if not operations.json:
        operations.session.screen.result("Destroy successful!", "success")
    return {"job": outcome.job.id}


DESTROY = Command(
    "destroy", run,
    "Destroys everything that the apps of the project, or the one that -app names, created in the current workspace: "
    "releases first, then deployments. Project, configuration and builds stay.",
    flags=(shared.AUTO_APPROVE, shared.JSON), operation=True,
)  # fmt: skip
