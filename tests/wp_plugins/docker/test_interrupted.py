"""What a killed operation leaves in the engine can be found and removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from wp_plugins.docker import labels, networks
from wp_plugins.docker.builder import BuilderConfig, build
from wp_plugins.docker.builder import destroy_workspace as destroy_builds
from wp_plugins.docker.engine import connect
from wp_plugins.docker.platform import PlatformConfig, destroy, destroy_workspace
from wp_proto.plugins.docker_pb2 import Deployment
from wp_sdk.component import JobInfo
from wp_sdk.testing import Harness

MakeHarness = Callable[..., Harness]

DEPLOY = """
import sys
from pathlib import Path
from wp_plugins.docker.platform import PlatformConfig, deploy
from wp_proto.plugins.docker_pb2 import Image
from wp_sdk.component import DeploymentConfig, JobInfo, Source
from wp_sdk.testing import Harness, RecordingCheckpoint

def save(self, value):
    sys.stdout.buffer.write(value.SerializeToString().hex().encode() + b"\\n")
    sys.stdout.flush()

RecordingCheckpoint.save = save
project, deployment, image = sys.argv[1:]
name, _, tag = image.partition(":")
Harness(
    config=PlatformConfig(host_ip="127.0.0.1", command=["sleep", "600"], start_timeout=600),
    source=Source("web", Path("/")),
    job=JobInfo("JOB", True, "default", project, "web"),
    deployment=DeploymentConfig(deployment),
).call(deploy, Image(image=name, tag=tag))
"""


def test_a_deploy_killed_half_way_is_destroyed_by_its_checkpoint(
    docker_client: docker.DockerClient, busybox_image: str, harness: MakeHarness, docker_project: str
) -> None:
    made = harness(PlatformConfig(stop_timeout=1))
    process = subprocess.Popen(
        [sys.executable, "-c", DEPLOY, docker_project, made.deployment.id, busybox_image],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        filters = {"label": f"{labels.PROJECT}={docker_project}", "status": "running"}
        end = time.monotonic() + 60
        while not docker_client.containers.list(ignore_removed=True, filters=filters):
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        written, _ = process.communicate()
    finally:
        process.kill()
        process.wait()
    checkpoint = Deployment.FromString(bytes.fromhex(written.decode().split()[-1]))
    assert checkpoint.id == made.deployment.id
    made.call(destroy, checkpoint)
    assert not docker_client.containers.list(
        all=True, ignore_removed=True, filters={"label": f"{labels.PROJECT}={docker_project}"}
    )


def test_destroying_the_workspace_finds_what_no_record_names(
    docker_client: docker.DockerClient, busybox_image: str, harness: MakeHarness, docker_project: str
) -> None:
    made = harness(PlatformConfig(stop_timeout=1))
    ours, others = labels.of(made.job), {**labels.of(made.job), labels.WORKSPACE: "other"}
    for marks in (ours, others):
        docker_client.containers.create(busybox_image, ["true"], labels=marks)
    made.call(destroy_workspace)
    left = docker_client.containers.list(
        all=True, ignore_removed=True, filters={"label": f"{labels.PROJECT}={docker_project}"}
    )
    assert [each.labels[labels.WORKSPACE] for each in left] == ["other"]


BUILD = """
import sys
from pathlib import Path
from wp_plugins.docker.builder import BuilderConfig, build
from wp_sdk.component import JobInfo, Source
from wp_sdk.testing import Harness

project, folder = sys.argv[1:]
job = JobInfo("JOB", True, "default", project, "web")
Harness(config=BuilderConfig(disable_entrypoint=True), source=Source("web", Path(folder)), job=job).call(build)
"""


@pytest.mark.parametrize("by", ["destroy", "the next build"])
def test_a_build_killed_half_way_leaves_nothing_for_long(
    docker_client: docker.DockerClient,
    busybox_image: str,
    app: Callable[..., Path],
    harness: MakeHarness,
    docker_project: str,
    by: str,
) -> None:
    marker = f"{labels.PROJECT}.test={docker_project}"
    path = app(f"FROM {busybox_image}", f"LABEL {marker}", "RUN touch /made", "RUN sleep 600", 'CMD ["true"]')
    made = harness(BuilderConfig(disable_entrypoint=True), path)
    process = subprocess.Popen(
        [sys.executable, "-c", BUILD, docker_project, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    def running() -> list[object]:
        found = docker_client.api.containers(filters={"label": marker})
        return [each for each in found if "sleep 600" in each["Command"]]

    def layers() -> set[str]:
        return {str(each.id) for each in docker_client.images.list(all=True, filters={"label": marker})}

    end = time.monotonic() + 60
    try:
        while not running():
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    left = layers()
    assert len(left) == 2
    docker_client.containers.create(busybox_image, ["true"], labels=labels.of(made.job))  # what injection looked into
    while running():
        assert time.monotonic() < end, "the engine goes on building"
        time.sleep(0.05)
    if by == "destroy":
        made.call(destroy_builds)
        assert layers() == set()
    else:
        app(f"FROM {busybox_image}", f"LABEL {marker}", 'CMD ["false"]')
        made.call(build)
        kept = layers()
        assert len(left - kept) == 1  # the LABEL step's layer is part of the new image
    assert not docker_client.containers.list(
        all=True, ignore_removed=True, filters={"label": f"{labels.PROJECT}={docker_project}"}
    )
    made.call(destroy_builds)  # again: nothing to do


@pytest.mark.parametrize("same", ["project", "workspace"])
def test_equally_named_applications_do_not_share_a_volume(
    docker_client: docker.DockerClient, docker_project: str, same: str, tmp_path: Path
) -> None:
    app = f"app-{docker_project}"
    first = JobInfo("JOB", True, "default", docker_project, app)
    second = (
        JobInfo("JOB", True, "other", docker_project, app)
        if same == "project"
        else JobInfo("JOB", True, "default", f"{docker_project}-b", app)
    )
    with connect() as engine:
        try:
            one, two = networks.ensure_scratch_volume(engine, first), networks.ensure_scratch_volume(engine, second)
            assert one == f"{app}-scratch"
            assert two != one
            assert networks.ensure_scratch_volume(engine, first) == one
            assert networks.ensure_scratch_volume(engine, second) == two
            networks.remove_scratch_volume(engine, second)
            assert [each.name for each in docker_client.volumes.list(filters={"name": app})] == [one]
        finally:
            networks.remove_scratch_volume(engine, first)
            networks.remove_scratch_volume(engine, second)


def test_at_the_same_time_one_network_is_made(
    docker_client: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    found: list[str] = []

    def run() -> None:
        with connect() as engine:
            found.append(networks.ensure(engine)[0])

    threads = [threading.Thread(target=run) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    with connect() as engine:
        assert [each["Name"] for each in networks.find(engine)].count(found[0]) == 1
        networks.remove_unused(engine)
