"""Hostnames as records (server.md §10.5): which name leads to which application in which workspace."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, select

from wp_proto.waypoint import api as pb
from wp_server.errors import AlreadyExists
from wp_server.store import projects
from wp_server.store.schema import hostnames

LABEL = "waypoint.hashicorp.com/"


@dataclass(frozen=True)
class Target:
    """Where a hostname leads; names as they are spelled."""

    project: str
    application: str
    workspace: str

    @classmethod
    def of(cls, target: pb.Hostname.Target) -> Target:
        """Returns the target of a request."""
        app = target.application.application
        return cls(app.project, app.application, target.application.workspace.workspace)

    @classmethod
    def on(cls, hostname: pb.Hostname) -> Target:
        """Returns the target of a stored hostname."""
        labels = hostname.target_labels
        return cls(labels[f"{LABEL}project"], labels[f"{LABEL}app"], labels[f"{LABEL}workspace"])

    def labels(self) -> dict[str, str]:
        """Returns the labels that say the same (§10.5)."""
        return {
            f"{LABEL}app": self.application,
            f"{LABEL}project": self.project,
            f"{LABEL}workspace": self.workspace,
        }


_by_name = select(hostnames.c.blob).where(hostnames.c.hostname_key == bindparam("name"))


def short(name: str) -> str:
    """Returns the key of a hostname, given as itself or as a full domain name."""
    return name.partition(".")[0].lower()


def find(connection: Connection, name: str) -> pb.Hostname | None:
    """Returns the hostname, or None."""
    blob = connection.execute(_by_name, {"name": short(name)}).scalar()
    return pb.Hostname.FromString(blob) if blob is not None else None


def create(connection: Connection, hostname: pb.Hostname) -> pb.Hostname:
    """Stores a new hostname. Errors: AlreadyExists when it is taken, NotFound without its application."""
    target = Target.on(hostname)
    projects.get_application(connection, pb.Ref.Application(project=target.project, application=target.application))
    if find(connection, hostname.hostname) is not None:
        raise AlreadyExists(f"The hostname {hostname.hostname!r} is taken; choose another.")
    connection.execute(
        hostnames.insert().values(
            hostname_key=short(hostname.hostname),
            project_key=target.project.lower(),
            app_key=target.application.lower(),
            workspace_key=target.workspace.lower(),
            blob=hostname.SerializeToString(),
        )
    )
    return hostname


def delete(connection: Connection, name: str) -> None:
    """Removes a hostname; an absent one is fine."""
    connection.execute(hostnames.delete().where(hostnames.c.hostname_key == short(name)))


def listed(connection: Connection, target: Target | None) -> list[pb.Hostname]:
    """Returns the hostnames of a target, or all, by name."""
    where: list[ColumnElement[bool]] = []
    if target is not None:
        where = [
            hostnames.c.project_key == target.project.lower(),
            hostnames.c.app_key == target.application.lower(),
            hostnames.c.workspace_key == target.workspace.lower(),
        ]
    blobs = connection.execute(select(hostnames.c.blob).where(*where).order_by(hostnames.c.hostname_key)).scalars()
    return [pb.Hostname.FromString(blob) for blob in blobs]
