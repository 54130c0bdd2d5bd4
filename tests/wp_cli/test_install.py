"""`server install|upgrade|uninstall` and `runner install|uninstall` on a real Docker engine."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import docker
import pytest

from wp_cli.connect import connect
from wp_cli.endpoint import Endpoint, Trust
from wp_cli.errors import CliError
from wp_cli.install import docker as install_docker
from wp_cli.install import runners, waiting
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

pytestmark = pytest.mark.timeout(900)
DEADLINE = 120.0


@dataclass
class Installation:
    """Names that belong to one test, and everything of them in the engine."""

    cli: Cli
    engine: docker.DockerClient
    image: str
    prefix: str

    @property
    def server_flags(self) -> tuple[str, ...]:
        ports = ("-docker-grpc-port=0", "-docker-http-port=0")
        return (
            *self.name,
            "-platform=docker",
            f"-docker-server-image={self.image}",
            "-context-create=installed",
            *ports,
        )

    @property
    def name(self) -> tuple[str, ...]:
        return (f"-docker-name={self.prefix}",)

    def containers(self) -> dict[str, str]:
        """State of the test's containers by the last part of their name."""
        found = self.engine.containers.list(all=True, filters={"name": self.prefix}, ignore_removed=True)
        return {one.name.removeprefix(f"{self.prefix}-"): one.status for one in found}

    def runner(self, runner_id: str) -> dict[str, object]:
        found = json.loads(self.cli.ok("runner", "inspect", "-json", runner_id))
        assert isinstance(found, dict)
        return found

    def profile(self, name: str) -> dict[str, object]:
        found = json.loads(self.cli.ok("runner", "profile", "inspect", "-json", name))
        assert isinstance(found, dict)
        return found

    def clean(self) -> None:
        for container in self.engine.containers.list(all=True, filters={"name": self.prefix}, ignore_removed=True):
            container.remove(force=True, v=True)
        for volume in self.engine.volumes.list(filters={"name": self.prefix}):
            volume.remove(force=True)


@pytest.fixture
def here(cli: Cli, docker_client: docker.DockerClient, waypoint_image: str) -> Iterator[Installation]:
    made = Installation(cli, docker_client, waypoint_image, f"wptest{uuid.uuid4().hex[:8]}")
    yield made
    made.clean()


def test_a_server_comes_works_is_upgraded_and_goes(here: Installation) -> None:
    cli = here.cli
    said = json.loads(cli.ok("server", "install", "-json", *here.server_flags))
    assert (said["context"], said["advertise_address"]) == ("installed", f"{here.prefix}-server:9701")
    assert here.containers() == {"server": "running", "static-runner": "running"}
    runner = here.runner("static")
    assert (runner["adoptionState"], runner["online"]) == ("ADOPTED", True)
    profile = here.profile("docker-bootstrap-profile")
    assert (profile["default"], profile["ociUrl"], profile["pluginType"]) == (True, here.image, "docker")
    assert profile["targetRunner"] == {"id": {"id": "static"}}
    cli.ok("workspace", "create", "kept")
    run_in_a_runner_of_its_own(cli)

    newer = f"{here.image}-newer"
    here.engine.images.get(here.image).tag(*newer.rsplit(":", 1))
    try:
        upgrade = ("server", "upgrade", *here.name, f"-docker-server-image={newer}")
        assert "-auto-approve" in cli.fails(*upgrade)  # nobody to ask
        assert "upgraded" in cli.ok(*upgrade, "-auto-approve", "-snapshot-name=before")
        assert (cli.folder / "before").stat().st_size > 0
        assert here.containers() == {"server": "running", "static-runner": "running"}
        for name in ("server", "static-runner"):
            container = here.engine.containers.get(f"{here.prefix}-{name}")
            assert container.attrs["Config"]["Image"] == newer
        assert "kept" in cli.ok("workspace", "list")  # at the same address, with the same token
        assert here.runner("static")["online"] is True
        assert here.profile("docker-bootstrap-profile")["ociUrl"] == newer

        assert "-auto-approve" in cli.fails("server", "uninstall", *here.name)
        cli.ok("server", "uninstall", *here.name, "-auto-approve", "-snapshot-name=last")
        assert (cli.folder / "last").stat().st_size > 0
        assert here.containers() == {}
        assert here.engine.volumes.list(filters={"name": here.prefix}) == []
        assert json.loads(cli.ok("context", "list", "-json")) == []
    finally:
        here.engine.images.remove(newer, force=True)


