"""The entrypoint in real containers: process 1, nobody's user, nothing to write to, with and without a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from .conftest import eventually
from .fake_server import DEPLOYMENT, INVITE, FakeServer
from .test_exec import STDOUT, Client, pty

Run = Callable[..., Container]


@pytest.fixture
def run(
    docker_client: docker.DockerClient, python_image: str, docker_project: str, zipapp: Path, server: FakeServer
) -> Iterator[Run]:
    """run(*argv, **options) starts a hardened container with the entrypoint in front of a command."""
    made: list[Container] = []

    def start(*argv: str, **options: object) -> Container:
        container = docker_client.containers.run(
            python_image,
            list(argv),
            entrypoint=["python3", "-I", "-S", "/waypoint-entrypoint"],
            detach=True,
            network_mode="host",
            volumes={str(zipapp): {"bind": "/waypoint-entrypoint", "mode": "ro"}},
            labels={"waypoint.test": docker_project},
            read_only=True,
            user="65534:65534",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            environment={
                "WAYPOINT_SERVER_ADDR": f"127.0.0.1:{server.port}",
                "WAYPOINT_SERVER_TLS": "1",
                "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1",
                "WAYPOINT_CEB_INVITE_TOKEN": INVITE,
                "WAYPOINT_DEPLOYMENT_ID": DEPLOYMENT,
            },
            **options,
        )
        made.append(container)
        return container

    yield start
    for container in made:
        container.remove(force=True, v=True)


def test_configuration_logs_and_exit_status(run: Run, server: FakeServer) -> None:
    server.set_config(GREETING="hello")
    container = run("sh", "-c", "echo $GREETING $(id -u); exit 7")
    assert container.wait(timeout=60)["StatusCode"] == 7
    assert container.logs(stdout=True, stderr=False) == b"hello 65534\n"
    assert server.app_lines() == ["hello 65534"]


def test_a_killed_application(run: Run) -> None:
    assert run("sh", "-c", "kill -KILL $$").wait(timeout=60)["StatusCode"] == 137


def test_a_command_that_does_not_exist(run: Run) -> None:
    container = run("no-such-command")
    assert container.wait(timeout=60)["StatusCode"] == 127
    assert b"no-such-command: command not found" in container.logs()


def test_stopping_is_graceful(run: Run, server: FakeServer) -> None:
    container = run("sh", "-c", "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done")
    server.wait(lambda: "ready" in server.app_lines())
    container.stop(timeout=20)
    assert container.wait()["StatusCode"] == 3
    assert {"ready", "bye"} <= set(server.app_lines())


def test_orphans_do_not_pile_up(run: Run, server: FakeServer) -> None:
    script = "i=0; while [ $i -lt 200 ]; do (sleep 0.01 &); i=$((i+1)); done; echo made; exec sleep 1000"
    container = run("sh", "-c", script)
    server.wait(lambda: "made" in server.app_lines())
    eventually(lambda: len(container.top(ps_args="-eo pid,stat,comm")["Processes"]) == 2)


def test_exec_with_a_terminal(run: Run, server: FakeServer) -> None:
    run("sleep", "1000")
    server.wait(lambda: bool(server.instances))
    client = Client(server.exec("sh", "-c", "test -t 0 && stty size; exit 4", pty=pty(33, 99)))
    assert client.finish() == 4
    assert client.output[STDOUT] == b"33 99\r\n"


def test_a_container_with_a_terminal(run: Run, server: FakeServer) -> None:
    container = run("sh", "-c", "test -t 1 && echo coloured; exit 5", tty=True)
    assert container.wait(timeout=60)["StatusCode"] == 5
    assert b"coloured\r\n" in container.logs()
    assert "coloured" in server.app_lines()


def test_the_token_cannot_be_read_in_the_container(run: Run) -> None:
    container = run("sh", "-c", "env; cat /proc/1/environ; sleep 0.5; cat /proc/1/environ || echo refused; exit 3")
    assert container.wait(timeout=60)["StatusCode"] == 3
    said = container.logs()
    assert b"WAYPOINT_DEPLOYMENT_ID" in said
    assert b"refused\n" in said
    assert INVITE.encode() not in said
    assert b"stays readable" not in said
