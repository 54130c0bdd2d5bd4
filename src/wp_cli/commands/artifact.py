"""`waypoint artifact`: build, push, and list what was built and pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wp_cli import listing
from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import CliError
from wp_cli.flags import BOOL, Flag
from wp_cli.operation import Operations, each_app
from wp_cli.render import records
from wp_cli.summary import print_variables
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_cli.target import App

PUSH_FLAG = Flag("push", BOOL, True, "Push the artifact to the registry, if one is configured.")


def build(session: Session) -> int:
    """Build every app."""
    from wp_cli.register import ensure_registered

    if session.file and session.project == session.file.project:
        ensure_registered(session, session.client(create=True))
    return each_app(session, build_one)


def build_one(operations: Operations, app: App) -> dict[str, object]:
    """Build one app, and push unless told not to."""
    session = operations.session
    job = operations.job(app)
    job.build.disable_push = not session[PUSH_FLAG]
    outcome = operations.run(app, job, f"Building {app.name}...")
    pushed = outcome.result.build.push.sequence
    if not operations.json:
        if pushed:
            session.screen.result()
            session.screen.result(f"Created artifact v{pushed}", "success")
        print_variables(session.screen, outcome.job)
    return {"job": outcome.job.id, "build": outcome.result.build.build.sequence, "artifact": pushed}


def push(session: Session) -> int:
    """Push the newest build of every app."""
    return each_app(session, push_one)


def push_one(operations: Operations, app: App) -> dict[str, object]:
    """Push the newest build of one app."""
    import grpc

    from wp_cli.connect import code_of

    session = operations.session
    job = operations.job(app)
    request = pb.GetLatestBuildRequest(application=job.application, workspace=job.workspace)
    try:
        job.push.build.CopyFrom(operations.client.calls.GetLatestBuild(request))
    except grpc.RpcError as err:
        if code_of(err) is not grpc.StatusCode.NOT_FOUND:
            raise
        raise CliError(
            f"there is no build of {app.name!r} in workspace {session.workspace!r}", do="Run `waypoint build` first."
        ) from err
    outcome = operations.run(app, job, f"Pushing artifact for {app.name}...")
    pushed = outcome.result.push.artifact.sequence
    if not operations.json:
        session.screen.result()
        session.screen.result(f"Created artifact v{pushed}", "success")
    return {"job": outcome.job.id, "artifact": pushed}


def list_artifacts(session: Session) -> int:
    """List pushed artifacts, newest first."""
    return listing.each_app(session, artifacts_of, artifact_row, artifact_json, listing.Table(
        ("", "ID", "Registry", "Details", "Started", "Completed"), "artifacts", "waypoint build",
    ))  # fmt: skip


def artifacts_of(session: Session, app: App) -> list[pb.PushedArtifact]:
    """Fetch the pushed artifacts of an app."""
    request = pb.ListPushedArtifactsRequest(
        application=listing.ref(app),
        workspace=listing.workspace(session),
        order=listing.order(session),
        include_build=True,
    )
    return list(session.client().calls.ListPushedArtifacts(request).artifacts)


def artifact_row(session: Session, artifact: pb.PushedArtifact) -> list[str]:
    """Row of one artifact."""
    details = records.label_details(artifact.labels, artifact.build.labels)
    if session[shared.VERBOSE]:
        details += records.verbose_labels(artifact.labels)
    return [
        records.status_icon(session.screen, artifact.status.state),
        records.sequence_cell(artifact.sequence, artifact.id, long=session[shared.LONG_IDS]),
        artifact.component.name,
        "\n".join(details),
        records.age_of(artifact.status, "start_time"),
        records.age_of(artifact.status, "complete_time"),
    ]


def artifact_json(artifact: pb.PushedArtifact) -> dict[str, object]:
    """JSON of one artifact."""
    return listing.common_json(artifact) | {"build": records.proto_value(artifact.build)}


def list_builds(session: Session) -> int:
    """List builds, newest first; with -verbose also their labels."""
    headers: tuple[str, ...] = ("", "ID", "Workspace", "Builder", "Started", "Completed")
    if session[shared.VERBOSE]:
        headers = (*headers, "Details")
    return listing.each_app(
        session, builds_of, build_row, listing.common_json, listing.Table(headers, "builds", "waypoint build")
    )


def builds_of(session: Session, app: App) -> list[pb.Build]:
    """Fetch the builds of an app."""
    request = pb.ListBuildsRequest(
        application=listing.ref(app), workspace=listing.workspace(session), order=listing.order(session)
    )
    return list(session.client().calls.ListBuilds(request).builds)


def build_row(session: Session, found: pb.Build) -> list[str]:
    """Row of one build."""
    cells = [
        records.status_icon(session.screen, found.status.state),
        records.sequence_cell(found.sequence, found.id, long=session[shared.LONG_IDS]),
        found.workspace.workspace,
        found.component.name,
        records.age_of(found.status, "start_time"),
        records.age_of(found.status, "complete_time"),
    ]
    details = [*records.label_details(found.labels, {}), *records.verbose_labels(found.labels)]
    return [*cells, "\n".join(details)] if session[shared.VERBOSE] else cells


BUILD = Command(
    "artifact build", build,
    "Builds a new artifact of every app, or of the one that -app names, and pushes it if a registry is configured.",
    flags=(PUSH_FLAG, shared.JSON), operation=True,
)  # fmt: skip
PUSH = Command("artifact push", push, "Pushes the newest build to its registry.", flags=(shared.JSON,), operation=True)
LIST = Command("artifact list", list_artifacts, "Lists pushed artifacts, newest first.", flags=shared.LIST_FLAGS)
LIST_BUILDS = Command("artifact list-builds", list_builds, "Lists builds, newest first.", flags=shared.LIST_FLAGS)
