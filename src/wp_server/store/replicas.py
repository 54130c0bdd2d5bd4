"""Several servers on one database (server.md §11.5): who is there, who does what only one may do, who has died.

A server that does not renew its lease is dead: what its streams held is settled, as if they had just ended. A duty is a
lease too, with a number that grows whenever it passes to another server; work that carries an old number is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from wp_server.errors import Aborted
from wp_server.store import clock, instances, runners, transitions
from wp_server.store.changes import changed
from wp_server.store.replica import current
from wp_server.store.schema import duties, replicas

LEASE = 15 * 1_000_000_000
"""Nanoseconds after which a server that did not renew is dead, and a duty free."""
TOPIC = "replicas"


@dataclass(frozen=True)
class Peer:
    """Another server on this database, and where it takes calls of servers."""

    id: str
    address: str


def renew(connection: Connection, address: str, version: str) -> bool:
    """Says that this server lives; returns whether nobody knew, as at its start."""
    now = clock.now(connection)
    own = replicas.c.id == current(connection)
    values = {"address": address, "version": version, "lease_until": now + LEASE}
    if connection.execute(update(replicas).where(own).values(**values)).rowcount == 0:
        connection.execute(replicas.insert().values(id=current(connection), started=now, **values))
        changed(connection, TOPIC)
        return True
    return False


def leave(connection: Connection) -> None:
    """Gives back everything that this server has; its streams have ended."""
    _bury(connection, current(connection))
    connection.execute(update(duties).where(duties.c.holder == current(connection)).values(lease_until=0))


def peers(connection: Connection) -> list[Peer]:
    """Returns the other servers that live."""
    alive = (replicas.c.lease_until > clock.now(connection)) & (replicas.c.id != current(connection))
    query = select(replicas.c.id, replicas.c.address).where(alive).order_by(replicas.c.id)
    return [Peer(row.id, row.address) for row in connection.execute(query)]


def bury_dead(connection: Connection) -> int:
    """Settles what servers left whose lease has ended; returns how many there were."""
    query = select(replicas.c.id).where(replicas.c.lease_until <= clock.now(connection))
    dead = connection.execute(query).scalars().all()
    for replica in dead:
        _bury(connection, replica)
    return len(dead)


def hold(connection: Connection, duty: str) -> int | None:
    """Takes or renews a duty; returns its number, or None while another server has it."""
    now, me = clock.now(connection), current(connection)
    row = connection.execute(select(duties).where(duties.c.name == duty)).first()
    if row is None:
        connection.execute(duties.insert().values(name=duty, holder=me, fence=1, lease_until=now + LEASE))
        return 1
    if row.holder != me and row.lease_until > now:
        return None
    fence: int = row.fence if row.holder == me and row.lease_until > now else row.fence + 1
    values = {"holder": me, "fence": fence, "lease_until": now + LEASE}
    connection.execute(update(duties).where(duties.c.name == duty).values(**values))
    return fence


def check_fence(connection: Connection, duty: str, fence: int) -> None:
    """Errors: Aborted when the duty has passed to another server since it had this number."""
    if connection.execute(select(duties.c.fence).where(duties.c.name == duty)).scalar() != fence:
        raise Aborted(f"The duty {duty!r} has passed to another server.")


def _bury(connection: Connection, replica: str) -> None:
    connection.execute(delete(replicas).where(replicas.c.id == replica))
    instances.forget_all(connection, replica)
    runners.all_offline(connection, replica)
    transitions.requeue_unconfirmed(connection, replica)
    changed(connection, TOPIC)
