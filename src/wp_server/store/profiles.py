"""Profiles of on-demand runners (server.md §8.6). Names are unique whatever their case; at most one is the default."""

from __future__ import annotations

from sqlalchemy import Connection, select

from wp_proto.waypoint import api as pb
from wp_server.errors import InvalidArgument, NotFound, Violation
from wp_server.ids import new_id
from wp_server.store.schema import runner_profiles


def every(connection: Connection) -> list[pb.OnDemandRunnerConfig]:
    """Returns all profiles, by name."""
    query = select(runner_profiles.c.blob).order_by(runner_profiles.c.name_key)
    return [pb.OnDemandRunnerConfig.FromString(blob) for blob in connection.execute(query).scalars()]


def find(connection: Connection, ref: pb.Ref.OnDemandRunnerConfig) -> pb.OnDemandRunnerConfig | None:
    """Returns the profile with this id, or else this name; None when there is none."""
    if ref.id:
        query = select(runner_profiles.c.blob).where(runner_profiles.c.id == ref.id)
    else:
        query = select(runner_profiles.c.blob).where(runner_profiles.c.name_key == ref.name.lower())
    blob = connection.execute(query).scalar()
    return pb.OnDemandRunnerConfig.FromString(blob) if blob is not None else None


def get(connection: Connection, ref: pb.Ref.OnDemandRunnerConfig) -> pb.OnDemandRunnerConfig:
    """Returns the profile. Errors: NotFound."""
    found = find(connection, ref)
    if found is None:
        raise NotFound(f"There is no runner profile {ref.id or ref.name!r} on this server.")
    return found


def default(connection: Connection) -> pb.OnDemandRunnerConfig | None:
    """Returns the profile for jobs that name none, or None."""
    blob = connection.execute(select(runner_profiles.c.blob).where(runner_profiles.c.is_default.is_(True))).scalar()
    return pb.OnDemandRunnerConfig.FromString(blob) if blob is not None else None


def upsert(connection: Connection, given: pb.OnDemandRunnerConfig) -> pb.OnDemandRunnerConfig:
    """Stores a profile and returns it: the one with its id, else the one of its name, else a new one.

    A default one takes that over from the one before. Errors: NotFound for an unknown id, InvalidArgument for a name
    that another profile has.
    """
    profile = pb.OnDemandRunnerConfig()
    profile.CopyFrom(given)
    if profile.id:
        get(connection, pb.Ref.OnDemandRunnerConfig(id=profile.id))
    named = find(connection, pb.Ref.OnDemandRunnerConfig(name=profile.name)) if profile.name else None
    if named is not None and profile.id and named.id != profile.id:
        raise InvalidArgument.of([Violation("config.name", f"another profile has the name {profile.name!r}")])
    profile.id = profile.id or (named.id if named else new_id())
    profile.name = profile.name or profile.id
    if profile.default:
        before = default(connection)
        if before is not None and before.id != profile.id:
            before.default = False
            _put(connection, before)
    _put(connection, profile)
    return profile


def delete(connection: Connection, ref: pb.Ref.OnDemandRunnerConfig) -> pb.OnDemandRunnerConfig:
    """Removes a profile and returns what it was. Errors: NotFound."""
    found = get(connection, ref)
    connection.execute(runner_profiles.delete().where(runner_profiles.c.id == found.id))
    return found


def _put(connection: Connection, profile: pb.OnDemandRunnerConfig) -> None:
    values = {
        "name_key": profile.name.lower(),
        "is_default": profile.default,
        "blob": profile.SerializeToString(),
    }
    where = runner_profiles.c.id == profile.id
    if connection.execute(runner_profiles.update().where(where).values(**values)).rowcount == 0:
        connection.execute(runner_profiles.insert().values(id=profile.id, **values))
