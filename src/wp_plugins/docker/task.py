"""`waypoint runner profile set -plugin-type=docker`: a container for one task (plugins specification 1.9).

The container stays until `stop`, so that its output and exit code are there however late `watch` comes.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import docker.errors

from wp_plugins.docker import credentials, images, labels, networks
from wp_plugins.docker.container_plan import HOST_GATEWAY, HOST_NAME, limits, reachable_from_container
from wp_plugins.docker.containers import inspect
from wp_plugins.docker.credentials import Auth, Given
from wp_plugins.docker.engine import ClientConfig, Engine, connect, failures, said
from wp_proto.plugins.docker_pb2 import TaskInfo
from wp_sdk.component import UI, Context, JobInfo, PluginError, TaskLaunchInfo
from wp_sdk.schema import attr, block
from wp_sdk.terminal import Steps

SOCKET = "/var/run/docker.sock"
TASK = "waypoint.hashicorp.com/task"
STOP_SECONDS = 10
"""How long a container gets to end before it is killed."""


@dataclass(frozen=True)
class TaskConfig:
    """Start tasks as containers on a Docker engine."""

    binds: list[str] = attr(doc="Binds, source:destination[:options]", default_factory=list)
    mount_socket: bool = attr(
        doc="Give the task the engine's socket, so that it can build and deploy; it is then as powerful as root on the "
        "engine's machine",
        default=True,
    )
    networks: list[str] = attr(doc="Networks to join besides Waypoint's own", default_factory=list)
    labels: dict[str, str] = attr(doc="Labels of the container", default_factory=dict)
    static_environment: dict[str, str] = attr(doc="Environment variables of the container", default_factory=dict)
    resources: dict[str, str] = attr(doc="Limits: memory (such as 512MB) and cpu (shares)", default_factory=dict)
    force_pull: bool = attr(doc="Pull the image even if the engine has it", default=False)
    debug_containers: bool = attr(doc="Keep the container after the task has ended", default=False)
    auth: Auth | None = block(doc="Credentials for pulling; docker's own configuration when left out", default=None)
    encoded_auth: str = attr(doc="Credentials as base64 of a JSON object; wins over auth", default="", sensitive=True)
    client_config: ClientConfig | None = block(doc="Which engine to use; the environment's when left out", default=None)

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        limits(self.resources)
        for bind in self.binds:
            if ":" not in bind:
                raise ValueError(f'"{bind}" in binds must be source:destination')


def start(config: TaskConfig, ctx: Context, ui: UI, job: JobInfo, info: TaskLaunchInfo) -> TaskInfo:
    """Make and start the container; nothing is left when that fails."""
    if not info.oci_url:
        raise PluginError("The profile names no image", do="Set it with `waypoint runner profile set -oci-url`")
    with ui.steps() as steps:
        with steps.step("Initializing Docker client..."):
            engine = connect(config.client_config)
        with engine, failures(engine.address):
            _have_image(engine, ctx, steps, config, info.oci_url)
            with steps.step("Starting the task...") as step:
                name = f"waypoint-task-{uuid.uuid4().hex}"
                for attempt in range(networks.TRIES):
                    container = _create(engine, config, job, info, name)
                    try:
                        engine.api.start(container)
                        break
                    except docker.errors.APIError as error:
                        engine.api.remove_container(container, force=True, v=True)
                        if not networks.has_changed(said(error)) or attempt + 1 == networks.TRIES:
                            refused = f"The task cannot be started: {said(error)}"
                            raise PluginError(refused, where=info.oci_url) from error
                step.done(f"Started the container {name}")
    return TaskInfo(id=container)


def watch(config: TaskConfig, ctx: Context, ui: UI, task: TaskInfo) -> int:
    """Show the container's output until it ends; returns its exit code."""
    with connect(config.client_config) as engine, failures(engine.address):
        if engine.inspect_container(task.id) is None:
            raise PluginError(f"The container {task.id[:12]} of the task is gone")
        for chunk in _output(engine, ctx, task.id):
            ui.raw(chunk)
        ctx.raise_if_cancelled()
        state = inspect(engine, task.id)["State"]
        if state.get("OOMKilled"):
            raise PluginError("The task ran out of memory and was killed", do="Raise `memory` in `resources`")
        return int(state["ExitCode"])


