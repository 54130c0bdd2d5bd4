"""The server program in its embedded mode, and a client as the command line is one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_server import app, local
from wp_server.tls import PINNED_NAME

START_SECONDS = 60.0


class _Details(NamedTuple):
    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


class Metadata(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Adds token and version headers to every call."""

    def __init__(self, token: str) -> None:
        self._extra = (
            ("client-api-protocol", "1,1"),
            ("client-entrypoint-protocol", "1,1"),
            ("client-version", "v1.0.0"),
            ("waypoint-token", token),
            ("authorization", token),
        )

    def _call(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        metadata = (*(details.metadata or ()), *self._extra)
        changed = _Details(
            details.method, details.timeout, metadata, details.credentials, details.wait_for_ready, details.compression
        )
        return proceed(changed, request)

    intercept_unary_unary = intercept_unary_stream = intercept_stream_unary = intercept_stream_stream = _call


class RealServer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        state_file = self.folder / local.STATE_FILE
        state_file.unlink(missing_ok=True)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WAYPOINT_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wp_server", "run", "-local", f"-db={self.folder / 'data.db'}"],
            env=environment | {"PYTHONPATH": str(Path(app.__file__).parents[1])},
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_SECONDS
        while not state_file.exists():
            assert self.process.poll() is None, "the server ended at once"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(0.02)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(60)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def connect(self) -> Client:
        state = local.State(**json.loads((self.folder / local.STATE_FILE).read_text()))
        credentials = grpc.ssl_channel_credentials(Path(state.certificate).read_bytes())
        channel = grpc.secure_channel(state.grpc, credentials, options=[("grpc.ssl_target_name_override", PINNED_NAME)])
        return Client(channel, Path(state.token_file).read_text().strip())


class Client:
    def __init__(self, channel: grpc.Channel, token: str) -> None:
        self.channel = channel
        self.stub = WaypointStub(grpc.intercept_channel(channel, Metadata(token)))

    def close(self) -> None:
        self.channel.close()

    def project(self, name: str) -> None:
        project = pb.Project(name=name)
        project.data_source.local.SetInParent()
        self.stub.UpsertProject(pb.UpsertProjectRequest(project=project))

    def queue(self, runner: str, project: str, app: str, **operation: Any) -> str:
        job = pb.Job(
            application=pb.Ref.Application(application=app, project=project),
            workspace=pb.Ref.Workspace(workspace="default"),
            target_runner=pb.Ref.Runner(id=pb.Ref.RunnerId(id=runner)),
            **operation,
        )
        job.data_source.local.SetInParent()
        return self.stub.QueueJob(pb.QueueJobRequest(job=job, expires_in="10m")).job_id

    def events(self, job_id: str) -> Iterator[pb.GetJobStreamResponse]:
        return self.stub.GetJobStream(pb.GetJobStreamRequest(job_id=job_id))

    def finish(self, job_id: str) -> tuple[pb.GetJobStreamResponse.Complete, str]:
        """Follow the job to its end; returns its outcome and everything it showed."""
        shown: list[str] = []
        for response in self.events(job_id):
            for event in response.terminal.events:
                shown += [event.line.msg, event.step.msg, event.step.output.decode("utf-8", "replace")]
            if response.WhichOneof("event") == "complete":
                return response.complete, "\n".join(s for s in shown if s)
        raise AssertionError("the job's stream ended without an outcome")
