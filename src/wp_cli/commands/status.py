"""`waypoint status`: health of all projects, of one project's apps, or of one app."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_ERROR, EXIT_OK
from wp_cli.flags import BOOL, Flag
from wp_cli.render import records
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.connect import Client
    from wp_cli.render.screen import Screen
    from wp_cli.session import Session

ALL_PROJECTS = Flag("all-projects", BOOL, False, "Show all projects of the server.")
REFRESH = Flag("refresh", BOOL, False, "Ask the platforms for fresh status reports first.")
EXIT_CODE = Flag("exit-code", BOOL, False, "Exit with 1 if something is down.")

LATEST = pb.OperationOrder(order=pb.OperationOrder.START_TIME, desc=True, limit=1)
COUNTED = ("READY", "ALIVE", "PARTIAL", "UNKNOWN", "DOWN", "MISSING", "ERROR")


@dataclass
class AppStatus:
    """The newest deployment and release of an app, with their reports; None where there is none."""

    name: str
    deployment: pb.UI.DeploymentBundle | None
    release: pb.UI.ReleaseBundle | None

    @property
    def healths(self) -> tuple[str, str]:
        """Health of deployment and release, "" where nothing is known."""
        return health(self.deployment), health(self.release)

    @property
    def unhealthy(self) -> bool:
        """Return whether something is down or failed."""
        return any(word in records.UNHEALTHY for word in self.healths)


def health(bundle: pb.UI.DeploymentBundle | pb.UI.ReleaseBundle | None) -> str:
    """Health of what a bundle is about."""
    if bundle is None:
        return ""
    status = bundle.deployment.status if isinstance(bundle, pb.UI.DeploymentBundle) else bundle.release.status
    return records.health_of(status, bundle.latest_status_report)


def run(session: Session) -> int:
    """Choose the view and print it. 0 whatever the health, unless -exit-code is given."""
    project = "" if session[ALL_PROJECTS] else session.project_or_none
    if session[REFRESH]:
        if session[ALL_PROJECTS]:
            session.screen.warn("-refresh does nothing together with -all-projects.")
        elif project:
            refresh(session)
    if not project:
        statuses = all_projects(session)
    elif session[shared.APP]:
        statuses = [one_app(session, project)]
    else:
        statuses = one_project(session, project)
    unhealthy = any(status.unhealthy for status in statuses)
    if unhealthy and not session[shared.JSON]:
        session.screen.note("Something is down. `waypoint logs` shows what the app says.")
    return EXIT_ERROR if unhealthy and session[EXIT_CODE] else EXIT_OK


def app_status(client: Client, project: str, app: str, workspace: str) -> AppStatus:
    """Fetch the newest deployment and release of an app that physically exist."""
    application = pb.Ref.Application(application=app, project=project)
    where = pb.Ref.Workspace(workspace=workspace)
    deployments = client.calls.UI_ListDeployments(
        pb.UI.ListDeploymentsRequest(
            application=application, workspace=where, order=LATEST, physical_state=pb.Operation.CREATED
        )
    ).deployments
    releases = client.calls.UI_ListReleases(
        pb.UI.ListReleasesRequest(
            application=application, workspace=where, order=LATEST, physical_state=pb.Operation.CREATED
        )
    ).releases
    return AppStatus(
        app, next(iter(deployments), None), next((one for one in releases if not one.release.unimplemented), None)
    )


def all_projects(session: Session) -> list[AppStatus]:
    """Print one row per project."""
    from wp_cli.commands.project import all_projects as every_project

    client, screen = session.client(), session.screen
    everything, rows, facts = [], [], []
    for project in sorted(every_project(client), key=lambda found: found.project.lower()):
        answer = client.calls.GetProject(pb.GetProjectRequest(project=project)).project
        statuses = [app_status(client, answer.name, app.name, session.workspace) for app in answer.applications]
        everything += statuses
        deployments = counted([health(status.deployment) or "UNKNOWN" for status in statuses if status.deployment])
        releases = counted([health(status.release) or "UNKNOWN" for status in statuses if status.release])
        rows.append([answer.name, session.workspace, deployments, releases])
        facts.append({
            "Project": answer.name, "Workspace": session.workspace, "DeploymentStatuses": deployments,
            "ReleaseStatuses": releases,
        })  # fmt: skip
    if session[shared.JSON]:
        screen.json(server_context(session) | {"Projects": facts})
    elif rows:
        heading(session)
        screen.table(["Project", "Workspace", "Deployment Statuses", "Release Statuses"], rows)
    else:
        screen.note("The server knows no projects yet; `waypoint init` registers one.")
    return everything


def counted(healths: list[str]) -> str:
    """Count the healths: `2 READY 1 DOWN`, `N/A` if there are none."""
    words = Counter(healths)
    return " ".join(f"{words[word]} {word}" for word in COUNTED if words[word]) or "N/A"


def one_project(session: Session, project: str) -> list[AppStatus]:
    """Print one row per app of a project."""
    client, screen = session.client(), session.screen
    statuses = [app_status(client, project, app.name, session.workspace) for app in session.apps()]
    if session[shared.JSON]:
        facts = {"Project": project, "Applications": [app_facts(session, status) for status in statuses]}
        screen.json(server_context(session) | facts)
    else:
        heading(session, project)
        screen.table(app_headers(session), [app_row(session, status) for status in statuses])
    return statuses


APP_HEADERS = ("App", "Workspace", "Deployment Status", "Deployment Checked", "Release Status", "Release Checked")


def app_headers(session: Session) -> tuple[str, ...]:
    """Headers of the table of apps; -verbose adds what the reports say."""
    return (*APP_HEADERS, "Deployment Message", "Release Message") if session[shared.VERBOSE] else APP_HEADERS


def app_row(session: Session, status: AppStatus) -> list[str]:
    """Row of one app."""
    row, messages = [status.name, session.workspace], []
    bundles: list[pb.UI.DeploymentBundle | pb.UI.ReleaseBundle | None] = [status.deployment, status.release]
    for bundle in bundles:
        if bundle is None:
            row += ["N/A", ""]
            messages.append("")
        else:
            report = bundle.latest_status_report
            row += [records.health_text(session.screen, health(bundle)), records.age_of(report, "generated_time")]
            messages.append(session.screen.painted(message(bundle), ""))
    return [*row, *messages] if session[shared.VERBOSE] else row


def message(bundle: pb.UI.DeploymentBundle | pb.UI.ReleaseBundle) -> str:
    """Why the health is what it is."""
    status = bundle.deployment.status if isinstance(bundle, pb.UI.DeploymentBundle) else bundle.release.status
    return status.error.message if status.HasField("error") else bundle.latest_status_report.health.health_message


def app_facts(session: Session, status: AppStatus) -> dict[str, str]:
    """JSON of one app: the headers without spaces, the text without colours."""
    from wp_cli.render.text import printable

    row = [printable(cell) for cell in app_row(session, status)]
    return dict(zip((header.replace(" ", "") for header in app_headers(session)), row, strict=True))


def one_app(session: Session, project: str) -> AppStatus:
    """Print everything about one app."""
    app = session.app()
    screen = session.screen
    status = app_status(session.client(), project, app.name, session.workspace)
    sections = {
        "DeploymentSummary": deployment_rows(screen, status),
        "DeploymentResourcesSummary": resource_rows(session, status.deployment),
    }
    if status.release:
        sections |= {
            "ReleasesSummary": release_rows(screen, status),
            "ReleasesResourcesSummary": resource_rows(session, status.release),
        }
    if session[shared.JSON]:
        facts: dict[str, object] = {"Project": project, "Applications": [app_facts(session, status)]}
        screen.json(server_context(session) | facts | {name: as_objects(rows) for name, rows in sections.items()})
        return status
    heading(session, project)
    screen.header("Application Summary")
    screen.table(app_headers(session), [app_row(session, status)])
    for name, (headers, *rows) in sections.items():
        if rows:
            screen.header("".join(f" {char}" if char.isupper() else char for char in name).strip())
            screen.table(headers, rows)
    return status


def as_objects(rows: list[list[str]]) -> list[dict[str, str]]:
    """Turn a table into objects with the headers as keys."""
    from wp_cli.render.text import printable

    headers = [header.replace(" ", "") for header in rows[0]]
    return [dict(zip(headers, (printable(cell) for cell in row), strict=True)) for row in rows[1:]]


def deployment_rows(screen: Screen, status: AppStatus) -> list[list[str]]:
    """Headers and row of the deployment summary."""
    rows = [["App Name", "Version", "Workspace", "Platform", "Artifact", "Lifecycle State", "Instances Count"]]
    if status.deployment:
        found, report = status.deployment.deployment, status.deployment.latest_status_report
        rows.append([
            status.name, f"v{found.sequence}", found.workspace.workspace, found.component.name,
            f"id:{status.deployment.artifact.sequence}", records.physical_word(found.state).upper(),
            str(report.instances_count),
        ])  # fmt: skip
    return rows


def release_rows(screen: Screen, status: AppStatus) -> list[list[str]]:
    """Headers and row of the release summary."""
    rows = [["App Name", "Version", "Workspace", "Platform", "URL", "Lifecycle State"]]
    if status.release:
        found = status.release.release
        rows.append([
            status.name, f"v{found.sequence}", found.workspace.workspace, found.component.name,
            screen.painted(found.url, ""),
            records.physical_word(found.state).upper(),
        ])  # fmt: skip
    return rows


def resource_rows(
    session: Session, bundle: pb.UI.DeploymentBundle | pb.UI.ReleaseBundle | None
) -> list[list[str]]:  # fmt: skip
    """Headers and rows of the resources in a report; with -verbose also what it says about each."""
    verbose, painted = session[shared.VERBOSE], session.screen.painted
    rows = [["Type", "Name", "Platform", "Health", "Time Created", *(["Message"] if verbose else [])]]
    for resource in bundle.latest_status_report.resources if bundle else ():
        word = pb.StatusReport.Resource.Health.Name(resource.health)
        row = [resource.type, resource.name, resource.platform, word, records.age_of(resource, "created_time")]
        rows.append([*row, painted(resource.health_message, "")] if verbose else row)
    return rows


def server_context(session: Session) -> dict[str, object]:
    """Return the part of the JSON that says which server was asked."""
    endpoint = session.client().endpoint
    return {"ServerContext": {"Address": endpoint.address, "ServerPlatform": endpoint.platform}}


def heading(session: Session, project: str = "") -> None:
    """Say what is shown and which server was asked."""
    endpoint = session.client().endpoint
    of = f" of project {project!r}" if project else " of all projects"
    session.screen.header(f"Status{of} (server {endpoint.address}, from {endpoint.source})")


def refresh(session: Session) -> None:
    """Have fresh status reports made for the targeted apps."""
    from wp_cli.operation import Operations

    with Operations(session) as operations:
        for app in session.apps():
            status = app_status(operations.client, app.project, app.name, session.workspace)
            if status.deployment:
                job = operations.job(app)
                job.status_report.deployment.CopyFrom(status.deployment.deployment)
                operations.run(app, job)
            if status.release:
                job = operations.job(app)
                job.status_report.release.CopyFrom(status.release.release)
                operations.run(app, job)


STATUS = Command(
    "status", run,
    "Shows the health of the project's apps; with -app more about that one; outside a project, or with -all-projects, "
    "an overview of all projects.",
    flags=(shared.JSON, ALL_PROJECTS, REFRESH, EXIT_CODE, shared.VERBOSE), operation=True, words=(0, 1), arguments="",
)  # fmt: skip
