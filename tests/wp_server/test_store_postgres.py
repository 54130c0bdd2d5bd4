"""PostgreSQL alone: several stores on one database, and a database that goes away."""

from __future__ import annotations

import asyncio
import itertools
import os
import resource
import secrets
import subprocess
import threading
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, event, text
from tests.postgres import PostgresServer

from wp_proto.waypoint import api as pb
from wp_server.auth import tokens
from wp_server.errors import InvalidArgument, PermissionDenied, ResourceExhausted, Unavailable
from wp_server.ids import new_id
from wp_server.store import (
    Store,
    StoreError,
    changed,
    claims,
    job_groups,
    keys,
    operations,
    patience,
    projects,
    settings,
)
from wp_server.store.claims import Candidate
from wp_server.store.slices import EVERYTHING

from .store_watch import Told

APP = pb.Ref.Application(project="p", application="web")
DEADLINE = 60.0
END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'emptied'"


@pytest.fixture
async def stores(postgres: PostgresServer) -> AsyncIterator[list[Store]]:
    """Two stores on one database, as two servers have them."""
    url = postgres.emptied()
    opened = [Store.open(url) for _ in range(2)]
    yield opened
    for store in opened:
        await store.close()


def job(**fields) -> pb.Job:
    fields.setdefault("noop" if "up" not in fields else "up", {})
    return pb.Job(
        id=new_id(),
        application=APP,
        workspace=pb.Ref.Workspace(workspace="default"),
        target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
        **fields,
    )


async def test_what_one_server_commits_wakes_the_other(stores):
    one, other = stores
    with other.changes.subscribe("projects") as news:
        await one.write(projects.upsert, pb.Project(name="p"))
        assert await news.wait(DEADLINE) == {"projects"}
        assert (await other.read(projects.get, "p")).name == "p"
    version = other.changes.version("auth")
    await one.write(keys.create_key, "k1")
    async with asyncio.timeout(DEADLINE):
        while other.changes.version("auth") == version:
            await asyncio.sleep(0.01)


async def test_news_arrive_also_at_a_server_with_thousands_of_open_files(postgres):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2_000:
        pytest.skip("optional: no more than 2 000 open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2_000), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_100)]
    one = Store.open(postgres.emptied())
    other = Store.open(postgres.url("emptied"))
    try:
        with other.changes.subscribe("projects") as news:
            await one.write(projects.upsert, pb.Project(name="p"))
            assert await news.wait(DEADLINE) == {"projects"}
    finally:
        for file in held:
            os.close(file)
        await one.close()
        await other.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_more_topics_than_a_message_takes_all_arrive(stores):
    one, other = stores
    topics = [f"job/{new_id()}{'x' * (9_000 if number == 7 else 0)}" for number in range(1_000)]

    def many(connection: Connection) -> None:
        changed(connection, *topics)

    with other.changes.subscribe(topics) as news:
        await one.write(many)
        heard: set[str] = set()
        async with asyncio.timeout(DEADLINE):
            while heard != set(topics):
                heard |= await news.wait(DEADLINE)


async def test_two_servers_never_give_out_one_job_twice(stores):
    group = [job() for _ in range(60)]
    await stores[0].write(job_groups.queue, group, None, "user:u")
    runners = [Candidate(f"r{number}", {}, by_id_only=False) for number in range(6)]

    async def take(store: Store, runner: Candidate) -> list[str]:
        taken: list[str] = []
        while rows := await store.write(claims.claim, runner, 3):
            taken += [row.job.id for row in rows]
        return taken

    async with asyncio.timeout(DEADLINE):
        taken: list[str] = []
        while len(taken) < len(group):  # a claim may step over what another one holds and then gives back
            for ids in await asyncio.gather(*(take(stores[n % 2], runner) for n, runner in enumerate(runners))):
                taken += ids
    assert sorted(taken) == sorted(one.id for one in group)


async def test_two_servers_never_run_two_locked_jobs_of_one_project(stores):
    whole = pb.Job.DestroyProjectOp(project=pb.Ref.Project(project="p"))
    for _ in range(10):
        group = [job(up={}), job(up={})]
        destroy = job()
        destroy.destroy_project.CopyFrom(whole)
        group.append(destroy)
        await stores[0].write(job_groups.queue, group, None, "user:u")
        runner = Candidate("r1", {}, by_id_only=False)
        given = await asyncio.gather(*(stores[n % 2].write(claims.claim, runner, 3) for n in range(6)))
        assert sum(len(rows) for rows in given) == 1
        await stores[0].write(lambda connection: connection.execute(text("DELETE FROM app_locks")))
        await stores[0].write(lambda connection: connection.execute(text("DELETE FROM jobs")))


async def test_two_servers_bootstrap_once_and_count_without_a_gap(stores):
    outcomes = await asyncio.gather(*(stores[n % 2].write(tokens.bootstrap) for n in range(8)), return_exceptions=True)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, PermissionDenied) for outcome in outcomes) == 7
    build = pb.Build(application=APP, workspace=pb.Ref.Workspace(workspace="default"))
    made = await asyncio.gather(*(stores[n % 2].write(operations.upsert, operations.BUILD, build) for n in range(20)))
    assert sorted(one.sequence for one in made) == list(range(1, 21))
    indexes = [await stores[n % 2].write(settings.take_exec_index, 5) for n in range(6)]
    assert indexes == sorted(set(indexes))


