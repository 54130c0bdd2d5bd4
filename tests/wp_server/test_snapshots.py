"""Snapshots: nothing is lost on the way to a new machine, whatever engine is there; a bad file changes nothing."""

from __future__ import annotations

import gzip
import hashlib
import io
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import Connection, MetaData, create_engine, select, text
from tests.wp_server.conftest import Client, channel

from wp_proto.waypoint import api as pb
from wp_server import app
from wp_server.auth import tokens
from wp_server.errors import FailedPrecondition, InvalidArgument
from wp_server.ids import new_id
from wp_server.settings import Settings
from wp_server.store import (
    Store,
    claims,
    config,
    config_sources,
    job_groups,
    jobs,
    migrations,
    operations,
    output,
    pipelines,
    projects,
    settings,
    snapshot,
    tasks,
    transitions,
    triggers,
    users,
    workspaces,
)
from wp_server.store.claims import Candidate
from wp_server.store.schema import app_locks, metadata
from wp_server.store.slices import EVERYTHING
from wp_server.store.snapshot import container, reference, rows

from .schemas import past

APP = pb.Ref.Application(project="Shop", application="Web")
WORKSPACE = pb.Ref.Workspace(workspace="default")
DAY = 24 * 3600 * 1_000_000_000
SCHEMAS = Path(past.__file__).parent
VERSION = pb.VersionInfo(version="v1.0.0")


def job(**fields) -> pb.Job:
    fields.setdefault("noop" if "up" not in fields else "up", {})
    target = pb.Ref.Runner(any=pb.Ref.RunnerAny())
    return pb.Job(id=new_id(), application=APP, workspace=WORKSPACE, target_runner=target, **fields)


async def lived_in(store: Store) -> dict[str, str]:
    """Gives the store a past; returns the names of what is in it."""
    await store.write(settings.prepare)
    token = await store.write(tokens.bootstrap)
    await store.write(projects.upsert, pb.Project(name="Shop", remote_enabled=True))
    await store.write(projects.upsert_application, "Shop", "Web", "HUP")
    variables = [pb.ConfigVar(name=n, static="x", target=pb.ConfigVar.Target(application=APP)) for n in ("A", "b")]
    await store.write(config.set_variables, variables)
    first, second, waiting = job(up={}), job(), job()
    await store.write(job_groups.queue, [first, second, waiting], None, "user:u")
    (row, _) = await store.write(claims.claim, Candidate("r1", {}, by_id_only=False), 2)
    await store.write(transitions.acknowledge, first.id, row.position.assignment)
    line = output.Event(line=output.Event.Line(msg="hello"))
    await store.write_weak(output.append, first.id, row.position.assignment, [line] * 3)
    status = pb.Status(state=pb.Status.RUNNING)
    for number in range(3):
        record = pb.Deployment(application=APP, workspace=WORKSPACE, status=status, job_id=first.id if number else "")
        await store.write(operations.upsert, operations.DEPLOYMENT, record)
    return {"token": token, "running": first.id, "assigned": second.id, "queued": waiting.id}


async def taken(store: Store) -> bytes:
    file = io.BytesIO()
    await store.read_aside(snapshot.create, file, VERSION)
    return file.getvalue()


async def restored(store: Store, content: bytes, folder: Path, run_queued: bool = False) -> None:
    scratch = folder / new_id()
    scratch.mkdir()
    (scratch / "file").write_bytes(content)
    with snapshot.staged(scratch / "file", scratch) as state:
        await store.write_alone(snapshot.apply, state, run_queued)


def contents(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
        for table in metadata.sorted_tables
    }


def other_url(request: pytest.FixtureRequest, store_url: str, folder: Path) -> str:
    """The other engine: a server outgrows its machine."""
    if store_url.startswith("sqlite"):
        return request.getfixturevalue("postgres").emptied()
    return f"sqlite:///{folder}/other.db"


