"""What docs/security.md promises: a row of its tables, a test here."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from wp_entrypoint import transport
from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_server.tls import PINNED_NAME

from .conftest import Entrypoints, eventually
from .fake_server import DEPLOYMENT, INVITE, FakeServer
from .real_server import APPLICATION, WORKSPACE, RealServer
from .test_exec import STDOUT, Client

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534


# The entrypoint itself


def outward_address() -> str:
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 9))
        except OSError:
            pytest.skip("optional: this machine has no address but loopback")
        return str(probe.getsockname()[0])


@pytest.fixture
def open_server() -> Iterator[FakeServer]:
    server = FakeServer(None, host="0.0.0.0")
    server.set_config(GREETING="hello")
    yield server
    server.stop()


def test_without_encryption_nothing_leaves_the_machine_unasked(
    entrypoints: Entrypoints, open_server: FakeServer
) -> None:
    env = {"WAYPOINT_SERVER_ADDR": f"{outward_address()}:{open_server.port}"}
    result = entrypoints.run("sh", "-c", "echo ${GREETING-none}", server=open_server, env=env)
    assert result.stdout == "none\n"
    assert (
        "would be reached without encryption; set WAYPOINT_SERVER_TLS to 1, or to 0 if that is meant" in result.stderr
    )
    assert open_server.metadata == []


def test_without_encryption_when_that_is_meant_or_stays_here(entrypoints: Entrypoints, open_server: FakeServer) -> None:
    env = {"WAYPOINT_SERVER_ADDR": f"{outward_address()}:{open_server.port}", "WAYPOINT_SERVER_TLS": "0"}
    assert entrypoints.run("sh", "-c", "echo $GREETING", server=open_server, env=env).stdout == "hello\n"
    env = {"WAYPOINT_SERVER_ADDR": f"localhost:{open_server.port}"}
    assert entrypoints.run("sh", "-c", "echo $GREETING", server=open_server, env=env).stdout == "hello\n"


@pytest.mark.parametrize(
    ("address", "stays"),
    [
        *[(address, True) for address in ("127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1")],
        *[(address, False) for address in ("10.0.0.1", "169.254.1.1", "fe80::1", "::", "1.127.0.1", "0.0.0.0")],
    ],
)
def test_what_counts_as_loopback(address: str, stays: bool) -> None:
    assert transport.is_loopback(address) is stays


@pytest.mark.both_natures
def test_the_token_is_in_no_environment_after_the_start(entrypoints: Entrypoints, server: FakeServer) -> None:
    process = entrypoints.start("sh", "-c", "echo ready; exec sleep 100", server=server)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for pid in (process.pid, int(child)):
        record = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"WAYPOINT_DEPLOYMENT_ID=" + DEPLOYMENT.encode() in record
        assert INVITE.encode() not in record


@pytest.mark.skipif(os.getuid() != 0, reason="optional: needs root to become another user")
def test_a_process_of_the_same_user_cannot_look_into_the_entrypoint(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    def become_nobody() -> None:
        os.setgid(NOBODY)
        os.setuid(NOBODY)

    for folder in entrypoints.zipapp.parents:  # a worker's folder is one deeper than that of a run without workers
        if folder.stat().st_uid == os.getuid() and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o055)
    probe = (
        "import os, sys\n"
        "for name in ('environ', 'mem', 'maps'):\n"
        "    try:\n"
        "        open(f'/proc/{os.getppid()}/{name}', 'rb').read(1)\n"
        "        print(name, 'readable')\n"
        "    except PermissionError:\n"
        "        print(name, 'refused')\n"
    )
    script = f'sleep 0.5; exec /usr/bin/python3 -c "{probe}"'
    process = entrypoints.start(
        "sh", "-c", script, server=server, python="/usr/bin/python3", preexec_fn=become_nobody, cwd="/"
    )
    out, err = process.communicate(timeout=60)
    assert out.decode().splitlines() == ["environ refused", "mem refused", "maps refused"], err


@pytest.mark.both_natures
def test_it_never_listens_and_writes_nothing(entrypoints: Entrypoints, server: FakeServer) -> None:
    places = {name: entrypoints.folder / name for name in ("HOME", "TMPDIR", "cwd")}
    for place in places.values():
        place.mkdir()
    env = {name: str(places[name]) for name in ("HOME", "TMPDIR")} | {"PYTHONDONTWRITEBYTECODE": ""}
    server.set_config(GREETING="hello")
    process = entrypoints.start("sh", "-c", "echo $GREETING; exec sleep 100", server=server, env=env, cwd=places["cwd"])
    server.wait(lambda: server.app_lines() == ["hello"])
    client = Client(server.exec("sh", "-c", "echo $GREETING"))
    assert client.finish() == 0
    assert client.output[STDOUT] == b"hello\n"
    assert [list(place.iterdir()) for place in places.values()] == [[], [], []]
    written = re.search(r"^write_bytes: (\d+)$", Path(f"/proc/{process.pid}/io").read_text(), re.MULTILINE)
    assert written is not None
    assert written[1] == "0", "bytes that any file system was given"
    links = [os.readlink(path) for path in Path(f"/proc/{process.pid}/fd").iterdir()]
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    assert inodes, "the connection to the server"
    for table in ("tcp", "tcp6"):
        rows = [line.split() for line in Path(f"/proc/{process.pid}/net/{table}").read_text().splitlines()[1:]]
        assert not [row for row in rows if row[9] in inodes and row[3] == "0A"], "a listening socket"


def test_no_log_has_values_input_or_tokens(entrypoints: Entrypoints, server: FakeServer) -> None:
    server.set_config(PASSWORD="hunter2-value")
    env = {"WAYPOINT_LOG_LEVEL": "TRACE"}
    process = entrypoints.start("sh", "-c", "exec sleep 100", server=server, env=env)
    server.wait(lambda: bool(server.instances))
    client = Client(server.exec("cat"))
    client.type(b"typed-secret\n")
    client.until(b"typed-secret")
    client.end_input()
    assert client.finish() == 0
    server.set_config(PASSWORD="hunter2-other")
    server.wait(lambda: any("has changed" in line for line in server.own_lines()))
    process.terminate()
    _, err = process.communicate(timeout=60)
    said = err.decode() + "\n".join(server.own_lines())
    for secret in ("hunter2", "typed-secret", INVITE, "login-token"):
        assert secret not in said


# What the token is worth, at the real server


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    server = RealServer(tmp_path_factory.mktemp("server"))
    yield server
    server.stop(signal.SIGKILL)


class Thief:
    """Somebody with the token from a container's environment, and the whole API."""

    def __init__(self, real: RealServer) -> None:
        self._channel = grpc.secure_channel(
            real.state.grpc,
            grpc.ssl_channel_credentials(real.certificate),
            options=[("grpc.ssl_target_name_override", PINNED_NAME), ("grpc.use_local_subchannel_pool", 1)],
        )
        self.stub = WaypointStub(self._channel)
        versions = (("client-api-protocol", "1,1"), ("client-entrypoint-protocol", "1,1"), ("client-version", "v1.0.0"))
        reply = self.stub.ConvertInviteToken(
            pb.ConvertInviteTokenRequest(token=real.invite), metadata=versions, timeout=20
        )
        self.metadata = (*versions, ("waypoint-token", reply.token))

    def call(self, rpc: str, request: object, streaming: bool = False) -> object:
        """What an RPC answers: the (first) message, or the status code of its refusal."""
        method = getattr(self.stub, rpc)
        requests = iter([request]) if streaming else request
        try:
            answer = method(requests, metadata=self.metadata, timeout=10)
            return next(answer) if isinstance(answer, Iterator) else answer
        except grpc.RpcError as error:
            return error.code()
        except StopIteration:
            return None

    def close(self) -> None:
        self._channel.close()


