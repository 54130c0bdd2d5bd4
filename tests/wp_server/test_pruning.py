"""What is finished and old goes, nothing else does (server.md §9.2; defect 41), on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import MappingProxyType

import pytest
from sqlalchemy import Connection, Table, func, select, update

from wp_proto.own.administration_pb2 import AuditEvent
from wp_proto.waypoint import api as pb
from wp_server import app
from wp_server.ids import first_id_of, new_id
from wp_server.jobs.deadlines import ALONE
from wp_server.jobs.machine import Position, State
from wp_server.poll import pruner
from wp_server.poll.pruner import Limits, Pruner
from wp_server.store import (
    audit,
    clock,
    jobs,
    operations,
    pipeline_runs,
    pipelines,
    polls,
    projects,
    pruning,
    runners,
    tasks,
    triggers,
)
from wp_server.store.operations import ARTIFACT, BUILD, DEPLOYMENT, RELEASE, STATUS_REPORT
from wp_server.store.schema import audit_events, job_dependencies, job_output
from wp_server.store.schema import jobs as job_table
from wp_server.store.schema import operations as operation_table
from wp_server.store.schema import pipeline_runs as run_table
from wp_server.store.schema import runners as runner_table
from wp_server.store.schema import tasks as task_table
from wp_server.store.tasks import TaskRow

DAY = 86_400
SECOND = 1_000_000_000
APP = pb.Ref.Application(project="Shop", application="Web")
WORKSPACE = pb.Ref.Workspace(workspace="default")
NO_MORE = MappingProxyType({"ordinary": 10_000, "routine": 10_000, "launching": 10_000})
BY_AGE = Limits(seconds=90 * DAY, audit_seconds=365 * DAY, jobs=NO_MORE, records=3)


async def prune(store, limits: Limits = BY_AGE) -> None:
    await Pruner(store, limits, lambda: ALONE).round()


_minute = iter(range(1_000_000))


async def made(store, days: float, state: State = State.SUCCESS, outputs: int = 1, **fields) -> str:
    """A job that was queued, and ended, so many days ago; each is a moment newer than the one before."""
    now = await store.read(clock.now)
    moment = now - int(days * DAY * SECOND) + next(_minute) * 10_000_000
    fields.setdefault("application", APP)
    if not any(name in fields for name in ("poll", "up", "start_task", "watch_task", "stop_task")):
        fields["noop"] = pb.Job.Noop()
    job_id = fields.pop("id", None) or first_id_of(moment)[:10] + new_id()[10:]
    job = pb.Job(id=job_id, workspace=WORKSPACE, target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()), **fields)
    ended = moment if state in (State.SUCCESS, State.ERROR) else None
    runner = fields.get("labels", {}).get("runner", "r")
    at = Position(state, 1, runner, moment, moment, moment, ended, None, None, None, None)

    def insert(connection: Connection) -> None:
        jobs.insert(connection, job, at, "user:u", 0)
        connection.execute(update(job_table).where(job_table.c.id == job.id).values(output_last=outputs))
        for number in range(outputs):
            connection.execute(job_output.insert().values(job_id=job.id, sequence=number + 1, events=1, blob=b""))

    await store.write(insert)
    return job.id


async def left(store, table: Table = job_table) -> set[str]:
    return set(await store.read(lambda connection: connection.execute(select(table.c[0])).scalars().all()))


async def counted(store, table: Table) -> int:
    return await store.read(lambda connection: connection.execute(select(func.count()).select_from(table)).scalar())


async def test_old_finished_jobs_go_with_their_output(store):
    old = [await made(store, 91), await made(store, 200, State.ERROR)]
    kept = [await made(store, 89), await made(store, 400, State.QUEUED), await made(store, 400, State.RUNNING)]
    await prune(store)
    assert await left(store) == set(kept)
    assert await left(store, job_output) == set(kept)
    assert old


async def test_what_ended_lately_stays_however_long_it_was_queued(store):
    job_id = await made(store, 91)

    def ended_now(connection: Connection) -> None:
        job = jobs.message(connection, job_id)
        job.complete_time.FromNanoseconds(clock.now(connection))
        connection.execute(update(job_table).values(blob=job.SerializeToString()))

    await store.write(ended_now)
    await prune(store)
    assert await left(store) == {job_id}


async def test_nothing_goes_where_everything_is_kept(store):
    kept = await made(store, 4000)
    await prune(store, replace(BY_AGE, seconds=0))
    assert await left(store) == {kept}


async def test_a_project_keeps_its_newest_jobs_and_looks_do_not_push_out_others(store):
    other = pb.Ref.Application(project="other", application="web")
    quiet = [await made(store, 80, application=other) for _ in range(2)]
    ordinary = [await made(store, 50) for _ in range(6)]
    running = await made(store, 60, State.RUNNING)
    looks = [await made(store, 1, poll=pb.Job.PollOp()) for _ in range(5)]
    limits = replace(BY_AGE, jobs=MappingProxyType({"ordinary": 3, "routine": 2, "launching": 9}))
    await prune(store, limits)
    assert await left(store) == {*quiet, *ordinary[-3:], running, *looks[-2:]}


async def task_of(store, days: float, stop: State = State.SUCCESS) -> list[str]:
    """The four jobs around a launched runner."""
    task = TaskRow(new_id(), new_id(), new_id(), new_id(), new_id(), "token")
    ref = pb.Ref.Task(id=task.id)
    made_jobs = [
        await made(store, days, up=pb.Job.UpOp(), task=ref),
        await made(store, days, start_task=pb.Job.StartTaskLaunchOp(), task=ref),
        await made(store, days, watch_task=pb.Job.WatchTaskOp(), task=ref),
        await made(store, days, stop, stop_task=pb.Job.StopTaskLaunchOp(), task=ref),
    ]
    await store.write(tasks.insert, TaskRow(task.id, *made_jobs, "token"))
    return made_jobs


async def test_the_jobs_around_a_launched_runner_go_together_or_stay(store):
    for _ in range(5):
        await task_of(store, 91)
    unfinished = await task_of(store, 91, State.QUEUED)
    to_repeat = await task_of(store, 91, State.ERROR)
    row = await store.read(tasks.get, pb.Ref.Task(job_id=to_repeat[0]))
    await store.write(tasks.stopped, row, True)
    await prune(store)
    assert await left(store) == {*unfinished, *to_repeat}
    assert len(await left(store, task_table)) == 2


async def run_of(store, pipeline: str, sequence: int, days: float, last: State = State.SUCCESS) -> list[str]:
    ref = pb.Ref.PipelineStep(pipeline_id=pipeline, root_pipeline_id=pipeline, run_sequence=sequence, step="a")
    made_jobs = [await made(store, days, pipeline=ref), await made(store, days, last, pipeline=ref)]
    await store.write(pipeline_runs.insert, pipeline, sequence, made_jobs)
    ended = pb.PipelineRun.SUCCESS if last is State.SUCCESS else pb.PipelineRun.RUNNING

    def settle(connection: Connection) -> None:
        run = pipeline_runs.find(connection, pipeline, sequence)
        run.state = ended
        key = (run_table.c.pipeline_id == pipeline) & (run_table.c.sequence == sequence)
        connection.execute(update(run_table).where(key).values(blob=run.SerializeToString()))

    await store.write(settle)
    return made_jobs


async def test_runs_of_pipelines_go_with_their_jobs_but_not_the_newest(store):
    await store.write(projects.upsert, pb.Project(name="Shop"))
    pipeline = (await store.write(pipelines.upsert, pb.Pipeline(name="p", project=pb.Ref.Project(project="Shop")))).id
    await run_of(store, pipeline, 1, 93)
    going_on = await run_of(store, pipeline, 2, 92, State.RUNNING)
    newest = await run_of(store, pipeline, 3, 91)
    await prune(store)
    assert await left(store) == {*going_on, *newest}
    assert [run.sequence for run in await store.read(pipelines.runs, pipeline)] == [2, 3]
    assert await store.read(pipeline_runs.next_sequence, pipeline) == 4


async def test_jobs_that_something_refers_to_stay(store):
    await store.write(
        projects.upsert,
        pb.Project(name="Shop", data_source_poll=pb.Project.Poll(enabled=True), status_report_poll={}),
    )
    of_record, looked, depended, gone = [await made(store, 91) for _ in range(4)]
    await store.write(
        operations.upsert, DEPLOYMENT, pb.Deployment(application=APP, workspace=WORKSPACE, job_id=of_record)
    )
    (poll,) = await store.read(polls.of_project, "Shop")
    await store.write(polls.save, replace(poll, job_ids=(looked,)))
    waits = await made(store, 0, State.QUEUED)
    link = {"job_id": waits, "depends_on": depended, "allow_failure": False}
    await store.write(lambda connection: connection.execute(job_dependencies.insert().values(**link)))
    await prune(store)
    assert gone not in await left(store)
    assert await left(store) == {of_record, looked, depended, waits}


async def record(store, kind, days: float, state: int = pb.Operation.UNKNOWN, **fields) -> str:
    """A record that ended so many days ago."""
    moment = await store.read(clock.now) - int(days * DAY * SECOND)
    status = pb.Status(state=pb.Status.SUCCESS)
    status.start_time.FromNanoseconds(moment)
    status.complete_time.FromNanoseconds(moment)
    fields.setdefault("workspace", WORKSPACE)
    fields.setdefault("application", APP)
    if state:
        fields["state"] = state
    return (await store.write(operations.upsert, kind, kind.message(status=status, **fields))).id


async def test_destroyed_deployments_and_releases_go_when_they_are_old_and_many(store):
    destroyed, created = pb.Operation.DESTROYED, pb.Operation.CREATED
    first = await record(store, DEPLOYMENT, 400, created)
    released, reported, old, young = [await record(store, DEPLOYMENT, days, destroyed) for days in (399, 398, 397, 10)]
    newest = [await record(store, DEPLOYMENT, 200, destroyed) for _ in range(3)]
    dev = [
        await record(store, DEPLOYMENT, 400, destroyed, workspace=pb.Ref.Workspace(workspace="dev")) for _ in range(3)
    ]
    releases = [await record(store, RELEASE, 300, destroyed, deployment_id=old)]
    releases += [await record(store, RELEASE, 300, destroyed, deployment_id=released) for _ in range(3)]
    await record(store, STATUS_REPORT, 300, deployment_id=reported)
    await prune(store)
    assert await left(store, operation_table) >= {first, released, reported, young, *newest, *dev, *releases[1:]}
    assert not {old, releases[0]} & await left(store, operation_table)


async def test_builds_and_artifacts_that_are_named_stay(store):
    destroyed = pb.Operation.DESTROYED
    builds = [await record(store, BUILD, 400) for _ in range(6)]
    artifacts = [await record(store, ARTIFACT, 400, build_id=build) for build in builds]
    await record(store, DEPLOYMENT, 400, pb.Operation.CREATED, artifact_id=artifacts[0])
    await record(store, DEPLOYMENT, 400, destroyed, artifact_id=artifacts[1])
    await store.write(
        triggers.upsert,
        pb.Trigger(
            id="t1234567", project=pb.Ref.Project(project="Shop"), application=APP, workspace=WORKSPACE,
            deploy=pb.Job.DeployOp(artifact=pb.PushedArtifact(sequence=3)),
        ),
    )  # fmt: skip
    await prune(store, replace(BY_AGE, records=2))
    now = await left(store, operation_table)
    # The last two of each are the newest; 0 and 1 belong to deployments that stay, 2 to a trigger.
    assert [build in now for build in builds] == [True, True, True, False, True, True]
    assert [artifact in now for artifact in artifacts] == [True, True, True, False, True, True]
    again = await store.write(operations.upsert, BUILD, pb.Build(application=APP, workspace=WORKSPACE))
    assert again.sequence == 7


async def test_the_newest_report_of_what_runs_stays(store):
    runs = await record(store, DEPLOYMENT, 400, pb.Operation.CREATED)
    gone = await record(store, DEPLOYMENT, 400, pb.Operation.DESTROYED)
    of_running = [await record(store, STATUS_REPORT, 300, deployment_id=runs) for _ in range(2)]
    of_gone = await record(store, STATUS_REPORT, 300, deployment_id=gone)
    newest = [await record(store, STATUS_REPORT, 300, release_id="x") for _ in range(3)]
    await prune(store)
    now = await left(store, operation_table)
    assert now >= {runs, of_running[1], *newest}
    assert not {of_running[0], of_gone} & now


async def test_records_stay_while_their_application_is_worked_on(store):
    builds = [await record(store, BUILD, 400) for _ in range(5)]
    working = await made(store, 0, State.RUNNING)
    await prune(store)
    assert await left(store, operation_table) == set(builds)
    await store.write(lambda connection: connection.execute(job_table.delete().where(job_table.c.id == working)))
    await prune(store)
    assert await left(store, operation_table) == set(builds[-3:])


async def test_a_record_that_is_named_meanwhile_stays(store, monkeypatch):
    """Between the search and the deletion somebody deploys an old artifact."""
    artifacts = [await record(store, ARTIFACT, 400) for _ in range(5)]
    write = Pruner._write

    async def deployed_first(self, fn, *args):
        if fn is not pruning.drop_audit:
            monkeypatch.setattr(Pruner, "_write", write)
            await record(store, DEPLOYMENT, 0, pb.Operation.CREATED, artifact_id=artifacts[0])
        return await write(self, fn, *args)

    monkeypatch.setattr(Pruner, "_write", deployed_first)
    await prune(store)
    assert {artifacts[0], *artifacts[-3:]} < await left(store, operation_table)
    assert artifacts[1] not in await left(store, operation_table)


async def test_runners_go_after_their_jobs(store):
    old, busy, here, rejected = "old", "busy", "here", "rejected"
    for name in (old, busy, here, rejected):
        registered = await store.write(runners.register, pb.Runner(id=name, remote=pb.Runner.Remote()))
        if name != here:
            await store.write(runners.unregister, name, registered.registration)
    await store.write(runners.decide, rejected, False)

    def long_ago(connection: Connection) -> None:
        for name in (old, busy, here, rejected):
            runner = runners.get(connection, name)
            runner.last_seen.FromNanoseconds(clock.now(connection) - 2 * DAY * SECOND)
            where = runner_table.c.id == name
            connection.execute(update(runner_table).where(where).values(blob=runner.SerializeToString()))

    await store.write(long_ago)
    await made(store, 91, labels={"runner": old})
    await made(store, 1, labels={"runner": busy})
    await prune(store, replace(BY_AGE, runner_seconds=3 * DAY))
    assert await left(store, runner_table) == {old, busy, here, rejected}
    await prune(store)
    assert await left(store, runner_table) == {busy, here, rejected}


async def test_the_audit_has_an_age_of_its_own(store):
    for _ in range(3):
        await store.write(audit.insert, AuditEvent(id=new_id(), rpc="SetConfig", actor="user:u"))
    oldest = min(await left(store, audit_events))
    where = audit_events.c.id == oldest
    old = await store.read(clock.now) - 366 * DAY * SECOND
    await store.write(lambda connection: connection.execute(update(audit_events).where(where).values(time=old)))
    await prune(store, replace(BY_AGE, audit_seconds=0))
    assert await counted(store, audit_events) == 3
    await prune(store)
    assert await counted(store, audit_events) == 2
    assert oldest not in await left(store, audit_events)


async def test_much_is_removed_in_many_small_steps_and_others_write_in_between(store, monkeypatch):
    monkeypatch.setattr(pruning, "EVENTS_AT_ONCE", 10)
    steps: list[int] = []
    drop = pruning.drop_jobs

    def counted_drop(connection: Connection, job_ids, before) -> int:
        rows = connection.execute(select(func.count()).select_from(job_output)).scalar()
        done = drop(connection, job_ids, before)
        steps.append(rows - connection.execute(select(func.count()).select_from(job_output)).scalar())
        return done

    monkeypatch.setattr(pruning, "drop_jobs", counted_drop)
    for _ in range(30):
        await made(store, 91, outputs=4)
    removing = asyncio.create_task(prune(store))
    mine = []
    while not removing.done():
        mine.append(await made(store, 0))
        await asyncio.sleep(0)
    await removing
    assert await left(store) == set(mine)
    assert len(steps) == 15
    assert set(steps) == {8}
    assert len(mine) > 1


async def test_whoever_loses_the_duty_stops(store, monkeypatch):
    monkeypatch.setattr(pruning, "JOBS_AT_ONCE", 1)
    for _ in range(5):
        await made(store, 91)
    numbers = iter([ALONE, ALONE])
    await Pruner(store, BY_AGE, lambda: next(numbers, None)).round()
    assert len(await left(store)) == 3


async def test_a_server_does_it_by_itself(settings, monkeypatch):
    monkeypatch.setattr(pruner, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(pruner, "TICK_SECONDS", 0.1)
    async with app.running(settings) as running:
        await made(running.store, 91)
        kept = await made(running.store, 89)
        async with asyncio.timeout(60):
            while await left(running.store) != {kept}:
                await asyncio.sleep(0.05)


def test_the_group_limits_are_those_that_the_documentation_names():
    assert dict(Limits(1, 1).jobs) == {"ordinary": 10_000, "routine": 1_000, "launching": 40_000}
    assert Limits(1, 1).records == 100


@pytest.mark.parametrize("moment", [1, 1_700_000_000_000_000_000])
def test_ids_are_cut_by_time(moment):
    assert first_id_of(moment) <= first_id_of(moment + 1_000_000)
    assert first_id_of(moment)[10:] == "0" * 16
    assert first_id_of(1_000_000) < new_id()
