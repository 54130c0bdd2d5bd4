"""The store's contract, one test per guarantee (server.md §11.2). G6, G13 and G14 have more in their own modules."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest
from sqlalchemy import Connection, select, text

from wp_proto.waypoint import api as pb
from wp_server.auth import tokens
from wp_server.errors import AlreadyExists, FailedPrecondition, NotFound, PermissionDenied
from wp_server.ids import new_id
from wp_server.jobs.machine import StaleAssignment, State
from wp_server.store import (
    Store,
    claims,
    config,
    job_groups,
    jobs,
    operations,
    output,
    projects,
    transitions,
    users,
    workspaces,
)
from wp_server.store.claims import Candidate
from wp_server.store.operations import ARTIFACT, BUILD, DEPLOYMENT, RELEASE
from wp_server.store.schema import app_locks

RUNNER = Candidate("r1", {"region": "eu"}, by_id_only=False)
APP = pb.Ref.Application(project="p", application="web")
Line = pb.GetJobStreamResponse.Terminal.Event.Line


def job(**fields) -> pb.Job:
    """A job of p/web for any runner."""
    fields.setdefault("application", APP)
    fields.setdefault("workspace", pb.Ref.Workspace(workspace="default"))
    fields.setdefault("target_runner", pb.Ref.Runner(any=pb.Ref.RunnerAny()))
    if not set(fields) & {"up", "deploy", "destroy", "release", "build", "destroy_project"}:
        fields["noop"] = pb.Job.Noop()
    return pb.Job(id=new_id(), **fields)


async def queue(store: Store, *group: pb.Job, expire: int | None = None) -> list[str]:
    await store.write(job_groups.queue, group, expire, "user:u")
    return [one.id for one in group]


async def claim(store: Store, runner: Candidate = RUNNER) -> jobs.JobRow | None:
    found = await store.write(claims.claim, runner, 1)
    return found[0] if found else None


async def running(store: Store, one: pb.Job) -> jobs.JobRow:
    await queue(store, one)
    row = await claim(store)
    assert row.job.id == one.id
    return await store.write(transitions.acknowledge, one.id, row.position.assignment)


async def state(store: Store, job_id: str) -> State:
    return (await store.read(jobs.get, job_id)).position.state


def deployment(**fields) -> pb.Deployment:
    return pb.Deployment(application=APP, workspace=pb.Ref.Workspace(workspace="default"), **fields)


async def test_g1_a_group_of_jobs_is_stored_whole_or_not_at_all(store):
    good, bad = job(), job(depends_on=["nowhere"])
    with pytest.raises(NotFound):
        await queue(store, good, bad)
    assert await store.read(jobs.find, good.id) is None
    first = job(singleton_id="one")
    await queue(store, first)
    with pytest.raises(NotFound):
        await queue(store, job(singleton_id="one"), bad)
    assert await state(store, first.id) is State.QUEUED


async def test_g1_a_circle_of_dependencies_is_refused(store):
    a, b = job(), job()
    a.depends_on.append(b.id)
    b.depends_on.append(a.id)
    with pytest.raises(FailedPrecondition, match="circle"):
        await queue(store, a, b)


async def test_g2_a_transition_never_overwrites_a_newer_one(store):
    row = await running(store, job())
    await store.write(transitions.complete, row.job.id, row.position.assignment, pb.Job.Result())

    def overwrite(connection: Connection) -> None:
        jobs.save(connection, row, row.job, row.position)

    with pytest.raises(FailedPrecondition, match="changed in the meantime"):
        await store.write(overwrite)
    assert await state(store, row.job.id) is State.SUCCESS


async def test_g3_a_job_is_given_to_one_stream_only_however_many_ask(store):
    ids = await queue(store, *(job() for _ in range(20)))
    given = await asyncio.gather(*(store.write(claims.claim, RUNNER, 1) for _ in range(60)))
    assert sorted(row.job.id for rows in given for row in rows) == ids


async def test_g3_claim_takes_the_application_lock_in_the_same_transaction(store):
    first, second = await queue(store, job(up=pb.Job.UpOp()), job(up=pb.Job.UpOp()))
    row = await claim(store)
    assert row.job.id == first
    assert await claim(store) is None
    assert [one.id for one in await store.read(jobs.blockers, second)] == [first]


@pytest.mark.parametrize("name", ["up", "deploy", "destroy", "release"])
@pytest.mark.parametrize("other", ["up", "deploy", "destroy", "release"])
async def test_g4_locked_operations_of_one_application_exclude_each_other(store, name, other):
    def op(kind: str, **fields) -> pb.Job:
        return job(**fields, **{kind: {}})

    upper = pb.Ref.Application(project="P", application="WEB")
    first, second = await queue(store, op(name), op(other, application=upper))
    elsewhere = pb.Ref.Workspace(workspace="dev")
    (third,) = await queue(store, op(other, workspace=elsewhere))
    assert (await claim(store)).job.id == first
    assert (await claim(store)).job.id == third
    assert await claim(store) is None
    await store.write(transitions.cancel, first, True)
    assert (await claim(store)).job.id == second


async def test_g4_destroying_a_project_excludes_everything_in_it(store):
    destroy = pb.Job.DestroyProjectOp(project=pb.Ref.Project(project="P"))
    up, whole = await queue(store, job(up=pb.Job.UpOp()), job(destroy_project=destroy))
    other = pb.Ref.Application(project="q", application="web")
    (foreign,) = await queue(store, job(application=other, up=pb.Job.UpOp()))
    assert (await claim(store)).job.id == up
    assert (await claim(store)).job.id == foreign
    assert await claim(store) is None
    await store.write(transitions.cancel, up, True)
    (late,) = await queue(store, job(deploy=pb.Job.DeployOp()))
    assert (await claim(store)).job.id == whole
    assert await claim(store) is None
    await store.write(transitions.cancel, whole, True)
    assert (await claim(store)).job.id == late


async def test_g4_a_lock_is_given_back_by_its_owner_only(store):
    holder = await running(store, job(up=pb.Job.UpOp()))
    (blocked,) = await queue(store, job(up=pb.Job.UpOp()))
    await store.write(transitions.cancel, blocked, True)
    (third,) = await queue(store, job(up=pb.Job.UpOp()))
    assert await claim(store) is None, "cancelling a blocked job freed the lock of the one that runs"
    await store.write(transitions.complete, holder.job.id, holder.position.assignment, pb.Job.Result())
    assert (await claim(store)).job.id == third


async def test_g4_no_lock_outlives_its_job(store):
    for end in ("complete", "fail", "force", "nack"):
        await queue(store, job(up=pb.Job.UpOp()))
        row = await claim(store)
        fence = row.position.assignment
        if end == "nack":
            await store.write(transitions.give_back, row.job.id, fence)
            await store.write(transitions.cancel, row.job.id, False)
        elif end == "force":
            await store.write(transitions.cancel, row.job.id, True)
        else:
            await store.write(transitions.acknowledge, row.job.id, fence)
            result = pb.Job.Result() if end == "complete" else error("no")
            await store.write(getattr(transitions, end), row.job.id, fence, result)
        assert await store.read(lambda connection: connection.execute(select(app_locks)).all()) == []


async def test_g5_a_failure_cascades_to_dependents_in_the_same_transaction(store):
    first = await running(store, job())
    child = job(depends_on=[first.job.id])
    grandchild = job(depends_on=[child.id])
    allowed = job(depends_on=[first.job.id], depends_on_allow_failure=[first.job.id])
    await queue(store, child, grandchild, allowed)
    assert await claim(store) is None
    await store.write(transitions.fail, first.job.id, first.position.assignment, error("it broke"))
    assert [await state(store, one.id) for one in (child, grandchild)] == [State.ERROR] * 2
    told = (await store.read(jobs.get, child.id)).job
    assert told.error.message == f'Job dependency "{first.job.id}" errored: it broke'
    assert told.HasField("complete_time")
    assert (await claim(store)).job.id == allowed.id


async def test_g5_a_dependent_runs_once_everything_before_it_succeeded(store):
    a, b = await running(store, job()), await running(store, job())
    last = job(depends_on=[a.job.id, b.job.id, a.job.id])
    await queue(store, last)
    for row in (a, b):
        assert await claim(store) is None
        await store.write(transitions.complete, row.job.id, row.position.assignment, pb.Job.Result())
    assert (await claim(store)).job.id == last.id


async def test_g5_a_job_that_depends_on_a_failed_one_fails_at_once_unless_allowed(store):
    broken = await running(store, job())
    await store.write(transitions.fail, broken.job.id, broken.position.assignment, error("no"))
    failed = job(depends_on=[broken.job.id])
    allowed = job(depends_on=[broken.job.id], depends_on_allow_failure=[broken.job.id])
    await queue(store, failed, allowed)
    assert [await state(store, one.id) for one in (failed, allowed)] == [State.ERROR, State.QUEUED]


async def test_g5_records_that_a_failed_job_left_running_become_errors(store):
    row = await running(store, job(up=pb.Job.UpOp()))
    status = pb.Status(state=pb.Status.RUNNING)
    made = await store.write(operations.upsert, DEPLOYMENT, deployment(job_id=row.job.id, status=status, state=1))
    await store.write(transitions.cancel, row.job.id, True)
    after = await store.read(operations.find, DEPLOYMENT, made.id)
    assert after.status.state == pb.Status.ERROR
    assert after.state == pb.Operation.PENDING, "what may exist on the platform is still there to destroy"


async def test_g6_a_deadline_is_a_column_that_every_move_rewrites(store):
    (expiring,) = await queue(store, job(), expire=time.time_ns() - 1)
    (patient,) = await queue(store, job())
    assert await store.write(transitions.sweep, 10) == 1
    assert await state(store, expiring) is State.ERROR
    assert await state(store, patient) is State.QUEUED
    row = await claim(store)
    await store.write(_set_deadline, patient, time.time_ns() - 1)
    back = await store.write(transitions.give_back, patient, row.position.assignment)
    assert back.position.deadline is None
    assert await store.write(transitions.sweep, 10) == 0


async def test_g6_a_running_job_whose_runner_is_silent_ends(store):
    row = await running(store, job())
    await store.write(_set_deadline, row.job.id, time.time_ns() - 1)
    await store.write(transitions.sweep, 10)
    ended = await store.read(jobs.get, row.job.id)
    assert ended.position.state is State.ERROR
    assert "r1 went away" in ended.job.error.message


@pytest.mark.parametrize("kind", [BUILD, ARTIFACT, DEPLOYMENT, RELEASE])
async def test_g7_sequences_count_per_kind_and_application_over_all_workspaces(store, kind):
    def record(project: str, app: str, workspace: str):
        ref = pb.Ref.Application(project=project, application=app)
        return kind.message(application=ref, workspace=pb.Ref.Workspace(workspace=workspace), sequence=77)

    made = await asyncio.gather(
        *(store.write(operations.upsert, kind, record("p", "web", f"ws{number % 3}")) for number in range(12))
    )
    assert sorted(one.sequence for one in made) == list(range(1, 13))
    again = await store.write(operations.upsert, kind, record("P", "WEB", "default"))
    other = await store.write(operations.upsert, kind, record("p", "api", "default"))
    assert (again.sequence, other.sequence) == (13, 1)


async def test_g7_a_number_is_never_used_again_not_even_after_the_project_was_destroyed(store):
    assert (await store.write(operations.upsert, DEPLOYMENT, deployment())).sequence == 1
    await store.write(projects.destroy, "p")
    assert (await store.write(operations.upsert, DEPLOYMENT, deployment())).sequence == 2


async def test_g8_names_are_unique_whatever_their_case(store):
    await store.write(projects.upsert, pb.Project(name="Shop"))
    await store.write(projects.upsert, pb.Project(name="SHOP", remote_enabled=True))
    await store.write(projects.upsert_application, "shop", "Web", "")
    await store.write(projects.upsert_application, "shop", "WEB", "HUP")
    stored = await store.read(projects.get, "sHoP")
    assert await store.read(projects.count) == 1
    assert [(app.name, app.file_change_signal) for app in stored.applications] == [("Web", "HUP")]
    await store.write(workspaces.upsert, "Dev")
    await store.write(workspaces.upsert, "dev")
    assert [one.name for one in await store.read(workspaces.every)] == ["dev"]
    await store.write(users.insert, pb.User(id=new_id(), username="ada", email="a@example.com"))
    for other in (pb.User(id=new_id(), username="ADA"), pb.User(id=new_id(), username="bob", email="A@EXAMPLE.com")):
        with pytest.raises(AlreadyExists):
            await store.write(users.insert, other)


async def test_g9_a_variable_is_one_per_target_and_name_and_versions_grow(store):
    place = config.Place(config.Scope.APPLICATION, "p", "web")
    seen = [await store.read(config.version, place)]
    for target in (
        pb.ConfigVar.Target(application=APP),
        pb.ConfigVar.Target(application=pb.Ref.Application(project="P", application="WEB")),
        pb.ConfigVar.Target(project=pb.Ref.Project(project="p")),
        pb.ConfigVar.Target(**{"global": pb.Ref.Global()}),
    ):
        await store.write(config.set_variables, [pb.ConfigVar(name="A", static="1", target=target)])
        seen.append(await store.read(config.version, place))
    assert seen == sorted(set(seen))
    assert await store.read(_count, "config_vars") == 3


async def test_g10_bootstrap_succeeds_at_most_once_ever(store):
    outcomes = await asyncio.gather(*(store.write(tokens.bootstrap) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, PermissionDenied) for outcome in outcomes) == 7


async def test_g11_output_is_append_only_and_numbered_without_gaps(store):
    row = await running(store, job())
    fence = row.position.assignment

    def events(first: int, count: int) -> list[output.Event]:
        return [output.Event(line=Line(msg=str(number))) for number in range(first, first + count)]

    for first in range(0, 300, 100):
        await store.write_weak(output.append, row.job.id, fence, events(first, 100))
    await store.write(transitions.complete, row.job.id, fence, pb.Job.Result())
    with pytest.raises(StaleAssignment):
        await store.write_weak(output.append, row.job.id, fence, events(300, 1))
    batches = await store.read(output.after, row.job.id, 0, 100)
    assert [int(event.line.msg) for batch in batches for event in batch.terminal.events] == list(range(300))
    assert batches[-1].last == (await store.read(jobs.get, row.job.id)).output_last == 300
    assert max(len(batch.terminal.events) for batch in batches) <= output.BATCH_EVENTS
    rest = await store.read(output.after, row.job.id, batches[1].last, 100)
    assert rest == batches[2:]


async def test_g11_the_last_16000_events_are_kept(store):
    row = await running(store, job())
    total = 20_500
    for first in range(0, total, 500):
        events = [output.Event(line=Line(msg=str(number))) for number in range(first, first + 500)]
        await store.write_weak(output.append, row.job.id, row.position.assignment, events)
    batches = await store.read(output.after, row.job.id, 0, 1_000)
    kept = [int(event.line.msg) for batch in batches for event in batch.terminal.events]
    assert kept == list(range(total - len(kept), total))
    assert output.KEPT_EVENTS <= len(kept) <= output.KEPT_EVENTS + output.TRIM_EVERY + 64


async def test_g13_a_write_is_read_by_whoever_was_told_of_it(store):
    with store.changes.subscribe("projects") as news:
        await store.write(projects.upsert, pb.Project(name="p"))
        assert await news.wait(60) == {"projects"}
        assert (await store.read(projects.get, "p")).name == "p"


async def test_g14_fields_that_this_server_does_not_know_survive(store):
    unknown = b"\xfa\xff\x0f\x05later"  # field 32767, five bytes
    sent = pb.Deployment.FromString(deployment(labels={"a": "b"}).SerializeToString() + unknown)
    stored = await store.write(operations.upsert, DEPLOYMENT, sent)
    again = await store.read(operations.find, DEPLOYMENT, stored.id)
    assert unknown in again.SerializeToString()
    one = job()
    one.MergeFromString(unknown)
    row = await running(store, one)
    assert unknown in (await store.read(jobs.message, row.job.id)).SerializeToString()


async def test_g15_of_a_singleton_one_is_queued_and_the_new_one_takes_its_place(store):
    first = job(singleton_id="Poll/p")
    dependent = job(depends_on=[first.id])
    between = job()
    await queue(store, first, dependent, between)
    second = job(singleton_id="poll/P")
    await queue(store, second)
    replaced = (await store.read(jobs.get, first.id)).job
    assert replaced.error.message == f"replaced by job {second.id}"
    assert replaced.error.code == 1
    assert await state(store, dependent.id) is State.ERROR
    taken = await claim(store)
    assert taken.job.id == second.id, "it keeps the place in the queue"
    (third,) = await queue(store, job(singleton_id="poll/p"))
    assert await state(store, second.id) is State.WAITING, "one may run while one waits"
    assert await state(store, third) is State.QUEUED


async def test_g15_a_singleton_that_is_given_back_makes_room_for_the_newer_one(store):
    first = job(singleton_id="poll")
    await queue(store, first)
    row = await claim(store)
    between, second = job(), job(singleton_id="poll")
    await queue(store, between, second)
    await store.write(transitions.give_back, first.id, row.position.assignment)
    assert (await store.read(jobs.get, first.id)).job.error.message == f"replaced by job {second.id}"
    assert (await claim(store)).job.id == second.id, "it takes the older one's place"


async def test_g15_a_job_that_replaces_its_own_dependency_fails_with_it(store):
    first = job(singleton_id="poll")
    await queue(store, first)
    second = job(singleton_id="poll", depends_on=[first.id])
    await queue(store, second)
    assert [await state(store, one.id) for one in (first, second)] == [State.ERROR, State.ERROR]


async def test_two_processes_racing_for_bootstrap_get_one_token(tmp_path):
    """The file lock makes the second process wait outside: there is never a second writer."""
    code = (
        "import asyncio, sys\n"
        "from wp_server.auth import tokens\n"
        "from wp_server.store import Store\n"
        "async def main():\n"
        "    print(await Store.open(sys.argv[1]).write(tokens.bootstrap))\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", code, f"sqlite:///{tmp_path}/data.db"]
    racing = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"PYTHONPATH": ":".join(sys.path)}
        )
        for _ in range(2)
    ]
    outcomes = [process.communicate(timeout=60)[0] for process in racing]
    assert sum(bool(outcome.strip()) for outcome in outcomes) == 1


def error(words: str):
    return pb.Job(error={"code": 2, "message": words}).error


def _count(connection: Connection, table: str) -> int:
    return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def _set_deadline(connection: Connection, job_id: str, deadline: int) -> None:
    connection.execute(
        text("UPDATE jobs SET deadline = :deadline WHERE id = :id"), {"deadline": deadline, "id": job_id}
    )
