"""`waypoint server`: run one in the foreground, get its first token, look at and stop the embedded one."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wp_cli import local
from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.context import Context
from wp_cli.endpoint import server_of
from wp_cli.errors import EXIT_ERROR, EXIT_OK, CliError, UsageProblem
from wp_cli.flags import BOOL, STRING, Flag

if TYPE_CHECKING:
    from wp_cli.session import Session

GENERATED_CONTEXT = "bootstrap-timestamp"

RUN_FLAGS: tuple[Flag[Any], ...] = (
    Flag("config", STRING, "", "TOML file with one key for each of these flags; flags and variables win over it."),
    Flag("db", STRING, "", "File to keep the state in, or postgresql://USER@HOST/NAME. The default is ./data.db."),
    Flag("data-dir", STRING, "", "Folder for the certificate. The default is that of the state file."),
    Flag("listen-grpc", STRING, "127.0.0.1:9701", "Address of the gRPC API; always TLS."),
    Flag("listen-http", STRING, "127.0.0.1:9702", "Address of the UI and the HTTP API; always TLS."),
    Flag("listen-http-insecure", STRING, "", "Address of plain HTTP that redirects to TLS."),
    Flag("listen-peer", STRING, "127.0.0.1:0", "Address for the other servers on the same PostgreSQL database."),
    Flag("advertise-peer", STRING, "", "Address that those servers are told. The default is that of -listen-peer."),
    Flag("listen-metrics", STRING, "", "Address of Prometheus metrics, plain HTTP without token; empty for none."),
    Flag("tls-cert-file", STRING, "", "PEM file with the certificate chain. Without one the server makes its own."),
    Flag("tls-key-file", STRING, "", "PEM file with the key."),
    Flag("disable-ui", BOOL, False, "Do not serve the UI."),
    Flag("url-enabled", BOOL, True, "Run the URL service."),
    Flag("url-api-addr", STRING, "api.waypoint.run:443", "Address of the URL service's API."),
    Flag("url-api-insecure", BOOL, False, "Do not use TLS to the URL service's API."),
    Flag("url-control-addr", STRING, "https://control.hzn.network", "Address of the URL service's control plane."),
    Flag("url-control-token", STRING, "", "Token for the control plane; empty for a guest account."),
    Flag("url-auto-app-hostname", BOOL, True, "Give every app a hostname."),
    Flag("url-inmem", BOOL, False, "Run a URL service in this process.", hidden=True),
    Flag("advertise-addr", STRING, "", "Address that entrypoints connect to."),
    Flag("advertise-tls", BOOL, True, "Entrypoints use TLS."),
    Flag("advertise-tls-skip-verify", BOOL, False, "Entrypoints do not verify the certificate."),
    Flag("read-sources", BOOL, True, "Read dynamic configuration for entrypoints, where that can be done here."),
    Flag("accept-tos", BOOL, False, "Accept the terms of service of the public URL service."),
    Flag("telemetry-oc-agent-addr", STRING, "", "Address of an OpenCensus agent."),
    Flag("telemetry-oc-agent-insecure", BOOL, False, "Do not use TLS to it."),
    Flag("telemetry-dd-trace-addr", STRING, "", "Address of a Datadog agent."),
    Flag("telemetry-oc-zpages-addr", STRING, "", "Address for zPages."),
    Flag("keep-records-for", STRING, "2160h", "How long what is finished is kept; 0 for ever."),
    Flag("keep-audit-for", STRING, "8760h", "How long the audit is kept; 0 for ever."),
    Flag("restore-run-queued", BOOL, False, "Run the queued jobs of a restored snapshot, however old they are."),
    Flag("local", BOOL, False, "Run as the embedded server of a command line.", hidden=True),
)

CONTEXT_CREATE = Flag(
    "context-create", STRING, GENERATED_CONTEXT,
    "Store the connection in a context of this name; empty for none. The default makes a name from the time.",
)  # fmt: skip
CONTEXT_SET_DEFAULT = Flag("context-set-default", BOOL, True, "Make the stored context the default.")


ADVERTISE_ADDR = Flag("advertise-addr", STRING, "", "Address (host:port) to connect to; empty for no entrypoints.")
ADVERTISE_TLS = Flag("advertise-tls", BOOL, True, "It speaks TLS.")
ADVERTISE_SKIP_VERIFY = Flag("advertise-tls-skip-verify", BOOL, False, "Its certificate is not verified.")
ADVERTISED: tuple[Flag[Any], ...] = (ADVERTISE_ADDR, ADVERTISE_TLS, ADVERTISE_SKIP_VERIFY)


def run(session: Session) -> int:
    """Run the server in the foreground: the same code as the program `waypoint-server`."""
    from wp_server.__main__ import run as run_server

    args = []
    for flag in RUN_FLAGS:
        if session.given(flag):
            value = session[flag]
            args.append(f"-{flag.name}={str(value).lower() if isinstance(value, bool) else value}")
    return run_server(args)


def status(session: Session) -> int:
    """Show the embedded server; exit code 1 if it does not run."""
    place = local.folder()
    found = local.running(place)
    if session[shared.JSON]:
        address = {"grpc_address": found.grpc, "http_address": found.http} if found else {}
        facts = {"running": found is not None, "data": str(place), "pid": found.pid if found else None}
        session.screen.json(facts | address)
    elif found:
        session.screen.named_values([
            ("Status", "running"), ("Process", str(found.pid)), ("Since", since(found.started)),
            ("Version", found.version), ("gRPC Address", found.grpc), ("HTTP Address", found.http),
            ("Address For Containers", found.gateway), ("Data", str(place)),
        ])  # fmt: skip
    else:
        ever = "not running; the next command that needs it starts it" if local.exists(place) else "never started"
        session.screen.named_values([("Status", ever), ("Data", str(place))])
    return EXIT_OK if found else EXIT_ERROR


def since(started: str) -> str:
    """Return a start time with its age."""
    from wp_cli.render.text import age

    try:
        then = datetime.fromisoformat(started.replace("Z", "+00:00"))
    except ValueError:
        return started
    return f"{started} ({age((datetime.now(UTC) - then).total_seconds())})"


def stop(session: Session) -> int:
    """Stop the embedded server; that it does not run is no error."""
    stopped = local.stop(local.folder())
    if stopped:
        session.screen.result("The embedded server has stopped; its data stays.", "success")
    else:
        session.screen.note("The embedded server does not run.")
    return EXIT_OK


def bootstrap(session: Session) -> int:
    """Print the first token of a new server and store the connection."""
    from google.protobuf.empty_pb2 import Empty

    endpoint = session.configured_endpoint()
    if endpoint is None:
        raise CliError("which server?", do="Give its address with -server-addr=host:port.")
    token = session.client().calls.BootstrapToken(Empty()).token
    session.screen.data(token.encode() + b"\n")
    name = session[CONTEXT_CREATE]
    if name == GENERATED_CONTEXT:
        name = f"bootstrap-{int(time.time())}"
    if name:
        session.contexts.save(name, Context(server_of(endpoint, token)))
        if session[CONTEXT_SET_DEFAULT]:
            session.contexts.set_default(name)
        session.screen.note(f"The connection is stored in context {name!r}.")
    return EXIT_OK


def config_set(session: Session) -> int:
    """Set what the server advertises; only what the flags name changes."""
    from google.protobuf.empty_pb2 import Empty

    from wp_cli.endpoint import with_port
    from wp_proto.waypoint import api as pb

    if not any(session.given(flag) for flag in ADVERTISED):
        raise UsageProblem(
            "give -advertise-addr, -advertise-tls or -advertise-tls-skip-verify", command=session.command
        )
    client = session.client()
    config = client.calls.GetServerConfig(Empty()).config
    if not config.advertise_addrs:
        config.advertise_addrs.add(tls=True)
    advertised = config.advertise_addrs[0]
    if session.given(ADVERTISE_ADDR):
        advertised.addr = with_port(session[ADVERTISE_ADDR]) if session[ADVERTISE_ADDR] else ""
    if session.given(ADVERTISE_TLS):
        advertised.tls = session[ADVERTISE_TLS]
    if session.given(ADVERTISE_SKIP_VERIFY):
        advertised.tls_skip_verify = session[ADVERTISE_SKIP_VERIFY]
    client.calls.SetServerConfig(pb.SetServerConfigRequest(config=config))
    if session[shared.JSON]:
        session.screen.json({
            "advertise_addr": advertised.addr, "advertise_tls": advertised.tls,
            "advertise_tls_skip_verify": advertised.tls_skip_verify, "platform": config.platform,
        })  # fmt: skip
    elif advertised.addr:
        session.screen.result(f"The server advertises {advertised.addr}.", "success")
    else:
        session.screen.result("The server advertises no address: what is deployed gets no entrypoint.", "success")
    return EXIT_OK


def cookie(session: Session) -> int:
    """Print the server's cookie, with which runners may ask for adoption."""
    from google.protobuf.empty_pb2 import Empty

    config = session.client().calls.GetServerConfig(Empty()).config
    session.screen.data(config.cookie.encode() + b"\n")
    return EXIT_OK


