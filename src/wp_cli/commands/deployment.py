"""`waypoint deployment`: deploy, list, destroy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from wp_cli import listing
from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.connect import Client, code_of, explain
from wp_cli.errors import EXIT_ERROR, EXIT_OK, CliError
from wp_cli.flags import BOOL, STRING, Flag
from wp_cli.operation import Operations, each_app, report
from wp_cli.releasing import current_release, release_job
from wp_cli.render import records
from wp_cli.summary import print_deploy, print_variables, with_scheme
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_cli.target import App

RELEASE = Flag("release", BOOL, True, "Release the deployment when it runs.")
ARTIFACT = Flag("artifact", STRING, "", "Artifact to deploy: its sequence number or id. The default is the newest one.")
ALL = Flag("all", BOOL, False, "Destroy the released deployment too.")
FORCE = Flag("force", BOOL, False, "Do not ask for confirmation; the same as -auto-approve.")


def deploy(session: Session) -> int:
    """Deploy every app."""
    return each_app(session, deploy_one)


def deploy_one(operations: Operations, app: App) -> dict[str, object]:
    """Deploy the newest pushed artifact of one app, or the one that is named, and release it unless told not to."""
    session = operations.session
    job = operations.job(app)
    job.deploy.artifact.CopyFrom(artifact_to_deploy(operations.client, job, session[ARTIFACT]))
    job.keep_config = session[shared.KEEP_CONFIG]
    outcome = operations.run(app, job, f"Deploying {app.name}...")
    deployment = outcome.result.deploy.deployment
    release_url = ""
    if session[RELEASE]:
        released = operations.run(app, release_job(operations, app, deployment), "Releasing...")
        release_url = released.result.release.release.url
    if not operations.json:
        print_variables(session.screen, outcome.job)
        deploy_url = deployment.preload.deploy_url
        print_deploy(session.screen, deployment, release_url=release_url, app_url="", deploy_url=deploy_url)
    return {
        "job": outcome.job.id, "deployment": deployment.sequence, "release_url": with_scheme(release_url),
        "deploy_url": with_scheme(deployment.preload.deploy_url or deployment.url),
    }  # fmt: skip


def artifact_to_deploy(client: Client, job: pb.Job, chosen: str) -> pb.PushedArtifact:
    """Return the artifact. CliError if there is none."""
    where = f"of {job.application.application!r} in workspace {job.workspace.workspace!r}"
    try:
        if chosen:
            request = pb.GetPushedArtifactRequest(ref=operation_ref(job.application, chosen))
            return client.calls.GetPushedArtifact(request)
        newest = pb.GetLatestPushedArtifactRequest(application=job.application, workspace=job.workspace)
        return client.calls.GetLatestPushedArtifact(newest)
    except grpc.RpcError as err:
        if code_of(err) is not grpc.StatusCode.NOT_FOUND:
            raise
        if chosen:
            raise CliError(f"there is no artifact {chosen!r} {where}", do="See `waypoint artifact list`.") from err
        raise CliError(f"there is no artifact {where} to deploy", do="Run `waypoint build` first.") from err


def operation_ref(application: pb.Ref.Application, text: str) -> pb.Ref.Operation:
    """Reference to an operation by sequence number (also `v3`) or by id."""
    number = text[1:] if text[:1] == "v" and text[1:].isdigit() else text
    if number.isdigit():
        return pb.Ref.Operation(sequence=pb.Ref.OperationSeq(application=application, number=int(number)))
    return pb.Ref.Operation(id=text)


def list_deployments(session: Session) -> int:
    """List deployments with their health."""
    released: dict[str, str] = {}

    def fetch(session: Session, app: App) -> list[pb.UI.DeploymentBundle]:
        release = current_release(session.client(), app, session.workspace)
        released[app.name] = release.deployment_id if release else ""
        request = pb.UI.ListDeploymentsRequest(
            application=listing.ref(app), workspace=listing.workspace(session), order=listing.order(session),
            status=listing.states(session), physical_state=listing.PHYSICAL[session[shared.PHYSICAL_STATE]],
        )  # fmt: skip
        return list(session.client().calls.UI_ListDeployments(request).deployments)

    def row(session: Session, bundle: pb.UI.DeploymentBundle) -> list[str]:
        deployment = bundle.deployment
        is_released = deployment.id == released.get(deployment.application.application, "")
        details = records.label_details(deployment.labels, bundle.build.labels)
        if not details or session[shared.VERBOSE]:
            details.append(f"artifact:{bundle.artifact.sequence}")
        if session[shared.VERBOSE]:
            details += records.verbose_labels(deployment.labels)
        cells = [
            records.record_icon(session.screen, deployment.status.state, deployment.state, released=is_released),
            records.sequence_cell(deployment.sequence, deployment.id, long=session[shared.LONG_IDS]),
            deployment.component.name,
            "\n".join(details),
            records.age_of(deployment.status, "start_time"),
            records.age_of(deployment.status, "complete_time"),
            records.health_cell(session.screen, bundle.latest_status_report),
        ]
        return [*cells, with_scheme(bundle.deploy_url or deployment.url)] if session[shared.URL] else cells

    headers: tuple[str, ...] = ("", "ID", "Platform", "Details", "Started", "Completed", "Health")
    if session[shared.URL]:
        headers = (*headers, "URL")
    return listing.each_app(
        session, fetch, row, deployment_json, listing.Table(headers, "deployments", "waypoint deploy")
    )


def deployment_json(bundle: pb.UI.DeploymentBundle) -> dict[str, object]:
    """JSON of one deployment."""
    return listing.common_json(bundle.deployment) | {
        "physical_state": records.physical_word(bundle.deployment.state),
        "url": with_scheme(bundle.deploy_url or bundle.deployment.url),
        "artifact": records.proto_value(bundle.artifact),
        "latestStatusReport": records.proto_value(bundle.latest_status_report),
    }


def destroy(session: Session) -> int:
    """Destroy the named deployments, or all that are not released."""
    app = session.app()
    client = session.client()
    chosen = deployments_to_destroy(session, client, app)
    screen = session.screen
    if not chosen:
        screen.result("There is nothing to destroy.")
        return EXIT_OK
    noun = "deployment" if len(chosen) == 1 else "deployments"
    names = ", ".join(f"v{deployment.sequence}" for deployment in chosen)
    if not (session[FORCE] or session[shared.AUTO_APPROVE]):
        question = (
            f"Destroy {len(chosen)} {noun} of {app.name!r} in workspace {session.workspace!r} ({names})? Type yes:"
        )
        if not screen.confirm(question, instead="-auto-approve"):
            screen.warn("Nothing was destroyed.")
            return EXIT_OK
    screen.note(f"Destroying {len(chosen)} {noun}: {names}")
    failed = False
    with Operations(session) as operations:
        for deployment in chosen:
            if deployment.status.state != pb.Status.SUCCESS:
                screen.warn(f"Deployment v{deployment.sequence} had not succeeded.")
            job = operations.job(app)
            job.destroy.deployment.CopyFrom(deployment)
            try:
                operations.run(app, job, f"Destroying deployment v{deployment.sequence}...")
            except (CliError, grpc.RpcError) as err:
                failed = True
                problem = explain(err, client.endpoint) if isinstance(err, grpc.RpcError) else err
                if problem.code != EXIT_ERROR:
                    raise
                named = CliError(f"v{deployment.sequence}: {problem.message}", do=problem.do, details=problem.details)
                report(session, app, named, prefix=False)
    return EXIT_ERROR if failed else EXIT_OK


def deployments_to_destroy(session: Session, client: Client, app: App) -> list[pb.Deployment]:
    """Return the deployments that are meant.

    CliError if a named one is unknown, or is the released one without -all.
    """
    release = current_release(client, app, session.workspace)
    released = release.deployment_id if release else ""
    if not session.words:
        request = pb.ListDeploymentsRequest(
            application=listing.ref(app), workspace=pb.Ref.Workspace(workspace=session.workspace),
            physical_state=pb.Operation.CREATED,
        )  # fmt: skip
        found = client.calls.ListDeployments(request).deployments
        return [deployment for deployment in found if session[ALL] or deployment.id != released]
    chosen = []
    for word in session.words:
        try:
            request_one = pb.GetDeploymentRequest(ref=operation_ref(listing.ref(app), word))
            deployment = client.calls.GetDeployment(request_one)
        except grpc.RpcError as err:
            if code_of(err) is not grpc.StatusCode.NOT_FOUND:
                raise
            raise CliError(
                f"there is no deployment {word!r} of {app.name!r}", do="See `waypoint deployment list`."
            ) from err
        if deployment.id == released and not session[ALL]:
            raise CliError(
                f"deployment v{deployment.sequence} is the released one; nothing was destroyed",
                do="Release another one first, or give -all.",
            )
        chosen.append(deployment)
    return chosen


DEPLOY = Command(
    "deployment deploy", deploy,
    "Deploys the newest pushed artifact of every app, or of the one that -app names, and releases it.",
    flags=(RELEASE, ARTIFACT, shared.PRUNE, shared.PRUNE_RETAIN, shared.KEEP_CONFIG, shared.JSON), operation=True,
)  # fmt: skip
LIST = Command(
    "deployment list", list_deployments, "Lists deployments with their health, newest first.",
    flags=(shared.STATE, shared.PHYSICAL_STATE, shared.URL, *shared.LIST_FLAGS),
)  # fmt: skip
DESTROY = Command(
    "deployment destroy", destroy,
    "Destroys the deployments that are named by sequence number or id, or all that are not released.",
    flags=(ALL, FORCE, shared.AUTO_APPROVE), arguments="[SEQUENCE|ID ...]", words=(0, None), operation=True,
)  # fmt: skip
