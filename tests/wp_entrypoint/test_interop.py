"""Real peers besides grpcio: grpc-go, and nginx between the entrypoint and its server."""

from __future__ import annotations

import json
import queue
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.protobuf.empty_pb2 import Empty
from google.rpc import error_details_pb2, status_pb2
from tests.interop.go_peers import build
from tests.ports import free_port

from wp_entrypoint import grpc
from wp_proto.waypoint import api as pb

from .conftest import Entrypoints, eventually
from .fake_server import DEPLOYMENT, INVITE, KEEPALIVE, LOGIN, Certificate, FakeServer
from .test_exec import STDOUT, Client, pty

pytestmark = pytest.mark.timeout(700)  # the first test of a machine builds the peer

KEEPALIVE_BYTES = KEEPALIVE.SerializeToString()
Event = dict[str, object]


class GoPeer:
    """A server on grpc-go that follows a plan."""

    def __init__(self, program: Path, **plan: object) -> None:
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(plan) + "\n")
        self.process.stdin.flush()
        self.port = int(json.loads(self.process.stdout.readline())["port"])
        self.events: list[Event] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.events.append(json.loads(line))
                self._changed.notify_all()

    def wait(self, condition: Callable[[], object], timeout: float = 60) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, timeout), "the peer did not see what it waited for"

    def calls(self, method: str) -> list[Event]:
        return [event for event in self.events if event.get("call") == method]

    def messages(self, method: str) -> list[bytes]:
        found = [bytes.fromhex(str(event["message"])) for event in self.events if event.get("method") == method]
        return [message for message in found if message != KEEPALIVE_BYTES]

    def lines(self) -> list[str]:
        batches = [pb.EntrypointLogBatch.FromString(message) for message in self.messages("EntrypointLogStream")]
        return [entry.line for batch in batches for entry in batch.lines if entry.source == pb.LogBatch.Entry.APP]

    def retire(self) -> None:
        """Take no more calls, and leave when the present ones are over."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def coded(*messages: object) -> list[str]:
    return [message.SerializeToString().hex() for message in messages]  # type: ignore[attr-defined]


def version() -> pb.GetVersionInfoResponse:
    one = pb.VersionInfo.ProtocolVersion(current=1, minimum=1)
    reply = pb.GetVersionInfoResponse(info=pb.VersionInfo(api=one, entrypoint=one, version="v1.0.0"))
    reply.server_features.features.append(pb.ServerFeatures.FEATURE_INLINE_KEEPALIVES)
    return reply


def configuration(*exec_args: str, **variables: str) -> pb.EntrypointConfigResponse:
    config = pb.EntrypointConfig(env_vars=[pb.ConfigVar(name=name, static=value) for name, value in variables.items()])
    if exec_args:
        config.exec.add(index=7, args=exec_args)
    return pb.EntrypointConfigResponse(config=config)


def plan(*configurations: pb.EntrypointConfigResponse, **answers: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "GetVersionInfo": {"messages": coded(version())},
        "ConvertInviteToken": {"messages": coded(pb.NewTokenResponse(token=LOGIN))},
        "EntrypointConfig": {"messages": [KEEPALIVE_BYTES.hex(), *coded(*configurations)], "stay": True},
        "EntrypointLogStream": {"until_end": True, "messages": coded(Empty())},
    }
    return usual | answers


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("grpcpeer", tmp_path_factory.mktemp("grpcpeer"), "the entrypoint is not tried with grpc-go")


@pytest.fixture
def start(program: Path) -> Iterator[Callable[..., GoPeer]]:
    started: list[GoPeer] = []

    def start(answers: dict[str, object], **settings: object) -> GoPeer:
        started.append(GoPeer(program, answers=answers, **settings))
        return started[-1]

    yield start
    for peer in started:
        peer.close()


def environment(port: int, **more: str) -> dict[str, str]:
    usual = {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{port}", "WAYPOINT_CEB_INVITE_TOKEN": INVITE}
    return usual | {"WAYPOINT_DEPLOYMENT_ID": DEPLOYMENT} | more


@pytest.mark.parametrize("with_tls", [False, True])
@pytest.mark.parametrize("header_table", [None, 0])
def test_everything_with_grpc_go(
    entrypoints: Entrypoints,
    start: Callable[..., GoPeer],
    certificate: Certificate,
    tmp_path: Path,
    with_tls: bool,
    header_table: int | None,
) -> None:
    settings: dict[str, object] = {"header_table": header_table}
    env = {}
    if with_tls:
        (tmp_path / "cert.pem").write_bytes(certificate.pem)
        (tmp_path / "key.pem").write_bytes(certificate.key)
        settings |= {"certificate": str(tmp_path / "cert.pem"), "key": str(tmp_path / "key.pem")}
        env = {"WAYPOINT_SERVER_TLS": "1", "WAYPOINT_SERVER_TLS_CA": f"sha256:{certificate.fingerprint}"}
    session = [
        pb.EntrypointExecResponse(opened=True),
        pb.EntrypointExecResponse(input=b"x" * 500_000),
        pb.EntrypointExecResponse(input_eof=Empty()),
    ]
    answers = plan(
        configuration(GREETING="hello", LARGE="v" * 100_000),
        configuration("sh", "-c", "wc -c; exit 9", GREETING="hello", LARGE="v" * 100_000),
        EntrypointExecStream={"messages": coded(*session), "stay": True},
    )
    peer = start(answers, **settings)
    process = entrypoints.start(
        "sh",
        "-c",
        "echo $GREETING ${#LARGE}; seq 20000; read x",
        env=environment(peer.port, **env),
        stdin=-1,
        stdout=-3,
    )
    peer.wait(lambda: len(peer.lines()) == 20_001)
    assert peer.lines() == ["hello 100000", *map(str, range(1, 20_001))]
    peer.wait(lambda: any(m != b"" and request(m).HasField("exit") for m in peer.messages("EntrypointExecStream")))
    said = [request(message) for message in peer.messages("EntrypointExecStream")]
    assert said[0].open.index == 7
    assert b"".join(one.output.data for one in said).strip() == b"500000"
    assert said[-1].exit.code == 9
    metadata = peer.calls("EntrypointConfig")[0]["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["waypoint-token"] == [LOGIN]
    assert metadata["user-agent"][0].startswith("waypoint-entrypoint/")
    process.communicate(b"\n", timeout=60)


def request(message: bytes) -> pb.EntrypointExecRequest:
    return pb.EntrypointExecRequest.FromString(message)


def test_grpc_go_that_retires_its_connections(entrypoints: Entrypoints, start: Callable[..., GoPeer]) -> None:
    """GOAWAY every second: first the warning, then the last stream's number; no line is lost on any of the changes."""
    peer = start(plan(configuration(GREETING="hello")), max_connection_age_ms=1000)
    program = "import time\nfor n in range(500):\n    print(n, flush=True)\n    time.sleep(0.01)\ninput()\n"
    process = entrypoints.start("/usr/bin/python3", "-c", program, env=environment(peer.port), stdin=-1, stdout=-3)
    peer.wait(lambda: "499" in peer.lines(), 60)
    peer.wait(lambda: len(peer.calls("EntrypointConfig")) >= 3, 60)
    assert sorted({int(line) for line in peer.lines()}) == list(range(500))
    assert process.poll() is None
    process.communicate(b"\n", timeout=60)


