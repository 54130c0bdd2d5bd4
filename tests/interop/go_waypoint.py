"""The Go Waypoint 0.11.4 itself, built by `make go-waypoint`: one program that is all but the entrypoint, and that."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

BUILT = Path(os.environ.get("GO_WAYPOINT") or Path.home() / ".cache/waypoint-build/go-waypoint-0.11.4")
VERSION = "0.11.4"


@dataclass(frozen=True)
class GoWaypoint:
    """Paths of the two static programs."""

    waypoint: Path
    entrypoint: Path


def built() -> GoWaypoint | None:
    """The programs, where they were built."""
    found = GoWaypoint(BUILT / "waypoint", BUILT / "waypoint-entrypoint")
    return found if found.waypoint.is_file() and found.entrypoint.is_file() else None


def go_waypoint() -> GoWaypoint:
    """The programs; skips where they were not built."""
    found = built()
    if found is None:
        pytest.skip("optional: no Go Waypoint 0.11.4 (`make go-waypoint` builds it)")
    return found
