"""A little of everything, with fixed names, so that a later server can be asked for it."""

from __future__ import annotations

from wp_proto.waypoint import api as pb
from wp_server.auth import tokens
from wp_server.store import Store, claims, config, job_groups, operations, output, projects, settings, transitions
from wp_server.store.claims import Candidate

APP = pb.Ref.Application(project="Shop", application="Web")
WORKSPACE = pb.Ref.Workspace(workspace="default")
RUNNING, QUEUED = "01JOBTHATRUNS", "01JOBTHATWAITS"


async def live_a_little(store: Store) -> None:
    await store.write(settings.prepare)
    await store.write(tokens.bootstrap)
    await store.write(projects.upsert, pb.Project(name="Shop"))
    await store.write(projects.upsert_application, "Shop", "Web", "HUP")
    variables = [pb.ConfigVar(name=n, static="x", target=pb.ConfigVar.Target(application=APP)) for n in ("A", "b")]
    await store.write(config.set_variables, variables)
    target = pb.Ref.Runner(any=pb.Ref.RunnerAny())
    same = {"application": APP, "workspace": WORKSPACE, "target_runner": target}
    group = [pb.Job(id=RUNNING, up={}, **same), pb.Job(id=QUEUED, noop={}, depends_on=[RUNNING], **same)]
    await store.write(job_groups.queue, group, None, "user:u")
    (row,) = await store.write(claims.claim, Candidate("r1", {}, by_id_only=False), 1)
    await store.write(transitions.acknowledge, RUNNING, row.position.assignment)
    line = output.Event(line=output.Event.Line(msg="hello"))
    await store.write_weak(output.append, RUNNING, row.position.assignment, [line] * 3)
    status = pb.Status(state=pb.Status.RUNNING)
    for _ in range(2):
        record = pb.Deployment(application=APP, workspace=WORKSPACE, status=status, job_id=RUNNING)
        await store.write(operations.upsert, operations.DEPLOYMENT, record)


async def look(store: Store) -> None:
    """Fails when something of the past is not there, or does not go on as it should."""
    assert (await store.read(settings.cookie)).startswith("WPC")
    shop = await store.read(projects.get, "shop")
    assert [(one.name, one.file_change_signal) for one in shop.applications] == [("Web", "HUP")]
    place = config.Place(config.Scope.APPLICATION, "shop", "web")
    variables = await store.read(config.variables, config.Query(place), lambda _selector, _labels: True)
    assert [one.name for one in variables] == ["A", "b"]
    batches = await store.read(output.after, RUNNING, 0, 100)
    assert [event.line.msg for batch in batches for event in batch.terminal.events] == ["hello"] * 3
    assert await store.write(claims.claim, Candidate("r2", {}, by_id_only=False), 5) == []
    await store.write(transitions.complete, RUNNING, 1, pb.Job.Result())
    (row,) = await store.write(claims.claim, Candidate("r2", {}, by_id_only=False), 5)
    assert row.job.id == QUEUED
    third = await store.write(
        operations.upsert, operations.DEPLOYMENT, pb.Deployment(application=APP, workspace=WORKSPACE)
    )
    assert third.sequence == 3
