"""The Go Waypoint that benchmarks measure beside ours in the same run, where `make go-waypoint` has built it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.interop.go_waypoint import VERSION, built

GO = built()
"""The programs; None where they are not."""
NAME = f"Go {VERSION}" if GO else "Go, recorded"
"""What figures of it are called: without the programs they are those that were recorded on another machine."""
