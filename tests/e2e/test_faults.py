"""Trouble with a Docker engine, registries, images and disks, as the user of the command line meets it.

The tests share one embedded server; each has a project of its own, whose Dockerfile marks what is made of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import docker
import docker.errors
import pytest
from tests.e2e.world import ROOT, Waypoint, eventually
from tests.engines import PROJECT_LABEL, Registry, remove_project
from tests.ports import free_port

MARK = "waypoint.tests.fault"
"""Label of everything that is made of a test's Dockerfile."""

APP = """\
app "web" {{
  path = "./web"

  build {{
    use "docker" {{
      {build}
    }}
{registry}
  }}

  deploy {{
    use "docker" {{
      stop_timeout = 1
      {deploy}
    }}
  }}

  release {{
    use "docker" {{
      {release}
    }}
  }}
}}
"""

REGISTRY = """
    registry {{
      use "docker" {{
        image = "{host}/faults/web"
        tag   = "1"
        {more}
      }}
    }}
"""

LOCAL = """\
project = "hello"

app "web" {
  build {
    use "files" {}
  }
  deploy {
    use "local" {
      command       = ["python3", "app.py"]
      start_timeout = 600
    }
  }
  release {
    use "local" {}
  }
}
"""

SLEEPS = 'CMD ["sleep", "600"]'

Reach: TypeAlias = Callable[["Shop", str, threading.Event], "subprocess.Popen[str]"]
"""Starts `up` in a project and waits until it is in a certain stage."""


