"""What single parameters change, as an engine, a registry or a client sees it: those that no other test here shows."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import docker
import docker.errors
import pytest
from tests.engines import Registry
from tests.ports import free_port

from wp_plugins.docker.builder import BuilderConfig, build
from wp_plugins.docker.credentials import Auth
from wp_plugins.docker.engine import ClientConfig
from wp_plugins.docker.platform import PlatformConfig, deploy, destroy
from wp_plugins.docker.registry import RegistryConfig, push
from wp_plugins.docker.release import ReleaseConfig, destroy_workspace, release
from wp_plugins.docker_pull.builder import BuilderConfig as PullConfig
from wp_plugins.docker_pull.builder import build as pull_build
from wp_proto.plugins.docker_pb2 import Deployment, Image
from wp_sdk.component import PluginError
from wp_sdk.testing import Harness

App = Callable[..., Path]
MakeHarness = Callable[..., Harness]

SLEEPS = 'CMD ["sleep", "600"]'


@pytest.fixture
def built(harness: MakeHarness) -> Callable[..., Image]:
    """Build a folder; the entrypoint is left out."""

    def run(path: Path, **config: object) -> Image:
        value = harness(BuilderConfig(**{"disable_entrypoint": True, **config}), path).call(build).value
        assert isinstance(value, Image)
        return value

    return run


def name_of(image: Image) -> str:
    return f"{image.image}:{image.tag}"


def output(client: docker.DockerClient, image: Image) -> bytes:
    return bytes(client.containers.run(name_of(image), remove=True))


def push_version(client: docker.DockerClient, image: Image, name: str, login: dict[str, str] | None = None) -> str:
    """Push an image as `name` and leave that name in the engine; returns the image's id."""
    client.images.get(name_of(image)).tag(*name.rsplit(":", 1))
    client.images.push(name, auth_config=login)
    return str(client.images.get(name).id)


class TestBuilder:
    def test_no_cache(self, docker_client, busybox_image: str, app: App, built) -> None:
        path = app(f"FROM {busybox_image}", "RUN cat /proc/sys/kernel/random/uuid > /it", 'CMD ["cat", "/it"]')
        first = output(docker_client, built(path))
        assert output(docker_client, built(path)) == first
        assert output(docker_client, built(path, no_cache=True)) != first

    def test_network(self, docker_client, busybox_image: str, app: App, built) -> None:
        path = app(f"FROM {busybox_image}", "RUN ls /sys/class/net > /it", 'CMD ["cat", "/it"]')
        assert output(docker_client, built(path, network="none")).split() == [b"lo"]

    def test_labels(self, docker_client, busybox_image: str, app: App, built) -> None:
        image = built(app(f"FROM {busybox_image}"), labels={"team": "red and blue"})
        assert docker_client.images.get(name_of(image)).labels["team"] == "red and blue"

    def test_pull(self, docker_client, registry: Registry, busybox_image: str, app: App, built) -> None:
        base = f"{registry.host}/base:1"
        versions = [built(app(f"FROM {busybox_image}", f'CMD ["echo", "{number}"]')) for number in (1, 2)]
        push_version(docker_client, versions[1], base)
        docker_client.images.get(name_of(versions[0])).tag(*base.rsplit(":", 1))  # what the engine has by that name
        path = app(f"FROM {base}")
        try:
            assert output(docker_client, built(path)) == b"1\n"
            assert output(docker_client, built(path, pull=True)) == b"2\n"
        finally:
            docker_client.images.remove(base, force=True)

    def test_cache_from(self, docker_client, registry: Registry, busybox_image: str, app: App, harness, built) -> None:
        path = app(f"FROM {busybox_image}", "RUN cat /proc/sys/kernel/random/uuid > /it", 'CMD ["cat", "/it"]')
        first = built(path)
        wanted = output(docker_client, first)
        cache = f"{registry.host}/cache:1"
        push_version(docker_client, first, cache)
        for name in (cache, name_of(first), "waypoint.local/web:latest"):
            with contextlib.suppress(docker.errors.ImageNotFound):  # the last one may be another run's by now
                docker_client.images.remove(name, force=True)
        docker_client.images.pull(cache)
        try:
            assert output(docker_client, built(path, cache_from=[cache])) == wanted
            assert output(docker_client, built(path, no_cache=True)) != wanted
        finally:
            docker_client.images.remove(cache, force=True)

    def test_auth(self, docker_client, private_registry: Registry, busybox_image: str, app: App, built) -> None:
        base = f"{private_registry.host}/base:1"
        login = {"username": private_registry.username, "password": private_registry.password}
        push_version(docker_client, built(app(f"FROM {busybox_image}", 'CMD ["echo", "it"]')), base, login)
        docker_client.images.remove(base, force=True)
        path = app(f"FROM {base}")
        with pytest.raises(PluginError, match="no basic auth credentials"):
            built(path)
        try:
            image = built(path, auth=Auth(hostname=private_registry.host, **login))
            assert output(docker_client, image) == b"it\n"
        finally:
            docker_client.images.remove(base, force=True)

    def test_the_earlier_name_of_disable_entrypoint(self, docker_client, python_image: str, app: App, built) -> None:
        image = built(app(f"FROM {python_image}"), disable_entrypoint=False, disable_ceb=True)
        assert docker_client.images.get(name_of(image)).attrs["Config"]["Entrypoint"] is None


