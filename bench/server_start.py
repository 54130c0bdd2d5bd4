"""How long a server takes to answer its first call, with an empty store and a big one, and to take a snapshot of that.

    python bench/server_start.py            a store of 1 GB: 100 000 finished jobs, 10 000 deployments, output
    python bench/server_start.py 100        one of 100 MB

The empty one is started beside the Go server's, where `make go-waypoint` has built it; ours also as the artifacts, on
the interpreter PYTHON, where those are built. The big one is filled below the server, by the functions that it uses.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from go_programs import compared
from google.protobuf.empty_pb2 import Empty
from server_under_load import STORED, WORKSPACE, Serve, Server, Sheet, server
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_server.ids import new_id
from wp_server.jobs import machine
from wp_server.store import Store, jobs, operations, projects
from wp_server.store.schema import job_output

JOBS, DEPLOYMENTS = 100_000, 10_000
OUTPUT_BYTES = 256 * 1024
AT_ONCE = 2_000
ROUNDS = 3


def finished_jobs(connection: Connection, count: int) -> list[str]:
    now = time.time_ns()
    at = machine.complete(machine.acknowledge(machine.assign(machine.queued(now, None), "r", now), 1, now), 1, now)
    ids = [new_id() for _ in range(count)]
    for job_id in ids:
        job = pb.Job(id=job_id, application=STORED, workspace=WORKSPACE, noop=pb.Job.Noop(), labels={"a": "b" * 40})
        jobs.insert(connection, job, at, "user:bench", 0)
    return ids


def deployments(connection: Connection, count: int) -> None:
    for _ in range(count):
        status = pb.Status(state=pb.Status.SUCCESS)
        status.start_time.GetCurrentTime()
        status.complete_time.GetCurrentTime()
        record = pb.Deployment(application=STORED, workspace=WORKSPACE, status=status, labels={"a": "b" * 200})
        operations.upsert(connection, operations.DEPLOYMENT, record)


def output(connection: Connection, job_ids: list[str]) -> None:
    rows = [{"job_id": one, "sequence": 64, "events": 64, "blob": os.urandom(OUTPUT_BYTES)} for one in job_ids]
    connection.execute(job_output.insert(), rows)


async def fill(path: Path, size: int) -> None:
    store = Store.open(f"sqlite:///{path}")
    await store.write(projects.upsert, pb.Project(name="bench"))
    ids: list[str] = []
    for _ in range(JOBS // AT_ONCE):
        ids += await store.write(finished_jobs, AT_ONCE)
    for _ in range(DEPLOYMENTS // AT_ONCE):
        await store.write(deployments, AT_ONCE)
    while ids and path.stat().st_size < size:
        batch, ids = ids[:200], ids[200:]
        await store.write(output, batch)
    await store.close()


def starts(serve: Serve, sheet: Sheet) -> None:
    """On an empty folder, which makes schema or certificate and a token, and on what is there after that."""
    taken: dict[str, list[float]] = {"first": [], "second": []}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            for seconds in taken.values():
                began = time.perf_counter()
                with serve(Path(folder)) as target:
                    asyncio.run(first_answer(target))
                    seconds.append(time.perf_counter() - began)
    for start, seconds in taken.items():
        sheet.show(f"{start} start, to the first answer", statistics.median(seconds) * 1000, "ms", most=True)


async def first_answer(target: Server) -> None:
    async with target.channel() as channel:
        await WaypointStub(channel).GetServerConfig(Empty(), metadata=target.metadata)


async def measure(folder: Path, sheet: Sheet) -> None:
    began = time.perf_counter()
    with server(folder) as target:
        async with target.channel() as channel:
            api, size = WaypointStub(channel), (folder / "data.db").stat().st_size / 1e6
            await api.GetServerConfig(Empty(), metadata=target.metadata)
            seconds, busy = time.perf_counter() - began, target.processor_time()
            sheet.show(
                f"start with {size:.0f} MB, to the first answer", seconds, "s", 3, most=True, beside=f"{busy:.2f} s CPU"
            )
            began, length = time.perf_counter(), 0
            async for piece in api.CreateSnapshot(Empty(), metadata=target.metadata):
                length += len(piece.chunk)
            seconds, busy = time.perf_counter() - began, target.processor_time() - busy
            sheet.show(f"snapshot of it, {length / 1e6:.0f} MB", seconds, "s", beside=f"{busy:.2f} s CPU")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("megabytes", nargs="?", type=int, default=1000)
    megabytes = parser.parse_args().megabytes
    for name, serve, sheet in compared():
        print(name)
        starts(serve, sheet)
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(fill(Path(name) / "data.db", megabytes * 1_000_000))
        asyncio.run(measure(Path(name), Sheet()))
