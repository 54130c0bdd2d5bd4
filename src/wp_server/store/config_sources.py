"""Config sources: the settings of the plugins that fetch dynamic values (server.md §4.6)."""

from __future__ import annotations

import hashlib

from sqlalchemy import ColumnElement, Connection, and_, select

from wp_proto.waypoint import api as pb
from wp_server.store.changes import changed
from wp_server.store.config import Place, Scope, covers, names
from wp_server.store.schema import config_sources

_all = select(config_sources).order_by(config_sources.c.type)
_seen_from = {scope: _all.where(covers(scope, config_sources)) for scope in Scope}


def put(connection: Connection, source: pb.ConfigSource) -> None:
    """Replaces the settings of a source, or removes it when it says `delete`."""
    place = place_of(source)
    where = _identity(source, place)
    if source.delete:
        connection.execute(config_sources.delete().where(where))
    else:
        stored = pb.ConfigSource()
        stored.CopyFrom(source)
        stored.hash = _hash(source)
        blob = stored.SerializeToString()
        if connection.execute(config_sources.update().where(where).values(blob=blob)).rowcount == 0:
            connection.execute(
                config_sources.insert().values(
                    scope=int(place.scope),
                    project_key=place.project,
                    app_key=place.application,
                    workspace_key=source.workspace.workspace.lower(),
                    type=source.type,
                    blob=blob,
                )
            )
    changed(connection, "config", f"config/{place.project or '*'}")


def delete(connection: Connection, source: pb.ConfigSource) -> None:
    """Removes a source; an absent one is fine."""
    doomed = pb.ConfigSource()
    doomed.CopyFrom(source)
    doomed.delete = True
    put(connection, doomed)


def sources(connection: Connection, place: Place | None, workspace: str = "", kind: str = "") -> list[pb.ConfigSource]:
    """Returns the sources seen from `place` (None: all), those that win last (§4.6; the order is interface).

    With a workspace, those of other workspaces are left out.
    """
    if place is None:
        found = connection.execute(_all).all()
    else:
        found = connection.execute(_seen_from[place.scope], names(place)).all()
    wanted = ("", workspace.lower())
    rows = [
        row
        for row in found
        if (not kind or row.type == kind) and (place is None or not workspace or row.workspace_key in wanted)
    ]
    rows.sort(key=lambda row: (bool(row.workspace_key), row.scope))
    return [pb.ConfigSource.FromString(row.blob) for row in rows]


def of_job(connection: Connection, job: pb.Job) -> list[pb.ConfigSource]:
    """Returns the sources for a job's application and workspace (§4.3)."""
    app = job.application
    place = Place(Scope.APPLICATION, app.project.lower(), app.application.lower())
    return sources(connection, place, job.workspace.workspace)


def place_of(source: pb.ConfigSource | pb.GetConfigSourceRequest) -> Place:
    """Returns the scope of a source, or of a request for sources."""
    match source.WhichOneof("scope"):
        case "application":
            app = source.application
            return Place(Scope.APPLICATION, app.project.lower(), app.application.lower())
        case "project":
            return Place(Scope.PROJECT, source.project.project.lower())
        case _:
            return Place(Scope.GLOBAL)


def _identity(source: pb.ConfigSource, place: Place) -> ColumnElement[bool]:
    rows = config_sources.c
    return and_(
        rows.scope == int(place.scope),
        rows.project_key == place.project,
        rows.app_key == place.application,
        rows.workspace_key == source.workspace.workspace.lower(),
        rows.type == source.type,
    )


def _hash(source: pb.ConfigSource) -> int:
    settings = repr(sorted(source.config.items())).encode()
    return int.from_bytes(hashlib.blake2b(settings, digest_size=8).digest())