def test_grpc_go_with_small_windows_and_one_stream(entrypoints: Entrypoints, start: Callable[..., GoPeer]) -> None:
    """With one stream allowed the configuration holds it, and lines wait without harm; windows are the smallest."""
    wide = start(plan(configuration(GREETING="hello")), window=65_535)
    program = "import sys; sys.stdout.write(''.join('%099d\\n' % n for n in range(20000))); sys.stdout.flush(); input()"
    process = entrypoints.start("/usr/bin/python3", "-c", program, env=environment(wide.port), stdin=-1, stdout=-3)
    wide.wait(lambda: len(wide.lines()) == 20_000, 60)
    assert wide.lines() == [f"{n:099d}" for n in range(20_000)]
    process.communicate(b"\n", timeout=60)
    narrow = start(plan(configuration(GREETING="hello")), max_streams=2)
    result = entrypoints.run("sh", "-c", "echo $GREETING", env=environment(narrow.port))
    assert result.stdout == "hello\n"


def test_a_refusal_of_grpc_go_has_its_words(entrypoints: Entrypoints, start: Callable[..., GoPeer]) -> None:
    details = status_pb2.Status(code=7, message="50 % für Ärger")
    details.details.add().Pack(error_details_pb2.ErrorInfo(reason="WHY"))
    refusal = {
        "code": 7,
        "text": "50 % für Ärger\nand more",
        "trailers": {"grpc-status-details-bin": details.SerializeToString().hex(), "grpc-retry-pushback-ms": "1000"},
    }
    peer = start(plan(ConvertInviteToken=refusal))
    result = entrypoints.run("echo", "started", env=environment(peer.port))
    assert result.stdout == "started\n"
    assert "PERMISSION_DENIED: 50 % für Ärger and more" in result.stderr


