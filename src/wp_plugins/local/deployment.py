"""The local platform: every deployment is a supervised process with a free port of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from wp_plugins.local import places, process
from wp_proto.own import local_pb2
from wp_proto.plugins import files_pb2
from wp_proto.sdk import plugin_pb2
from wp_sdk.component import (
    UI,
    Checkpoint,
    Context,
    DeclaredResources,
    DeploymentConfig,
    EntrypointFile,
    JobInfo,
    PluginError,
    Result,
    Source,
)
from wp_sdk.schema import attr
from wp_sdk.switch.control import accepts, wait_until_accepting

WORKER_SETTLE_SECONDS = 1.0  # how long something that does not listen must stay alive to count as started
NOT_PART_OF_THE_APP = (".git", ".waypoint")


@dataclass(frozen=True)
class PlatformConfig:
    """Run the application as a process on this machine, beside the versions that run already.

    The process is started through the Waypoint entrypoint, kept alive by a supervisor of its own, and gets a free
    port in `PORT`. Good for trying things out and for single machines; no Docker is needed.
    """

    command: list[str] = attr(doc="Program and arguments that start the application.")
    directory: str = attr(doc="Working directory, relative to the artifact's folder.", default="")
    static_environment: dict[str, str] = attr(
        doc="Environment variables for the application, in addition to those of the runner.", default_factory=dict
    )
    worker: bool = attr(doc="The application does not listen on `PORT`: being alive is enough.", default=False)
    start_timeout: int = attr(doc="Seconds the application has to start listening on `PORT`.", default=30)
    restart: bool = attr(doc="Start the application again, at growing intervals, when it fails.", default=True)
    copy: bool = attr(
        doc="Run a copy of the artifact's folder, so that later changes to the folder do not reach this version.",
        default=True,
    )

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        if not self.command:
            raise ValueError("`command` is empty: name the program that starts the application")
        if self.start_timeout < 1:
            raise ValueError("`start_timeout` must be at least 1 second")


def deploy(
    config: PlatformConfig,
    ctx: Context,
    ui: UI,
    artifact: files_pb2.Files,
    source: Source,
    job: JobInfo,
    deployment: DeploymentConfig,
    entrypoint: EntrypointFile,
    checkpoint: Checkpoint,
    declared: DeclaredResources,
) -> Result[local_pb2.Deployment]:
    """Start a new version and wait until it listens (a worker: stays alive).

    Raises ``PluginError`` with the application's last output when it does not; nothing of it is left then.
    """
    directory = places.deployment_directory(job, deployment.id)
    port = process.free_port()
    result = local_pb2.Deployment(
        id=deployment.id, host=places.host(), directory=str(directory), port=port, worker=config.worker
    )
    checkpoint.save(result)
    try:
        with ui.step("Preparing the application's folder...") as step:
            program = _program(config, Path(artifact.path) if artifact.path else source.path, directory)
            step.done(f"Application folder: {program}")
        ctx.raise_if_cancelled()
        with ui.step("Starting the application...") as step:
            arguments = (*_launcher(entrypoint, directory), *config.command)
            environment = _environment(config, deployment, port)
            try:
                process.start(directory, process.Command(arguments, program, environment, config.restart))
            except RuntimeError as error:
                raise PluginError(f"The supervisor did not start: {error}", where=source.app) from error
            _wait_until_up(config, ctx, directory, port, source.app)
            step.done(f"Application runs on port {port}" if not config.worker else "Application runs")
    except BaseException:
        process.remove(directory)  # also when cancelled: a version that never came up is of no use to anybody
        raise
    declared.add(
        source.app,
        type="process",
        platform="local",
        state=result,
        state_json=json.dumps({"port": port, "directory": str(directory)}),
        category="INSTANCE",
    )
    return Result(result, url="" if config.worker else f"http://localhost:{port}")


def destroy(ui: UI, deployment: local_pb2.Deployment) -> None:
    """End the process and delete its folder; does nothing when it is gone already."""
    directory = _directory_here(deployment)
    with ui.step(f"Ending the process of deployment {deployment.id}...") as step:
        process.remove(directory)
        step.done(f"Process of deployment {deployment.id} ended")


def status(deployment: local_pb2.Deployment, source: Source) -> plugin_pb2.StatusReport:
    """What the process does now: READY when it listens, ALIVE when it only runs, DOWN when it waits for a restart."""
    report = plugin_pb2.StatusReport(external=True)
    report.generated_time.GetCurrentTime()
    health, message = _health(deployment)
    report.health, report.health_message = health, message
    resource = report.resources.add(
        name=source.app,
        id=deployment.id,
        platform="local",
        type="process",
        category_display_hint=plugin_pb2.ResourceCategoryDisplayHint.INSTANCE,
        health=health,
        health_message=message,
        state_json=json.dumps({"port": deployment.port}),
    )
    resource.declared_resource.name = source.app
    with contextlib.suppress(FileNotFoundError):
        # written once, before the start
        resource.created_time.FromNanoseconds((_directory_here(deployment) / "spec.json").stat().st_mtime_ns)
    return report


def _health(deployment: local_pb2.Deployment) -> tuple[plugin_pb2.StatusReport.Health, str]:
    health = plugin_pb2.StatusReport
    directory = _directory_here(deployment)
    if not directory.exists():
        return health.MISSING, "the deployment's folder is gone"
    seen = process.state(directory)
    if seen.status == "running":
        if deployment.worker or accepts("127.0.0.1", deployment.port):
            return health.READY, "the process runs" + (
                "" if deployment.worker else f" and listens on {deployment.port}"
            )
        return health.ALIVE, f"the process runs, but does not listen on port {deployment.port}"
    if seen.status == "starting":
        return health.ALIVE, "the process is being started"
    ended = f"the application ended with status {seen.exit_code}" if seen.exit_code is not None else "it does not run"
    return health.DOWN, f"{ended}; it is started again soon" if seen.status == "waiting" else ended


def _directory_here(deployment: local_pb2.Deployment) -> Path:
    places.require_here(deployment.host, f"deployment {deployment.id}")
    directory = Path(deployment.directory)
    if places.root() not in directory.parents:
        raise PluginError(
            f"The deployment's folder {directory} is not below {places.root()}",
            do="Run the command as the user who deployed",
        )
    return directory


def _program(config: PlatformConfig, artifact: Path, directory: Path) -> Path:
    """The folder to run in; a copy below ``directory`` unless the configuration says otherwise."""
    folder = artifact
    if config.copy:
        folder = directory / "app"
        directory.mkdir(parents=True, exist_ok=True)
        try:
            ignored = shutil.ignore_patterns(*NOT_PART_OF_THE_APP)
            shutil.copytree(artifact, folder, symlinks=True, ignore=ignored, dirs_exist_ok=True)
        except OSError as error:
            raise PluginError(f"The folder cannot be copied: {error}", where=str(artifact)) from error
    program = folder / config.directory
    if not program.is_dir():
        raise PluginError(f"The artifact has no folder {config.directory!r}", where=str(artifact), do="Set `directory`")
    return program


def _launcher(entrypoint: EntrypointFile, directory: Path) -> tuple[str, ...]:
    """The words in front of the application's command.

    The entrypoint is copied, because it reads from its own file as long as it runs and must survive an upgrade.
    """
    if entrypoint.path is None:
        return ()
    directory.mkdir(parents=True, exist_ok=True)
    own = directory / "waypoint-entrypoint"
    shutil.copyfile(entrypoint.path, own)
    own.chmod(0o700)
    with own.open("rb") as file:
        native = file.read(4) == b"\x7fELF"
    return (str(own),) if native else (sys.executable, "-I", "-S", str(own))


def _environment(config: PlatformConfig, deployment: DeploymentConfig, port: int) -> dict[str, str]:
    """The runner's environment without what is Waypoint's own, then PORT ← static ← entrypoint (specification 0.5)."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("WAYPOINT_", "WP_"))}
    merged = {**inherited, "PORT": str(port), **config.static_environment, **deployment.env()}
    return dict(sorted(merged.items()))


