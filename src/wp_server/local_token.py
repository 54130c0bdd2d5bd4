"""The embedded server's own login token: made at the first start, kept in a private file beside the database."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.auth import Authenticator, codec
from wp_server.errors import DomainError
from wp_server.private_file import write_private
from wp_server.store import Store, keys, users


async def keep_token(store: Store, file: Path) -> None:
    """Leaves a token in `file` that this server accepts; makes one when there is none or it was withdrawn."""
    if kept := await asyncio.to_thread(_read, file):
        try:
            Authenticator(store).authenticate(kept)
            return
        except DomainError:
            pass
    write_private(file, f"{await store.write(_new_token)}\n".encode())


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _new_token(connection: Connection) -> str:
    """Returns a login token of the first user that never expires, bootstrapping the server where nobody did."""
    if users.by_id(connection, users.DEFAULT_USER_ID) is None:
        users.insert(connection, pb.User(id=users.DEFAULT_USER_ID, username=users.DEFAULT_USERNAME))
    active = keys.active_key(connection)
    key_id, key = active or (keys.FIRST_KEY, keys.create_key(connection, keys.FIRST_KEY))
    token = codec.fresh()
    token.login.user_id = users.DEFAULT_USER_ID
    return codec.encode(token, key_id, key)
