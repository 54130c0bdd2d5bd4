"""The server under load in benchmarks: the real program on a data directory of its own, bound to one core."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub

ROOT = Path(__file__).resolve().parents[1]
SOURCE = (sys.executable, "-m", "wp_server")
VERSIONS = (("client-api-protocol", "1,1"), ("client-entrypoint-protocol", "1,1"), ("client-version", "v1.0.0"))
APPLICATION = pb.Ref.Application(project="bench", application="web")
STORED = pb.Ref.Application(project="bench", application="stored")
"""Whose deployments fill a store."""
CLIENTS = 50
"""That queue jobs at the same time."""
WORKSPACE = pb.Ref.Workspace(workspace="default")


@dataclass(frozen=True)
class Server:
    """Where the server is, and with what. Travels to the load's processes."""

    pid: int
    address: str
    certificate: bytes
    token: str

    def channel(self) -> grpc.aio.Channel:
        """A connection of its own."""
        options = [
            ("grpc.ssl_target_name_override", "waypoint"),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_receive_message_length", 4 * 1024 * 1024),
        ]
        return grpc.aio.secure_channel(self.address, grpc.ssl_channel_credentials(self.certificate), options=options)

    @property
    def metadata(self) -> Sequence[tuple[str, str]]:
        """What a logged-in client sends."""
        return (*VERSIONS, ("waypoint-token", self.token), ("authorization", self.token))

    def processor_time(self) -> float:
        """Seconds of processor time that the server has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident(self) -> float:
        """MiB of resident memory."""
        return int(Path(f"/proc/{self.pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024

    async def deployments(self, count: int) -> list[str]:
        """Makes an application with so many deployments; returns their ids."""
        status = pb.Status(state=pb.Status.SUCCESS)
        record = pb.Deployment(application=APPLICATION, workspace=WORKSPACE, state=pb.Operation.CREATED, status=status)
        async with self.channel() as channel:
            stub = WaypointStub(channel)
            project = pb.Project(name=APPLICATION.project)
            await stub.UpsertProject(pb.UpsertProjectRequest(project=project), metadata=self.metadata)
            request = pb.UpsertDeploymentRequest(deployment=record)
            return [(await stub.UpsertDeployment(request, metadata=self.metadata)).deployment.id for _ in range(count)]

    async def jobs(self, count: int) -> None:
        """Queues so many jobs that no runner takes."""
        job = pb.Job(application=APPLICATION, workspace=WORKSPACE, noop=pb.Job.Noop())
        job.target_runner.id.id = "absent"
        job.data_source.local.SetInParent()
        request = pb.QueueJobRequest(job=job)
        async with self.channel() as channel:
            stub = WaypointStub(channel)
            project = pb.Project(name=APPLICATION.project)
            await stub.UpsertProject(pb.UpsertProjectRequest(project=project), metadata=self.metadata)

            async def queue() -> None:
                for _ in range(count // CLIENTS):
                    await stub.QueueJob(request, metadata=self.metadata)

            await asyncio.gather(*(queue() for _ in range(CLIENTS)))


@contextlib.contextmanager
def server(folder: Path | None = None, program: Sequence[str] = SOURCE) -> Iterator[Server]:
    """Runs a server for the length of the block, on the state in `folder` or on an empty one; one core is its own."""
    with tempfile.TemporaryDirectory(prefix="waypoint-bench-") as directory:
        place = folder or Path(directory)
        foreign = ("WAYPOINT_", "PYTHONPATH")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        process = subprocess.Popen(
            [*program, "run", "-local", f"-db={place}/data.db"],
            env=environment | ({"PYTHONPATH": str(ROOT / "src")} if program is SOURCE else {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_on_one_core,
        )
        try:
            state_file = place / "server.json"
            while not state_file.exists():
                if process.poll() is not None:
                    raise SystemExit("the server ended at once")
                time.sleep(0.02)
            state = json.loads(state_file.read_text())
            certificate, token = Path(state["certificate"]).read_bytes(), Path(state["token_file"]).read_text().strip()
            yield Server(process.pid, state["grpc"], certificate, token)
        finally:
            process.terminate()
            process.wait(15)


def _on_one_core() -> None:
    """Before the server starts, so that all its threads stay there; where the machine has a core for the load too."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {0})


def show(
    name: str, value: float, unit: str, goal: float | None = None, *, most: bool = False, beside: str = ""
) -> None:
    """Prints a figure beside its goal, and the ratio by which it is better than that; `most`: less is better."""
    told = ""
    if goal is not None:
        better = goal / value if most else value / goal
        told = f"{'<=' if most else '>='} {round(goal, 1):,g} {unit}, {better:.2f} x"
    print(f"  {name:<52}{value:>10.{0 if value >= 100 else 1}f} {unit:<6}{told:<28}{beside}", flush=True)
