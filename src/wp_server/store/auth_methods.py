"""Auth methods, sign-ins that are under way, and the outside identities of users (server.md §2.7)."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from wp_proto.waypoint import api as pb
from wp_server.errors import AlreadyExists, NotFound, ResourceExhausted
from wp_server.ids import new_id
from wp_server.store import roles, users
from wp_server.store.prepared import Prepared
from wp_server.store.schema import auth_methods, oidc_logins, user_links

LOGIN_SECONDS = 300.0
"""How long a sign-in may take."""
LOGIN_LIMIT = 10_000
"""Sign-ins under way; anybody can begin one."""

_by_name = Prepared(select(auth_methods.c.blob).where(auth_methods.c.name_key == bindparam("name")))


@dataclass(frozen=True)
class Login:
    """A sign-in under way: what its second half must agree with."""

    state: str
    method: str
    redirect_uri: str
    nonce: str
    verifier: str


def find(connection: Connection, name: str) -> pb.AuthMethod | None:
    """Returns the method, or None."""
    blob = _by_name.blob(connection, {"name": name.lower()})
    return pb.AuthMethod.FromString(blob) if blob is not None else None


def get(connection: Connection, name: str) -> pb.AuthMethod:
    """Returns the method. Errors: NotFound."""
    found = find(connection, name)
    if found is None:
        raise NotFound(f"There is no auth method {name!r} on this server.")
    return found


def every(connection: Connection) -> list[pb.AuthMethod]:
    """Returns all methods, by name."""
    blobs = connection.execute(select(auth_methods.c.blob).order_by(auth_methods.c.name_key)).scalars()
    return [pb.AuthMethod.FromString(blob) for blob in blobs]


def upsert(connection: Connection, new: pb.AuthMethod) -> pb.AuthMethod:
    """Replaces a method; an empty client secret keeps the stored one."""
    stored = pb.AuthMethod()
    stored.CopyFrom(new)
    stored.name = new.name.lower()
    stored.display_name = new.display_name or new.name
    before = find(connection, stored.name)
    if before is not None and not stored.oidc.client_secret:
        stored.oidc.client_secret = before.oidc.client_secret
    blob = stored.SerializeToString()
    where = auth_methods.c.name_key == stored.name
    if before is not None:
        connection.execute(auth_methods.update().where(where).values(blob=blob))
    else:
        connection.execute(auth_methods.insert().values(name_key=stored.name, blob=blob))
    return stored


def delete(connection: Connection, name: str) -> None:
    """Removes a method with the sign-ins under way; an absent one is fine. Logins that were made with it stay."""
    key = name.lower()
    connection.execute(auth_methods.delete().where(auth_methods.c.name_key == key))
    connection.execute(oidc_logins.delete().where(oidc_logins.c.name_key == key))


def begin(connection: Connection, method: str, redirect_uri: str, nonce: str) -> Login:
    """Begins a sign-in, and forgets those whose time is over. Errors: ResourceExhausted."""
    now = time.time_ns()
    connection.execute(oidc_logins.delete().where(oidc_logins.c.expires <= now))
    if connection.execute(select(func.count()).select_from(oidc_logins)).scalar_one() >= LOGIN_LIMIT:
        raise ResourceExhausted("Too many people are signing in at this moment; try again in a few minutes.")
    login = Login(secrets.token_urlsafe(32), method.lower(), redirect_uri, nonce, secrets.token_urlsafe(48))
    connection.execute(
        oidc_logins.insert().values(
            state=login.state,
            name_key=login.method,
            redirect_uri=redirect_uri,
            nonce=nonce,
            verifier=login.verifier,
            expires=now + int(LOGIN_SECONDS * 1e9),
        )
    )
    return login


def take(connection: Connection, state: str) -> Login | None:
    """Returns the sign-in of this state and forgets it: it works once. None: unknown, used, or its time is over."""
    row = connection.execute(select(oidc_logins).where(oidc_logins.c.state == state)).first()
    if row is None:
        return None
    connection.execute(oidc_logins.delete().where(oidc_logins.c.state == state))
    if row.expires <= time.time_ns():
        return None
    return Login(row.state, row.name_key, row.redirect_uri, row.nonce, row.verifier)


@dataclass(frozen=True)
class Identity:
    """Somebody as a provider knows him; `email` is empty unless the provider verified it."""

    issuer: str
    subject: str
    email: str
    display: str


def user_of(connection: Connection, who: Identity, method: pb.AuthMethod) -> pb.User:
    """Returns the user behind an outside identity: linked to it, or of the same verified e-mail address, or new.

    A new user gets the grants of the method.
    """
    linked = connection.execute(
        select(user_links.c.user_id).where(user_links.c.issuer == who.issuer, user_links.c.subject == who.subject)
    ).scalar()
    known = users.by_id(connection, linked) if linked is not None else None
    if known is not None:
        return known
    user = users.by_email(connection, who.email) if who.email else None
    if user is None:
        user = _new_user(connection, who)
        roles.replace(connection, user.id, list(method.grants))
    link = pb.User.Link(oidc=pb.User.Link.OIDC(iss=who.issuer, sub=who.subject))
    connection.execute(user_links.insert().values(issuer=who.issuer, subject=who.subject, user_id=user.id))
    return users.add_link(connection, user, link)


def _new_user(connection: Connection, who: Identity) -> pb.User:
    user = pb.User(id=new_id(), display=who.display, email=who.email)
    while True:
        user.username = f"user_{secrets.token_hex(6)}"
        try:
            users.insert(connection, user)
            return user
        except AlreadyExists:
            continue
