"""Connecting to a real server, and one sentence for each way in which it fails (CLI specification 3.2)."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from tests.wp_cli.projects import app, write_project
from tests.wp_cli.servers import RealServer, false_server, real_server

from wp_cli.connect import code_of

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


@pytest.fixture
def server(cli: Cli) -> Iterator[RealServer]:
    with real_server(cli.home / "server", cli.environ) as running:
        yield running


@pytest.fixture
def token(cli: Cli, server: RealServer) -> str:
    """Token of a server that has just been bootstrapped; the connection is in the context `main`."""
    flags = (f"-server-addr={server.address}", "-server-tls-skip-verify", "-context-create=main")
    return cli.ok("server", "bootstrap", *flags).strip()


def certificate(address: str) -> bytes:
    host, port = address.rsplit(":", 1)
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port))))


def test_bootstrap_prints_only_the_token_and_stores_a_working_context(cli: Cli, server: RealServer, token: str) -> None:
    assert len(token) > 20
    assert "\n" not in token
    assert cli.ok("context", "verify") == f"Context 'main' works: server v0.0.0-dev at {server.address}.\n"
    assert cli.ok("workspace", "list") == ""
    assert cli.ok("version").splitlines()[1].startswith("Server: v")
    assert json.loads(cli.ok("version", "-json"))["server"] == cli.ok("version").splitlines()[1].split()[1]
    assert json.loads(cli.ok("version", "-json", "-context=-"))["server"] is None


def test_bootstrap_can_leave_the_default_context_alone(cli: Cli, server: RealServer) -> None:
    cli.ok("context", "create", "-server-addr=example.com:1", "-server-platform=docker", "-server-tls=false", "mine")
    flags = (f"-server-addr={server.address}", "-server-tls-skip-verify", "-context-set-default=false")
    done = cli.run("server", "bootstrap", *flags)
    assert done.returncode == 0, done.stderr
    names = {row["name"]: row for row in json.loads(cli.ok("context", "list", "-json"))}
    assert names.pop("mine") == {"name": "mine", "default": True, "platform": "docker", "address": "example.com:1"}
    (stored,) = names
    assert stored.startswith("bootstrap-")
    assert "works" in cli.ok("context", "verify", stored)
    assert json.loads(cli.ok("context", "inspect", "-json", "mine"))["tls"] is False


def test_bootstrap_without_a_context(cli: Cli, server: RealServer) -> None:
    flags = (f"-server-addr={server.address}", "-server-tls-skip-verify", "-context-create=")
    token = cli.ok("server", "bootstrap", *flags).strip()
    assert json.loads(cli.ok("context", "list", "-json")) == []
    assert cli.ok("workspace", "list", *flags[:2], WAYPOINT_SERVER_TOKEN=token) == ""


def test_bootstrap_works_once(cli: Cli, server: RealServer, token: str) -> None:
    flags = (f"-server-addr={server.address}", "-server-tls-skip-verify")
    done = cli.run("server", "bootstrap", *flags)
    assert done.returncode == 1
    assert done.stdout == ""


def test_logs_say_that_the_server_advertises_no_address(cli: Cli, server: RealServer, token: str) -> None:
    write_project(cli.folder, app("web"))
    cli.ok("up", "-local")
    try:
        done = cli.run("logs", "-follow=false")
        assert (done.returncode, done.stdout) == (0, "")
        assert "The server gave deployment v1 of 'web' no address to send its lines to" in done.stderr
        assert "-advertise-addr" in done.stderr
    finally:
        cli.ok("destroy", "-local", "-auto-approve")


def test_a_wrong_token_is_named_with_its_origin(cli: Cli, server: RealServer, token: str) -> None:
    said = cli.fails("project", "list", WAYPOINT_SERVER_TOKEN="wrong")
    assert f"the server at {server.address} does not accept the token from WAYPOINT_SERVER_TOKEN" in said
    said = cli.fails("project", "list", "-server-addr", server.address, "-server-tls-skip-verify")
    assert "does not accept us without a token" in said


def test_an_untrusted_certificate_is_refused_unless_it_is_pinned(cli: Cli, server: RealServer, token: str) -> None:
    address = f"-server-addr={server.address}"
    said = cli.fails("project", "list", address, WAYPOINT_SERVER_TOKEN=token)
    assert said.startswith(f"! the certificate of the server at {server.address} (from -server-addr) is not trusted\n")
    pin = hashlib.sha256(certificate(server.address)).hexdigest()
    spaced = ":".join(pin[i : i + 2] for i in range(0, len(pin), 2)).upper()
    for given in (pin, spaced):
        cli.ok("project", "list", address, f"-server-tls-fingerprint={given}", WAYPOINT_SERVER_TOKEN=token)
    wrong = "0" * 64
    said = cli.fails("project", "list", address, f"-server-tls-fingerprint={wrong}", WAYPOINT_SERVER_TOKEN=token)
    assert "shows another certificate than the pinned one" in said
    assert pin in said


def test_a_certificate_authority_can_be_given(cli: Cli, server: RealServer, token: str) -> None:
    path = cli.folder / "ca.pem"
    path.write_text(ssl.DER_cert_to_PEM_cert(certificate(server.address)))
    flags = (f"-server-addr=localhost:{server.address.rsplit(':', 1)[1]}", "-server-tls-ca-file", str(path))
    cli.ok("project", "list", *flags, WAYPOINT_SERVER_TOKEN=token)
    assert "cannot read the certificates" in cli.fails("project", "list", *flags[:2], "/nonexistent")


def test_an_unreachable_server_is_one_sentence(cli: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for flags in ([], ["-server-tls=false"], ["-server-tls-skip-verify"]):
            said = cli.fails("project", "list", f"-server-addr={address}", *flags)
            first = said.splitlines()[0].lower()
            assert first == f"! cannot reach the server at {address} (from -server-addr): connection refused"


def test_a_server_without_tls_is_recognised(cli: Cli) -> None:
    with false_server(1, 1) as address:
        said = cli.fails("project", "list", f"-server-addr={address}", "-server-tls-skip-verify")
        assert "does not speak TLS" in said
        said = cli.fails("project", "list", f"-server-addr={address}")
        assert "does not speak TLS" in said


def test_a_web_server_is_no_waypoint_server(cli: Cli) -> None:
    """It answers HTTP/2, as a proxy in front of nothing does, and knows nothing of gRPC."""

    def answer(listener: socket.socket) -> None:
        server = H2Connection(H2Configuration(client_side=False))
        server.initiate_connection()
        connection, _ = listener.accept()
        with connection:
            connection.sendall(server.data_to_send())
            while data := connection.recv(65536):
                for event in server.receive_data(data):
                    if isinstance(event, RequestReceived):
                        server.send_headers(event.stream_id, [(":status", "404")], end_stream=True)
                connection.sendall(server.data_to_send())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,), daemon=True)
        thread.start()
        said = cli.fails("project", "list", WAYPOINT_SERVER_ADDR=f"127.0.0.1:{listener.getsockname()[1]}")
        thread.join(60)
    assert "it answers, but not as a Waypoint server does (HTTP status 404)" in said


def test_a_client_without_tls_at_a_server_with_tls_is_told(cli: Cli, server: RealServer) -> None:
    said = cli.fails("project", "list", f"-server-addr={server.address}", "-server-tls=false")
    assert f"cannot reach the server at {server.address}" in said


def test_an_unsupported_version_says_which_side_is_old(cli: Cli) -> None:
    with false_server(2, 3) as address:
        said = cli.fails("project", "list", f"-server-addr={address}", "-server-tls=false")
        assert "(v9.9.9) is newer than this command line" in said
        assert "Upgrade the command line." in said
    with false_server(0, 0) as address:
        said = cli.fails("project", "list", f"-server-addr={address}", "-server-tls=false")
        assert "Upgrade the server." in said


@pytest.mark.parametrize(
    ("words", "seen"),
    [("CANCELLED", grpc.StatusCode.UNAVAILABLE), ("the job was canceled", grpc.StatusCode.CANCELLED)],
)
def test_a_call_that_a_stopping_server_has_not_looked_at_is_a_lost_server(words: str, seen: grpc.StatusCode) -> None:
    class Ending(grpc.GenericRpcHandler):
        def service(self, _details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
            return grpc.unary_unary_rpc_method_handler(
                lambda _request, context: context.abort(grpc.StatusCode.CANCELLED, words)
            )

    server = grpc.server(ThreadPoolExecutor(1), handlers=[Ending()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel, pytest.raises(grpc.RpcError) as failed:
        channel.unary_unary("/any/Call")(b"")
    server.stop(None)
    assert code_of(failed.value) is seen


def test_a_call_that_was_cancelled_here_is_no_lost_server() -> None:
    with grpc.insecure_channel("127.0.0.1:1") as channel:
        call = channel.unary_unary("/any/Call").future(b"", wait_for_ready=True)
        call.cancel()
        assert code_of(call) is grpc.StatusCode.CANCELLED
