"""`GetLogStream`: the lines of a deployment's or an application's instances (server.md §5.3)."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import grpc
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.errors import FailedPrecondition, NotFound
from wp_server.live.instances import Instance, Instances
from wp_server.live.log_reader import LogReader, instances_of_deployments
from wp_server.store import Store
from wp_server.store.operations import DEPLOYMENT, find

Context = grpc.aio.ServicerContext[object, object]

DEFAULT_BACKLOG = 100
"""Lines per instance when the reader does not say."""


class LogHandlers:
    """What `waypoint logs` calls."""

    def __init__(self, store: Store, instances: Instances) -> None:
        self._store = store
        self._instances = instances

    async def GetLogStream(self, request: pb.GetLogStreamRequest, context: Context) -> AsyncGenerator[bytes, None]:
        """Sends serialized `LogBatch` messages until the caller leaves; silent while there is nothing to tell."""
        backlog = request.limit_backlog or DEFAULT_BACKLOG
        match request.WhichOneof("scope"):
            case "deployment_id":
                reader = await self._of_deployment(request.deployment_id, backlog)
            case "application":
                reader = self._of_application(request.application, backlog)
            case _:
                raise FailedPrecondition("scope: must name a deployment or an application")
        async for batch in reader.batches():
            yield batch

    async def _of_deployment(self, deployment_id: str, backlog: int) -> LogReader:
        if await self._store.read(find, DEPLOYMENT, deployment_id) is None:
            raise NotFound(f"There is no deployment {deployment_id}.")
        return LogReader(self._store.changes, lambda: self._instances.of_deployment(deployment_id), (), backlog)

    def _of_application(self, scope: pb.GetLogStreamRequest.Application, backlog: int) -> LogReader:
        application, workspace = scope.application, scope.workspace.workspace
        if not application.application or not application.project or not workspace:
            raise FailedPrecondition("application: must name a project, an application and a workspace")

        def select() -> list[Instance]:
            return instances_of_deployments(self._instances, application, workspace, self._shown)

        return LogReader(self._store.changes, select, ("deployments",), backlog)

    def _shown(self, deployment_id: str) -> bool:
        return self._store.read_now(_shown, deployment_id)


def _shown(connection: Connection, deployment_id: str) -> bool:
    deployment = find(connection, DEPLOYMENT, deployment_id)
    return (
        deployment is not None
        and deployment.state == pb.Operation.CREATED
        and deployment.status.state == pb.Status.SUCCESS
    )