async def test_every_reader_that_writes_what_it_read_is_as_if_alone(stores):
    """Each adds one to a value in a way that would lose updates without isolation."""

    def add(connection: Connection) -> None:
        settings.raise_exec_ceiling(connection, settings.exec_ceiling(connection) + 1)

    await asyncio.gather(*(stores[n % 2].write(add) for n in range(40)))
    assert await stores[0].read(settings.exec_ceiling) == 40


async def test_a_transaction_that_met_another_one_is_told_to_who_counts_them(stores):
    stores[0].watch = told = Told()
    both_read, attempts = threading.Barrier(2), itertools.count()

    def add(connection: Connection) -> None:
        ceiling = settings.exec_ceiling(connection)
        if next(attempts) < both_read.parties:
            both_read.wait(DEADLINE)
        settings.raise_exec_ceiling(connection, ceiling + 1)

    await asyncio.gather(*(stores[0].write(add) for _ in range(both_read.parties)))
    assert await stores[0].read(settings.exec_ceiling) == 2
    assert told.repeats == 1
    assert [kind for kind, _, _ in told.calls] == ["write", "write", "read"]
    assert all(0 <= waited <= seconds for _, waited, seconds in told.calls)


async def test_lists_are_in_the_order_of_bytes_whatever_the_database_thinks(stores):
    names = ["a-b", "a_b", "ab", "a.c", "b", "Å"]
    for name in names:
        await stores[0].write(projects.upsert, pb.Project(name=name))
    listed = await stores[0].read(projects.page, EVERYTHING)
    assert [one.name for one in listed] == sorted(names, key=str.lower)


async def test_a_text_that_the_database_cannot_hold_is_the_callers_mistake(stores):
    with pytest.raises(InvalidArgument, match="such as NUL"):
        await stores[0].write(projects.upsert, pb.Project(name="a\0b"))
    with pytest.raises(InvalidArgument, match="too long for the database"):
        await stores[0].write(projects.upsert, pb.Project(name=secrets.token_hex(9_000)))


@pytest.fixture
async def own(postgres: PostgresServer) -> AsyncIterator[Store]:
    """A store whose server is about to go away, and is there again at the end."""
    store = Store.open(postgres.emptied())
    yield store
    await store.close()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_database_that_goes_away_and_comes_back(postgres, own, mode):
    await own.write(keys.create_key, "before")
    with own.changes.subscribe("server") as news:
        await asyncio.to_thread(postgres.stop, mode)
        try:
            with pytest.raises(Unavailable, match="cannot reach its database"):
                await own.write(keys.create_key, "meanwhile")
            with pytest.raises(Unavailable, match="cannot reach its database"):
                await own.read(keys.key, "before")
            patient = asyncio.create_task(_patiently(own, "patient"))
        finally:
            await asyncio.to_thread(postgres.start)
        await patient
        assert await own.read(keys.key, "before")
        assert await own.read(keys.key, "meanwhile") is None
        assert await own.read(keys.key, "patient")
        assert await news.wait(DEADLINE) == {"server"}, "after a break everything counts as changed"
    version = own.changes.version("auth")
    other = Store.open(postgres.url("emptied"))
    await other.write(keys.create_key, "told")
    await other.close()
    async with asyncio.timeout(DEADLINE):
        while own.changes.version("auth") == version:
            await asyncio.sleep(0.01)


