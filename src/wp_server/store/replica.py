"""Which of several servers on one database a connection belongs to."""

from __future__ import annotations

from sqlalchemy import Connection

REPLICA = "wp_replica"
"""Name under which a connection carries it."""


def current(connection: Connection) -> str:
    """Returns the id of this server; empty where it is the only one."""
    name: str = connection.info.get(REPLICA, "")
    return name
