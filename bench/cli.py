"""What a user waits for, from the built artifact: `python bench/cli.py`, after `make zipapps`.

Prints, in one run, the median of each figure beside the goal and what the Go Waypoint 0.11 needs for the same on a
2-core machine, and as a ratio to what one would use instead where there is such a thing (`docker build` and `run`,
`docker exec`). Set PYTHON to the interpreter the artifacts shall run on; a version manager's wrapper costs more than
the program.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from server_under_load import Server

ROOT = Path(__file__).resolve().parent.parent
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")
WAYPOINT = ROOT / "dist" / "waypoint"
JOBS = 3_000
"""In a list of jobs."""


class User:
    """Runs the artifact with folders of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOINT_")} | {
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
        }
        self.environment.pop("PYTHONPATH", None)

    def waypoint(self, project: Path, *words: str) -> str:
        """The output of a command that must succeed."""
        run = subprocess.run(
            [PYTHON, WAYPOINT, *words], cwd=project, env=self.environment, capture_output=True, text=True
        )
        if run.returncode:
            raise SystemExit(f"waypoint {' '.join(words)}: {run.stdout}{run.stderr}")
        return run.stdout + run.stderr


def milliseconds(action: Callable[[], object], rounds: int) -> float:
    """Median wall time of an action, after one that is not counted."""
    action()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def show(name: str, value: float, goal: str, reference: str, other: str = "") -> None:
    print(f"{name:<44}{value:>9.0f} ms   {goal:>16}   {reference:>12}   {other}", flush=True)


def startup(user: User, project: Path, rounds: int) -> None:
    bare = milliseconds(lambda: subprocess.run([PYTHON, "-c", ""], check=True), rounds)
    show("python3 -c ''", bare, "", "")
    elsewhere = User(user.home / "elsewhere")
    show("waypoint version", milliseconds(lambda: elsewhere.waypoint(project, "version"), rounds), "<= 50 ms", "39 ms")
    show("waypoint status", milliseconds(lambda: user.waypoint(project, "status"), rounds), "<= 200 ms", "50 ms")
    listed = milliseconds(lambda: user.waypoint(project, "deployment", "list"), rounds)
    show("waypoint deployment list", listed, "<= 200 ms", "57 ms")


def job_list(user: User, project: Path, rounds: int) -> None:
    """What lists thousands of jobs costs, most of which is the command line's own work."""
    folder = user.home / "data" / "waypoint" / "server"
    state = json.loads((folder / "server.json").read_text())
    token = Path(state["token_file"]).read_text().strip()
    target = Server(state["pid"], state["grpc"], Path(state["certificate"]).read_bytes(), token)
    asyncio.run(target.jobs(JOBS))
    listed = milliseconds(lambda: user.waypoint(project, "job", "list"), rounds)
    show(f"waypoint job list, {JOBS} jobs", listed, "<= 250 ms", "-")


def log_latency(user: User, project: Path) -> None:
    """From the application's print to the line that `waypoint logs` prints."""
    follow = subprocess.Popen(
        [PYTHON, WAYPOINT, "logs", "-tail=1"], cwd=project, env=user.environment, stdout=subprocess.PIPE, text=True
    )
    assert follow.stdout is not None
    delays = []
    for line in follow.stdout:
        if found := re.search(r"tick (\d+\.\d+)", line):
            delays.append((time.time() - float(found[1])) * 1000)
        if len(delays) > 40:
            break
    follow.terminate()
    follow.wait()
    show("log line, application to waypoint logs", statistics.median(delays[5:]), "<= 150 ms", "-")


def hello(user: User, rounds: int) -> None:
    """The local platform: start-up, exec and logs without an engine."""
    project = user.home / "hello"
    shutil.copytree(ROOT / "examples" / "hello", project)
    app = project / "app.py"
    ticker = (
        "import threading, time\n"
        "def tick():\n"
        "    while True:\n"
        "        print('tick', time.time(), flush=True)\n"
        "        time.sleep(0.1)\n"
        "threading.Thread(target=tick, daemon=True).start()\n"
    )
    app.write_text(ticker + app.read_text())
    user.waypoint(project, "init")
    try:
        show("waypoint up (files, local)", milliseconds(lambda: user.waypoint(project, "up"), 5), "", "")
        startup(user, project, rounds)
        show(
            "waypoint exec true",
            milliseconds(lambda: user.waypoint(project, "exec", "true"), rounds),
            "<= 290 ms",
            "571 ms",
        )
        log_latency(user, project)
        job_list(user, project, rounds)
    finally:
        user.waypoint(project, "destroy", "-auto-approve")


def docker(user: User, rounds: int) -> None:
    """The Docker plugins against the docker program on the same image."""
    if subprocess.run(["docker", "image", "inspect", "python:3-slim"], capture_output=True).returncode:
        print("no Docker engine with an image python:3-slim: the Docker figures are left out")
        return
    project = user.home / "shop"
    shutil.copytree(ROOT / "examples" / "docker-shop" / "web", project)
    (project / "waypoint.hcl").write_text(
        'project = "bench"\napp "web" {\n  build {\n    use "docker" {}\n  }\n'
        '  deploy {\n    use "docker" {\n      service_port = 8000\n    }\n  }\n}\n'
    )
    user.waypoint(project, "init")
    names: list[str] = []

    def raw() -> None:
        names.append(f"waypoint-bench-{os.getpid()}-{len(names)}")
        build = {**os.environ, "DOCKER_BUILDKIT": "0"}
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(["docker", "build", "-t", "waypoint-bench", project], env=build, **quiet)
        subprocess.run(["docker", "run", "-d", "--name", names[-1], "-e", "PORT=8000", "-P", "waypoint-bench"], **quiet)

    try:
        base = milliseconds(raw, 5)
        show("docker build + docker run", base, "", "")
        up = milliseconds(lambda: user.waypoint(project, "up"), 5)
        show("waypoint up, nothing changed", up, f"<= {base + 1000:.0f} ms", "raw + 2350", f"{up / base:.1f} x docker")
        into = milliseconds(lambda: subprocess.run(["docker", "exec", names[-1], "true"], check=True), rounds)
        show("docker exec true", into, "", "62 ms")
        ours = milliseconds(lambda: user.waypoint(project, "exec", "true"), rounds)
        show("waypoint exec true (container)", ours, "<= 290 ms", "571 ms", f"{ours / into:.1f} x docker")
    finally:
        subprocess.run(["docker", "rm", "-f", *names], stdout=subprocess.DEVNULL)
        subprocess.run(["docker", "rmi", "-f", "waypoint-bench"], stdout=subprocess.DEVNULL)
        user.waypoint(project, "destroy", "-auto-approve")


def main() -> int:
    """Measure everything that can be measured here."""
    if not WAYPOINT.exists():
        print("dist/waypoint is not built: run `make zipapps` first", file=sys.stderr)
        return 1
    version = subprocess.run([PYTHON, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}, {os.cpu_count()} cores")
    print(f"{'':<44}{'median':>12}   {'goal':>16}   {'Go 0.11':>12}")
    with tempfile.TemporaryDirectory(prefix="waypoint-bench-") as folder:
        user = User(Path(folder))
        try:
            hello(user, 15)
            docker(user, 15)
        finally:
            user.waypoint(Path(folder), "server", "stop")
    return 0


if __name__ == "__main__":
    sys.exit(main())
