"""Releasing a local deployment: one stable port per application and workspace, led by a traffic switch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wp_plugins.local import places
from wp_proto.own import local_pb2
from wp_proto.sdk import plugin_pb2
from wp_sdk.component import UI, Checkpoint, Context, DeclaredResources, JobInfo, PluginError, Result, Source
from wp_sdk.schema import attr
from wp_sdk.switch.control import Switch, SwitchError, Target, accepts

DRAIN_SECONDS = 10.0  # requests under way on the version before get this long before a prune may end it


@dataclass(frozen=True)
class ReleaseConfig:
    """Lead one stable port of this machine to the released version, without dropping a request."""

    port: int = attr(doc="The stable port; 0 takes a free one at the first release and keeps it.", default=0)

    def __post_init__(self) -> None:
        """Refuse what is no port."""
        if not 0 <= self.port <= 65535:
            raise ValueError(f"`port` is {self.port}, but must be between 0 and 65535")


def release(
    config: ReleaseConfig,
    ctx: Context,
    ui: UI,
    deployment: local_pb2.Deployment,
    job: JobInfo,
    source: Source,
    checkpoint: Checkpoint,
    declared: DeclaredResources,
) -> Result[local_pb2.Release]:
    """Point the switch at the deployment; new requests go there at once, those under way are finished."""
    places.require_here(deployment.host, f"deployment {deployment.id}")
    if deployment.worker:
        ui.info("The application does not listen, so there is no traffic to lead to it")
        return Result(local_pb2.Release(host=deployment.host, deployment_id=deployment.id))
    folder = places.switch_folder(job)
    result = local_pb2.Release(host=deployment.host, folder=str(folder), deployment_id=deployment.id)
    checkpoint.save(result)
    switch = Switch(folder)
    with ui.step("Leading the traffic to the new version...") as step:
        try:
            state = switch.point(Target(deployment.id, "127.0.0.1", deployment.port), port=config.port)
        except SwitchError as error:
            raise PluginError(str(error), where=source.app) from error
        remaining = switch.wait_until_drained(DRAIN_SECONDS, ctx.cancelled)
        step.done(f"Port {state.port} leads to deployment {deployment.id}")
    if remaining:
        ui.warn(f"{remaining} requests are still under way on the version before")
    result.port = state.port
    result.url = f"http://localhost:{state.port}"
    declared.add("switch", type="switch", platform="local", state=result, category="ROUTER")
    return Result(result, url=result.url)


def destroy(ui: UI, release: local_pb2.Release) -> None:
    """Close the stable port, unless it leads to another deployment by now (plugins specification 0.8)."""
    if not release.folder:
        return
    places.require_here(release.host, "release")
    switch = Switch(_folder_here(release))
    target = switch.target()
    if target is not None and target.name == release.deployment_id:
        with ui.step(f"Closing port {release.port}..."):
            switch.stop()


def destroy_workspace(ui: UI, job: JobInfo) -> None:
    """Close the stable port, wherever it leads."""
    Switch(places.switch_folder(job)).stop()


def status(release: local_pb2.Release) -> plugin_pb2.StatusReport:
    """READY while the switch leads to this release's deployment, and that takes connections."""
    report = plugin_pb2.StatusReport(external=True)
    report.generated_time.GetCurrentTime()
    if not release.folder:
        report.health, report.health_message = plugin_pb2.StatusReport.READY, "a worker has no traffic"
        return report
    places.require_here(release.host, "release")
    state = Switch(_folder_here(release)).status()
    if state is None:
        health, message = plugin_pb2.StatusReport.DOWN, "the traffic switch does not run; `waypoint release` starts it"
    elif state.target is None or state.target.name != release.deployment_id:
        health, message = plugin_pb2.StatusReport.UNKNOWN, "the port leads to another deployment by now"
    elif not accepts(state.target.host, state.target.port, linger=0):
        health = plugin_pb2.StatusReport.DOWN
        message = f"port {state.port} leads to the deployment, but that takes no connections"
    else:
        health, message = plugin_pb2.StatusReport.READY, f"port {state.port} leads to the deployment"
    report.health, report.health_message = health, message
    report.resources.add(
        name="switch",
        platform="local",
        type="switch",
        category_display_hint=plugin_pb2.ResourceCategoryDisplayHint.ROUTER,
        health=health,
        health_message=message,
    )
    return report


def _folder_here(release: local_pb2.Release) -> Path:
    folder = Path(release.folder)
    if places.root() not in folder.parents:
        raise PluginError(
            f"The traffic switch {folder} is not below {places.root()}", do="Run the command as the user who released"
        )
    return folder
