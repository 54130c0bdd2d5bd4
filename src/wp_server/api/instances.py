"""`ListInstances`: which copies of a deployment or application are connected (server.md §3.6)."""

from __future__ import annotations

import asyncio

import grpc

from wp_proto.waypoint import api as pb
from wp_server.durations import parse_duration
from wp_server.errors import DeadlineExceeded, FailedPrecondition
from wp_server.live.instances import Instance, Instances
from wp_server.store.instances import deployment_topic

Context = grpc.aio.ServicerContext[object, object]


class InstanceHandlers:
    """What asks for instances."""

    def __init__(self, instances: Instances) -> None:
        self._instances = instances

    async def ListInstances(self, request: pb.ListInstancesRequest, context: Context) -> pb.ListInstancesResponse:
        """Answers the connected instances; with `wait_timeout` and a deployment, waits for the first one."""
        match request.WhichOneof("scope"):
            case "deployment_id":
                found = await self._of_deployment(request.deployment_id, request.wait_timeout)
            case "application":
                scope = request.application
                found = self._instances.of_application(scope.application, scope.workspace.workspace)
            case _:
                raise FailedPrecondition("scope: must name a deployment or an application")
        return pb.ListInstancesResponse(instances=[instance.message() for instance in found if instance.connected])

    async def _of_deployment(self, deployment_id: str, wait_timeout: str) -> list[Instance]:
        if not wait_timeout:
            return self._instances.of_deployment(deployment_id)
        try:
            seconds = parse_duration(wait_timeout)
        except ValueError as error:
            raise FailedPrecondition(f"wait_timeout: {error}") from error
        with self._instances.changes.subscribe(deployment_topic(deployment_id)) as subscription:
            try:
                async with asyncio.timeout(seconds):
                    while not (found := [i for i in self._instances.of_deployment(deployment_id) if i.connected]):
                        await subscription.wait()
            except TimeoutError as error:
                raise DeadlineExceeded(f"No instance of the deployment connected within {wait_timeout}.") from error
        return found