@dataclass
class Shop:
    """A project of one test, and what the engine has of it."""

    waypoint: Waypoint
    name: str
    engine: docker.DockerClient

    def configure(
        self,
        build: str = "disable_entrypoint = true",
        registry: str = "",
        deploy: str = "start_timeout = 600",
        release: str = "",
    ) -> None:
        text = APP.format(build=build, registry=registry, deploy=deploy, release=release)
        (self.waypoint.project / "waypoint.hcl").write_text(f'project = "{self.name}"\n\n{text}')

    def dockerfile(self, *steps: str, base: str = "busybox:latest") -> None:
        text = "\n".join([f"FROM {base}", f"LABEL {MARK}={self.name}", *steps, ""])
        (self.waypoint.project / "web" / "Dockerfile").write_text(text)

    def fails(self, *words: str) -> str:
        done = self.waypoint.run(*words, status=1)
        assert "successful" not in done.stdout
        return done.stdout + done.stderr

    def deployments(self, *states: str) -> list[str]:
        """How the deployments ended that are in one of these physical states, as `deployment list` shows it."""
        found: list[str] = []
        for state in states:
            shown = self.waypoint.run("deployment", "list", f"-physical-state={state}", "-json").stdout
            found += [row["status"]["state"] for row in json.loads(shown)]
        return found

    def containers(self, **filters: str) -> list[str]:
        """Containers of deployments and of build steps."""
        labels = (f"{PROJECT_LABEL}={self.name}", f"{MARK}={self.name}")
        found = [
            self.engine.containers.list(all=True, filters={"label": each, **filters}, ignore_removed=True)
            for each in labels
        ]
        return sorted({container.id for each in found for container in each})

    def images(self) -> list[str]:
        """Images and layers that came from the Dockerfile."""
        return [image.id for image in self.engine.images.list(all=True, filters={"label": f"{MARK}={self.name}"})]

    def destroy(self) -> None:
        """What `destroy` promises: no container is left, and no record that says otherwise."""
        self.waypoint.run("destroy", "-auto-approve")
        eventually(lambda: self.containers() == [])  # the engine ends a build a moment after its client went
        assert self.deployments("created", "pending") == []
        assert self.engine.volumes.list(filters={"label": f"{PROJECT_LABEL}={self.name}"}) == []
        eventually(lambda: [line for line in self.waypoint.processes().values() if " server run " not in line] == [])

    def clean(self) -> None:
        """Remove the images and layers, those first on which no other one stands."""
        for _ in range(10):
            for image in self.images():
                try:
                    self.engine.images.remove(image, force=True)
                except docker.errors.ImageNotFound:
                    continue
                except docker.errors.APIError as error:
                    if error.status_code != 409 and "unrecognized image ID" not in str(error):
                        raise
            if not self.images():
                return


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders of one user, with one embedded server for all tests here."""
    home = tmp_path_factory.mktemp("home")
    yield home
    Waypoint(home, home).close()


@pytest.fixture
def new_shop(
    home: Path, tmp_path: Path, docker_client: docker.DockerClient, docker_project: str, busybox_image: str
) -> Iterator[Callable[[], Shop]]:
    """Makes projects of one user."""
    made: list[Shop] = []

    def make() -> Shop:
        project = tmp_path / f"project{len(made)}"
        shutil.copytree(ROOT / "examples" / "docker-shop", project)
        shop = Shop(Waypoint(home, project), f"{docker_project}-{len(made)}", docker_client)
        shop.configure()
        shop.dockerfile(SLEEPS)
        made.append(shop)
        return shop

    yield make
    for shop in made:
        shop.waypoint.extra.clear()
        if shop.containers():
            shop.waypoint.run("destroy", "-auto-approve")
        shop.clean()
        remove_project(docker_client, shop.name)


@pytest.fixture
def shop(new_shop: Callable[[], Shop]) -> Shop:
    return new_shop()


@contextmanager
def silent_registry(reached: threading.Event) -> Iterator[str]:
    """A registry that takes connections and never answers; gives its host."""
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            try:
                while True:
                    connections.append(listener.accept()[0])
                    reached.set()
            except OSError:
                return

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for connection in connections:
                connection.close()


def reach_build(shop: Shop, _registry: str, _asked: threading.Event) -> subprocess.Popen[str]:
    """`up` whose build runs a step."""
    shop.dockerfile("RUN touch /made", "RUN sleep 600", SLEEPS)
    command = shop.waypoint.start("up")
    wait_for(command, lambda: shop.containers(status="running") != [])
    return command


def reach_push(shop: Shop, registry: str, asked: threading.Event) -> subprocess.Popen[str]:
    """`up` whose registry does not answer."""
    shop.configure(registry=REGISTRY.format(host=registry, more=""))
    command = shop.waypoint.start("up")
    wait_for(command, asked.is_set)
    return command


def reach_deploy(shop: Shop, _registry: str, _asked: threading.Event) -> subprocess.Popen[str]:
    """`up` that waits for the new container to listen."""
    command = shop.waypoint.start("up")
    wait_for(command, lambda: shop.containers(status="running") != [])
    return command


def reach_release(shop: Shop, _registry: str, _asked: threading.Event) -> subprocess.Popen[str]:
    """`up` whose release waits for the deployment to listen."""
    shop.configure(deploy="start_timeout = 1", release="start_timeout = 600")
    command = shop.waypoint.start("up")
    waiting = threading.Event()
    assert command.stderr
    lines = command.stderr

    def read() -> None:
        for line in lines:
            if "Waiting for the deployment" in line:
                waiting.set()
                return

    reader = threading.Thread(target=read)
    reader.start()
    wait_for(command, waiting.is_set)
    reader.join()
    return command


STAGES = (reach_build, reach_push, reach_deploy, reach_release)


def wait_for(command: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    try:
        eventually(lambda: reached() or command.poll() is not None, 60)
        assert command.poll() is None, command.communicate()
    except BaseException:
        command.kill()
        command.communicate()
        raise


def stop(command: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send the signal to the command; its exit code must tell."""
    command.send_signal(number)
    try:
        shown = command.communicate(timeout=60)
    finally:
        command.kill()
        command.wait()
    assert command.returncode == (-number if number is signal.SIGKILL else 130), shown
    assert "Traceback" not in "".join(shown)


class TestStopping:
    """Ctrl-C, SIGTERM and kill -9 in each stage leave nothing that `destroy` does not remove."""

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
    @pytest.mark.parametrize("reach", STAGES)
    def test_by_request(self, shop: Shop, reach: Reach, number: signal.Signals) -> None:
        asked = threading.Event()
        with silent_registry(asked) as registry:
            stop(reach(shop, registry, asked), number)
        if reach is reach_build:  # the layers of the steps that had succeeded
            eventually(lambda: shop.images() == [])
        shop.destroy()

    def test_by_force(self, new_shop: Callable[[], Shop]) -> None:
        """All stages side by side: each `destroy` first waits until the server has given up the dead command's job."""
        shops = [new_shop() for _ in STAGES]
        asked = threading.Event()
        with silent_registry(asked) as registry:
            for shop, reach in zip(shops, STAGES, strict=True):
                stop(reach(shop, registry, asked), signal.SIGKILL)
        for shop in shops:
            shop.destroy()
        assert shops[STAGES.index(reach_build)].images() == []


