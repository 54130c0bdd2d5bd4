"""`waypoint server install`, `upgrade`, `uninstall`: a server with a runner on a platform (CLI specification 4.26)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.commands.runner_install import IMAGE, NAME_PREFIX, PLATFORMS, container_of, docker_only
from wp_cli.context import Context, Server
from wp_cli.endpoint import Endpoint, Trust, host_and_port
from wp_cli.errors import EXIT_OK, CliError
from wp_cli.flags import BOOL, STRING, UINT, Enum1, Flag
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.connect import Client
    from wp_cli.install.docker import ContainerSpec
    from wp_cli.session import Session
    from wp_plugins.docker.engine import Engine

RUNNER_ID = "static"
PROFILE = "docker-bootstrap-profile"
SNAPSHOT_NAME_DEFAULT = "waypoint-server-snapshot"

PLATFORM = Flag("platform", Enum1(*PLATFORMS), "", "Where to install. Needed; this command line knows docker.")
PRESENT_PLATFORM = Flag("platform", Enum1(*PLATFORMS), "", "Where it stands. The default is what the context says.")
ACCEPT_TOS = Flag("accept-tos", BOOL, False, "Accepted for old command lines; no hosted service is used.")
CONTEXT_CREATE = Flag(
    "context-create", STRING, "", "Name of the context to store. The default is install-<time>.",
)  # fmt: skip
CONTEXT_SET_DEFAULT = Flag("context-set-default", BOOL, True, "Make the stored context the default.")
WITH_RUNNER = Flag("runner", BOOL, True, "Install a runner, too.", hidden=True)
SERVER_IMAGE = Flag("docker-server-image", STRING, IMAGE, "Image of server and runner.")
ODR_IMAGE = Flag("docker-odr-image", STRING, "", "Image of runners for single jobs. The default is the server's.")
SOCKET = Flag(
    "docker-runner-socket-path", STRING, "/var/run/docker.sock", "Socket of the engine the runner works with."
)
NAME = Flag("docker-name", STRING, NAME_PREFIX, "What names of containers and volumes begin with.")
LISTEN = Flag("docker-listen-address", STRING, "127.0.0.1", "Address of this machine at which the server is reached.")
GRPC_PORT = Flag("docker-grpc-port", UINT, 9701, "Port of the API on this machine; 0 for a free one.")
HTTP_PORT = Flag("docker-http-port", UINT, 9702, "Port of HTTP on this machine; 0 for a free one.")
CONTEXT_NAME = Flag("context-name", STRING, "", "Context of the server. The default is the one in use.")
SNAPSHOT = Flag("snapshot", BOOL, True, "Take a snapshot of the server first.")
SNAPSHOT_NAME = Flag(
    "snapshot-name", STRING, SNAPSHOT_NAME_DEFAULT, "File of the snapshot. The default gets the time at its end.",
)  # fmt: skip
DELETE_CONTEXT = Flag("delete-context", BOOL, True, "Delete the context, too.")
IGNORE_RUNNER_ERROR = Flag("ignore-runner-error", BOOL, False, "Go on when the runner cannot be removed.")


def install(session: Session) -> int:
    """Start the server, get its first token, store the connection, and start a runner."""
    from wp_cli.install import docker, waiting

    if not session[PLATFORM]:
        raise CliError("on which platform?", do="Give -platform=docker.")
    docker_only(session[PLATFORM])
    name = f"{session[NAME]}-server"
    with docker.engine_here() as engine:
        spec = docker.found(engine, name)
        if spec is None:
            docker.have_image(engine, session[SERVER_IMAGE], session.screen.note)
            spec = _server(session, name)
            session.screen.note(f"Starting the server in container {name}...")
            docker.run(engine, spec)
        else:
            session.screen.note(f"The container {name} is there already; starting it...")
            docker.start(engine, name)
        grpc_address, http_address = addresses(engine, name)
        endpoint = Endpoint(grpc_address, True, Trust(anything=True), source="the installation", platform="docker")
        waiting.server(endpoint, lambda: docker.check_running(engine, name)).close()
        token = _token(session, endpoint)
        context = session[CONTEXT_CREATE] or f"install-{int(time.time())}"
        session.contexts.save(context, Context(_connection(grpc_address, token)))
        if session[CONTEXT_SET_DEFAULT]:
            session.contexts.set_default(context)
        client = connected(grpc_address, token)
        try:
            advertised = pb.ServerConfig.AdvertiseAddr(addr=f"{name}:9701", tls=True, tls_skip_verify=True)
            config = pb.ServerConfig(advertise_addrs=[advertised], platform="docker")
            client.calls.SetServerConfig(pb.SetServerConfigRequest(config=config))
            if session[WITH_RUNNER]:
                install_runner(session, engine, client, spec.image, advertised)
        finally:
            client.close()
    if session[shared.JSON]:
        session.screen.json({
            "context": context, "container": name, "grpc_address": grpc_address, "http_address": http_address,
            "advertise_address": advertised.addr, "runner": RUNNER_ID if session[WITH_RUNNER] else None,
        })  # fmt: skip
        return EXIT_OK
    session.screen.result("Waypoint server successfully installed and configured!", "success")
    session.screen.named_values([
        ("Context", context), ("Address", grpc_address), ("HTTP Address", f"https://{http_address}"),
        ("Advertise Address", advertised.addr),
    ])  # fmt: skip
    return EXIT_OK


def _server(session: Session, name: str) -> ContainerSpec:
    from wp_cli.install import docker

    listen = session[LISTEN]
    command = (
        "server", "run", "-accept-tos", "-vv", f"-db={docker.DATA_FOLDER}/data.db",
        f"-listen-grpc=0.0.0.0:{docker.SERVER_PORT}", f"-listen-http=0.0.0.0:{docker.HTTP_PORT}", *session.words,
    )  # fmt: skip
    return docker.ContainerSpec(
        name=name, image=session[SERVER_IMAGE], command=command, labels={docker.TYPE_LABEL: "server"},
        binds=(f"{name}:{docker.DATA_FOLDER}",),
        ports={docker.SERVER_PORT: (listen, session[GRPC_PORT]), docker.HTTP_PORT: (listen, session[HTTP_PORT])},
    )  # fmt: skip


def addresses(engine: Engine, name: str) -> tuple[str, str]:
    """Where this machine reaches the server in the container: API and HTTP."""
    from wp_cli.install import docker

    spec = docker.found(engine, name)
    assert spec is not None, "it was started just now"
    places = []
    for port in (docker.SERVER_PORT, docker.HTTP_PORT):
        address, published = spec.ports[port]
        host = engine.published_host if address in {"", "0.0.0.0", "::"} else address  # noqa: S104  # compared only
        places.append(f"[{host}]:{published}" if ":" in host else f"{host}:{published}")
    return places[0], places[1]


def _connection(address: str, token: str) -> Server:
    return Server(
        address=address, tls=True, tls_skip_verify=True, require_auth=True, auth_token=token, platform="docker"
    )


def connected(address: str, token: str) -> Client:
    """Connect to the server of an installation."""
    from wp_cli.connect import connect

    return connect(Endpoint(address, True, Trust(anything=True), token, "the installation", "the installation"))


def _token(session: Session, endpoint: Endpoint) -> str:
    """First token of a new server; of one that was bootstrapped before, the one in a context of its address."""
    import grpc
    from google.protobuf.empty_pb2 import Empty

    from wp_cli.connect import code_of, connect

    client = connect(endpoint)
    try:
        return client.calls.BootstrapToken(Empty()).token
    except grpc.RpcError as error:
        if code_of(error) is not grpc.StatusCode.PERMISSION_DENIED:
            raise
    finally:
        client.close()
    for name in session.contexts.names():
        server = session.contexts.load(name).server
        if server.address == endpoint.address and server.auth_token:
            return server.auth_token
    raise CliError(
        f"the server at {endpoint.address} was set up before, and no context here has a token for it",
        do="Store the connection with `waypoint context create`, or remove the container and its volume.",
    )


def install_runner(
    session: Session, engine: Engine, client: Client, image: str, address: pb.ServerConfig.AdvertiseAddr
) -> None:
    """Start the static runner, or renew it with another image, and the profile that goes with it."""
    from google.protobuf.empty_pb2 import Empty

    from wp_cli.install import runners

    runner = runners.Runner(
        id=RUNNER_ID, container=container_of(session[NAME], RUNNER_ID), image=image, address=address,
        cookie=client.calls.GetServerConfig(Empty()).config.cookie, socket=session[SOCKET],
    )  # fmt: skip
    runners.install(engine, client, runner, session.screen.note)
    runners.set_profile(client, PROFILE, session[ODR_IMAGE] or image, {}, RUNNER_ID)


def installed(session: Session, name: str) -> Context:
    """Return the context of an installed server. CliError if it is of another platform than -platform says."""
    if not name:
        raise CliError("no context is in use", do="Choose the server's with `waypoint context use`.")
    context = session.contexts.load(name)
    platform = session[PRESENT_PLATFORM] or context.server.platform
    if session[PRESENT_PLATFORM] and context.server.platform not in {"", "n/a", session[PRESENT_PLATFORM]}:
        raise CliError(
            f"the server of context {name!r} stands on {context.server.platform}, not on {platform}",
            do="Leave -platform away, or choose another context.",
        )
    docker_only(platform)
    return context


def _check_address(engine: Engine, container: str, context: Context, name: str) -> None:
    """Refuse to touch a container that is not the server of the context."""
    address, _ = addresses(engine, container)
    if host_and_port(address)[1] != host_and_port(context.server.address)[1]:
        raise CliError(
            f"container {container} is reached at {address}, but the server of context {name!r} at "
            f"{context.server.address}",
            do="Choose the context of this server.",
        )


def take_snapshot(session: Session, client: Client) -> None:
    """Write the state of the server into a new file beside us."""
    from google.protobuf.empty_pb2 import Empty

    from wp_cli.commands.server_snapshot import write_new

    name = session[SNAPSHOT_NAME]
    if name == SNAPSHOT_NAME_DEFAULT:
        name = f"{name}-{int(time.time())}"
    size = write_new(Path(name), (answer.chunk for answer in client.calls.CreateSnapshot(Empty()) if answer.chunk))
    session.screen.note(f"The snapshot is in {name} ({size / 1e6:.1f} MB); it holds the server's keys in clear.")


def upgrade(session: Session) -> int:
    """Put server and runner of another image in the place of the present ones."""
    from wp_cli.install import docker, waiting

    named = session[CONTEXT_NAME] or session.environ.get("WAYPOINT_CONTEXT", "")
    context_name = named or session.contexts.default_name()
    context = installed(session, context_name)
    name, image = f"{session[NAME]}-server", session[SERVER_IMAGE]
    with docker.engine_here() as engine:
        old = docker.found(engine, name)
        if old is None:
            raise CliError(f"there is no container {name} here", do="Install it with `waypoint server install`.")
        _check_address(engine, name, context, context_name)
        question = f"This replaces the server in container {name} by one of {image}. Type yes to go ahead:"
        if not session[shared.AUTO_APPROVE] and not session.screen.confirm(question, instead="-auto-approve"):
            session.screen.warn("Nothing was changed.")
            return EXIT_OK
        client = connected(context.server.address, context.server.auth_token)
        before = client.server_version
        try:
            if session[SNAPSHOT]:
                take_snapshot(session, client)
        finally:
            client.close()
        docker.have_image(engine, image, session.screen.note)
        session.screen.note(f"Starting the server of {image}...")
        endpoint = Endpoint(context.server.address, True, Trust(anything=True), source="the installation")

        def answers() -> None:
            waiting.server(endpoint, lambda: docker.check_running(engine, name)).close()

        try:
            with docker.replaced(engine, old, image):
                answers()
                client = connected(context.server.address, context.server.auth_token)
        except CliError as problem:
            answers()
            raise CliError(
                f"the server of {image} does not work: {problem.message}", details=problem.details,
                do="The server of before runs again.",
            ) from problem  # fmt: skip
        try:
            from google.protobuf.empty_pb2 import Empty

            if docker.found(engine, container_of(session[NAME], RUNNER_ID)) is not None:
                address = client.calls.GetServerConfig(Empty()).config.advertise_addrs[0]
                install_runner(session, engine, client, image, address)
            after = client.server_version
        finally:
            client.close()
    session.screen.result(f"Waypoint server upgraded from {before} ({old.image}) to {after} ({image}).", "success")
    return EXIT_OK


def uninstall(session: Session) -> int:
    """Remove runner and server with everything that they stored, after asking."""
    from wp_cli.install import docker, runners

    context_name = session[shared.CONTEXT] or session.contexts.default_name()
    context = installed(session, context_name)
    name = f"{session[NAME]}-server"
    question = (
        f"This removes the server in container {name} with all of its data, and its runner. What it deployed stays. "
        "Type yes to go ahead:"
    )
    with docker.engine_here() as engine:
        if docker.found(engine, name) is None:
            raise CliError(f"there is no container {name} here", do="Name it by -docker-name.")
        _check_address(engine, name, context, context_name)
        if not session[shared.AUTO_APPROVE] and not session.screen.confirm(question, instead="-auto-approve"):
            session.screen.warn("Nothing was removed.")
            return EXIT_OK
        if session[SNAPSHOT]:
            client = connected(context.server.address, context.server.auth_token)
            try:
                take_snapshot(session, client)
            finally:
                client.close()
        runner = container_of(session[NAME], RUNNER_ID)
        try:
            runners.remove(engine, runner)
        except Exception as error:
            if not session[IGNORE_RUNNER_ERROR]:
                raise
            session.screen.warn(f"The runner in container {runner} is not removed: {error}")
        docker.remove(engine, name)
        docker.remove_volume(engine, name)
    if session[DELETE_CONTEXT]:
        session.contexts.delete(context_name)
    session.screen.result("Waypoint server is uninstalled.", "success")
    return EXIT_OK


INSTALL = Command(
    "server install", install,
    """
    Installs a server and a runner as containers of the Docker engine, gets the first token, and stores the connection
    in a context. What stands after `--` goes to `waypoint server run`. A server that is there already is started.

      waypoint server install -platform=docker
    """,
    flags=(
        PLATFORM, ACCEPT_TOS, CONTEXT_CREATE, CONTEXT_SET_DEFAULT, WITH_RUNNER, SERVER_IMAGE, ODR_IMAGE, SOCKET, NAME,
        LISTEN, GRPC_PORT, HTTP_PORT, shared.JSON,
    ),
    arguments="[-- SERVER-RUN-FLAGS]", words=(0, None), connection=False,
)  # fmt: skip
UPGRADE = Command(
    "server upgrade", upgrade,
    """
    Replaces server and runner of an installation by those of another image. Data, address and orders stay; if the new
    server does not answer, the old one is started again. A snapshot is taken before.

      waypoint server upgrade -docker-server-image=waypoint:2
    """,
    flags=(
        shared.AUTO_APPROVE, CONTEXT_NAME, PRESENT_PLATFORM, SNAPSHOT, SNAPSHOT_NAME, SERVER_IMAGE, ODR_IMAGE, SOCKET,
        NAME,
    ),
    connection=False,
)  # fmt: skip
UNINSTALL = Command(
    "server uninstall", uninstall,
    "Removes an installed server with all of its data, and its runner, after a snapshot. What was deployed stays and "
    "runs on.",
    flags=(
        shared.AUTO_APPROVE, PRESENT_PLATFORM, SNAPSHOT, SNAPSHOT_NAME, DELETE_CONTEXT, IGNORE_RUNNER_ERROR, NAME,
    ),
)  # fmt: skip
