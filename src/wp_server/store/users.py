"""User records (server.md §2.8). Names and e-mail addresses are unique, whatever their case."""

from __future__ import annotations

import re

from sqlalchemy import Connection, func, select

from wp_proto.waypoint import api as pb
from wp_server.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, Violation
from wp_server.store import clock
from wp_server.store.changes import changed
from wp_server.store.schema import users

DEFAULT_USER_ID = "00000000000000000000000001"
DEFAULT_USERNAME = "waypoint"

_USERNAME = re.compile(r"[a-z\d][a-z\d_-]*[a-z\d]+", re.IGNORECASE)
_USERNAME_LIMIT = 38


def check_username(name: str, field: str) -> None:
    """Errors: InvalidArgument when `name`, the value of `field`, is no user name."""
    if len(name) > _USERNAME_LIMIT or not _USERNAME.fullmatch(name):
        raise InvalidArgument.of(
            [Violation(field, "must be 2 to 38 letters, digits, '-' or '_', and start and end with a letter or digit")]
        )


def by_id(connection: Connection, user_id: str) -> pb.User | None:
    """Returns the user, or None."""
    blob = connection.execute(select(users.c.blob).where(users.c.id == user_id.upper())).scalar()
    return pb.User.FromString(blob) if blob is not None else None


def by_username(connection: Connection, username: str) -> pb.User | None:
    """Returns the user, or None."""
    blob = connection.execute(select(users.c.blob).where(users.c.username_key == username.lower())).scalar()
    return pb.User.FromString(blob) if blob is not None else None


def by_email(connection: Connection, email: str) -> pb.User | None:
    """Returns the user with this e-mail address, or None."""
    blob = connection.execute(select(users.c.blob).where(users.c.email_key == email.lower())).scalar()
    return pb.User.FromString(blob) if blob is not None else None


def find(connection: Connection, ref: pb.Ref.User) -> pb.User:
    """Returns the user that `ref` names. Errors: InvalidArgument for an empty ref, NotFound."""
    kind = ref.WhichOneof("ref")
    if kind is None:
        raise InvalidArgument.of([Violation("user", "must name a user by id or username")])
    found = by_id(connection, ref.id.id) if kind == "id" else by_username(connection, ref.username.username)
    if found is None:
        raise NotFound(f"There is no user {ref.id.id if kind == 'id' else ref.username.username!r}.")
    return found


def not_before(connection: Connection, user_id: str) -> int | None:
    """Returns since when tokens of this user are good (nanoseconds since 1970); None when there is no such user."""
    value: int | None = connection.execute(select(users.c.not_before).where(users.c.id == user_id.upper())).scalar()
    return value


def withdraw_tokens(connection: Connection, user_id: str) -> None:
    """Ends every token of a user that was issued until now. Errors: NotFound."""
    where = users.c.id == user_id
    if connection.execute(users.update().where(where).values(not_before=clock.now(connection) + 1)).rowcount == 0:
        raise NotFound(f"There is no user {user_id}.")
    changed(connection, "auth")


def all_users(connection: Connection) -> list[pb.User]:
    """Returns every user, oldest first."""
    return [
        pb.User.FromString(blob) for blob in connection.execute(select(users.c.blob).order_by(users.c.id)).scalars()
    ]


def count(connection: Connection) -> int:
    """Returns the number of users."""
    return connection.execute(select(func.count()).select_from(users)).scalar_one()


def insert(connection: Connection, user: pb.User) -> None:
    """Stores a new user. Errors: AlreadyExists when the name or e-mail address is taken."""
    _check_free(connection, user)
    connection.execute(users.insert().values(id=user.id, **_columns(user)))
    changed(connection, "auth")


def update(connection: Connection, user: pb.User) -> pb.User:
    """Changes name and display name of the stored user with this id; returns what is stored now (§2.8)."""
    stored = by_id(connection, user.id)
    if stored is None:
        raise NotFound(f"There is no user {user.id}.")
    stored.username, stored.display = user.username, user.display
    _check_free(connection, stored)
    connection.execute(users.update().where(users.c.id == stored.id).values(**_columns(stored)))
    changed(connection, "auth")
    return stored


def add_link(connection: Connection, user: pb.User, link: pb.User.Link) -> pb.User:
    """Adds an outside identity to a stored user; returns what is stored now."""
    stored = pb.User()
    stored.CopyFrom(user)
    stored.links.append(link)
    connection.execute(users.update().where(users.c.id == user.id).values(**_columns(stored)))
    return stored


def delete(connection: Connection, ref: pb.Ref.User) -> None:
    """Removes a user; an unknown one is fine. Errors: FailedPrecondition for the default user and the last one."""
    try:
        user = find(connection, ref)
    except NotFound:
        return
    if user.id == DEFAULT_USER_ID:
        raise FailedPrecondition(
            "The default user cannot be deleted: the tokens of applications and runners belong to it."
        )
    if count(connection) == 1:
        raise FailedPrecondition("The last user cannot be deleted.")
    connection.execute(users.delete().where(users.c.id == user.id))
    changed(connection, "auth")


def _columns(user: pb.User) -> dict[str, str | bytes | None]:
    return {
        "username_key": user.username.lower(),
        "email_key": user.email.lower() or None,
        "blob": user.SerializeToString(),
    }


def _check_free(connection: Connection, user: pb.User) -> None:
    others = users.c.id != user.id
    if connection.execute(select(users.c.id).where(users.c.username_key == user.username.lower(), others)).first():
        raise AlreadyExists(f"There is a user named {user.username!r} already; choose another name.")
    if (
        user.email
        and connection.execute(select(users.c.id).where(users.c.email_key == user.email.lower(), others)).first()
    ):
        raise AlreadyExists(f"There is a user with the e-mail address {user.email!r} already.")
