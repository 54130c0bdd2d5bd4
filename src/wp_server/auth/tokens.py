"""Making and exchanging tokens (server.md §2.5, §2.6). Functions for the store: each is one transaction."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.auth import codec
from wp_server.auth.verify import decode
from wp_server.errors import FailedPrecondition, InvalidArgument, PermissionDenied
from wp_server.ids import new_id
from wp_server.runner_labels import label_hash
from wp_server.store import audit, clock, keys, users


def bootstrap(connection: Connection) -> str:
    """Creates the default user and the first key; returns a login token for ever. Works once (G10).

    Errors: PermissionDenied when any key exists.
    """
    if keys.active_key(connection) is not None:
        raise PermissionDenied("This server is bootstrapped already; log in with a token from somebody who can.")
    keys.create_key(connection, keys.FIRST_KEY)
    if users.by_id(connection, users.DEFAULT_USER_ID) is None:
        users.insert(connection, pb.User(id=users.DEFAULT_USER_ID, username=users.DEFAULT_USERNAME))
    return login(connection, users.DEFAULT_USER_ID, None)


def login(connection: Connection, user_id: str, valid_for: float | None) -> str:
    """Returns a login token of a user for so many seconds (None: for ever)."""
    token = codec.fresh(valid_for, clock.now(connection))
    token.login.user_id = user_id
    return _signed(connection, token)


def trigger(connection: Connection, user_id: str, valid_for: float | None) -> str:
    """Returns a token that can only run triggers."""
    token = codec.fresh(valid_for, clock.now(connection))
    token.trigger.from_user_id = user_id
    return _signed(connection, token)


def runner(connection: Connection, runner_id: str, labels: Mapping[str, str], valid_for: float | None) -> str:
    """Returns a runner token; an empty id is good for any runner, no labels for any labels."""
    token = codec.fresh(valid_for, clock.now(connection))
    token.runner.id = runner_id
    if labels:
        token.runner.label_hash = label_hash(labels)
    return _signed(connection, token)


def invite(connection: Connection, user_id: str, request: pb.InviteTokenRequest, valid_for: float) -> str:
    """Returns an invite from `user_id`: for an entrypoint, for somebody new (`signup`), or for a user's next login."""
    token = codec.fresh(valid_for, clock.now(connection))
    token.invite.from_user_id = user_id
    if request.HasField("unused_entrypoint"):
        token.invite.login.user_id = users.DEFAULT_USER_ID
        token.invite.login.entrypoint.CopyFrom(request.unused_entrypoint)
        return _signed(connection, token)
    if request.HasField("login"):
        token.invite.login.CopyFrom(request.login)
        if request.login.HasField("entrypoint"):
            token.invite.login.user_id = users.DEFAULT_USER_ID
    if request.HasField("signup"):
        if request.signup.initial_username:
            users.check_username(request.signup.initial_username, "signup.initial_username")
        token.invite.signup.CopyFrom(request.signup)
        token.invite.login.ClearField("user_id")
    elif not token.invite.login.user_id:
        token.invite.login.user_id = user_id
    elif token.invite.login.user_id != user_id:
        ref = pb.Ref.User(id=pb.Ref.UserId(id=token.invite.login.user_id))
        users.find(connection, ref)
    return _signed(connection, token)


def convert_invite(connection: Connection, text: str) -> str:
    """Exchanges an invite for a login token (§2.6): entrypoints' end with the invite, people's do not end.

    A signup invite creates its user and works once. Errors: Unauthenticated, InvalidArgument, FailedPrecondition.
    """
    body, _ = decode(connection, text)
    kind = body.WhichOneof("kind")
    if kind is None and body.unused_invite:
        body.invite.login.user_id = users.DEFAULT_USER_ID
        if body.HasField("unused_entrypoint"):
            body.invite.login.entrypoint.CopyFrom(body.unused_entrypoint)
    elif kind != "invite":
        raise InvalidArgument("This token is not an invite; log in with it directly.")
    invitation = body.invite
    granted = codec.fresh(None, clock.now(connection))
    granted.login.CopyFrom(invitation.login)
    if invitation.HasField("signup"):
        if not keys.consume_invite(connection, body.accessor_id.hex()):
            raise FailedPrecondition("This invite was used already; ask for a new one.")
        granted.login.user_id = _sign_up(connection, invitation.signup.initial_username)
    if invitation.login.HasField("entrypoint") and body.HasField("valid_until"):
        granted.valid_until.CopyFrom(body.valid_until)
    return _signed(connection, granted)


def inspect(connection: Connection, text: str) -> tuple[pb.Token, pb.TokenTransport]:
    """Returns body and envelope of a valid token. Errors: Unauthenticated."""
    return decode(connection, text)


def _sign_up(connection: Connection, username: str) -> str:
    user = pb.User(id=new_id(), username=username or f"user_{time.time_ns():x}")
    users.check_username(user.username, "signup.initial_username")
    users.insert(connection, user)
    return user.id


def _signed(connection: Connection, token: pb.Token) -> str:
    active = keys.active_key(connection)
    if active is None:
        raise FailedPrecondition("This server is not bootstrapped yet; run `waypoint server bootstrap` first.")
    audit.issued(connection, token.accessor_id.hex())
    return codec.encode(token, *active)
