"""Profiles of on-demand runners (server.md §8.6)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from wp_proto.waypoint import api as pb
from wp_server.store.schema import runner_profiles


def every(connection: Connection) -> list[pb.OnDemandRunnerConfig]:
    """Returns all profiles, by name."""
    query = select(runner_profiles.c.blob).order_by(runner_profiles.c.name_key)
    return [pb.OnDemandRunnerConfig.FromString(blob) for blob in connection.execute(query).scalars()]
