"""A server that is killed at every single statement of a story leaves a file that keeps all promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import wp_server

SCRIPT = Path(__file__).with_name("crash_script.py")


@pytest.mark.timeout(900)
def test_a_kill_at_many_statements_on_postgresql_leaves_nothing_half_done_either(postgres):
    environment = os.environ | {"PYTHONPATH": str(Path(wp_server.__file__).parents[1])}
    command = [sys.executable, str(SCRIPT), postgres.database(), "7"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=840, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, "\n".join(lines[-5:]) + done.stderr
    assert "survived" in lines[-1]
    assert sum(" killed " in line for line in lines) > 10


@pytest.mark.timeout(900)
def test_a_kill_at_any_statement_leaves_nothing_half_done_and_loses_nothing_that_was_answered(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(Path(wp_server.__file__).parents[1])}
    command = [sys.executable, str(SCRIPT), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=840, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, "\n".join(lines[-5:]) + done.stderr
    assert "survived" in lines[-1]
    assert sum(" killed " in line for line in lines) > 100
