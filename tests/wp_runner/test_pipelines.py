"""What the runner does for pipelines: it brings them to the server, and runs the containers of their steps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tests.wp_runner.fake_config import App, Project, Stage, Use
from tests.wp_runner.real_server import Client, RealServer
from tests.wp_runner.shop import Shop

from wp_config.records import Pipeline, PluginDeclaration, StageKind
from wp_config.records import Step as FileStep
from wp_proto.waypoint import api as pb
from wp_runner.agent import RunnerKind, RunnerSettings
from wp_runner.events import from_message, to_message
from wp_runner.local import LocalRunner
from wp_runner.plugins import PluginHost
from wp_runner.remote import RemoteRunner
from wp_sdk.terminal import Cell, Event, Line, NamedValues, Raw, Status, Step, StepGroup, Table

PRUNE = {"prune": True, "prune_retain": 4, "prune_retain_override": True}
SHIP = Pipeline(
    "ship",
    (
        FileStep("test", "exec", {"command": "make", "args": ["check", "-s"]}, image_url="busybox"),
        FileStep("build", "build", {"disable_push": True}, ("test",)),
        FileStep("deploy", "deploy", {"release": True}, ("build",), workspace="production"),
        FileStep("release", "release", {"deployment_ref": 3, **PRUNE}, ("deploy",)),
        FileStep("newest", "release", {"deployment_ref": 0, **PRUNE}, ("deploy",)),
        FileStep("up", "up", PRUNE, ("release", "newest")),
        FileStep("more", "pipeline", {"name": "rest", "project": "other"}, ("up",)),
    ),
)
Message = pb.Pipeline.Step


@pytest.fixture
def runner(client: Client, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LocalRunner]:
    client.project("pipes")
    app = App("web", tmp_path, {kind: Stage(Use("shop")) for kind in StageKind})

    def load(*_args: object) -> Project:
        return Project(
            tmp_path, {"web": app}, "pipes", plugins=(PluginDeclaration("shop", frozenset()),), pipes=(SHIP,)
        )  # fmt: skip

    plugins = {"shop": Shop().plugin()}
    if "docker_client" in request.fixturenames:
        from wp_plugins.docker import PLUGIN

        plugins["docker"] = PLUGIN
    with LocalRunner(client.stub, tmp_path, host=PluginHost(plugins), load=load) as made:
        yield made


def test_the_pipelines_of_the_file_are_brought_to_the_server(client: Client, runner: LocalRunner) -> None:
    complete, _ = client.finish(client.queue(runner.id, "pipes", "web", config_sync=pb.Job.ConfigSyncOp()))
    assert complete.error.message == ""
    (stored,) = client.stub.ListPipelines(pb.ListPipelinesRequest(project=pb.Ref.Project(project="pipes"))).pipelines
    owner = pb.Ref.PipelineOwner(project=pb.Ref.Project(project="pipes"), pipeline_name="ship")
    assert dict(complete.result.pipeline_config_sync.synced_pipelines) == {"ship": pb.Ref.Pipeline(owner=owner)}
    assert list(complete.result.pipeline_config_sync.pipelines) == [stored]
    prune = {"prune": True, "prune_retain": 4, "prune_retain_override": True}
    other = pb.Ref.PipelineOwner(project=pb.Ref.Project(project="other"), pipeline_name="rest")
    workspace = pb.Ref.Workspace(workspace="production")
    assert [stored.steps[step.name] for step in SHIP.steps] == [
        Message(name="test", exec=Message.Exec(image="busybox", command="make", args=["check", "-s"])),
        Message(name="build", depends_on=["test"], build=Message.Build(disable_push=True)),
        Message(name="deploy", depends_on=["build"], deploy=Message.Deploy(release=True), workspace=workspace),
        Message(
            name="release", depends_on=["deploy"],
            release=Message.Release(deployment=pb.Ref.Deployment(sequence=3), **prune),
        ),
        Message(name="newest", depends_on=["deploy"], release=Message.Release(**prune)),
        Message(name="up", depends_on=["release", "newest"], up=Message.Up(**prune)),
        Message(name="more", depends_on=["up"], pipeline=Message.Pipeline(ref=pb.Ref.Pipeline(owner=other))),
    ]  # fmt: skip


def test_a_deploy_that_shall_release_does(client: Client, runner: LocalRunner) -> None:
    client.finish(client.queue(runner.id, "pipes", "web", build=pb.Job.BuildOp()))
    complete, shown = client.finish(client.queue(runner.id, "pipes", "web", deploy=pb.Job.DeployOp(release_after=True)))
    assert complete.error.message == ""
    assert complete.result.release.release.deployment_id == complete.result.deploy.deployment.id
    assert "Releasing..." in shown
    complete, _ = client.finish(client.queue(runner.id, "pipes", "web", deploy=pb.Job.DeployOp()))
    assert not complete.result.HasField("release")


def exec_step(image: str, *words: str) -> pb.Job.PipelineStepOp:
    command, *args = words
    step = Message(name="test", exec=Message.Exec(image=image, command=command, args=args))
    return pb.Job.PipelineStepOp(step=step)


def containers(engine: docker.DockerClient, job_id: str) -> list[object]:
    filters = {"label": f"waypoint.hashicorp.com/task={job_id}"}
    return list(engine.containers.list(all=True, ignore_removed=True, filters=filters))


def test_an_exec_step_runs_its_image_here_when_there_is_no_profile(
    client: Client, runner: LocalRunner, docker_client: docker.DockerClient, busybox_image: str
) -> None:
    step = exec_step(busybox_image, "sh", "-c", "echo said in the container; test ! -e /var/run/docker.sock")
    job_id = client.queue(runner.id, "pipes", "web", pipeline_step=step)
    complete, shown = client.finish(job_id)
    assert complete.error.message == ""
    assert complete.result.HasField("pipeline_step")
    raw = [event.raw.data for response in client.events(job_id) for event in response.terminal.events if event.raw.data]
    assert b"said in the container" in b"".join(raw), shown
    assert containers(docker_client, job_id) == []


def test_an_exec_step_whose_command_fails_fails(
    client: Client, runner: LocalRunner, docker_client: docker.DockerClient, busybox_image: str
) -> None:
    job_id = client.queue(runner.id, "pipes", "web", pipeline_step=exec_step(busybox_image, "sh", "-c", "exit 7"))
    complete, _ = client.finish(job_id)
    assert complete.error.message == "The task ended with exit code 7"
    assert containers(docker_client, job_id) == []


def test_a_cancelled_exec_step_leaves_no_container(
    client: Client, runner: LocalRunner, docker_client: docker.DockerClient, busybox_image: str
) -> None:
    step = exec_step(busybox_image, "sh", "-c", "echo here; sleep 600")
    job_id = client.queue(runner.id, "pipes", "web", pipeline_step=step)
    for response in client.events(job_id):
        if any(b"here" in event.raw.data for event in response.terminal.events):
            client.stub.CancelJob(pb.CancelJobRequest(job_id=job_id))
        if response.WhichOneof("event") == "complete":
            assert response.complete.error.message == "canceled"
    assert containers(docker_client, job_id) == []


class Launching:
    """A server with a profile that launches processes, the standing runner that does it, and a local runner."""

    def __init__(self, folder: Path, data: Path) -> None:
        server_folder = folder / "server"
        server_folder.mkdir()
        self.server = RealServer(server_folder)
        self.client = self.server.connect()
        self._runners = self.server.connect()
        self.client.project("tasks")
        config = pb.OnDemandRunnerConfig(name="local", plugin_type="local", default=True)
        self.client.stub.UpsertOnDemandRunnerConfig(pb.UpsertOnDemandRunnerConfigRequest(config=config))
        settings = RunnerSettings(RunnerKind.REMOTE, "launcher", slots=2)
        self.standing = RemoteRunner(self._runners.stub, settings, folder)
        self.runner = LocalRunner(self._runners.stub, folder)
        self.tasks = data / "waypoint" / "local" / "tasks"

    def close(self) -> None:
        self.client.close()
        self._runners.close()
        self.server.close()

    def queue(self, script: str) -> str:
        step = exec_step("busybox", "sh", "-c", script)
        return self.client.queue(self.runner.id, "tasks", "web", pipeline_step=step)

    def watched(self) -> pb.Job:
        """The job that shows the task's output."""
        return self.client.stub.ListTask(pb.ListTaskRequest()).tasks[-1].watch_job

    def cleaned_up(self) -> bool:
        """Waits for the task's last job; says whether nothing is left of it."""
        stop = self.client.stub.ListTask(pb.ListTaskRequest()).tasks[-1].stop_job
        self.client.finish(stop.id)
        return list(self.tasks.iterdir()) == []


