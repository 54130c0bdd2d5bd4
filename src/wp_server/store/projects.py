"""Projects and applications (server.md §3.2, §3.3). Applications are rows of their own: nothing else rewrites them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, func, select

from wp_proto.waypoint import api as pb
from wp_server.errors import NotFound
from wp_server.store import polls
from wp_server.store.changes import changed
from wp_server.store.prepared import Prepared
from wp_server.store.schema import (
    applications,
    config_sources,
    config_vars,
    config_versions,
    hostnames,
    operations,
    pipeline_runs,
    pipelines,
    projects,
    triggers,
    workspace_projects,
    workspaces,
)
from wp_server.store.slices import Slice

DEFAULT_STATUS_POLL = "5m"
"""Interval of the status polling that source polling switches on (§3.2)."""

_OWNED = (operations, config_vars, config_sources, triggers, pipelines, hostnames)
"""Tables whose rows go with their project."""

_project = Prepared(select(projects.c.blob).where(projects.c.project_key == bindparam("project")))
_applications = Prepared(
    select(applications.c.blob)
    .where(applications.c.project_key == bindparam("project"))
    .order_by(applications.c.app_key)
)
_application = Prepared(
    select(applications.c.blob).where(
        applications.c.project_key == bindparam("project"), applications.c.app_key == bindparam("app")
    )
)
_named = select(projects.c.project_key, projects.c.blob).where(
    projects.c.project_key.in_(bindparam("keys", expanding=True))
)


def find(connection: Connection, name: str) -> pb.Project | None:
    """Returns the project with its applications, or None."""
    key = name.lower()
    blob = _project.blob(connection, {"project": key})
    if blob is None:
        return None
    project = pb.Project.FromString(blob)
    project.applications.extend(
        pb.Application.FromString(app) for app in _applications.blobs(connection, {"project": key})
    )
    return project


def get(connection: Connection, name: str) -> pb.Project:
    """Returns the project with its applications. Errors: NotFound."""
    project = find(connection, name)
    if project is None:
        raise NotFound(f"There is no project {name!r} on this server; create it with `waypoint init`.")
    return project


def named(connection: Connection, keys: Collection[str]) -> dict[str, pb.Project]:
    """Returns the projects with these keys, without their applications."""
    rows = connection.execute(_named, {"keys": sorted(keys)})
    return {row.project_key: pb.Project.FromString(row.blob) for row in rows}


def bare(connection: Connection) -> dict[str, pb.Project]:
    """Returns all projects, without their applications, by key."""
    rows = connection.execute(select(projects.c.project_key, projects.c.blob))
    return {row.project_key: pb.Project.FromString(row.blob) for row in rows}


def page(connection: Connection, part: Slice) -> list[pb.Project]:
    """Returns a part of the projects with their applications, by name."""
    query = part.of(select(projects.c.project_key), projects.c.project_key, str)
    return [get(connection, key) for key in part.taken(connection.execute(query).scalars())]


def count(connection: Connection) -> int:
    """Returns the number of projects."""
    return connection.execute(select(func.count()).select_from(projects)).scalar_one()


def upsert(connection: Connection, new: pb.Project) -> pb.Project:
    """Replaces everything of a project but its applications; returns the stored project with them."""
    stored = pb.Project()
    stored.CopyFrom(new)
    del stored.applications[:]
    if stored.data_source_poll.enabled and not stored.HasField("status_report_poll"):
        stored.status_report_poll.enabled = True
        stored.status_report_poll.interval = DEFAULT_STATUS_POLL
    key = stored.name.lower()
    known = _project.blob(connection, {"project": key})
    blob = stored.SerializeToString()
    if connection.execute(projects.update().where(projects.c.project_key == key).values(blob=blob)).rowcount == 0:
        connection.execute(projects.insert().values(project_key=key, blob=blob))
    changed(connection, "projects", f"project/{key}")
    before = pb.Project.FromString(known) if known is not None else None
    now = get(connection, key)
    polls.follow(connection, before, now, [app.name.lower() for app in now.applications])
    return now


def upsert_application(connection: Connection, project: str, name: str, signal: str) -> pb.Application:
    """Stores an application, or the file change signal of one that exists. Errors: NotFound without the project."""
    key, app_key = project.lower(), name.lower()
    owner = _project.blob(connection, {"project": key})
    if owner is None:
        raise NotFound(f"There is no project {project!r} on this server; create it with `waypoint init`.")
    stored = find_application(connection, project, name)
    if stored is None:
        spelled = pb.Project.FromString(owner).name
        stored = pb.Application(name=name, project=pb.Ref.Project(project=spelled), file_change_signal=signal)
        blob = stored.SerializeToString()
        connection.execute(applications.insert().values(project_key=key, app_key=app_key, blob=blob))
        if polls.polls_applications(pb.Project.FromString(owner)):
            polls.add(connection, polls.Kind.APPLICATION, key, app_key)
    else:
        stored.file_change_signal = signal
        connection.execute(
            applications.update()
            .where(applications.c.project_key == key, applications.c.app_key == app_key)
            .values(blob=stored.SerializeToString())
        )
    changed(connection, "projects", f"project/{key}")
    return stored


def import_project(connection: Connection, stored: pb.Project) -> None:
    """Takes over another server's project with its applications, as they are."""
    upsert(connection, stored)
    key = stored.name.lower()
    connection.execute(applications.delete().where(applications.c.project_key == key))
    for app in {one.name.lower(): one for one in stored.applications}.values():
        values = {"project_key": key, "app_key": app.name.lower(), "blob": app.SerializeToString()}
        connection.execute(applications.insert().values(**values))
        if polls.polls_applications(stored):
            polls.add(connection, polls.Kind.APPLICATION, key, app.name.lower())
    changed(connection, "projects", f"project/{key}")


