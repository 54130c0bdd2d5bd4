"""`deploy { use "docker" {} }`: every deployment is a container of its own, side by side with the ones before it.

What is there when a deploy is killed half-way: the container has its name before it exists (`<app>-<deployment id>`)
and the deployment's id as label, and the checkpoint with that name is saved first, so that `destroy` finds it.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass

import docker.errors
import requests

from wp_plugins.docker import (
    container_plan,
    containers,
    credentials,
    engine,
    images,
    injection,
    labels,
    networks,
    ports,
    reach,
)
from wp_plugins.docker.containers import Expectation
from wp_plugins.docker.credentials import Auth, Given
from wp_plugins.docker.engine import ClientConfig, Engine
from wp_plugins.docker.reference import LOCAL_REGISTRY, Reference
from wp_plugins.docker.resource_state import CONTAINER, NETWORK, container_of, encode
from wp_plugins.docker.takeover import taken_over
from wp_proto.plugins.docker_pb2 import Deployment, Image, Resource
from wp_sdk.component import (
    UI,
    Checkpoint,
    Context,
    DeclaredResources,
    DeploymentConfig,
    JobInfo,
    PluginError,
    Result,
    Source,
)
from wp_sdk.schema import attr, block
from wp_sdk.terminal import Steps


@dataclass(frozen=True)
class PlatformConfig:
    """Run the application as a container on a Docker engine, beside the versions that run already."""

    service_port: int = attr(doc="Port the application listens on in its container; it gets it in PORT", default=3000)
    extra_ports: list[int] = attr(doc="More TCP ports of the container to publish", default_factory=list)
    publish: list[str] = attr(
        doc="Ports of the container on fixed ports of the engine's machine, such as 8080:3000, 127.0.0.1:8080:3000 or "
        "53:53/udp; a deployment takes them over from the one before",
        default_factory=list,
    )
    host_ip: str = attr(
        doc="Address of the engine's machine to publish ports on; the engine's default (normally all) when left out",
        default="",
    )
    command: list[str] = attr(doc="Arguments in place of the image's CMD", default_factory=list)
    static_environment: dict[str, str] = attr(doc="Environment variables", default_factory=dict)
    binds: list[str] = attr(doc="Folders of the engine's machine, as source:destination", default_factory=list)
    scratch_path: str = attr(doc="Path in the container for temporary files, kept in memory", default="")
    networks: list[str] = attr(doc="Existing networks to join besides Waypoint's own", default_factory=list)
    labels: dict[str, str] = attr(doc="Labels of the container", default_factory=dict)
    resources: dict[str, str] = attr(doc="Limits: memory (such as 512MB) and cpu (shares)", default_factory=dict)
    force_pull: bool = attr(doc="Pull the image even if the engine has it", default=False)
    worker: bool = attr(doc="The application does not listen on its port: being alive is enough", default=False)
    start_timeout: int = attr(doc="Seconds the application has to start listening", default=10)
    stop_timeout: int = attr(
        doc="Seconds a container gets to end before it is killed, when it is destroyed", default=10
    )
    auth: Auth | None = block(doc="Credentials for pulling; docker's own configuration when left out", default=None)
    encoded_auth: str = attr(doc="Credentials as base64 of a JSON object; wins over auth", default="", sensitive=True)
    client_config: ClientConfig | None = block(doc="Which engine to use; the environment's when left out", default=None)

    def __post_init__(self) -> None:
        for name, port in [("service_port", self.service_port), *(("extra_ports", port) for port in self.extra_ports)]:
            if not 1 <= port <= 65535:
                raise ValueError(f"{name} is {port}, but must be between 1 and 65535")
        if self.start_timeout < 1 or self.stop_timeout < 0:
            raise ValueError("start_timeout must be at least 1 second, and stop_timeout not negative")
        for bind in self.binds:
            if ":" not in bind:
                raise ValueError(f'"{bind}" in binds must be source:destination')
        ports.published(self.service_port, self.extra_ports, self.publish, self.host_ip)
        container_plan.limits(self.resources)


def deploy(
    config: PlatformConfig,
    ctx: Context,
    ui: UI,
    image: Image,
    source: Source,
    job: JobInfo,
    deployment: DeploymentConfig,
    checkpoint: Checkpoint,
    declared: DeclaredResources,
) -> Result[Deployment]:
    """Start a container of the image and wait until it is up.

    Raises PluginError with the container's last output when it ends; nothing of it is left then.
    """
    wanted = images.reference(image.image, image.tag)
    name = container_plan.container_name(source.app, deployment.id)
    with ui.steps() as steps:
        with steps.step("Initializing Docker client..."):
            connected = engine.connect(config.client_config)
        with connected, engine.failures(connected.address):
            _ensure_image(connected, ctx, steps, config, wanted)
            checkpoint.save(_value(deployment.id, source.app, networks.DEFAULT_NAME, "", name))
            with steps.step("Setting up the network...") as step:
                network, made_network = networks.ensure(connected)
                step.done(f"Network {network} is set up")
            _declare(declared, deployment.id, network, "", name)  # also what is rolled back is told
            try:
                container, url, warning = _run(connected, ctx, steps, config, wanted, source, job, deployment, network)
            except BaseException:
                _roll_back(connected, name, remove_network=made_network)
                raise
    if warning:
        ui.warn(warning)
    value = _value(deployment.id, source.app, network, container, name)
    _declare(declared, deployment.id, network, container, name)
    ui.info(f"Container: {name}")
    return Result(value, url=url)


def destroy(config: PlatformConfig, ctx: Context, ui: UI, deployment: Deployment, job: JobInfo) -> None:
    """End and remove the deployment's container; succeeds when it is gone already."""
    saved = container_of(deployment)
    with ui.steps() as steps:
        with steps.step("Initializing Docker client..."):
            connected = engine.connect(config.client_config)
        with connected, engine.failures(connected.address), steps.step("Deleting container...") as step:
            found = [each for each in (saved.id, saved.name) if each]
            if deployment.id:
                found += containers.by_label(connected, **{labels.ID: deployment.id, labels.APP: job.app})
            removed = False
            for each in dict.fromkeys(found):
                removed = containers.end(connected, ctx, each, config.stop_timeout) or removed
            step.done(
                f"Deleted container {saved.name or deployment.name}" if removed else "The container is gone already"
            )


