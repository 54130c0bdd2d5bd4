"""Several servers on one database poll as one, also when the one that did is killed (server.md §9.1, §11.4)."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.postgres import PostgresServer

from wp_proto.waypoint import api as pb
from wp_server.auth import tokens
from wp_server.store import Store, jobs, projects
from wp_server.store.jobs import JobSearch

from .conftest import Client, channel
from .job_peers import Request, Runner
from .test_replicas import ReplicaProcess

UNFINISHED = frozenset({pb.Job.QUEUED, pb.Job.WAITING, pb.Job.RUNNING})


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(90):
        while not await true():
            await asyncio.sleep(0.1)


async def answer_polls(runner: Runner) -> None:
    """Takes every poll; there is nothing new."""
    while True:
        stream, job = await runner.take()
        assert job.WhichOneof("operation") == "poll"
        ref = pb.Job.DataSource.Ref(git=pb.Job.Git.Ref(commit=job.application.project, tree="t"))
        result = pb.Job.Result(poll=pb.Job.PollResult(new_ref=ref))
        await stream.write(Request(complete=Request.Complete(result=result)))
        await stream.read()


@pytest.mark.timeout(300)
async def test_the_next_server_goes_on_polling(postgres: PostgresServer, tmp_path: Path):
    url = postgres.emptied()
    first, second = (ReplicaProcess(url, tmp_path / name) for name in "ab")
    store = Store.open(url)
    tasks: list[asyncio.Task[None]] = []
    try:
        async with AsyncExitStack() as stack:
            await first.start()
            await second.start()
            source = pb.Job.DataSource(git=pb.Job.Git(url="https://git.example/shop.git"))
            poll = pb.Project.Poll(enabled=True, interval="1s")
            quiet = pb.Project.AppStatusPoll()
            for name in ("a", "b", "c"):
                await store.write(
                    projects.upsert,
                    pb.Project(name=name, data_source=source, data_source_poll=poll, status_report_poll=quiet),
                )
            connected = channel(second.address, second.chain)
            stack.push_async_callback(connected.close)
            runner = Runner(Client(connected, await store.write(tokens.bootstrap)), "r", remote=pb.Runner.Remote())
            await runner.register()
            tasks.append(asyncio.create_task(answer_polls(runner)))

            async def polled(name: str) -> list[pb.Job]:
                found = await store.read(jobs.listed, JobSearch(project=name))
                assert sum(job.state in UNFINISHED for job in found) <= 1
                assert all("replaced" not in job.error.message for job in found)
                return found

            async def each_more_than(count: int) -> bool:
                return all([len(await polled(name)) > count for name in ("a", "b", "c")])

            await until(lambda: each_more_than(2))
            first.end(signal.SIGKILL)
            known = max([len(await polled(name)) for name in ("a", "b", "c")])
            await until(lambda: each_more_than(known + 2))
            tasks[0].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await runner.leave()
    finally:
        for task in tasks:
            task.cancel()
        for server in (first, second):
            server.end(signal.SIGKILL)
        await store.close()
