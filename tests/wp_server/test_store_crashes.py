"""A server that is killed at every single statement of a story leaves a file that keeps all promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import wp_server

SCRIPT = Path(__file__).with_name("crash_script.py")


def run(*arguments: str) -> list[str]:
    """Returns what the script said of every death; fails when a promise was broken."""
    environment = os.environ | {"PYTHONPATH": str(Path(wp_server.__file__).parents[1])}
    command = [sys.executable, str(SCRIPT), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=840, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, "\n".join(lines[-5:]) + done.stderr
    assert "survived" in lines[-1]
    return [line for line in lines if " killed " in line]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("story", "step"), [("jobs", "7"), ("pipeline", "3")])
def test_a_kill_at_many_statements_on_postgresql_leaves_nothing_half_done_either(postgres, story, step):
    assert len(run(story, postgres.database(), step)) > 10


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("story", "deaths"), [("jobs", 100), ("pipeline", 50)])
def test_a_kill_at_any_statement_leaves_nothing_half_done_and_loses_nothing_that_was_answered(tmp_path, story, deaths):
    assert len(run(story, str(tmp_path))) > deaths