def _wait_until_up(config: PlatformConfig, ctx: Context, directory: Path, port: int, app: str) -> None:
    def failed() -> bool:
        seen = process.state(directory)
        return seen.status in {"waiting", "ended"} or seen.restarts > 0

    if config.worker:
        deadline = time.monotonic() + WORKER_SETTLE_SECONDS
        while not failed() and time.monotonic() < deadline:
            ctx.wait(process.POLL_SECONDS)
        up = not failed()
    else:
        up = wait_until_accepting("127.0.0.1", port, config.start_timeout, lambda: failed() or ctx.cancelled())
    ctx.raise_if_cancelled()
    if up and not failed():
        return
    seen, output = process.state(directory), process.last_output(directory)
    if seen.error:
        raise PluginError(f"The application could not be started: {seen.error}", where=app, do="Correct `command`")
    if failed():
        raise PluginError(
            f"The application ended with status {seen.exit_code} right after its start",
            where=app,
            do="Its last output:" if output else "It wrote nothing",
            output=output,
        )
    raise PluginError(
        f"The application does not listen on 127.0.0.1:{port} (variable PORT) after {config.start_timeout} s",
        where=app,
        do="Let it listen on $PORT, raise `start_timeout`, or set `worker = true`"
        + (". Its last output:" if output else ""),
        output=output,
    )
