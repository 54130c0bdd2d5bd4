"""The memory of a server: idle, and with many entrypoints and runners connected.

    python bench/server_memory.py [entrypoints] [runners]

All of it beside the same of the Go server, where `make go-waypoint` has built it. Idle is measured after the first
start, which makes schema and certificate, and after the second one; of the artifacts too, on the interpreter PYTHON,
where they are built. Every entrypoint has a connection of its own, with its configuration stream, an open log stream
on which it has sent some lines, and inline keepalives; so has every runner, with its configuration stream and a stream
that waits for a job. Resident memory includes the pages of the program's own files, which Go's has more of.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
from go_programs import NAME, compared
from server_under_load import FROM_SOURCE, Serve, Server, Sheet

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub

SETTLE = 3.0
"""Seconds until an idle server has done what it does after its start."""
WATCH = 20.0
"""Seconds of being connected: some rounds of keepalives."""
CONNECT = 180.0
"""Seconds in which all must be connected."""
PROCESSES = 4
AT_ONCE = 25
"""Peers of one process that connect at the same time."""
RETRY = 1.0
LINES = 100
KEEPALIVE = (("wp-inline-keepalives", "true"),)
Stream = Any
"""A call with `read`."""
MEGABYTE = 1_000_000 / 1024 / 1024


class Peers:
    """Those of one process. `connected` when all are, at the same time."""

    def __init__(self, target: Server, count: int) -> None:
        self.target = target
        self.metadata = (*target.metadata, *KEEPALIVE)
        self.connected = asyncio.Event()
        self._missing = count
        self._room = asyncio.Semaphore(AT_ONCE)

    async def stay(self, connect: Callable[[WaypointStub], Awaitable[Stream]]) -> None:
        """Keeps a peer connected, which comes back when its connection breaks, as all of them do."""
        while True:
            async with self.target.channel() as channel:
                try:
                    async with self._room:
                        config = await connect(WaypointStub(channel))
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(RETRY)
                    continue
                self._missing -= 1
                if not self._missing:
                    self.connected.set()
                with contextlib.suppress(grpc.aio.AioRpcError):
                    while await config.read() is not grpc.aio.EOF:
                        continue
                self._missing += 1

    async def entrypoint(self, deployment: str, number: int) -> None:
        instance, streams = f"I{number:05}", []

        async def connect(stub: WaypointStub) -> Stream:
            request = pb.EntrypointConfigRequest(deployment_id=deployment, instance_id=instance)
            config = stub.EntrypointConfig(request, metadata=self.metadata)
            await config.read()
            lines = stub.EntrypointLogStream(metadata=self.metadata)
            entries = [pb.LogBatch.Entry(line=f"{instance} a line of ordinary length {one}") for one in range(LINES)]
            await lines.write(pb.EntrypointLogBatch(instance_id=instance, lines=entries))
            streams[:] = [lines]
            return config

        await self.stay(connect)

    async def runner(self, number: int) -> None:
        runner, streams = pb.Runner(id=f"R{number:05}", remote=pb.Runner.Remote()), []

        async def connect(stub: WaypointStub) -> Stream:
            config = stub.RunnerConfig(metadata=self.metadata)
            await config.write(pb.RunnerConfigRequest(open=pb.RunnerConfigRequest.Open(runner=runner)))
            await config.read()
            work = stub.RunnerJobStream(metadata=self.metadata)
            request = pb.RunnerJobStreamRequest.Request(runner_id=runner.id)
            await work.write(pb.RunnerJobStreamRequest(request=request))
            streams[:] = [work]
            return config

        await self.stay(connect)


async def _peers(target: Server, deployment: str, entrypoints: range, runners: range, told) -> None:
    peers = Peers(target, len(entrypoints) + len(runners))
    async with asyncio.TaskGroup() as group:
        for number in entrypoints:
            group.create_task(peers.entrypoint(deployment, number))
        for number in runners:
            group.create_task(peers.runner(number))
        await peers.connected.wait()
        told.put(None)


def _process(target: Server, deployment: str, entrypoints: range, runners: range, told) -> None:
    asyncio.run(_peers(target, deployment, entrypoints, runners, told))


def idle(serve: Serve, sheet: Sheet) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for start in ("first", "second"):
            with serve(Path(folder)) as target:
                time.sleep(SETTLE)
                told = f"{target.anonymous:.0f} of it no files"
                name = f"idle after its {start} start"
                sheet.show(name, target.resident, "MiB", 96 * MEGABYTE, most=True, beside=told)


def connected(serve: Serve, entrypoints: int, runners: int, sheet: Sheet) -> None:
    context = multiprocessing.get_context("spawn")
    with serve(None) as target:
        (deployment,) = asyncio.run(target.deployments(1))
        before, told = target.resident, context.Queue()
        processes = [
            context.Process(
                target=_process,
                args=(target, deployment, range(n, entrypoints, PROCESSES), range(n, runners, PROCESSES), told),
            )
            for n in range(PROCESSES)
        ]
        try:
            for process in processes:
                process.start()
            for _ in processes:
                told.get(timeout=CONNECT)
            busy, began = target.processor_time(), time.monotonic()
            time.sleep(WATCH)
            share = (target.processor_time() - busy) / (time.monotonic() - began)
            name = f"{entrypoints} entrypoints and {runners} runners connected"
            each = (target.resident - before) * 1024 / (entrypoints + runners)
            told = f"{target.anonymous:.0f} of it no files; {each:.0f} KiB each; {share:.0%} of a core"
            sheet.show(name, target.resident, "MiB", 400, most=True, beside=told)
        finally:
            for process in processes:
                process.terminate()
                process.join()


def main(entrypoints: int, runners: int) -> None:
    for name, serve, sheet in compared():
        print(name)
        idle(serve, sheet)
        if name in (NAME, FROM_SOURCE):
            connected(serve, entrypoints, runners, sheet)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]) if len(sys.argv) > 2 else (1_000, 50))