@pytest.fixture
def launching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launching]:
    data = tmp_path / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    made = Launching(tmp_path, data)
    try:
        with made.standing, made.runner:
            yield made
    finally:
        made.close()


def raw_of(client: Client, job_id: str) -> bytes:
    return b"".join(event.raw.data for response in client.events(job_id) for event in response.terminal.events)


def test_with_a_profile_an_exec_step_is_a_task_whose_output_and_end_are_the_steps(launching: Launching) -> None:
    job_id = launching.queue("echo said by the task")
    complete, _ = launching.client.finish(job_id)
    assert complete.error.message == ""
    assert raw_of(launching.client, job_id) == b"said by the task\n"
    assert launching.cleaned_up()
    complete, _ = launching.client.finish(launching.queue("exit 3"))
    assert complete.error.message == "The task ended with exit code 3"
    assert launching.cleaned_up()


def test_a_cancelled_exec_step_takes_its_task_along(launching: Launching) -> None:
    job_id = launching.queue("echo here; sleep 600")
    for response in launching.client.events(job_id):
        if any(b"here" in event.raw.data for event in response.terminal.events):
            launching.client.stub.CancelJob(pb.CancelJobRequest(job_id=job_id))
        if response.WhichOneof("event") == "complete":
            assert response.complete.error.message == "canceled"
    assert launching.watched().state == pb.Job.ERROR
    assert launching.cleaned_up()


def test_the_output_of_a_task_is_whole_and_single_although_the_server_died_in_the_middle(
    launching: Launching, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    job_id = launching.queue(f"echo one; while [ ! -e {go} ]; do sleep 0.05; done; echo two")
    for response in launching.client.events(job_id):
        if any(b"one" in event.raw.data for event in response.terminal.events):
            break
    launching.server.kill()
    launching.server.start()
    launching.client.close()
    launching.client = launching.server.connect()
    go.touch()
    complete, _ = launching.client.finish(job_id)
    assert complete.error.message == ""
    assert raw_of(launching.client, job_id) == b"one\ntwo\n"
    assert launching.cleaned_up()


EVENTS: list[Event] = [
    Line("a", "header"), Status("ok", "b", step=True), NamedValues((("k", "v"),)), Raw(b"\xff", stderr=True),
    Table(("H",), ((Cell("x", "red"), Cell("y")),)), StepGroup(0, close=True), Step(4, 0, "m", "ok", b"o", close=True),
]  # fmt: skip


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_that_is_passed_on_stays_what_it_was(event: Event) -> None:
    assert from_message(to_message(event)) == event
