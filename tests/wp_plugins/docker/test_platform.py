from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import docker
import docker.errors
import pytest
from tests.ports import free_port

from wp_plugins.docker import containers, labels, networks
from wp_plugins.docker.builder import BuilderConfig, build
from wp_plugins.docker.container_plan import ContainerPlan
from wp_plugins.docker.engine import Engine
from wp_plugins.docker.platform import PlatformConfig, deploy, destroy, destroy_workspace
from wp_plugins.docker.resource_state import container_of
from wp_plugins.docker.status import status
from wp_proto.plugins.docker_pb2 import Deployment, Image, Resource
from wp_proto.sdk.plugin_pb2 import Framework, StatusReport
from wp_sdk.component import Cancelled, DeploymentConfig, PluginError
from wp_sdk.testing import Harness, Outcome
from wp_sdk.values import unpack

App = Callable[..., Path]
MakeHarness = Callable[..., Harness]

HTTPD = ["busybox", "httpd", "-f", "-p", "3000", "-h", "/bin"]


def config(**more: object) -> PlatformConfig:
    return PlatformConfig(**{"host_ip": "127.0.0.1", "stop_timeout": 1, **more})


@pytest.fixture
def image(busybox_image: str) -> Image:
    name, _, tag = busybox_image.partition(":")
    return Image(image=name, tag=tag)


def deployed(made: Harness, image: Image) -> Outcome:
    outcome = made.call(deploy, image)
    assert isinstance(outcome.value, Deployment)
    return outcome


def container_named(client: docker.DockerClient, outcome: Outcome) -> docker.models.containers.Container:
    assert isinstance(outcome.value, Deployment)
    return client.containers.get(outcome.value.container)


def none_left(client: docker.DockerClient, project: str) -> bool:
    return client.containers.list(all=True, ignore_removed=True, filters={"label": f"{labels.PROJECT}={project}"}) == []


def test_a_deployment_is_a_container_of_its_own(
    docker_client: docker.DockerClient, image: Image, harness: MakeHarness, docker_project: str, tmp_path: Path
) -> None:
    (tmp_path / "shared").mkdir()
    made = harness(
        config(
            command=HTTPD,
            static_environment={"COLOUR": "blue", "PORT": "3000", "WAYPOINT_DEPLOYMENT_ID": "overridden"},
            labels={"team": "red", labels.APP: "overridden"},
            binds=[f"{tmp_path}/shared:/shared"],
            extra_ports=[9000],
            scratch_path="/scratch",
            resources={"memory": "64MB", "cpu": "512"},
        )
    )
    outcome = deployed(made, image)
    container = container_named(docker_client, outcome)
    value = outcome.value
    assert isinstance(value, Deployment)
    assert container.name == f"web-{made.deployment.id}"
    assert (value.id, value.name) == (made.deployment.id, "web")
    assert container.labels == {
        **container.labels,
        labels.ID: made.deployment.id,
        labels.PROJECT: docker_project,
        labels.APP: "web",
        labels.WORKSPACE: "default",
        "app": "web",
        "workspace": "default",
        "team": "red",
    }
    attributes = container.attrs
    environment = [each for each in attributes["Config"]["Env"] if not each.startswith("PATH=")]
    assert environment == [
        "COLOUR=blue",
        "PORT=3000",
        f"WAYPOINT_DEPLOYMENT_ID={made.deployment.id}",
        "WAYPOINT_SERVER_DISABLE=1",
    ]
    assert attributes["HostConfig"]["Memory"] == 64_000_000
    assert attributes["HostConfig"]["CpuShares"] == 512
    assert attributes["HostConfig"]["Binds"][0].endswith("-scratch:/input")
    assert attributes["HostConfig"]["Binds"][1] == f"{tmp_path}/shared:/shared"
    assert attributes["HostConfig"]["Tmpfs"] == {"/scratch": ""}
    assert set(attributes["NetworkSettings"]["Ports"]) == {"3000/tcp", "9000/tcp"}
    assert list(attributes["NetworkSettings"]["Networks"]) == ["waypoint"]
    assert get(outcome.url, "/none")[0] == 404
    assert [(each.name, each.category) for each in outcome.declared.resources] == [
        ("network", "ROUTER"),
        ("container", "INSTANCE"),
    ]
    assert "Deployment successfully rolled out!" in made.text()
    made.call(destroy, value)
    assert none_left(docker_client, docker_project)
    made.call(destroy, value)  # again: nothing to do
    assert "The container is gone already" in made.text()
    made.call(destroy_workspace)
    assert docker_client.volumes.list(filters={"label": f"{labels.PROJECT}={docker_project}"}) == []


