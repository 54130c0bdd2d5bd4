"""Why a job is where it is: one sentence for everything that can keep it or end it (server.md §7, §8)."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from wp_proto.own import queue_pb2 as own
from wp_proto.waypoint import api as pb
from wp_server.api import job_stream
from wp_server.auth import tokens
from wp_server.store import projects

from .job_peers import Request, Runner, job, refusal, until_state


@pytest.fixture
async def api(server, client, token):
    await server.store.write(projects.upsert, pb.Project(name="p"))
    return client(token)


@pytest.fixture
async def runner(api):
    runner = await Runner(api, "r1", remote=pb.Runner.Remote(), labels={"site": "here"}).register()
    yield runner
    await runner.leave()


async def explain(api, job_id: str) -> own.ExplainJobResponse:
    return await api.ExplainJob(own.ExplainJobRequest(job_id=job_id))


async def queue(api, target: str = "", **fields) -> str:
    return (await api.QueueJob(job(target, **fields))).job_id


def labels(**wanted: str) -> pb.Ref.Runner:
    return pb.Ref.Runner(labels=pb.Ref.RunnerLabels(labels=wanted))


async def test_without_any_runner(api):
    found = await explain(api, await queue(api))
    assert found.sentence == (
        "No runner takes it: no runner that takes any job is connected. Start one with `waypoint runner agent`, or "
        "cancel the job."
    )
    assert not found.candidates
    assert [item.what.split(":")[0] for item in found.history] == ["queued by user"]


async def test_with_runners_that_do_not_fit(api, client, runner):
    inside = await Runner(api, "cli", local=pb.Runner.Local(), by_id_only=True).register()
    found = await explain(api, await queue(api, target_runner=labels(site="there", size="large")))
    assert found.sentence.startswith(
        "No runner takes it: no runner with the labels site=there, size=large is connected; "
    )
    reasons = {one.runner_id: (one.fits, one.reason) for one in found.candidates}
    assert reasons == {
        "r1": (False, "lacks the labels site=there, size=large"),
        "cli": (False, "takes only jobs that name it"),
    }
    found = await explain(api, await queue(api, "gone"))
    assert "the runner gone, which the job names, is not connected" in found.sentence
    assert {one.reason for one in found.candidates} == {"is not the one that the job names"}
    await inside.leave()


async def test_with_a_runner_that_is_not_adopted_or_was_rejected(api, client, server, runner):
    await api.AdoptRunner(pb.AdoptRunnerRequest(runner_id="r1", adopt=False))
    found = await explain(api, await queue(api))
    assert [one.reason for one in found.candidates] == ["was rejected"]


async def test_behind_others(api, runner):
    taken = await queue(api)
    stream, _ = await runner.take()
    waiting = [await queue(api) for _ in range(3)]
    first, last = await explain(api, waiting[0]), await explain(api, waiting[-1])
    assert first.sentence == "Waiting for a free runner, first in the queue: r1 works on 1 job."
    assert last.sentence == "Waiting for a free runner, 2 jobs ahead of it in the queue: r1 works on 1 job."
    found = await explain(api, taken)
    await until_state(api, taken, pb.Job.RUNNING)
    found = await explain(api, taken)
    assert found.sentence == "Running on the runner r1."
    assert [item.what for item in found.history][1:] == [
        "handed to the runner r1",
        "confirmed by the runner, which began to work",
    ]
    stream.cancel()


async def test_behind_another_operation_on_the_same_application(api, runner):
    first = await queue(api, up=pb.Job.UpOp())
    await runner.take()
    found = await explain(api, await queue(api, up=pb.Job.UpOp()))
    assert found.sentence == f"Waiting for the up of p/web in workspace default to finish (job {first})..."


async def test_behind_what_it_depends_on(api, runner):
    first = await queue(api)
    second = await queue(api, depends_on=[first])
    assert (await explain(api, second)).sentence == (
        f"Waiting for what it depends on to finish: noop {first} (queued)."
    )


async def test_handed_out_and_not_confirmed(api, runner):
    queued = await queue(api)
    await runner.take(ack=False)
    await until_state(api, queued, pb.Job.WAITING)
    assert (await explain(api, queued)).sentence == (
        "Handed to the runner r1, which has not confirmed it; after 2 minutes it goes back to the queue."
    )


async def test_given_back_by_its_runner(api, runner):
    queued = await queue(api)
    stream, _ = await runner.take(ack=False)
    await stream.write(Request(error=Request.Error()))
    await until_state(api, queued, pb.Job.QUEUED)
    found = await explain(api, queued)
    assert "taken back after it had been handed out (once)" in [item.what for item in found.history]


async def test_running_on_a_runner_that_went_away(api, runner):
    queued = await queue(api)
    stream, _ = await runner.take()
    await until_state(api, queued, pb.Job.RUNNING)
    stream.cancel()
    await runner.leave()
    async with asyncio.timeout(60):
        while "which is not connected" not in (await explain(api, queued)).sentence:
            await asyncio.sleep(0.02)


async def test_asked_to_stop(api, runner):
    queued = await queue(api)
    stream, _ = await runner.take()
    await until_state(api, queued, pb.Job.RUNNING)
    await api.CancelJob(pb.CancelJobRequest(job_id=queued))
    assert (await explain(api, queued)).sentence == "Running on the runner r1, and was asked to stop."
    stream.cancel()


async def test_ended(api, runner):
    done, failed, cancelled = [await queue(api) for _ in range(3)]
    await runner.work()
    stream, _ = await runner.take()
    await stream.write(Request(error=Request.Error(error={"code": 9, "message": "the Dockerfile is empty"})))
    assert await stream.read() is grpc.aio.EOF
    await api.CancelJob(pb.CancelJobRequest(job_id=cancelled))
    assert (await explain(api, done)).sentence == "Done by the runner r1."
    assert (await explain(api, failed)).sentence == "Ended on the runner r1: the Dockerfile is empty"
    assert (await explain(api, cancelled)).sentence == "Ended before any runner had it: canceled"


async def test_a_client_that_waits_is_told_once_without_asking(api, monkeypatch):
    monkeypatch.setattr(job_stream, "EXPLAIN_AFTER", 0)
    monkeypatch.setattr(job_stream, "QUEUE_LOOK_SECONDS", 0.05)
    queued = await queue(api)
    told: list[str] = []

    async def follow() -> None:
        async for event in api.GetJobStream(pb.GetJobStreamRequest(job_id=queued)):
            told.extend(one.line.msg for one in event.terminal.events)

    following = asyncio.ensure_future(follow())
    async with asyncio.timeout(60):
        while not told:
            await asyncio.sleep(0.02)
        assert told[0].startswith("No runner takes it: no runner that takes any job is connected.")
        runner = await Runner(api, "late", remote=pb.Runner.Remote()).register()
        while len(told) < 2:
            await asyncio.sleep(0.02)
        await runner.work()
        await following
    assert told[1:] == ["Waiting for a free runner, first in the queue: late is free."]
    await runner.leave()


async def test_a_runner_hears_about_its_own_jobs_only(api, client, server, runner):
    queued = await queue(api, "r1")
    token = await server.store.read(tokens.runner, "r2", {}, None)
    other = await Runner(client(token), "r2", remote=pb.Runner.Remote()).register()
    code, _ = await refusal(other.api.ExplainJob(own.ExplainJobRequest(job_id=queued)))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    await other.leave()
    code, _ = await refusal(api.ExplainJob(own.ExplainJobRequest(job_id="no")))
    assert code is grpc.StatusCode.NOT_FOUND
