"""The entrypoint is one plain zip: any Python from 3.9, nothing unpacked, nothing else inside."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Machine, Workshop

RELEASES = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]


@pytest.mark.parametrize("release", RELEASES)
def test_runs_from_the_zip_with_bytecode_of_its_interpreter(
    workshop: Workshop, machine_with: Callable[[str], Machine], release: str
) -> None:
    machine = machine_with(release)
    artifact = workshop.dist / "waypoint-entrypoint"
    done = machine.run(artifact, "app", "-v")
    folder = "cp" + release.replace(".", "")
    assert done.stdout == f"a line {artifact}/{folder}/wp_entrypoint/__init__.pyc ['app', '-v']\n", done.stderr
    assert done.returncode == 4
    assert list((machine.folder / "home").iterdir()) == []
    assert list((machine.folder / "tmp").iterdir()) == []


def test_runs_from_its_sources_without_bytecode(workshop: Workshop, machine: Machine) -> None:
    output = machine.folder / "dist"
    assert workshop.build("waypoint-entrypoint", "--bytecode", "none", output=output).returncode == 0
    artifact = output / "waypoint-entrypoint"
    done = machine.run(artifact)
    assert done.stdout == f"a line {artifact}/lib/wp_entrypoint/__init__.py []\n", done.stderr


def test_bytecode_that_cannot_be_made_is_named(workshop: Workshop, tmp_path: Path) -> None:
    done = workshop.build("waypoint-entrypoint", "--bytecode", "3.99", output=tmp_path / "dist")
    assert done.returncode == 1
    assert "waypoint-entrypoint was not built: no CPython 3.99 on this machine" in done.stderr


@pytest.mark.parametrize("release", ["2.7", "3.6", "3.7", "3.8"])
def test_says_so_on_an_old_interpreter(
    workshop: Workshop, machine_with: Callable[[str], Machine], release: str
) -> None:
    done = machine_with(release).run(workshop.dist / "waypoint-entrypoint")
    assert done.returncode == 1
    assert done.stderr.startswith(f"waypoint-entrypoint: Python {release} (")
    assert len(done.stderr.splitlines()) == 1


def test_carries_only_its_part_of_the_wire(workshop: Workshop) -> None:
    with zipfile.ZipFile(workshop.dist / "waypoint-entrypoint") as archive:
        assert [name for name in archive.namelist() if not name.startswith("cp")] == [
            "__main__.py",
            "lib/wp_entrypoint/__init__.py",
            "lib/wp_entrypoint/__main__.py",
            "lib/wp_proto/__init__.py",
            "lib/wp_proto/entrypoint/__init__.py",
            "lib/wp_proto/entrypoint/messages.py",
            "lib/wp_sources/__init__.py",
            "lib/wp_text/__init__.py",
        ]