def get(url: str, path: str = "/") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_deployments_run_side_by_side(
    docker_client: docker.DockerClient, image: Image, harness: MakeHarness, docker_project: str
) -> None:
    first, second = harness(config(command=HTTPD)), harness(config(command=HTTPD))
    outcomes = deployed(first, image), deployed(second, image)
    assert outcomes[0].url != outcomes[1].url
    for outcome in outcomes:
        assert get(outcome.url, "/none")[0] == 404
    assert isinstance(outcomes[0].value, Deployment)
    first.call(destroy, outcomes[0].value)
    assert get(outcomes[1].url, "/none")[0] == 404


def test_a_port_that_stays_is_taken_over_and_given_back_when_the_new_one_fails(
    docker_client: docker.DockerClient, image: Image, harness: MakeHarness
) -> None:
    port, other = free_port(), free_port()
    fixed = [f"{port}:3000", f"{other}:5353/udp"]
    url = f"http://127.0.0.1:{port}"

    def deploy_one(command: list[str]) -> docker.models.containers.Container:
        outcome = deployed(harness(config(command=command, publish=fixed, extra_ports=[9000])), image)
        assert outcome.url == url
        return container_named(docker_client, outcome)

    first = deploy_one(HTTPD)
    ports = first.attrs["NetworkSettings"]["Ports"]
    assert ports["5353/udp"] == [{"HostIp": "127.0.0.1", "HostPort": str(other)}]
    assert ports["9000/tcp"][0]["HostPort"] not in {"", "9000"}
    assert get(url, "/none")[0] == 404
    second = deploy_one(HTTPD)
    first.reload()
    assert first.status == "exited"
    assert get(url, "/none")[0] == 404
    made = harness(config(command=["sh", "-c", "echo broken; exit 1"], publish=fixed))
    with pytest.raises(PluginError, match="ended with status 1"):
        made.call(deploy, image)
    assert f"Starting container in place of {second.name}" in made.text()
    second.reload()
    assert second.status == "running"
    assert get(url, "/none")[0] == 404


