"""Ctrl-C and kill -9 in each stage: what was begun is recorded, `destroy` removes it, and the next `up` works."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.e2e.test_hello import release_url
from tests.e2e.world import Waypoint, eventually, fetch

BLOCK = """\
import os, pathlib, sys, time
stage, parent = sys.argv[1], os.getppid()
if pathlib.Path("block").read_text() == stage:
    pathlib.Path("reached").touch()
    while os.getppid() == parent:
        time.sleep(0.05)
"""

SLOW = """\
import pathlib, sys, time
if pathlib.Path("block").read_text() == "start":
    pathlib.Path(sys.argv[1], "reached").touch()
    time.sleep(600)
exec(pathlib.Path("app.py").read_text())
"""

STAGES = ("build", "deploy", "start", "release")


@pytest.fixture
def stoppable(new_waypoint: Callable[[str], Waypoint]) -> Iterator[Waypoint]:
    waypoint = new_waypoint("hello")
    folder = waypoint.project

    def stage(name: str, use: str) -> str:
        command = json.dumps([sys.executable, "block.py", name])
        return (
            f'  {name} {{\n    use {use}\n    hook {{\n      when = "before"\n      command = {command}\n    }}\n  }}\n'
        )

    start = json.dumps([sys.executable, "slow.py", str(folder)])
    deploy = f'"local" {{\n      command = {start}\n      start_timeout = 600\n    }}'
    stages = stage("build", '"files" {}') + stage("deploy", deploy) + stage("release", '"local" {}')
    (folder / "waypoint.hcl").write_text(f'project = "hello"\n\napp "web" {{\n{stages}}}\n')
    (folder / "block.py").write_text(BLOCK)
    (folder / "slow.py").write_text(SLOW)
    (folder / "block").write_text("nothing")
    waypoint.run("init")
    yield waypoint
    (folder / "block").write_text("nothing")
    waypoint.run("destroy", "-auto-approve")


def stop_in(waypoint: Waypoint, stage: str, number: signal.Signals) -> subprocess.Popen[str]:
    reached = Path(waypoint.project, "reached")
    (waypoint.project / "block").write_text(stage)
    command = waypoint.start("up")
    try:
        eventually(reached.exists, 60)
        command.send_signal(number)
        command.communicate(timeout=60)
    finally:
        command.kill()
        command.wait()
    reached.unlink()
    (waypoint.project / "block").write_text("nothing")
    return command


@pytest.mark.parametrize(
    ("stage", "number"),
    [*((stage, signal.SIGINT) for stage in STAGES), ("start", signal.SIGKILL), ("release", signal.SIGKILL)],
)
def test_stopped_in_a_stage(stoppable: Waypoint, stage: str, number: signal.Signals) -> None:
    command = stop_in(stoppable, stage, number)
    assert command.returncode == (130 if number is signal.SIGINT else -signal.SIGKILL)
    stoppable.run("destroy", "-auto-approve")
    eventually(lambda: [line for line in stoppable.processes().values() if " server run " not in line] == [])
    shown = stoppable.run("up").stdout
    assert fetch(release_url(shown)) == "Hello, world!\n"
