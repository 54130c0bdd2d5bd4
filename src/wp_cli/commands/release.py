"""`waypoint release`: release a deployment (an older one is a rollback), and list releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from wp_cli import listing
from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.commands.deployment import operation_ref
from wp_cli.connect import code_of
from wp_cli.errors import CliError
from wp_cli.flags import BOOL, STRING, Flag
from wp_cli.operation import Operations, each_app
from wp_cli.releasing import current_release, release_job
from wp_cli.render import records
from wp_cli.render.text import printable
from wp_cli.summary import RELEASED_NO_URL, print_variables, with_scheme
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_cli.target import App

DEPLOYMENT = Flag(
    "deployment", STRING, "",
    "Deployment to release: its sequence number or id. The default is the newest successful one.",
    alias="d",
)  # fmt: skip
REPEAT = Flag("repeat", BOOL, False, "Release also if this deployment is the released one.")


def release(session: Session) -> int:
    """Release a deployment of every app."""
    return each_app(session, release_one)


def release_one(operations: Operations, app: App) -> dict[str, object]:
    """Release a deployment of one app."""
    session = operations.session
    current = current_release(operations.client, app, session.workspace)
    deployment = deployment_to_release(operations, app)
    name = f"deployment v{deployment.sequence}"
    if deployment.status.state != pb.Status.SUCCESS:
        raise CliError(
            f"{name} of {app.name!r} did not succeed (it is {records.state_word(deployment.status.state)})",
            do="Choose another one with -deployment; see `waypoint deployment list`.",
        )
    done = current and current.deployment_id == deployment.id and current.status.state == pb.Status.SUCCESS
    if current and done and not session[REPEAT]:
        if not operations.json:
            session.screen.result(f"{name.capitalize()} of {app.name!r} is the released one already.", "success")
        return {"deployment": deployment.sequence, "release_url": with_scheme(current.url), "released_before": True}
    if deployment.state != pb.Operation.CREATED:
        raise CliError(
            f"{name} of {app.name!r} does not run (it is {records.physical_word(deployment.state)})",
            do="Choose another one with -deployment; see `waypoint deployment list`.",
        )
    outcome = operations.run(app, release_job(operations, app, deployment), f"Releasing {app.name}...")
    made = outcome.result.release.release
    if not operations.json:
        if made.deployment_id and made.deployment_id != deployment.id:
            session.screen.warn(
                f"{name.capitalize()} shares its place with a later one, which stays the released one: this platform "
                "replaces in place and cannot go back."
            )
        print_variables(session.screen, outcome.job)
        session.screen.result()
        if made.url:
            session.screen.result(f"Release URL: {printable(with_scheme(made.url))}", "success")
        else:
            session.screen.result(RELEASED_NO_URL, "success")
    return {"job": outcome.job.id, "deployment": deployment.sequence, "release_url": with_scheme(made.url)}


def deployment_to_release(operations: Operations, app: App) -> pb.Deployment:
    """Return the named deployment, else the newest successful one that runs. CliError if there is none."""
    session, calls = operations.session, operations.client.calls
    if session[DEPLOYMENT]:
        request = pb.GetDeploymentRequest(ref=operation_ref(listing.ref(app), session[DEPLOYMENT]))
        try:
            return calls.GetDeployment(request)
        except grpc.RpcError as err:
            if code_of(err) is not grpc.StatusCode.NOT_FOUND:
                raise
            raise CliError(
                f"there is no deployment {session[DEPLOYMENT]!r} of {app.name!r}", do="See `waypoint deployment list`."
            ) from err
    newest = newest_running(operations, app)
    if newest is None:
        raise CliError(
            f"there is no successful deployment of {app.name!r} in workspace {session.workspace!r} to release",
            do="Run `waypoint deploy` first.",
        )
    return newest


def newest_running(operations: Operations, app: App) -> pb.Deployment | None:
    """Return the newest deployment that succeeded and physically exists."""
    request = pb.ListDeploymentsRequest(
        application=listing.ref(app), workspace=pb.Ref.Workspace(workspace=operations.session.workspace),
        physical_state=pb.Operation.CREATED,
        status=[pb.StatusFilter(filters=[pb.StatusFilter.Filter(state=pb.Status.SUCCESS)])],
        order=pb.OperationOrder(order=pb.OperationOrder.COMPLETE_TIME, desc=True, limit=1),
    )  # fmt: skip
    return next(iter(operations.client.calls.ListDeployments(request).deployments), None)


def list_releases(session: Session) -> int:
    """List releases with their health."""
    current: dict[str, str] = {}

    def fetch(session: Session, app: App) -> list[pb.UI.ReleaseBundle]:
        released = current_release(session.client(), app, session.workspace)
        current[app.name] = released.id if released else ""
        request = pb.UI.ListReleasesRequest(
            application=listing.ref(app), workspace=listing.workspace(session), order=listing.order(session),
            status=listing.states(session), physical_state=listing.PHYSICAL[session[shared.PHYSICAL_STATE]],
        )  # fmt: skip
        return list(session.client().calls.UI_ListReleases(request).releases)

    def row(session: Session, bundle: pb.UI.ReleaseBundle) -> list[str]:
        found = bundle.release
        is_current = found.id == current.get(found.application.application, "")
        long = session[shared.LONG_IDS]
        details = records.label_details(found.labels, found.preload.build.labels)
        if session[shared.VERBOSE]:
            details += records.verbose_labels(found.labels)
        cells = [
            records.record_icon(session.screen, found.status.state, found.state, released=is_current),
            records.sequence_cell(found.sequence, found.id, long=long),
            records.sequence_cell(found.preload.deployment.sequence, found.deployment_id, long=long),
            found.component.name,
            "\n".join(details),
            records.age_of(found.status, "start_time"),
            records.age_of(found.status, "complete_time"),
            records.health_cell(session.screen, bundle.latest_status_report),
        ]
        return [*cells, with_scheme(found.url)] if session[shared.URL] else cells

    headers: tuple[str, ...] = ("", "ID", "Deployment ID", "Platform", "Details", "Started", "Completed", "Health")
    if session[shared.URL]:
        headers = (*headers, "URL")
    return listing.each_app(session, fetch, row, release_json, listing.Table(headers, "releases", "waypoint release"))


def release_json(bundle: pb.UI.ReleaseBundle) -> dict[str, object]:
    """JSON of one release."""
    found = bundle.release
    return listing.common_json(found) | {
        "physical_state": records.physical_word(found.state),
        "deploymentId": found.deployment_id,
        "url": with_scheme(found.url),
        "latestStatusReport": records.proto_value(bundle.latest_status_report),
    }


RELEASE = Command(
    "release", release,
    "Releases a deployment of every app, or of the one that -app names. Releasing an older one that still runs is how "
    "to go back.",
    flags=(DEPLOYMENT, REPEAT, shared.PRUNE, shared.PRUNE_RETAIN, shared.JSON), operation=True,
)  # fmt: skip
LIST = Command(
    "release list", list_releases, "Lists releases with their health, newest first.",
    flags=(shared.STATE, shared.PHYSICAL_STATE, shared.URL, *shared.LIST_FLAGS),
)  # fmt: skip
