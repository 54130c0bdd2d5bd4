"""Keys that sign tokens (server.md §2.3) and what was withdrawn."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from wp_server.errors import FailedPrecondition, NotFound
from wp_server.store import clock
from wp_server.store.changes import changed
from wp_server.store.schema import consumed_invites, denied_tokens, hmac_keys

FIRST_KEY = "k1"
KEY_BYTES = 32


@dataclass(frozen=True)
class Key:
    """A stored key. `retires`: since when its tokens are no longer good, nanoseconds since 1970; None = never."""

    id: str
    key: bytes
    created: int
    retires: int | None


def key(connection: Connection, key_id: str) -> Key | None:
    """Returns the key named `key_id` (case does not matter); None when there is none, or its time is over."""
    row = connection.execute(select(hmac_keys).where(func.lower(hmac_keys.c.id) == key_id.lower())).first()
    if row is None or (row.retires is not None and row.retires <= clock.now(connection)):
        return None
    return Key(row.id, row.key, row.created, row.retires)


def every(connection: Connection) -> list[Key]:
    """Returns all keys, the newest, which signs, first."""
    query = select(hmac_keys).order_by(hmac_keys.c.created.desc(), hmac_keys.c.id.desc())
    return [Key(row.id, row.key, row.created, row.retires) for row in connection.execute(query)]


def rotate(connection: Connection, overlap: float | None) -> Key:
    """Makes a new key, which signs from now on; older ones retire after `overlap` seconds (None: they stay).

    A key that was to retire earlier keeps its earlier time. Errors: FailedPrecondition before bootstrap.
    """
    known = every(connection)
    if not known:
        raise FailedPrecondition("This server is not bootstrapped yet; run `waypoint server bootstrap` first.")
    numbers = [int(one.id[1:]) for one in known if one.id[:1] == "k" and one.id[1:].isdigit()]
    new_id = f"k{max(numbers, default=0) + 1}"
    created = max(clock.now(connection), known[0].created + 1)
    connection.execute(hmac_keys.insert().values(id=new_id, key=secrets.token_bytes(KEY_BYTES), created=created))
    if overlap is not None:
        end = created + int(overlap * 1e9)
        later = or_(hmac_keys.c.retires.is_(None), hmac_keys.c.retires > end)
        connection.execute(hmac_keys.update().where(hmac_keys.c.id != new_id, later).values(retires=end))
    changed(connection, "auth")
    return every(connection)[0]


def retire(connection: Connection, key_id: str) -> None:
    """Deletes a key, and so ends all its tokens. Errors: NotFound, FailedPrecondition for the key that signs."""
    known = every(connection)
    doomed = next((one for one in known if one.id.lower() == key_id.lower()), None)
    if doomed is None:
        raise NotFound(f"There is no key {key_id!r}.")
    if doomed is known[0]:
        raise FailedPrecondition(f"The key {doomed.id} signs tokens now; rotate first, then retire it.")
    connection.execute(hmac_keys.delete().where(hmac_keys.c.id == doomed.id))
    changed(connection, "auth")


def active_key(connection: Connection) -> tuple[str, bytes] | None:
    """Returns id and bytes of the key that signs, the newest; None before bootstrap."""
    row = connection.execute(
        select(hmac_keys.c.id, hmac_keys.c.key).order_by(hmac_keys.c.created.desc(), hmac_keys.c.id.desc()).limit(1)
    ).first()
    return (row.id, row.key) if row else None


def create_key(connection: Connection, key_id: str) -> bytes:
    """Stores and returns a new random key."""
    new = secrets.token_bytes(KEY_BYTES)
    connection.execute(hmac_keys.insert().values(id=key_id, key=new, created=clock.now(connection)))
    changed(connection, "auth")
    return new


def deny(connection: Connection, accessor_id: str) -> None:
    """Withdraws the token with this accessor id (hexadecimal) for ever. Doing it twice is fine."""
    if not is_denied(connection, accessor_id):
        connection.execute(denied_tokens.insert().values(accessor_id=accessor_id, denied=clock.now(connection)))
        changed(connection, "auth")


def is_denied(connection: Connection, accessor_id: str) -> bool:
    """Returns whether the token was withdrawn."""
    query = select(denied_tokens.c.denied).where(denied_tokens.c.accessor_id == accessor_id)
    return connection.execute(query).first() is not None


def consume_invite(connection: Connection, accessor_id: str) -> bool:
    """Marks a signup invite as used. Returns False when it was used before."""
    query = select(consumed_invites.c.consumed).where(consumed_invites.c.accessor_id == accessor_id)
    if connection.execute(query).first() is not None:
        return False
    connection.execute(consumed_invites.insert().values(accessor_id=accessor_id, consumed=clock.now(connection)))
    return True
