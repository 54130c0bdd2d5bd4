"""Which nature of the entrypoint an image gets, and that the image behaves with it as it did without: the real files on
the real engine."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from tests.wp_entrypoint.conftest import eventually

from wp_entrypoint import archive
from wp_plugins.docker.builder import BuilderConfig, build
from wp_proto.plugins.docker_pb2 import Image
from wp_sdk.component import EntrypointFile
from wp_sdk.testing import Harness

App = Callable[..., Path]
MakeHarness = Callable[..., Harness]
BUSYBOX = Path("/bin/busybox")
ELF = {"amd64": b"\x3e\x00", "arm64": b"\xb7\x00"}


@pytest.fixture
def entrypoint(tmp_path: Path, standalone_files: dict[str, Path]) -> EntrypointFile:
    """As the command line carries it: the zipapp, and the executables beside it."""
    target = tmp_path / "carried/waypoint-entrypoint"
    target.parent.mkdir()
    archive.write(target)
    for architecture, file in standalone_files.items():
        shutil.copy(file, target.with_name(f"{target.name}-linux-{architecture}"))
    return EntrypointFile(target)


def built(harness: Harness) -> str:
    """The name of the image."""
    value = harness.call(build).value
    assert isinstance(value, Image)
    return f"{value.image}:{value.tag}"


def injected(client: docker.DockerClient, image: str) -> bytes:
    """The first bytes of the entrypoint in an image; its owner and mode are checked."""
    container = client.api.create_container(image, command=["nothing"])["Id"]
    try:
        stream, stat = client.api.get_archive(container, "/waypoint-entrypoint")
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
            [entry] = tar.getmembers()
            assert (entry.uid, entry.gid, entry.mode & 0o7777) == (0, 0, 0o755), stat
            content = tar.extractfile(entry)
            assert content is not None
            return content.read(64)
    finally:
        client.api.remove_container(container, v=True)


@pytest.fixture
def load(docker_client: docker.DockerClient, docker_project: str) -> Iterator[Callable[[str, dict[str, bytes]], str]]:
    """load(architecture, files) makes an image as if it had been pulled for a machine of that kind."""
    made: list[str] = []

    def make(architecture: str, files: dict[str, bytes]) -> str:
        layer = tarred(files)
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Cmd": ["/app"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        }
        name = f"{docker_project}-{architecture}:latest"
        manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
        parts = {"layer.tar": layer, "config.json": json.dumps(config).encode()}
        docker_client.images.load(tarred({**parts, "manifest.json": json.dumps(manifest).encode()}))
        made.append(name)
        return name

    yield make
    for name in made:
        docker_client.images.remove(name, force=True)


def tarred(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size = 0o755, len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("architecture", sorted(ELF))
def test_the_executable_of_the_images_architecture(
    docker_client: docker.DockerClient,
    load: Callable[[str, dict[str, bytes]], str],
    app: App,
    harness: MakeHarness,
    architecture: str,
) -> None:
    image = built(harness(BuilderConfig(), app(f"FROM {load(architecture, {'app': b''})}")))
    inspected = docker_client.images.get(image).attrs
    assert inspected["Architecture"] == architecture
    assert inspected["Config"]["Entrypoint"] == ["/waypoint-entrypoint"]
    assert inspected["Config"]["Cmd"] == ["/app"]
    head = injected(docker_client, image)
    assert (head[:4], head[18:20]) == (b"\x7fELF", ELF[architecture])


def test_the_zipapp_where_there_is_no_executable_and_the_image_has_a_python(
    docker_client: docker.DockerClient, load: Callable[[str, dict[str, bytes]], str], app: App, harness: MakeHarness
) -> None:
    base = load("riscv64", {"app": b"", "usr/bin/python3": b"", "usr/lib/python3.12/os.py": b""})
    image = built(harness(BuilderConfig(), app(f"FROM {base}")))
    assert docker_client.images.get(image).attrs["Config"]["Entrypoint"] == ["/waypoint-entrypoint"]
    assert injected(docker_client, image).startswith(b"#!/usr/bin/python3 -IS\nPK")


def test_neither_is_a_warning(
    docker_client: docker.DockerClient, load: Callable[[str, dict[str, bytes]], str], app: App, harness: MakeHarness
) -> None:
    made = harness(BuilderConfig(), app(f"FROM {load('riscv64', {'app': b''})}"))
    assert docker_client.images.get(built(made)).attrs["Config"]["Entrypoint"] is None
    assert "The image has no Python 3.9 or newer" in made.text()


FORMS = {
    "exec form": (['CMD ["sh", "-c", "echo $0 $(id -u); exit 7", "given"]'], b"given 0\n"),
    "shell form": (["CMD echo $COLOUR $(id -u); exit 7"], b"blue 0\n"),
    "shell form of both": (["ENTRYPOINT echo $COLOUR; exit 7", "CMD ignored"], b"blue\n"),
    "entrypoint and command": (['ENTRYPOINT ["sh", "-c"]', 'CMD ["echo $COLOUR; pwd; exit 7"]'], b"blue\n/srv\n"),
    "another user": (["USER 65534:65534", "CMD echo $(id -u):$(id -g); exit 7"], b"65534:65534\n"),
    "another shell": (['SHELL ["/bin/sh", "-ec"]', "CMD false; echo not reached"], b""),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_image_behaves_as_before(
    docker_client: docker.DockerClient, busybox_image: str, app: App, harness: MakeHarness, form: str
) -> None:
    lines, output = FORMS[form]
    path = app(f"FROM {busybox_image}", "ENV COLOUR=blue", "WORKDIR /srv", *lines)
    without = built(harness(BuilderConfig(disable_entrypoint=True), path))
    image = built(harness(BuilderConfig(), path))
    plain, changed = docker_client.images.get(without).attrs, docker_client.images.get(image).attrs
    assert changed["RootFS"]["Layers"][:-1] == plain["RootFS"]["Layers"], "one layer more"
    ran = [run(docker_client, name) for name in (without, image)]
    assert ran[0] == ran[1]
    assert ran[1] == (1 if form == "another shell" else 7, output)


def run(client: docker.DockerClient, image: str) -> tuple[int, bytes]:
    """Exit status and standard output."""
    container = client.containers.run(image, detach=True)
    try:
        return container.wait(timeout=60)["StatusCode"], container.logs(stderr=False)
    finally:
        container.remove(force=True, v=True)


def test_an_image_without_a_shell(docker_client: docker.DockerClient, app: App, harness: MakeHarness) -> None:
    path = app("FROM scratch", "COPY env /env", "ENV ONLY=this PORT=1", 'ENTRYPOINT ["/env"]')
    shutil.copy(BUSYBOX, path / "env")
    image = built(harness(BuilderConfig(), path))
    status, output = run(docker_client, image)
    assert status == 0
    assert {b"ONLY=this", b"PORT=1"} <= set(output.splitlines())


def test_a_health_check_still_checks(
    docker_client: docker.DockerClient, busybox_image: str, app: App, harness: MakeHarness
) -> None:
    check = "HEALTHCHECK --interval=1s CMD test -e /tmp/well"
    image = built(harness(BuilderConfig(), app(f"FROM {busybox_image}", check, "CMD touch /tmp/well; exec sleep 1000")))
    container = docker_client.containers.run(image, detach=True)
    try:
        eventually(lambda: health(docker_client, container.id) == "healthy", timeout=60)
    finally:
        container.remove(force=True, v=True)


def health(client: docker.DockerClient, container: str) -> str:
    return str(client.api.inspect_container(container)["State"]["Health"]["Status"])


def test_injecting_twice_changes_nothing(
    docker_client: docker.DockerClient, busybox_image: str, app: App, harness: MakeHarness
) -> None:
    path = app(f"FROM {busybox_image}", 'CMD ["echo", "once"]')
    first = built(harness(BuilderConfig(), path))
    assert built(harness(BuilderConfig(), path)) == first
    again = built(harness(BuilderConfig(), app(f"FROM {first}")))
    one, two = (docker_client.images.get(name).attrs for name in (first, again))
    assert two["RootFS"]["Layers"] == one["RootFS"]["Layers"]
    assert two["Config"]["Entrypoint"] == ["/waypoint-entrypoint"]
    assert run(docker_client, again) == (0, b"once\n")
