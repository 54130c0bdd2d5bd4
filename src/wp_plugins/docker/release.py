"""`release { use "docker" {} }`: one stable port per application and workspace, led to the released deployment.

The port is held by a traffic switch (`wp_sdk.switch`), a small process on the runner's machine that outlives it and
relays to the deployment's container. A process and not a container, because a container would need an image with
an interpreter, which cannot be taken for granted on every engine; and because Docker Desktop and remote engines publish
their ports to this side anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from wp_plugins.docker import engine, labels, reach
from wp_plugins.docker.containers import last_output
from wp_plugins.docker.engine import ClientConfig, Engine, Json
from wp_plugins.docker.reach import Reach
from wp_plugins.docker.resource_state import container_of
from wp_proto.plugins.docker_pb2 import Deployment, Release
from wp_proto.sdk.plugin_pb2 import ResourceCategoryDisplayHint, StatusReport
from wp_sdk.component import UI, Checkpoint, Context, DeclaredResources, JobInfo, PluginError, Result
from wp_sdk.schema import attr, block
from wp_sdk.switch.control import (
    Switch,
    SwitchError,
    Target,
    accepts,
    folder_for,
    state_folder,
    wait_until_accepting,
)

SWITCH = "switch"


@dataclass(frozen=True)
class ReleaseConfig:
    """Lead one stable port of this machine to the released container, without dropping a request."""

    port: int = attr(doc="The stable port; 0 takes a free one at the first release and keeps it", default=0)
    address: str = attr(doc="Address of this machine to listen on; 0.0.0.0 for all", default="127.0.0.1")
    start_timeout: int = attr(doc="Seconds the deployment has to start listening", default=30)
    drain_timeout: int = attr(doc="Seconds to wait for requests under way on the deployment before", default=10)
    client_config: ClientConfig | None = block(doc="Which engine to use; the environment's when left out", default=None)

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port is {self.port}, but must be between 0 and 65535")


def release(
    config: ReleaseConfig,
    ctx: Context,
    ui: UI,
    deployment: Deployment,
    job: JobInfo,
    checkpoint: Checkpoint,
    declared: DeclaredResources,
) -> Result[Release]:
    """Send new requests to the deployment; those under way on the one before are finished first."""
    value = Release(deployment=deployment.id)
    switch = _switch(job)
    with ui.steps() as steps:
        with steps.step("Waiting for the deployment to listen...") as step:
            connected = engine.connect(config.client_config)
            with connected, engine.failures(connected.address):
                inspected = _inspect(connected, deployment)
                if labels.WORKER in (inspected["Config"].get("Labels") or {}):
                    step.done("The application does not listen, so there is no traffic to lead to it")
                    return Result(value)
                found = _reach(connected, inspected)
                accepting = wait_until_accepting(
                    found.host,
                    found.port,
                    config.start_timeout,
                    lambda: ctx.cancelled() or not _runs(connected, deployment),
                    found.linger,
                )
                ctx.raise_if_cancelled()
                if not accepting:
                    raise _not_listening(config, connected, deployment)
            step.done(f"The deployment listens on {found.host}:{found.port}")
        checkpoint.save(value)
        with steps.step("Switching traffic...") as step:
            try:
                state = switch.point(
                    Target(deployment.id, found.host, found.port), host=config.address, port=config.port
                )
                remaining = switch.wait_until_drained(config.drain_timeout, ctx.cancelled)
            except SwitchError as error:
                raise PluginError(str(error), where=f"release of {job.app}") from error
            step.done(f"Port {state.port} leads to {deployment.name}-{deployment.id}")
    if remaining:
        ui.warn(f"{remaining} requests are still under way on the deployment before")
    value.url = reach.url(state.host, state.port)
    declared.add(SWITCH, type="switch", platform="docker", state=value, category="ROUTER")
    return Result(value, url=value.url)


def destroy(ui: UI, release: Release, job: JobInfo) -> None:
    """Close the stable port, unless it leads to another deployment by now (plugins specification 0.8)."""
    switch = _switch(job)
    target = switch.target()
    if target is None or target.name != release.deployment:
        return
    with ui.step("Closing the stable port...") as step:
        _stop(switch)
        step.done("The stable port is closed")


def destroy_workspace(job: JobInfo) -> None:
    """Close the stable port, wherever it leads."""
    _stop(_switch(job))


def status(release: Release, job: JobInfo) -> StatusReport:
    """READY while the switch leads to this release's deployment, and that takes connections."""
    health, message = _health(release, job)
    report = StatusReport(external=True, health=health, health_message=message)
    report.generated_time.FromDatetime(datetime.now(UTC))
    resource = report.resources.add(
        name=SWITCH,
        type="switch",
        platform="docker",
        health=health,
        health_message=message,
        category_display_hint=ResourceCategoryDisplayHint.ROUTER,
    )
    resource.declared_resource.name = SWITCH
    return report


def _health(release: Release, job: JobInfo) -> tuple[StatusReport.Health, str]:
    if not release.url:
        return StatusReport.READY, "the application does not listen, so it has no traffic"
    try:
        state = _switch(job).status()
    except SwitchError as error:
        return StatusReport.DOWN, str(error)
    if state is None:
        return StatusReport.DOWN, "the traffic switch does not run; `waypoint release` starts it"
    if state.target is None or state.target.name != release.deployment:
        return StatusReport.UNKNOWN, "the port leads to another deployment by now"
    if not accepts(state.target.host, state.target.port):
        return StatusReport.DOWN, f"port {state.port} leads to the deployment, but that takes no connections"
    return StatusReport.READY, f"port {state.port} leads to the deployment"


def _switch(job: JobInfo) -> Switch:
    return Switch(folder_for(state_folder(), "docker", job.project, job.app, job.workspace))


def _stop(switch: Switch) -> None:
    try:
        switch.stop()
    except SwitchError as error:
        raise PluginError(str(error)) from error


def _inspect(connected: Engine, deployment: Deployment) -> Json:
    saved = container_of(deployment)
    inspected = connected.inspect_container(saved.id or saved.name)
    if inspected is None:
        raise PluginError(
            "The deployment's container is gone, so traffic cannot be sent to it",
            where=saved.name,
            do="Deploy again, or release another deployment",
        )
    return inspected


def _reach(connected: Engine, inspected: Json) -> Reach:
    """Where the deployment can be reached from here."""
    marks = inspected["Config"].get("Labels") or {}
    service_port = str(marks.get(labels.SERVICE_PORT, "3000"))
    found = reach.address(inspected, int(service_port), connected.published_host) if service_port.isdigit() else None
    if found is None:
        raise PluginError(
            f"The deployment's container does not publish port {service_port}"
            if inspected["State"].get("Running")
            else "The deployment's container does not run, so traffic cannot be sent to it",
            where=str(inspected["Name"]).lstrip("/"),
            do="Deploy again",
        )
    return found


def _runs(connected: Engine, deployment: Deployment) -> bool:
    inspected = connected.inspect_container(container_of(deployment).id or container_of(deployment).name)
    return inspected is not None and bool(inspected["State"].get("Running"))


def _not_listening(config: ReleaseConfig, connected: Engine, deployment: Deployment) -> PluginError:
    saved = container_of(deployment)
    output = last_output(connected, saved.id or saved.name)
    return PluginError(
        f"The deployment does not listen on its port after {config.start_timeout} s, so traffic was not sent to it"
        if _runs(connected, deployment)
        else "The deployment's container ended, so traffic was not sent to it",
        where=saved.name,
        do="Let the app listen on $PORT" + (". Its last output:" if output else ""),
        output=output,
    )