class TestStoppingDestroy:
    """`destroy` while it waits for a container that does not want to end: what is left is destroyed by the next one."""

    @pytest.fixture
    def stubborn(self, shop: Shop) -> Shop:
        shop.configure(deploy="worker = true")
        shop.waypoint.run("up")
        text = (shop.waypoint.project / "waypoint.hcl").read_text()
        (shop.waypoint.project / "waypoint.hcl").write_text(text.replace("stop_timeout = 1", "stop_timeout = 600"))
        return shop

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
    def test_in_the_middle(self, stubborn: Shop, number: signal.Signals) -> None:
        command = stubborn.waypoint.start("destroy", "-auto-approve")
        waiting = threading.Event()
        assert command.stderr
        lines = command.stderr

        def read() -> None:
            for line in lines:
                if "Deleting container" in line:
                    waiting.set()
                    return

        reader = threading.Thread(target=read)
        reader.start()
        wait_for(command, waiting.is_set)
        reader.join()
        stop(command, number)
        assert len(stubborn.containers(status="running")) == 1
        assert stubborn.deployments("created") == ["success"]
        stubborn.configure(deploy="worker = true")
        stubborn.destroy()


def test_init_stopped_while_the_server_does_not_answer(shop: Shop) -> None:
    asked = threading.Event()
    with silent_registry(asked) as silent:  # a server that takes the connection and says nothing
        shop.waypoint.extra |= {"WAYPOINT_SERVER_ADDR": silent, "WAYPOINT_SERVER_TLS": "1"}
        command = shop.waypoint.start("init")
        wait_for(command, asked.is_set)
        stop(command, signal.SIGINT)
    shop.waypoint.extra.clear()
    shop.waypoint.run("init")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_init_stopped_while_it_starts_the_server(tmp_path: Path, number: signal.Signals) -> None:
    shutil.copytree(ROOT / "examples" / "hello", tmp_path / "project")
    hello = Waypoint(tmp_path / "home", tmp_path / "project")
    command = hello.start("init")
    wait_for(command, lambda: any(" server run " in line for line in hello.processes().values()))
    stop(command, number)
    hello.run("init")  # finds the server that goes on starting, or its own, and one of them has to go

    def one() -> bool:
        return len([line for line in hello.processes().values() if " server run " in line]) == 1

    eventually(one)
    assert "hello" in hello.run("project", "list").stdout
    hello.close()


def test_stopped_while_it_waits_for_another_command(shop: Shop) -> None:
    first = reach_deploy(shop, "", threading.Event())
    try:
        second = shop.waypoint.start("up")
        assert second.stderr
        assert any("Waiting for the up of" in line for line in second.stderr)
        stop(second, signal.SIGINT)
    finally:
        stop(first, signal.SIGINT)
    jobs = shop.waypoint.run("job", "list", "-json").stdout
    assert set(re.findall(r'"state": "(QUEUED|WAITING|RUNNING)"', jobs)) == set()
    shop.destroy()


