"""`waypoint context`: these commands work on files only, and also when the default context is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.context import Context, Server
from wp_cli.endpoint import with_port
from wp_cli.errors import EXIT_OK, CliError
from wp_cli.flags import BOOL, STRING, Flag

if TYPE_CHECKING:
    from wp_cli.session import Session

PLATFORM_UNKNOWN = "n/a"

ADDRESS = Flag("server-addr", STRING, "", "Address of the server (host:port).")
TOKEN = Flag("server-auth-token", STRING, "", "Token to send; implies -server-require-auth.")
PLATFORM = Flag("server-platform", STRING, PLATFORM_UNKNOWN, "Platform the server runs on.")
TLS = Flag("server-tls", BOOL, True, "The server speaks TLS.")
SKIP_VERIFY = Flag("server-tls-skip-verify", BOOL, False, "Accept any certificate.")
REQUIRE_AUTH = Flag("server-require-auth", BOOL, False, "The server wants a token.")
SET_DEFAULT = Flag("set-default", BOOL, True, "Make this context the default.")
ALL = Flag("all", BOOL, False, "Delete all contexts.")
SHOW_SECRETS = Flag("show-secrets", BOOL, False, "Print tokens in clear.")


def create(session: Session) -> int:
    """Store a connection under a name."""
    name = session.words[0]
    if not session[ADDRESS]:
        raise CliError("a context needs the server's address", do="Give it with -server-addr=host:port.")
    server = Server(
        address=with_port(session[ADDRESS]), tls=session[TLS], tls_skip_verify=session[SKIP_VERIFY],
        require_auth=session[REQUIRE_AUTH] or bool(session[TOKEN]), auth_token=session[TOKEN],
        platform=session[PLATFORM],
    )  # fmt: skip
    session.contexts.save(name, Context(server, session[shared.WORKSPACE]))
    if session[SET_DEFAULT]:
        session.contexts.set_default(name)
    session.screen.result(f"Context {name!r} created.", "success")
    return EXIT_OK


def use(session: Session) -> int:
    """Make a context the default."""
    session.contexts.set_default(session.words[0])
    session.screen.result(f"Context {session.words[0]!r} is now the default.", "success")
    return EXIT_OK


def list_contexts(session: Session) -> int:
    """Show all contexts; a broken one is marked and does not stop the list."""
    store, default = session.contexts, session.contexts.default_name()
    rows, contexts = [], []
    for name in store.names():
        try:
            server = store.load(name).server
            row = (server.platform, server.address)
        except CliError as err:
            row = ("", f"(broken: {err.message})")
        rows.append(["*" if name == default else "", name, *row])
        contexts.append({"name": name, "default": name == default, "platform": row[0], "address": row[1]})
    if session[shared.JSON]:
        session.screen.json(contexts)
    elif rows:
        session.screen.table(["", "Name", "Platform", "Server Address"], rows)
    else:
        session.screen.note("There are no contexts. Create one with `waypoint context create`.")
    return EXIT_OK


def inspect(session: Session) -> int:
    """Show one context, or where contexts are kept and which is the default."""
    screen, store = session.screen, session.contexts
    if not session.words:
        if session[shared.JSON]:
            screen.json({"config_path": str(store.folder), "default_context": store.default_name()})
        else:
            screen.named_values(
                [("Config Path", str(store.folder)), ("Default Context", store.default_name() or "<none>")]
            )
        return EXIT_OK
    context = store.load(session.words[0])
    server = context.server
    token = server.auth_token if session[SHOW_SECRETS] or not server.auth_token else "<redacted>"
    if session[shared.JSON]:
        screen.json(server._asdict() | {"auth_token": token, "workspace": context.workspace})
    else:
        screen.named_values([
            ("Server Address", server.address), ("TLS", yes_no(server.tls)),
            ("TLS Skip Verify", yes_no(server.tls_skip_verify)),
            ("Require Auth", yes_no(server.require_auth)), ("Auth Token", token), ("Platform", server.platform),
            ("Workspace", context.workspace or "default"),
        ])  # fmt: skip
    return EXIT_OK


def yes_no(value: bool) -> str:
    """Return the word for a bool."""
    return "yes" if value else "no"


def rename(session: Session) -> int:
    """Rename a context."""
    old, new = session.words
    session.contexts.rename(old, new)
    session.screen.result(f"Context {old!r} is now called {new!r}.", "success")
    return EXIT_OK


def delete(session: Session) -> int:
    """Delete one context (it may be gone already), or all."""
    names = session.contexts.names() if session[ALL] else session.words
    if not names and not session[ALL]:
        raise CliError("which context?", do="Name it, or give -all.")
    for name in names:
        session.contexts.delete(name)
    session.screen.result("Context deleted." if len(names) == 1 else f"{len(names)} contexts deleted.", "success")
    return EXIT_OK


def clear(session: Session) -> int:
    """Unset the default context."""
    session.contexts.clear_default()
    session.screen.result("No context is the default now; commands use the embedded server.", "success")
    return EXIT_OK


def set_workspace(session: Session) -> int:
    """Store a default workspace in the default context."""
    workspace = session[shared.WORKSPACE]
    name = session.contexts.default_name()
    if not workspace:
        raise CliError("which workspace?", do="Give it with -workspace; -workspace=default restores the normal one.")
    if not name:
        raise CliError("no context is the default", do="Choose one with `waypoint context use`.")
    context = session.contexts.load(name)
    session.contexts.save(name, Context(context.server, "" if workspace == "default" else workspace))
    session.screen.result(f"Context {name!r} now uses workspace {workspace!r}.", "success")
    return EXIT_OK


def verify(session: Session) -> int:
    """Connect with a context and make a call that needs the token."""
    import grpc

    from wp_cli.connect import connect, explain
    from wp_cli.endpoint import Wanted, resolve
    from wp_proto.waypoint import api as pb

    name = session.words[0] if session.words else session.contexts.default_name()
    if not name:
        raise CliError("no context is the default", do="Name the context to verify.")
    endpoint = resolve(session.contexts, Wanted(context=name), {})
    assert endpoint is not None, "a named context gives an endpoint or an error"
    client = connect(endpoint)
    try:
        client.calls.ListWorkspaces(pb.ListWorkspacesRequest())
    except grpc.RpcError as err:
        raise explain(err, endpoint) from err
    finally:
        client.close()
    session.screen.result(f"Context {name!r} works: server {client.server_version} at {endpoint.address}.", "success")
    return EXIT_OK


CREATE = Command(
    "context create", create,
    """
    Stores a server connection under a name. An existing context of that name is replaced.

      waypoint context create -server-addr=example.com:9701 -server-auth-token=... prod
    """,
    flags=(ADDRESS, TOKEN, PLATFORM, TLS, SKIP_VERIFY, REQUIRE_AUTH, SET_DEFAULT),
    arguments="NAME", words=(1, 1), connection=False,
)  # fmt: skip
USE = Command("context use", use, "Makes a context the default.", arguments="NAME", words=(1, 1), connection=False)
LIST = Command(
    "context list", list_contexts, "Lists all contexts; `*` marks the default.", flags=(shared.JSON,), connection=False
)
INSPECT = Command(
    "context inspect", inspect,
    "Shows one context, or, without a name, where contexts are kept and which is the default.",
    flags=(shared.JSON, SHOW_SECRETS), arguments="[NAME]", words=(0, 1), connection=False,
)  # fmt: skip
RENAME = Command("context rename", rename, "Renames a context.", arguments="FROM TO", words=(2, 2), connection=False)
DELETE = Command(
    "context delete",
    delete,
    "Deletes a context, or all of them.",
    flags=(ALL,),
    arguments="[NAME]",
    words=(0, 1),
    connection=False,
)
CLEAR = Command(
    "context clear", clear, "Unsets the default context: commands then use the embedded server.", connection=False
)
VERIFY = Command(
    "context verify", verify, "Connects to a context's server and checks that it accepts the token.",
    arguments="[NAME]", words=(0, 1), connection=False,
)  # fmt: skip
SET = Command(
    "context set", set_workspace, "Stores a default workspace (-workspace) in the default context.", connection=False
)
