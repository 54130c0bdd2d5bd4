"""`waypoint runner install` and `uninstall`: a standing runner on a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.endpoint import with_port
from wp_cli.errors import EXIT_OK, CliError, UsageProblem
from wp_cli.flags import BOOL, STRING, Enum1, Flag
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.connect import Client
    from wp_cli.session import Session

PLATFORMS = ("docker", "kubernetes", "nomad", "ecs")
IMAGE = "waypoint:latest"
NAME_PREFIX = "waypoint"

PLATFORM = Flag("platform", Enum1(*PLATFORMS), "", "Where it stands. The default is the platform of the server.")
RUNNER_ADDR = Flag(
    "server-addr", STRING, "",
    "Where the runner reaches the server (host:port). The default is what the server advertises.", env="WAYPOINT_ADDR",
)  # fmt: skip
RUNNER_TLS = Flag("server-tls", BOOL, True, "The runner uses TLS to -server-addr.")
RUNNER_SKIP_VERIFY = Flag("server-tls-skip-verify", BOOL, False, "The runner accepts any certificate there.")
REQUIRE_AUTH = Flag("server-require-auth", BOOL, True, "Accepted for old command lines; a server always wants a token.")
ID = Flag("id", STRING, "", "Id of the runner. The default is a new one; a known one keeps its adoption.")
SKIP_ADOPT = Flag("skip-adopt", BOOL, False, "Only start it; `waypoint runner adopt` lets it work later.")
ODR_IMAGE = Flag("odr-image", STRING, "", "Image of runners for single jobs. The default is that of the runner.")
DOCKER_IMAGE = Flag("docker-runner-image", STRING, IMAGE, "Image of the runner.")
DOCKER_NETWORK = Flag("docker-runner-network", STRING, "", "Network to join instead of Waypoint's own.")
DOCKER_SOCKET = Flag(
    "docker-socket-path", STRING, "/var/run/docker.sock", "Socket of the engine the runner works with."
)
NAME = Flag("docker-name", STRING, NAME_PREFIX, "What names of containers and volumes begin with.")


def docker_only(platform: str) -> None:
    """Refuse platforms that this command line cannot install on."""
    if platform != "docker":
        raise CliError(
            f"this command line installs on docker, not on {platform or 'a platform that is not named'}",
            do="Give -platform=docker, or start the image there by the means of the platform.",
        )


def container_of(prefix: str, runner_id: str) -> str:
    """Name of a runner's container and volume."""
    return f"{prefix}-{runner_id}-runner".lower()


def profile_of(runner_id: str) -> str:
    """Name of the profile that goes with a runner."""
    return f"docker-{runner_id}".lower()


def install(session: Session) -> int:
    """Start the runner, adopt it, and make the profile that launches with it."""
    from google.protobuf.empty_pb2 import Empty

    from wp_cli.install import docker, runners
    from wp_sdk.ids import new_id

    labels = labels_in(session.words)
    client = session.client()
    config = client.calls.GetServerConfig(Empty()).config
    docker_only(session[PLATFORM] or config.platform)
    runner_id = session[ID] or new_id()
    runner = runners.Runner(
        id=runner_id, container=container_of(session[NAME], runner_id), image=session[DOCKER_IMAGE],
        address=_address(session, config), cookie=config.cookie, arguments=tuple(session.words),
        socket=session[DOCKER_SOCKET], network=session[DOCKER_NETWORK],
    )  # fmt: skip
    adopt = not session[SKIP_ADOPT]
    with docker.engine_here() as engine:
        runners.install(engine, client, runner, session.screen.note, adopt=adopt)
    if adopt:
        image = session[ODR_IMAGE] or runner.image
        runners.set_profile(client, profile_of(runner_id), image, labels, runner_id)
    if session[shared.JSON]:
        profile = profile_of(runner_id) if adopt else ""
        session.screen.json({"id": runner_id, "container": runner.container, "adopted": adopt, "profile": profile})
    elif adopt:
        session.screen.result(f"Runner {runner_id!r} works, in container {runner.container}.", "success")
    else:
        session.screen.result(f"Runner {runner_id!r} is started, in container {runner.container}.", "success")
        session.screen.note(f"Let it work with `waypoint runner adopt {runner_id}`.")
    return EXIT_OK


def _address(session: Session, config: pb.ServerConfig) -> pb.ServerConfig.AdvertiseAddr:
    if session[RUNNER_ADDR]:
        return pb.ServerConfig.AdvertiseAddr(
            addr=with_port(session[RUNNER_ADDR]), tls=session[RUNNER_TLS], tls_skip_verify=session[RUNNER_SKIP_VERIFY]
        )
    if config.advertise_addrs and config.advertise_addrs[0].addr:
        return config.advertise_addrs[0]
    raise CliError(
        "the server advertises no address",
        do="Say with -server-addr=host:port where the runner reaches it, or `waypoint server config-set` it.",
    )


def labels_in(words: list[str]) -> dict[str, str]:
    """Return the labels among the flags of the agent. UsageProblem for flags it does not have."""
    from wp_cli.commands.runner_agent import AGENT, LABEL

    found = AGENT.parse(words).values[LABEL.key]
    assert isinstance(found, dict)
    return found


def uninstall(session: Session) -> int:
    """Remove the runner, what the server knows of it, and its profile."""
    from wp_cli.install import docker, runners

    if not session[ID]:
        raise UsageProblem("which runner? Give its -id", command=session.command)
    docker_only(session[PLATFORM])
    runner_id = session[ID]
    client = session.client()
    with docker.engine_here() as engine:
        gone = runners.remove(engine, container_of(session[NAME], runner_id))
    forgotten = forget(client, runner_id)
    runners.delete_profile(client, profile_of(runner_id))
    if not gone and not forgotten:
        raise CliError(f"there is no runner {runner_id!r} here, and the server knows none of this id")
    session.screen.result(f"Runner {runner_id!r} is gone.", "success")
    return EXIT_OK


def forget(client: Client, runner_id: str) -> bool:
    """Have the server forget a runner; returns whether it knew it."""
    import grpc

    from wp_cli.connect import code_of

    try:
        client.calls.ForgetRunner(pb.ForgetRunnerRequest(runner_id=runner_id))
    except grpc.RpcError as error:
        if code_of(error) is not grpc.StatusCode.NOT_FOUND:
            raise
        return False
    return True


INSTALL = Command(
    "runner install", install,
    """
    Starts a standing runner as a container, adopts it, and makes a profile with which it launches runners for single
    jobs. The profile is the default one if there is none. What stands after `--` goes to `waypoint runner agent`. For
    a runner that is there already the container is replaced, with another image if wanted; its adoption stays.

      waypoint runner install -platform=docker -id=berlin -- -label=site=berlin -concurrency=4
    """,
    flags=(
        PLATFORM, RUNNER_ADDR, RUNNER_TLS, RUNNER_SKIP_VERIFY, REQUIRE_AUTH, ID, SKIP_ADOPT, ODR_IMAGE, DOCKER_IMAGE,
        DOCKER_NETWORK, DOCKER_SOCKET, NAME, shared.JSON,
    ),
    arguments="[-- AGENT-FLAGS]", words=(0, None), connection=False,
)  # fmt: skip
UNINSTALL = Command(
    "runner uninstall", uninstall,
    "Removes a runner that `runner install` started: its container with what it stored, what the server knows of it, "
    "and its profile.",
    flags=(PLATFORM, RUNNER_ADDR, ID, NAME), connection=False,
)  # fmt: skip
