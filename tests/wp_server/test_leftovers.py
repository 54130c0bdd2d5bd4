"""A launched runner whose clean-up failed is cleaned up later (server.md §7.9), on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from google.rpc.status_pb2 import Status
from sqlalchemy import Connection, update

from wp_proto.waypoint import api as pb
from wp_server.auth import tokens
from wp_server.errors import Aborted
from wp_server.jobs import leftovers, queueing
from wp_server.jobs.deadlines import ALONE, SWEEPING
from wp_server.store import claims, clock, jobs, keys, profiles, projects, replicas, settings, tasks, transitions
from wp_server.store.claims import Candidate
from wp_server.store.schema import tasks as table
from wp_server.store.tasks import TaskRow

LAUNCHER = Candidate("launcher", {}, by_id_only=False)
PROFILE = pb.OnDemandRunnerConfig(name="own", plugin_type="local", default=True, oci_url="odr")


@pytest.fixture
async def task(store) -> TaskRow:
    """A task whose clean-up has failed."""
    await queued(store)
    (found,) = await store.read(tasks.newest)
    await run(store, found.start)
    await store.write(transitions.cancel, "WORK", True)
    await run(store, found.watch)
    await run(store, found.stop, error="the platform is away")
    return await only(store)


async def queued(store) -> None:
    await store.write(settings.prepare)
    await store.write(tokens.bootstrap)
    await store.write(projects.upsert, pb.Project(name="p"))
    profile = pb.OnDemandRunnerConfig()
    profile.CopyFrom(PROFILE)
    profile.target_runner.any.SetInParent()
    await store.write(profiles.upsert, profile)
    job = pb.Job(id="WORK", application=pb.Ref.Application(project="p", application="web"), noop=pb.Job.Noop())
    job.workspace.workspace = "default"
    job.target_runner.any.SetInParent()
    job.data_source.local.SetInParent()
    await store.write(queueing.queue, [job], None, "user:u")


async def only(store) -> TaskRow:
    (found,) = await store.read(tasks.newest)
    return found


async def run(store, job_id: str, error: str = "") -> None:
    """A launcher takes exactly this job and ends it."""
    (row,) = await store.write(claims.claim, LAUNCHER, 1)
    assert row.job.id == job_id
    fence = row.position.assignment
    await store.write(transitions.acknowledge, job_id, fence)
    if error:
        await store.write(transitions.fail, job_id, fence, Status(code=9, message=error))
    else:
        await store.write(transitions.complete, job_id, fence, pb.Job.Result())


def stop_times(connection: Connection) -> list[int | None]:
    return list(connection.execute(table.select().with_only_columns(table.c.stop_again)).scalars())


async def due(store) -> None:
    await store.write(lambda connection: connection.execute(update(table).values(stop_again=0)))


async def test_it_is_tried_again_later_and_then_well(store, task):
    (again,) = await store.read(stop_times)
    pause = again - await store.read(clock.now)
    assert 0 < pause <= tasks.FIRST_PAUSE
    await store.write(leftovers.stop_again, ALONE)
    assert await only(store) == task, "not before it is time"

    await due(store)
    await store.write(leftovers.stop_again, ALONE)
    now = await only(store)
    assert now.stop != task.stop
    failed, queued = [await store.read(jobs.message, job_id) for job_id in (task.stop, now.stop)]
    assert queued.stop_task == failed.stop_task
    assert queued.target_runner.WhichOneof("target") == "any"
    assert not queued.HasField("ondemand_runner"), "it launches no runner for itself"
    assert len(await store.read(tasks.newest)) == 1
    assert await store.read(tasks.get, pb.Ref.Task(job_id=task.stop)) == now, "found by the first clean-up, too"
    assert await store.read(stop_times) == [None]

    await run(store, now.stop)
    assert await store.read(stop_times) == [None]
    assert await store.read(keys.is_denied, now.token_accessor)


async def test_the_pauses_get_longer_and_end(store, task):
    pauses = []
    for number in range(10):
        await due(store)
        await store.write(leftovers.stop_again, ALONE)
        before = await store.read(clock.now)
        await run(store, (await only(store)).stop, error="still away")
        after = await store.read(clock.now)
        (again,) = await store.read(stop_times)
        pauses.append((again - after, again - before))
        assert (await only(store)).stops_failed == number + 2
    expected = [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]
    for seconds, (least, most) in zip(expected, pauses, strict=True):
        assert least <= seconds * tasks.SECOND <= most
    await store.write(tasks.stopped, replace(task, stops_failed=tasks.MOST_STOPS), True)
    assert await store.read(stop_times) == [None]


@pytest.mark.parametrize("end", ["killed", "cancelled", "restored"])
async def test_however_the_clean_up_ended(store, task, end):
    await due(store)
    await store.write(leftovers.stop_again, ALONE)
    stop = (await only(store)).stop
    if end != "cancelled":
        (row,) = await store.write(claims.claim, LAUNCHER, 1)
        await store.write(transitions.acknowledge, stop, row.position.assignment)
    if end == "restored":
        await store.write(transitions.settle_restored, False)
    else:
        await store.write(transitions.cancel, stop, True)
    (again,) = await store.read(stop_times)
    assert again is not None


async def test_a_clean_up_that_was_cancelled_too_early_still_waits_for_the_work(store):
    await queued(store)
    found = await only(store)
    await run(store, found.start)
    await store.write(transitions.cancel, found.stop, True)
    await due(store)
    await store.write(leftovers.stop_again, ALONE)
    again = (await only(store)).stop
    assert again != found.stop
    (row,) = await store.write(claims.claim, LAUNCHER, 5)
    assert row.job.id == found.watch
    assert {one.id for one in await store.read(jobs.unfinished_dependencies, again)} == {"WORK", found.watch}


async def test_only_whoever_has_the_duty_does_it(store, task):
    await due(store)
    fence = await store.write(replicas.hold, SWEEPING)
    with pytest.raises(Aborted):
        await store.write(leftovers.stop_again, fence + 1)
    assert (await only(store)).stop == task.stop
    running = asyncio.create_task(leftovers.run(store, lambda: fence))
    try:
        async with asyncio.timeout(60):
            while (await only(store)).stop == task.stop:
                await asyncio.sleep(0.02)
    finally:
        running.cancel()
