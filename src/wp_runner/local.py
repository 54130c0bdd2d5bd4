"""The runner inside the command line: works in the user's folder, takes only jobs that name it."""

from __future__ import annotations

from pathlib import Path

from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_runner.agent import Agent, RunnerKind, RunnerSettings
from wp_runner.datasource import local_source
from wp_runner.entrypoint_file import EntrypointFinder
from wp_runner.environment import RunnerFacts
from wp_runner.job import JobExecutor, ProjectLoader
from wp_runner.plugins import PluginHost
from wp_runner.project import load_project
from wp_runner.server import Server
from wp_sdk.ids import new_id


class LocalRunner(Agent):
    """`start()`, target jobs at `id`, `stop()`; or a context manager. `directory` holds waypoint.hcl; `slots` jobs
    run at once.

    `stub` must carry token and version metadata already. See `Agent` for errors.
    """

    def __init__(
        self,
        stub: WaypointStub,
        directory: Path,
        *,
        slots: int = 1,
        host: PluginHost | None = None,
        load: ProjectLoader = load_project,
    ) -> None:
        settings = RunnerSettings(RunnerKind.LOCAL, new_id(), slots=slots)
        facts = RunnerFacts(settings.id, local=True, host=host or PluginHost(), entrypoint=EntrypointFinder())
        super().__init__(stub, settings, JobExecutor(Server(stub), facts, local_source(directory), load))
