"""What a user waits for, from the built artifact: `python bench/cli.py`, after `make zipapps`.

Prints, in one run, the median of each figure beside the goal; beside the Go command line against our server, and
against its own with its own entrypoint, where `make go-waypoint` has built them, else beside what was recorded; and
as a ratio to what one would use without these where there is such a thing (`docker build` and `run`, `docker exec`).
Set PYTHON to the interpreter the artifacts shall run on; a version manager's wrapper costs more than the program.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import go_programs
from go_programs import GO, NAME
from server_under_load import APPLICATION, PYTHON, ROOT, WORKSPACE, Server, noop

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub

WAYPOINT = ROOT / "dist" / "waypoint"
JOBS = 3_000
"""In a list of jobs."""
TICKS = 40
"""Lines of which the delay is measured."""
OURS, GO_ON_OURS, GO_ALONE = "ours", f"{NAME} on ours", f"{NAME} on its own" if GO else NAME
COLUMNS = (OURS, GO_ON_OURS, GO_ALONE) if GO else (OURS, GO_ALONE)
TICKER = (
    "import threading, time\n"
    "def tick():\n"
    "    while True:\n"
    "        print('tick', time.time(), flush=True)\n"
    "        time.sleep(0.1)\n"
    "threading.Thread(target=tick, daemon=True).start()\n"
)
WHILE_PARENT_LIVES = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    time.sleep(0.2)\n"
"""The Go entrypoint ends without its application."""


@dataclass(frozen=True)
class User:
    """Runs a command line with folders of its own, in the folder of a project."""

    home: Path
    project: Path
    program: Sequence[str | Path] = (PYTHON, WAYPOINT)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of whoever starts this."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("WAYPOINT_", "PYTHONPATH"))}
        data = {"XDG_DATA_HOME": str(self.home / "data")}
        return kept | go_programs.environment(self.home) | data | self.variables

    def waypoint(self, *words: str) -> str:
        """The output of a command that must succeed."""
        run = subprocess.run(
            [*self.program, *words],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if run.returncode:
            raise SystemExit(f"{self.program[-1]} {' '.join(words)}: {run.stdout}{run.stderr}")
        return run.stdout + run.stderr

    def server(self) -> Server:
        """The embedded one of our command line."""
        state = json.loads((self.home / "data" / "waypoint" / "server" / "server.json").read_text())
        token = Path(state["token_file"]).read_text().strip()
        return Server(state["pid"], state["grpc"], Path(state["certificate"]).read_bytes(), token)


def go_user(home: Path, project: Path, target: Server | None) -> User:
    """Somebody with the Go command line, who uses this server."""
    assert GO is not None
    return User(home, project, (GO.waypoint,), go_programs.connection(target) if target else {})


@contextlib.contextmanager
def go_alone(home: Path, project: Path) -> Iterator[tuple[User, Server]]:
    """Somebody who uses nothing but Go Waypoint, and its server, with an application under its entrypoint."""
    assert GO is not None
    with go_programs.server() as target:
        user = go_user(home, project, target)
        user.waypoint("init")
        variables = asyncio.run(deployed(target))
        entrypoint = subprocess.Popen(
            [GO.entrypoint, "/usr/bin/python3", "-c", TICKER + WHILE_PARENT_LIVES],
            env={"PATH": os.environ["PATH"], **go_programs.connection(target), **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            asyncio.run(connected(target, variables["WAYPOINT_DEPLOYMENT_ID"]))
            yield user, target
        finally:
            entrypoint.terminate()
            entrypoint.wait(15)


async def deployed(target: Server) -> dict[str, str]:
    """What the entrypoint of a new deployment is told, which has all that makes it whole for the Go command line."""
    status = pb.Status(state=pb.Status.SUCCESS)
    status.start_time.GetCurrentTime()
    status.complete_time.GetCurrentTime()
    known = {"application": APPLICATION, "workspace": WORKSPACE, "status": status}
    platform = pb.Component(type=pb.Component.PLATFORM, name="docker")
    async with target.channel() as channel:
        stub = WaypointStub(channel)
        build = pb.Build(component=pb.Component(type=pb.Component.BUILDER, name="docker"), **known)
        built = (await stub.UpsertBuild(pb.UpsertBuildRequest(build=build), metadata=target.metadata)).build
        artifact = pb.PushedArtifact(build_id=built.id, build=built, component=built.component, **known)
        request = pb.UpsertPushedArtifactRequest(artifact=artifact)
        pushed = (await stub.UpsertPushedArtifact(request, metadata=target.metadata)).artifact
        job = await stub.QueueJob(noop("absent"), metadata=target.metadata)
        parts = {"artifact_id": pushed.id, "job_id": job.job_id, "component": platform}
        deployment = pb.Deployment(state=pb.Operation.CREATED, **parts, **known)
        request = pb.UpsertDeploymentRequest(deployment=deployment)
        made = (await stub.UpsertDeployment(request, metadata=target.metadata)).deployment
        bound = pb.Token.Entrypoint(deployment_id=made.id)
        request = pb.InviteTokenRequest(duration="24h", unused_entrypoint=bound)
        invite = await stub.GenerateInviteToken(request, metadata=target.metadata)
    return {"WAYPOINT_DEPLOYMENT_ID": made.id, "WAYPOINT_CEB_INVITE_TOKEN": invite.token}


async def connected(target: Server, deployment: str) -> None:
    """Returns when an instance of the deployment has come to the server."""
    request = pb.ListInstancesRequest(deployment_id=deployment)
    async with target.channel() as channel:
        stub = WaypointStub(channel)
        while not (await stub.ListInstances(request, metadata=target.metadata)).instances:
            await asyncio.sleep(0.1)


def milliseconds(action: Callable[[], object], rounds: int) -> float:
    """Median wall time of an action, after one that is not counted."""
    action()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def show(name: str, taken: Mapping[str, float], goal: str = "", recorded: float | None = None, other: str = "") -> None:
    """Prints a figure; the ratio is to that of who uses nothing but Go Waypoint, or else to the recorded one."""
    cells = {GO_ALONE: recorded, **taken} if GO is None else taken
    line = "".join(f"{cells[one]:>20.0f} ms" if cells.get(one) else " " * 23 for one in COLUMNS)
    theirs = cells.get(GO_ALONE) or cells.get(GO_ON_OURS)
    ratio = f"{theirs / cells[OURS]:.2g} x" if theirs and OURS in cells else ""
    print(f"{name:<40}{line}{ratio:>9}   {goal:<12}{other}".rstrip(), flush=True)


def commands(users: Mapping[str, User], targets: Sequence[Server], rounds: int) -> None:
    """What everybody waits for several times a day."""

    def each(*words: str) -> dict[str, float]:
        return {name: milliseconds(lambda user=user: user.waypoint(*words), rounds) for name, user in users.items()}

    show("waypoint status", each("status"), "<= 200 ms", 50)
    show("waypoint deployment list", each("deployment", "list"), "<= 200 ms", 57)
    show("waypoint exec true", each("exec", "true"), "<= 290 ms", 571)
    delays = {name: log_latency(user) for name, user in users.items()}
    show("log line, application to waypoint logs", delays, "<= 150 ms")
    for target in targets:
        asyncio.run(target.jobs(JOBS))
    show(f"waypoint job list, {JOBS} jobs", each("job", "list"), "<= 250 ms", 262)


def log_latency(user: User) -> float:
    """Median from the application's print to the line that `waypoint logs` prints, of lines printed after its start."""
    follow = subprocess.Popen(
        [*user.program, "logs"],
        cwd=user.project,
        env=user.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert follow.stdout is not None
    began, delays = time.time() + 1, []
    for line in follow.stdout:
        if (found := re.search(r"tick (\d+\.\d+)", line)) and float(found[1]) > began:
            delays.append((time.time() - float(found[1])) * 1000)
        if len(delays) == TICKS:
            break
    follow.terminate()
    follow.wait()
    return statistics.median(delays)


def hello(home: Path, rounds: int) -> None:
    """The local platform: start-up, exec and logs without an engine."""
    project = home / "hello"
    shutil.copytree(ROOT / "examples" / "hello", project)
    app, written = project / "app.py", project / "waypoint.hcl"
    app.write_text(TICKER + app.read_text())
    written.write_text(written.read_text().replace('project = "hello"', 'project = "bench"'))
    show("python3 -c ''", {OURS: milliseconds(lambda: subprocess.run([PYTHON, "-c", ""], check=True), rounds)})
    nobody = {OURS: User(home / "elsewhere", project)}
    if GO:
        nobody[GO_ALONE] = go_user(home / "elsewhere", project, None)
    versions = {name: milliseconds(lambda user=user: user.waypoint("version"), rounds) for name, user in nobody.items()}
    show("waypoint version", versions, "<= 50 ms", 39)
    user = User(home, project)
    user.waypoint("init")
    try:
        show("waypoint up (files, local)", {OURS: milliseconds(lambda: user.waypoint("up"), 5)})
        users, targets = {OURS: user}, [user.server()]
        with contextlib.ExitStack() as stack:
            if GO:
                users[GO_ON_OURS] = go_user(home / "go", project, targets[0])
                users[GO_ALONE], target = stack.enter_context(go_alone(home / "go", project))
                targets.append(target)
            commands(users, targets, rounds)
    finally:
        user.waypoint("destroy", "-auto-approve")


def docker(home: Path, rounds: int) -> None:
    """The Docker plugins against the docker program on the same image."""
    if subprocess.run(["docker", "image", "inspect", "python:3-slim"], capture_output=True).returncode:
        print("no Docker engine with an image python:3-slim: the Docker figures are left out")
        return
    app = f"bench-{os.getpid()}"
    user = User(home, shop(home / "shop", app))
    names: list[str] = []

    def raw() -> None:
        names.append(f"waypoint-{app}-{len(names)}")
        build = {**os.environ, "DOCKER_BUILDKIT": "0"}
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(["docker", "build", "-t", f"waypoint-{app}", user.project], env=build, **quiet)
        subprocess.run(
            ["docker", "run", "-d", "--name", names[-1], "-e", "PORT=8000", "-P", f"waypoint-{app}"], **quiet
        )

    with contextlib.ExitStack() as stack:
        stack.callback(remove, app, names)
        base = milliseconds(raw, 5)
        show("docker build + docker run", {OURS: base})
        users = {OURS: user}
        user.waypoint("init")
        if GO:
            project = shop(home / "shop-go", f"{app}-go")
            carry_entrypoint(project)
            users[GO_ON_OURS] = go_user(home / "go", project, user.server())
            users[GO_ALONE] = go_user(home / "go", project, stack.enter_context(go_programs.server()))
        taken = {}
        for name, one in users.items():
            if one is not user:
                one.waypoint("init")
            stack.callback(one.waypoint, "destroy", "-auto-approve")
            taken[name] = milliseconds(lambda one=one: one.waypoint("up"), 5)
        told = f"{taken[OURS] / base:.1f} x docker, {taken[OURS] - base:.0f} ms more"
        show("waypoint up, nothing changed", taken, f"<= {base + 1000:.0f} ms", base + 2350, told)
        into = milliseconds(lambda: subprocess.run(["docker", "exec", names[-1], "true"], check=True), rounds)
        show("docker exec true", {OURS: into})
        ours = milliseconds(lambda: user.waypoint("exec", "true"), rounds)
        show("waypoint exec true (container)", {OURS: ours}, "<= 290 ms", 571, f"{ours / into:.1f} x docker")


def remove(app: str, names: Sequence[str]) -> None:
    """Removes these containers, and all images of the application and of those called after it."""
    listing = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter"]
    subprocess.run(["docker", "rm", "-f", *names], stdout=subprocess.DEVNULL)
    for reference in (f"waypoint-{app}", f"waypoint.local/{app}*"):
        images = subprocess.run([*listing, f"reference={reference}"], capture_output=True, text=True).stdout.split()
        subprocess.run(["docker", "rmi", "-f", *images], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def shop(project: Path, app: str) -> Path:
    """A project of one application in a container."""
    shutil.copytree(ROOT / "examples" / "docker-shop" / "web", project)
    (project / "waypoint.hcl").write_text(
        f'project = "{app}"\napp "{app}" {{\n  build {{\n    use "docker" {{}}\n  }}\n'
        '  deploy {\n    use "docker" {\n      service_port = 8000\n    }\n  }\n}\n'
    )
    return project


def carry_entrypoint(project: Path) -> None:
    """Puts the Go entrypoint where a Go command line that was built without one looks for it, and builds do not."""
    assert GO is not None
    place = project / "internal" / "assets" / "ceb" / "ceb"
    place.parent.mkdir(parents=True)
    place.symlink_to(GO.entrypoint)
    (project / ".dockerignore").write_text("internal\n")


def main() -> int:
    """Measure everything that can be measured here."""
    if not WAYPOINT.exists():
        print("dist/waypoint is not built: run `make zipapps` first", file=sys.stderr)
        return 1
    version = subprocess.run([PYTHON, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}, {os.cpu_count()} cores")
    print(f"{'':<40}" + "".join(f"{column:>23}" for column in COLUMNS) + f"{'ratio':>9}   goal")
    with tempfile.TemporaryDirectory(prefix="waypoint-bench-") as folder:
        home = Path(folder)
        try:
            hello(home, 15)
            docker(home, 15)
        finally:
            User(home, home).waypoint("server", "stop")
    return 0


if __name__ == "__main__":
    sys.exit(main())
