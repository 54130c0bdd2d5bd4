"""A pipeline as a user meets it: containers, a nested pipeline, two workspaces, an input; then what can go wrong."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator

import docker
import pytest
from tests.e2e.world import Waypoint, eventually, fetch

NewWaypoint = Callable[[str], Waypoint]
TASK = "waypoint.hashicorp.com/task"


@pytest.fixture
def example(new_waypoint: NewWaypoint, docker_client: docker.DockerClient, busybox_image: str) -> Iterator[Waypoint]:
    waypoint = new_waypoint("pipeline")
    waypoint.run("init")
    yield waypoint
    for workspace in ("staging", "default"):
        waypoint.run("destroy", "-auto-approve", f"-workspace={workspace}")
    left = [
        container.labels.get(TASK)
        for container in docker_client.containers.list(all=True, ignore_removed=True, filters={"label": TASK})
    ]
    jobs = {job["id"] for job in objects(waypoint.run("job", "list", "-json").stdout)}
    assert not jobs & set(left), "a step leaves no container"


def objects(text: str) -> list[dict[str, object]]:
    decoder, found, rest = json.JSONDecoder(), [], text.strip()
    while rest:
        item, end = decoder.raw_decode(rest)
        found.append(item)
        rest = rest[end:].strip()
    return found


def state_of(waypoint: Waypoint, pipeline: str, run: int) -> str:
    shown = waypoint.run("pipeline", "inspect", f"-run={run}", "-json", pipeline).stdout
    return str(json.loads(shown)["pipelineRun"]["state"])


def test_a_run_with_a_nested_pipeline_two_workspaces_and_an_input(example: Waypoint) -> None:
    done = example.run("pipeline", "run", "-var=greeted=everybody", "ship")
    assert "the name is fine" in done.stderr
    steps = [line for line in done.stderr.splitlines() if "Executing Step" in line]
    assert sorted(steps) == [
        '» Executing Step "build" in workspace: "default"',
        '» Executing Step "check" in workspace: "default"',
        '» Executing Step "deploy" in workspace: "default"',
        '» Executing Step "look" of pipeline "bring-up" in workspace: "staging"',
        '» Executing Step "up" of pipeline "bring-up" in workspace: "staging"',
    ]
    assert (steps[0], steps[-1]) == (
        '» Executing Step "check" in workspace: "default"', '» Executing Step "deploy" in workspace: "default"'
    )  # fmt: skip
    assert '» Pipeline "ship" Run v1 Complete' in done.stdout
    assert "5/5 steps successfully executed" in done.stdout
    urls = re.findall(r"Release URL: (\S+)", done.stdout)
    assert {fetch(url) for url in urls} == {
        "Hello, everybody in staging!\n", "Hello, everybody in default!\n"
    }  # fmt: skip
    assert state_of(example, "ship", 1) == "SUCCESS"
    shown = example.run("pipeline", "inspect", "-run=1", "ship").stdout
    assert re.search(r"staging +pipeline +Success +staging", shown)
    assert re.search(r"  up +up +Success +staging", shown)
    again = example.run("pipeline", "run", "-reattach", "ship")
    assert "the name is fine" in again.stderr
    assert "Run v1 Complete" in again.stdout


def test_a_step_that_fails_keeps_what_waits_for_it_from_running(example: Waypoint) -> None:
    done = example.run("pipeline", "run", "-var=greeted=", "ship", status=1)
    assert "Run v1 Failed" in done.stdout
    assert "0/5 steps successfully executed" in done.stdout
    assert "✖ check in default: The task ended with exit code 1" in done.stdout
    assert done.stdout.count("(not run)") == 4
    assert "step 'check' of run 1 of pipeline 'ship' failed: The task ended with exit code 1" in done.stderr
    assert state_of(example, "ship", 1) == "ERROR"
    last = objects(example.run("job", "list", "-json", "-pipeline-name=ship").stdout)
    deploy = next(job for job in last if "deploy" in job)
    why = example.run("job", "explain", str(deploy["id"])).stdout
    assert 'the step "check" of run 1 of the pipeline "ship" failed: The task ended with exit code 1' in why


WAITING = """
pipeline "wait" {
  step "first" {
    image_url = "busybox"
    use "exec" {
      command = "sh"
      args    = ["-c", "trap 'exit 9' TERM; echo here; while true; do sleep 0.1; done"]
    }
  }
  step "second" {
    use "up" {}
  }
}
"""


def test_an_interrupted_run_is_cancelled_and_leaves_nothing(example: Waypoint) -> None:
    with (example.project / "waypoint.hcl").open("a") as file:
        file.write(WAITING)
    running = example.start("pipeline", "run", "wait")
    assert running.stderr is not None
    for line in running.stderr:
        if line.strip() == "here":
            running.send_signal(signal.SIGINT)
            break
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Run v1 Canceled" in out
    assert "● second in default (not run)" in out
    assert state_of(example, "wait", 1) == "CANCELLED"
    jobs = objects(example.run("job", "list", "-json", "-pipeline-name=wait").stdout)
    assert {job["state"] for job in jobs} == {"ERROR"}


DYING = """
pipeline "die" {
  step "first" {
    use "build" {}
  }
  step "second" {
    use "up" {}
  }
}
"""


def test_a_command_line_that_is_killed_ends_its_run(example: Waypoint) -> None:
    """Nobody executes the rest: the server notices that its runner is gone."""
    started, go, file = (example.project / name for name in ("started", "go", "waypoint.hcl"))
    script = f"touch {started}; while [ ! -e {go} ]; do sleep 0.05; done"
    hook = f'hook {{\n      when = "before"\n      command = ["sh", "-c", "{script}"]\n    }}'
    file.write_text(file.read_text().replace('use "files" {}', f'{hook}\n    use "files" {{}}', 1) + DYING)
    running = example.start("pipeline", "run", "die")
    eventually(started.exists, 60)
    running.kill()
    running.communicate(timeout=60)
    go.touch()  # for the hook, which lives on
    eventually(lambda: state_of(example, "die", 1) == "CANCELLED", 90)
    jobs = objects(example.run("job", "list", "-json", "-pipeline-name=die").stdout)
    assert {job["state"] for job in jobs} == {"ERROR"}
