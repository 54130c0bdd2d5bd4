"""`CreateSnapshot` and `RestoreSnapshot` (server.md §10.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import grpc
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server.errors import FailedPrecondition
from wp_server.snapshots import Snapshots

CHUNK_BYTES = 1024 * 1024

Context = grpc.aio.ServicerContext[object, object]


class SnapshotHandlers:
    """`ask_exit` makes the server stop, with the exit code that has a supervisor start it again."""

    def __init__(self, snapshots: Snapshots, ask_exit: Callable[[], None]) -> None:
        self._snapshots = snapshots
        self._ask_exit = ask_exit

    async def CreateSnapshot(self, request: Empty, context: Context) -> AsyncGenerator[pb.CreateSnapshotResponse, None]:
        """Answers `open`, then the file in chunks."""
        async with self._snapshots.taken() as file:
            yield pb.CreateSnapshotResponse(open=pb.CreateSnapshotResponse.Open())
            while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield pb.CreateSnapshotResponse(chunk=chunk)

    async def RestoreSnapshot(self, requests: AsyncIterator[pb.RestoreSnapshotRequest], context: Context) -> Empty:
        """Takes `open`, then the file in chunks; answers once the state is that of the file."""
        first = await anext(requests, pb.RestoreSnapshotRequest())
        if first.WhichOneof("event") != "open":
            raise FailedPrecondition("The first message must be `open`.")
        async with self._snapshots.incoming() as path:
            with path.open("wb") as file:
                async for request in requests:
                    await asyncio.to_thread(file.write, request.chunk)
            await self._snapshots.restore(path)
        if first.open.exit:
            self._ask_exit()
        return Empty()
