"""`GetLogStream`: the lines of a deployment's or an application's instances (server.md §5.3, §5.5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import grpc
from sqlalchemy import Connection

from wp_proto.own.log_position_pb2 import LogFollow
from wp_proto.waypoint import api as pb
from wp_server.errors import DomainError, FailedPrecondition, NotFound
from wp_server.live.beside import beside
from wp_server.live.instances import Instance, Instances
from wp_server.live.log_reader import LogReader
from wp_server.live.plugin_jobs import PluginJobs, caller_runner
from wp_server.store import Store
from wp_server.store.operations import DEPLOYMENT, Search, find, listed

Context = grpc.aio.ServicerContext[object, object]

DEFAULT_BACKLOG = 100
"""Lines per instance when the reader does not say."""


class LogHandlers:
    """What `waypoint logs` calls."""

    def __init__(self, store: Store, instances: Instances) -> None:
        self._store = store
        self._instances = instances
        self._plugin_jobs = PluginJobs(store)

    async def GetLogStream(self, request: pb.GetLogStreamRequest, context: Context) -> AsyncGenerator[bytes, None]:
        """Sends serialized `LogBatch` messages until the caller leaves; silent while there is nothing to tell."""
        reader = _Reader(self._store, self._instances, self._plugin_jobs, caller_runner(context))
        backlog = request.limit_backlog or DEFAULT_BACKLOG
        follow = request.follow if request.HasField("follow") else None
        async with AsyncExitStack() as stack:
            match request.WhichOneof("scope"):
                case "deployment_id":
                    lines = await reader.of_deployment(request.deployment_id, backlog, follow, stack)
                case "application":
                    lines = await reader.of_application(request.application, backlog, follow, stack)
                case _:
                    raise FailedPrecondition("scope: must name a deployment or an application")
            async for batch in lines.batches():
                yield batch


class _Reader:
    """One call: which instances it shows, and the plugin jobs that were started for it."""

    def __init__(self, store: Store, instances: Instances, plugin_jobs: PluginJobs, runner_id: str) -> None:
        self._store = store
        self._instances = instances
        self._plugin_jobs = plugin_jobs
        self._runner_id = runner_id

    async def of_deployment(
        self, deployment_id: str, backlog: int, follow: LogFollow | None, stack: AsyncExitStack
    ) -> LogReader:
        deployment = await self._store.read(find, DEPLOYMENT, deployment_id)
        if deployment is None:
            raise NotFound(f"There is no deployment {deployment_id}.")
        if deployment.has_logs_plugin and follow is None:
            await self._play(deployment, stack)

        async def select() -> list[Instance]:
            return self._mine(self._instances.of_deployment(deployment_id))

        return LogReader(self._instances, select, (), backlog, follow)

    async def of_application(
        self,
        scope: pb.GetLogStreamRequest.Application,
        backlog: int,
        follow: LogFollow | None,
        stack: AsyncExitStack,
    ) -> LogReader:
        application, workspace = scope.application, scope.workspace.workspace
        if not application.application or not application.project or not workspace:
            raise FailedPrecondition("application: must name a project, an application and a workspace")

        async def select() -> list[Instance]:
            known: dict[str, bool] = {}
            candidates = self._mine(self._instances.of_application(application, workspace))
            for deployment_id in {instance.deployment_id for instance in candidates}:
                known[deployment_id] = await self._store.read(_shown, deployment_id)
            return [instance for instance in candidates if known[instance.deployment_id]]

        if follow is None:  # else the server that the reader called has the plugins play
            await stack.enter_async_context(beside(self._play_all(scope)))
        return LogReader(self._instances, select, ("deployments",), backlog, follow)

    async def _play_all(self, scope: pb.GetLogStreamRequest.Application) -> None:
        """Has a runner show the logs of each of the application's deployments that has a plugin for it."""
        search = Search(
            scope.application,
            scope.workspace.workspace,
            frozenset({int(pb.Status.SUCCESS)}),
            pb.Operation.CREATED,
        )
        started: set[str] = set()
        async with AsyncExitStack() as stack:
            with self._store.changes.subscribe("deployments") as news:
                while True:
                    for deployment in await self._store.read(listed, DEPLOYMENT, search):
                        if deployment.has_logs_plugin and deployment.id not in started:
                            started.add(deployment.id)
                            await stack.enter_async_context(beside(self._play_or_say_why(deployment)))
                    await news.wait()

    async def _play_or_say_why(self, deployment: pb.Deployment) -> None:
        """One plugin that fails does not take the other deployments' lines with it."""
        async with AsyncExitStack() as stack:
            instance_id = stack.enter_context(self._instances.expected(deployment))
            record = stack.enter_context(self._instances.log_record(deployment, instance_id, self))
            try:
                reason: DomainError = await self._plugin_jobs.end(await self._start(record, deployment, stack))
            except DomainError as error:
                reason = error
            self._say(record, reason)
            await asyncio.Event().wait()

    async def _play(self, deployment: pb.Deployment, stack: AsyncExitStack) -> None:
        instance_id = stack.enter_context(self._instances.expected(deployment))
        record = stack.enter_context(self._instances.log_record(deployment, instance_id, self))
        job_id = await self._start(record, deployment, stack)
        await stack.enter_async_context(beside(self._say_end(record, job_id)))

    async def _start(self, record: Instance, deployment: pb.Deployment, stack: AsyncExitStack) -> str:
        job = pb.Job(logs=pb.Job.LogsOp(instance_id=record.id, deployment=deployment))
        return await stack.enter_async_context(self._plugin_jobs.running(job, deployment, self._runner_id))

    async def _say_end(self, record: Instance, job_id: str) -> None:
        self._say(record, await self._plugin_jobs.end(job_id))

    def _say(self, record: Instance, reason: DomainError) -> None:
        line = pb.LogBatch.Entry(
            source=pb.LogBatch.Entry.ENTRYPOINT, line=f"waypoint: no more lines of this deployment: {reason.message}"
        )
        line.timestamp.GetCurrentTime()
        self._instances.append(record, [line])

    def _mine(self, instances: list[Instance]) -> list[Instance]:
        return [instance for instance in instances if instance.owner is None or instance.owner is self]


def _shown(connection: Connection, deployment_id: str) -> bool:
    deployment = find(connection, DEPLOYMENT, deployment_id)
    return (
        deployment is not None
        and deployment.state == pb.Operation.CREATED
        and deployment.status.state == pb.Status.SUCCESS
    )
