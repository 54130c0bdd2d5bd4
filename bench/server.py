"""What one server process does per second: authenticated reads, durable writes, jobs; and what its disk could do.

    python bench/server.py            all figures, about a minute
    python bench/server.py reads      only those whose name contains a word

The server runs as its own process, pinned to one core where the machine lets us; the clients run in this process, which
has less than a core to itself: what a server can do per core is told by its processor time for a call. Where
`make go-waypoint` has built it the Go server is measured first, in the same way, and ours is printed beside it; else
beside what was recorded. Ratios matter, not the numbers: the disk's own sync rate is printed beside the durable writes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import grpc
from go_programs import NAME, beside
from google.protobuf.empty_pb2 import Empty
from server_under_load import APPLICATION, STORED, WORKSPACE, Server, Sheet, noop, server

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub

SECONDS = 4.0
CLIENTS = 16
BACKLOG = 10_000
MOVES = 3
"""Transitions of a job once it is queued."""
Request = pb.RunnerJobStreamRequest


class Api:
    """Calls with headers and token, and where their figures go."""

    def __init__(self, target: Server, channel: grpc.aio.Channel, sheet: Sheet) -> None:
        self.target = target
        self.sheet = sheet
        self._stub = WaypointStub(channel)

    def __getattr__(self, rpc: str):
        method = getattr(self._stub, rpc)
        return lambda *request: method(*request, metadata=self.target.metadata)


@dataclass(frozen=True)
class Rate:
    """Calls per second, and microseconds of the server's processor for each."""

    per_second: float
    cost: float

    def show(self, sheet: Sheet, name: str, goal: float | None = None, beside: str = "") -> None:
        sheet.show(name, self.per_second, "/s", goal, cost=self.cost, beside=beside)


class Stopwatch:
    """What a server does from here on."""

    def __init__(self, target: Server) -> None:
        self._target = target
        self._began, self._busy = time.perf_counter(), target.processor_time()

    def rate(self, done: int) -> Rate:
        elapsed = time.perf_counter() - self._began
        return Rate(done / elapsed, (self._target.processor_time() - self._busy) / done * 1e6)


async def rate(api: Api, clients: int, call: Callable[[int], Awaitable[object]]) -> Rate:
    """Calls of `clients` that call one after the other."""
    end = time.perf_counter() + SECONDS
    done = 0

    async def client(number: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await call(number)
            done += 1

    watch = Stopwatch(api.target)
    await asyncio.gather(*(client(number) for number in range(clients)))
    return watch.rate(done)


def sync_rate() -> float:
    """fsyncs per second of a small appended file on the disk of temporary files, where the server's state is."""
    with tempfile.NamedTemporaryFile(buffering=0) as file:
        done, started = 0, time.perf_counter()
        while time.perf_counter() < started + 1.5:
            file.write(bytes(4096))
            os.fsync(file.fileno())
            done += 1
        return done / (time.perf_counter() - started)


async def prepare(api: Api) -> None:
    await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="bench")))
    for number in range(13):
        status = pb.Status(state=pb.Status.SUCCESS)
        status.start_time.GetCurrentTime()
        status.complete_time.GetCurrentTime()
        await api.UpsertDeployment(
            pb.UpsertDeploymentRequest(
                deployment=pb.Deployment(
                    application=APPLICATION,
                    workspace=WORKSPACE,
                    status=status,
                    labels={f"label{one}": "value" * 4 for one in range(8)},
                    url=f"http://127.0.0.1:{8000 + number}",
                    state=pb.Operation.CREATED,
                    job_id=f"JOB{number}",
                )
            )
        )


async def reads(api: Api) -> None:
    project = pb.GetProjectRequest(project=pb.Ref.Project(project="bench"))
    listing = pb.ListDeploymentsRequest(application=APPLICATION)
    newest = pb.ListDeploymentsRequest(application=STORED)
    newest.order.limit = 13
    (await rate(api, CLIENTS, lambda _: api.GetServerConfig(Empty()))).show(
        api.sheet, "GetServerConfig, authenticated", 2000
    )
    (await rate(api, CLIENTS, lambda _: api.GetProject(project))).show(api.sheet, "GetProject with 1 workspace")
    (await rate(api, CLIENTS, lambda _: api.ListDeployments(listing))).show(api.sheet, "ListDeployments, 13 rows", 2000)
    if len((await api.ListDeployments(newest)).deployments) == newest.order.limit:
        found = await rate(api, CLIENTS, lambda _: api.ListDeployments(newest))
        found.show(api.sheet, "ListDeployments, the newest 13 of all that are stored", 2000)


