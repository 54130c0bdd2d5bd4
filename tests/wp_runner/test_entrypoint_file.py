from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wp_runner.entrypoint_file import EntrypointFinder
from wp_sdk.errors import PluginError


def test_the_variable_wins(tmp_path: Path) -> None:
    file = tmp_path / "entry"
    file.write_text("x")
    assert EntrypointFinder({"WAYPOINT_ENTRYPOINT_FILE": str(file)})() == file


def test_a_variable_that_names_nothing_is_an_error(tmp_path: Path) -> None:
    finder = EntrypointFinder({"WAYPOINT_ENTRYPOINT_FILE": str(tmp_path / "missing")})
    with pytest.raises(PluginError, match="which is not a file"):
        finder()


def test_a_checkout_packs_one_that_runs_and_keeps_it(tmp_path: Path) -> None:
    found = EntrypointFinder({}, tmp_path)()
    assert found is not None
    assert found.is_relative_to(tmp_path)
    assert found.stat().st_mode & 0o777 == 0o755
    done = subprocess.run(
        [sys.executable, "-I", str(found), sys.executable, "-c", "print('ran')"],
        env={"WAYPOINT_SERVER_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "ran\n"
    assert EntrypointFinder({}, tmp_path)() == found
    assert len(list(tmp_path.rglob("waypoint-entrypoint"))) == 1
