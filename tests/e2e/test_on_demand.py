"""A remote operation in a container that is started for it, from a thin client to nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
import uuid
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tests.e2e.world import ROOT, Waypoint, eventually
from tests.engines import BASE_LABEL

HCL = """\
project = "{project}"
app "web" {{
  build {{
    use "files" {{}}
  }}
  deploy {{
    use "docker" {{}}
  }}
}}
"""


@pytest.fixture
def runner_image(docker_client: docker.DockerClient, python_image: str, tmp_path: Path) -> Iterator[str]:
    """An image that runs this command line, whose code comes in by bind mounts."""
    folder = tmp_path / "image"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f'FROM {python_image}\nENTRYPOINT ["python3", "-m", "wp_cli"]\n')
    if BASE_LABEL not in docker_client.images.get(python_image).labels:
        pytest.skip("optional: python:3-slim is not the tests' own, so this machine's packages may not fit it")
    name = f"waypoint-odr-{uuid.uuid4().hex[:12]}"
    docker_client.images.build(path=str(folder), tag=f"{name}:latest", rm=True)
    yield f"{name}:latest"
    docker_client.images.remove(f"{name}:latest", force=True)


def commit(folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": "/dev/null"}
    for who in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{who}_NAME": "tests", f"GIT_{who}_EMAIL": "tests@example.org"}
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "first")):
        subprocess.run(["git", *words], cwd=folder, env=environment, check=True)


def connection(waypoint: Waypoint) -> dict[str, str]:
    """How somebody else's program reaches this user's embedded server."""
    place = waypoint.home / "data" / "waypoint" / "server"
    state = json.loads((place / "server.json").read_text())
    return {
        "WAYPOINT_SERVER_ADDR": state["grpc"],
        "WAYPOINT_SERVER_TLS": "true",
        "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "true",
        "WAYPOINT_SERVER_TOKEN": Path(state["token_file"]).read_text().strip(),
    }


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="optional: the test's base image has Python 3.11")
def test_a_job_runs_in_a_container_of_its_own(
    tmp_path: Path, docker_client: docker.DockerClient, docker_project: str, runner_image: str
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "waypoint.hcl").write_text(HCL.format(project=docker_project))
    commit(repository)
    empty = tmp_path / "empty"
    empty.mkdir()
    waypoint = Waypoint(tmp_path / "home", empty)
    waypoint.run(
        "project", "apply", docker_project, "-data-source=git", f"-git-url=file://{repository}", "-git-ref=main"
    )  # fmt: skip
    profile = tmp_path / "profile.hcl"
    # The base image is made of this machine's own Debian: its /usr has what the image lacks, such as git.
    packages = sysconfig.get_paths()["purelib"]
    binds = ("/usr:/usr", f"{ROOT / 'src'}:/waypoint", f"{packages}:/packages", f"{repository}:{repository}")
    profile.write_text(
        f"binds = {json.dumps([f'{bind}:ro' for bind in binds])}\n"
        'static_environment = {\n  PYTHONPATH = "/waypoint:/packages"\n}\n'
    )
    waypoint.run(
        "runner", "profile", "set", "docker", "-plugin-type=docker", f"-oci-url={runner_image}", "-default",
        f"-plugin-config={profile}",
    )  # fmt: skip
    launcher = subprocess.Popen(
        [sys.executable, "-m", "wp_cli", "runner", "agent", "-id=launcher"], cwd=empty,
        env=waypoint.environment | connection(waypoint), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        eventually(lambda: "launcher" in waypoint.run("runner", "list").stdout)
        waypoint.run("job", "list")
        try:
            waypoint.run("build", f"-project={docker_project}", "-app=web", "-local=false")
        finally:
            task = json.JSONDecoder().raw_decode(waypoint.run("task", "list", "-json").stdout)
            waypoint.run("job", "get-stream", task[0]["watchJob"]["id"])
    finally:
        label = {"label": f"waypoint.hashicorp.com/project={docker_project}"}
        eventually(lambda: not docker_client.containers.list(all=True, ignore_removed=True, filters=label), seconds=60)
        launcher.send_signal(signal.SIGTERM)
        assert launcher.wait(60) == 0
        waypoint.close()
