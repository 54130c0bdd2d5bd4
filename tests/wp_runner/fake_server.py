"""A small Waypoint server in memory, on a real socket with the real stubs: jobs and records, for the runner."""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointServicer, WaypointStub, add_WaypointServicer_to_server
from wp_sdk.ids import new_id

CREATED, DESTROYED = pb.Operation.CREATED, pb.Operation.DESTROYED


class Waypoint(WaypointServicer):
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.jobs: queue.Queue[pb.Job | None] = queue.Queue()
        self.running: dict[str, pb.Job] = {}
        self.messages: dict[str, list[pb.RunnerJobStreamRequest]] = defaultdict(list)
        self.outcomes: dict[str, queue.Queue[pb.RunnerJobStreamRequest]] = defaultdict(queue.Queue)
        self.commands: dict[str, queue.Queue[Any]] = defaultdict(queue.Queue)
        self.runners: list[pb.Runner] = []
        self.online = 0
        self.reattached: list[str] = []
        self.fence: dict[str, int] = defaultdict(int)
        self.records: dict[str, dict[str, Any]] = defaultdict(dict)
        self.history: list[tuple[str, Any]] = []
        self.config: list[pb.ConfigVar] = []
        self.as_go = False
        """Whether it refuses what the server of Go Waypoint refuses a runner with a runner's token."""
        self.outages: dict[str, int] = defaultdict(int)
        self.project = pb.Project(name="shop")
        self.deployment_config = pb.RunnerGetDeploymentConfigResponse(server_addr="server:9701", server_tls=True)

    # --- runners and jobs

    def RunnerConfig(
        self, requests: Iterator[pb.RunnerConfigRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.RunnerConfigResponse]:
        self.runners.append(next(requests).open.runner)
        self.online += 1
        context.add_callback(lambda: setattr(self, "online", self.online - 1))
        yield pb.RunnerConfigResponse(config=pb.RunnerConfig())
        for _ in requests:
            pass

    def RunnerJobStream(
        self, requests: Iterator[pb.RunnerJobStreamRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.RunnerJobStreamResponse]:
        first = next(requests).request
        if first.reattach_job_id:
            job = self.running.get(first.reattach_job_id)
            if job is None:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the job is not assigned to this runner")
                return
            self.reattached.append(job.id)
        else:
            gone = threading.Event()
            context.add_callback(lambda: (gone.set(), self.jobs.put(None)))
            job = self.jobs.get()
            while job is None and not gone.is_set():
                job = self.jobs.get()
            if job is None:
                return
            if gone.is_set():
                self.jobs.put(job)
                return
            self.running[job.id] = job
        commands: queue.Queue[Any] = queue.Queue()
        self.commands[job.id] = commands
        with self.lock:
            self.fence[job.id] += 1
            mine = self.fence[job.id]
        stored = sum(len(m.terminal.events) for m in self.messages[job.id])
        assignment = pb.RunnerJobStreamResponse.JobAssignment(job=job, stored_events=stored)
        yield pb.RunnerJobStreamResponse(assignment=assignment)

        def read() -> None:
            try:
                for message in requests:
                    with self.lock:
                        if self.fence[job.id] != mine:
                            return
                        self.messages[job.id].append(message)
                    if message.WhichOneof("event") in ("complete", "error"):
                        self.running.pop(job.id, None)
                        self.outcomes[job.id].put(message)
                        commands.put(None)
            except grpc.RpcError:
                pass

        threading.Thread(target=read, daemon=True).start()
        while (command := commands.get()) is not None:
            if command == "break":
                context.abort(grpc.StatusCode.UNAVAILABLE, "going away")
            yield command

    def queue(self, job: pb.Job) -> str:
        job.id = job.id or new_id()
        self.jobs.put(job)
        return job.id

    def outcome(self, job_id: str, timeout: float = 60) -> pb.RunnerJobStreamRequest:
        return self.outcomes[job_id].get(timeout=timeout)

    def run(self, job: pb.Job) -> pb.RunnerJobStreamRequest:
        return self.outcome(self.queue(job))

    def text(self, job_id: str) -> str:
        lines = []
        for message in self.messages[job_id]:
            for event in message.terminal.events:
                lines += [event.line.msg, event.step.msg, event.step.output.decode(), event.raw.data.decode()]
                lines += [f"{v.name}: {v.value}" for v in event.named_values.values]
        return "\n".join(line for line in lines if line)

    # --- records

    def _upsert(self, kind: str, record: Any, context: grpc.ServicerContext) -> Any:
        with self.lock:
            stored = type(record)()
            stored.CopyFrom(record)
            if not stored.id:
                stored.id = new_id()
                if hasattr(stored, "sequence"):
                    stored.sequence = len(self.records[kind]) + 1
                if kind == "deployment" and not stored.generation.id:
                    stored.generation.id = new_id()
            elif stored.id not in self.records[kind]:
                context.abort(grpc.StatusCode.NOT_FOUND, f"no {kind} {stored.id}")
            else:
                old = self.records[kind][stored.id]
                if hasattr(stored, "sequence"):
                    stored.sequence = old.sequence
                if kind == "deployment":
                    stored.generation.CopyFrom(old.generation)
            self.records[kind][stored.id] = stored
            self.history.append((kind, stored))
            return stored

    def UpsertBuild(self, request: pb.UpsertBuildRequest, context: grpc.ServicerContext) -> pb.UpsertBuildResponse:
        return pb.UpsertBuildResponse(build=self._upsert("build", request.build, context))

    def UpsertPushedArtifact(self, request: Any, context: grpc.ServicerContext) -> Any:
        return pb.UpsertPushedArtifactResponse(artifact=self._upsert("artifact", request.artifact, context))

    def UpsertDeployment(self, request: Any, context: grpc.ServicerContext) -> Any:
        return pb.UpsertDeploymentResponse(deployment=self._upsert("deployment", request.deployment, context))

    def UpsertRelease(self, request: Any, context: grpc.ServicerContext) -> Any:
        return pb.UpsertReleaseResponse(release=self._upsert("release", request.release, context))

    def UpsertStatusReport(self, request: Any, context: grpc.ServicerContext) -> Any:
        return pb.UpsertStatusReportResponse(status_report=self._upsert("report", request.status_report, context))

    def _newest(self, kind: str, request: Any) -> list[Any]:
        found = [
            r
            for r in self.records[kind].values()
            if r.application == request.application
            and (not request.workspace.workspace or r.workspace == request.workspace)
        ]
        return sorted(found, key=lambda r: (r.status.complete_time.ToNanoseconds(), r.id), reverse=True)

    def _latest(self, kind: str, request: Any, context: grpc.ServicerContext) -> Any:
        for record in self._newest(kind, request):
            if record.status.state == pb.Status.SUCCESS:
                return record
        context.abort(grpc.StatusCode.NOT_FOUND, f"no {kind}")
        return None

    def GetLatestBuild(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._latest("build", request, context)

    def GetLatestPushedArtifact(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._latest("artifact", request, context)

    def GetLatestRelease(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._latest("release", request, context)

    def GetLatestStatusReport(self, request: Any, context: grpc.ServicerContext) -> Any:
        for report in self._newest("report", request):
            if request.deployment_id in ("", report.deployment_id) and request.release_id in ("", report.release_id):
                return report
        context.abort(grpc.StatusCode.NOT_FOUND, "no report")
        return None

    def _get(self, kind: str, request: Any, context: grpc.ServicerContext) -> Any:
        record = self.records[kind].get(request.ref.id)
        if record is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no {kind} {request.ref.id}")
        return record

    def GetBuild(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._get("build", request, context)

    def GetPushedArtifact(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._get("artifact", request, context)

    def GetDeployment(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._get("deployment", request, context)

    def GetRelease(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._get("release", request, context)

    def ListDeployments(self, request: Any, context: grpc.ServicerContext) -> Any:
        found = [d for d in self._newest("deployment", request) if request.physical_state in (0, d.state)]
        return pb.ListDeploymentsResponse(deployments=found[: request.order.limit or None])

    def ListReleases(self, request: Any, context: grpc.ServicerContext) -> Any:
        found = [r for r in self._newest("release", request) if request.physical_state in (0, r.state)]
        return pb.ListReleasesResponse(releases=found[: request.order.limit or None])

    # --- the rest

    def GetProject(self, request: Any, context: grpc.ServicerContext) -> Any:
        return pb.GetProjectResponse(project=self.project)

    def GetServerConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return pb.GetServerConfigResponse(config=pb.ServerConfig(cookie="cookie"))

    def UpsertWorkspace(self, request: Any, context: grpc.ServicerContext) -> Any:
        return pb.UpsertWorkspaceResponse(workspace=request.workspace)

    def UpsertApplication(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.project.applications.add(name=request.name)
        return pb.UpsertApplicationResponse(application=self.project.applications[-1])

    def GetApplication(self, request: Any, context: grpc.ServicerContext) -> Any:
        for application in self.project.applications:
            if application.name == request.application.application:
                return pb.GetApplicationResponse(application=application)
        context.abort(grpc.StatusCode.NOT_FOUND, "no such application")
        return None

    def RunnerGetDeploymentConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        if self.outages["RunnerGetDeploymentConfig"]:
            self.outages["RunnerGetDeploymentConfig"] -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
        return self.deployment_config

    def GenerateInviteToken(self, request: pb.InviteTokenRequest, context: grpc.ServicerContext) -> pb.NewTokenResponse:
        if self.as_go:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "current user is not authenticated")
        return pb.NewTokenResponse(token=f"invite-{request.unused_entrypoint.deployment_id}")

    def ListHostnames(self, request: Any, context: grpc.ServicerContext) -> Any:
        if self.as_go:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "server doesn't have the URL service enabled")
        return pb.ListHostnamesResponse()

    def SetConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        if self.as_go and not request.variables:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "variables: cannot be blank.")
        self.config += request.variables
        return pb.ConfigSetResponse()

    def GetVersionInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> Any:
        return pb.GetVersionInfoResponse()


class FakeServer:
    def __init__(self) -> None:
        self.waypoint = Waypoint()
        self.grpc = grpc.server(ThreadPoolExecutor(32))
        add_WaypointServicer_to_server(self.waypoint, self.grpc)
        port = self.grpc.add_insecure_port("127.0.0.1:0")
        self.grpc.start()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = WaypointStub(self.channel)

    def close(self) -> None:
        self.channel.close()
        for commands in self.waypoint.commands.values():
            commands.put(None)
        self.grpc.stop(None).wait()
