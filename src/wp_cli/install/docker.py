"""Server and runners as containers of a Docker engine (CLI specification 4.26).

Everything is found again by its name. State is on a volume of the container's own name, so that a container can be
replaced by one of a newer image; what the old one was told is read from the engine, not remembered anywhere.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import docker.errors

from wp_cli.errors import CliError
from wp_plugins.docker import credentials, images, networks
from wp_plugins.docker.container_plan import HOST_GATEWAY, HOST_NAME
from wp_plugins.docker.engine import Engine, connect, failures, said
from wp_sdk.component import Context
from wp_sdk.errors import PluginError
from wp_sdk.terminal import UI, Event, Step

if TYPE_CHECKING:
    from collections.abc import Callable

PLATFORM = "docker"
SERVER_PORT, HTTP_PORT = 9701, 9702
DATA_FOLDER = "/data"
TYPE_LABEL = "waypoint-type"
OWN_VARIABLES = "WAYPOINT_"
STOP_SECONDS = 15
"""How long a container gets to end before it is killed; the server itself takes ten at most."""
LAST_LINES = 15
TRIES = 5


@dataclass(frozen=True)
class ContainerSpec:
    """A container as we want it. `ports` are those to publish: address and port of the machine, 0 for a free one."""

    name: str
    image: str
    command: tuple[str, ...]
    labels: Mapping[str, str]
    binds: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    network: str = ""


@contextlib.contextmanager
def engine_here() -> Iterator[Engine]:
    """Connect to the engine that the docker program would use. CliError for whatever it refuses."""
    try:
        with connect() as engine, failures(engine.address):
            yield engine
    except PluginError as error:
        what = f"{error.where}: {error.what}" if error.where else error.what
        raise CliError(what, do=error.do) from error


def have_image(engine: Engine, image: str, say: Callable[[str], None]) -> None:
    """Pull the image if the engine does not have it."""
    if engine.inspect_image(image) is not None:
        return
    wanted = images.reference(image)
    login = credentials.resolve(wanted.registry, credentials.Given("", None))
    with UI(_Said(say)).step(f"Pulling image {wanted}...") as step:
        images.pull(engine, Context(), step, wanted, login)


def run(engine: Engine, spec: ContainerSpec) -> None:
    """Make the container and start it; nothing of it is left when that fails.

    A free port is chosen here, not by the engine, which would choose another one at every start.
    """
    for attempt in range(TRIES):
        try:
            _run(engine, replace(spec, ports={port: _settled(*place) for port, place in spec.ports.items()}))
        except docker.errors.APIError as error:
            remove(engine, spec.name)
            taken = "already allocated" in said(error) or "address already in use" in said(error)
            may_choose = not all(wanted for _, wanted in spec.ports.values())
            changed = networks.has_changed(said(error))
            if not (changed or (taken and may_choose)) or attempt + 1 == TRIES:
                raise CliError(f"the container {spec.name} cannot be started: {said(error)}") from error
            if changed:
                spec = replace(spec, network="")
        else:
            return


def _settled(address: str, port: int) -> tuple[str, int]:
    if port:
        return address, port
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as taken:
        return address, int(taken.getsockname()[1])


def _run(engine: Engine, spec: ContainerSpec) -> None:
    api = engine.api
    network = spec.network or networks.ensure(engine)[0]
    needs_host = any(HOST_NAME in value for value in spec.environment.values())
    host_config = api.create_host_config(
        binds=list(spec.binds),
        port_bindings=dict(spec.ports),
        restart_policy={"Name": "unless-stopped"},
        extra_hosts={HOST_NAME: HOST_GATEWAY} if needs_host else {},
        network_mode=network,
    )
    made = api.create_container(
        spec.image,
        command=list(spec.command),
        name=spec.name,
        environment=[f"{name}={value}" for name, value in sorted(spec.environment.items())],
        labels=dict(spec.labels),
        ports=list(spec.ports),
        host_config=host_config,
        networking_config=api.create_networking_config({network: api.create_endpoint_config()}),
    )
    api.start(made["Id"])


def found(engine: Engine, name: str) -> ContainerSpec | None:
    """Return what the container `name` was told; None if there is none."""
    seen = engine.inspect_container(name)
    if seen is None:
        return None
    config, host = seen["Config"], seen["HostConfig"]
    bindings = {int(name.partition("/")[0]): one[0] for name, one in (host["PortBindings"] or {}).items()}
    pairs = (text.partition("=") for text in config["Env"] or ())
    return ContainerSpec(
        name=name,
        image=str(config["Image"]),
        command=tuple(config["Cmd"] or ()),
        labels=config["Labels"] or {},
        binds=tuple(host["Binds"] or ()),
        environment={key: value for key, _, value in pairs if key.startswith(OWN_VARIABLES)},
        ports={port: (one["HostIp"], int(one["HostPort"] or 0)) for port, one in bindings.items()},
        network=str(host["NetworkMode"]),
    )


@contextlib.contextmanager
def replaced(engine: Engine, old: ContainerSpec, image: str) -> Iterator[ContainerSpec]:
    """Put a container of another image in the place of `old`, with the same state, ports and orders.

    The block checks whether the new one works: if it raises, the old container is back.
    """
    aside = f"{old.name}-replaced"
    remove(engine, aside)  # what an upgrade left that was killed
    engine.api.stop(old.name, timeout=STOP_SECONDS)
    engine.api.rename(old.name, aside)
    new = replace(old, image=image)
    try:
        run(engine, new)
        yield new
    except BaseException:
        remove(engine, new.name)
        engine.api.rename(aside, old.name)
        engine.api.start(old.name)
        raise
    remove(engine, aside)


def start(engine: Engine, name: str) -> None:
    """Start a container that is there; one that runs is left alone."""
    engine.api.start(name)


def remove(engine: Engine, name: str) -> bool:
    """Stop and remove a container; returns whether there was one."""
    try:
        engine.api.stop(name, timeout=STOP_SECONDS)
        engine.api.remove_container(name, force=True)
    except docker.errors.NotFound:
        return False
    return True


def remove_volume(engine: Engine, name: str) -> None:
    """Remove a volume; one that is gone already is fine."""
    with contextlib.suppress(docker.errors.NotFound):
        engine.api.remove_volume(name)


def check_running(engine: Engine, name: str) -> None:
    """Raise CliError with the last that the container said if it has ended, also if it waits to be started again.

    For whoever asks again and again: while a container runs, the engine knows no exit code of the time before.
    """
    seen = engine.inspect_container(name)
    if seen is None:
        raise CliError(f"the container {name} is gone")
    state = seen["State"]
    if state["Status"] in {"exited", "dead", "restarting"}:
        raise CliError(
            f"the container {name} ended with exit code {state['ExitCode']}", details=last_words(engine, name)
        )


def last_words(engine: Engine, name: str) -> tuple[str, ...]:
    """Return the last lines that the container wrote."""
    return tuple(engine.api.logs(name, tail=LAST_LINES).decode("utf-8", "replace").splitlines())


class _Said:
    """Steps of the plugin's own functions, as notices."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def emit(self, event: Event) -> None:
        if isinstance(event, Step) and event.msg:
            self._say(event.msg)
