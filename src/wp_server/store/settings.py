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

_COOKIE_PREFIX = "WPC"

_value = Prepared(select(settings.c.value).where(settings.c.name == bindparam("name")))


def cookie(connection: Connection) -> str:
    """Returns the server's cookie; empty before `prepare`."""
    return (_get(connection, "cookie") or b"").decode()


def server_id(connection: Connection) -> str:
    """Returns the server's own ULID; empty before `prepare`."""
    return (_get(connection, "id") or b"").decode()


def prepare(connection: Connection) -> None:
    """Makes cookie and server id at the first start; later starts change nothing."""
    if _get(connection, "cookie") is None:
        _put(connection, "cookie", (_COOKIE_PREFIX + new_id()).encode())
    if _get(connection, "id") is None:
        _put(connection, "id", new_id().encode())
    if _get(connection, "audit_key") is None:
        _put(connection, "audit_key", secrets.token_bytes(AUDIT_KEY_BYTES))


def audit_key(connection: Connection) -> bytes:
    """Returns the secret that makes hashes in the audit unguessable; empty before `prepare`."""
    return _get(connection, "audit_key") or b""


def config(connection: Connection) -> pb.ServerConfig:
    """Returns the server configuration, with the cookie filled in."""
    stored = pb.ServerConfig.FromString(_get(connection, "config") or b"")
    stored.cookie = cookie(connection)
    return stored


def set_config(connection: Connection, new: pb.ServerConfig) -> None:
    """Replaces the server configuration; the cookie of the request is ignored."""
    stored = pb.ServerConfig()
    stored.CopyFrom(new)
    stored.ClearField("cookie")
    _put(connection, "config", stored.SerializeToString())
    changed(connection, "server")


def advertise(connection: Connection, address: pb.ServerConfig.AdvertiseAddr) -> None:
    """Makes `address` the advertised one and keeps everything else of the configuration (defect 46)."""
    stored = config(connection)
    del stored.advertise_addrs[:]
    stored.advertise_addrs.append(address)
    set_config(connection, stored)


def exec_ceiling(connection: Connection) -> int:
    """Returns a number above all exec session indexes that were ever given out (G12); 0 at first."""
    return int(_get(connection, "exec_ceiling") or b"0")


def raise_exec_ceiling(connection: Connection, ceiling: int) -> None:
    """Allows indexes below `ceiling`; a restarted server goes on from there."""
    _put(connection, "exec_ceiling", str(ceiling).encode())


def take_exec_index(connection: Connection, at_least: int) -> int:
    """Returns an index above all that were given out, by whatever server on this database."""
    index = max(exec_ceiling(connection), at_least)
    raise_exec_ceiling(connection, index + 1)
    return index


def _get(connection: Connection, name: str) -> bytes | None:
    return _value.blob(connection, {"name": name})


def _put(connection: Connection, name: str, value: bytes) -> None:
    updated = connection.execute(settings.update().where(settings.c.name == name).values(value=value))
    if updated.rowcount == 0:
        connection.execute(settings.insert().values(name=name, value=value))
