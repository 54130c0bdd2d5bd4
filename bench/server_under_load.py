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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import grpc

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub

ROOT = Path(__file__).resolve().parents[1]
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")
"""For the artifacts."""
SOURCE = (sys.executable, "-m", "wp_server")
FROM_SOURCE = "from source"
PROGRAMS = {
    FROM_SOURCE: SOURCE,
    "waypoint-server": (PYTHON, str(ROOT / "dist" / "waypoint-server")),
    "waypoint server": (PYTHON, str(ROOT / "dist" / "waypoint"), "server"),
}
"""The forms of our server."""
VERSIONS = (("client-api-protocol", "1,1"), ("client-entrypoint-protocol", "1,1"), ("client-version", "v1.0.0"))
APPLICATION = pb.Ref.Application(project="bench", application="web")
STORED = pb.Ref.Application(project="bench", application="stored")
"""Whose deployments fill a store."""
CLIENTS = 50
"""That queue jobs at the same time."""
WORKSPACE = pb.Ref.Workspace(workspace="default")
T = TypeVar("T")
NOTHING: Mapping[str, Figure] = {}


def noop(runner: str) -> pb.QueueJobRequest:
    """Queues a job that does nothing, for this runner."""
    job = pb.Job(application=APPLICATION, workspace=WORKSPACE, noop=pb.Job.Noop())
    job.target_runner.id.id = runner
    job.data_source.local.SetInParent()
    return pb.QueueJobRequest(job=job)


@dataclass(frozen=True)
class Server:
    """Where the server is, and with what. Travels to the load's processes.

    Where the address is that of a bridge, which speaks TLS to the server, `certificate` is empty, and `behind` has the
    server's own.
    """

    pid: int
    address: str
    certificate: bytes
    token: str
    behind: str = ""

    def channel(self) -> grpc.aio.Channel:
        """A connection of its own."""
        options = [
            ("grpc.ssl_target_name_override", "waypoint"),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_receive_message_length", 4 * 1024 * 1024),
        ]
        if not self.certificate:
            return grpc.aio.insecure_channel(self.address, options=options)
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
        return self._status("VmRSS")

    @property
    def anonymous(self) -> float:
        """MiB of it that are no pages of files."""
        return self._status("RssAnon")

    def _status(self, name: str) -> float:
        return int(Path(f"/proc/{self.pid}/status").read_text().split(f"{name}:")[1].split()[0]) / 1024

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
        request = noop("absent")
        async with self.channel() as channel:
            stub = WaypointStub(channel)
            project = pb.Project(name=APPLICATION.project)
            await stub.UpsertProject(pb.UpsertProjectRequest(project=project), metadata=self.metadata)

            async def queue() -> None:
                for _ in range(count // CLIENTS):
                    await stub.QueueJob(request, metadata=self.metadata)

            await asyncio.gather(*(queue() for _ in range(CLIENTS)))


Serve = Callable[[Path | None], contextlib.AbstractContextManager[Server]]
"""Runs a server on the state in a folder, or on an empty one."""


@contextlib.contextmanager
def server(folder: Path | None = None, program: Sequence[str] = SOURCE) -> Iterator[Server]:
    """Runs a server for the length of the block, on the state in `folder` or on an empty one; one core is its own."""
    environment = {"PYTHONPATH": str(ROOT / "src")} if program is SOURCE else {}
    with (
        place(folder) as data,
        running([*program, "run", "-local", f"-db={data}/data.db"], data, environment) as process,
    ):
        state_file = data / "server.json"
        state = awaited(process, lambda: json.loads(state_file.read_text()) if state_file.exists() else None)
        certificate, token = Path(state["certificate"]).read_bytes(), Path(state["token_file"]).read_text().strip()
        yield Server(process.pid, state["grpc"], certificate, token)


@contextlib.contextmanager
def place(folder: Path | None) -> Iterator[Path]:
    """The folder, or a new one for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="waypoint-bench-") as directory:
        yield folder or Path(directory)


@contextlib.contextmanager
def running(command: Sequence[str], data: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server with only these variables about it; what it says goes into `output` below `data`."""
    foreign = ("WAYPOINT_", "PYTHONPATH")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    with (data / "output").open("wb") as output:
        process = subprocess.Popen(
            command, env=inherited | environment, stdout=output, stderr=output, preexec_fn=_on_one_core
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)


def awaited(process: subprocess.Popen[bytes], found: Callable[[], T | None]) -> T:
    """What a server that has just been started lets one find in the end."""
    while (answer := found()) is None:
        if process.poll() is not None:
            raise SystemExit("the server ended at once")
        time.sleep(0.005)
    return answer


def _on_one_core() -> None:
    """Before the server starts, so that all its threads stay there; where the machine has a core for the load too."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {0})


def forms() -> Iterator[tuple[str, Serve]]:
    """Those of our server that are there, and how to run them."""
    for name, program in PROGRAMS.items():
        if program is not SOURCE and not Path(program[1]).exists():
            print(f"  {program[1]} is not built: `make zipapps`")
            continue
        if program is not SOURCE:
            # Artifacts unpack themselves when they run for the first time on a machine.
            subprocess.run([*program[:2], "version"], stdout=subprocess.DEVNULL, check=True)
        yield name, partial(server, program=program)


@dataclass(frozen=True)
class Figure:
    """What was measured; `cost`: microseconds of the server's processor for each call, which do not see who else is
    busy."""

    value: float
    cost: float | None = None


class Sheet:
    """Prints figures beside their goals and beside what `other` has under the same name, whose is called `whose`.

    `taken` keeps them. Where `other` is None that is all.
    """

    def __init__(self, other: Mapping[str, Figure] | None = NOTHING, whose: str = "") -> None:
        self._other, self._whose = other, whose
        self.taken: dict[str, Figure] = {}

    def show(
        self,
        name: str,
        value: float,
        unit: str,
        goal: float | None = None,
        *,
        most: bool = False,
        cost: float | None = None,
        beside: str = "",
    ) -> None:
        """Takes a figure, and prints the ratios by which it is better; `most`: less is better."""
        self.taken[name] = Figure(value, cost)
        if self._other is None:
            return
        told = theirs = ""
        if goal is not None:
            told = f"{'<=' if most else '>='} {round(goal, 1):,g} {unit}, {_better(value, goal, most):.2f} x"
        busy = "" if cost is None else f"{cost:.0f} µs CPU"
        if other := self._other.get(name):
            theirs = f"{self._whose} {_digits(other.value)}, {_better(value, other.value, most):.2f} x"
            if cost is not None and other.cost is not None:
                busy += f" ({other.cost:.0f}, {_better(cost, other.cost, most=True):.2f} x)"
        print(
            f"  {name:<52}{_digits(value):>10} {unit:<6}{told:<28}{theirs:<28}{busy:<26}{beside}".rstrip(), flush=True
        )


def _digits(value: float) -> str:
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


def _better(value: float, than: float, most: bool) -> float:
    return than / value if most else value / than
