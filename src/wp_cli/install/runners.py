"""A runner in a container: how it finds the server, how it comes by its token, and the profile that goes with it.

It gets the server's cookie and a volume, not a token: it asks to be adopted, and what it is given then stays on the
volume. So a new image keeps the adoption, and no token stands in the description of a container.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wp_cli.errors import CliError
from wp_cli.install import docker, waiting
from wp_plugins.docker.container_plan import reachable_from_container
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wp_cli.connect import Client
    from wp_plugins.docker.engine import Engine

TYPE = "runner"
SOCKET = "/var/run/docker.sock"
STATE_FOLDER = f"{docker.DATA_FOLDER}/runner"


@dataclass(frozen=True)
class Runner:
    """A runner to install. `address` is where it reaches the server; `arguments` are further flags of the agent."""

    id: str
    container: str
    image: str
    address: pb.ServerConfig.AdvertiseAddr
    cookie: str
    arguments: tuple[str, ...] = ()
    socket: str = SOCKET
    network: str = ""

    def spec(self) -> docker.ContainerSpec:
        """Return its container."""
        return docker.ContainerSpec(
            name=self.container,
            image=self.image,
            command=("runner", "agent", f"-id={self.id}", f"-state-dir={STATE_FOLDER}", "-vv", *self.arguments),
            labels={docker.TYPE_LABEL: TYPE, "waypoint-runner-id": self.id},
            binds=(f"{self.container}:{docker.DATA_FOLDER}", f"{self.socket}:{SOCKET}"),
            environment={
                "WAYPOINT_SERVER_ADDR": reachable_from_container(self.address.addr),
                "WAYPOINT_SERVER_TLS": str(self.address.tls).lower(),
                "WAYPOINT_SERVER_TLS_SKIP_VERIFY": str(self.address.tls_skip_verify).lower(),
                "WAYPOINT_SERVER_COOKIE": self.cookie,
            },
            network=self.network,
        )


def install(
    engine: Engine, client: Client, runner: Runner, say: Callable[[str], None], *, adopt: bool = True
) -> None:  # fmt: skip
    """Start the runner, in place of a container of that name, and adopt it.

    CliError with the runner's last words if it does not come to the server.
    """
    docker.have_image(engine, runner.image, say)
    docker.remove(engine, runner.container)
    docker.run(engine, runner.spec())
    if not adopt:
        return
    try:
        waiting.adopted_runner(client, runner.id, say, lambda: docker.check_running(engine, runner.container))
    except CliError as problem:
        said = problem.details or docker.last_words(engine, runner.container)
        raise CliError(problem.message, do=problem.do, details=said) from problem


def remove(engine: Engine, container: str) -> bool:
    """Remove container and volume of a runner; returns whether there was a container."""
    gone = docker.remove(engine, container)
    docker.remove_volume(engine, container)
    return gone


def set_profile(client: Client, name: str, image: str, target: Mapping[str, str], runner_id: str) -> None:
    """Make or renew the profile that launches with this runner; it is the default only if there is none."""
    from google.protobuf.empty_pb2 import Empty

    known = client.calls.ListOnDemandRunnerConfigs(Empty()).configs
    profile = next((one for one in known if one.name.lower() == name.lower()), None)
    if profile is None:
        profile = pb.OnDemandRunnerConfig(name=name, default=not any(one.default for one in known))
    profile.oci_url, profile.plugin_type = image, docker.PLATFORM
    if target:
        profile.target_runner.labels.labels.clear()
        profile.target_runner.labels.labels.update(target)
    else:
        profile.target_runner.id.id = runner_id
    client.calls.UpsertOnDemandRunnerConfig(pb.UpsertOnDemandRunnerConfigRequest(config=profile))


def delete_profile(client: Client, name: str) -> None:
    """Delete a profile by name; one that is gone already is fine."""
    from google.protobuf.empty_pb2 import Empty

    for one in client.calls.ListOnDemandRunnerConfigs(Empty()).configs:
        if one.name.lower() == name.lower():
            ref = pb.Ref.OnDemandRunnerConfig(id=one.id)
            client.calls.DeleteOnDemandRunnerConfig(pb.DeleteOnDemandRunnerConfigRequest(config=ref))