RUN = Command(
    "server run", run,
    "Runs the server in the foreground until it is interrupted. `waypoint-server run` is the same.",
    flags=RUN_FLAGS, connection=False, logs_itself=True,
)  # fmt: skip
STATUS = Command(
    "server status", status,
    "Shows the server that this command line runs in the background while no other server is configured. "
    "The exit code is 1 if it does not run.",
    flags=(shared.JSON,), connection=False,
)  # fmt: skip
STOP = Command(
    "server stop", stop,
    "Stops the server that this command line runs in the background. Its data stays; the next command that needs it "
    "starts it again. Deployed apps keep running.",
    connection=False,
)  # fmt: skip
BOOTSTRAP = Command(
    "server bootstrap", bootstrap,
    """
    Gets the first token of a new server and prints it. This works once per server. The connection is stored in a
    context.

      waypoint server bootstrap -server-addr=127.0.0.1:9701 -server-tls-skip-verify
    """,
    flags=(CONTEXT_CREATE, CONTEXT_SET_DEFAULT),
)  # fmt: skip
CONFIG_SET = Command(
    "server config-set", config_set,
    "Sets the address at which deployed apps and runners reach the server. What no flag names stays. Apps that run "
    "keep what they were deployed with.",
    flags=(*ADVERTISED, shared.JSON),
)  # fmt: skip
COOKIE = Command(
    "server cookie", cookie,
    "Prints the server's cookie. A runner that has it may ask for adoption; it opens nothing else.",
)  # fmt: skip
