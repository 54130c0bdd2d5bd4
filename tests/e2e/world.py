"""The whole product as a user meets it: the command line as a process, with folders of its own.

Nothing may be left behind: after the last command of a test the embedded server is stopped, and every process that
still carries the test's folders in its environment is a failure.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND_SECONDS = 180


@dataclass
class Waypoint:
    """One user: runs commands in a project folder, against the embedded server of this user's own folders."""

    home: Path
    project: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("WAYPOINT_", "WP_", "XDG_"))}
        return kept | {
            "PYTHONPATH": str(ROOT / "src"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            **self.extra,
        }

    def start(self, *words: str, **more: object) -> subprocess.Popen[str]:
        """Start a command; its output can be read from the process."""
        return subprocess.Popen(
            [sys.executable, "-m", "wp_cli", *words],
            cwd=self.project,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            **more,  # type: ignore[call-overload]
        )

    def run(self, *words: str, status: int = 0, input: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; its exit status must be `status`."""
        done = subprocess.run(
            [sys.executable, "-m", "wp_cli", *words],
            cwd=self.project,
            env=self.environment,
            input=input if input is not None else "",
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
        shown = f"$ waypoint {' '.join(words)}\n{done.stdout}{done.stderr}[{done.returncode}]"
        print(shown)
        assert done.returncode == status, shown
        assert "Traceback" not in done.stdout + done.stderr, shown
        return done

    def processes(self) -> dict[int, str]:
        """What still runs with this user's folders in its environment, by process id."""
        mark = f"XDG_DATA_HOME={self.home / 'data'}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if mark in (entry / "environ").read_bytes().split(b"\0"):
                        found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                except (OSError, ProcessLookupError):
                    continue
        return {pid: line for pid, line in found.items() if line}

    def close(self) -> None:
        """Stop the server; fails when anything is left running."""
        self.run("server", "stop")
        deadline = time.monotonic() + 60
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        left = self.processes()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert left == {}


def fetch(url: str) -> str:
    """The body of an address."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return str(answer.read().decode())


def eventually(check: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until `check` holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.1)
