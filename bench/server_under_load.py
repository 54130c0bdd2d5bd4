"""The server under load in benchmarks: the real program on a data directory of its own, bound to one core."""

from __future__ import annotations

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

VERSIONS = (("client-api-protocol", "1,1"), ("client-entrypoint-protocol", "1,1"), ("client-version", "v1.0.0"))
APPLICATION = pb.Ref.Application(project="bench", application="web")
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


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """Runs a server for the length of the block."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "wp_server", "run", "-local", f"-db={directory}/data.db"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            state_file = Path(directory, "server.json")
            while not state_file.exists():
                if process.poll() is not None:
                    raise SystemExit("the server ended at once")
                time.sleep(0.05)
            state = json.loads(state_file.read_text())
            os.sched_setaffinity(process.pid, {0})
            certificate, token = Path(state["certificate"]).read_bytes(), Path(state["token_file"]).read_text().strip()
            yield Server(process.pid, state["grpc"], certificate, token)
        finally:
            process.terminate()
            process.wait(15)
