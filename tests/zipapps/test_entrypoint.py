"""The entrypoint is one plain zip: any Python from 3.9, nothing unpacked, nothing else inside."""

import zipfile
from collections.abc import Callable

import pytest

from .conftest import Machine, Workshop


@pytest.mark.parametrize("release", ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])
def test_runs_from_the_zip(workshop: Workshop, machine_with: Callable[[str], Machine], release: str) -> None:
    machine = machine_with(release)
    artifact = workshop.dist / "waypoint-entrypoint"
    done = machine.run(artifact, "app", "-v")
    assert done.stdout == f"a line {artifact}/wp_entrypoint/__init__.py ['app', '-v']\n", done.stderr
    assert done.returncode == 4
    assert list((machine.folder / "home").iterdir()) == []
    assert list((machine.folder / "tmp").iterdir()) == []


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
        assert archive.namelist() == [
            "__main__.py",
            "wp_entrypoint/__init__.py",
            "wp_entrypoint/__main__.py",
            "wp_proto/__init__.py",
            "wp_proto/waypoint/__init__.py",
            "wp_proto/waypoint/log_pb2.py",
        ]
