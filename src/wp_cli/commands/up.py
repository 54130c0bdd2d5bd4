"""`waypoint up`: build, push, deploy and release, in one job per app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.operation import Operations, each_app
from wp_cli.releasing import prune_as_told
from wp_cli.summary import print_deploy, print_variables, with_scheme

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_cli.target import App


def run(session: Session) -> int:
    """Bring every app up; a new project is registered first."""
    from wp_cli.register import ensure_registered

    if session.file and session.project == session.file.project:
        ensure_registered(session, session.client(create=True))
    return each_app(session, up)


def up(operations: Operations, app: App) -> dict[str, object]:
    """Run the job for one app and print its summary."""
    session = operations.session
    job = operations.job(app)
    prune_as_told(session, job.up.release)
    job.keep_config = session[shared.KEEP_CONFIG]
    outcome = operations.run(app, job)
    result = outcome.result
    deployment = result.deploy.deployment
    if not operations.json:
        print_variables(session.screen, outcome.job)
        print_deploy(
            session.screen, deployment, release_url=result.up.release_url or result.release.release.url,
            app_url=result.up.app_url, deploy_url=result.up.deploy_url,
        )  # fmt: skip
    return {
        "job": outcome.job.id,
        "deployment": deployment.sequence,
        "release_url": with_scheme(result.up.release_url or result.release.release.url),
        "app_url": result.up.app_url,
        "deploy_url": with_scheme(result.up.deploy_url or deployment.url),
    }


UP = Command(
    "up", run,
    """
    Builds, pushes, deploys and releases every app of the project, or the one that -app names. A project that the
    server does not know yet is registered first. With -json every event is printed as a line of JSON, the last one
    of each app being its result.
    """,
    flags=(shared.PRUNE, shared.PRUNE_RETAIN, shared.KEEP_CONFIG, shared.JSON), operation=True,
)  # fmt: skip
