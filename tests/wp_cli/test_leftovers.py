"""What was launched for a job is gone in the end, whoever was killed meanwhile: the launching runner, the server."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest
from tests.wp_cli.servers import RealServer, lasting_address
from tests.wp_cli.test_on_demand import tasks_folder
from tests.wp_cli.test_runner_agent import grpc_channel, online, runner_of, token_of
from tests.wp_runner.real_server import Client

from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

ENGINE = "/var/run/docker.sock"
DEADLINE = 180.0


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.1)


class Engine:
    """The real engine behind a socket of the test's own, which can be away, or answer no start of a container."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mute = False
        self.silenced = threading.Event()
        self._open: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def come(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def go(self) -> None:
        if self._listener is not None:
            self.path.unlink()
            for one in (self._listener, *self._open):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
            self._listener, self._open = None, []

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(ENGINE)
                self._open += [client, engine]
                muted = threading.Event()
                for source, sink, asks in ((client, engine, True), (engine, client, False)):
                    threading.Thread(target=self._copy, args=(source, sink, asks, muted), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket, asks: bool, muted: threading.Event) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                if asks and self.mute and b"/start HTTP" in piece:
                    muted.set()
                if not asks and muted.is_set():
                    self.silenced.set()
                    continue
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path / "engine.sock")
    made.come()
    yield made
    made.go()


class World:
    """A server that can be killed, with a client of its API."""

    def __init__(self, cli: Cli) -> None:
        self.cli = cli
        self.server = RealServer(cli.home / "server", cli.environ, listen=lasting_address())
        flags = (f"-server-addr={self.server.address}", "-server-tls-skip-verify", "-context-create=main")
        cli.ok("server", "bootstrap", *flags)
        self.token = token_of(cli)

    def restart(self) -> None:
        self.server.kill()
        self.server = RealServer(self.cli.home / "server", self.cli.environ, listen=self.server.address)

    @contextmanager
    def client(self) -> Iterator[Client]:
        with grpc_channel(self.server) as channel:
            yield Client(channel, self.token)

    def launch(self, project: str) -> str:
        """Queues a container or process that runs for ten minutes; returns the job's id."""
        job = pb.Job(noop=pb.Job.Noop())
        job.application.project, job.application.application = project, "web"
        job.workspace.workspace = "default"
        job.target_runner.any.SetInParent()
        job.data_source.local.SetInParent()
        job.ondemand_runner_task.skip_operation = True
        launched = job.ondemand_runner_task.launch_info
        launched.oci_url = "busybox:latest"
        launched.entrypoint.extend(["sh", "-c"])
        launched.arguments.append("sleep 600")
        with self.client() as client:
            client.project(project)
            return client.stub.QueueJob(pb.QueueJobRequest(job=job)).job_id

    def task(self, job_id: str) -> pb.GetTaskResponse:
        with self.client() as client:
            return client.stub.GetTask(pb.GetTaskRequest(ref=pb.Ref.Task(job_id=job_id)))

    def lose(self, job_id: str) -> None:
        """What the server does two minutes after it heard of the job's runner for the last time."""
        with self.client() as client:
            client.stub.CancelJob(pb.CancelJobRequest(job_id=job_id, force=True))

    @contextmanager
    def launcher(self) -> Iterator[object]:
        with runner_of(self.cli, self.server, "-id=launcher", WAYPOINT_SERVER_TOKEN=self.token) as runner:
            until(lambda: online(self.cli, "launcher"))
            yield runner


@pytest.fixture
def world(cli: Cli) -> Iterator[World]:
    made = World(cli)
    yield made
    made.server.kill()