def run_in_a_runner_of_its_own(cli: Cli) -> None:
    """A job that does nothing, by the default profile: the static runner launches a container for it, and ends that."""
    server = json.loads(cli.ok("context", "inspect", "-json", "-show-secrets", "installed"))
    client = connect(Endpoint(server["address"], True, Trust(anything=True), server["auth_token"]))
    try:
        project = pb.Project(name="p")
        project.data_source.local.SetInParent()
        client.calls.UpsertProject(pb.UpsertProjectRequest(project=project))
        job = pb.Job(noop=pb.Job.Noop())
        job.application.project, job.application.application = "p", "a"
        job.workspace.workspace = "default"
        job.data_source.local.SetInParent()
        job.target_runner.any.SetInParent()
        job.ondemand_runner.name = "docker-bootstrap-profile"
        queued = client.calls.QueueJob(pb.QueueJobRequest(job=job))
        events = client.calls.GetJobStream(pb.GetJobStreamRequest(job_id=queued.job_id))
        (complete,) = [event.complete for event in events if event.HasField("complete")]
        assert complete.error.message == ""
    finally:
        client.close()
    end = time.monotonic() + DEADLINE
    while "Stopped" not in cli.ok("task", "list"):
        assert time.monotonic() < end, cli.ok("task", "list")
        time.sleep(0.5)


def test_an_upgrade_that_does_not_work_leaves_the_old_server(here: Installation, busybox_image: str) -> None:
    cli = here.cli
    cli.ok("server", "install", "-runner=false", *here.server_flags)
    before = here.engine.containers.get(f"{here.prefix}-server").id
    said = cli.fails("server", "upgrade", "-auto-approve", "-snapshot=false", *here.name,
                     f"-docker-server-image={busybox_image}")  # fmt: skip
    assert "does not work: the container" in said
    assert "The server of before runs again." in said
    assert here.containers() == {"server": "running"}
    assert here.engine.containers.get(f"{here.prefix}-server").id == before
    found = cli.ok("context", "verify", "installed")
    assert "works" in found


def test_installing_again_starts_what_is_there(here: Installation) -> None:
    cli = here.cli
    flags = ("-runner=false", *here.server_flags)
    cli.ok("server", "install", *flags, "--", "-listen-metrics=127.0.0.1:9100")
    container = here.engine.containers.get(f"{here.prefix}-server")
    assert container.attrs["Config"]["Cmd"][-1] == "-listen-metrics=127.0.0.1:9100"
    cli.ok("install", *flags)  # its token is in the context of the same address
    assert here.engine.containers.get(f"{here.prefix}-server").id == container.id
    cli.ok("context", "delete", "installed")
    assert "no context here has a token" in cli.fails("server", "install", *flags)


def test_a_runner_comes_is_renewed_with_its_adoption_and_goes(here: Installation) -> None:
    cli = here.cli
    cli.ok("workspace", "create", "dev")  # the embedded server advertises the address of the engine's bridge
    install = ("runner", "install", "-platform=docker", *here.name, f"-docker-runner-image={here.image}")
    cli.ok(*install, "-id=berlin", "-odr-image=odr:1", "--", "-label=site=here", "-concurrency=2")
    runner = here.runner("berlin")
    assert (runner["adoptionState"], runner["online"], runner["labels"]) == ("ADOPTED", True, {"site": "here"})
    assert here.containers() == {"berlin-runner": "running"}
    profile = here.profile("docker-berlin")
    assert (profile["default"], profile["ociUrl"]) == (True, "odr:1")
    assert profile["targetRunner"] == {"labels": {"labels": {"site": "here"}}}
    first = here.engine.containers.get(f"{here.prefix}-berlin-runner")
    assert not any("TOKEN" in line for line in first.attrs["Config"]["Env"])

    cli.ok(*install, "-id=berlin", "--", "-label=site=here")  # again: another container, the same adoption
    assert here.engine.containers.get(f"{here.prefix}-berlin-runner").id != first.id
    assert here.runner("berlin")["firstSeen"] == runner["firstSeen"]

    assert "runner adopt paris" in cli.run(*install, "-id=paris", "-skip-adopt").stderr
    for runner_id in ("paris", "berlin"):
        cli.ok("runner", "uninstall", "-platform=docker", f"-id={runner_id}", *here.name)
    assert here.containers() == {}
    assert here.engine.volumes.list(filters={"name": here.prefix}) == []
    assert cli.ok("runner", "list", "-json") == ""
    assert cli.ok("runner", "profile", "list", "-json") == ""
    assert "no runner 'berlin'" in cli.fails("runner", "uninstall", "-platform=docker", "-id=berlin", *here.name)