async def test_everything_arrives_also_on_the_other_engine(store, store_url, tmp_path, request):
    names = await lived_in(store)
    await store.write(transitions.cancel, names["running"], True)
    await store.write(transitions.cancel, names["assigned"], True)
    before = await store.read(contents)
    content = await taken(store)
    other = Store.open(other_url(request, store_url, tmp_path))
    await restored(other, content, tmp_path)
    after = await other.read(contents)
    await other.close()
    for volatile in ("settings", "config_versions"):
        before.pop(volatile), after.pop(volatile)
    assert after == before
    assert all(before[name] for name in ("job_output", "operations", "hmac_keys"))


async def test_jobs_of_another_time_do_not_go_on(store, tmp_path):
    names = await lived_in(store)
    old, fresh = job(), job()
    await store.write(job_groups.queue, [old, fresh], None, "user:u")
    await store.write(_queued_at, old.id, time.time_ns() - 2 * DAY)
    content = await taken(store)
    await restored(store, content, tmp_path)

    async def state(job_id: str) -> tuple[int, int]:
        found = await store.read(jobs.message, job_id)
        return found.state, found.error.code

    assert await state(names["running"]) == (pb.Job.ERROR, 10)
    assert await state(names["assigned"]) == (pb.Job.ERROR, 10)
    assert await state(old.id) == (pb.Job.ERROR, 10)
    assert await state(fresh.id) == (pb.Job.QUEUED, 0)
    assert await store.read(lambda connection: connection.execute(select(app_locks)).all()) == []
    left = [await store.read(operations.find, operations.DEPLOYMENT, one) for one in await store.read(_deployments)]
    assert sorted(one.status.state for one in left) == [pb.Status.RUNNING, pb.Status.ERROR, pb.Status.ERROR]
    await restored(store, content, tmp_path, run_queued=True)
    assert await state(old.id) == (pb.Job.QUEUED, 0)


async def test_no_number_is_given_out_again_after_a_restore(store, tmp_path):
    await lived_in(store)
    content = await taken(store)
    place = config.Place(config.Scope.APPLICATION, "shop", "web")
    made = await store.write(
        operations.upsert, operations.DEPLOYMENT, pb.Deployment(application=APP, workspace=WORKSPACE)
    )
    await store.write(config.set_variables, [pb.ConfigVar(name="C", static="x", target={"application": APP})])
    index = await store.write(settings.take_exec_index, 1_000)
    version = await store.read(config.version, place)
    await restored(store, content, tmp_path)
    again = await store.write(
        operations.upsert, operations.DEPLOYMENT, pb.Deployment(application=APP, workspace=WORKSPACE)
    )
    assert again.sequence == made.sequence + 1
    assert await store.read(config.version, place) > version
    assert await store.write(settings.take_exec_index, 1) > index