# nginx


@pytest.fixture
def nginx(
    server: FakeServer, certificate: Certificate, tmp_path: Path
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        pytest.skip("no nginx: the entrypoint is not tried behind a proxy (Debian: nginx-light)")
    port = free_port()
    (tmp_path / "cert.pem").write_bytes(certificate.pem)
    (tmp_path / "key.pem").write_bytes(certificate.key)
    (tmp_path / "nginx.conf").write_text(f"""
        daemon off; worker_processes 1; pid {tmp_path}/pid; error_log {tmp_path}/error.log;
        events {{ worker_connections 64; }}
        http {{
          access_log off; client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxy;
          fastcgi_temp_path {tmp_path}/fastcgi; uwsgi_temp_path {tmp_path}/uwsgi; scgi_temp_path {tmp_path}/scgi;
          server {{
            listen 127.0.0.1:{port} ssl http2; http2_max_concurrent_streams 100;
            ssl_certificate {tmp_path}/cert.pem; ssl_certificate_key {tmp_path}/key.pem;
            client_max_body_size 0; client_body_timeout 1h;
            location / {{
              grpc_pass grpcs://127.0.0.1:{server.port}; grpc_ssl_verify off;
              grpc_read_timeout 1h; grpc_send_timeout 1h;
            }}
          }}
        }}""")
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (tmp_path / name).mkdir()
    tmp_path.chmod(0o755)
    process = subprocess.Popen([found, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")], stderr=-3)
    deadline = time.monotonic() + 60

    def listening() -> bool:
        assert process.poll() is None, (tmp_path / "error.log").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    eventually(listening, deadline - time.monotonic())
    yield port, process
    process.terminate()
    process.wait(60)


def behind(port: int, certificate: Certificate) -> dict[str, str]:
    return {
        "WAYPOINT_SERVER_ADDR": f"127.0.0.1:{port}",
        "WAYPOINT_SERVER_TLS": "1",
        "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "0",
        "WAYPOINT_SERVER_TLS_CA": f"sha256:{certificate.fingerprint}",
    }


def test_everything_through_nginx(
    entrypoints: Entrypoints, server: FakeServer, certificate: Certificate, nginx: tuple[int, subprocess.Popen[bytes]]
) -> None:
    server.set_config(GREETING="hello", LARGE="v" * 100_000)
    env = behind(nginx[0], certificate)
    script = "echo $GREETING ${#LARGE}; seq 20000; exec sleep 100"
    entrypoints.start("sh", "-c", script, server=server, env=env, stdout=-3)
    server.wait(lambda: len(server.app_lines()) == 20_001)
    assert server.app_lines() == ["hello 100000", *map(str, range(1, 20_001))]
    client = Client(server.exec("sh", "-c", "stty size; cat", pty=pty(30, 90)))
    client.until(b"30 90")
    client.end_input()
    assert client.finish() == 0
    data = bytes(range(256)) * 2000
    client = Client(server.exec("cat"))
    for begin in range(0, len(data), 30_000):
        client.type(data[begin : begin + 30_000])
    client.end_input()
    assert client.finish() == 0
    assert client.output[STDOUT] == data


def test_nginx_that_is_reloaded_or_has_no_upstream(
    entrypoints: Entrypoints, server: FakeServer, certificate: Certificate, nginx: tuple[int, subprocess.Popen[bytes]]
) -> None:
    port, proxy = nginx
    server.set_config(GREETING="one")
    process = entrypoints.start(
        "sh", "-c", "echo $GREETING; exec sleep 100", server=server, env=behind(port, certificate)
    )
    server.wait(lambda: server.app_lines() == ["one"])
    server.end_streams()
    proxy.send_signal(signal.SIGHUP)
    server.wait(lambda: max(server.instances.values()) >= 2)
    upstream = server.port
    server.stop()
    errors: queue.Queue[bytes] = queue.Queue()
    assert process.stderr is not None
    threading.Thread(target=lambda: [errors.put(line) for line in process.stderr or ()], daemon=True).start()
    while b"HTTP status 502" not in (line := errors.get(timeout=60)):
        assert line
    again = FakeServer(certificate, upstream)
    try:
        again.set_config(GREETING="two")
        again.wait(lambda: "two" in again.app_lines())
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(60)
        again.stop()


def test_the_names_of_the_codes_are_grpcs() -> None:
    import grpc as oracle

    assert [(code.value[0], code.name) for code in oracle.StatusCode] == list(enumerate(grpc.NAMES))