class TestPull:
    @pytest.mark.parametrize("way", ["auth", "encoded_auth"])
    def test_credentials(
        self, docker_client, private_registry: Registry, busybox_image: str, app: App, built, harness, way: str
    ) -> None:
        name = f"{private_registry.host}/team/web"
        login = {"username": private_registry.username, "password": private_registry.password}
        push_version(docker_client, built(app(f"FROM {busybox_image}", SLEEPS)), f"{name}:1", login)
        docker_client.images.remove(f"{name}:1", force=True)
        given: dict[str, object] = {"auth": Auth(**login)}
        if way == "encoded_auth":
            given = {"encoded_auth": base64.urlsafe_b64encode(json.dumps(login).encode()).decode()}
        for component in ("builder", "platform"):
            if component == "builder":
                config = PullConfig(image=name, tag="1", disable_entrypoint=True, **given)
                harness(config).call(pull_build, has_registry=True)
            else:
                platform = harness(PlatformConfig(worker=True, stop_timeout=0, host_ip="127.0.0.1", **given))
                there = Image(image=name, tag="1")
                there.registry.SetInParent()
                value = platform.call(deploy, there).value
                assert isinstance(value, Deployment)
                platform.call(destroy, value)
            docker_client.images.remove(f"{name}:1", force=True)

    def test_platform(self, docker_client, registry: Registry, busybox_image: str, app: App, built, harness) -> None:
        name = f"{registry.host}/team/web"
        push_version(docker_client, built(app(f"FROM {busybox_image}", SLEEPS)), f"{name}:1")
        docker_client.images.remove(f"{name}:1", force=True)
        same = PullConfig(image=name, tag="1", platform="linux/amd64", disable_entrypoint=True)
        harness(same).call(pull_build, has_registry=True)
        docker_client.images.remove(f"{name}:1", force=True)
        other = PullConfig(image=name, tag="1", platform="linux/arm64", disable_entrypoint=True)
        with pytest.raises(PluginError, match=r"There is no linux/arm64 variant, only linux/amd64"):
            harness(other).call(pull_build, has_registry=True)
        docker_client.images.remove(f"{name}:1", force=True)


class TestRegistry:
    def test_extra_tags(self, docker_client, registry: Registry, busybox_image: str, app: App, built, harness) -> None:
        name = f"{registry.host}/team/web"
        harness(RegistryConfig(image=name, tag="1", extra_tags=["stable"])).call(
            push, built(app(f"FROM {busybox_image}"))
        )
        tags = http.client.HTTPConnection(registry.host, timeout=60)
        tags.request("GET", "/v2/team/web/tags/list")
        assert sorted(json.loads(tags.getresponse().read())["tags"]) == ["1", "stable"]
        tags.close()
        for tag in ("1", "stable"):
            docker_client.images.remove(f"{name}:{tag}", force=True)


class TestPlatform:
    def test_force_pull(self, docker_client, registry: Registry, busybox_image: str, app: App, built, harness) -> None:
        name = f"{registry.host}/team/web:1"
        versions = [built(app(f"FROM {busybox_image}", f"ENV VERSION={number}", SLEEPS)) for number in (1, 2)]
        new = push_version(docker_client, versions[1], name)
        docker_client.images.get(name_of(versions[0])).tag(*name.rsplit(":", 1))
        old = docker_client.images.get(name).id
        there = Image(image=name.rpartition(":")[0], tag="1")
        there.registry.SetInParent()
        for force, image in ((False, old), (True, new)):
            made = harness(PlatformConfig(worker=True, stop_timeout=0, force_pull=force, host_ip="127.0.0.1"))
            value = made.call(deploy, there).value
            assert isinstance(value, Deployment)
            assert docker_client.containers.get(value.container).image.id == image
            made.call(destroy, value)
        docker_client.images.remove(name, force=True)

    @pytest.mark.parametrize(("patience", "ended"), [(60, True), (0, False)])
    def test_stop_timeout(
        self, docker_client, busybox_image: str, harness, tmp_path: Path, patience: int, ended: bool
    ) -> None:
        shared = tmp_path / "shared"
        shared.mkdir()
        script = "trap 'sleep 1; touch /shared/ended; exit' TERM; touch /shared/ready; while :; do sleep 0.1; done"
        config = PlatformConfig(
            command=["sh", "-c", script], binds=[f"{shared}:/shared"], worker=True, stop_timeout=patience
        )
        made = harness(config)
        name, _, tag = busybox_image.partition(":")
        value = made.call(deploy, Image(image=name, tag=tag)).value
        assert isinstance(value, Deployment)
        wait_for((shared / "ready").exists)
        made.call(destroy, value)
        assert (shared / "ended").exists() is ended


