"""The embedded server's own login token: made at the first start, kept in a private file beside the database."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import Connection

from wp_server.auth import Authenticator, tokens
from wp_server.errors import DomainError
from wp_server.private_file import write_private
from wp_server.store import Store, keys, users


async def keep_token(store: Store, file: Path) -> None:
    """Leaves a token in `file` that this server accepts; makes one when there is none or it was withdrawn."""
    if kept := await asyncio.to_thread(_read, file):
        try:
            await Authenticator(store).authenticate(kept)
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
    if keys.active_key(connection) is None:
        return tokens.bootstrap(connection)
    return tokens.login(connection, users.DEFAULT_USER_ID, None)
