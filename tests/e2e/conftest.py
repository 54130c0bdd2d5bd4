from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.e2e.world import ROOT, Waypoint


@pytest.fixture
def new_waypoint(tmp_path: Path) -> Iterator[Callable[[str], Waypoint]]:
    """Make a user with a copy of an example as project: `new_waypoint("hello")`."""
    made: list[Waypoint] = []

    def make(example: str) -> Waypoint:
        project = tmp_path / f"project{len(made)}"
        shutil.copytree(ROOT / "examples" / example, project)
        made.append(Waypoint(tmp_path / f"home{len(made)}", project))
        return made[-1]

    yield make
    for waypoint in made:
        waypoint.close()
