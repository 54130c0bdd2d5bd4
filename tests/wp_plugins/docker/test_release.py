from __future__ import annotations

import http.client
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from wp_plugins.docker.platform import PlatformConfig, deploy
from wp_plugins.docker.platform import destroy as destroy_deployment
from wp_plugins.docker.release import ReleaseConfig, destroy, destroy_workspace, release, status
from wp_plugins.docker.resource_state import container_of
from wp_proto.plugins.docker_pb2 import Deployment, Image, Release
from wp_proto.sdk.plugin_pb2 import StatusReport
from wp_sdk.component import PluginError
from wp_sdk.switch.control import Switch, folder_for, state_folder
from wp_sdk.testing import Harness

MakeHarness = Callable[..., Harness]

SERVER = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = os.environ["VERSION"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def released(harness: MakeHarness, docker_project: str) -> Iterator[Harness]:
    made = harness(ReleaseConfig())
    yield made
    made.call(destroy_workspace)
    assert not switch_of(docker_project).folder.exists()


def switch_of(project: str) -> Switch:
    return Switch(folder_for(state_folder(), "docker", project, "web", "default"))


@pytest.fixture
def version(harness: MakeHarness, python_image: str) -> Callable[[str], Deployment]:
    name, _, tag = python_image.partition(":")

    def make(number: str) -> Deployment:
        config = PlatformConfig(
            host_ip="127.0.0.1",
            command=["python3", "-c", SERVER],
            static_environment={"VERSION": number},
            stop_timeout=1,
        )
        value = harness(config).call(deploy, Image(image=name, tag=tag)).value
        assert isinstance(value, Deployment)
        return value

    return make


def get(url: str) -> str:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_the_port_stays_and_no_request_is_lost_while_versions_come_and_go(
    released: Harness, version: Callable[[str], Deployment], harness: MakeHarness
) -> None:
    first = version("1")
    outcome = released.call(release, first)
    assert isinstance(outcome.value, Release)
    assert outcome.url == outcome.value.url
    assert get(outcome.url) == "1"
    stop = threading.Event()
    failures: list[str] = []
    seen: list[str] = []

    def client(keep_alive: bool) -> None:
        connection = http.client.HTTPConnection(outcome.url.removeprefix("http://"), timeout=60)
        while not stop.is_set():
            try:
                connection.request("GET", "/")
                seen.append(connection.getresponse().read().decode())
            except (OSError, http.client.HTTPException) as error:
                failures.append(repr(error))
                return
            if not keep_alive:
                connection.close()
            stop.wait(0.005)
        connection.close()

    clients = [threading.Thread(target=client, args=(keep_alive,)) for keep_alive in (True, False)]
    for each in clients:
        each.start()
    try:
        second = version("2")
        assert released.call(release, second).url == outcome.url
        # as a prune does: the old deployment ends at once
        harness(PlatformConfig(stop_timeout=1)).call(destroy_deployment, first)
        third = version("3")
        assert released.call(release, third).url == outcome.url
        assert released.call(release, second).url == outcome.url  # back to an older one
        harness(PlatformConfig(stop_timeout=1)).call(destroy_deployment, third)
        assert get(outcome.url) == "2"
    finally:
        stop.set()
        for each in clients:
            each.join()
    assert failures == []
    assert {"1", "2", "3"} == set(seen)


def test_a_request_waits_while_the_application_restarts_in_its_container(
    docker_client: docker.DockerClient, released: Harness, harness: MakeHarness, python_image: str
) -> None:
    """As after a change of its configuration: the entrypoint ends the application and starts it again."""
    name, _, tag = python_image.partition(":")
    loop = "trap 'kill $app' USR1; while true; do python3 -c \"$0\" & app=$!; wait; wait; echo down; sleep 1; done"
    config = PlatformConfig(
        host_ip="127.0.0.1", command=["sh", "-c", loop, SERVER], static_environment={"VERSION": "1"}, stop_timeout=1
    )
    deployment = harness(config).call(deploy, Image(image=name, tag=tag)).value
    assert isinstance(deployment, Deployment)
    url = released.call(release, deployment).url
    container = docker_client.containers.get(deployment.container)
    for number in range(1, 4):
        container.kill("USR1")
        end = time.monotonic() + 60
        while container.logs().count(b"down") < number:
            assert time.monotonic() < end
        assert get(url) == "1"


def test_destroying_an_old_release_leaves_the_live_one(
    released: Harness, version: Callable[[str], Deployment], docker_project: str
) -> None:
    old = released.call(release, version("1")).value
    live = released.call(release, version("2")).value
    assert isinstance(old, Release)
    assert isinstance(live, Release)
    released.call(destroy, old)
    assert get(live.url) == "2"
    assert health(released, live) == StatusReport.READY
    assert health(released, old) == StatusReport.UNKNOWN
    released.call(destroy, live)
    assert switch_of(docker_project).status() is None
    assert health(released, live) == StatusReport.DOWN
    released.call(destroy, live)  # again: nothing to do


def test_a_release_is_down_with_its_deployment(
    released: Harness, version: Callable[[str], Deployment], docker_client: docker.DockerClient
) -> None:
    deployment = version("1")
    value = released.call(release, deployment).value
    assert isinstance(value, Release)
    assert health(released, value) == StatusReport.READY
    docker_client.containers.get(container_of(deployment).name).stop(timeout=0)
    report = released.call(status, value).value
    assert isinstance(report, StatusReport)
    assert report.health == StatusReport.DOWN
    assert "takes no connections" in report.health_message


def health(made: Harness, value: Release) -> StatusReport.Health:
    report = made.call(status, value).value
    assert isinstance(report, StatusReport)
    return report.health


def test_a_killed_switch_is_reported_and_comes_back_with_the_next_release(
    released: Harness, version: Callable[[str], Deployment], docker_project: str
) -> None:
    deployment = version("1")
    value = released.call(release, deployment).value
    assert isinstance(value, Release)
    running = switch_of(docker_project).status()
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    while switch_of(docker_project).status() is not None:
        pass
    assert health(released, value) == StatusReport.DOWN
    again = released.call(release, deployment).value
    assert isinstance(again, Release)
    assert again.url == value.url
    assert get(again.url) == "1"


def test_port_in_use_is_one_sentence(
    harness: MakeHarness, version: Callable[[str], Deployment], docker_project: str
) -> None:
    deployment = version("1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        made = harness(ReleaseConfig(port=taken.getsockname()[1]))
        with pytest.raises(PluginError, match=r"127\.0\.0\.1:\d+ is already in use: choose another `port`"):
            made.call(release, deployment)
    made.call(destroy_workspace)


def test_traffic_is_not_sent_to_what_does_not_answer(
    harness: MakeHarness, released: Harness, version: Callable[[str], Deployment], busybox_image: str
) -> None:
    url = released.call(release, version("1")).url
    name, _, tag = busybox_image.partition(":")
    config = PlatformConfig(host_ip="127.0.0.1", command=["sh", "-c", "echo busy; sleep 60"], start_timeout=1)
    deaf = harness(config).call(deploy, Image(image=name, tag=tag)).value
    assert isinstance(deaf, Deployment)
    with pytest.raises(PluginError, match="does not listen on its port after 1 s") as raised:
        harness(ReleaseConfig(start_timeout=1)).call(release, deaf)
    assert raised.value.output == "busy"
    assert get(url) == "1"


def test_a_worker_has_no_traffic(
    released: Harness, harness: MakeHarness, busybox_image: str, docker_project: str
) -> None:
    name, _, tag = busybox_image.partition(":")
    config = PlatformConfig(host_ip="127.0.0.1", command=["sleep", "60"], worker=True, stop_timeout=1)
    outcome = harness(config).call(deploy, Image(image=name, tag=tag))
    assert outcome.url == ""
    value = outcome.value
    assert isinstance(value, Deployment)
    result = released.call(release, value)
    assert (result.value, result.url) == (Release(deployment=value.id), "")
    assert switch_of(docker_project).status() is None
    assert health(released, Release(deployment=value.id)) == StatusReport.READY


def test_a_deployment_that_is_gone_cannot_be_released(
    docker_client: docker.DockerClient, released: Harness, version: Callable[[str], Deployment], tmp_path: Path
) -> None:
    deployment = version("1")
    docker_client.containers.get(deployment.container).remove(force=True)
    with pytest.raises(PluginError, match="The deployment's container is gone"):
        released.call(release, deployment)
