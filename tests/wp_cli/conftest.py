"""A command line in a home of its own, run the way a user runs it: as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
TIMEOUT = 120


class Cli:
    """Runs `waypoint` in `folder` with `environ`, both of which a test may change."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "work"
        self.folder.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("WAYPOINT_", "WP_", "XDG_"))}
        self.environ = kept | {"HOME": str(home), "PYTHONPATH": str(SOURCE), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
        self.environ.pop("NO_COLOR", None)

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "wp_cli"]

    def run(self, *args: str, stdin: str | bytes = "", **extra: str) -> subprocess.CompletedProcess[str]:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [*self.command, *args], cwd=self.folder, env=self.environ | extra, input=given, capture_output=True,
            timeout=TIMEOUT, check=False,
        )  # fmt: skip
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def ok(self, *args: str, stdin: str | bytes = "", **extra: str) -> str:
        """Run a command that must succeed; returns its stdout."""
        done = self.run(*args, stdin=stdin, **extra)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def fails(self, *args: str, code: int = 1, stdin: str | bytes = "", **extra: str) -> str:
        """Run a command that must fail with `code`; returns its stderr, which must hold no traceback."""
        done = self.run(*args, stdin=stdin, **extra)
        assert done.returncode == code, (done.returncode, done.stderr, done.stdout)
        assert "Traceback" not in done.stderr
        return done.stderr


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    home = tmp_path / "home"
    home.mkdir()
    runs = Cli(home)
    yield runs
    if (home / ".local/share/waypoint/server/server.json").exists():
        runs.run("server", "stop")