async def test_the_file_has_the_form_of_the_reference(store):
    """Read here by the rules of the specification, not by our own reader."""
    names = await lived_in(store)
    raw = gzip.decompress(await taken(store))
    messages, position, ends = [], 0, []
    while position < len(raw):
        length = shift = 0
        while True:
            byte = raw[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        messages.append(raw[position : position + length])
        ends.append(position := position + length)
    header = pb.Snapshot.Header.FromString(messages[0])
    assert (header.format, header.version.version) == (pb.Snapshot.Header.BOLT, "v1.0.0")
    trailer = pb.Snapshot.Trailer.FromString(messages[-1])
    assert trailer.sha256 == hashlib.sha256(raw[: ends[-2]]).hexdigest()
    chunks = [pb.Snapshot.BoltChunk.FromString(one) for one in messages[1:-1]]
    assert [chunk.final for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    found: dict[str, dict[str, bytes]] = {}
    for chunk in chunks[:-1]:
        found.setdefault(chunk.bucket, {}).update(chunk.items)
    assert found["system"] == {"version": b"1"}
    assert pb.HMACKey.FromString(found["hmac_keys"]["k1"]).id == "k1"
    project = pb.Project.FromString(found["project"]["shop"])
    assert (project.name, [one.name for one in project.applications]) == ("Shop", ["Web"])
    assert pb.Job.FromString(found["jobs"][names["running"]]).state == pb.Job.RUNNING
    assert pb.ServerConfig.FromString(found["server-config"]["1"]).cookie.startswith("WPC")
    assert {pb.Deployment.FromString(one).sequence for one in found["deployment"].values()} == {1, 2, 3}
    assert all(key.startswith("v2::") and key == key.lower() for key in found["config_v2"])
    assert "task" not in found or found["task"] == {}
    assert found["runners"] == {}


async def test_what_another_server_changed_counts_and_what_it_does_not_know_is_carried_along(store, tmp_path):
    names = await lived_in(store)

    def changed(bucket: str, items: dict[str, bytes]) -> dict[str, bytes]:
        if bucket == "project":
            return items | {"later": pb.Project(name="Later").SerializeToString()}
        return items

    shop = pb.Ref.Project(project="Shop")
    owned = pb.Ref.Pipeline(owner={"project": shop, "pipeline_name": "ship"})
    await store.write(triggers.upsert, pb.Trigger(id="T2", name="nightly", project=shop, workspace=WORKSPACE))
    await store.write(pipelines.upsert, pb.Pipeline(name="ship", project=shop))
    stored = await store.read(pipelines.get, owned)
    run = pb.PipelineRun(id="R1", sequence=7, pipeline=owned)
    row = {"pipeline_id": stored.id, "sequence": 7, "blob": run.SerializeToString()}
    await store.write(_insert, "pipeline_runs", row)
    there = rewritten(
        await taken(store),
        changed,
        {"task": {"t1": pb.Task(id="T1")}, "auth_method": {"okta": pb.AuthMethod(name="Okta")}},
    )
    await restored(store, there, tmp_path)
    assert [one.name for one in await store.read(projects.page, EVERYTHING)] == ["Later", "Shop"]
    found = await store.read(projects.get, "shop")
    assert (found.remote_enabled, found.applications[0].file_change_signal) == (True, "HUP")
    place = config.Place(config.Scope.APPLICATION, "shop", "web")
    variables = await store.read(config.variables, config.Query(place), lambda _selector, _labels: True)
    assert [one.name for one in variables] == ["A", "b"]
    assert (await store.read(jobs.message, names["queued"])).state == pb.Job.QUEUED
    assert (await store.read(jobs.message, names["running"])).error.code == 10
    seen = await store.read(workspaces.every)
    assert [one.name for one in seen] == ["default"]
    assert [one.application.application for one in seen[0].projects[0].applications] == ["Web"]
    fourth = await store.write(
        operations.upsert, operations.DEPLOYMENT, pb.Deployment(application=APP, workspace=WORKSPACE)
    )
    assert fourth.sequence == 4
    assert (await store.read(triggers.get, "t2")).name == "nightly"
    assert [one.sequence for one in await store.read(pipelines.runs, stored.id)] == [7]
    again = buckets(await taken(store))
    assert pb.AuthMethod.FromString(again["auth_method"]["okta"]).name == "Okta"
    assert pb.Task.FromString(again["task"]["t1"]).id == "T1"
    assert again["hmac_keys"] == buckets(there)["hmac_keys"]


def foreign(content: bytes) -> bytes:
    """The same snapshot without our part: another server's."""
    return rewritten(content, lambda name, items: None if name.startswith(rows.PREFIX) else items, {})


async def test_what_waits_in_the_snapshot_of_another_server_goes_on_waiting_for_the_same(store, tmp_path):
    await lived_in(store)
    first, second, third = job(), job(singleton_id="One"), job()
    second.depends_on.append(first.id)
    third.depends_on.append(second.id)
    orphan = job()
    await store.write(job_groups.queue, [first, second, third, orphan], None, "user:u")

    def without_one(name: str, items: dict[str, bytes]) -> dict[str, bytes]:
        if name == "jobs":
            stored = pb.Job.FromString(items[orphan.id])
            stored.depends_on.append("gone")
            items[orphan.id] = stored.SerializeToString()
        return items

    await restored(store, rewritten(foreign(await taken(store)), without_one, {}), tmp_path)
    waits = {
        one.id: [other.id for other in await store.read(jobs.unfinished_dependencies, one.id)]
        for one in (first, second, third)
    }
    assert waits == {first.id: [], second.id: [first.id], third.id: [second.id]}
    assert (await store.read(jobs.message, orphan.id)).state == pb.Job.ERROR
    await store.write(transitions.cancel, first.id, False)
    assert (await store.read(jobs.message, third.id)).state == pb.Job.ERROR


async def test_tasks_of_another_server_are_found_by_their_jobs(store, tmp_path):
    await lived_in(store)
    four = [job() for _ in range(4)]
    await store.write(job_groups.queue, four, None, "user:u")
    work, start, watch, stop = (one.id for one in four)
    await store.write(tasks.insert, tasks.TaskRow("T1", work, start, watch, stop, "accessor"))
    lost = pb.Task(id="T2", **{name: {"id": "gone"} for name in ("task_job", "start_job", "watch_job", "stop_job")})

    def with_lost(name: str, items: dict[str, bytes]) -> dict[str, bytes]:
        return items | {"t2": lost.SerializeToString()} if name == "task" else items

    content = rewritten(foreign(await taken(store)), with_lost, {})
    assert pb.Task.FromString(buckets(content)["task"]["t1"]).stop_job.id == stop
    await restored(store, content, tmp_path)
    found = await store.read(tasks.newest)
    assert [(one.id, one.work, one.start, one.watch, one.stop) for one in found] == [("T1", work, start, watch, stop)]


async def test_keys_are_those_by_which_the_reference_finds_what_it_replaces(store, tmp_path):
    """Keys of variables as recorded from a Go server."""
    await lived_in(store)
    await store.write(users.insert, pb.User(id=new_id(), username="Rose"))
    Target = pb.ConfigVar.Target
    everywhere = {"global": pb.Ref.Global()}
    runner = pb.Ref.Runner(id=pb.Ref.RunnerId(id="r"))
    labels = pb.Ref.Runner(labels=pb.Ref.RunnerLabels(labels={"c": "d", "a": "b"}))
    narrow = Target(project={"project": "p"}, workspace={"workspace": "w"}, label_selector="l", runner=runner)
    recorded = {
        "12817451581317370959": Target(**everywhere),
        "12644140708047410085": Target(project={"project": "p"}),
        "9061037126990149846": Target(application={"project": "p", "application": "A"}),
        "2628548320159659454": Target(workspace={"workspace": "w"}, **everywhere),
        "18409522080987881439": Target(runner=pb.Ref.Runner(any={}), **everywhere),
        "14051665523750935608": Target(runner=labels, **everywhere),
        "13265600448694921975": narrow,
    }
    made = [pb.ConfigVar(name="Name", static="x", target=target) for target in recorded.values()]
    twin = pb.ConfigVar(name="NAME", static="x", target=Target(**everywhere))
    await store.write(config.set_variables, [*made, twin])
    await store.write(config_sources.put, pb.ConfigSource(type="vault", config={"a": "b"}, **everywhere))
    content = await taken(store)
    found = buckets(content)
    assert {f"v2::{key}/name" for key in recorded} < set(found["config_v2"])
    assert all(key == key.lower() for key in found["user"])
    (source,) = found["config_source"].values()
    told = rewritten(foreign(content), lambda name, items: {"42": source} if name == "config_source" else items, {})
    await restored(store, content, tmp_path)
    names = await store.read(_variable_names)
    assert {"Name", "NAME"} <= names, "two names that the reference takes for one are both still there"
    await restored(store, told, tmp_path)
    changed = pb.ConfigSource(type="vault", config={"a": "c"}, **everywhere)
    await store.write(config_sources.put, changed)
    assert list(buckets(await taken(store))["config_source"]) == ["42"]


async def test_what_went_unchanged_through_another_server_is_ours_in_full(store, tmp_path):
    """That writes its buckets, and ours, by name."""
    names = await lived_in(store)
    before = await store.read(output.after, names["running"], 0, 100)
    found = buckets(await taken(store))
    file = io.BytesIO()
    writer = container.Writer(file, pb.VersionInfo(version="v0.11.4"))
    for bucket in sorted(found):
        writer.bucket(bucket, sorted(found[bucket].items()))
    writer.finish()
    await restored(store, file.getvalue(), tmp_path)
    assert await store.read(output.after, names["running"], 0, 100) == before
    assert before
    assert len(await store.read(_deployments)) == 3


async def test_runners_that_have_left_are_not_told_to_the_reference(store, tmp_path):
    await lived_in(store)
    for runner_id in ("stays", "left"):
        runner = pb.Runner(id=runner_id, remote={}, adoption_state=pb.Runner.ADOPTED)
        row = {"id": runner_id, "adoption": 2, "registration": 1, "online": False, "gone": runner_id == "left"}
        await store.write(_insert, "runners", row | {"label_hash": "0", "blob": runner.SerializeToString()})
    assert list(buckets(await taken(store))["runners"]) == ["stays"]


async def test_times_of_activity_are_those_of_the_other_server(store, tmp_path):
    await lived_in(store)
    then = pb.Workspace(name="old")
    project = then.projects.add(project={"project": "Shop"}, data_source_ref={"git": {"commit": "c0ffee"}})
    for message in (then, project):
        message.active_time.seconds = 1_600_000_000
    unused = pb.Workspace(name="unused")
    more = {"old": then.SerializeToString(), "unused": unused.SerializeToString()}
    content = rewritten(
        foreign(await taken(store)), lambda name, items: items | more if name == "workspaces" else items, {}
    )
    await restored(store, content, tmp_path)
    found = await store.read(workspaces.get, "old")
    assert {found.active_time.seconds, found.projects[0].active_time.seconds} == {1_600_000_000}
    assert found.projects[0].data_source_ref.git.commit == "c0ffee"
    assert not (await store.read(workspaces.get, "unused")).HasField("active_time")


def spoiled(content: bytes) -> list[tuple[str, bytes]]:
    raw = gzip.decompress(content)
    flipped = bytearray(raw)
    flipped[len(raw) // 2] ^= 1
    no_job = rewritten(content, lambda name, items: {"j": b"\xff\xff"} if name == "jobs" else items, {})
    fewer = rewritten(content, lambda name, items: {} if name == f"{rows.PREFIX}operations" else items, {})
    twice = rewritten(content, lambda name, items: items | {"x": items["k1"]} if name == "hmac_keys" else items, {})
    return [
        ("nothing", b""),
        ("no gzip", b"this is a letter"),
        ("cut", content[: len(content) // 2]),
        ("its checksum of gzip", content[:-6] + b"\0\0\0\0\0\0"),
        ("a bit", gzip.compress(bytes(flipped))),
        ("without its end", gzip.compress(raw[:-70])),
        ("with more behind its end", gzip.compress(raw + b"\x01x")),
        ("no job", no_job),
        ("fewer rows", fewer),
        ("one key twice", twice),
        ("a length beyond reason", gzip.compress(b"\xff\xff\xff\xff\x7f")),
    ]


async def test_a_damaged_file_is_refused_and_changes_nothing(store, tmp_path):
    await lived_in(store)
    content = await taken(store)
    await store.write(projects.upsert, pb.Project(name="Later"))
    before = await store.read(contents)
    for what, bad in spoiled(content):
        with pytest.raises(InvalidArgument, match="damaged or none at all") as caught:
            await restored(store, bad, tmp_path)
        assert "\n" not in str(caught.value), what
        assert await store.read(contents) == before, what


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_a_file_of_a_newer_server_is_refused(store, tmp_path):
    await lived_in(store)
    content = await taken(store)

    def of_schema(schema: str) -> bytes:
        def relabel(bucket: str, items: dict[str, bytes]) -> dict[str, bytes]:
            if bucket != rows.MANIFEST:
                return items
            described = rows.own.Manifest.FromString(items["manifest"])
            described.schema = schema
            return {"manifest": described.SerializeToString()}

        return rewritten(content, relabel, {})

    with pytest.raises(FailedPrecondition, match="newer server"):
        await restored(store, of_schema("9999"), tmp_path)
    assert migrations.HEAD < "9999"


async def test_a_snapshot_of_an_older_schema_is_brought_up_to_date(store, tmp_path):
    """Of the first schema that was kept: its tables as rows, beside the buckets of that time."""
    old = create_engine(f"sqlite:///{tmp_path}/old.db")
    with sqlite3.connect(tmp_path / "old.db") as database:
        database.executescript((SCHEMAS / "0001.sqlite.sql").read_text())
    reflected = MetaData()
    reflected.reflect(old)
    file = io.BytesIO()
    writer = container.Writer(file, VERSION)
    content = reference.Content()
    content.add("system", "version", b"1")
    writer.bucket("system", [("version", b"1")])
    described = rows.own.Manifest(schema="0001", content=content.digest())
    tables = [table for table in reflected.sorted_tables if table.name != migrations.VERSION_TABLE]
    with old.connect() as connection:
        for table in tables:
            count = len(connection.execute(select(table)).all())
            described.tables.add(name=table.name, columns=[column.name for column in table.columns], rows=count)
        writer.bucket(rows.MANIFEST, [("manifest", described.SerializeToString())])
        for table in tables:
            writer.bucket(rows.PREFIX + table.name, rows.dump(connection, table))
    writer.finish()
    old.dispose()
    await restored(store, file.getvalue(), tmp_path)
    shop = await store.read(projects.get, "shop")
    assert [one.name for one in shop.applications] == ["Web"]
    assert (await store.read(jobs.message, past.RUNNING)).error.code == 10
    assert len(await store.read(_deployments)) == 2


async def test_the_drill_on_a_new_machine(settings: Settings, tmp_path: Path):
    """All old tokens, runners, contexts and entrypoints work on a server that never saw them."""
    async with app.running(settings) as old:
        token = await old.store.write(tokens.bootstrap)
        await lived_in_more(old.store)
        deployment = await old.store.write(
            operations.upsert, operations.DEPLOYMENT, pb.Deployment(application=APP, workspace=WORKSPACE)
        )
        async with channel(old.grpc_address, old.certificate.chain) as connection:
            client = Client(connection, token)
            runner_token = (await client.GenerateRunnerToken(pb.GenerateRunnerTokenRequest(id="static"))).token
            invite = pb.InviteTokenRequest(duration="1h", unused_entrypoint={"deployment_id": deployment.id})
            entrypoint = await client.GenerateInviteToken(invite)
            entrypoint_token = (
                await client.ConvertInviteToken(pb.ConvertInviteTokenRequest(token=entrypoint.token))
            ).token
            cookie = (await client.GetServerConfig(Empty())).config.cookie
            file = b"".join([one.chunk async for one in client.CreateSnapshot(Empty())])
        pinned = old.certificate.chain
    new = tmp_path / "new"
    new.mkdir()
    (new / "waypoint-restore.db").write_bytes(file)
    fresh = Settings(db=new / "data.db", listen_grpc="127.0.0.1:0", listen_http="127.0.0.1:0")
    async with app.running(fresh) as server:
        assert not (new / "waypoint-restore.db").exists()
        # The pin of the old server's certificate holds.
        async with channel(server.grpc_address, pinned) as connection:
            client = Client(connection, token)
            assert [one.project for one in (await client.ListProjects(pb.ListProjectsRequest())).projects] == ["Shop"]
            assert (await client.GetServerConfig(Empty())).config.cookie == cookie
            runner = Client(connection, runner_token).RunnerConfig()
            hello = pb.RunnerConfigRequest.Open(runner=pb.Runner(id="static", remote={}))
            await runner.write(pb.RunnerConfigRequest(open=hello))
            assert await runner.read() is not grpc.aio.EOF
            runner.cancel()
            request = pb.EntrypointConfigRequest(deployment_id=deployment.id, instance_id=new_id())
            stream = Client(connection, entrypoint_token).EntrypointConfig(request)
            variables = (await stream.read()).config.env_vars
            assert {one.name for one in variables} >= {"A"}
            stream.cancel()


async def lived_in_more(store: Store) -> None:
    await store.write(projects.upsert, pb.Project(name="Shop"))
    await store.write(projects.upsert_application, "Shop", "Web", "")
    await store.write(config.set_variables, [pb.ConfigVar(name="A", static="x", target={"application": APP})])


async def test_a_bad_file_beside_the_state_is_moved_aside_and_the_server_starts(settings: Settings):
    async with app.running(settings) as server:
        await server.store.write(projects.upsert, pb.Project(name="Shop"))
    (settings.data_dir / "waypoint-restore.db").write_bytes(b"rubbish")
    async with app.running(settings) as server:
        assert (await server.store.read(projects.get, "Shop")).name == "Shop"
    left = [one.name for one in settings.data_dir.iterdir() if one.name.startswith("waypoint-restore.db")]
    assert len(left) == 1
    assert left[0].startswith("waypoint-restore.db.refused-")


def pieces(content: bytes, ask_exit: bool = False) -> Iterator[pb.RestoreSnapshotRequest]:
    yield pb.RestoreSnapshotRequest(open={"exit": ask_exit})
    for start in range(0, len(content), 1_024):
        yield pb.RestoreSnapshotRequest(chunk=content[start : start + 1_024])


async def test_a_restore_sends_every_stream_back_and_answers(server, client, token, stream_status):
    api = client(token)
    await lived_in_more(server.store)
    file = b"".join([one.chunk async for one in api.CreateSnapshot(Empty())])
    await api.UpsertProject(pb.UpsertProjectRequest(project={"name": "later"}))
    runner = api.RunnerConfig()
    await runner.write(pb.RunnerConfigRequest(open={"runner": {"id": "r1", "remote": {}}}))
    assert await runner.read() is not grpc.aio.EOF
    assert await api.RestoreSnapshot(pieces(file)) == Empty()
    audited = await server.store.read(_audited)
    assert {"UpsertProject", "RestoreSnapshot"} <= set(audited), "what was done after the snapshot stays in the audit"
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        while await runner.read() is not grpc.aio.EOF:
            pass
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    assert [one.project for one in (await api.ListProjects(pb.ListProjectsRequest())).projects] == ["Shop"]
    code, _ = await stream_status(api, "RestoreSnapshot", *pieces(b"no snapshot"))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    code, _ = await stream_status(api, "RestoreSnapshot", pb.RestoreSnapshotRequest(chunk=b"x"))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert not server.exit_asked.is_set()
    await api.RestoreSnapshot(pieces(file, ask_exit=True))
    assert server.exit_asked.is_set()
    assert [one.name for one in server.settings.data_dir.iterdir() if one.name.startswith("snapshot-")] == []


async def test_one_restore_at_a_time(server, client, token, stream_status):
    async with server._snapshots.incoming():
        code, _ = await stream_status(client(token), "RestoreSnapshot", *pieces(b""))
        assert code is grpc.StatusCode.ABORTED


def buckets(content: bytes) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    for bucket, items in container.read(io.BytesIO(content)):
        found.setdefault(bucket, {}).update(items)
    return found


def rewritten(content: bytes, change, more: dict[str, dict[str, object]]) -> bytes:
    """The file as another program writes it, with other content."""
    file = io.BytesIO()
    writer = container.Writer(file, VERSION)
    for bucket, items in buckets(content).items():
        changed = change(bucket, dict(items))
        if changed is not None:
            writer.bucket(bucket, changed.items())
    for bucket, messages in more.items():
        writer.bucket(bucket, ((key, message.SerializeToString()) for key, message in messages.items()))
    writer.finish()
    return file.getvalue()


def _insert(connection: Connection, table: str, row: dict[str, object]) -> None:
    connection.execute(metadata.tables[table].insert(), row)


def _variable_names(connection: Connection) -> set[str]:
    return set(connection.execute(text("SELECT name FROM config_vars")).scalars())


def _queued_at(connection: Connection, job_id: str, moment: int) -> None:
    connection.execute(text("UPDATE jobs SET queue_time = :t WHERE id = :id"), {"t": moment, "id": job_id})


def _audited(connection: Connection) -> list[str]:
    return list(connection.execute(text("SELECT rpc FROM audit_events")).scalars())


def _deployments(connection: Connection) -> list[str]:
    return list(connection.execute(text("SELECT id FROM operations WHERE kind = 3 ORDER BY id")).scalars())
