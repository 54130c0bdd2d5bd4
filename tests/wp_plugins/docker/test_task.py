"""The task launcher on a real engine: output and exit code to the end, nothing left behind."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

import docker
import docker.errors
import pytest
from docker.types import CancellableStream

from wp_plugins.docker import labels, networks
from wp_plugins.docker import task as tasks
from wp_plugins.docker.task import TaskConfig, clean_up, start, stop, watch
from wp_proto.plugins.docker_pb2 import TaskInfo
from wp_sdk.component import Cancelled, Context, JobInfo, PluginError, TaskLaunchInfo
from wp_sdk.terminal import Raw
from wp_sdk.testing import Harness


def harness(project: str, config: TaskConfig | None = None, ctx: Context | None = None) -> Harness:
    job = JobInfo("JOB", False, "default", project, "web")
    return Harness(config=config or TaskConfig(), job=job, ctx=ctx or Context())


def launched(given: Harness, image: str, *words: str, **variables: str) -> TaskInfo:
    info = TaskLaunchInfo(image, variables, words, ("sh", "-c"))
    given.more[TaskLaunchInfo] = info
    value = given.call(start).value
    assert isinstance(value, TaskInfo)
    return value


def output(given: Harness) -> bytes:
    return b"".join(event.data for event in given.sink.events if isinstance(event, Raw))


def test_a_task_shows_all_its_output_and_its_exit_code(docker_project: str, busybox_image: str) -> None:
    given = harness(docker_project)
    script = "echo to the $PLACE; echo complaint >&2; seq 1 20000; exit 3"
    task = launched(given, busybox_image, script, PLACE="world")
    assert given.call(watch, task).raw == 3
    lines = output(given).decode().splitlines()
    assert lines.count("complaint") == 1
    assert [line for line in lines if line != "complaint"] == ["to the world", *map(str, range(1, 20001))]
    given.call(stop, task)


class Cut:
    """The first piece of a stream."""

    def __init__(self, stream: CancellableStream) -> None:
        self._stream = stream
        self.close = stream.close

    def __iter__(self) -> Iterator[bytes]:
        return itertools.islice(self._stream, 1)


def test_what_the_engine_leaves_out_at_the_end_is_shown_all_the_same(
    docker_client: docker.DockerClient, docker_project: str, busybox_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = docker.APIClient.logs

    def cut(api: docker.APIClient, container: str, **how: bool) -> object:
        stream = logs(api, container, **how)
        return Cut(stream) if how["follow"] else stream

    given = harness(docker_project)
    task = launched(given, busybox_image, "for n in 1 2 3; do echo $n; sleep 0.1; done")
    docker_client.containers.get(task.id).wait(timeout=60)
    monkeypatch.setattr(docker.APIClient, "logs", cut)
    assert given.call(watch, task).raw == 0
    assert output(given) == b"1\n2\n3\n"
    given.call(stop, task)


def test_a_task_that_has_ended_is_still_there_to_be_watched_and_stopped_twice(
    docker_client: docker.DockerClient, docker_project: str, busybox_image: str
) -> None:
    given = harness(docker_project)
    task = launched(given, busybox_image, "echo short")
    docker_client.containers.get(task.id).wait(timeout=60)
    assert given.call(watch, task).raw == 0
    assert output(given) == b"short\n"
    given.call(stop, task)
    with pytest.raises(docker.errors.NotFound):
        docker_client.containers.get(task.id)
    given.call(stop, task)
    with pytest.raises(PluginError, match="is gone"):
        given.call(watch, task)


def test_the_container_is_made_as_the_profile_says(
    docker_client: docker.DockerClient, docker_project: str, busybox_image: str
) -> None:
    config = TaskConfig(
        labels={"team": "web"}, resources={"memory": "64MB", "cpu": "512"}, static_environment={"A": "1"},
        mount_socket=False, binds=["/etc/hostname:/given:ro"],
    )  # fmt: skip
    given = harness(docker_project, config)
    task = launched(given, busybox_image, "sleep 60", WAYPOINT_SERVER_ADDR="127.0.0.1:9701")
    try:
        made = docker_client.containers.get(task.id).attrs
        assert made["HostConfig"]["Memory"] == 64_000_000
        assert made["HostConfig"]["CpuShares"] == 512
        assert made["HostConfig"]["Binds"] == ["/etc/hostname:/given:ro"]
        assert made["HostConfig"]["ExtraHosts"] == ["host.docker.internal:host-gateway"]
        assert {"A=1", "container=docker", "WAYPOINT_SERVER_ADDR=host.docker.internal:9701"} <= set(
            made["Config"]["Env"]
        )
        assert made["Config"]["Labels"]["team"] == "web"
        assert made["Config"]["Labels"]["waypoint.hashicorp.com/task"] == "JOB"
    finally:
        given.call(stop, task)


def test_the_engines_socket_is_there_unless_it_is_refused(docker_project: str, busybox_image: str) -> None:
    given = harness(docker_project)
    task = launched(given, busybox_image, "test -S /var/run/docker.sock")
    assert given.call(watch, task).raw == 0
    given.call(stop, task)


def test_cancelling_the_watch_ends_it_while_the_task_goes_on(
    docker_client: docker.DockerClient, docker_project: str, busybox_image: str
) -> None:
    ctx = Context()
    given = harness(docker_project, ctx=ctx)
    task = launched(given, busybox_image, "echo ready; sleep 600")
    failures: list[BaseException] = []

    def follow() -> None:
        try:
            given.call(watch, task)
        except Cancelled as error:
            failures.append(error)

    thread = threading.Thread(target=follow)
    thread.start()
    deadline = time.monotonic() + 60
    while output(given) != b"ready\n" and time.monotonic() < deadline:
        time.sleep(0.02)
    ctx.cancel("test")
    thread.join(60)
    assert not thread.is_alive()
    assert len(failures) == 1
    assert docker_client.containers.get(task.id).status == "running"
    harness(docker_project).call(stop, task, config=TaskConfig())


def test_a_task_that_cannot_start_leaves_nothing(
    docker_client: docker.DockerClient, docker_project: str, busybox_image: str
) -> None:
    given = harness(docker_project)
    given.more[TaskLaunchInfo] = TaskLaunchInfo(busybox_image, {}, (), ("/no-such-program",))
    with pytest.raises(PluginError, match="no-such-program"):
        given.call(start)
    label = {"label": f"waypoint.hashicorp.com/project={docker_project}"}
    assert docker_client.containers.list(all=True, ignore_removed=True, filters=label) == []


def test_a_task_whose_network_went_away_meanwhile_joins_another(
    docker_client: docker.DockerClient, docker_project: str, busybox_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = docker_client.networks.create(f"{docker_project}-gone", labels={labels.PROJECT: docker_project})
    left, ensure, create = [gone.id], networks.ensure, tasks._create

    def created(*arguments: object) -> str:
        container = create(*arguments)
        if left_now := docker_client.networks.list(ids=[gone.id]):
            left_now[0].remove()
        return container

    monkeypatch.setattr(networks, "ensure", lambda engine: (left.pop(), False) if left else ensure(engine))
    monkeypatch.setattr(tasks, "_create", created)
    given = harness(docker_project)
    task = launched(given, busybox_image, "echo hello")
    assert given.call(watch, task).raw == 0
    given.call(stop, task)


def test_a_profile_without_an_image_is_refused(docker_project: str) -> None:
    given = harness(docker_project)
    given.more[TaskLaunchInfo] = TaskLaunchInfo("", {}, (), ())
    with pytest.raises(PluginError, match="names no image"):
        given.call(start)


def test_what_a_job_launched_is_found_without_its_result(
    docker_client: docker.DockerClient, docker_project: str, busybox_image: str
) -> None:
    given, other = harness(docker_project), harness(docker_project)
    given.job = JobInfo(f"JOB-{docker_project}", False, "default", docker_project, "web")
    other.job = JobInfo(f"OTHER-{docker_project}", False, "default", docker_project, "web")
    lost = [launched(given, busybox_image, "sleep 600"), launched(given, busybox_image, "true")]
    kept = launched(other, busybox_image, "sleep 600")
    given.call(clean_up)
    for task in lost:
        with pytest.raises(docker.errors.NotFound):
            docker_client.containers.get(task.id)
    assert docker_client.containers.get(kept.id).status == "running"
    given.call(clean_up)
    other.call(stop, kept)
