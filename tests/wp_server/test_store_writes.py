"""Group commit: calls share a transaction, fail alone, and are answered after the disk has them."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import Connection, text

from wp_proto.waypoint import api as pb
from wp_server.errors import AlreadyExists, Unavailable
from wp_server.ids import new_id
from wp_server.jobs import machine
from wp_server.store import Store, changed, jobs, keys, projects, transitions
from wp_server.store.moves import Cause

from .peers import eventually
from .store_watch import Told


def count(connection: Connection) -> int:
    return connection.execute(text("SELECT count(*) FROM hmac_keys")).scalar_one()


def create_and_fail(connection: Connection, name: str) -> None:
    keys.create_key(connection, name)
    changed(connection, "never")
    raise AlreadyExists("no")


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_calls_that_wait_together_share_commits_and_each_is_there(store):
    versions_before = await store.read(_data_version)
    await asyncio.gather(*(store.write(keys.create_key, f"k{number}") for number in range(200)))
    assert await store.read(count) == 200
    assert await store.read(_data_version) != versions_before
    assert store.commits < 100, "200 writes that waited together took one commit each"


async def test_a_failing_call_rolls_back_alone(store):
    calls = [store.write(create_and_fail if number % 3 == 0 else keys.create_key, f"k{number}") for number in range(30)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    for number, outcome in enumerate(outcomes):
        assert isinstance(outcome, AlreadyExists) == (number % 3 == 0)
        assert (await store.read(keys.key, f"k{number}") is None) == (number % 3 == 0)


async def test_a_broken_statement_fails_its_own_call_only(store):
    def broken(connection: Connection) -> None:
        keys.create_key(connection, "broken")
        connection.execute(text("INSERT INTO nowhere VALUES (1)"))

    outcomes = await asyncio.gather(
        store.write(keys.create_key, "a"),
        store.write(broken),
        store.write(keys.create_key, "b"),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], Exception)
    assert [await store.read(keys.key, name) is None for name in ("a", "broken", "b")] == [False, True, False]


async def test_a_write_whose_caller_went_away_still_happens_whole(store):
    task = asyncio.ensure_future(store.write(keys.create_key, "k1"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await store.write(keys.create_key, "k2")  # on PostgreSQL not necessarily after the other one
    async with asyncio.timeout(60):
        while not await store.read(keys.key, "k1"):
            await asyncio.sleep(0.01)


async def test_a_change_is_announced_after_its_commit_and_only_then(store):
    with store.changes.subscribe(("auth", "never")) as news:
        with pytest.raises(AlreadyExists):
            await store.write(create_and_fail, "k0")
        assert await news.wait(0.05) == frozenset()
        await store.write(keys.create_key, "k1")
        assert await news.wait(60) == {"auth"}
        assert await store.read(keys.key, "k1")


async def test_moves_of_jobs_are_told_after_their_commit_and_only_then(store):
    store.watch = told = Told()
    await store.write(projects.upsert, pb.Project(name="p"))
    app = pb.Ref.Application(project="p", application="web")
    job = pb.Job(id=new_id(), application=app, workspace=pb.Ref.Workspace(workspace="default"), noop=pb.Job.Noop())

    def queue(connection: Connection) -> None:
        jobs.insert(connection, job, machine.queued(1, None), "user:test", 0)

    def cancel_and_fail(connection: Connection) -> None:
        transitions.cancel(connection, job.id, False)
        raise AlreadyExists("no")

    await store.write(queue)
    with pytest.raises(AlreadyExists):
        await store.write(cancel_and_fail)
    assert told.moves == []
    await store.write(transitions.cancel, job.id, False)
    await eventually(lambda: told.moves)
    (move,) = told.moves
    assert (move.operation, move.cause) == ("noop", Cause.ASKED)
    assert (move.before.state, move.after.state) == (machine.State.QUEUED, machine.State.ERROR)


async def test_many_changes_between_two_waits_are_one_wake_up(store):
    with store.changes.subscribe("auth") as news:
        for number in range(20):
            await store.write(keys.create_key, f"k{number}")
        assert await news.wait(60) == {"auth"}
        assert await news.wait(0.05) == frozenset()


async def test_reads_go_on_while_a_write_is_long(store):
    entered, leave = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def long(connection: Connection) -> None:
        keys.create_key(connection, "long")
        loop.call_soon_threadsafe(entered.set)
        assert leave.wait(60)

    writing = asyncio.ensure_future(store.write(long))
    await entered.wait()
    assert await store.read(count) == 0
    leave.set()
    await writing
    assert await store.read(count) == 1


async def test_a_read_sees_one_moment(store):
    """Between two statements of one read another connection commits; the read does not notice."""
    await store.write(keys.create_key, "k0")

    def twice(connection: Connection) -> tuple[int, int]:
        first = count(connection)
        store_engine = store._engine
        with store_engine.begin() as other:
            keys.create_key(other, "x")
        return first, count(connection)

    assert await store.read(twice) == (1, 1)
    assert await store.read(count) == 2


async def test_a_closed_store_answers_what_waits_and_refuses_the_rest(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/data.db")
    waiting = [asyncio.ensure_future(store.write(keys.create_key, f"k{number}")) for number in range(50)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*waiting)
    with pytest.raises(Unavailable):
        await store.write(keys.create_key, "late")
    store = Store.open(f"sqlite:///{tmp_path}/data.db")
    assert await store.read(count) == 50
    await store.close()


def _data_version(connection: Connection) -> int:
    return connection.execute(text("PRAGMA data_version")).scalar_one()
