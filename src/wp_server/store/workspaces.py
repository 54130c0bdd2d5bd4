"""Workspaces (server.md §3.4): made by the first operation in them, with a note of who was active there and when."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, bindparam, select

from wp_proto.waypoint import api as pb
from wp_server.errors import NotFound
from wp_server.store import clock, projects
from wp_server.store.schema import workspace_applications, workspace_projects, workspaces

DEFAULT = "default"

_one = select(workspaces).where(workspaces.c.workspace_key == bindparam("workspace"))
_active = (
    select(workspace_applications.c.active)
    .where(workspace_applications.c.workspace_key == bindparam("workspace"))
    .where(workspace_applications.c.project_key == bindparam("project"))
    .where(workspace_applications.c.app_key == bindparam("app"))
)

_entries_of = (
    select(workspace_projects, workspaces.c.name)
    .join(workspaces, workspaces.c.workspace_key == workspace_projects.c.workspace_key)
    .where(workspace_projects.c.project_key == bindparam("project"))
    .order_by(workspace_projects.c.workspace_key)
)
_active_in = (
    select(workspace_applications)
    .where(workspace_applications.c.project_key == bindparam("project"))
    .order_by(workspace_applications.c.workspace_key, workspace_applications.c.app_key)
)
_of_project = select(workspace_projects.c.workspace_key).where(workspace_projects.c.project_key == bindparam("project"))
_workspaces_in = (
    select(workspaces)
    .where(workspaces.c.workspace_key.in_(bindparam("keys", expanding=True)))
    .order_by(workspaces.c.workspace_key)
)
_projects_in = (
    select(workspace_projects)
    .where(workspace_projects.c.workspace_key.in_(bindparam("keys", expanding=True)))
    .order_by(workspace_projects.c.project_key)
)
_applications_in = (
    select(workspace_applications)
    .where(workspace_applications.c.workspace_key.in_(bindparam("keys", expanding=True)))
    .order_by(workspace_applications.c.app_key)
)


def upsert(connection: Connection, name: str) -> pb.Workspace:
    """Creates a workspace, or renames its spelling; returns the stored one."""
    key = name.lower()
    if connection.execute(workspaces.update().where(workspaces.c.workspace_key == key).values(name=name)).rowcount == 0:
        connection.execute(workspaces.insert().values(workspace_key=key, name=name, active=clock.now(connection)))
    return get(connection, name)


def import_workspace(connection: Connection, stored: pb.Workspace) -> None:
    """Takes over another server's workspace with what was active in it."""
    upsert(connection, stored.name)
    key = workspaces.c.workspace_key == stored.name.lower()
    connection.execute(workspaces.update().where(key).values(active=stored.active_time.ToNanoseconds()))
    for entry in stored.projects:
        name = entry.project.project
        if projects.find(connection, name) is None:
            projects.upsert(connection, pb.Project(name=name))
        ensure_project(connection, name, stored.name, entry.active_time.ToNanoseconds())
        if entry.HasField("data_source_ref"):
            _store_ref(connection, name, stored.name, entry.data_source_ref)
        for app in entry.applications:
            touch(connection, app.application, stored.name, app.active_time.ToNanoseconds())


def get(connection: Connection, name: str) -> pb.Workspace:
    """Returns a workspace with its projects and applications. Errors: NotFound."""
    found = _load(connection, [name.lower()])
    if not found:
        raise NotFound(f"There is no workspace {name!r} on this server.")
    return found[0]


def every(connection: Connection) -> list[pb.Workspace]:
    """Returns all workspaces, by name."""
    keys = connection.execute(select(workspaces.c.workspace_key)).scalars().all()
    return _load(connection, list(keys))


def of_project(connection: Connection, project: str) -> list[pb.Workspace]:
    """Returns the workspaces that have seen the project, by name."""
    return _load(connection, list(connection.execute(_of_project, {"project": project.lower()}).scalars()))


def of_application(connection: Connection, ref: pb.Ref.Application) -> list[pb.Workspace]:
    """Returns the workspaces that have seen the application, by name."""
    query = select(workspace_applications.c.workspace_key).where(
        workspace_applications.c.project_key == ref.project.lower(),
        workspace_applications.c.app_key == ref.application.lower(),
    )
    return _load(connection, list(connection.execute(query).scalars()))


