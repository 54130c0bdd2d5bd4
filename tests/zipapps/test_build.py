"""The same input gives the same bytes, and an artifact holds what it needs and no more."""

import os
import shutil
import stat
import zipfile
from io import BytesIO
from pathlib import Path

from .conftest import TAGS, Workshop, write_workshop


def names_in(artifact: Path, inner: str) -> set[str]:
    with zipfile.ZipFile(artifact) as outer, zipfile.ZipFile(BytesIO(outer.read(inner))) as archive:
        return set(archive.namelist())


def test_same_input_same_bytes(workshop: Workshop, tmp_path: Path) -> None:
    copy = Workshop(tmp_path / "copy")
    shutil.copytree(workshop.folder, copy.folder, ignore=shutil.ignore_patterns("dist"))
    for number, path in enumerate(sorted(copy.folder.rglob("*"))):
        os.utime(path, (1_000_000_000 + number, 1_000_000_000 + number))
    cached = copy.folder / "src/wp_cli/__pycache__/main.cpython-311.pyc"
    cached.parent.mkdir()
    cached.write_bytes(b"left by a test run")
    done = copy.build()
    assert done.returncode == 0, done.stderr
    for name in ("waypoint", "waypoint-server", "waypoint-entrypoint"):
        assert (copy.dist / name).read_bytes() == (workshop.dist / name).read_bytes(), name


def test_a_changed_source_changes_the_key(tmp_path: Path) -> None:
    made = write_workshop(tmp_path / "made")
    assert made.build("waypoint-server").returncode == 0
    before = zipfile.ZipFile(made.dist / "waypoint-server").read("__main__.py")
    (made.folder / "src/wp_server/__main__.py").write_text("def main():\n    return 0\n")
    assert made.build("waypoint-server").returncode == 0
    after = zipfile.ZipFile(made.dist / "waypoint-server").read("__main__.py")
    assert before != after


def test_artifacts_are_executable_python_files(workshop: Workshop) -> None:
    for path in workshop.dist.iterdir():
        assert path.read_bytes().startswith(b"#!/usr/bin/env python3\n"), path.name
        assert stat.S_IMODE(path.stat().st_mode) == 0o755, path.name
    assert sorted(path.name for path in workshop.dist.iterdir()) == [
        "waypoint",
        "waypoint-entrypoint",
        "waypoint-server",
    ]


def test_files_are_packed_once_and_only_if_they_run(workshop: Workshop) -> None:
    common = names_in(workshop.dist / "waypoint", "common.zip")
    assert {"wp_cli/main.py", "wp_cli/page.html", "purewheel/deep.py", "needed.py"} <= common
    unwanted = (".pyi", ".proto", "RECORD")
    assert not {name for name in common if name.endswith(unwanted) or "/tests/" in name}
    assert "purewheel-1.0.dist-info/METADATA" in common
    assert "unused.py" not in common, "nothing imports it"
    for tag in TAGS:
        assert names_in(workshop.dist / "waypoint", f"{tag}.zip") == {"abiwheel.py"}


def test_server_carries_its_own_packages_only(workshop: Workshop) -> None:
    common = names_in(workshop.dist / "waypoint-server", "common.zip")
    assert {name.split("/")[0] for name in common} == {
        "wp_server",
        "wp_proto",
        "wp_config",
        "wp_sources",
        "wp_text",
        "waypoint-1.2.3.dist-info",
    }


def test_the_command_line_carries_the_entrypoint(workshop: Workshop) -> None:
    with zipfile.ZipFile(workshop.dist / "waypoint") as outer:
        common = zipfile.ZipFile(BytesIO(outer.read("common.zip")))
    carried = common.read("wp_runner/artifacts/waypoint-entrypoint")
    assert carried == (workshop.dist / "waypoint-entrypoint").read_bytes()


def test_a_package_of_ours_that_would_be_forgotten_stops_the_build(tmp_path: Path) -> None:
    made = write_workshop(tmp_path / "made")
    (made.folder / "src/wp_extra").mkdir()
    (made.folder / "src/wp_extra/__init__.py").write_text("")
    (made.folder / "src/wp_server/__main__.py").write_text("def main():\n    import wp_extra\n")
    done = made.build("waypoint-server")
    assert done.returncode == 1
    assert "import wp_extra, which would not be packed" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (made.dist / "waypoint-server").exists()


def test_missing_wheels_are_named_and_the_rest_is_built(tmp_path: Path) -> None:
    made = write_workshop(tmp_path / "made")
    shutil.rmtree(made.folder / "wheels/cp313")
    done = made.build()
    assert done.returncode == 1
    assert [path.name for path in made.dist.iterdir()] == ["waypoint-entrypoint"]
    complaints = done.stderr.splitlines()
    assert len(complaints) == 2, done.stderr
    for line, name in zip(complaints, ("waypoint", "waypoint-server"), strict=True):
        assert line.startswith(f"build_zipapps: {name} was not built: 4 wheels for Python 3.13 are not in ")
        assert "connect to a package index, or put them there" in line
    again = made.build("waypoint", "--pythons", "3.11,3.12")
    assert again.returncode == 0, again.stderr
    assert (made.dist / "waypoint").is_file()


def test_a_wheel_that_is_not_the_locked_one_is_not_used(tmp_path: Path) -> None:
    made = write_workshop(tmp_path / "made")
    with (made.folder / "wheels/cp311/needed-1.0-py3-none-any.whl").open("ab") as wheel:
        wheel.write(b"x")
    done = made.build("waypoint", "--pythons", "3.11")
    assert done.returncode == 1
    assert "1 wheels for Python 3.11" in done.stderr
    assert not made.dist.exists()


def test_wrong_arguments_are_explained(workshop: Workshop) -> None:
    assert "no artifact is called waypont" in workshop.build("waypont").stderr
    assert "'3' is not a Python release" in workshop.build("--pythons", "3").stderr
