"""Bundled answers for the web UI and the CLI's lists (server.md §3.7)."""

from __future__ import annotations

import grpc
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.api.paging import Page
from wp_server.api.projects import visible_projects
from wp_server.api.viewers import job_for, project_for
from wp_server.auth.identity import current
from wp_server.errors import Unimplemented
from wp_server.store import Store, jobs, operations, preload, projects
from wp_server.store.operations import DEPLOYMENT, RELEASE, Search

Context = grpc.aio.ServicerContext[object, object]


class UiHandlers:
    """The UI_* RPCs."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def UI_ListProjects(self, request: pb.UI.ListProjectsRequest, context: Context) -> pb.UI.ListProjectsResponse:
        """Answers projects with their applications, page by page."""
        page = Page.of(request.pagination)
        found, total = await self._store.read(visible_projects, page, current())
        shown, pagination = page.cut(found, lambda project: project.name.lower())
        return pb.UI.ListProjectsResponse(
            project_bundles=[pb.UI.ProjectBundle(project=project_for(current(), project)) for project in shown],
            pagination=pagination,
            total_count=total,
        )

    async def UI_GetProject(self, request: pb.UI.GetProjectRequest, context: Context) -> pb.UI.GetProjectResponse:
        """Answers a project and its newest init job."""
        checks = Checks()
        if checks.present(request, "project"):
            checks.name("project.project", request.project.project)
        checks.raise_invalid()
        project = await self._store.read(projects.get, request.project.project)
        latest = await self._store.read(jobs.newest, request.project.project, "init")
        caller = current()
        shown = job_for(caller, latest) if latest is not None else None
        return pb.UI.GetProjectResponse(project=project_for(caller, project), latest_init_job=shown)

    async def UI_ListDeployments(
        self, request: pb.UI.ListDeploymentsRequest, context: Context
    ) -> pb.UI.ListDeploymentsResponse:
        """Answers deployments with what they were made from and their newest status report."""
        _application(request)
        search = Search.of(
            request.application, request.workspace, request.order, request.status, request.physical_state
        )
        return pb.UI.ListDeploymentsResponse(deployments=await self._store.read(_deployments, search))

    async def UI_GetDeployment(
        self, request: pb.UI.GetDeploymentRequest, context: Context
    ) -> pb.UI.GetDeploymentResponse:
        """Answers one deployment with what it was made from and its newest status report."""
        return pb.UI.GetDeploymentResponse(deployment=await self._store.read(_deployment, request.ref))

    async def UI_ListReleases(self, request: pb.UI.ListReleasesRequest, context: Context) -> pb.UI.ListReleasesResponse:
        """Answers releases with what they were made from and their newest status report."""
        _application(request)
        search = Search.of(
            request.application, request.workspace, request.order, request.status, request.physical_state
        )
        return pb.UI.ListReleasesResponse(releases=await self._store.read(_releases, search))

    async def UI_ListEvents(self, request: pb.UI.ListEventsRequest, context: Context) -> pb.UI.ListEventsResponse:
        """Refuses: no events are kept. The audit tells administrators who did what."""
        Page.of(request.pagination)
        checks = Checks()
        if not request.HasField("project") and not request.HasField("application"):
            checks.fail("project", "or an application is required")
        checks.raise_invalid()
        raise Unimplemented("This server keeps no events.")


def _application(request: pb.UI.ListDeploymentsRequest | pb.UI.ListReleasesRequest) -> None:
    checks = Checks()
    if checks.present(request, "application") and not request.application.application:
        checks.fail("application.application", "must not be empty")
    checks.raise_invalid()


def _deployments(connection: Connection, search: Search) -> list[pb.UI.DeploymentBundle]:
    return _bundled(connection, operations.listed(connection, DEPLOYMENT, search))


def _deployment(connection: Connection, ref: pb.Ref.Operation) -> pb.UI.DeploymentBundle:
    return _bundled(connection, [operations.get(connection, DEPLOYMENT, ref)])[0]


def _bundled(connection: Connection, found: list[pb.Deployment]) -> list[pb.UI.DeploymentBundle]:
    preload.deployments(connection, found, pb.Deployment.BUILD)
    reports = operations.latest_reports(connection, [f"deployment_id/{one.id}" for one in found])
    return [
        pb.UI.DeploymentBundle(
            deployment=one,
            latest_status_report=reports.get(f"deployment_id/{one.id}"),
            artifact=one.preload.artifact if one.preload.HasField("artifact") else None,
            build=one.preload.build if one.preload.HasField("build") else None,
            deploy_url=one.preload.deploy_url,
            job_data_source_ref=(
                one.preload.job_data_source_ref if one.preload.HasField("job_data_source_ref") else None
            ),
        )
        for one in found
    ]


def _releases(connection: Connection, search: Search) -> list[pb.UI.ReleaseBundle]:
    found = operations.listed(connection, RELEASE, search)
    preload.releases(connection, found, pb.Release.BUILD)
    reports = operations.latest_reports(connection, [f"release_id/{one.id}" for one in found])
    return [pb.UI.ReleaseBundle(release=one, latest_status_report=reports.get(f"release_id/{one.id}")) for one in found]
