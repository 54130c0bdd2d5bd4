"""What committed transactions did to jobs, for whoever counts it: told once, by the server that made them.

As with `changes`, a running transaction only notes its moves; what is undone or repeated is not told. Whoever is told
hears nothing that names a project.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlalchemy import Connection

from wp_server.jobs.machine import Position

_PENDING = "wp_job_moves"


class Cause(Enum):
    """Why a job moved."""

    ASKED = "asked"
    """A runner or a user said so."""
    REFUSED = "refused"
    """The runner did not want it."""
    DISCONNECTED = "disconnected"
    """The stream ended before the runner had confirmed it."""
    DEADLINE = "deadline"
    """It took too long."""
    SERVER_GONE = "server_gone"
    """It was on a stream of a server that is not there any more."""


@dataclass(frozen=True)
class Move:
    """One job's step from one position to the next. `operation` is the name of the field that the job has set."""

    operation: str
    before: Position
    after: Position
    cause: Cause


def note(connection: Connection, move: Move) -> None:
    """Notes a move of the running transaction."""
    pending(connection).append(move)


def pending(connection: Connection) -> list[Move]:
    """Returns the live list of what the running transaction has noted."""
    moves: list[Move] = connection.info.setdefault(_PENDING, [])
    return moves
