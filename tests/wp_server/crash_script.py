"""Runs a story of a server again and again, killing it at every statement in turn; looks at what each death left.

    python crash_script.py STORY FOLDER
    python crash_script.py STORY postgresql://…  STEP    on an empty database, killed at every STEP-th statement

Prints one line per death; ends with 0 when every file kept its promises and one story got to its end alive.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path

from sqlalchemy import Engine, event, select, text
from sqlalchemy.pool import Pool

from wp_proto.waypoint import api as pb
from wp_server.ids import new_id
from wp_server.jobs import machine, pipeline_run
from wp_server.jobs.locks import lock_of
from wp_server.jobs.machine import State
from wp_server.store import (
    Store,
    claims,
    config,
    job_groups,
    jobs,
    operations,
    output,
    pipelines,
    projects,
    settings,
    transitions,
)
from wp_server.store.claims import Candidate
from wp_server.store.operations import DEPLOYMENT
from wp_server.store.schema import app_locks, metadata, pipeline_runs, sequences
from wp_server.store.schema import jobs as jobs_table
from wp_server.store.schema import operations as operations_table

APP = pb.Ref.Application(project="p", application="web")
WORKSPACE = pb.Ref.Workspace(workspace="default")
RUNNER = Candidate("r1", {}, by_id_only=False)
GROUP = tuple(new_id() for _ in range(3))
FAR_AWAY = 10_000


def job(number: int, **fields) -> pb.Job:
    target = pb.Ref.Runner(any=pb.Ref.RunnerAny())
    return pb.Job(id=GROUP[number], application=APP, workspace=WORKSPACE, target_runner=target, **fields)


async def story(store: Store, told: int) -> None:
    """What a server does in a short life; `told` hears of every step that was answered."""

    def answered(step: str) -> None:
        os.write(told, f"{step}\n".encode())

    await store.write(settings.prepare)
    await store.write(projects.upsert, pb.Project(name="p"))
    answered("project")
    group = [
        job(0, up=pb.Job.UpOp(), singleton_id="one"),
        job(1, noop=pb.Job.Noop(), depends_on=[GROUP[0]]),
        job(2, up=pb.Job.UpOp(), depends_on=[GROUP[0]], depends_on_allow_failure=[GROUP[0]]),
    ]
    await store.write(job_groups.queue, group, None, "user:u")
    answered("queued")
    (row,) = await store.write(claims.claim, RUNNER, 1)
    fence = row.position.assignment
    await store.write(transitions.acknowledge, GROUP[0], fence)
    answered("running")
    record = pb.Deployment(application=APP, workspace=WORKSPACE, job_id=GROUP[0], state=pb.Operation.PENDING)
    record.status.state = pb.Status.RUNNING
    await store.write(operations.upsert, DEPLOYMENT, record)
    answered("recorded")
    line = output.Event(line=output.Event.Line(msg="hello"))
    await store.write_weak(output.append, GROUP[0], fence, [line] * 100)
    answered("printed")
    variables = [
        pb.ConfigVar(name=name, static="x", target=pb.ConfigVar.Target(application=APP)) for name in ("A", "B", "C")
    ]
    await store.write(config.set_variables, variables)
    answered("configured")
    await store.write(transitions.fail, GROUP[0], fence, pb.Job(error={"code": 2, "message": "no"}).error)
    answered("failed")
    (row,) = await store.write(claims.claim, RUNNER, 1)
    assert row.job.id == GROUP[2]
    answered("next")


async def pipeline_story(store: Store, told: int) -> None:
    """The same for the run of a pipeline with another one in it."""

    def answered(step: str) -> None:
        os.write(told, f"{step}\n".encode())

    await store.write(settings.prepare)
    await store.write(projects.upsert, pb.Project(name="p"))
    answered("project")
    inner = pipelines_with("inner", {"one": [], "two": ["one"]})
    await store.write(pipelines.upsert, inner)
    await store.write(pipelines.upsert, pipelines_with("outer", {"a": [], "in": ["a"], "z": ["in"]}, nested="in"))
    template = job(0, noop=pb.Job.Noop())
    template.id = ""
    template.data_source.local.SetInParent()
    asked = pipeline_run.Asked(named("outer"), template)
    await store.write(pipeline_run.run, asked, lambda _place: None, "user:u")
    answered("run")
    stop = await store.read(first_step)
    await store.write(transitions.cancel, stop, False)
    answered("cancelled")


STORIES = {"jobs": story, "pipeline": pipeline_story}


def named(pipeline: str) -> pb.Ref.Pipeline:
    owner = pb.Ref.PipelineOwner(project=pb.Ref.Project(project="p"), pipeline_name=pipeline)
    return pb.Ref.Pipeline(owner=owner)


def pipelines_with(name: str, steps: dict[str, list[str]], nested: str = "") -> pb.Pipeline:
    made = pb.Pipeline(name=name, project=pb.Ref.Project(project="p"))
    for step, after in steps.items():
        made.steps[step].name = step
        made.steps[step].depends_on.extend(after)
        if step == nested:
            made.steps[step].pipeline.ref.CopyFrom(named("inner"))
        else:
            made.steps[step].build.disable_push = True
    return made


def first_step(connection) -> str:
    blob = connection.execute(select(pipeline_runs.c.blob)).scalar_one()
    return pb.PipelineRun.FromString(blob).jobs[0].id


async def inspect(store: Store, told: set[str]) -> None:
    """Fails when something is half done, or something that was answered is missing."""

    def look(connection) -> None:
        rows = {job_id: found for job_id in GROUP if (found := jobs.find(connection, job_id)) is not None}
        assert len(rows) in (0, 3), "a group is stored whole or not at all"
        states = {job_id: row.position.state for job_id, row in rows.items()}
        held = {row.job_id for row in connection.execute(select(app_locks))}
        assert held == {
            job_id for job_id, row in rows.items() if row.position.state in machine.ASSIGNED and lock_of(row.job)
        }, "a lock goes with its job"
        for row in connection.execute(select(jobs_table)):
            assert row.state == jobs.get(connection, row.id).position.state, "column and message agree"
        if rows and states[GROUP[0]] is State.ERROR:
            assert states[GROUP[1]] is State.ERROR, "a failure cascades at once"
        numbers = [row.sequence for row in connection.execute(select(operations_table.c.sequence))]
        counters = [row.last for row in connection.execute(select(sequences))]
        assert numbers == counters, "number and record are given together"
        records = [pb.Deployment.FromString(row.blob) for row in connection.execute(select(operations_table.c.blob))]
        for record in records:
            ended = states[GROUP[0]] is State.ERROR
            assert (record.status.state == pb.Status.ERROR) == ended, "a dead job leaves no running record"
        place = config.Place(config.Scope.APPLICATION, "p", "web")
        variables = config.variables(connection, config.Query(place), lambda selector, labels: True)
        assert len(variables) in (0, 3), "a set of variables is whole"
        printed = sum(len(batch.terminal.events) for batch in output.after(connection, GROUP[0], 0, 100))
        assert printed in (0, 100)
        assert not rows or printed == rows[GROUP[0]].output_last
        runs = [pb.PipelineRun.FromString(blob) for blob in connection.execute(select(pipeline_runs.c.blob)).scalars()]
        steps = [row for row in connection.execute(select(jobs_table.c.id)).scalars() if row not in GROUP]
        assert len(runs) in (0, 1)
        assert sorted(steps) == sorted(ref.id for run in runs for ref in run.jobs), "a run and its jobs are one"
        assert len(steps) in (0, 5)
        ended = [jobs.get(connection, step).position.state is State.ERROR for step in steps]
        assert all(ended) or not any(ended), "a cancellation cascades at once"
        assert not runs or (runs[0].state == pb.PipelineRun.CANCELLED) == all(ended), "a run goes with its jobs"
        seen = {
            "run": bool(runs),
            "cancelled": bool(ended) and all(ended),
            "project": projects.find(connection, "p") is not None,
            "queued": bool(rows),
            "running": bool(rows) and states[GROUP[0]] not in (State.QUEUED, State.WAITING),
            "recorded": bool(records),
            "printed": bool(printed),
            "configured": bool(variables),
            "failed": bool(rows) and states[GROUP[0]] is State.ERROR,
            "next": bool(rows) and states[GROUP[2]] is State.WAITING,
        }
        missing = [step for step in told if not seen[step]]
        assert not missing, f"answered and lost: {missing}"

    await store.read(look)
    await store.write(transitions.take_over, machine.HEARTBEAT_TIMEOUT)


def in_child(run) -> tuple[int, set[str]]:
    """Returns the wait status of a child that runs `run(pipe)`, and the lines it wrote into its pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            asyncio.run(run(writing))
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", flush=True)
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as lines:
        told = set(lines.read().split())
    return os.waitpid(child, 0)[1], told


