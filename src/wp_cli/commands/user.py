"""`waypoint user`: people, what they may do, and their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.empty_pb2 import Empty

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK, CliError, UsageProblem
from wp_cli.flags import BOOL, DURATION, STRING, Flag
from wp_cli.flags import LIST as MANY
from wp_cli.grants import described, parse_grant
from wp_cli.render import records
from wp_proto.own import administration_pb2 as own
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session

DAY = 24 * 3600.0

USERNAME = Flag("username", STRING, "", "User to work on instead of yourself.")
NEW_USERNAME = Flag("new-username", STRING, "", "The new user name.")
DISPLAY_NAME = Flag("display-name", STRING, "", "The new display name.")
INVITE_EXPIRES = Flag("expires-in", DURATION, DAY, "How long the invite is good for.")
INVITE_USERNAME = Flag(
    "username", STRING, "", "Name that somebody new begins with. Without it the invite logs in as yourself."
)
TOKEN_EXPIRES = Flag("expires-in", DURATION, 30 * DAY, "How long the token is good for; 0 for ever.")
TRIGGER_TOKEN = Flag("trigger-url-token", BOOL, False, "Make a token that can only run triggers.")
ROLE: Flag[tuple[str, ...]] = Flag(
    "role", MANY, (), "ROLE[:PROJECT[:WORKSPACE]] with the role viewer, deployer or admin; repeatable."
)
ADMINISTRATOR = Flag("everything", BOOL, False, "Take all limits away: the user is an administrator of everything.")


def go_duration(seconds: float) -> str:
    """Return a duration as the server reads it."""
    return f"{seconds:.3f}s"


def user_ref(name: str) -> pb.Ref.User:
    """Return the reference to a user by name."""
    return pb.Ref.User(username=pb.Ref.UserUsername(username=name))


def found(session: Session, name: str) -> pb.User:
    """Return a user, the caller if no name is given."""
    request = pb.GetUserRequest(user=user_ref(name)) if name else pb.GetUserRequest()
    user = session.client().calls.GetUser(request).user
    if not user.id:
        raise CliError("this token is not a user's", do="Log in with `waypoint login`, or give -username.")
    return user


def inspect(session: Session) -> int:
    """Show a user."""
    user = found(session, session[USERNAME])
    if session[shared.JSON]:
        session.screen.result(records.proto_json(user))
        return EXIT_OK
    session.screen.named_values([
        ("ID", user.id), ("Username", user.username), ("Display Name", user.display), ("E-Mail", user.email),
        *(("Signs In As", f"{link.oidc.sub} at {link.oidc.iss}") for link in user.links),
    ])  # fmt: skip
    return EXIT_OK


def list_users(session: Session) -> int:
    """List all users with what they may do."""
    users = session.client().administration.ListRoles(Empty()).users
    if session[shared.JSON]:
        session.screen.json([records.proto_value(user) for user in users])
        return EXIT_OK
    rows = [[user.username, user.user_id, described(user.grants)] for user in users]
    session.screen.table(["Username", "ID", "May"], rows)
    return EXIT_OK


def modify(session: Session) -> int:
    """Change user name or display name."""
    if not session.given(NEW_USERNAME) and not session.given(DISPLAY_NAME):
        raise UsageProblem("give -new-username or -display-name", command=session.command)
    user = found(session, session[USERNAME])
    if session.given(NEW_USERNAME):
        user.username = session[NEW_USERNAME]
    if session.given(DISPLAY_NAME):
        user.display = session[DISPLAY_NAME]
    changed = session.client().calls.UpdateUser(pb.UpdateUserRequest(user=user)).user
    session.screen.result(f"User {changed.username!r} is changed.", "success")
    return EXIT_OK


def delete(session: Session) -> int:
    """Delete a user."""
    session.client().calls.DeleteUser(pb.DeleteUserRequest(user=user_ref(session.words[0])))
    session.screen.result(f"User {session.words[0]!r} is gone, and every token of that user is void.", "success")
    return EXIT_OK


def invite(session: Session) -> int:
    """Print an invite."""
    request = pb.InviteTokenRequest(duration=go_duration(session[INVITE_EXPIRES]))
    if session[INVITE_USERNAME]:
        request.signup.initial_username = session[INVITE_USERNAME]
    return print_token(session, session.client().calls.GenerateInviteToken(request).token)


def token(session: Session) -> int:
    """Print a login token."""
    seconds = session[TOKEN_EXPIRES]
    request = pb.LoginTokenRequest(duration=go_duration(seconds) if seconds else "", trigger=session[TRIGGER_TOKEN])
    if session[USERNAME]:
        if session[TRIGGER_TOKEN]:
            raise UsageProblem(
                "-trigger-url-token makes a token of yourself; leave out -username", command=session.command
            )
        request.user.CopyFrom(user_ref(session[USERNAME]))
    return print_token(session, session.client().calls.GenerateLoginToken(request).token)


def revoke(session: Session) -> int:
    """End every token that a user has."""
    session.client().administration.RevokeUserTokens(own.RevokeUserTokensRequest(user=session.words[0]))
    session.screen.result(f"Every token that {session.words[0]!r} had is void.", "success")
    return EXIT_OK


def grant(session: Session) -> int:
    """Replace what a user may do."""
    roles = session[ROLE]
    if bool(roles) == session[ADMINISTRATOR]:
        raise UsageProblem("give -role, once for each place, or -everything", command=session.command)
    request = own.SetRolesRequest(user=session.words[0], grants=[parse_grant(role) for role in roles])
    session.client().administration.SetRoles(request)
    session.screen.result(f"User {session.words[0]!r} is {described(request.grants)}.", "success")
    return EXIT_OK


def print_token(session: Session, made: str) -> int:
    """Print a token raw, so that nothing cuts it."""
    session.screen.data(made.encode() + b"\n")
    return EXIT_OK


INSPECT = Command("user inspect", inspect, "Shows a user; yourself without -username.", flags=(USERNAME, shared.JSON))
LIST = Command("user list", list_users, "Lists all users with what they may do.", flags=(shared.JSON,))
MODIFY = Command(
    "user modify", modify, "Changes the user name or the display name of a user; yours without -username.",
    flags=(USERNAME, NEW_USERNAME, DISPLAY_NAME),
)  # fmt: skip
DELETE = Command(
    "user delete", delete, "Deletes a user. Every token of the user is void at once.", arguments="USERNAME",
    words=(1, 1),
)  # fmt: skip
INVITE = Command(
    "user invite", invite,
    """
    Prints an invite. With -username it is for somebody new, works once, and makes a user who may do everything until
    `waypoint user grant` limits that. Without, it logs in as yourself, on another machine.

      waypoint login -token=- ADDRESS < invite
    """,
    flags=(INVITE_EXPIRES, INVITE_USERNAME),
)  # fmt: skip
TOKEN = Command(
    "user token", token, "Prints a login token, of yourself or of the user -username names.",
    flags=(TOKEN_EXPIRES, USERNAME, TRIGGER_TOKEN),
)  # fmt: skip
REVOKE = Command(
    "user revoke", revoke, "Ends every token that a user has now. The user may log in again.", arguments="USERNAME",
    words=(1, 1),
)  # fmt: skip
GRANT = Command(
    "user grant", grant,
    """
    Says what a user may do. The roles given replace those of before.

      waypoint user grant ada -role=deployer:shop -role=viewer
      waypoint user grant bob -role=deployer:shop:staging
      waypoint user grant eve -everything
    """,
    flags=(ROLE, ADMINISTRATOR), arguments="USERNAME", words=(1, 1),
)  # fmt: skip
