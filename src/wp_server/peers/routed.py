"""The calls whose other end may be on another server (server.md §11.6), around the handlers that know only this one.

The routing is by rows: whoever has an instance's configuration stream has its record, its lines and its sessions. Its
other streams, and the clients that ask for it, are passed on there, with back-pressure, once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2

from wp_proto.waypoint import api as pb
from wp_server.api.entrypoint import EntrypointHandlers
from wp_server.api.exec import ExecHandlers
from wp_server.api.logs import LogHandlers
from wp_server.auth import Kind, current
from wp_server.durations import parse_duration
from wp_server.errors import DeadlineExceeded, FailedPrecondition
from wp_server.live.instances import Instance, Instances
from wp_server.peers.links import Links
from wp_server.peers.log_merge import merged
from wp_server.store import Store
from wp_server.store import instances as rows
from wp_server.transport.farewell import is_passed_on

T = TypeVar("T")
Context = grpc.aio.ServicerContext[Any, Any]

KNOWN_SECONDS = 5.0
"""How long a stream of an instance waits until its server has told where that is."""


class RoutedHandlers:
    """Stands before the handlers of entrypoints, exec, logs and instances."""

    def __init__(
        self,
        store: Store,
        instances: Instances,
        links: Links,
        entrypoint: EntrypointHandlers,
        exec: ExecHandlers,
        logs: LogHandlers,
    ) -> None:
        self._store = store
        self._instances = instances
        self._links = links
        self._entrypoint = entrypoint
        self._exec = exec
        self._logs = logs

    async def EntrypointConfig(
        self, request: pb.EntrypointConfigRequest, context: Context
    ) -> AsyncGenerator[pb.EntrypointConfigResponse, None]:
        """A runner plays an instance for the server that asked for it; everybody else is at home here."""
        away = None
        if current().kind is Kind.RUNNER and not self._instances.deployment_of(request.instance_id):
            away = await self._home(request.instance_id, context)
        if away is None:
            answers = self._entrypoint.EntrypointConfig(request, context)
        else:
            answers = self._links.pass_on("EntrypointConfig", away.address, request, context)
        async with aclosing(answers):
            async for answer in answers:
                yield answer

    async def EntrypointLogStream(
        self, requests: AsyncIterator[pb.EntrypointLogBatch], context: Context
    ) -> empty_pb2.Empty:
        """Lines go to where the instance's record is."""
        first = await anext(requests, None)
        away = await self._home(first.instance_id, context) if first is not None else None
        if away is None:
            return await self._entrypoint.EntrypointLogStream(_with_first(first, requests), context)
        await self._links.pass_in("EntrypointLogStream", away.address, _with_first(first, requests), context)
        return empty_pb2.Empty()

    async def EntrypointExecStream(
        self, requests: AsyncIterator[pb.EntrypointExecRequest], context: Context
    ) -> AsyncGenerator[pb.EntrypointExecResponse, None]:
        """A session is where the instance's record is."""
        first = await anext(requests, None)
        away = await self._home(first.open.instance_id, context) if first is not None else None
        if away is None:
            answers = self._entrypoint.EntrypointExecStream(_with_first(first, requests), context)
        else:
            answers = self._links.relay("EntrypointExecStream", away.address, _with_first(first, requests), context)
        async with aclosing(answers):
            async for answer in answers:
                yield answer

    async def StartExecStream(
        self, requests: AsyncIterator[pb.ExecStreamRequest], context: Context
    ) -> AsyncGenerator[pb.ExecStreamResponse, None]:
        """An instance here is preferred; else the server of one that takes commands has the session."""
        first = await anext(requests, None)
        away = await self._with_instance(first.start, context) if first is not None else None
        if away is None:
            answers = self._exec.StartExecStream(_with_first(first, requests), context)
        else:
            answers = self._links.relay("StartExecStream", away.address, _with_first(first, requests), context)
        async with aclosing(answers):
            async for answer in answers:
                yield answer

    async def GetLogStream(self, request: pb.GetLogStreamRequest, context: Context) -> AsyncGenerator[bytes, None]:
        """Sends the lines of the instances here, and those that all other servers send of theirs."""
        here = self._logs.GetLogStream(request, context)
        if is_passed_on(context):
            batches = here
        else:
            batches = merged(self._store, self._links, here, request, context)
        async with aclosing(batches):
            async for batch in batches:
                yield batch

    async def ListInstances(self, request: pb.ListInstancesRequest, context: Context) -> pb.ListInstancesResponse:
        """Answers the connected instances of all servers; with `wait_timeout`, waits for the first of a deployment."""
        match request.WhichOneof("scope"):
            case "deployment_id":
                found = await self._of_deployment(request.deployment_id, request.wait_timeout)
            case "application":
                scope = request.application
                workspace = scope.workspace.workspace
                here = self._instances.of_application(scope.application, workspace)
                away = await self._store.read(rows.of_application, scope.application, workspace)
                found = _together(here, away)
            case _:
                raise FailedPrecondition("scope: must name a deployment or an application")
        return pb.ListInstancesResponse(instances=found)

    async def _of_deployment(self, deployment_id: str, wait_timeout: str) -> list[pb.Instance]:
        try:
            seconds = parse_duration(wait_timeout) if wait_timeout else 0.0
        except ValueError as error:
            raise FailedPrecondition(f"wait_timeout: {error}") from error
        with self._store.changes.subscribe(rows.deployment_topic(deployment_id)) as news:
            found = await self._on_all_servers(deployment_id)
            try:
                async with asyncio.timeout(seconds):
                    while wait_timeout and not found:
                        await news.wait()
                        found = await self._on_all_servers(deployment_id)
            except TimeoutError as error:
                raise DeadlineExceeded(f"No instance of the deployment connected within {wait_timeout}.") from error
        return found

    async def _on_all_servers(self, deployment_id: str) -> list[pb.Instance]:
        away = await self._store.read(rows.of_deployment, deployment_id)
        return _together(self._instances.of_deployment(deployment_id), away)

    async def _home(self, instance_id: str, context: Context) -> rows.Place | None:
        """Returns the other server that has an instance; None when it is here, or nowhere."""
        if is_passed_on(context):
            return None
        end = time.monotonic() + KNOWN_SECONDS
        with self._store.changes.subscribe(rows.ALL) as news:
            while True:
                known = self._instances.get(instance_id)
                if (known is not None and known.connected) or (
                    self._instances.deployment_of(instance_id) and not known
                ):
                    return None
                away = await self._store.read(rows.elsewhere, instance_id)
                if away is not None or known is not None or (left := end - time.monotonic()) <= 0:
                    return away
                await news.wait(left)

    async def _with_instance(self, start: pb.ExecStreamRequest.Start, context: Context) -> rows.Place | None:
        if is_passed_on(context):
            return None
        match start.WhichOneof("target"):
            case "instance_id":
                known = self._instances.get(start.instance_id)
                if known is not None and known.connected:
                    return None
                return await self._store.read(rows.elsewhere, start.instance_id)
            case "deployment_id":
                if any(one.takes_exec for one in self._instances.of_deployment(start.deployment_id)):
                    return None
                places = await self._store.read(rows.for_exec, start.deployment_id)
                return places[0] if places else None
        return None


def _together(here: list[Instance], away: list[pb.Instance]) -> list[pb.Instance]:
    """Of an instance that has just come here from another server, the record here counts."""
    found = {instance.id: instance.message() for instance in here if instance.connected}
    return [*found.values(), *(instance for instance in away if instance.id not in found)]


async def _with_first(first: T | None, rest: AsyncIterator[T]) -> AsyncIterator[T]:
    if first is not None:
        yield first
        async for one in rest:
            yield one
