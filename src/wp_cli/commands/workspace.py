"""`waypoint workspace`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK

if TYPE_CHECKING:
    from wp_cli.session import Session


def list_workspaces(session: Session) -> int:
    """Show the names of all workspaces with their projects."""
    from wp_proto.waypoint import api as pb

    workspaces = session.client().calls.ListWorkspaces(pb.ListWorkspacesRequest()).workspaces
    if session[shared.JSON]:
        session.screen.json([{"name": found.name, "projects": projects(found)} for found in workspaces])
    elif workspaces:
        rows = [[found.name, ", ".join(projects(found))] for found in workspaces]
        session.screen.table(["Name", "Projects"], sorted(rows))
    else:
        session.screen.note("There are no workspaces yet; the first operation in one creates it.")
    return EXIT_OK


def projects(workspace: object) -> list[str]:
    """Names of the projects that use a workspace."""
    from wp_proto.waypoint import api as pb

    assert isinstance(workspace, pb.Workspace)
    return sorted(found.project.project for found in workspace.projects)


def inspect(session: Session) -> int:
    """Show one workspace."""
    from wp_cli.render.records import age_of, proto_json
    from wp_proto.waypoint import api as pb

    name = session.words[0] if session.words else session.workspace
    request = pb.GetWorkspaceRequest(workspace=pb.Ref.Workspace(workspace=name))
    found = session.client().calls.GetWorkspace(request).workspace
    if session[shared.JSON]:
        session.screen.result(proto_json(found))
    else:
        session.screen.named_values([
            ("Name", found.name), ("Last Updated", age_of(found, "active_time")),
            ("Projects", ", ".join(projects(found))),
        ])  # fmt: skip
    return EXIT_OK


def create(session: Session) -> int:
    """Create a workspace; it may exist already."""
    from wp_proto.waypoint import api as pb

    request = pb.UpsertWorkspaceRequest(workspace=pb.Workspace(name=session.words[0]))
    session.client(create=True).calls.UpsertWorkspace(request)
    session.screen.result(f"Workspace {session.words[0]!r} exists.", "success")
    return EXIT_OK


LIST = Command("workspace list", list_workspaces, "Lists all workspaces.", flags=(shared.JSON,))
INSPECT = Command(
    "workspace inspect", inspect, "Shows a workspace; the current one if none is named.",
    flags=(shared.JSON,), arguments="[NAME]", words=(0, 1),
)  # fmt: skip
CREATE = Command("workspace create", create, "Creates a workspace.", arguments="NAME", words=(1, 1))
