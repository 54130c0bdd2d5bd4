"""The program killed at its writes: what was answered is there, nothing is half done, and work goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import grpc
import pytest

from wp_proto.waypoint import api as pb
from wp_server import app, local

from .conftest import START_DEADLINE, Client, ServerProcess
from .job_peers import APP, Request, Runner, job, line, lines, until_state, watch

KILLS = 8
"""As many places as the time of one test allows, evenly spread over all that there are."""
FAR_AWAY = 1_000_000
DEADLINE = 60.0
PROGRAM = Path(__file__).with_name("killed_server.py")
VARIABLES = ("A", "B", "C")


class Mortal(ServerProcess):
    """The program with a limit of writes."""

    def __init__(self, directory: Path, limit: int) -> None:
        super().__init__(directory)
        self.go, self.count = directory / "go", directory / "count"
        self._limit = limit

    async def begin(self) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WAYPOINT_")}
        command = [sys.executable, PROGRAM, str(self._limit), self.go, self.count]
        self.process = subprocess.Popen(
            [*command, "run", "-local", f"-db={self.directory / 'data.db'}"],
            env=environment | {"PYTHONPATH": str(Path(app.__file__).parents[1])},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        async with asyncio.timeout(START_DEADLINE):
            while not (self.directory / local.STATE_FILE).exists():
                assert self.process.poll() is None
                await asyncio.sleep(0.02)


@asynccontextmanager
async def connected(server: ServerProcess) -> AsyncIterator[Client]:
    async with server.channel() as opened:
        yield Client(opened, server.token)


def record(job_id: str) -> pb.Deployment:
    found = pb.Deployment(application=APP, job_id=job_id, state=pb.Operation.PENDING)
    found.workspace.workspace = "default"
    found.component.name = "docker"
    found.status.state = pb.Status.RUNNING
    return found


async def story(user: Client, told: list[str]) -> None:
    """A project, its variables, a job that deploys and one that fails; notes what was answered."""
    await user.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="p")))
    told.append("project")
    await user.UpsertApplication(pb.UpsertApplicationRequest(project={"project": "p"}, name="web"))
    told.append("application")
    target = pb.ConfigVar.Target(application=APP)
    variables = [pb.ConfigVar(name=name, static="x", target=target) for name in VARIABLES]
    await user.SetConfig(pb.ConfigSetRequest(variables=variables))
    told.append("configured")
    runner = await Runner(user, "r1").register()
    for good in (True, False):
        job_id = (await user.QueueJob(job("r1", up=pb.Job.UpOp()))).job_id
        told.append(f"queued {job_id}")
        stream, _ = await runner.take()
        made = (await user.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=record(job_id)))).deployment
        told.append(f"deployed {made.id}")
        await stream.write(line("hello"))
        if good:
            made.status.state, made.state = pb.Status.SUCCESS, pb.Operation.CREATED
            await user.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=made))
            await stream.write(Request(complete=Request.Complete()))
        else:
            await stream.write(Request(error=Request.Error(error={"code": 2, "message": "no"})))
        assert await stream.read() is grpc.aio.EOF, await stream.code()
        told.append(f"{'done' if good else 'failed'} {job_id}")
    await runner.leave()


async def inspect(user: Client, told: list[str], folder: Path) -> None:
    """Fails when something that was answered is missing, or something is half done."""
    projects = {one.project for one in (await user.ListProjects(pb.ListProjectsRequest())).projects}
    assert ("project" not in told) or "p" in projects
    if "p" not in projects:
        return
    project = (await user.GetProject(pb.GetProjectRequest(project={"project": "p"}))).project
    assert ("application" not in told) or [one.name for one in project.applications] == ["web"]
    with closing(sqlite3.connect(f"file:{folder / 'data.db'}?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    if project.applications:
        found = (await user.GetConfig(pb.ConfigGetRequest(application=APP))).variables
        assert len(found) in (0, len(VARIABLES)), "a set of variables is whole"
        assert ("configured" not in told) or found
    jobs = {one.id: one for one in (await user.ListJobs(pb.ListJobsRequest())).jobs}
    for words in told:
        match words.split():
            case ["queued", job_id]:
                assert job_id in jobs
            case ["done", job_id]:
                assert jobs[job_id].state == pb.Job.SUCCESS
                assert lines(await watch(user, job_id)) == ["hello"]
            case ["failed", job_id]:
                assert jobs[job_id].state == pb.Job.ERROR
            case ["deployed", deployment_id]:
                await user.GetDeployment(pb.GetDeploymentRequest(ref={"id": deployment_id}))
    if project.applications:
        asked = pb.ListDeploymentsRequest(application=APP)
        numbers = sorted(one.sequence for one in (await user.ListDeployments(asked)).deployments)
        assert numbers == list(range(1, len(numbers) + 1)), "number and record are given together"


async def go_on(user: Client) -> None:
    """Jobs that were under way are finished by their runner, and the application is not locked for good."""
    await user.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="p")))
    runner = await Runner(user, "r1").register()
    jobs = (await user.ListJobs(pb.ListJobsRequest())).jobs
    async with asyncio.timeout(DEADLINE):
        for running in [one for one in jobs if one.state == pb.Job.RUNNING]:
            stream, taken = await runner.take(reattach=running.id)
            assert taken.id == running.id
            await stream.write(Request(complete=Request.Complete()))
            assert await stream.read() is grpc.aio.EOF
        waiting = [one.id for one in jobs if one.state in (pb.Job.QUEUED, pb.Job.WAITING)]
        last = (await user.QueueJob(job("r1", up=pb.Job.UpOp()))).job_id
        assert [await runner.work() for _ in (*waiting, last)] == [*sorted(waiting), last]
    await until_state(user, last, pb.Job.SUCCESS)
    await runner.leave()


async def one_life(folder: Path, limit: int) -> int:
    """One server's life and its successor's; returns how many writes there were."""
    folder.mkdir()
    server = Mortal(folder, limit)
    told: list[str] = []
    try:
        await server.begin()
        server.go.touch()
        async with connected(server) as user:
            try:
                async with asyncio.timeout(DEADLINE):
                    await story(user, told)
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError, AssertionError, AttributeError):
                assert limit != FAR_AWAY
            else:
                server.process.kill()  # calls that came together shared their writes: it had less of them this time
            assert await asyncio.to_thread(server.process.wait, DEADLINE) == -signal.SIGKILL
        count = server.count.stat().st_size
    finally:
        server.clean()
    after = ServerProcess(folder)
    try:
        await after.start()
        async with connected(after) as user:
            await inspect(user, told, folder)
            await go_on(user)
    except BaseException:
        print(f"killed at write {limit}, told {told}")
        raise
    finally:
        after.clean()
    return count


@pytest.mark.timeout(900)
async def test_whatever_write_it_is_killed_at(tmp_path):
    total = await one_life(tmp_path / "whole", FAR_AWAY)
    assert total > KILLS
    for limit in sorted({1 + total * number // KILLS for number in range(KILLS)}):
        await one_life(tmp_path / str(limit), limit)
