"""The Dockerfile of `examples/server`, built with the real artifact and run on the Docker engine."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import docker
import docker.errors
import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from tests.engines import linked_to

from wp_cli.connect import connect
from wp_cli.endpoint import Endpoint, Trust
from wp_cli.install import waiting

from .conftest import ROOT

BUILD_SECONDS = 900
RELEASE = f"{sys.version_info[0]}.{sys.version_info[1]}"
STOP_SECONDS = 30
LIBRARIES = ("libstdc++.so.6", "libgcc_s.so.1", "librt.so.1", "libpthread.so.0", "libdl.so.2")
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with `waypoint`, as `make zipapps` leaves it; for the Python that runs the tests only."""
    output = tmp_path_factory.mktemp("dist")
    wanted = ("--standalone", "never", "--bytecode", "none", "--pythons", RELEASE, "--output", str(output))
    command = [sys.executable, str(ROOT / "build_zipapps.py"), *wanted, "waypoint"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    if "pip could not get them" in done.stderr:
        pytest.skip(f"the artifacts need wheels that this machine cannot get: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(scope="module")
def base(
    docker_client: docker.DockerClient, python_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An image with this Python and the system's libraries that images of Python have and the tests' stand-in has not.

    In another image they do no harm: the loader takes its own first.
    """
    asked = ["python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    found = docker_client.containers.run(python_image, asked, remove=True).decode().strip()
    if found != RELEASE:
        pytest.skip(f"optional: {python_image} has Python {found}, and the artifact of the tests is for {RELEASE}")
    folder = tmp_path_factory.mktemp("base")
    (folder / "lib").mkdir()
    (folder_of_libc,) = {path.parent for path in linked_to([Path("/usr/bin/python3")]) if path.name == "libc.so.6"}
    for name in LIBRARIES:
        shutil.copy(folder_of_libc / name, folder / "lib" / name)
    (folder / "Dockerfile").write_text(f"FROM {python_image}\nCOPY lib/ /usr/lib/\n")
    name = f"waypoint-tests-base:{uuid.uuid4().hex[:12]}"
    docker_client.images.build(path=str(folder), tag=name, rm=True)
    yield name
    docker_client.images.remove(name, force=True)


@pytest.fixture(scope="module")
def image(docker_client: docker.DockerClient, artifact: Path, base: str) -> Iterator[str]:
    name = f"waypoint-tests-example:{uuid.uuid4().hex[:12]}"
    dockerfile = str(ROOT / "examples/server/Dockerfile")
    docker_client.images.build(path=str(artifact), dockerfile=dockerfile, tag=name, rm=True, buildargs={"BASE": base})
    yield name
    docker_client.images.remove(name, force=True)


def test_the_image_serves_keeps_its_state_on_the_volume_and_stops_when_asked(
    docker_client: docker.DockerClient, image: str
) -> None:
    volume = docker_client.volumes.create(f"waypoint-tests-{uuid.uuid4().hex[:12]}")
    try:
        for first in (True, False):
            container = docker_client.containers.run(
                image, detach=True, ports={"9701/tcp": ("127.0.0.1", None)}, volumes=[f"{volume.name}:/data"]
            )
            try:
                container.reload()
                port = container.ports["9701/tcp"][0]["HostPort"]
                endpoint = Endpoint(f"127.0.0.1:{port}", True, Trust(anything=True))
                waiting.server(endpoint, lambda here=container: still_runs(here)).close()
                client = connect(endpoint)
                if first:
                    assert client.calls.BootstrapToken(Empty()).token
                else:
                    with pytest.raises(grpc.RpcError, match="PERMISSION_DENIED"):
                        client.calls.BootstrapToken(Empty())
                client.close()
                container.stop(timeout=STOP_SECONDS)
                assert container.wait()["StatusCode"] == 0
            finally:
                container.remove(force=True)
    finally:
        volume.remove(force=True)


def still_runs(container: docker.models.containers.Container) -> None:
    container.reload()
    assert container.status == "running", container.logs().decode()


def test_the_image_is_a_runner_and_the_command_line_too(docker_client: docker.DockerClient, image: str) -> None:
    assert docker_client.containers.run(image, ["version"], remove=True).startswith(b"CLI: v")
    assert b"-state-dir" in docker_client.containers.run(image, ["runner", "agent", "-h"], remove=True)
    with pytest.raises(docker.errors.ContainerError) as refused:  # what it imports late is there
        docker_client.containers.run(image, ["login", "-from-kubernetes"], remove=True)
    assert b"cannot read the configuration of kubectl" in refused.value.stderr
