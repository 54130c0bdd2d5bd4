"""Where each connected instance has its stream, for the other servers on the database (server.md §11.6).

Rows are only kept where there are other servers. They are of the weak class: streams end with their server anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, select, update

from wp_proto.waypoint import api as pb
from wp_server.store import clock
from wp_server.store.changes import changed
from wp_server.store.replica import current
from wp_server.store.schema import instances, replicas

ALL = "instances"
"""Topic: some instance came, left, or was forgotten."""


@dataclass(frozen=True)
class Place:
    """An instance elsewhere: the server that has it, and where that takes calls of servers."""

    instance: pb.Instance
    replica: str
    address: str


@dataclass(frozen=True)
class Standing:
    """An instance as this server knows it. `expected`: a runner may play it, or does so for one reader."""

    id: str
    deployment_id: str
    instance: pb.Instance | None = None
    connected: bool = False
    expected: bool = False
    takes_exec: bool = False


def deployment_topic(deployment_id: str) -> str:
    """Returns the topic of one deployment's instances."""
    return f"instances/{deployment_id}"


def follow(connection: Connection, standings: Sequence[Standing]) -> None:
    """Makes the rows say how instances stand on this server.

    Whoever connects takes the row over. One that only lost its stream here may be connected elsewhere by now.
    """
    for one in standings:
        mine = (instances.c.id == one.id) & (instances.c.replica == current(connection))
        if one.connected or one.expected:
            connection.execute(delete(instances).where(instances.c.id == one.id))
            connection.execute(instances.insert().values(id=one.id, replica=current(connection), **_columns(one)))
        elif one.instance is not None:
            connection.execute(update(instances).where(mine).values(**_columns(one)))
        else:
            gone = delete(instances).where(mine).returning(instances.c.deployment_id)
            for deployment_id in connection.execute(gone).scalars().all():
                _announce(connection, deployment_id)
        _announce(connection, one.deployment_id)


def _columns(one: Standing) -> dict[str, object]:
    instance = one.instance or pb.Instance(id=one.id, deployment_id=one.deployment_id)
    return {
        "deployment_id": one.deployment_id,
        "project_key": instance.application.project.lower(),
        "app_key": instance.application.application.lower(),
        "workspace_key": instance.workspace.workspace.lower(),
        "connected": one.connected,
        "takes_exec": one.takes_exec,
        "blob": instance.SerializeToString(),
    }


def forget_all(connection: Connection, replica: str) -> None:
    """Forgets all instances of a server."""
    gone = delete(instances).where(instances.c.replica == replica).returning(instances.c.deployment_id)
    for deployment_id in set(connection.execute(gone).scalars().all()):
        _announce(connection, deployment_id)


def elsewhere(connection: Connection, instance_id: str) -> Place | None:
    """Returns where an instance is, if another server has or expects it."""
    found = _places(connection, instances.c.id == instance_id, instances.c.replica != current(connection))
    return found[0] if found else None


def deployment_of(connection: Connection, instance_id: str) -> str:
    """Returns the deployment of an instance that another server has or expects; empty for an unknown one."""
    place = elsewhere(connection, instance_id)
    return place.instance.deployment_id if place is not None else ""


def for_exec(connection: Connection, deployment_id: str) -> list[Place]:
    """Returns the instances of a deployment on other servers that take commands."""
    elsewhere = instances.c.replica != current(connection)
    return _places(connection, instances.c.deployment_id == deployment_id, elsewhere, instances.c.takes_exec)


def of_deployment(connection: Connection, deployment_id: str) -> list[pb.Instance]:
    """Returns the connected instances of a deployment on other servers."""
    found = _places(
        connection,
        instances.c.deployment_id == deployment_id,
        instances.c.connected,
        instances.c.replica != current(connection),
    )
    return [place.instance for place in found]


def of_application(connection: Connection, application: pb.Ref.Application, workspace: str) -> list[pb.Instance]:
    """Returns the connected instances of an application in a workspace (empty: in all) on other servers."""
    where: list[ColumnElement[bool]] = [
        instances.c.project_key == application.project.lower(),
        instances.c.app_key == application.application.lower(),
        instances.c.connected,
        instances.c.replica != current(connection),
    ]
    if workspace:
        where.append(instances.c.workspace_key == workspace.lower())
    return [place.instance for place in _places(connection, *where)]


def _places(connection: Connection, *where: ColumnElement[bool]) -> list[Place]:
    query = select(instances.c.blob, instances.c.replica, replicas.c.address).join(
        replicas, replicas.c.id == instances.c.replica
    )
    alive = replicas.c.lease_until > clock.now(connection)
    rows = connection.execute(query.where(alive, *where).order_by(instances.c.id))
    return [Place(pb.Instance.FromString(row.blob), row.replica, row.address) for row in rows]


def _announce(connection: Connection, deployment_id: str) -> None:
    changed(connection, ALL, deployment_topic(deployment_id))
