from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import docker
import docker.errors
import pytest
from tests.engines import Registry
from tests.ports import free_port

from wp_plugins.docker.builder import BuilderConfig, build
from wp_plugins.docker.credentials import Auth
from wp_plugins.docker.platform import PlatformConfig, deploy, destroy
from wp_plugins.docker.registry import RegistryConfig, access, push
from wp_plugins.docker_pull.builder import BuilderConfig as PullConfig
from wp_plugins.docker_pull.builder import build as pull_build
from wp_plugins.docker_ref import BuilderConfig as RefConfig
from wp_plugins.docker_ref import build as ref_build
from wp_proto.plugins.docker_pb2 import AccessInfo, Deployment, Image
from wp_sdk.component import Cancelled, PluginError, Result
from wp_sdk.testing import Harness

App = Callable[..., Path]
MakeHarness = Callable[..., Harness]


@pytest.fixture
def artifact(busybox_image: str, app: App, harness: MakeHarness) -> Image:
    path = app(f"FROM {busybox_image}", 'CMD ["busybox", "httpd", "-f", "-p", "3000", "-h", "/bin"]')
    value = harness(BuilderConfig(disable_entrypoint=True), path).call(build).value
    assert isinstance(value, Image)
    return value


def remove(client: docker.DockerClient, *names: str) -> None:
    for name in names:
        client.images.remove(name, force=True)


def test_push_then_pull_through_the_platform(
    docker_client: docker.DockerClient, registry: Registry, artifact: Image, harness: MakeHarness
) -> None:
    name = f"{registry.host}/team/web"
    made = harness(RegistryConfig(image=name, tag="1.2", extra_tags=["latest"]))
    outcome = made.call(push, artifact)
    value = outcome.value
    assert isinstance(value, Image)
    assert isinstance(outcome.raw, Result)
    assert (value.image, value.tag, value.architecture) == (name, "1.2", "amd64")
    assert value.WhichOneof("location") == "registry"
    assert outcome.raw.extra_template["name"] == f"{name}:1.2"
    assert str(outcome.raw.extra_template["digest"]).startswith("sha256:")
    shown = made.text()
    assert f"Tagging Docker image: {artifact.image}:{artifact.tag} => {name}:1.2" in shown
    assert f"Docker image pushed: {name}:1.2" in shown
    remove(docker_client, f"{name}:1.2", f"{name}:latest")
    # the tag that was asked for is fetched, not another one
    platform = harness(PlatformConfig(host_ip="127.0.0.1", stop_timeout=1))
    deployment = platform.call(deploy, value).value
    assert isinstance(deployment, Deployment)
    assert f"Pulled image {name}:1.2" in platform.text()
    with pytest.raises(docker.errors.ImageNotFound):
        docker_client.images.get(f"{name}:latest")
    platform.call(destroy, deployment)
    # by digest as well
    remove(docker_client, f"{name}:1.2")
    digest = str(outcome.raw.extra_template["digest"])
    pinned = harness(PlatformConfig(host_ip="127.0.0.1", stop_timeout=1))
    deployment = pinned.call(deploy, Image(image=name, tag=digest)).value
    assert isinstance(deployment, Deployment)
    pinned.call(destroy, deployment)
    remove(docker_client, f"{name}@{digest}")


def test_local_only_tags(
    docker_client: docker.DockerClient, artifact: Image, harness: MakeHarness, docker_project: str
) -> None:
    name = f"waypoint.local/{docker_project}"
    value = harness(RegistryConfig(image=name, tag="7", local=True)).call(push, artifact).value
    assert isinstance(value, Image)
    assert value.WhichOneof("location") is None
    assert docker_client.images.get(f"{name}:7").id == docker_client.images.get(f"{artifact.image}:{artifact.tag}").id


def login(registry: Registry) -> dict[str, str]:
    return {"username": registry.username, "password": registry.password}


def in_config_file(registry: Registry, folder: Path) -> None:
    pair = base64.b64encode(f"{registry.username}:{registry.password}".encode()).decode()
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": pair}}}))


def in_helper(registry: Registry, folder: Path, key: str) -> None:
    folder.mkdir()
    answer = json.dumps({"ServerURL": registry.host, "Username": registry.username, "Secret": registry.password})
    helper = folder / "docker-credential-test"
    helper.write_text(f"#!/bin/sh\nread asked\n[ \"$1 $asked\" = 'get {registry.host}' ] && echo '{answer}'\n")
    helper.chmod(0o755)
    value: object = "test" if key == "credsStore" else {registry.host: "test"}
    (folder / "config.json").write_text(json.dumps({key: value}))


