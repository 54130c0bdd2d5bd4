"""One reader's lines from all servers: its own, and what each other one sends of its instances."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import grpc

from wp_proto.own.log_position_pb2 import LogFollow, LogPosition
from wp_proto.waypoint import api as pb
from wp_server.errors import DomainError, Unavailable
from wp_server.live.beside import beside
from wp_server.live.log_reader import gap
from wp_server.peers.links import Links
from wp_server.store import Store, replicas

Context = grpc.aio.ServicerContext[Any, Any]

BUFFERED = 64
"""Batches of all servers that wait for the reader; a full buffer holds the servers back."""
LOOK_SECONDS = 5.0
AGAIN_SECONDS = 0.5
GONE = "lines may be missing here: the server that kept them is gone"


async def merged(
    store: Store, links: Links, here: AsyncGenerator[bytes, None], request: pb.GetLogStreamRequest, context: Context
) -> AsyncGenerator[bytes, None]:
    """Yields serialized `LogBatch` messages until the caller leaves. Errors: those of `here`."""
    batches: asyncio.Queue[bytes | DomainError] = asyncio.Queue(BUFFERED)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(beside(_own(here, batches)))
        await stack.enter_async_context(beside(_others(store, links, batches, request, context)))
        while True:
            batch = await batches.get()
            if isinstance(batch, DomainError):
                raise batch
            yield batch


async def _own(here: AsyncGenerator[bytes, None], batches: asyncio.Queue[bytes | DomainError]) -> None:
    try:
        async for batch in here:
            await batches.put(batch)
    except DomainError as error:
        await batches.put(error)
    finally:
        await here.aclose()


async def _others(
    store: Store,
    links: Links,
    batches: asyncio.Queue[bytes | DomainError],
    request: pb.GetLogStreamRequest,
    context: Context,
) -> None:
    """Follows every other server for as long as it lives."""
    following: dict[str, _Following] = {}
    try:
        with store.changes.subscribe(replicas.TOPIC) as news:
            while True:
                try:
                    alive = {peer.id: peer.address for peer in await store.read(replicas.peers)}
                except Unavailable:
                    # Nobody can say who is there; links that stand go on.
                    await news.wait(LOOK_SECONDS)
                    continue
                for peer_id in following.keys() - alive.keys():
                    if not following[peer_id].linked:
                        await _end(following.pop(peer_id), batches)
                for peer_id in alive.keys() - following.keys():
                    following[peer_id] = _Following(links, alive[peer_id], batches, request, context)
                await news.wait(LOOK_SECONDS)
    finally:
        tasks = [one.task for one in following.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _end(following: _Following, batches: asyncio.Queue[bytes | DomainError]) -> None:
    """Says of each instance that was followed there that its lines end here, for now."""
    following.task.cancel()
    for position in following.shown.values():
        await batches.put(gap(position.deployment_id, position.instance_id, GONE))


class _Following:
    """The lines of one other server, for one reader: again after every break, from where it was."""

    def __init__(
        self,
        links: Links,
        address: str,
        batches: asyncio.Queue[bytes | DomainError],
        request: pb.GetLogStreamRequest,
        context: Context,
    ) -> None:
        self.shown: dict[str, LogPosition] = {}
        self.linked = False
        self._begun = False
        self._wanted = pb.GetLogStreamRequest()
        self._wanted.CopyFrom(request)
        self.task = asyncio.create_task(self._run(links, address, batches, context))

    async def _run(
        self, links: Links, address: str, batches: asyncio.Queue[bytes | DomainError], context: Context
    ) -> None:
        while True:
            self._wanted.follow.CopyFrom(LogFollow(again=self._begun, shown=self.shown.values()))
            try:
                async for batch in links.pass_on("GetLogStream", address, self._wanted, context):
                    self.linked = self._begun = True
                    self._note(batch.position)
                    batch.ClearField("position")
                    if batch.lines:
                        await batches.put(batch.SerializeToString())
            except Unavailable:
                pass  # it is tried again
            except DomainError:
                return  # it says what this server says, too
            finally:
                self.linked = False
            await asyncio.sleep(AGAIN_SECONDS)

    def _note(self, position: LogPosition) -> None:
        if position.ring:
            kept = self.shown[position.instance_id] = LogPosition()
            kept.CopyFrom(position)
        else:
            self.shown.pop(position.instance_id, None)