@pytest.fixture
def thief(real: RealServer) -> Iterator[Thief]:
    thief = Thief(real)
    yield thief
    thief.close()


DENIED = grpc.StatusCode.PERMISSION_DENIED


def another_deployment(real: RealServer) -> str:
    record = pb.Deployment(
        application=APPLICATION,
        workspace=WORKSPACE,
        component=pb.Component(type=pb.Component.PLATFORM, name="docker"),
        state=pb.Operation.CREATED,
        status=pb.Status(state=pb.Status.SUCCESS),
    )
    stored = real.api.call("UpsertDeployment", pb.UpsertDeploymentRequest(deployment=record))
    assert isinstance(stored, pb.UpsertDeploymentResponse)
    return stored.deployment.id


def test_it_reads_the_configuration_of_its_deployment_and_of_no_other(real: RealServer, thief: Thief) -> None:
    real.set_config(PASSWORD="hunter2")
    own = thief.call(
        "EntrypointConfig", pb.EntrypointConfigRequest(deployment_id=real.deployment_id, instance_id="THIEF")
    )
    assert isinstance(own, pb.EntrypointConfigResponse)
    assert [variable.static for variable in own.config.env_vars if variable.name == "PASSWORD"] == ["hunter2"]
    other = pb.EntrypointConfigRequest(deployment_id=another_deployment(real), instance_id="THIEF2")
    assert thief.call("EntrypointConfig", other) is DENIED