def project_entries(connection: Connection, project: str) -> list[pb.Workspace.Project]:
    """Returns the project's part of every workspace that has seen it, by workspace, each naming its own."""
    key = {"project": project.lower()}
    rows = connection.execute(_entries_of, key).all()
    if not rows:
        return []
    stored = projects.get(connection, project)
    spelled = {app.name.lower(): app.name for app in stored.applications}
    entries: dict[str, pb.Workspace.Project] = {}
    for row in rows:
        entry = pb.Workspace.Project(
            project=pb.Ref.Project(project=stored.name), workspace=pb.Ref.Workspace(workspace=row.name)
        )
        entry.active_time.FromNanoseconds(row.active)
        if row.data_source_ref is not None:
            entry.data_source_ref.ParseFromString(row.data_source_ref)
        entries[row.workspace_key] = entry
    for row in connection.execute(_active_in, key):
        ref = pb.Ref.Application(application=spelled.get(row.app_key, row.app_key), project=stored.name)
        app = entries[row.workspace_key].applications.add(application=ref)
        app.active_time.FromNanoseconds(row.active)
    return list(entries.values())


def touch(connection: Connection, app: pb.Ref.Application, workspace: str, active: int) -> None:
    """Notes that an application was active in a workspace at `active` (nanoseconds), creating what is missing."""
    key, project, app_key = workspace.lower(), app.project.lower(), app.application.lower()
    known = connection.execute(_active, {"workspace": key, "project": project, "app": app_key}).scalar()
    if known is not None and known >= active:
        return
    ensure_project(connection, app.project, workspace, active)
    where = (
        workspace_applications.c.workspace_key == key,
        workspace_applications.c.project_key == project,
        workspace_applications.c.app_key == app_key,
    )
    if known is None:
        connection.execute(
            workspace_applications.insert().values(
                workspace_key=key, project_key=project, app_key=app_key, active=active
            )
        )
    else:
        connection.execute(workspace_applications.update().where(*where).values(active=active))


def ensure_project(connection: Connection, project: str, workspace: str, active: int) -> None:
    """Notes that a project was active in a workspace, creating the workspace when missing."""
    key, project_key = workspace.lower(), project.lower()
    row = connection.execute(_one, {"workspace": key}).first()
    if row is None:
        connection.execute(workspaces.insert().values(workspace_key=key, name=workspace, active=active))
    elif row.active < active:
        connection.execute(workspaces.update().where(workspaces.c.workspace_key == key).values(active=active))
    where = (workspace_projects.c.workspace_key == key, workspace_projects.c.project_key == project_key)
    known = connection.execute(select(workspace_projects.c.active).where(*where)).scalar()
    if known is None:
        connection.execute(
            workspace_projects.insert().values(workspace_key=key, project_key=project_key, active=active)
        )
    elif known < active:
        connection.execute(workspace_projects.update().where(*where).values(active=active))


def set_data_source_ref(connection: Connection, project: str, workspace: str, ref: pb.Job.DataSource.Ref) -> None:
    """Keeps the source revision that a job downloaded last for a project in a workspace."""
    if projects.find(connection, project) is None:
        return
    ensure_project(connection, project, workspace, clock.now(connection))
    _store_ref(connection, project, workspace, ref)


def _store_ref(connection: Connection, project: str, workspace: str, ref: pb.Job.DataSource.Ref) -> None:
    connection.execute(
        workspace_projects.update()
        .where(
            workspace_projects.c.workspace_key == workspace.lower(), workspace_projects.c.project_key == project.lower()
        )
        .values(data_source_ref=ref.SerializeToString())
    )


def _load(connection: Connection, keys: list[str]) -> list[pb.Workspace]:
    if not keys:
        return []
    those = {"keys": keys}
    seen = connection.execute(_projects_in, those).all()
    spelled = projects.named(connection, {row.project_key for row in seen})
    apps: defaultdict[tuple[str, str], list[pb.Workspace.Application]] = defaultdict(list)
    for row in connection.execute(_applications_in, those):
        stored = projects.find_application(connection, row.project_key, row.app_key)
        ref = pb.Ref.Application(
            application=stored.name if stored else row.app_key, project=spelled[row.project_key].name
        )
        entry = pb.Workspace.Application(application=ref)
        entry.active_time.FromNanoseconds(row.active)
        apps[row.workspace_key, row.project_key].append(entry)
    result: dict[str, pb.Workspace] = {}
    for row in connection.execute(_workspaces_in, those):
        workspace = pb.Workspace(name=row.name)
        if row.active:  # another server's may never have been
            workspace.active_time.FromNanoseconds(row.active)
        result[row.workspace_key] = workspace
    for row in seen:
        workspace = result[row.workspace_key]
        project = workspace.projects.add(
            project=pb.Ref.Project(project=spelled[row.project_key].name),
            workspace=pb.Ref.Workspace(workspace=workspace.name),
            applications=apps[row.workspace_key, row.project_key],
        )
        project.active_time.FromNanoseconds(row.active)
        if row.data_source_ref is not None:
            project.data_source_ref.ParseFromString(row.data_source_ref)
    return list(result.values())
