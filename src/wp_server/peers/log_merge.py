"""One reader's lines from all servers: its own, and what each other one sends of its instances."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import grpc

from wp_proto.waypoint import api as pb
from wp_server.errors import DomainError, Unavailable
from wp_server.live.beside import beside
from wp_server.peers.links import Links
from wp_server.store import Store, replicas

Context = grpc.aio.ServicerContext[Any, Any]

BUFFERED = 64
"""Batches of all servers that wait for the reader; a full buffer holds the servers back."""
LOOK_SECONDS = 5.0
AGAIN_SECONDS = 0.5


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
    following: dict[str, asyncio.Task[None]] = {}
    try:
        with store.changes.subscribe(replicas.TOPIC) as news:
            while True:
                try:
                    alive = {peer.id: peer.address for peer in await store.read(replicas.peers)}
                except Unavailable:
                    alive = {}
                for peer_id in following.keys() - alive.keys():
                    following.pop(peer_id).cancel()
                for peer_id in alive.keys() - following.keys():
                    lines = _follow(links, alive[peer_id], batches, request, context)
                    following[peer_id] = asyncio.create_task(lines)
                await news.wait(LOOK_SECONDS)
    finally:
        for task in following.values():
            task.cancel()
        await asyncio.gather(*following.values(), return_exceptions=True)


async def _follow(
    links: Links,
    address: str,
    batches: asyncio.Queue[bytes | DomainError],
    request: pb.GetLogStreamRequest,
    context: Context,
) -> None:
    wanted = pb.GetLogStreamRequest()
    wanted.CopyFrom(request)
    while True:
        try:
            async for batch in links.pass_on("GetLogStream", address, wanted, context):
                await batches.put(batch.SerializeToString())
        except Unavailable:
            # What was shown is not shown again; lines that were written meanwhile and are still there are.
            wanted.limit_backlog = 1
        except DomainError:
            return  # it says what this server says, too
        await asyncio.sleep(AGAIN_SECONDS)
