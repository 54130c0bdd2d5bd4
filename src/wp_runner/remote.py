"""The runner that stands somewhere, or was started for one job: it fetches the files of its jobs itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_runner.agent import Agent, RunnerKind, RunnerSettings
from wp_runner.datasource import DataSource, local_source
from wp_runner.entrypoint_file import EntrypointFinder
from wp_runner.environment import RunnerFacts
from wp_runner.git_source import GitSource
from wp_runner.job import JobExecutor
from wp_runner.plugins import PluginHost
from wp_runner.project import load_project
from wp_runner.server import Server
from wp_sdk.context import Context
from wp_sdk.terminal import UI


class RemoteRunner(Agent):
    """`start()`, `drain()`, `wait()`, `stop()`. `directory` is where jobs with a local data source run.

    `stub` must carry token and version metadata already. See `Agent` for errors.
    """

    def __init__(
        self, stub: WaypointStub, settings: RunnerSettings, directory: Path, git_source: GitSource | None = None
    ) -> None:
        on_demand = settings.kind is RunnerKind.ON_DEMAND
        facts = RunnerFacts(
            settings.id, local=False, host=PluginHost(), entrypoint=EntrypointFinder(), odr=on_demand
        )  # fmt: skip
        repositories = git_source or GitSource()
        checkout = any_source(directory, repositories)
        super().__init__(stub, settings, JobExecutor(Server(stub), facts, checkout, load_project, repositories))


def any_source(
    directory: Path, git_source: GitSource
) -> Callable[[pb.Job, Context, UI], AbstractContextManager[DataSource]]:
    """Return the checkout function of a runner that takes jobs with any data source."""
    local = local_source(directory)

    def checkout(job: pb.Job, ctx: Context, ui: UI) -> AbstractContextManager[DataSource]:
        return (git_source if job.data_source.WhichOneof("source") == "git" else local)(job, ctx, ui)

    return checkout