def wait_for(check: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


SLOW_SERVER = """
import http.server, os, pathlib, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/slow":
            pathlib.Path("/shared/begun").touch()
            while not pathlib.Path("/shared/go").exists():
                time.sleep(0.05)
        body = os.environ["VERSION"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""


def get(url: str, path: str = "/") -> str:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


class TestRelease:
    @pytest.fixture
    def version(self, harness, python_image: str, tmp_path: Path) -> Callable[[str], Deployment]:
        name, _, tag = python_image.partition(":")
        (tmp_path / "shared").mkdir()

        def make(number: str) -> Deployment:
            config = PlatformConfig(
                host_ip="127.0.0.1",
                command=["python3", "-c", SLOW_SERVER],
                binds=[f"{tmp_path}/shared:/shared"],
                static_environment={"VERSION": number},
                stop_timeout=0,
            )
            value = harness(config).call(deploy, Image(image=name, tag=tag)).value
            assert isinstance(value, Deployment)
            return value

        return make

    def test_port_and_address(self, harness, version: Callable[[str], Deployment]) -> None:
        port = free_port()
        made = harness(ReleaseConfig(port=port, address="127.0.0.2"))
        try:
            url = made.call(release, version("1")).url
            assert url == f"http://127.0.0.2:{port}"
            assert get(url) == "1"
            with pytest.raises(ConnectionRefusedError):
                get(f"http://127.0.0.1:{port}")
        finally:
            made.call(destroy_workspace)

    @pytest.mark.parametrize("patience", [60, 0])
    def test_drain_timeout(self, harness, version: Callable[[str], Deployment], tmp_path: Path, patience: int) -> None:
        """The release waits for requests under way on the deployment before, or says how many there are."""
        shared = tmp_path / "shared"
        made = harness(ReleaseConfig(drain_timeout=patience))
        answers: list[str] = []
        try:
            url = made.call(release, version("1")).url
            second = version("2")
            slow = threading.Thread(target=lambda: answers.append(get(url, "/slow")))
            slow.start()
            wait_for((shared / "begun").exists)
            releasing = threading.Thread(target=made.call, args=(release, second))
            releasing.start()
            wait_for(lambda: get(url) == "2")
            if patience:
                assert releasing.is_alive()
                (shared / "go").touch()
            releasing.join(60)
            assert not releasing.is_alive()
            assert ("1 requests are still under way" in made.text()) is (patience == 0)
            (shared / "go").touch()
            slow.join(60)
            assert answers == ["1"]
        finally:
            made.call(destroy_workspace)


def test_client_config_chooses_the_engine(
    docker_client,
    registry: Registry,
    busybox_image: str,
    app: App,
    built,
    harness,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of each component that has it; the environment names an engine that is not there."""
    here = ClientConfig(
        host=docker_client.api.base_url.replace("http+docker://localhost", "unix:///var/run/docker.sock")
    )
    image = built(app(f"FROM {busybox_image}", 'CMD ["busybox", "httpd", "-f", "-p", "3000", "-h", "/bin"]'))
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
    with pytest.raises(PluginError, match="The Docker engine cannot be reached"):
        built(app(f"FROM {busybox_image}"))
    name = f"{registry.host}/team/web"
    harness(RegistryConfig(image=name, tag="1", client_config=here)).call(push, image)
    pulled = PullConfig(image=name, tag="1", disable_entrypoint=True, client_config=here)
    there = harness(pulled).call(pull_build, has_registry=True).value
    assert isinstance(there, Image)
    platform = harness(PlatformConfig(host_ip="127.0.0.1", stop_timeout=0, client_config=here))
    value = platform.call(deploy, there).value
    assert isinstance(value, Deployment)
    releasing = harness(ReleaseConfig(client_config=here))
    assert releasing.call(release, value).url
    releasing.call(destroy_workspace)
    platform.call(destroy, value)
    docker_client.images.remove(f"{name}:1", force=True)
