"""`waypoint token`: the older names of `user token` and `user invite`, exchanging invites, and ending tokens."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wp_cli.command import Command
from wp_cli.commands.user import go_duration, print_token
from wp_cli.errors import EXIT_OK, UsageProblem
from wp_cli.flags import DURATION, STRING, Flag
from wp_proto.own import administration_pb2 as own
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session

LIFETIME = Flag("lifetime", DURATION, 300.0, "How long the invite is good for.")
INVITE_TOKEN = Flag("token", STRING, "", 'The invite; "-" reads it from standard input.')
REVOKED_TOKEN = Flag("token", STRING, "", 'The token to end; "-" reads it from standard input.')
ACCESSOR_ID = Flag("accessor-id", STRING, "", "The accessor id of the token to end, as the audit shows it.")


def given_token(text: str) -> str:
    """Return a token from a flag, or from standard input for "-"."""
    return sys.stdin.read().strip() if text == "-" else text.strip()


def new(session: Session) -> int:
    """Print a login token that never ends."""
    session.screen.note("`waypoint token new` is deprecated: `waypoint user token` makes one that ends.")
    return print_token(session, session.client().calls.GenerateLoginToken(pb.LoginTokenRequest()).token)


def invite(session: Session) -> int:
    """Print an invite for yourself."""
    request = pb.InviteTokenRequest(duration=go_duration(session[LIFETIME]))
    return print_token(session, session.client().calls.GenerateInviteToken(request).token)


def exchange(session: Session) -> int:
    """Print the login token of an invite."""
    token = given_token(session[INVITE_TOKEN])
    if not token:
        raise UsageProblem("`waypoint token exchange` needs -token", command=session.command)
    answer = session.client().calls.ConvertInviteToken(pb.ConvertInviteTokenRequest(token=token))
    return print_token(session, answer.token)


def revoke(session: Session) -> int:
    """End a token."""
    token = given_token(session[REVOKED_TOKEN])
    if bool(token) == bool(session[ACCESSOR_ID]):
        raise UsageProblem("give -token or -accessor-id", command=session.command)
    request = own.RevokeTokenRequest(token=token, accessor_id=session[ACCESSOR_ID])
    session.client().administration.RevokeToken(request)
    session.screen.result("The token is void.", "success")
    return EXIT_OK


NEW = Command("token new", new, "Prints a login token that never ends. Better: `waypoint user token`.")
INVITE = Command("token invite", invite, "Prints an invite that logs in as yourself.", flags=(LIFETIME,))
EXCHANGE = Command(
    "token exchange", exchange, "Exchanges an invite for a login token and prints it.", flags=(INVITE_TOKEN,)
)  # fmt: skip
REVOKE = Command(
    "token revoke", revoke, "Ends a token before its time: your own, or as an administrator anybody's.",
    flags=(REVOKED_TOKEN, ACCESSOR_ID),
)  # fmt: skip