async def _patiently(store: Store, name: str) -> None:
    patience.be_patient()
    await store.write(keys.create_key, name)


async def test_a_break_during_the_commit_says_that_the_outcome_is_open(postgres, own):
    left = ["once"]

    def end_sessions(_connection: Connection) -> None:
        if left:
            left.pop()
            postgres.execute(END_SESSIONS)

    event.listen(own._engine, "commit", end_sessions)
    patience.be_patient()
    with pytest.raises(Unavailable, match="look whether it was saved"):
        await own.write(keys.create_key, "k1")
    await own.write(keys.create_key, "k2")


async def test_connections_that_died_in_the_pool_are_not_noticed_by_callers(postgres, own):
    await asyncio.gather(*(own.write(keys.create_key, f"k{number}") for number in range(20)))
    postgres.execute(END_SESSIONS)
    await own.write(keys.create_key, "after")
    assert await own.read(keys.key, "after")


@pytest.mark.skipif(os.geteuid() != 0, reason="optional: needs root to mount a small disk")
async def test_a_really_full_disk_fails_writes_in_one_sentence_and_recovers(postgres):
    """The tables are on a disk of their own, of 24 MiB."""
    disk = postgres.folder / "small"
    disk.mkdir()
    options = f"size=24m,mode=0700,uid={postgres.folder.stat().st_uid}"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=False).returncode:
        pytest.skip("optional: this machine does not let tests mount a small disk")
    try:
        postgres.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        postgres.execute("CREATE DATABASE small TABLESPACE small")
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(4 * 2**20))
        store = Store.open(postgres.url("small"))
        try:
            await store.write(keys.create_key, "before")
            with pytest.raises(ResourceExhausted, match="disk is full, so nothing was saved"):
                for number in range(100):
                    await store.write(_fill, number)
            assert await store.read(keys.key, "before")
            ballast.unlink()
            await store.write(keys.create_key, "after")
            assert await store.read(keys.key, "after")
        finally:
            await store.close()
            postgres.execute("DROP DATABASE IF EXISTS small WITH (FORCE)")
            postgres.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
        disk.rmdir()


def _fill(connection: Connection, number: int) -> None:
    for place in range(100):
        values = {"name": f"filler-{number}-{place}", "value": secrets.token_bytes(8_000)}
        connection.execute(text("INSERT INTO settings VALUES (:name, :value)"), values)


async def test_a_full_disk_fails_writes_in_one_sentence_and_reading_goes_on(own):
    """The database says what it says when its disk is full; that disk is everybody's here, and stays as it is."""
    await own.write(keys.create_key, "before")
    await own.write(_full, "BEFORE INSERT ON hmac_keys EXECUTE FUNCTION no_space()")
    try:
        with pytest.raises(ResourceExhausted, match="disk is full, so nothing was saved"):
            await own.write(keys.create_key, "meanwhile")
        assert await own.read(keys.key, "before")
    finally:
        await own.write(lambda connection: connection.execute(text("DROP FUNCTION no_space CASCADE")))
    await own.write(keys.create_key, "after")
    assert await own.read(keys.key, "meanwhile") is None


def _full(connection: Connection, when: str) -> None:
    body = "BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END"
    connection.execute(text(f"CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $body$ {body} $body$"))
    connection.execute(text(f"CREATE TRIGGER no_space {when}"))


def test_a_database_that_cannot_be_opened_is_one_sentence(postgres, tmp_path):
    for url, words in (
        (postgres.url("nowhere"), 'database "nowhere" does not exist'),
        (f"postgresql://waypoint@/way?host={tmp_path}", "check the URL of -db and that the database runs"),
        ("mysql://h/d", "is not supported"),
        ("not a url", "cannot be read"),
    ):
        with pytest.raises(StoreError) as caught:
            Store.open(url)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)
