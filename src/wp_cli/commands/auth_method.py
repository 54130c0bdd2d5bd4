"""`waypoint auth-method`: how people log in, beside tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.empty_pb2 import Empty

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.commands.token import given_token
from wp_cli.errors import EXIT_OK, CliError
from wp_cli.flags import LIST as MANY
from wp_cli.flags import MAP, STRING, Flag
from wp_cli.grants import described, parse_grant
from wp_cli.render import records
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session

TOKEN_METHOD = "token"  # noqa: S105  # a name, not a secret: logins by token are always there
REDACTED = "(redacted)"

DISPLAY_NAME = Flag("display-name", STRING, "", "Name to show to people.")
DESCRIPTION = Flag("description", STRING, "", "What the method is for.")
ACCESS_SELECTOR = Flag(
    "access-selector", STRING, "", "Who may log in, such as: staff in list.groups and value.level == 3"
)
CLIENT_ID = Flag("client-id", STRING, "", "Client id at the provider.")
CLIENT_SECRET = Flag(
    "client-secret", STRING, "", 'Client secret; "-" reads it from standard input, empty keeps the stored one.',
    env="WAYPOINT_OIDC_CLIENT_SECRET",
)  # fmt: skip
SCOPE: Flag[tuple[str, ...]] = Flag("claim-scope", MANY, (), "Scope to ask for beside openid; repeatable.")
ALGORITHM: Flag[tuple[str, ...]] = Flag(
    "signing-algorithm", MANY, (), "Algorithm of ID tokens to accept instead of RS256; repeatable."
)
ISSUER = Flag("issuer", STRING, "", "The provider's issuer URL.")
ISSUER_CA: Flag[tuple[str, ...]] = Flag(
    "issuer-ca-pem", MANY, (), "Certificates to trust for the provider: PEM, or a file of it; repeatable."
)
REDIRECT: Flag[tuple[str, ...]] = Flag(
    "allowed-redirect-uri", MANY, (), "Where the provider may send people back to, beside command lines; repeatable."
)
AUDIENCE: Flag[tuple[str, ...]] = Flag(
    "audience", MANY, (), "Audience of ID tokens to accept instead of the client id; repeatable."
)
CLAIM: Flag[dict[str, str]] = Flag("claim-mapping", MAP, {}, "CLAIM=NAME for value.NAME in the selector; repeatable.")
LIST_CLAIM: Flag[dict[str, str]] = Flag(
    "list-claim-mapping", MAP, {}, "CLAIM=NAME for list.NAME in the selector; repeatable."
)
ROLE: Flag[tuple[str, ...]] = Flag(
    "role", MANY, (),
    "ROLE[:PROJECT[:WORKSPACE]] that users get who log in for the first time; repeatable. Without it they may do "
    "everything.",
)  # fmt: skip


def set_oidc(session: Session) -> int:
    """Create or replace a method."""
    oidc = pb.AuthMethod.OIDC(
        client_id=session[CLIENT_ID], client_secret=given_token(session[CLIENT_SECRET]), scopes=session[SCOPE],
        signing_algs=session[ALGORITHM], discovery_url=session[ISSUER], auds=session[AUDIENCE],
        discovery_ca_pem=[certificates(text) for text in session[ISSUER_CA]],
        allowed_redirect_uris=session[REDIRECT], claim_mappings=session[CLAIM],
        list_claim_mappings=session[LIST_CLAIM],
    )  # fmt: skip
    method = pb.AuthMethod(
        name=session.words[0], display_name=session[DISPLAY_NAME], description=session[DESCRIPTION],
        access_selector=session[ACCESS_SELECTOR], grants=[parse_grant(role) for role in session[ROLE]], oidc=oidc,
    )  # fmt: skip
    stored = session.client().calls.UpsertAuthMethod(pb.UpsertAuthMethodRequest(auth_method=method)).auth_method
    session.screen.result(f"People can log in with `waypoint login -auth-method={stored.name}`.", "success")
    return EXIT_OK


def certificates(text: str) -> str:
    """Return PEM text, read from the file that `text` names unless it is PEM itself."""
    if "-----BEGIN" in text:
        return text
    try:
        return Path(text).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"cannot read the certificates in {text}: {error}") from None


def list_methods(session: Session) -> int:
    """List the methods; logins by token are always possible."""
    found = session.client().calls.ListOIDCAuthMethods(Empty()).auth_methods
    rows = [[TOKEN_METHOD, TOKEN_METHOD], *([one.name, "oidc"] for one in found)]
    if session[shared.JSON]:
        session.screen.json([{"name": name, "method": method} for name, method in rows])
    else:
        session.screen.table(["Name", "Method"], rows)
    return EXIT_OK


def inspect(session: Session) -> int:
    """Show a method without its secret."""
    request = pb.GetAuthMethodRequest(auth_method=pb.Ref.AuthMethod(name=session.words[0]))
    method = session.client().calls.GetAuthMethod(request).auth_method
    if method.oidc.client_secret:
        method.oidc.client_secret = REDACTED
    if session[shared.JSON]:
        session.screen.result(records.proto_json(method))
        return EXIT_OK
    oidc = method.oidc
    session.screen.named_values([
        ("Name", method.name), ("Display Name", method.display_name), ("Description", method.description),
        ("Access Selector", method.access_selector or "everybody"), ("New Users", described(method.grants)),
        ("Issuer", oidc.discovery_url), ("Client ID", oidc.client_id), ("Client Secret", oidc.client_secret),
        ("Scopes", ", ".join(["openid", *oidc.scopes])),
        ("Algorithms", ", ".join(oidc.signing_algs) or "RS256"), ("Audiences", ", ".join(oidc.auds)),
        ("Redirects", ", ".join(oidc.allowed_redirect_uris)),
        ("Claims", ", ".join(f"{claim} → value.{name}" for claim, name in sorted(oidc.claim_mappings.items()))),
        ("Lists", ", ".join(f"{claim} → list.{name}" for claim, name in sorted(oidc.list_claim_mappings.items()))),
    ])  # fmt: skip
    return EXIT_OK


def delete(session: Session) -> int:
    """Delete a method."""
    name = session.words[0]
    if name.lower() == TOKEN_METHOD:
        raise CliError("logins by token cannot be deleted", do="End single tokens with `waypoint token revoke`.")
    session.client().calls.DeleteAuthMethod(pb.DeleteAuthMethodRequest(auth_method=pb.Ref.AuthMethod(name=name)))
    session.screen.result(f"Nobody can log in with {name!r} any more; who is logged in stays so.", "success")
    return EXIT_OK


SET_OIDC = Command(
    "auth-method set oidc", set_oidc,
    """
    Lets people log in at an OpenID Connect provider. Everything that is not given is reset, but for the client secret.

      waypoint auth-method set oidc corp -issuer=https://accounts.example.com -client-id=waypoint -client-secret=- \\
        -claim-scope=profile -list-claim-mapping=groups=groups -access-selector='staff in list.groups' \\
        -role=viewer -role=deployer:shop
    """,
    flags=(
        DISPLAY_NAME, DESCRIPTION, ACCESS_SELECTOR, CLIENT_ID, CLIENT_SECRET, SCOPE, ALGORITHM, ISSUER, ISSUER_CA,
        REDIRECT, AUDIENCE, CLAIM, LIST_CLAIM, ROLE,
    ),
    arguments="NAME", words=(1, 1),
)  # fmt: skip
LIST = Command("auth-method list", list_methods, "Lists the ways to log in.", flags=(shared.JSON,))
INSPECT = Command(
    "auth-method inspect", inspect, "Shows an auth method, without its secret.", flags=(shared.JSON,),
    arguments="NAME", words=(1, 1),
)  # fmt: skip
DELETE = Command(
    "auth-method delete", delete, "Deletes an auth method. Logins that were made with it stay.", arguments="NAME",
    words=(1, 1),
)  # fmt: skip
