"""How long a server with a big store takes to answer its first call, and to take a snapshot of it.

    python bench/server_start.py            a store of 1 GB: 100 000 finished jobs, 10 000 deployments, output
    python bench/server_start.py 100        one of 100 MB

The store is filled below the server, by the functions that the server uses.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_server.ids import new_id
from wp_server.jobs import machine
from wp_server.store import Store, jobs, operations, projects
from wp_server.store.schema import job_output

ROOT = Path(__file__).resolve().parents[1]
HEADERS = (("client-api-protocol", "1,1"), ("client-entrypoint-protocol", "1,1"), ("client-version", "v1.0.0"))
APP = pb.Ref.Application(project="bench", application="web")
WORKSPACE = pb.Ref.Workspace(workspace="default")
JOBS, DEPLOYMENTS = 100_000, 10_000
OUTPUT_BYTES = 256 * 1024
AT_ONCE = 2_000


def finished_jobs(connection: Connection, count: int) -> list[str]:
    now = time.time_ns()
    at = machine.complete(machine.acknowledge(machine.assign(machine.queued(now, None), "r", now), 1, now), 1, now)
    ids = [new_id() for _ in range(count)]
    for job_id in ids:
        job = pb.Job(id=job_id, application=APP, workspace=WORKSPACE, noop=pb.Job.Noop(), labels={"a": "b" * 40})
        jobs.insert(connection, job, at, "user:bench", 0)
    return ids


def deployments(connection: Connection, count: int) -> None:
    for _ in range(count):
        status = pb.Status(state=pb.Status.SUCCESS)
        status.complete_time.GetCurrentTime()
        record = pb.Deployment(application=APP, workspace=WORKSPACE, status=status, labels={"a": "b" * 200})
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


async def measure(folder: Path) -> None:
    path = folder / "data.db"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WAYPOINT_")}
    began = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "wp_server", "run", "-local", f"-db={path}"],
        env=environment | {"PYTHONPATH": str(ROOT / "src")}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not (folder / "server.json").exists():
            if server.poll() is not None:
                raise SystemExit("the server ended at once")
            await asyncio.sleep(0.005)
        state = json.loads((folder / "server.json").read_text())
        credentials = grpc.ssl_channel_credentials(Path(state["certificate"]).read_bytes())
        options = [("grpc.ssl_target_name_override", "waypoint")]
        metadata = (*HEADERS, ("waypoint-token", Path(state["token_file"]).read_text().strip()))
        async with grpc.aio.secure_channel(state["grpc"], credentials, options=options) as channel:
            api = WaypointStub(channel)
            await api.GetServerConfig(Empty(), metadata=metadata)
            size = path.stat().st_size / 1e6
            busy = cpu_seconds(server.pid)
            show(f"start with {size:.0f} MB, to the first answer", time.perf_counter() - began, busy, "<= 3 s")
            began, length = time.perf_counter(), 0
            async for piece in api.CreateSnapshot(Empty(), metadata=metadata):
                length += len(piece.chunk)
            spent = cpu_seconds(server.pid) - busy
            show(f"snapshot of it, {length / 1e6:.0f} MB", time.perf_counter() - began, spent)
    finally:
        server.terminate()
        server.wait(15)


def cpu_seconds(pid: int) -> float:
    """Processor time of the server; unlike the wall clock it does not see who else uses the machine."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(name: str, seconds: float, cpu: float, goal: str = "") -> None:
    print(f"  {name:<48}{seconds:>10.2f} s    {cpu:6.2f} s CPU   {goal}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("megabytes", nargs="?", type=int, default=1000)
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(fill(Path(name) / "data.db", parser.parse_args().megabytes * 1_000_000))
        asyncio.run(measure(Path(name)))
