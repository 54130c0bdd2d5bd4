"""The entrypoint against the server program: what the product promises, both halves ours."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.consul import Consul

from wp_proto.waypoint import api as pb

from .conftest import Entrypoints, eventually
from .real_server import RealServer

REQUIRED = {"WAYPOINT_CEB_SERVER_REQUIRED": "1"}
"""However long it takes on a busy machine to reach the server: the application has its configuration."""
in_every_nature = pytest.mark.parametrize("nature", ["zipapp", "standalone", "emulated"])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    server = RealServer(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def real(running: RealServer) -> RealServer:
    """One server for all tests, a project for each."""
    if running.process.poll() is not None:  # a test that stopped it did not come to its end
        running.start()
    running.deploy(pb.Ref.Application(project=f"shop-{uuid.uuid4()}", application="web"))
    return running


@in_every_nature
def test_configuration_logs_and_exit(entrypoints: Entrypoints, real: RealServer) -> None:
    real.set_config(GREETING="hello")
    process = entrypoints.start(
        "sh", "-c", "echo $GREETING; read x; exit 5", env=real.environment() | REQUIRED, stdin=subprocess.PIPE
    )
    assert real.lines_until("hello") == ["hello"]
    assert [instance.deployment_id for instance in real.instances()] == [real.deployment_id]
    process.communicate(b"\n", timeout=60)
    assert process.returncode == 5
    eventually(lambda: not real.instances())


@in_every_nature
def test_a_change_of_configuration_restarts_the_application(entrypoints: Entrypoints, real: RealServer) -> None:
    real.set_config(GREETING="one")
    entrypoints.start("sh", "-c", "echo got $GREETING; exec sleep 100", env=real.environment() | REQUIRED)
    real.lines_until("got one")
    real.set_config(GREETING="two")
    assert real.lines_until("got two") == ["got one", "got two"]


@in_every_nature
def test_exec(entrypoints: Entrypoints, real: RealServer) -> None:
    real.set_config(GREETING="hello")
    entrypoints.start("sleep", "100", env=real.environment() | REQUIRED)
    eventually(real.instances)
    assert real.exec("sh", "-c", "echo $GREETING; echo err >&2; exit 3") == (3, b"hello\n", b"err\n")
    assert real.exec("sh", "-c", "kill -KILL $$")[0] == 137
    assert real.exec("no-such-command")[0] == 127
    assert real.exec("sh", "-c", "stty size; tty", pty=True)[1].startswith(b"24 80\r\n/dev/pts/")
    data = os.urandom(1 << 20)
    assert real.exec("cat", typed=data) == (0, data, b"")


@pytest.mark.timeout(600)
def test_a_burst_of_100_000_lines(entrypoints: Entrypoints, real: RealServer) -> None:
    """The server keeps a window of them; what a reader sees, it sees in order and to the end."""
    program = "import sys; sys.stdout.write(''.join('%099d\\n' % n for n in range(100000))); sys.stdin.readline()"
    process = entrypoints.start(
        "/usr/bin/python3", "-c", program, env=real.environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    numbers = [int(line) for line in real.lines_until(f"{99_999:099d}")]
    assert numbers == list(range(numbers[0], 100_000))
    process.communicate(b"\n", timeout=60)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_of_the_server(entrypoints: Entrypoints, real: RealServer, number: signal.Signals) -> None:
    real.set_config(GREETING="one")
    process = entrypoints.start(
        "sh", "-c", "while :; do echo $GREETING; sleep 0.05; done", env=real.environment() | REQUIRED
    )
    eventually(real.instances)
    before = {instance.id for instance in real.instances()}
    real.stop(number)
    real.start()
    eventually(real.instances, timeout=60)
    assert {instance.id for instance in real.instances()} == before
    assert real.lines_until("one")
    assert real.exec("echo", "back")[1] == b"back\n"
    assert process.poll() is None


def test_a_token_of_another_deployment(entrypoints: Entrypoints, real: RealServer) -> None:
    env = real.environment() | {"WAYPOINT_DEPLOYMENT_ID": "01OTHER"}
    result = entrypoints.run("sh", "-c", "exit 3", env=env)
    assert result.returncode == 3
    assert "PERMISSION_DENIED" in result.stderr


@in_every_nature
def test_the_pinned_certificate(entrypoints: Entrypoints, real: RealServer, tmp_path: Path) -> None:
    real.set_config(GREETING="hello")
    env = real.environment() | {
        "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "",
        "WAYPOINT_SERVER_TLS_CA": real.certificate.decode(),
        **REQUIRED,
    }
    assert entrypoints.run("sh", "-c", "echo $GREETING", env=env, timeout=120).stdout == "hello\n"


def test_dynamic_values_by_way_of_the_server(entrypoints: Entrypoints, real: RealServer) -> None:
    """The container has neither the way to the source nor its token."""
    consul = Consul()
    consul.keys["web/name"] = b"shop"
    consul.token = "acl"
    try:
        source = pb.ConfigSource(
            type="consul", application=real.application, config={"address": consul.url, "token": "acl"}
        )
        real.api.call("SetConfigSource", pb.SetConfigSourceRequest(config_source=source))
        variable = pb.ConfigVar(name="NAME", target=pb.ConfigVar.Target(application=real.application))
        variable.dynamic.CopyFrom(pb.ConfigVar.DynamicVal(**{"from": "consul", "config": {"key": "web/name"}}))
        real.api.call("SetConfig", pb.ConfigSetRequest(variables=[variable]))
        result = entrypoints.run("sh", "-c", "echo $NAME", env=real.environment() | REQUIRED)
        assert result.stdout == "shop\n"
        assert {request.headers.get("x-consul-token") for request in consul.requests} == {"acl"}
    finally:
        consul.stop()
