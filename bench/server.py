"""What one server process does per second: authenticated reads, durable writes, jobs; and what its disk could do.

    python bench/server.py            all figures, about half a minute
    python bench/server.py reads      only those whose name contains a word

The server runs as its own process, pinned to one core where the machine lets us; the clients run in this process.
Ratios matter, not the numbers: the disk's own sync rate is printed beside the durable writes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub

ROOT = Path(__file__).resolve().parents[1]
HEADERS = (("client-api-protocol", "1,1"), ("client-entrypoint-protocol", "1,1"), ("client-version", "v1.0.0"))
SECONDS = 4.0
CLIENTS = 16
APP = pb.Ref.Application(project="bench", application="web")
Request = pb.RunnerJobStreamRequest


class Api:
    """Calls with headers and token."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._stub = WaypointStub(channel)
        self._metadata = (*HEADERS, ("waypoint-token", token))

    def __getattr__(self, rpc: str):
        method = getattr(self._stub, rpc)
        return lambda *request: method(*request, metadata=self._metadata)


server_pid = 0
cost: list[float] = []
"""Microseconds of the server's processor per call of the last `rate`."""


def cpu_seconds() -> float:
    """Processor time the server has used; unlike the wall clock it does not see who else uses the machine."""
    fields = Path(f"/proc/{server_pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def rate(clients: int, call: Callable[[int], Awaitable[object]]) -> float:
    """Calls per second of `clients` that call one after the other."""
    end = time.perf_counter() + SECONDS
    done = 0

    async def client(number: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await call(number)
            done += 1

    started, busy = time.perf_counter(), cpu_seconds()
    await asyncio.gather(*(client(number) for number in range(clients)))
    cost.append((cpu_seconds() - busy) / done * 1e6)
    return done / (time.perf_counter() - started)


def sync_rate(folder: Path) -> float:
    """fsyncs per second of a small appended file on the same disk."""
    with (folder / "sync").open("wb", buffering=0) as file:
        end = time.perf_counter() + 1.5
        done = 0
        started = time.perf_counter()
        while time.perf_counter() < end:
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
                    application=APP,
                    workspace=pb.Ref.Workspace(workspace="default"),
                    status=status,
                    labels={f"label{one}": "value" * 4 for one in range(8)},
                    url=f"http://127.0.0.1:{8000 + number}",
                    state=pb.Operation.CREATED,
                )
            )
        )


async def reads(api: Api) -> None:
    project = pb.GetProjectRequest(project=pb.Ref.Project(project="bench"))
    show("GetServerConfig, authenticated", await rate(CLIENTS, lambda _: api.GetServerConfig(pb_empty())), ">= 2000/s")
    show("GetProject with 1 workspace", await rate(CLIENTS, lambda _: api.GetProject(project)))
    listing = pb.ListDeploymentsRequest(application=APP)
    show("ListDeployments, 13 rows", await rate(CLIENTS, lambda _: api.ListDeployments(listing)))


def pb_empty():
    from google.protobuf.empty_pb2 import Empty

    return Empty()


async def writes(api: Api, folder: Path) -> None:
    syncs = sync_rate(folder)
    show("the disk's own syncs", syncs)

    def variable(client: int) -> pb.ConfigSetRequest:
        name = f"NAME_{client}_{time.perf_counter_ns() % 500}"
        target = pb.ConfigVar.Target(application=APP)
        return pb.ConfigSetRequest(variables=[pb.ConfigVar(name=name, static="value " * 8, target=target)])

    one = await rate(1, lambda number: api.SetConfig(variable(number)))
    show("SetConfig, durable, 1 client", one, f"{one / syncs:.2f} per sync")
    many = await rate(CLIENTS, lambda number: api.SetConfig(variable(number)))
    show(f"SetConfig, durable, {CLIENTS} clients", many, f">= 1300/s; {many / syncs:.2f} per sync")


def job(runner: str) -> pb.QueueJobRequest:
    return pb.QueueJobRequest(
        job=pb.Job(
            application=APP,
            workspace=pb.Ref.Workspace(workspace="default"),
            target_runner=pb.Ref.Runner(id=pb.Ref.RunnerId(id=runner)),
            data_source=pb.Job.DataSource(local=pb.Job.Local()),
            noop=pb.Job.Noop(),
        )
    )


