"""Storing a project with what follows from it (server.md §3.2): its applications, and a look at its new source."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.ids import new_id
from wp_server.jobs import queueing
from wp_server.store import projects, workspaces

_REMOTE_SOURCES = ("git", "remote")


def store_project(connection: Connection, new: pb.Project, applications: Sequence[str], queued_by: str) -> pb.Project:
    """Stores a project, adds the applications its own configuration text names, and returns what is stored.

    Without such a text, a new or changed remote source that nobody polls is looked at once: one `init` job for every
    workspace that knows the project, for any runner. A newer one takes the place of one that still waits.
    """
    before = projects.find(connection, new.name)
    stored = projects.upsert(connection, new)
    known = {app.name.lower() for app in stored.applications}
    for name in applications:
        if name.lower() not in known:
            projects.upsert_application(connection, stored.name, name, "")
    if not new.waypoint_hcl and _needs_look(before, stored):
        seen = [entry.workspace.workspace for entry in workspaces.project_entries(connection, stored.name)]
        group = [_init_job(stored, workspace) for workspace in dict.fromkeys([workspaces.DEFAULT, *seen])]
        queueing.queue(connection, group, None, queued_by)
    return projects.get(connection, stored.name)


def _needs_look(before: pb.Project | None, stored: pb.Project) -> bool:
    if stored.state != pb.Project.ACTIVE or stored.data_source_poll.enabled:
        return False
    if stored.data_source.WhichOneof("source") not in _REMOTE_SOURCES:
        return False
    return before is None or before.data_source != stored.data_source


def _init_job(project: pb.Project, workspace: str) -> pb.Job:
    return pb.Job(
        id=new_id(),
        application=pb.Ref.Application(project=project.name),
        workspace=pb.Ref.Workspace(workspace=workspace),
        target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
        data_source=project.data_source,
        singleton_id=f"init/{project.name}/{workspace}",
        init=pb.Job.InitOp(),
    )
