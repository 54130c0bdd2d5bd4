"""`waypoint login` and `logout`: a token into a context, and out of it again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import grpc
from google.protobuf.empty_pb2 import Empty

from wp_cli.command import Command
from wp_cli.commands.token import given_token
from wp_cli.context import Context
from wp_cli.endpoint import Endpoint, server_of, with_port
from wp_cli.errors import EXIT_OK, CliError, UsageProblem
from wp_cli.flags import BOOL, STRING, Flag
from wp_proto.own import administration_pb2 as own
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.connect import Client
    from wp_cli.session import Session

METHOD = Flag("auth-method", STRING, "", "Auth method to log in with, where the server has several.")
TOKEN = Flag("token", STRING, "", 'Token or invite to log in with; "-" reads it from standard input.')
CONTEXT_CREATE = Flag(
    "context-create", STRING, "",
    "Name of the context to store the login in. Without it: the default one if it is of this server, else a new one.",
)  # fmt: skip
FROM_KUBERNETES = Flag(
    "from-kubernetes", BOOL, False, "Log in to the server in the cluster that kubectl uses, with the token kept there."
)
KUBERNETES_SERVICE = Flag("from-kubernetes-service", STRING, "waypoint-ui", "Service that leads to the server.")
KUBERNETES_SECRET = Flag("from-kubernetes-secret", STRING, "waypoint-server-token", "Secret that has the token.")
KUBERNETES_NAMESPACE = Flag(
    "from-kubernetes-namespace", STRING, "", "Namespace of both. The default is that of kubectl's context."
)
NO_BROWSER = Flag("no-browser", BOOL, False, "Only print the address to log in at.")


def login(session: Session) -> int:
    """Log in, prove that the token is good, and store it."""
    from dataclasses import replace

    from wp_cli.connect import connect

    if session[FROM_KUBERNETES]:
        endpoint, given = _in_cluster(session)
    else:
        found = session.login_endpoint(session.words[0] if session.words else "")
        if found is None:
            raise CliError("which server?", do="Give its address: `waypoint login host:port`.")
        endpoint, given = found, given_token(session[TOKEN])
    client = connect(replace(endpoint, token=""))
    try:
        token = _exchanged(client, given) if given else _by_provider(session, client)
    finally:
        client.close()
    known = connect(replace(endpoint, token=token))
    try:
        user = known.calls.GetUser(pb.GetUserRequest()).user
    except grpc.RpcError as error:
        raise CliError(f"the server does not take this token: {error.details()}") from error
    finally:
        known.close()
    name = session[CONTEXT_CREATE] or _context_of(session, endpoint)
    workspace = session.contexts.load(name).workspace if name in session.contexts.names() else ""
    session.contexts.save(name, Context(server_of(endpoint, token), workspace))
    session.contexts.set_default(name)
    session.screen.result(f"You are logged in as {user.username!r}; the login is in context {name!r}.", "success")
    return EXIT_OK


def logout(session: Session) -> int:
    """End the token of the context in use, and forget it."""
    name = session.words[0] if session.words else session.contexts.default_name()
    if not name:
        raise CliError("no context is in use", do="Name one: `waypoint logout NAME`.")
    context = session.contexts.load(name)
    token = context.server.auth_token
    if not token:
        session.screen.note(f"Context {name!r} has no login.")
        return EXIT_OK
    from wp_cli.connect import connect
    from wp_cli.endpoint import Trust

    server = context.server
    endpoint = Endpoint(with_port(server.address), server.tls, Trust(server.tls_skip_verify), token)
    client = connect(endpoint)
    try:
        client.administration.RevokeToken(own.RevokeTokenRequest(token=token))
    except grpc.RpcError as error:
        # A token that is void already is what was asked for; an older server cannot end one.
        ended = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNIMPLEMENTED)
        if error.code() not in ended:
            raise
        if error.code() is grpc.StatusCode.UNIMPLEMENTED:
            session.screen.warn("This server cannot end tokens; only this machine forgets it.")
    finally:
        client.close()
    session.contexts.save(name, Context(server._replace(auth_token=""), context.workspace))
    session.screen.result(f"The login of context {name!r} has ended.", "success")
    return EXIT_OK


def _in_cluster(session: Session) -> tuple[Endpoint, str]:
    """Server and token that a cluster knows. Its certificate names nothing that it is reached by."""
    from wp_cli import kubernetes_login
    from wp_cli.endpoint import Trust

    named = session[TOKEN] or session[METHOD]
    if session.words or named:
        raise UsageProblem(
            "-from-kubernetes finds address and token itself; leave out address, -token and -auth-method",
            command=session.command,
        )
    address, token = kubernetes_login.found(
        session[KUBERNETES_NAMESPACE], session[KUBERNETES_SERVICE], session[KUBERNETES_SECRET], session.screen.note
    )
    return Endpoint(address, True, Trust(anything=True), source="the cluster", platform="kubernetes"), token


def _exchanged(client: Client, given: str) -> str:
    """Return the login token that a token or an invite gives."""
    try:
        kind = client.calls.DecodeToken(pb.DecodeTokenRequest(token=given)).token
        if kind.WhichOneof("kind") == "invite" or kind.unused_invite:
            return client.calls.ConvertInviteToken(pb.ConvertInviteTokenRequest(token=given)).token
    except grpc.RpcError as error:
        raise CliError(f"the server does not take this token: {error.details()}") from error
    if kind.WhichOneof("kind") == "login" or kind.unused_login:
        return given
    raise CliError(
        f"this is a {kind.WhichOneof('kind') or 'strange'} token, nobody can log in with it",
        do="Use a login token or an invite.",
    )


def _by_provider(session: Session, client: Client) -> str:
    from wp_cli.browser_login import Callback, open_browser

    method = _method(session, client)
    with Callback() as callback:
        request = pb.GetOIDCAuthURLRequest(auth_method=method, redirect_uri=callback.uri, nonce=callback.nonce)
        url = client.calls.GetOIDCAuthURL(request).url
        callback.expect(url)
        session.screen.note(f"Log in here: {url}")
        if not session[NO_BROWSER]:
            open_browser(url)
        code, state = callback.wait()
        completion = pb.CompleteOIDCAuthRequest(
            auth_method=method, redirect_uri=callback.uri, state=state, nonce=callback.nonce, code=code
        )  # fmt: skip
        return client.calls.CompleteOIDCAuth(completion).token


def _method(session: Session, client: Client) -> pb.Ref.AuthMethod:
    names = [one.name for one in client.calls.ListOIDCAuthMethods(Empty()).auth_methods]
    wanted = session[METHOD].lower()
    if not names:
        raise CliError("this server has no auth method", do="Log in with a token: `waypoint login -token=-`.")
    if wanted and wanted not in names:
        raise CliError(f"this server has no auth method {wanted!r}", do=f"It has: {', '.join(names)}.")
    if not wanted and len(names) > 1:
        raise CliError(f"this server has several auth methods: {', '.join(names)}", do="Choose one with -auth-method.")
    return pb.Ref.AuthMethod(name=wanted or names[0])


def _context_of(session: Session, endpoint: Endpoint) -> str:
    default = session.contexts.default_name()
    if default in session.contexts.names() and with_port(session.contexts.load(default).server.address) == (
        endpoint.address
    ):
        return default
    return f"login_{int(time.time())}"


LOGIN = Command(
    "login", login,
    """
    Logs in to a server and stores the login in a context, which becomes the default. Without an address the server in
    use is meant. Without -token you log in with a browser, at one of the server's auth methods.

      waypoint login waypoint.example.com
      waypoint login -token=- waypoint.example.com < token
      waypoint login -from-kubernetes -from-kubernetes-namespace=waypoint
    """,
    flags=(
        METHOD, TOKEN, CONTEXT_CREATE, NO_BROWSER, FROM_KUBERNETES, KUBERNETES_SERVICE, KUBERNETES_SECRET,
        KUBERNETES_NAMESPACE,
    ),
    arguments="[ADDRESS]", words=(0, 1),
)  # fmt: skip
LOGOUT = Command(
    "logout", logout,
    "Ends the login of a context, the default one if none is named: the token is void, and this machine forgets it.",
    arguments="[CONTEXT]", words=(0, 1), connection=False,
)  # fmt: skip