def test_a_port_that_somebody_else_holds_is_one_sentence_and_leaves_nothing(
    docker_client: docker.DockerClient, image: Image, harness: MakeHarness, docker_project: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        made = harness(config(command=HTTPD, publish=[f"{taken.getsockname()[1]}:3000"]))
        with pytest.raises(PluginError, match=r"A port of the container is in use on this machine: .*End what listens"):
            made.call(deploy, image)
    assert none_left(docker_client, docker_project)


def test_the_entrypoint_gets_the_server_under_a_name_the_container_knows(
    docker_client: docker.DockerClient, image: Image, harness: MakeHarness
) -> None:
    made = harness(config(command=["sh", "-c", "grep host.docker.internal /etc/hosts; sleep 60"], worker=True))
    made.deployment = DeploymentConfig(
        made.deployment.id, server_addr="127.0.0.1:9701", server_tls=True, entrypoint_invite_token="token"
    )
    container = container_named(docker_client, deployed(made, image))
    environment = dict(each.split("=", 1) for each in container.attrs["Config"]["Env"])
    assert environment["WAYPOINT_SERVER_ADDR"] == "host.docker.internal:9701"
    assert environment["WAYPOINT_SERVER_TLS"] == "1"
    assert environment["WAYPOINT_CEB_INVITE_TOKEN"] == "token"
    assert b"host.docker.internal" in container.logs()


def test_the_saved_state_is_the_original_plugins(image: Image, harness: MakeHarness) -> None:
    made = harness(config(command=HTTPD))
    outcome = deployed(made, image)
    value = outcome.value
    assert isinstance(value, Deployment)
    state = unpack(value.resource_state, Framework.ResourceManagerState)
    assert list(state.create_order) == ["network", "container"]
    assert [each.name for each in state.resources] == ["network", "container"]
    assert unpack(state.resources[0].raw, Resource.Network).name == "waypoint"
    container = unpack(state.resources[1].raw, Resource.Container)
    assert (container.id, container.name) == (value.container, f"web-{made.deployment.id}")
    assert json.loads(state.resources[1].json) == {"id": container.id, "name": container.name}


def test_a_state_without_resources_is_destroyed_by_its_container(
    docker_client: docker.DockerClient, image: Image, harness: MakeHarness, docker_project: str
) -> None:
    made = harness(config(command=HTTPD))
    value = deployed(made, image).value
    assert isinstance(value, Deployment)
    made.call(destroy, Deployment(container=value.container))
    assert none_left(docker_client, docker_project)


@pytest.mark.parametrize(
    ("command", "sentence", "output"),
    [
        (
            ["sh", "-c", "for i in $(seq 60); do echo line $i; done; exit 3"],
            "ended with status 3 right after",
            "line 60",
        ),
        (["sh", "-c", "echo all done"], "ended with status 0 right after its start", "all done"),
        (["/no/such/program"], "The container's command cannot be started", ""),
    ],
)
def test_a_container_that_ends_at_once_fails_the_deployment(
    docker_client: docker.DockerClient,
    image: Image,
    harness: MakeHarness,
    docker_project: str,
    command: list[str],
    sentence: str,
    output: str,
) -> None:
    made = harness(config(command=command))
    with pytest.raises(PluginError) as raised:
        made.call(deploy, image)
    assert sentence in raised.value.what
    assert raised.value.where == f"web-{made.deployment.id}"
    assert len(raised.value.output.splitlines()) <= 50
    assert output in raised.value.output
    assert none_left(docker_client, docker_project)


def test_a_command_that_is_not_there_fails_under_the_entrypoint_too(
    docker_client: docker.DockerClient, python_image: str, app: App, harness: MakeHarness, docker_project: str
) -> None:
    artifact = harness(BuilderConfig(), app(f"FROM {python_image}", 'CMD ["no-such-program"]')).call(build).value
    assert isinstance(artifact, Image)
    with pytest.raises(PluginError) as raised:
        harness(config()).call(deploy, artifact)
    assert "ended with status 127" in raised.value.what
    assert "no-such-program" in raised.value.output
    assert none_left(docker_client, docker_project)


def test_an_image_without_command_is_refused(app: App, harness: MakeHarness) -> None:
    artifact = harness(BuilderConfig(), app("FROM scratch", "COPY Dockerfile /")).call(build).value
    assert isinstance(artifact, Image)
    with pytest.raises(PluginError, match="The image has no command, so there is nothing to run"):
        harness(config()).call(deploy, artifact)


def test_an_app_that_listens_nowhere_is_deployed_with_a_warning(image: Image, harness: MakeHarness) -> None:
    made = harness(config(command=["sleep", "60"], start_timeout=1))
    deployed(made, image)
    assert "Nothing listens on port 3000 of the container after 1 s" in made.text()


@pytest.mark.parametrize(("check", "ok"), [("true", True), ("echo not well; exit 1", False)])
def test_a_health_check_decides(
    docker_client: docker.DockerClient,
    busybox_image: str,
    app: App,
    harness: MakeHarness,
    docker_project: str,
    check: str,
    ok: bool,
) -> None:
    path = app(f"FROM {busybox_image}", f"HEALTHCHECK --interval=1s --retries=1 CMD {check}", 'CMD ["sleep", "60"]')
    artifact = harness(BuilderConfig(), path).call(build).value
    assert isinstance(artifact, Image)
    made = harness(config())
    if ok:
        value = deployed(made, artifact).value
        assert isinstance(value, Deployment)
        report = made.call(status, value).value
        assert isinstance(report, StatusReport)
        assert report.resources[0].health == StatusReport.READY
        return
    with pytest.raises(PluginError, match="The container's health check failed") as raised:
        made.call(deploy, artifact)
    assert "not well" in raised.value.output
    assert none_left(docker_client, docker_project)


def test_a_missing_network_is_one_sentence_and_leaves_nothing(
    docker_client: docker.DockerClient, image: Image, harness: MakeHarness, docker_project: str
) -> None:
    with pytest.raises(PluginError, match="cannot join the network no-such-network"):
        harness(config(command=HTTPD, networks=["no-such-network"])).call(deploy, image)
    assert none_left(docker_client, docker_project)


@pytest.fixture
def network(docker_client: docker.DockerClient, docker_project: str) -> Iterator[str]:
    made = docker_client.networks.create(f"{docker_project}-extra", labels={labels.PROJECT: docker_project})
    yield str(made.name)
    for container in docker_client.containers.list(
        all=True, ignore_removed=True, filters={"label": f"{labels.PROJECT}={docker_project}"}
    ):
        container.remove(force=True)
    made.remove()


@pytest.mark.parametrize("known_by", ["name", "id"])
def test_a_network_that_went_away_meanwhile_is_made_again(
    docker_client: docker.DockerClient,
    image: Image,
    harness: MakeHarness,
    docker_project: str,
    monkeypatch: pytest.MonkeyPatch,
    known_by: str,
) -> None:
    """Others tidied up, twice. By its id it is known where there are several of one name."""
    names = [f"{docker_project}-{number}" for number in range(2)]
    made = [docker_client.networks.create(name, labels={labels.PROJECT: docker_project}) for name in names]
    going = {getattr(network, known_by): network for network in made}
    left, ensure, create = list(going), networks.ensure, containers.create

    def created(engine: Engine, planned: ContainerPlan, network: str) -> str:
        container = create(engine, planned, network)
        if network in going:
            going[network].remove()
        return container

    monkeypatch.setattr(networks, "ensure", lambda engine: (left.pop(0), False) if left else ensure(engine))
    monkeypatch.setattr(containers, "create", created)
    outcome = deployed(harness(config(command=HTTPD)), image)
    assert left == []
    container = container_named(docker_client, outcome)
    assert container.status == "running"
    assert not set(container.attrs["NetworkSettings"]["Networks"]) & set(names)


def test_another_network_of_the_same_name_is_no_trouble(
    docker_client: docker.DockerClient,
    image: Image,
    harness: MakeHarness,
    docker_project: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody else's program makes it at the same time, and the engine cannot tell which one is meant."""
    marks = {labels.PROJECT: docker_project}
    made = [docker_client.networks.create(f"{docker_project}-twin", labels=marks)]
    left, ensure, create = [str(made[0].name)], networks.ensure, containers.create

    def created(engine: Engine, planned: ContainerPlan, network: str) -> str:
        container = create(engine, planned, network)
        if network == made[0].name:
            try:
                made.append(docker_client.networks.create(network, labels=marks))
            except docker.errors.APIError:
                pytest.skip("optional: this engine makes no second network of one name")
        return container

    monkeypatch.setattr(networks, "ensure", lambda engine: (left.pop(), False) if left else ensure(engine))
    monkeypatch.setattr(containers, "create", created)
    try:
        assert container_named(docker_client, deployed(harness(config(command=HTTPD)), image)).status == "running"
        assert len(made) == 2
    finally:
        for network in made:
            network.remove()


def test_further_networks_are_joined(
    docker_client: docker.DockerClient, image: Image, harness: MakeHarness, network: str
) -> None:
    outcome = deployed(harness(config(command=HTTPD, networks=[network])), image)
    joined = container_named(docker_client, outcome).attrs["NetworkSettings"]["Networks"]
    assert set(joined) == {"waypoint", network}


def test_the_checkpoint_is_enough_to_destroy(
    docker_client: docker.DockerClient, image: Image, harness: MakeHarness, docker_project: str
) -> None:
    """What is known before the container exists must find it, as after a kill -9."""
    made = harness(config(command=HTTPD))
    outcome = deployed(made, image)
    checkpoint = outcome.checkpoints[0]
    assert isinstance(checkpoint, Deployment)
    assert not checkpoint.container
    assert container_of(checkpoint).name == f"web-{made.deployment.id}"
    made.call(destroy, checkpoint)
    assert none_left(docker_client, docker_project)


def test_cancelling_removes_what_was_made(
    docker_client: docker.DockerClient, image: Image, harness: MakeHarness, docker_project: str
) -> None:
    made = harness(config(command=["sleep", "60"], start_timeout=60))
    failures: list[BaseException] = []

    def run() -> None:
        try:
            made.call(deploy, image)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    end = time.monotonic() + 60
    while not docker_client.containers.list(
        ignore_removed=True, filters={"label": f"{labels.PROJECT}={docker_project}"}
    ):
        assert time.monotonic() < end
        time.sleep(0.05)
    made.ctx.cancel()
    thread.join(60)
    assert isinstance(failures[0], Cancelled)
    assert none_left(docker_client, docker_project)


def test_status_tells_what_is_there_now(docker_client: docker.DockerClient, image: Image, harness: MakeHarness) -> None:
    made = harness(config(command=HTTPD, static_environment={"PASSWORD": "very-secret"}))
    value = deployed(made, image).value
    assert isinstance(value, Deployment)

    def report() -> StatusReport:
        found = made.call(status, value).value
        assert isinstance(found, StatusReport)
        return found

    first = report()
    assert first.health == StatusReport.READY
    assert first.health_message == f"All {len(first.resources)} resources are reporting READY"
    assert [each.type for each in first.resources][:2] == ["container", "network"]
    assert first.resources[0].declared_resource.name == "container"
    assert "very-secret" not in first.SerializeToString().decode("latin-1")
    assert json.loads(first.resources[0].state_json)["ipAddress"]
    docker_client.containers.get(value.container).kill()
    docker_client.containers.get(value.container).wait()
    killed = report()
    assert (killed.resources[0].health, killed.health) == (StatusReport.DOWN, StatusReport.DOWN)
    assert killed.health_message == "the container ended with status 137"
    docker_client.containers.get(value.container).remove()
    gone = report()
    assert gone.resources[0].health == StatusReport.MISSING
    assert (gone.health, gone.health_message) == (StatusReport.MISSING, "the container is gone")


def test_a_built_image_of_another_engine_is_one_sentence(harness: MakeHarness) -> None:
    with pytest.raises(PluginError, match=r"The engine does not have the image, and it is in no registry\. Build"):
        harness(config()).call(deploy, Image(image="waypoint.local/web", tag="0123456789ab"))


def test_an_image_the_engine_lacks_is_pulled_and_a_missing_one_is_one_sentence(harness: MakeHarness) -> None:
    nowhere = f"127.0.0.1:{free_port()}/team/web"
    with pytest.raises(PluginError, match=rf"{nowhere}:1 cannot be pulled: 127.* cannot be reached"):
        harness(config()).call(deploy, Image(image=nowhere, tag="1"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"service_port": 0}, "service_port is 0, but must be between 1 and 65535"),
        ({"resources": {"memory": "much"}}, '"memory" in resources is "much", but must be a size such as 512MB'),
        ({"resources": {"disk": "1GB"}}, 'resources knows "memory" and "cpu", not "disk"'),
        ({"resources": {"cpu": "half"}}, "must be a whole number of CPU shares"),
        ({"binds": ["/tmp"]}, '"/tmp" in binds must be source:destination'),
        ({"publish": ["8080"]}, '"8080" in publish must be host-port:container-port, such as 8080:3000'),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_made(wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        PlatformConfig(**wrong)
