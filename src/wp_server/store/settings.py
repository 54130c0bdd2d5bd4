"""What the server knows about itself: cookie, server id, advertised address (server.md §2.9, §10.4)."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, bindparam, select

from wp_proto.waypoint import api as pb
from wp_server.ids import new_id
from wp_server.store.changes import changed
from wp_server.store.prepared import Prepared
from wp_server.store.schema import settings

AUDIT_KEY_BYTES = 32

BETWEEN_SERVERS = "peer/"
"""Settings that begin so belong to the servers that run now, and outlive a restore."""

_COOKIE_PREFIX = "WPC"

_by_name = Prepared(select(settings.c.value).where(settings.c.name == bindparam("name")))


def cookie(connection: Connection) -> str:
    """Returns the server's cookie; empty before `prepare`."""
    return (value(connection, "cookie") or b"").decode()


def server_id(connection: Connection) -> str:
    """Returns the server's own ULID; empty before `prepare`."""
    return (value(connection, "id") or b"").decode()


def prepare(connection: Connection) -> None:
    """Makes cookie and server id at the first start; later starts change nothing."""
    if value(connection, "cookie") is None:
        put(connection, "cookie", (_COOKIE_PREFIX + new_id()).encode())
    if value(connection, "id") is None:
        put(connection, "id", new_id().encode())
    if value(connection, "audit_key") is None:
        put(connection, "audit_key", secrets.token_bytes(AUDIT_KEY_BYTES))


def audit_key(connection: Connection) -> bytes:
    """Returns the secret that makes hashes in the audit unguessable; empty before `prepare`."""
    return value(connection, "audit_key") or b""


def config(connection: Connection) -> pb.ServerConfig:
    """Returns the server configuration, with the cookie filled in."""
    stored = pb.ServerConfig.FromString(value(connection, "config") or b"")
    stored.cookie = cookie(connection)
    return stored


def set_config(connection: Connection, new: pb.ServerConfig) -> None:
    """Replaces the server configuration; the cookie of the request is ignored."""
    stored = pb.ServerConfig()
    stored.CopyFrom(new)
    stored.ClearField("cookie")
    put(connection, "config", stored.SerializeToString())
    changed(connection, "server")


def advertise(connection: Connection, address: pb.ServerConfig.AdvertiseAddr) -> None:
    """Makes `address` the advertised one and keeps everything else of the configuration (defect 46)."""
    stored = config(connection)
    del stored.advertise_addrs[:]
    stored.advertise_addrs.append(address)
    set_config(connection, stored)


def exec_ceiling(connection: Connection) -> int:
    """Returns a number above all exec session indexes that were ever given out (G12); 0 at first."""
    return int(value(connection, "exec_ceiling") or b"0")


def raise_exec_ceiling(connection: Connection, ceiling: int) -> None:
    """Allows indexes below `ceiling`; a restarted server goes on from there."""
    put(connection, "exec_ceiling", str(ceiling).encode())


def import_config(connection: Connection, stored: pb.ServerConfig) -> None:
    """Takes over another server's configuration, with its cookie."""
    if stored.cookie:
        put(connection, "cookie", stored.cookie.encode())
    set_config(connection, stored)


def mark_restored(connection: Connection) -> None:
    """Notes that the state was replaced; every server that uses it has its peers come back."""
    put(connection, "restored", new_id().encode())


def restored(connection: Connection) -> str:
    """Returns an id of the last restore; empty when there was none."""
    return (value(connection, "restored") or b"").decode()


def starting_with(connection: Connection, prefix: str) -> list[tuple[str, bytes]]:
    """Returns the settings whose name starts with `prefix`, by name."""
    query = select(settings.c.name, settings.c.value).where(settings.c.name.startswith(prefix, autoescape=True))
    return [(row.name, row.value) for row in connection.execute(query.order_by(settings.c.name))]


def take_exec_index(connection: Connection, at_least: int) -> int:
    """Returns an index above all that were given out, by whatever server on this database."""
    index = max(exec_ceiling(connection), at_least)
    raise_exec_ceiling(connection, index + 1)
    return index


def value(connection: Connection, name: str) -> bytes | None:
    """Returns a setting, or None."""
    return _by_name.blob(connection, {"name": name})


def put(connection: Connection, name: str, new: bytes) -> None:
    """Stores a setting."""
    updated = connection.execute(settings.update().where(settings.c.name == name).values(value=new))
    if updated.rowcount == 0:
        connection.execute(settings.insert().values(name=name, value=new))