@pytest.mark.parametrize(
    "way",
    ["encoded_auth", "auth", "auth.auth", "password", "DOCKER_AUTH_CONFIG", "config.json", "credsStore", "credHelpers"],
)
def test_every_way_to_give_credentials(
    docker_client: docker.DockerClient,
    private_registry: Registry,
    artifact: Image,
    harness: MakeHarness,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    given: dict[str, object] = {}
    pair = base64.b64encode(f"{private_registry.username}:{private_registry.password}".encode()).decode()
    match way:
        case "encoded_auth":
            given["encoded_auth"] = base64.urlsafe_b64encode(json.dumps(login(private_registry)).encode()).decode()
        case "auth":
            given["auth"] = Auth(**login(private_registry))
        case "auth.auth":
            given["auth"] = Auth(auth=pair)
        case "password":
            given |= login(private_registry)
        case "DOCKER_AUTH_CONFIG":
            monkeypatch.setenv(way, json.dumps({"auths": {private_registry.host: {"auth": pair}}}))
        case "config.json":
            in_config_file(private_registry, tmp_path / "docker-config")
        case _:
            in_helper(private_registry, tmp_path / "docker-config", way)
            monkeypatch.setenv("PATH", str(tmp_path / "docker-config"), prepend=":")
    name = f"{private_registry.host}/private/web"
    harness(RegistryConfig(image=name, tag="1", **given)).call(push, artifact)
    remove(docker_client, f"{name}:1")
    if way == "config.json":  # pulling knows the same ways, without anything in the configuration
        base = harness(PullConfig(image=name, tag="1", disable_entrypoint=True)).call(pull_build, has_registry=True)
        assert isinstance(base.value, Image)
        path = tmp_path / "from-private"
        path.mkdir()
        (path / "Dockerfile").write_text(f"FROM {name}:1\n")
        remove(docker_client, f"{name}:1")
        harness(BuilderConfig(disable_entrypoint=True), path).call(build)
        remove(docker_client, f"{name}:1")


@pytest.mark.parametrize("wrong", [{}, {"username": "tester", "password": "wrong"}])
def test_refused_credentials_are_one_sentence(
    private_registry: Registry, artifact: Image, harness: MakeHarness, wrong: dict[str, str]
) -> None:
    name = f"{private_registry.host}/private/web"
    source = "username and password" if wrong else "no credentials"
    with pytest.raises(PluginError) as raised:
        harness(RegistryConfig(image=name, tag="1", **wrong)).call(push, artifact)
    assert raised.value.what == f"{name}:1 cannot be pushed: {private_registry.host} refused {source}"
    assert f"docker login {private_registry.host}" in raised.value.do
    assert "wrong" not in str(raised.value)


def test_an_unreachable_registry_is_one_sentence(artifact: Image, harness: MakeHarness) -> None:
    host = f"127.0.0.1:{free_port()}"
    with pytest.raises(PluginError) as raised:
        harness(RegistryConfig(image=f"{host}/team/web", tag="1")).call(push, artifact)
    assert raised.value.what == f"{host}/team/web:1 cannot be pushed: {host} cannot be reached"


def test_cancelling_does_not_wait_for_a_silent_registry(artifact: Image, harness: MakeHarness) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        made = harness(RegistryConfig(image=f"127.0.0.1:{silent.getsockname()[1]}/team/web", tag="1"))
        failures: list[BaseException] = []

        def run() -> None:
            try:
                made.call(push, artifact)
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(1)  # the engine asks, and gets no answer
            made.ctx.cancel()
            thread.join(60)
            assert not thread.is_alive()
    assert isinstance(failures[0], Cancelled)


def test_what_is_in_a_registry_is_not_pushed_again(harness: MakeHarness) -> None:
    there = Image(image="example.com/web", tag="1")
    there.registry.SetInParent()
    same = harness(RegistryConfig(image="example.com/web", tag="1")).call(push, there).value
    assert same == there
    there.registry.waypoint_generated = True
    assert harness(RegistryConfig(image="example.com/other", tag="1")).call(push, there).value == there


def test_what_is_in_another_registry_is_copied(
    docker_client: docker.DockerClient, registry: Registry, artifact: Image, harness: MakeHarness
) -> None:
    first = f"{registry.host}/first/web"
    there = harness(RegistryConfig(image=first, tag="1")).call(push, artifact).value
    assert isinstance(there, Image)
    remove(docker_client, f"{first}:1")
    second = f"{registry.host}/second/web"
    harness(RegistryConfig(image=second, tag="2")).call(push, there)
    remove(docker_client, f"{first}:1", f"{second}:2")
    assert docker_client.images.pull(second, "2").attrs["Config"]["Cmd"][0] == "busybox"
    remove(docker_client, f"{second}:2")


def test_a_built_image_that_is_gone_is_one_sentence(harness: MakeHarness) -> None:
    with pytest.raises(PluginError, match=r"The engine does not have waypoint\.local/never-built:1\. Build again"):
        harness(RegistryConfig(image="waypoint.local/x", tag="1", local=True)).call(
            push, Image(image="waypoint.local/never-built", tag="1")
        )


def test_docker_pull_injects_under_a_name_of_its_own(
    docker_client: docker.DockerClient, registry: Registry, python_image: str, harness: MakeHarness
) -> None:
    name = f"{registry.host}/library/python"
    docker_client.images.get(python_image).tag(name, "3")
    docker_client.images.push(name, "3")
    original = docker_client.images.get(f"{name}:3").id
    remove(docker_client, f"{name}:3")
    value = harness(PullConfig(image=name, tag="3")).call(pull_build, has_registry=False).value
    assert isinstance(value, Image)
    assert value.image == "waypoint.local/web"
    assert value.architecture == "amd64"
    assert docker_client.images.get(f"{name}:3").id == original
    injected = docker_client.images.get(f"{value.image}:{value.tag}")
    assert injected.attrs["Config"]["Entrypoint"] == ["/waypoint-entrypoint"]
    output = docker_client.containers.run(injected.id, ["echo", "hello"], remove=True, stderr=True)
    assert sorted(output.splitlines()) == [b"hello", b"launched by the entrypoint"]
    remove(docker_client, f"{name}:3")


def test_docker_pull_without_anything_to_do_pulls_nothing(harness: MakeHarness) -> None:
    config = PullConfig(image="no.such.host/team/web", tag="1", disable_entrypoint=True)
    value = harness(config).call(pull_build, has_registry=False).value
    assert isinstance(value, Image)
    assert (value.image, value.tag, value.WhichOneof("location")) == ("no.such.host/team/web", "1", "registry")


def test_docker_pull_of_what_is_not_there_is_one_sentence(registry: Registry, harness: MakeHarness) -> None:
    with pytest.raises(PluginError, match=f"there is no such image at {registry.host}"):
        harness(PullConfig(image=f"{registry.host}/no/such", tag="1")).call(pull_build, has_registry=False)


def test_docker_ref_only_names_the_image(harness: MakeHarness) -> None:
    outcome = harness(RefConfig(image="example.com/web", tag="1.0")).call(ref_build)
    value = outcome.value
    assert isinstance(value, Image)
    assert isinstance(outcome.raw, Result)
    assert (value.image, value.tag, value.WhichOneof("location")) == ("example.com/web", "1.0", "registry")
    assert outcome.raw.extra_template == {"name": "example.com/web:1.0"}
    with pytest.raises(PluginError, match="capital letters are not allowed"):
        harness(RefConfig(image="example.com/Web", tag="1.0")).call(ref_build)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, AccessInfo(image="example.com/web", tag="1")),
        (
            {"insecure": True, "encoded_auth": "e30="},
            AccessInfo(image="example.com/web", tag="1", insecure=True, encoded="e30="),
        ),
        (
            {"username": "a", "password": "b"},
            AccessInfo(image="example.com/web", tag="1", user_pass=AccessInfo.UserPass(username="a", password="b")),
        ),
    ],
)
def test_access_tells_builders_where_to_push(given: dict[str, object], expected: AccessInfo) -> None:
    assert access(RegistryConfig(image="example.com/web", tag="1", **given)) == expected


def test_access_encodes_an_auth_block() -> None:
    info = access(RegistryConfig(image="example.com/web", tag="1", auth=Auth(identity_token="token")))
    assert json.loads(base64.urlsafe_b64decode(info.encoded)) == {"identitytoken": "token"}


def test_a_hostname_in_the_registrys_auth_is_refused() -> None:
    with pytest.raises(ValueError, match="hostname is not allowed"):
        RegistryConfig(image="example.com/web", tag="1", auth=Auth(hostname="example.com"))
