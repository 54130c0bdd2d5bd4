"""Runner records (server.md §8). A row outlives its runner for the job history; presence has a registration number.

Every registration gets a new number; the end of a stream takes back only its own registration (defect 38).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from wp_proto.waypoint import api as pb
from wp_server.store.schema import runners

ADOPTED_STATES = (pb.Runner.ADOPTED, pb.Runner.PREADOPTED)


@dataclass(frozen=True)
class Standing:
    """What admission needs to know about a runner."""

    adopted: bool
    label_hash: int


def standing(connection: Connection, runner_id: str) -> Standing | None:
    """Returns the standing of a runner, or None when there is no such runner."""
    row = connection.execute(select(runners.c.adoption, runners.c.label_hash).where(runners.c.id == runner_id)).first()
    return Standing(row.adoption in ADOPTED_STATES, int(row.label_hash)) if row else None