def life(name: str, url: str, deadly: int):
    """A story that dies when its `deadly`-th statement is about to run."""

    async def run(told: int) -> None:
        count = 0

        def trace(statement: str) -> None:
            nonlocal count
            count += 1
            if count == deadly:
                os.kill(os.getpid(), signal.SIGKILL)

        def connected(driver: sqlite3.Connection, _record: object) -> None:
            driver.set_trace_callback(trace)

        if url.startswith("sqlite"):
            event.listen(Pool, "connect", connected)
        else:
            event.listen(Engine, "before_cursor_execute", lambda _c, _u, statement, *_rest: trace(statement))
            event.listen(Engine, "commit", lambda _connection: trace("COMMIT"))
        await STORIES[name](Store.open(url), told)

    return run


def on_postgresql(name: str, url: str, step: int) -> int:
    """The same on a database that is emptied after every death; the server of the database survives."""
    for deadly in range(1, FAR_AWAY, step):
        asyncio.run(_empty(url))
        status, told = in_child(life(name, url, deadly))

        async def check(_pipe: int, told: set[str] = told) -> None:
            store = Store.open(url)
            await inspect(store, told)
            await store.close()

        verdict, _ = in_child(check)
        print(deadly, "survived" if status == 0 else "killed", sorted(told), flush=True)
        if verdict != 0 or (status != 0 and not os.WIFSIGNALED(status)):
            return 1
        if status == 0:
            return 0
    return 1


async def _empty(url: str) -> None:
    store = Store.open(url)
    names = ", ".join(table.name for table in metadata.sorted_tables)
    await store.write_alone(lambda connection: connection.execute(text(f"TRUNCATE {names}")))
    await store.close()


def main() -> int:
    name, place = sys.argv[1:3]
    if place.startswith("postgresql"):
        return on_postgresql(name, place, int(sys.argv[3]))
    template = Path(place) / "empty.db"

    async def make(_pipe: int) -> None:
        await Store.open(f"sqlite:///{template}").close()

    assert in_child(make)[0] == 0
    for deadly in range(1, FAR_AWAY):
        path = Path(place) / f"{deadly}.db"
        path.write_bytes(template.read_bytes())
        status, told = in_child(life(name, f"sqlite:///{path}", deadly))

        async def check(_pipe: int, path: Path = path, told: set[str] = told) -> None:
            store = Store.open(f"sqlite:///{path}")
            await inspect(store, told)
            await store.close()

        verdict, _ = in_child(check)
        print(deadly, "survived" if status == 0 else "killed", sorted(told), flush=True)
        if verdict != 0 or (status != 0 and not os.WIFSIGNALED(status)):
            return 1
        if status == 0:
            return 0
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
