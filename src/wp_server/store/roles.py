"""Grants of users (see `wp_server.auth.roles`). A user without any is an administrator."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from wp_proto.own.role_pb2 import Grant
from wp_server.errors import FailedPrecondition
from wp_server.store import audit
from wp_server.store.changes import changed
from wp_server.store.prepared import Prepared
from wp_server.store.schema import role_grants
from wp_server.store.users import DEFAULT_USER_ID

_of_user = Prepared(
    select(role_grants.c.blob)
    .where(role_grants.c.user_id == bindparam("user"))
    .order_by(role_grants.c.project_key, role_grants.c.workspace_key)
)


def of_user(connection: Connection, user_id: str) -> list[Grant]:
    """Returns the grants of a user, the widest first."""
    return [Grant.FromString(blob) for blob in _of_user.blobs(connection, {"user": user_id.upper()})]


def replace(connection: Connection, user_id: str, grants: Sequence[Grant]) -> None:
    """Gives a user exactly these grants; of two for the same place the higher role counts.

    Errors: FailedPrecondition for the default user, who stays an administrator, so that nobody locks everybody out.
    """
    if user_id == DEFAULT_USER_ID and grants:
        raise FailedPrecondition(
            "The default user stays an administrator; give people users of their own (`waypoint user invite`)."
        )
    before = of_user(connection, user_id)
    best: dict[tuple[str, str], Grant] = {}
    for grant in sorted(grants, key=lambda one: one.role):
        best[grant.project.lower(), grant.workspace.lower()] = grant
    audit.change(connection, "roles", _bytes(before), _bytes(grants))
    connection.execute(role_grants.delete().where(role_grants.c.user_id == user_id))
    rows = [
        {"user_id": user_id, "project_key": project, "workspace_key": workspace, "blob": grant.SerializeToString()}
        for (project, workspace), grant in best.items()
    ]
    if rows:
        connection.execute(role_grants.insert(), rows)
    changed(connection, "auth")


def _bytes(grants: Sequence[Grant]) -> bytes:
    return b"\n".join(sorted(grant.SerializeToString(deterministic=True) for grant in grants))