def test_a_runner_that_ends_at_once_is_told_with_its_last_words(here: Installation) -> None:
    cli = here.cli
    cli.ok("workspace", "create", "dev")
    assert "127.0.0.1:1" in cli.ok("server", "config-set", "-advertise-addr=127.0.0.1:1")
    flags = ("-platform=docker", *here.name, f"-docker-runner-image={here.image}", "-id=broken")
    said = cli.fails("runner", "install", *flags, "--", "-liveness-tcp-addr=nowhere")
    assert f"the container {here.prefix}-broken-runner ended with exit code 1" in said
    assert "cannot listen on" in said


def test_a_runner_that_does_not_find_the_server_is_told_with_what_it_says(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.cli.ok("workspace", "create", "dev")
    place = here.cli.home / ".local/share/waypoint/server"
    address = json.loads((place / "server.json").read_text())["grpc"]
    nowhere = pb.ServerConfig.AdvertiseAddr(addr="127.0.0.1:1", tls=True, tls_skip_verify=True)
    runner = runners.Runner("lost", f"{here.prefix}-lost-runner", here.image, nowhere, "cookie")

    def until_it_complains(_said: str) -> None:
        end = time.monotonic() + DEADLINE
        while b"cannot reach" not in here.engine.containers.get(runner.container).logs():
            assert time.monotonic() < end
            time.sleep(0.2)

    monkeypatch.setattr(waiting, "RUNNER_SECONDS", 0.0)
    client = connect(Endpoint(address, True, Trust(anything=True), (place / "token").read_text().strip()))
    try:
        with install_docker.engine_here() as engine, pytest.raises(CliError) as failed:
            runners.install(engine, client, runner, until_it_complains)
    finally:
        client.close()
    assert "runner 'lost' did not come to the server" in failed.value.message
    assert "-server-addr" in failed.value.do
    assert "cannot reach the server at host.docker.internal:1" in " ".join(failed.value.details)


def test_a_container_whose_network_is_gone_joins_waypoints(here: Installation, busybox_image: str) -> None:
    gone = here.engine.networks.create(f"{here.prefix}-gone")
    gone.remove()
    command = ("sleep", "600")
    spec = install_docker.ContainerSpec(f"{here.prefix}-alone", busybox_image, command, {}, (), network=gone.id)
    with install_docker.engine_here() as engine:
        install_docker.run(engine, spec)
    assert here.containers() == {"alone": "running"}


def test_what_cannot_be_is_said_at_once(cli: Cli) -> None:
    assert "on which platform" in cli.fails("server", "install")
    assert "installs on docker, not on nomad" in cli.fails("server", "install", "-platform=nomad")
    assert "no context is in use" in cli.fails("server", "upgrade")
    assert "no context is in use" in cli.fails("server", "uninstall")
    cli.ok("context", "create", "-server-addr=a:1", "-server-platform=kubernetes", "there")
    assert "stands on kubernetes, not on docker" in cli.fails("server", "upgrade", "-platform=docker")
    cli.ok("context", "clear")
    assert "Give its -id" in cli.fails("runner", "uninstall", "-platform=docker")
    assert "unknown flag" in cli.fails("runner", "install", "-platform=docker", "--", "-nonsense")