def destroy_workspace(config: PlatformConfig, ctx: Context, ui: UI, job: JobInfo) -> None:
    """Remove what the application's deployments shared: leftover containers, its volume, the network if unused."""
    connected = engine.connect(config.client_config)
    with connected, engine.failures(connected.address), ui.step("Deleting what the deployments shared...") as step:
        for each in containers.by_label(connected, **{**labels.of(job)}):
            containers.end(connected, ctx, each, config.stop_timeout)
        networks.remove_scratch_volume(connected, job)
        networks.remove_unused(connected)
        step.done("Deleted what the deployments shared")


def _ensure_image(connected: Engine, ctx: Context, steps: Steps, config: PlatformConfig, wanted: Reference) -> None:
    inspected = None if config.force_pull else connected.inspect_image(str(wanted))
    if inspected is None and wanted.registry == LOCAL_REGISTRY:
        raise PluginError(
            "The engine does not have the image, and it is in no registry",
            where=str(wanted),
            do="Build again, or add a registry stanza when builds and deployments use different engines",
        )
    if inspected is None:
        with steps.step(f"Pulling image {wanted}...") as step:
            login = credentials.resolve(wanted.registry, Given(config.encoded_auth, config.auth))
            images.pull(connected, ctx, step, wanted, login)
            step.done(f"Pulled image {wanted}")
        inspected = connected.inspect_image(str(wanted))
    if inspected is not None and not config.command and not injection.image_config(inspected).has_command:
        raise PluginError(
            "The image has no command, so there is nothing to run",
            where=str(wanted),
            do="Add CMD or ENTRYPOINT to its Dockerfile, or set `command` in the deploy stanza",
        )


def _run(
    connected: Engine,
    ctx: Context,
    steps: Steps,
    config: PlatformConfig,
    wanted: Reference,
    source: Source,
    job: JobInfo,
    deployment: DeploymentConfig,
    network: str,
) -> tuple[str, str, str]:
    """Container id, address ("": none), warning."""
    with steps.step("Creating container...") as step:
        scratch = networks.ensure_scratch_volume(connected, job)
        plan = container_plan.plan(config, str(wanted), source, job, deployment, scratch)
        container = containers.create(connected, plan, network)
        ctx.raise_if_cancelled()
        with taken_over(connected, ctx, job, plan, config.stop_timeout) as stopped:
            step.update(
                f"Starting container in place of {', '.join(stopped)}..." if stopped else "Starting container..."
            )
            ctx.raise_if_cancelled()
            container = containers.start(connected, plan, container)
            expected = Expectation(config.service_port, connected.published_host, config.worker, config.start_timeout)
            warning = containers.wait_until_up(connected, ctx, container, expected)
        step.done("Deployment successfully rolled out!")
    inspected = containers.inspect(connected, container)
    found = None if config.worker else reach.published(inspected, config.service_port, connected.published_host)
    return container, reach.url(found.host, found.port) if found else "", warning


def _roll_back(connected: Engine, name: str, *, remove_network: bool) -> None:
    """Remove what a failed or cancelled deploy made; the failure itself is what the user shall see."""
    with contextlib.suppress(docker.errors.DockerException, requests.RequestException, PluginError):
        containers.remove(connected, name)
        if remove_network:
            networks.remove_unused(connected)


def _value(deployment: str, app: str, network: str, container: str, name: str) -> Deployment:
    return Deployment(id=deployment, name=app, container=container, resource_state=encode(network, container, name))


def _declare(declared: DeclaredResources, deployment: str, network: str, container: str, name: str) -> None:
    declared.add(
        NETWORK,
        type="network",
        platform="docker",
        state=Resource.Network(name=network),
        state_json=json.dumps({"name": network}),
        category="ROUTER",
    )
    declared.add(
        CONTAINER,
        type="container",
        platform="docker",
        state=Resource.Container(id=container, name=name),
        state_json=json.dumps({"id": container, "name": name, "deployment": deployment}),
        category="INSTANCE",
    )
