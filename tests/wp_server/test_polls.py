"""What is looked at when, and what comes of it (server.md §9.1; defect 40), on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from google.rpc.status_pb2 import Status
from sqlalchemy import Connection, update

from wp_proto.waypoint import api as pb
from wp_server.errors import Aborted, NotFound
from wp_server.ids import new_id
from wp_server.jobs import deadlines, queueing
from wp_server.jobs.deadlines import ALONE, SWEEPING
from wp_server.poll import looks, poller, schedule
from wp_server.store import claims, clock, jobs, operations, polls, projects, replicas, transitions
from wp_server.store.claims import Candidate
from wp_server.store.polls import Kind, Poll
from wp_server.store.schema import polls as table

SECOND = 1_000_000_000
GIT = pb.Job.DataSource(git=pb.Job.Git(url="https://git.example/shop.git"))
RUNNER = Candidate("r", {}, by_id_only=False)


def project(name: str = "Shop", **fields) -> pb.Project:
    fields.setdefault("data_source", GIT)
    fields.setdefault("data_source_poll", pb.Project.Poll(enabled=True, interval="30s"))
    fields.setdefault("status_report_poll", pb.Project.AppStatusPoll())
    return pb.Project(name=name, **fields)


def all_due(connection: Connection) -> None:
    connection.execute(update(table).values(next=0))


def the_poll(connection: Connection, kind: Kind = Kind.SOURCE, app: str = "", key: str = "shop") -> Poll:
    found = polls.find(connection, kind, key, app)
    assert found is not None
    return found


async def look(store, kind: Kind = Kind.SOURCE, app: str = "", key: str = "shop") -> Poll:
    """Looks, whatever the time; returns the row afterwards."""
    await store.write(all_due)
    await store.write(looks.take, await store.read(the_poll, kind, app, key))
    return await store.read(the_poll, kind, app, key)


async def shown(store) -> str:
    return (await store.read(looks.shown, await store.read(projects.get, "shop")))[0].problem


async def end(store, job_id: str, result: pb.Job.Result | None = None, error: Status | None = None) -> None:
    """A runner takes exactly this job and ends it."""
    (row,) = await store.write(claims.claim, RUNNER, 1)
    assert row.job.id == job_id
    fence = row.position.assignment
    await store.write(transitions.acknowledge, job_id, fence)
    if error is not None:
        await store.write(transitions.fail, job_id, fence, error)
    else:
        await store.write(transitions.complete, job_id, fence, result or pb.Job.Result())


def found(commit: str, job_id: str = "") -> pb.Job.Result:
    ref = pb.Job.DataSource.Ref(git=pb.Job.Git.Ref(commit=commit, tree="t"))
    return pb.Job.Result(poll=pb.Job.PollResult(new_ref=ref, job_id=job_id))


def queue_deployment(connection: Connection, job_id: str) -> None:
    job = pb.Job(application=pb.Ref.Application(project="shop"), workspace=pb.Ref.Workspace(workspace="default"))
    job.target_runner.any.SetInParent()
    job.queue_project.SetInParent()
    queueing.queue(connection, [queueing.complete(connection, job, job_id)], None, "runner:r")


async def test_rows_follow_the_settings(store):
    await store.write(projects.upsert, project())
    first = await store.read(the_poll)
    assert (first.last, first.known, first.job_ids) == (None, None, ())
    await store.write(projects.upsert, project(file_change_signal="HUP"))
    assert await store.read(the_poll) == first  # nothing that matters to polling

    looked = await look(store)
    assert looked.next > looked.last
    await store.write(projects.upsert, project(data_source_poll=pb.Project.Poll(enabled=True, interval="1h")))
    again = await store.read(the_poll)
    assert again.next < looked.next  # at once
    assert (again.last, again.job_ids) == (looked.last, looked.job_ids)

    await store.write(projects.upsert, project(data_source_poll=pb.Project.Poll()))
    assert await store.read(polls.of_project, "SHOP") == []
    await store.write(projects.upsert, project())
    await store.write(projects.upsert, project(state=pb.Project.DESTROYING))
    assert await store.read(polls.every) == []


async def test_applications_are_looked_at_from_when_they_exist_until_their_project_goes(store):
    regularly = project(data_source_poll=pb.Project.Poll(), status_report_poll=pb.Project.AppStatusPoll(enabled=True))
    await store.write(projects.upsert, project(data_source_poll=pb.Project.Poll()))
    await store.write(projects.upsert_application, "shop", "Web", "")
    await store.write(projects.upsert, regularly)
    await store.write(projects.upsert_application, "shop", "Worker", "")
    rows = await store.read(polls.of_project, "shop")
    assert [(row.kind, row.app) for row in rows] == [(Kind.APPLICATION, "web"), (Kind.APPLICATION, "worker")]
    assert [one.application for one in await store.read(looks.shown, await store.read(projects.get, "shop"))] == [
        "Web",
        "Worker",
    ]
    await store.write(projects.destroy, "shop")
    assert await store.read(polls.every) == []


async def test_a_look_is_one_job_and_never_overtakes_the_one_before(store, monkeypatch):
    await store.write(projects.upsert, project())
    first = await look(store)
    (job_id,) = first.job_ids
    job = await store.read(jobs.message, job_id)
    assert (job.singleton_id, job.workspace.workspace, job.application.application) == ("poll/Shop", "default", "")
    assert (job.target_runner.WhichOneof("target"), job.data_source) == ("any", GIT)
    assert job.poll.HasField("known")
    assert not job.poll.known.HasField("git")
    assert abs((first.next - first.last) / SECOND - 30) <= 30 * schedule.JITTER
    assert await shown(store) == ""
    with monkeypatch.context() as later:
        later.setattr(looks, "LATE", 0)
        assert (await shown(store)).startswith(f"The job {job_id} is queued. No runner takes it")

    again = await look(store)
    assert (again.job_ids, again.last) == (first.job_ids, first.last)

    await end(store, job_id, found("c1"))
    after = await look(store)
    assert after.known.git.commit == "c1"
    assert (await store.read(jobs.message, after.job_ids[0])).poll.known == after.known
    await end(store, after.job_ids[0], found("c1"))
    assert await shown(store) == ""


async def test_what_is_not_due_is_left_alone(store):
    await store.write(projects.upsert, project())
    first = await look(store)
    await end(store, first.job_ids[0], found("c1"))
    await store.write(looks.take, first)
    assert await store.read(the_poll) == first


async def test_a_commit_counts_when_its_deployments_are_queued(store):
    await store.write(projects.upsert, project())
    first = await look(store)
    await end(store, first.job_ids[0], found("c1", "D1"))
    await store.write(queue_deployment, "D1")
    waiting = await look(store)
    assert (waiting.job_ids, waiting.known) == (first.job_ids, None)
    await end(store, "D1")
    assert (await look(store)).known.git.commit == "c1"


async def test_a_runner_that_dies_with_the_deployment_costs_a_repetition(store):
    await store.write(projects.upsert, project())
    first = await look(store)
    await end(store, first.job_ids[0], found("c1", "D1"))
    await store.write(queue_deployment, "D1")
    await store.write(transitions.cancel, "D1", True)
    again = await look(store)
    assert (again.known, again.failures) == (None, 1)
    assert again.job_ids != first.job_ids


async def test_a_broken_commit_is_shown_until_the_next_one_and_not_tried_again(store):
    await store.write(projects.upsert, project())
    first = await look(store)
    await end(store, first.job_ids[0], found("c1", "D1"))
    await store.write(queue_deployment, "D1")
    await end(store, "D1", error=Status(code=3, message="waypoint.hcl:1:\n  expected a value"))
    sentence = "The commit c1 is not deployed: The job D1 failed: waypoint.hcl:1: expected a value"
    assert await shown(store) == sentence
    second = await look(store)
    assert (second.known.git.commit, second.failures, second.problem) == ("c1", 0, sentence)
    await end(store, second.job_ids[0], found("c1"))
    third = await look(store)
    assert third.problem == sentence
    await end(store, third.job_ids[0], found("c2", "D2"))
    await store.write(queue_deployment, "D2")
    await end(store, "D2")
    assert await shown(store) == ""


async def test_failures_make_the_pauses_longer_until_one_succeeds(store):
    await store.write(projects.upsert, project())
    pauses = []
    for _ in range(9):
        looked = await look(store)
        pauses.append((looked.next - looked.last) / SECOND)
        await end(store, looked.job_ids[0], error=Status(code=9, message="no such host"))
    expected = [30, 60, 120, 240, 480, 900, 900, 900, 900]
    assert all(abs(pause - wanted) <= wanted * schedule.JITTER for pause, wanted in zip(pauses, expected, strict=True))
    assert (await shown(store)).endswith("failed: no such host")
    looked = await look(store)
    await end(store, looked.job_ids[0], found("c1"))
    assert (await look(store)).failures == 0


async def test_new_settings_end_a_pause(store):
    await store.write(projects.upsert, project())
    for _ in range(3):
        looked = await look(store)
        await end(store, looked.job_ids[0], error=Status(code=9, message="no such host"))
    moved = pb.Job.DataSource(git=pb.Job.Git(url="https://elsewhere.example/shop.git"))
    await store.write(projects.upsert, project(data_source=moved))
    now = await store.read(clock.now)
    row = await store.read(the_poll)
    assert row.next <= now
    assert row.failures == 0
    again = await look(store)
    assert (await store.read(jobs.message, again.job_ids[0])).data_source == moved


async def test_new_settings_do_not_forget_what_the_old_ones_deployed(store):
    await store.write(projects.upsert, project())
    first = await look(store)
    await end(store, first.job_ids[0], found("c1"))
    moved = pb.Job.DataSource(git=pb.Job.Git(url="https://elsewhere.example/shop.git"))
    await store.write(projects.upsert, project(data_source=moved))
    assert (await look(store)).known.git.commit == "c1"


async def test_state_of_applications_newest_deployment_and_release(store):
    application = pb.Ref.Application(project="Shop", application="Web")
    status = pb.Status(state=pb.Status.SUCCESS)
    common = {"application": application, "workspace": pb.Ref.Workspace(workspace="default"), "status": status}
    await store.write(
        projects.upsert,
        project(data_source_poll=pb.Project.Poll(), status_report_poll=pb.Project.AppStatusPoll(enabled=True)),
    )
    await store.write(projects.upsert_application, "shop", "Web", "")
    nothing = await look(store, Kind.APPLICATION, "web")
    assert (nothing.job_ids, nothing.problem) == ((), "")

    created = pb.Operation.CREATED
    await store.write(operations.upsert, operations.RELEASE, pb.Release(state=created, url="x", **common))
    (only,) = (await look(store, Kind.APPLICATION, "web")).job_ids  # defect 40: a release without a deployment
    assert (await store.read(jobs.message, only)).status_report.release.url == "x"
    await end(store, only)

    destroyed = pb.Operation.DESTROYED
    stays = await store.write(operations.upsert, operations.DEPLOYMENT, pb.Deployment(state=created, **common))
    await store.write(operations.upsert, operations.DEPLOYMENT, pb.Deployment(state=destroyed, **common))
    both = await look(store, Kind.APPLICATION, "web")
    first, second = [await store.read(jobs.message, job_id) for job_id in both.job_ids]
    assert first.status_report.deployment.id == stays.id
    assert second.status_report.HasField("release")
    assert [first.singleton_id, second.singleton_id] == [
        "app-status-poll/default/Shop/Web/deployment",
        "app-status-poll/default/Shop/Web/release",
    ]
    assert (await look(store, Kind.APPLICATION, "web")).job_ids == both.job_ids  # not before those have ended


async def test_taking_over_adds_what_is_missing_and_spreads_what_waited(store):
    for number in range(20):
        await store.write(projects.upsert, project(f"p{number}"))
    await store.write(lambda connection: connection.execute(table.delete().where(table.c.project_key == "p0")))
    await store.write(lambda connection: connection.execute(update(table).values(last=1, next=1)))
    before = await store.read(clock.now)
    await store.write(poller.take_over, ALONE)
    rows = {row.project: row for row in await store.read(polls.every)}
    assert len(rows) == 20
    assert rows.pop("p0").last is None
    assert all(before <= row.next <= before + 60 * SECOND for row in rows.values())
    assert len({row.next for row in rows.values()}) > 10


async def test_one_that_cannot_be_queued_keeps_nobody_waiting(store, monkeypatch):
    """Defect 40. The loop itself, on projects of which one has no source and one meets a defect of ours."""
    for name, source in (("a", None), ("b", GIT), ("c", GIT)):
        await store.write(projects.upsert, project(name, data_source=source))
    real = queueing.complete

    def sometimes(connection: Connection, job: pb.Job, job_id: str) -> pb.Job:
        if job.application.project == "b":
            raise KeyError("something")
        return real(connection, job, job_id)

    monkeypatch.setattr(queueing, "complete", sometimes)
    running = asyncio.create_task(poller.run(store, lambda: ALONE))
    try:
        rows = await until(store, lambda rows: all(row.last for row in rows))
    finally:
        running.cancel()
    assert "no git data source" in rows["a"].problem
    assert rows["a"].failures == 1
    assert "KeyError" in rows["b"].problem
    assert rows["b"].failures == 1
    assert rows["c"].job_ids
    assert not rows["c"].problem
    assert all(row.next > row.last for row in rows.values())


async def test_a_new_project_is_looked_at_at_once_and_on_several_servers_only_by_one(store):
    leaders: list[Callable[[], int | None]] = [lambda: None, lambda: ALONE]
    running = [asyncio.create_task(poller.run(store, leads)) for leads in leaders]
    try:
        await store.write(projects.upsert, project())
        rows = await until(store, lambda rows: any(row.last for row in rows))
        assert len(rows["shop"].job_ids) == 1
    finally:
        for task in running:
            task.cancel()


async def test_whoever_lost_the_duty_does_nothing(store):
    await store.write(projects.upsert, project())
    fence = await store.write(replicas.hold, SWEEPING)
    poll = await store.read(the_poll)
    with pytest.raises(Aborted):
        await store.write(poller._take, fence + 1, poll)
    assert await store.read(the_poll) == poll
    await store.write(poller._take, fence, poll)
    assert (await store.read(the_poll)).job_ids
    with pytest.raises(Aborted):
        await store.write(deadlines.check_lead, fence + 1)


async def until(store, condition) -> dict[str, Poll]:
    async with asyncio.timeout(60):
        while True:
            rows = await store.read(polls.every)
            if rows and condition(rows):
                return {row.project: row for row in rows}
            await asyncio.sleep(0.02)


async def test_jobs_that_were_cleared_away_say_nothing(store):
    await store.write(projects.upsert, project())
    first = await look(store)
    await store.write(polls.save, replace(first, job_ids=(new_id(),)))
    again = await look(store)
    assert again.job_ids != first.job_ids
    with pytest.raises(NotFound):
        await store.read(jobs.message, "gone")


@pytest.mark.parametrize(
    ("asked", "seconds"), [("", 30.0), ("2m", 120.0), ("0s", 1.0), ("-5s", 1.0), ("nonsense", 30.0), ("10ms", 1.0)]
)
def test_intervals(asked, seconds):
    polled = project(data_source_poll=pb.Project.Poll(enabled=True, interval=asked))
    assert schedule.interval(Kind.SOURCE, polled) == seconds


@pytest.mark.parametrize(("seconds", "failures", "most"), [(30, 0, 30), (30, 10_000, 900), (3600, 5, 3600)])
def test_pauses(seconds, failures, most):
    assert all(
        abs(schedule.pause(seconds, failures) / SECOND - most) <= most * schedule.JITTER + 0.001 for _ in range(100)
    )
