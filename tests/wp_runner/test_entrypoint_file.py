from __future__ import annotations

import lzma
import subprocess
import sys
from pathlib import Path

import pytest

from wp_runner import entrypoint_file
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


def test_what_the_command_line_carries_is_unpacked_once_and_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = tmp_path / "artifacts"
    carried.mkdir()
    (carried / "waypoint-entrypoint").write_bytes(b"zipapp")
    forms = {f"waypoint-entrypoint-linux-{architecture}": architecture.encode() for architecture in ("amd64", "arm64")}
    for name, content in forms.items():
        (carried / f"{name}.xz").write_bytes(lzma.compress(content))
    monkeypatch.setattr(entrypoint_file, "CARRIED", carried / "waypoint-entrypoint")
    found = EntrypointFinder({}, tmp_path / "cache")()
    assert found is not None
    assert {path.name: path.read_bytes() for path in found.parent.iterdir()} == {found.name: b"zipapp", **forms}
    assert {path.stat().st_mode & 0o777 for path in found.parent.iterdir()} == {0o755}
    first = found.stat().st_mtime_ns
    assert EntrypointFinder({}, tmp_path / "cache")() == found
    assert found.stat().st_mtime_ns == first
    (carried / "waypoint-entrypoint-linux-arm64.xz").write_bytes(lzma.compress(b"another"))
    other = EntrypointFinder({}, tmp_path / "cache")()
    assert other is not None
    assert other != found
    assert other.with_name("waypoint-entrypoint-linux-arm64").read_bytes() == b"another"