def processes_of(folder: Path) -> list[str]:
    """Commands whose working folder is below `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if Path(os.readlink(entry / "cwd")).is_relative_to(folder):
                    found.append((entry / "cmdline").read_text())
    return found


@pytest.mark.timeout(600)
def test_a_process_is_ended_after_launcher_and_server_were_killed(world: World) -> None:
    cli = world.cli
    cli.ok("runner", "profile", "set", "own", "-plugin-type=local", "-default", "-target-runner-id=launcher")
    with world.launcher() as launcher:
        job_id = world.launch("shop")
        until(lambda: processes_of(tasks_folder(cli)))
        until(lambda: world.task(job_id).watch_job.state == pb.Job.RUNNING)
        launcher.signal(signal.SIGKILL)
        launcher.ends()
    world.restart()
    assert processes_of(tasks_folder(cli))
    world.lose(job_id)
    with world.launcher():
        until(lambda: world.task(job_id).task.job_state == pb.Task.STOPPED)
    assert processes_of(tasks_folder(cli)) == []
    assert list(tasks_folder(cli).iterdir()) == []


def containers(client: docker.DockerClient, project: str) -> list[object]:
    return client.containers.list(
        all=True, ignore_removed=True, filters={"label": f"waypoint.hashicorp.com/project={project}"}
    )


@pytest.mark.timeout(600)
def test_a_container_is_removed_after_launcher_and_server_were_killed(
    world: World, docker_client: docker.DockerClient, docker_project: str, busybox_image: str
) -> None:
    world.cli.ok("runner", "profile", "set", "own", "-plugin-type=docker", "-default", "-target-runner-id=launcher")
    with world.launcher() as launcher:
        job_id = world.launch(docker_project)
        until(lambda: world.task(job_id).watch_job.state == pb.Job.RUNNING)
        launcher.signal(signal.SIGKILL)
        launcher.ends()
    world.restart()
    assert containers(docker_client, docker_project)
    world.lose(job_id)
    with world.launcher():
        until(lambda: not containers(docker_client, docker_project))
        until(lambda: world.task(job_id).task.job_state == pb.Task.STOPPED)


def profile_with(world: World, engine: Engine) -> None:
    file = world.cli.folder / "profile.hcl"
    file.write_text(f'mount_socket = false\nclient_config {{\n  host = "unix://{engine.path}"\n}}\n')
    flags = ("-plugin-type=docker", "-default", "-target-runner-id=launcher", f"-plugin-config={file}")
    world.cli.ok("runner", "profile", "set", "own", *flags)


@pytest.mark.timeout(600)
def test_a_container_is_removed_whose_start_nobody_heard_of(
    world: World, docker_client: docker.DockerClient, docker_project: str, busybox_image: str, engine: Engine
) -> None:
    """The launching runner is killed after the engine has started the container, and before the server knows it."""
    profile_with(world, engine)
    engine.mute = True
    with world.launcher() as launcher:
        job_id = world.launch(docker_project)
        until(engine.silenced.is_set)
        launcher.signal(signal.SIGKILL)
        launcher.ends()
    (container,) = containers(docker_client, docker_project)
    assert container.status == "running"
    task = world.task(job_id)
    assert (task.start_job.state, task.task.HasField("state")) == (pb.Job.RUNNING, False)
    world.lose(task.start_job.id)
    engine.mute = False
    with world.launcher():
        until(lambda: not containers(docker_client, docker_project))
        until(lambda: world.task(job_id).task.job_state == pb.Task.STOPPED)


@pytest.mark.timeout(600)
def test_a_container_is_removed_later_when_the_engine_was_away(
    world: World, docker_client: docker.DockerClient, docker_project: str, busybox_image: str, engine: Engine
) -> None:
    profile_with(world, engine)
    with world.launcher():
        job_id = world.launch(docker_project)
        until(lambda: world.task(job_id).watch_job.state == pb.Job.RUNNING)
        first = world.task(job_id).stop_job.id
        engine.go()
        until(lambda: world.task(job_id).stop_job.state == pb.Job.ERROR)
        assert containers(docker_client, docker_project)
        engine.come()
        until(lambda: not containers(docker_client, docker_project))
        until(lambda: world.task(job_id).stop_job.state == pb.Job.SUCCESS)
        assert world.task(job_id).stop_job.id != first
        assert world.task(first).task.id == world.task(job_id).task.id