async def jobs(api: Api) -> None:
    count, slots = 600, 6
    config = api.RunnerConfig()
    runner = pb.Runner(id="bench", local=pb.Runner.Local(), by_id_only=True)
    await config.write(pb.RunnerConfigRequest(open=pb.RunnerConfigRequest.Open(runner=runner)))
    await config.read()
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

    started, busy = time.perf_counter(), cpu_seconds()
    working = [asyncio.ensure_future(slot()) for _ in range(slots)]
    queueing = asyncio.gather(*(client_queue(api, count // CLIENTS + 1) for _ in range(CLIENTS)))
    await asyncio.gather(*working, return_exceptions=True)
    cost.append((cpu_seconds() - busy) / done * 1e6)
    show(f"no-op jobs through one runner, {slots} streams", done / (time.perf_counter() - started), ">= 150/s")
    await queueing
    config.cancel()


async def client_queue(api: Api, count: int) -> None:
    for _ in range(count):
        await api.QueueJob(job("bench"))


async def backlog(api: Api) -> None:
    """Claim latency with a long queue for others and for the same runner's locked application."""
    total = 10_000
    started = time.perf_counter()

    async def fill(count: int) -> None:
        for _ in range(count):
            await api.QueueJob(job("absent"))

    busy = cpu_seconds()
    await asyncio.gather(*(fill(total // 50) for _ in range(50)))
    cost.append((cpu_seconds() - busy) / total * 1e6)
    show("QueueJob, durable, 50 clients", total / (time.perf_counter() - started), ">= 1000/s")
    config = api.RunnerConfig()
    runner = pb.Runner(id="claimer", local=pb.Runner.Local())
    await config.write(pb.RunnerConfigRequest(open=pb.RunnerConfigRequest.Open(runner=runner)))
    await config.read()
    latencies = []
    for _ in range(60):
        stream = api.RunnerJobStream()
        await stream.write(Request(request=Request.Request(runner_id="claimer")))
        await asyncio.sleep(0.02)
        queued = time.perf_counter()
        await api.QueueJob(job("claimer"))
        await stream.read()
        latencies.append(time.perf_counter() - queued)
        await stream.write(Request(ack=Request.Ack()))
        await stream.write(Request(complete=Request.Complete()))
        await stream.read()
    median = sorted(latencies)[len(latencies) // 2]
    print(f"  {'queue to claim with 10 000 queued, median':<48}{median * 1000:>10.1f} ms   <= 20 ms")
    started = time.perf_counter()
    answer = await api.ListJobs(pb.ListJobsRequest(pagination=pb.PaginationRequest(page_size=100)))
    took = (time.perf_counter() - started) * 1000
    print(f"  {'page of ' + str(len(answer.jobs)) + ' of 10 000 jobs':<48}{took:>10.1f} ms   <= 50 ms")
    config.cancel()


def show(name: str, value: float, goal: str = "") -> None:
    spent = f"{cost.pop():6.0f} µs CPU" if cost else ""
    print(f"  {name:<48}{value:>10.0f} /s   {spent:>14}   {goal}", flush=True)


async def run(words: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WAYPOINT_")}
        server = subprocess.Popen(
            [sys.executable, "-m", "wp_server", "run", "-local", f"-db={folder / 'data.db'}"],
            env=environment | {"PYTHONPATH": str(ROOT / "src")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        global server_pid
        server_pid = server.pid
        try:
            state = await started(server, folder)
            if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
                for task in Path(f"/proc/{server.pid}/task").iterdir():
                    os.sched_setaffinity(int(task.name), {0})
            certificate = Path(state["certificate"]).read_bytes()
            options = [("grpc.ssl_target_name_override", "waypoint"), ("grpc.max_receive_message_length", 1 << 25)]
            credentials = grpc.ssl_channel_credentials(certificate)
            async with grpc.aio.secure_channel(state["grpc"], credentials, options=options) as channel:
                api = Api(channel, Path(state["token_file"]).read_text().strip())
                await prepare(api)
                print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
                for figure, measure in (
                    ("reads", lambda: reads(api)),
                    ("writes", lambda: writes(api, folder)),
                    ("jobs", lambda: jobs(api)),
                    ("backlog", lambda: backlog(api)),
                ):
                    if not words or any(word in figure for word in words):
                        await measure()
                resident = Path(f"/proc/{server.pid}/status").read_text().split("VmRSS:")[1].split()[0]
                print(f"  {'resident memory of the server':<48}{int(resident) / 1024:>10.0f} MiB")
        finally:
            server.terminate()
            server.wait(15)


async def started(server: subprocess.Popen[bytes], folder: Path) -> dict[str, str]:
    async with asyncio.timeout(30):
        while True:
            if server.poll() is not None:
                raise SystemExit("the server ended at once")
            found = list(folder.glob("*.json"))
            if found:
                return json.loads(found[0].read_text())
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="figures to measure: reads, writes, jobs, backlog")
    asyncio.run(run(parser.parse_args().words))