class TestEngine:
    def test_not_running(self, shop: Shop, tmp_path: Path) -> None:
        shop.waypoint.extra["DOCKER_HOST"] = f"unix://{tmp_path}/docker.sock"
        shown = shop.fails("up")
        assert f"{tmp_path}/docker.sock: The Docker engine is not running. Start it" in shown

    def test_no_permission_on_its_socket(self, shop: Shop, tmp_path: Path) -> None:
        path = tmp_path / "docker.sock"
        limited: list[str] = []
        if os.getuid() == 0:  # root without its privilege to open everything
            limited = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]
            if shutil.which("setpriv") is None:
                pytest.skip("optional: no setpriv, and root may open everything")
        shop.waypoint.run("init")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            path.chmod(0)
            listener.listen()
            shop.waypoint.extra["DOCKER_HOST"] = f"unix://{path}"
            done = subprocess.run(
                [*limited, sys.executable, "-m", "wp_cli", "up"],
                cwd=shop.waypoint.project,
                env=shop.waypoint.environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
        assert done.returncode == 1
        assert f"{path}: You have no permission on the Docker engine's socket. Join the group" in done.stderr


class TestBuild:
    def test_no_dockerfile(self, shop: Shop) -> None:
        (shop.waypoint.project / "web" / "Dockerfile").unlink()
        assert "There is no Dockerfile. Write one" in shop.fails("up")

    def test_a_step_fails_half_way(self, shop: Shop) -> None:
        shop.dockerfile("RUN echo fine", "RUN echo one; echo two; exit 7", SLEEPS)
        shown = shop.fails("up")
        failure = shown[shown.index("\n! ") :]
        assert re.search(r"Step 4/8 : RUN echo one; echo two; exit 7: The build failed: .* code: 7", failure)
        assert re.search(r"one\s+two\s", shown)
        eventually(lambda: shop.containers() == [])
        eventually(lambda: shop.images() == [])

    def test_an_image_without_a_command(self, shop: Shop) -> None:
        shop.dockerfile("COPY version.txt /", base="scratch")
        shown = shop.fails("up")
        assert "The image has no command, so there is nothing to run. Add CMD or ENTRYPOINT" in shown
        assert shop.containers() == []
        assert shop.deployments("any") == ["error"]


class TestRegistry:
    def test_unreachable(self, shop: Shop) -> None:
        host = f"127.0.0.1:{free_port()}"
        shop.configure(registry=REGISTRY.format(host=host, more=""))
        assert f"{host}/faults/web:1 cannot be pushed: {host} cannot be reached" in shop.fails("up")
        assert shop.deployments("any") == []

    def test_wrong_credentials(self, shop: Shop, private_registry: Registry) -> None:
        host = private_registry.host
        wrong = 'username = "tester"\n        password = "swordfish"'
        shop.configure(registry=REGISTRY.format(host=host, more=wrong))
        shown = shop.fails("up")
        assert f"{host} refused username and password" in shown
        assert "swordfish" not in shown
        assert shop.deployments("any") == []


class TestDeploy:
    @pytest.mark.parametrize("injected", [False, True], ids=["plain", "entrypoint"])
    def test_a_command_that_does_not_exist(self, shop: Shop, python_image: str, injected: bool) -> None:
        shop.configure(build="" if injected else "disable_entrypoint = true")
        shop.dockerfile('CMD ["no-such-command"]', base=python_image)
        assert "no-such-command" in failure(shop.fails("up"))
        self.failed(shop)

    def test_a_container_that_ends_at_once(self, shop: Shop) -> None:
        shop.dockerfile('CMD ["sh", "-c", "echo no configuration; exit 3"]')
        shown = failure(shop.fails("up"))
        assert "The container ended with status 3 right after its start" in shown
        assert "no configuration" in shown
        self.failed(shop)

    def failed(self, shop: Shop) -> None:
        assert shop.containers() == []
        assert shop.deployments("any") == ["error"]
        assert "READY" not in shop.waypoint.run("status").stdout

    def test_a_port_in_use(self, shop: Shop) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            shop.configure(deploy="service_port = 8000", release=f"port = {port}")
            shop.dockerfile('CMD ["sh", "-c", "while true; do echo hello | nc -l -p 8000; done"]')
            shown = failure(shop.fails("up"))
        assert f"127.0.0.1:{port}" in shown
        assert "in use" in shown
        shop.destroy()


class TestRunning:
    """What runs stops by itself, or never talked to the server."""

    def test_exec_into_a_stopped_instance(self, shop: Shop, python_image: str) -> None:
        shop.configure(build="", deploy="worker = true")
        shop.dockerfile(SLEEPS, base=python_image)
        shop.waypoint.run("up")
        shop.waypoint.run("exec", "no-such-command", status=127)
        shop.waypoint.run("exec", "sh", "-c", "kill -9 $$", status=137)
        (container,) = shop.containers(status="running")
        shop.engine.containers.get(container).stop(timeout=1)
        told: list[str] = []
        eventually(
            lambda: told.append(failure(shop.fails("exec", "true"))) or "No instance of this deployment" in told[-1]
        )
        shown = told[-1]
        assert "`waypoint status -refresh` asks" in shown
        refreshed = shop.waypoint.run("status", "-refresh").stderr
        assert "the container ended with status 143" in refreshed
        assert "Something is down" in refreshed

    def test_logs_of_an_image_without_entrypoint(self, shop: Shop) -> None:
        shop.configure(deploy="worker = true")
        shop.waypoint.run("up")
        done = shop.waypoint.run("logs", "-follow=false")
        assert done.stdout == ""
        assert "No instance of deployment v1 of 'web' is connected to the server" in done.stderr
        assert "entrypoint" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        following = shop.waypoint.start("logs")
        assert following.stderr
        assert following.stderr.readline() == done.stderr
        following.send_signal(signal.SIGINT)
        following.communicate(timeout=60)
        assert following.returncode == 130
        assert "no instance" in failure(shop.fails("exec", "true")).lower()

    def test_logs_without_a_deployment(self, shop: Shop) -> None:
        shop.waypoint.run("init")
        assert "There is no running deployment of 'web'" in shop.waypoint.run("logs", "-follow=false").stderr


def failure(shown: str) -> str:
    """The error at the end of what a command has shown."""
    return shown[shown.index("! ") :]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if os.getuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("optional: a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)  # whoever looks into temporary folders must not matter


def fill(disk: Path) -> Path:
    """Take all the space; returns the file to remove."""
    big = disk / "big"
    with big.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    return big


class TestDataDirectory:
    """The embedded server's own folder is full, or somebody else has its database."""

    @pytest.fixture
    def hello(self, tmp_path: Path) -> Waypoint:
        shutil.copytree(ROOT / "examples" / "hello", tmp_path / "project")
        return Waypoint(tmp_path / "home", tmp_path / "project")

    def test_full_from_the_beginning(self, hello: Waypoint, small_disk: Path) -> None:
        hello.home = small_disk
        big = fill(small_disk)
        shown = failure(hello.run("init", status=1).stderr)
        assert f"the disk is full: the embedded server keeps its data in {small_disk}" in shown
        assert len(shown.splitlines()) <= 3
        big.unlink()
        hello.run("init")
        hello.close()

    def test_full_while_it_runs(self, hello: Waypoint, small_disk: Path) -> None:
        hello.home = small_disk
        hello.run("init")
        big = fill(small_disk)
        done = hello.run("up", status=1)
        assert "The server's disk is full, so nothing was saved; free some space" in failure(done.stderr)
        hello.run("project", "list")
        big.unlink()
        hello.run("up")
        hello.run("destroy", "-auto-approve")
        hello.close()

    def test_full_in_the_middle_of_a_deploy(self, hello: Waypoint, small_disk: Path) -> None:
        hello.home = small_disk
        app = hello.project / "app.py"
        go = hello.project / "go"
        waits = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)\n"
        app.write_text(waits + app.read_text())
        (hello.project / "waypoint.hcl").write_text(LOCAL)
        hello.run("init")
        command = hello.start("up")
        wait_for(command, lambda: any("app.py" in line for line in hello.processes().values()))
        big = fill(small_disk)
        go.touch()
        shown = "".join(command.communicate(timeout=120))
        print(shown)
        assert command.returncode == 1
        assert "disk is full" in failure(shown)
        assert "Traceback" not in shown
        hello.run("project", "list")
        big.unlink()
        # the record that was written before the process was started is still there, and leads to it
        hello.run("destroy", "-auto-approve")
        assert [line for line in hello.processes().values() if "app.py" in line] == []
        hello.run("up")
        hello.run("destroy", "-auto-approve")
        hello.close()

    def test_locked_by_another_program(self, hello: Waypoint) -> None:
        hello.run("init")
        hello.run("server", "stop")
        (database,) = (hello.home / "data").rglob("*.db")
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            shown = failure(hello.run("project", "list", status=1).stderr)
        assert "state file is locked by another program" in shown
        assert str(database.parent) in shown
        assert len(shown.splitlines()) <= 3
        assert "hello" in hello.run("project", "list").stdout
        hello.close()
