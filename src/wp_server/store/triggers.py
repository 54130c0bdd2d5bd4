"""Triggers (server.md §9.3): stored work that a call of its URL queues."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, bindparam, select

from wp_proto.waypoint import api as pb
from wp_server.errors import NotFound
from wp_server.store import projects
from wp_server.store.prepared import Prepared
from wp_server.store.schema import triggers

_by_id = Prepared(select(triggers.c.blob).where(triggers.c.id_key == bindparam("id")))


def find(connection: Connection, trigger_id: str) -> pb.Trigger | None:
    """Returns the trigger, or None."""
    blob = _by_id.blob(connection, {"id": trigger_id.lower()})
    return pb.Trigger.FromString(blob) if blob is not None else None


def get(connection: Connection, trigger_id: str) -> pb.Trigger:
    """Returns the trigger. Errors: NotFound."""
    found = find(connection, trigger_id)
    if found is None:
        raise NotFound(f"There is no trigger {trigger_id!r}.")
    return found


def upsert(connection: Connection, trigger: pb.Trigger) -> pb.Trigger:
    """Stores a trigger, whose id is set, in place of one with the same id. Errors: NotFound without its project."""
    projects.get(connection, trigger.project.project)
    values = {
        "project_key": trigger.project.project.lower(),
        "app_key": trigger.application.application.lower(),
        "workspace_key": trigger.workspace.workspace.lower(),
        "blob": trigger.SerializeToString(),
    }
    key = trigger.id.lower()
    if connection.execute(triggers.update().where(triggers.c.id_key == key).values(**values)).rowcount == 0:
        connection.execute(triggers.insert().values(id_key=key, **values))
    return trigger


def delete(connection: Connection, trigger_id: str) -> None:
    """Removes a trigger; an absent one is fine."""
    connection.execute(triggers.delete().where(triggers.c.id_key == trigger_id.lower()))


def listed(
    connection: Connection, workspace: str = "", project: str = "", application: str = "", tags: Collection[str] = ()
) -> list[pb.Trigger]:
    """Returns the triggers of a workspace, project and application (empty: any) with one of `tags`, oldest id first."""
    where: list[ColumnElement[bool]] = []
    if workspace:
        where.append(triggers.c.workspace_key == workspace.lower())
    if project:
        where.append(triggers.c.project_key == project.lower())
    if application:
        where.append(triggers.c.app_key == application.lower())
    blobs = connection.execute(select(triggers.c.blob).where(*where).order_by(triggers.c.id_key)).scalars()
    found = [pb.Trigger.FromString(blob) for blob in blobs]
    return [one for one in found if not tags or set(tags) & set(one.tags)]
