"""The server program itself, embedded mode, with one deployment to run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc

import wp_server
from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_server import local
from wp_server.tls import PINNED_NAME

APPLICATION = pb.Ref.Application(project="shop", application="web")
WORKSPACE = pb.Ref.Workspace(workspace="default")
START_DEADLINE = 120.0


class Api:
    """The server's stub with our token on every call."""

    def __init__(self, channel: grpc.Channel, token: str) -> None:
        self._stub = WaypointStub(channel)
        self._metadata = (
            ("client-api-protocol", "1,1"),
            ("client-entrypoint-protocol", "1,1"),
            ("client-version", "v1.0.0"),
            ("waypoint-token", token),
        )

    def call(self, rpc: str, request: object, timeout: float = 60) -> object:
        return getattr(self._stub, rpc)(request, metadata=self._metadata, timeout=timeout)


class RealServer:
    """Starts and ends the program; its data stay in the folder. APPLICATION is deployed from the beginning."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.start()
        self.deploy(APPLICATION)

    def start(self) -> None:
        (self._folder / local.STATE_FILE).unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOINT_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wp_server", "run", "-local", f"-db={self._folder / 'data.db'}"],
            env=environment | {"PYTHONPATH": str(Path(wp_server.__file__).parents[1])},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._wait_for_start()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        self.state = local.State(**json.loads((self._folder / local.STATE_FILE).read_text()))
        self.certificate = Path(self.state.certificate).read_bytes()
        self._channel = grpc.secure_channel(
            self.state.grpc,
            grpc.ssl_channel_credentials(self.certificate),
            options=[("grpc.ssl_target_name_override", PINNED_NAME), ("grpc.use_local_subchannel_pool", 1)],
        )
        self.api = Api(self._channel, Path(self.state.token_file).read_text().strip())

    def _wait_for_start(self) -> None:
        deadline = time.monotonic() + START_DEADLINE
        while not (self._folder / local.STATE_FILE).exists():
            assert self.process.poll() is None, "the server ended at once"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._channel.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def deploy(self, application: pb.Ref.Application, **labels: str) -> None:
        """Make a deployment, which everything here is about from now on."""
        self.application = application
        project = pb.Ref.Project(project=application.project)
        self.api.call("UpsertProject", pb.UpsertProjectRequest(project=pb.Project(name=application.project)))
        self.api.call("UpsertApplication", pb.UpsertApplicationRequest(project=project, name=application.application))
        record = pb.Deployment(
            application=application,
            workspace=WORKSPACE,
            component=pb.Component(type=pb.Component.PLATFORM, name="docker"),
            state=pb.Operation.CREATED,
            status=pb.Status(state=pb.Status.SUCCESS),
            labels=labels,
        )
        stored = self.api.call("UpsertDeployment", pb.UpsertDeploymentRequest(deployment=record))
        assert isinstance(stored, pb.UpsertDeploymentResponse)
        bound = pb.Token.Entrypoint(deployment_id=stored.deployment.id)
        request = pb.InviteTokenRequest(duration="87600h", unused_entrypoint=bound)
        invite = self.api.call("GenerateInviteToken", request)
        assert isinstance(invite, pb.NewTokenResponse)
        self.deployment_id, self.invite = stored.deployment.id, invite.token

    def environment(self) -> dict[str, str]:
        """What a platform puts into the container."""
        return {
            "WAYPOINT_DEPLOYMENT_ID": self.deployment_id,
            "WAYPOINT_SERVER_ADDR": self.state.grpc,
            "WAYPOINT_SERVER_TLS": "1",
            "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1",
            "WAYPOINT_CEB_INVITE_TOKEN": self.invite,
        }

    def set_config(self, **variables: str) -> None:
        target = pb.ConfigVar.Target(application=self.application)
        changed = [pb.ConfigVar(name=name, static=value, target=target) for name, value in variables.items()]
        self.api.call("SetConfig", pb.ConfigSetRequest(variables=changed))

    def instances(self) -> list[pb.Instance]:
        found = self.api.call("ListInstances", pb.ListInstancesRequest(deployment_id=self.deployment_id))
        assert isinstance(found, pb.ListInstancesResponse)
        return list(found.instances)

    def log_lines(self, timeout: float = 60) -> Iterator[tuple[int, str]]:
        """Source and text of every line of the deployment, from its oldest one on."""
        stream = self.api.call(
            "GetLogStream", pb.GetLogStreamRequest(deployment_id=self.deployment_id, limit_backlog=-1), timeout
        )
        assert isinstance(stream, Iterator)
        for batch in stream:
            for entry in batch.lines:
                yield entry.source, entry.line

    def lines_until(self, last: str) -> list[str]:
        """Lines of the application up to one."""
        found = []
        for source, text in self.log_lines():
            if source != pb.LogBatch.Entry.ENTRYPOINT:
                found.append(text)
                if text == last:
                    return found
        raise AssertionError(f"{last!r} never came; the end was {found[-3:]}")

    def exec(
        self, *args: str, typed: bytes = b"", pty: bool = False, ended: bool = False, instance: str = ""
    ) -> tuple[int, bytes, bytes]:
        """Run a command as `waypoint exec` does: exit code, standard output, standard error.

        The input ends with what is typed, or with nothing if `ended`; else it stays open.
        """

        def requests() -> Iterator[pb.ExecStreamRequest]:
            window = pb.ExecStreamRequest.WindowSize(rows=24, cols=80)
            terminal = pb.ExecStreamRequest.PTY(enable=True, term="xterm", window_size=window) if pty else None
            target = {"instance_id": instance} if instance else {"deployment_id": self.deployment_id}
            start = pb.ExecStreamRequest.Start(args=args, pty=terminal, **target)
            yield pb.ExecStreamRequest(start=start)
            for begin in range(0, len(typed), 30_000):
                yield pb.ExecStreamRequest(input=pb.ExecStreamRequest.Input(data=typed[begin : begin + 30_000]))
            if typed or ended:
                end = pb.ExecStreamRequest()
                end.input_eof.SetInParent()
                yield end
            over.wait()

        import threading

        over = threading.Event()
        output = {pb.ExecStreamResponse.Output.STDOUT: b"", pb.ExecStreamResponse.Output.STDERR: b""}
        try:
            stream = self.api.call("StartExecStream", requests(), 60)
            assert isinstance(stream, Iterator)
            for response in stream:
                if response.HasField("output"):
                    output[response.output.channel] += response.output.data
                elif response.HasField("exit"):
                    return response.exit.code, *output.values()
        finally:
            over.set()
        raise AssertionError("the session ended without an exit code")
