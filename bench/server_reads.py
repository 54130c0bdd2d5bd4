"""Authenticated unary reads per second of one server core, through TLS and the whole pipeline.

    python bench/server_reads.py [seconds per figure]

The server is the real program, bound to one core; the load comes from a process of its own. Prints requests per second
of wall time, and per second of processor time of the server: where clients share its core, only the second says what
one core can do.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from google.protobuf.message import Message

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub

STREAMS = 16
ROWS = 13
WARM_UP = 0.5
VERSIONS = (("client-api-protocol", "1,1"), ("client-entrypoint-protocol", "1,1"), ("client-version", "v1.0.0"))
APPLICATION = pb.Ref.Application(project="bench", application="web")


@dataclass(frozen=True)
class Server:
    """Where the server under load is, and with what."""

    address: str
    certificate: bytes
    token: str

    def channel(self) -> grpc.aio.Channel:
        options = [("grpc.ssl_target_name_override", "waypoint"), ("grpc.use_local_subchannel_pool", 1)]
        return grpc.aio.secure_channel(self.address, grpc.ssl_channel_credentials(self.certificate), options=options)

    @property
    def metadata(self) -> Sequence[tuple[str, str]]:
        return (*VERSIONS, ("waypoint-token", self.token), ("authorization", self.token))


async def _load(server: Server, rpc: str, raw: bytes, kind: type[Message], seconds: float) -> int:
    done = 0
    async with server.channel() as channel:
        call = getattr(WaypointStub(channel), rpc)
        request = kind.FromString(raw)
        end = time.monotonic() + seconds

        async def one() -> None:
            nonlocal done
            while time.monotonic() < end:
                await call(request, metadata=server.metadata)
                done += 1

        await asyncio.gather(*(one() for _ in range(STREAMS)))
    return done


def _client(
    server: Server, rpc: str, raw: bytes, kind: type[Message], seconds: float, out: multiprocessing.Queue
) -> None:
    asyncio.run(_load(server, rpc, raw, kind, WARM_UP))
    out.put(None)
    out.put(asyncio.run(_load(server, rpc, raw, kind, seconds)))


async def _prepare(server: Server) -> str:
    async with server.channel() as channel:
        stub = WaypointStub(channel)
        await stub.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="bench")), metadata=server.metadata)
        record = pb.Deployment(application=APPLICATION, workspace=pb.Ref.Workspace(workspace="default"))
        for _ in range(ROWS):
            answer = await stub.UpsertDeployment(
                pb.UpsertDeploymentRequest(deployment=record), metadata=server.metadata
            )
    return answer.deployment.id


def _processor_time(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measure(pid: int, server: Server, rpc: str, request: Message, seconds: float) -> None:
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    worker = context.Process(
        target=_client, args=(server, rpc, request.SerializeToString(), type(request), seconds, out)
    )
    worker.start()
    out.get()
    before, started = _processor_time(pid), time.monotonic()
    total = out.get()
    elapsed, busy = time.monotonic() - started, _processor_time(pid) - before
    worker.join()
    print(f"{rpc:20} {total / elapsed:8.0f}/s wall {total / busy:8.0f}/s core   ({busy / elapsed:.0%} of a core used)")


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "wp_server", "run", "-local", f"-db={directory}/data.db"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            state_file = Path(directory, "server.json")
            while not state_file.exists():
                time.sleep(0.05)
            state = json.loads(state_file.read_text())
            os.sched_setaffinity(process.pid, {0})
            certificate, token = Path(state["certificate"]).read_bytes(), Path(state["token_file"]).read_text().strip()
            server = Server(state["grpc"], certificate, token)
            deployment = asyncio.run(_prepare(server))
            project = pb.Ref.Project(project="bench")
            for rpc, request in (
                ("GetVersionInfo", empty_pb2.Empty()),
                ("GetServerConfig", empty_pb2.Empty()),
                ("GetDeployment", pb.GetDeploymentRequest(ref=pb.Ref.Operation(id=deployment))),
                ("GetProject", pb.GetProjectRequest(project=project)),
                ("ListDeployments", pb.ListDeploymentsRequest(application=APPLICATION)),
            ):
                _measure(process.pid, server, rpc, request, seconds)
        finally:
            process.terminate()
            process.wait(15)


if __name__ == "__main__":
    main()