def test_it_writes_no_lines_and_takes_no_sessions_of_other_deployments(
    real: RealServer, thief: Thief, entrypoints: Entrypoints
) -> None:
    other = another_deployment(real)
    bound = pb.Token.Entrypoint(deployment_id=other)
    invite = real.api.call("GenerateInviteToken", pb.InviteTokenRequest(duration="1h", unused_entrypoint=bound))
    assert isinstance(invite, pb.NewTokenResponse)
    env = real.environment() | {"WAYPOINT_DEPLOYMENT_ID": other, "WAYPOINT_CEB_INVITE_TOKEN": invite.token}
    entrypoints.start("sleep", "100", env=env)

    def instances() -> list[pb.Instance]:
        found = real.api.call("ListInstances", pb.ListInstancesRequest(deployment_id=other))
        assert isinstance(found, pb.ListInstancesResponse)
        return list(found.instances)

    eventually(instances)
    (instance,) = instances()
    batch = pb.EntrypointLogBatch(instance_id=instance.id, lines=[pb.LogBatch.Entry(line="forged")])
    assert thief.call("EntrypointLogStream", batch, streaming=True) is DENIED
    opening = pb.EntrypointExecRequest(open=pb.EntrypointExecRequest.Open(instance_id=instance.id, index=1))
    assert thief.call("EntrypointExecStream", opening, streaming=True) is DENIED
    claimed = pb.EntrypointConfigRequest(deployment_id=real.deployment_id, instance_id=instance.id)
    thief.call("EntrypointConfig", claimed)
    assert [one.deployment_id for one in instances()] in ([other], []), "an instance does not change its deployment"


OWN = {"EntrypointConfig", "EntrypointLogStream", "EntrypointExecStream"}
OPEN = {
    "BootstrapToken",
    "ConvertInviteToken",
    "DecodeToken",
    "GetVersionInfo",
    "ListOIDCAuthMethods",
    "GetOIDCAuthURL",
    "CompleteOIDCAuth",
    "RunnerToken",
    "NoAuthRunTrigger",
}


def test_every_other_call_is_refused(thief: Thief) -> None:
    """All of the API, from its descriptor: what is not open to everybody or the entrypoint's own is refused."""
    from google.protobuf import message_factory

    from wp_proto.waypoint import service_pb2

    answers = {}
    for method in service_pb2.DESCRIPTOR.services_by_name["Waypoint"].methods:
        if method.name in OWN | OPEN:
            continue
        request = message_factory.GetMessageClass(method.input_type)()
        answers[method.name] = thief.call(method.name, request, streaming=method.client_streaming)
    assert len(answers) > 100
    refused = (DENIED, grpc.StatusCode.UNIMPLEMENTED)
    assert {name: answer for name, answer in answers.items() if answer not in refused} == {}


def test_what_is_open_to_everybody_gives_nothing_more(real: RealServer, thief: Thief) -> None:
    assert thief.call("BootstrapToken", pb.ConvertInviteTokenRequest()) is DENIED
    login = dict(thief.metadata)["waypoint-token"]
    converted = thief.call("ConvertInviteToken", pb.ConvertInviteTokenRequest(token=login))
    assert isinstance(converted, grpc.StatusCode), "a login cannot be turned into another token"
    decoded = thief.call("DecodeToken", pb.DecodeTokenRequest(token=login))
    assert isinstance(decoded, pb.DecodeTokenResponse)
    assert decoded.token.login.entrypoint.deployment_id == real.deployment_id


def test_the_promises_have_their_tests() -> None:
    """docs/security.md names the tests; they exist."""
    text = (ROOT / "docs/security.md").read_text()
    named = re.findall(r"`(test_\w+)`", text)
    assert len(named) >= 8
    folders = [Path(__file__).parent, Path(__file__).parents[1] / "wp_server"]
    everywhere = "".join(path.read_text() for folder in folders for path in folder.glob("test_*.py"))
    assert [name for name in named if f"def {name}(" not in everywhere] == []
    assert sys.platform == "linux"