def stop(config: TaskConfig, task: TaskInfo) -> None:
    """End and remove the container; one that is gone already is fine."""
    with connect(config.client_config) as engine, failures(engine.address):
        _end(engine, config, task.id)


def clean_up(config: TaskConfig, job: JobInfo) -> None:
    """End and remove the containers that a job launched."""
    with connect(config.client_config) as engine, failures(engine.address):
        for found in engine.api.containers(all=True, filters={"label": f"{TASK}={job.id}"}):
            _end(engine, config, str(found["Id"]))


def _end(engine: Engine, config: TaskConfig, container: str) -> None:
    with contextlib.suppress(docker.errors.APIError):
        engine.api.stop(container, timeout=STOP_SECONDS)
    if config.debug_containers:
        return
    try:
        engine.api.remove_container(container, force=True, v=True)
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as error:
        if "already in progress" not in said(error):
            raise


def _have_image(engine: Engine, ctx: Context, steps: Steps, config: TaskConfig, image: str) -> None:
    wanted = images.reference(image)
    if not config.force_pull and engine.inspect_image(image) is not None:
        return
    with steps.step(f"Pulling image {wanted}...") as step:
        login = credentials.resolve(wanted.registry, Given(config.encoded_auth, config.auth))
        images.pull(engine, ctx, step, wanted, login)
        step.done(f"Pulled image {wanted}")


def _create(engine: Engine, config: TaskConfig, job: JobInfo, info: TaskLaunchInfo, name: str) -> str:
    api = engine.api
    memory, cpu_shares = limits(config.resources)
    network, _ = networks.ensure(engine)
    variables = {"container": "docker", **config.static_environment, **info.environment_variables}
    if "WAYPOINT_SERVER_ADDR" in variables:
        variables["WAYPOINT_SERVER_ADDR"] = reachable_from_container(variables["WAYPOINT_SERVER_ADDR"])
    needs_host = any(HOST_NAME in value for value in variables.values())
    host_config = api.create_host_config(
        binds=[*([f"{SOCKET}:{SOCKET}"] if config.mount_socket else []), *config.binds],
        mem_limit=memory or None,
        cpu_shares=cpu_shares or None,
        extra_hosts={HOST_NAME: HOST_GATEWAY} if needs_host else {},
        network_mode=network,
    )
    try:
        made = api.create_container(
            info.oci_url,
            command=list(info.arguments) or None,
            entrypoint=list(info.entrypoint) or None,
            name=name,
            environment=[f"{key}={value}" for key, value in sorted(variables.items())],
            labels={**config.labels, **labels.of(job), TASK: job.id},
            host_config=host_config,
            networking_config=api.create_networking_config({network: api.create_endpoint_config()}),
        )
        container = str(made["Id"])
        for each in dict.fromkeys(config.networks):
            api.connect_container_to_network(container, each)
    except docker.errors.APIError as error:
        with contextlib.suppress(docker.errors.APIError):
            api.remove_container(name, force=True, v=True)
        raise PluginError(f"The container of the task cannot be made: {said(error)}", where=info.oci_url) from error
    return container


def _output(engine: Engine, ctx: Context, container: str) -> Iterator[bytes]:
    """Everything the container writes, from its beginning to its end.

    Engine 20.10 stops following at the container's end, now and then with some of the output still to come: what it
    has left out is read afterwards.
    """
    shown = 0
    for follow in (True, False):
        before = shown
        stream = engine.api.logs(container, stream=True, follow=follow)
        with ctx.on_cancel(stream.close):
            for chunk in stream:
                new = chunk[before:]
                before -= len(chunk) - len(new)
                if new:
                    shown += len(new)
                    yield new
        ctx.raise_if_cancelled()
