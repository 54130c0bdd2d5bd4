"""Keys that sign tokens (server.md §2.3) and what was withdrawn."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, func, select

from wp_server.store import clock
from wp_server.store.changes import changed
from wp_server.store.schema import consumed_invites, denied_tokens, hmac_keys

FIRST_KEY = "k1"
KEY_BYTES = 32


def key(connection: Connection, key_id: str) -> bytes | None:
    """Returns the key named `key_id` (case does not matter); None when there is none."""
    found: bytes | None = connection.execute(
        select(hmac_keys.c.key).where(func.lower(hmac_keys.c.id) == key_id.lower())
    ).scalar()
    return found


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