async def writes(api: Api) -> None:
    syncs = sync_rate()

    def told(found: Rate) -> str:
        return f"{found.per_second / syncs:.2f} per sync, of which the disk does {syncs:.0f}/s"

    def variable(client: int) -> pb.ConfigSetRequest:
        name = f"NAME_{client}_{time.perf_counter_ns() % 500}"
        target = pb.ConfigVar.Target(application=APPLICATION)
        return pb.ConfigSetRequest(variables=[pb.ConfigVar(name=name, static="value " * 8, target=target)])

    for clients, goal in ((1, None), (CLIENTS, 1300)):
        found = await rate(api, clients, lambda number: api.SetConfig(variable(number)))
        found.show(api.sheet, f"SetConfig, durable, {clients} clients", goal, told(found))
    found = await rate(api, CLIENTS, lambda _: api.QueueJob(noop("absent")))
    found.show(api.sheet, f"QueueJob, durable, {CLIENTS} clients", 1000, told(found))


async def registered(api: Api, runner_id: str, **fields: bool):
    """The configuration stream of a runner that is ready for work; cancel it in the end."""
    config = api.RunnerConfig()
    runner = pb.Runner(id=runner_id, local=pb.Runner.Local(), **fields)
    await config.write(pb.RunnerConfigRequest(open=pb.RunnerConfigRequest.Open(runner=runner)))
    await config.read()
    return config


async def jobs(api: Api) -> None:
    count, slots = 900, 6
    config = await registered(api, "bench", by_id_only=True)
    done = 0

    async def slot() -> None:
        nonlocal done
        while done < count:
            stream = api.RunnerJobStream()
            await stream.write(Request(request=Request.Request(runner_id="bench")))
            if await stream.read() is grpc.aio.EOF:
                return
            await stream.write(Request(ack=Request.Ack()))
            await stream.write(Request(complete=Request.Complete()))
            await stream.read()
            done += 1
            if done >= count:
                for one in working:
                    one.cancel()

    watch = Stopwatch(api.target)
    working = [asyncio.ensure_future(slot()) for _ in range(slots)]
    queueing = asyncio.gather(*(client_queue(api, "bench", count // CLIENTS + 1) for _ in range(CLIENTS)))
    await asyncio.gather(*working, return_exceptions=True)
    found = watch.rate(done)
    found.show(api.sheet, f"no-op jobs through one runner, {slots} streams", 150)
    moves = Rate(found.per_second * MOVES, found.cost / MOVES)
    moves.show(api.sheet, "durable transitions of these jobs", 300, "assigned, running, finished")
    await queueing
    config.cancel()


async def client_queue(api: Api, runner_id: str, count: int) -> None:
    for _ in range(count):
        await api.QueueJob(noop(runner_id))


async def backlog(api: Api) -> None:
    """With a long queue for others."""
    watch = Stopwatch(api.target)
    await asyncio.gather(*(client_queue(api, "absent", BACKLOG // 50) for _ in range(50)))
    watch.rate(BACKLOG).show(api.sheet, "QueueJob, durable, 50 clients", 1000)
    claimer = await registered(api, "claimer")
    latencies = []
    for _ in range(60):
        stream = api.RunnerJobStream()
        await stream.write(Request(request=Request.Request(runner_id="claimer")))
        await asyncio.sleep(0.02)
        queued = time.perf_counter()
        await api.QueueJob(noop("claimer"))
        await stream.read()
        latencies.append((time.perf_counter() - queued) * 1000)
        await stream.write(Request(ack=Request.Ack()))
        await stream.write(Request(complete=Request.Complete()))
        await stream.read()
    api.sheet.show(f"queue to claim with {BACKLOG} queued, median", statistics.median(latencies), "ms", 20, most=True)
    claimer.cancel()
    pages = []
    request = pb.ListJobsRequest(pagination=pb.PaginationRequest(page_size=100))
    for _ in range(20):
        started = time.perf_counter()
        answer = await api.ListJobs(request)
        pages.append((time.perf_counter() - started) * 1000)
        if len(answer.jobs) != 100:  # the Go server has no pages
            return
        request.pagination.next_page_token = answer.pagination.next_page_token
    api.sheet.show(f"page of 100 of {BACKLOG} jobs and more, median", statistics.median(pages), "ms", 50, most=True)


async def measure(target: Server, sheet: Sheet, words: Sequence[str] = ()) -> None:
    """All figures of a running server, or those whose name contains one of the words."""
    async with target.channel() as channel:
        api = Api(target, channel, sheet)
        await prepare(api)
        figures = {"reads": reads, "writes": writes, "jobs": jobs, "backlog": backlog}
        for figure, taken in figures.items():
            if not words or any(word in figure for word in words):
                await taken(api)
    sheet.show("resident memory of the server afterwards", target.resident, "MiB", most=True)


def main(words: Sequence[str]) -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    sheet = Sheet(beside(lambda target, sheet: asyncio.run(measure(target, sheet, words))), NAME)
    with server() as target:
        asyncio.run(measure(target, sheet, words))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="figures to measure: reads, writes, jobs, backlog")
    main(parser.parse_args().words)