def find_application(connection: Connection, project: str, name: str) -> pb.Application | None:
    """Returns the application, or None."""
    blob = _application.blob(connection, {"project": project.lower(), "app": name.lower()})
    return pb.Application.FromString(blob) if blob is not None else None


def get_application(connection: Connection, ref: pb.Ref.Application) -> pb.Application:
    """Returns the application. Errors: NotFound."""
    found = find_application(connection, ref.project, ref.application)
    if found is None:
        raise NotFound(f"There is no application {ref.application!r} in project {ref.project!r} on this server.")
    return found


def ensure_application(connection: Connection, ref: pb.Ref.Application) -> None:
    """Makes sure that project and application exist; never changes one that does (defect 13)."""
    if find_application(connection, ref.project, ref.application) is not None:
        return
    if _project.blob(connection, {"project": ref.project.lower()}) is None:
        upsert(connection, pb.Project(name=ref.project))
    upsert_application(connection, ref.project, ref.application, "")


def destroy(connection: Connection, name: str) -> None:
    """Deletes a project with all that belongs to it and to nothing else; an unknown one is fine (defects 10, 12).

    Sequence counters and configuration versions stay, so that no number is ever used again.
    """
    key = name.lower()
    seen_in = connection.execute(
        select(workspace_projects.c.workspace_key).where(workspace_projects.c.project_key == key)
    ).scalars()
    emptied = [
        workspace
        for workspace in seen_in.all()
        if workspace != "default"
        and connection.execute(
            select(func.count()).select_from(workspace_projects).where(workspace_projects.c.workspace_key == workspace)
        ).scalar_one()
        == 1
    ]
    runs = select(pipelines.c.id).where(pipelines.c.project_key == key)
    connection.execute(pipeline_runs.delete().where(pipeline_runs.c.pipeline_id.in_(runs)))
    for table in (*_OWNED, workspace_projects, projects):
        connection.execute(table.delete().where(table.c.project_key == key))
    connection.execute(
        config_versions.update()
        .where(config_versions.c.project_key == key)
        .values(version=config_versions.c.version + 1, bytes=0)
    )
    if emptied:
        connection.execute(workspaces.delete().where(workspaces.c.workspace_key.in_(emptied)))
    changed(connection, "projects", f"project/{key}", "config", "deployments")
