"""Projects and applications (server.md §3.2, §3.3)."""

from __future__ import annotations

import posixpath

import grpc
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.api.paging import Page
from wp_server.api.viewers import project_for
from wp_server.auth.identity import Identity, current
from wp_server.inline_config import application_names
from wp_server.poll import looks, schedule
from wp_server.project_setup import store_project
from wp_server.store import Store, projects, workspaces
from wp_server.store.slices import EVERYTHING

Context = grpc.aio.ServicerContext[object, object]

HCL_LIMIT_BYTES = 5 * 1024 * 1024


class ProjectHandlers:
    """The RPCs about projects and their applications."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def UpsertProject(self, request: pb.UpsertProjectRequest, context: Context) -> pb.UpsertProjectResponse:
        """Stores a project as given, except for its applications: those that its own configuration names are added."""
        checks = Checks()
        if checks.present(request, "project"):
            _check_project(checks, request.project)
        checks.raise_invalid()
        new = request.project
        named: tuple[str, ...] = ()
        if new.waypoint_hcl:
            named = application_names(new.waypoint_hcl, new.waypoint_hcl_format, "project.waypoint_hcl")
        stored = await self._store.write(store_project, new, named, str(current()))
        return pb.UpsertProjectResponse(project=stored)

    async def GetProject(self, request: pb.GetProjectRequest, context: Context) -> pb.GetProjectResponse:
        """Answers a project and its part of every workspace that has seen it."""
        checks = Checks()
        if checks.present(request, "project"):
            checks.name("project.project", request.project.project)
        checks.raise_invalid()
        project = await self._store.read(projects.get, request.project.project)
        seen = await self._store.read(workspaces.project_entries, request.project.project)
        polling = await self._store.read(looks.shown, project)
        return pb.GetProjectResponse(project=project_for(current(), project), workspaces=seen, polling=polling)

    async def ListProjects(self, request: pb.ListProjectsRequest, context: Context) -> pb.ListProjectsResponse:
        """Answers the names of all projects, page by page."""
        page = Page.of(request.pagination)
        found, total = await self._store.read(visible_projects, page, current())
        shown, pagination = page.cut(found, lambda project: project.name.lower())
        return pb.ListProjectsResponse(
            projects=[pb.Ref.Project(project=project.name) for project in shown],
            pagination=pagination,
            total_count=total,
        )

    async def DestroyProject(self, request: pb.DestroyProjectRequest, context: Context) -> Empty:
        """Deletes the records of a project; an unknown one is fine. It touches nothing on any platform."""
        checks = Checks()
        if checks.present(request, "project"):
            checks.name("project.project", request.project.project)
        checks.raise_invalid()
        await self._store.write(projects.destroy, request.project.project)
        return Empty()

    async def UpsertApplication(
        self, request: pb.UpsertApplicationRequest, context: Context
    ) -> pb.UpsertApplicationResponse:
        """Creates an application, or sets the file change signal of one that exists."""
        checks = Checks()
        if checks.present(request, "project"):
            checks.name("project.project", request.project.project)
        checks.name("name", request.name)
        checks.raise_invalid()
        app = await self._store.write(
            projects.upsert_application, request.project.project, request.name, request.file_change_signal
        )
        return pb.UpsertApplicationResponse(application=app)

    async def GetApplication(self, request: pb.GetApplicationRequest, context: Context) -> pb.GetApplicationResponse:
        """Answers one application."""
        checks = Checks()
        checks.application(request)
        checks.raise_invalid()
        app = await self._store.read(projects.get_application, request.application)
        return pb.GetApplicationResponse(application=app)


def visible_projects(connection: Connection, page: Page, caller: Identity) -> tuple[list[pb.Project], int]:
    """Returns the projects of a page that the caller may look at, and how many there are of them in all."""
    if not caller.grants:
        return projects.page(connection, page.slice), projects.count(connection)
    seen = [one for one in projects.page(connection, EVERYTHING) if caller.sees(one.name)]
    return page.slice.within(seen, lambda project: project.name.lower()), len(seen)


def _check_project(checks: Checks, project: pb.Project) -> None:
    checks.name("project.name", project.name)
    if len(project.waypoint_hcl) > HCL_LIMIT_BYTES:
        checks.fail("project.waypoint_hcl", "must not be larger than 5 MiB")
    if project.HasField("data_source"):
        check_data_source(checks, "project.data_source", project.data_source)
    _check_interval(checks, "project.data_source_poll.interval", project.data_source_poll.interval)
    _check_interval(checks, "project.status_report_poll.interval", project.status_report_poll.interval)


def _check_interval(checks: Checks, field: str, text: str) -> None:
    before = len(checks.violations)
    seconds = checks.duration(field, text) if text else schedule.LEAST_SECONDS
    if seconds < schedule.LEAST_SECONDS and len(checks.violations) == before:
        checks.fail(field, f"must be at least {schedule.LEAST_SECONDS:.0f}s")


def check_data_source(checks: Checks, field: str, source: pb.Job.DataSource) -> None:
    """The rules of a data source in a project or job (§3.2)."""
    kind = source.WhichOneof("source")
    if kind is None:
        checks.fail(field, "must be local, git or remote")
    if kind != "git":
        return
    git = source.git
    if not git.url:
        checks.fail(f"{field}.git.url", "is required")
    if git.path and not _is_plain_path(git.path):
        checks.fail(f"{field}.git.path", "must be relative, without '..', a leading './' or repeated separators")
    if git.HasField("basic") and not (git.basic.username and git.basic.password):
        checks.fail(f"{field}.git.basic", "needs both username and password")


def _is_plain_path(path: str) -> bool:
    trimmed = path.removesuffix("/")
    return not path.startswith("/") and posixpath.normpath(trimmed) == trimmed and ".." not in trimmed.split("/")
