"""Workspaces (server.md §3.4)."""

from __future__ import annotations

import grpc

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.auth.identity import Identity, current
from wp_server.store import Store, workspaces

Context = grpc.aio.ServicerContext[object, object]


class WorkspaceHandlers:
    """The RPCs about workspaces."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ListWorkspaces(self, request: pb.ListWorkspacesRequest, context: Context) -> pb.ListWorkspacesResponse:
        """Answers all workspaces, or those that have seen a project or an application."""
        match request.WhichOneof("scope"):
            case "project":
                found = await self._store.read(workspaces.of_project, request.project.project)
            case "application":
                found = await self._store.read(workspaces.of_application, request.application)
            case _:
                found = await self._store.read(workspaces.every)
        return pb.ListWorkspacesResponse(workspaces=[_visible(one, current()) for one in found])

    async def GetWorkspace(self, request: pb.GetWorkspaceRequest, context: Context) -> pb.GetWorkspaceResponse:
        """Answers one workspace."""
        checks = Checks()
        if checks.present(request, "workspace"):
            checks.name("workspace.workspace", request.workspace.workspace)
        checks.raise_invalid()
        found = await self._store.read(workspaces.get, request.workspace.workspace)
        return pb.GetWorkspaceResponse(workspace=_visible(found, current()))

    async def UpsertWorkspace(self, request: pb.UpsertWorkspaceRequest, context: Context) -> pb.UpsertWorkspaceResponse:
        """Creates a workspace, or changes the spelling of its name."""
        checks = Checks()
        if checks.present(request, "workspace"):
            checks.workspace("workspace.name", request.workspace.name)
        checks.raise_invalid()
        return pb.UpsertWorkspaceResponse(workspace=await self._store.write(workspaces.upsert, request.workspace.name))


def _visible(workspace: pb.Workspace, caller: Identity) -> pb.Workspace:
    """Takes out the projects that the caller may not look at."""
    if caller.grants:
        seen = [one for one in workspace.projects if caller.sees(one.project.project, workspace.name)]
        del workspace.projects[:]
        workspace.projects.extend(seen)
    return workspace
