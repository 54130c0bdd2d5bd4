"""Random lives of many jobs against the real tables: whatever happens in whatever order, the queue's promises hold."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
from google.rpc.status_pb2 import Status
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import create_engine, event, select, text, update

from wp_proto.waypoint import api as pb
from wp_server.errors import DomainError, FailedPrecondition
from wp_server.ids import new_id
from wp_server.jobs import machine
from wp_server.jobs.locks import lock_of
from wp_server.jobs.machine import State
from wp_server.store import claims, job_groups, transitions
from wp_server.store import jobs as rows
from wp_server.store.claims import Candidate
from wp_server.store.schema import app_locks, complete, jobs

RUNNERS = (
    Candidate("eu", {"region": "eu"}, False),
    Candidate("us", {"region": "us"}, False),
    Candidate("cli", {}, True),
)
OPERATIONS = ("noop", "up", "deploy", "release", "destroy_project")
TARGETS = (
    pb.Ref.Runner(any=pb.Ref.RunnerAny()),
    pb.Ref.Runner(id=pb.Ref.RunnerId(id="cli")),
    pb.Ref.Runner(labels=pb.Ref.RunnerLabels(labels={"region": "eu"})),
)
KNOWN = st.integers(0, 11)
"""Picks one of the newest jobs."""


class Queue(RuleBasedStateMachine):
    """Each rule is one transaction of the server."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.engine = create_engine(f"sqlite:///{self.folder.name}/model.db", connect_args={"isolation_level": None})
        event.listen(self.engine, "connect", lambda driver, _: driver.execute("PRAGMA synchronous=OFF"))
        complete("sqlite").create_all(self.engine)
        self.connection = self.engine.connect()
        self.ids: list[str] = []
        self.finished: dict[str, bytes] = {}
        self.given: list[tuple[str, int]] = []

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.connection.close()
            self.engine.dispose()
            self.folder.cleanup()

    def call(self, function, *arguments):
        """Runs one transaction; a refusal leaves nothing behind."""
        driver = self.connection.connection.driver_connection
        driver.execute("BEGIN")
        try:
            result = function(self.connection, *arguments)
        except DomainError:
            driver.execute("ROLLBACK")
            raise
        driver.execute("COMMIT")
        return result

    def pick(self, number: int) -> str | None:
        return self.ids[-1 - number % len(self.ids)] if self.ids else None

    @rule(
        operation=st.sampled_from(OPERATIONS),
        app=st.sampled_from(["web", "WEB", "api"]),
        wanted=st.sampled_from(TARGETS),
        singleton=st.sampled_from(["", "", "", "a", "A"]),
        after=st.lists(KNOWN, max_size=2),
        allow=st.booleans(),
    )
    def queue(self, operation, app, wanted, singleton, after, allow) -> None:
        depends = [job_id for number in after if (job_id := self.pick(number))]
        job = pb.Job(
            id=new_id(),
            application=pb.Ref.Application(project="p", application=app),
            workspace=pb.Ref.Workspace(workspace="default"),
            target_runner=wanted,
            singleton_id=singleton,
            depends_on=depends,
            depends_on_allow_failure=depends if allow else [],
        )
        getattr(job, operation).SetInParent()
        self.call(job_groups.queue, [job], None, "user:u")
        self.ids.append(job.id)

    @rule(runner=st.sampled_from(RUNNERS), most=st.integers(1, 3))
    def claim(self, runner, most) -> None:
        for row in self.call(claims.claim, runner, most):
            assert runner.id == row.position.runner_id
            kind, target = rows.target_of(row.job.target_runner)
            assert kind is rows.Target.ID or not runner.by_id_only
            assert kind is not rows.Target.ID or target == runner.id
            assert dict(row.job.target_runner.labels.labels).items() <= runner.labels.items()
            self.given.append((row.job.id, row.position.assignment))

    @rule(number=KNOWN, stale=st.booleans(), event_=st.sampled_from(["ack", "nack", "complete", "fail", "reattach"]))
    def speak(self, number, stale, event_) -> None:
        """A stream says something about an assignment, perhaps an old one."""
        if not self.given:
            return
        job_id, fence = self.given[-1 - number % len(self.given)]
        if stale:
            fence -= 1
        calls = {
            "ack": (transitions.acknowledge, job_id, fence),
            "nack": (transitions.give_back, job_id, fence),
            "complete": (transitions.complete, job_id, fence, pb.Job.Result()),
            "fail": (transitions.fail, job_id, fence, Status(code=2, message="broken")),
            "reattach": (transitions.reattach, job_id, rows.get(self.connection, job_id).position.runner_id),
        }
        with contextlib.suppress(FailedPrecondition):
            row = self.call(*calls[event_])
            assert event_ == "reattach" or row.position.assignment == fence
            self.given.append((job_id, row.position.assignment))

    @rule(number=KNOWN, force=st.booleans())
    def cancel(self, number, force) -> None:
        if job_id := self.pick(number):
            self.call(transitions.cancel, job_id, force)

    @rule(number=KNOWN)
    def time_passes(self, number) -> None:
        if job_id := self.pick(number):
            late = update(jobs).where(jobs.c.id == job_id, jobs.c.deadline.is_not(None)).values(deadline=1)
            self.call(lambda connection: connection.execute(late))
            self.call(transitions.sweep, 100)

    @rule()
    def server_restarts(self) -> None:
        self.call(transitions.take_over, machine.HEARTBEAT_TIMEOUT)

    @invariant()
    def promises_hold(self) -> None:
        if not getattr(self, "ids", None):
            return
        stored = {row.id: row for row in self.connection.execute(select(jobs))}
        now = {job_id: rows.get(self.connection, job_id) for job_id in stored}
        self.locks_follow_their_jobs(now)
        self.dependents_follow_their_dependencies(stored, now)
        singletons = [row.singleton_key for row in stored.values() if row.state == State.QUEUED and row.singleton_key]
        assert len(singletons) == len(set(singletons))
        for job_id, row in now.items():
            assert row.position.state == stored[job_id].state, "column and message agree"
            if row.position.finished:
                blob = self.finished.setdefault(job_id, stored[job_id].blob)
                assert blob == stored[job_id].blob, "a finished job never changes"

    def locks_follow_their_jobs(self, now) -> None:
        held = {row.job_id for row in self.connection.execute(select(app_locks))}
        wanted = {job_id for job_id, row in now.items() if row.position.state in machine.ASSIGNED and lock_of(row.job)}
        assert held == wanted
        keys = [lock_of(now[job_id].job) for job_id in held]
        assert len(keys) == len(set(keys))
        whole = [key for key in keys if not key.application]
        assert not whole or len(keys) == 1, "nothing runs beside what has the whole project"

    def dependents_follow_their_dependencies(self, stored, now) -> None:
        for job_id, row in now.items():
            before = [now[one] for one in dict.fromkeys(row.job.depends_on)]
            if row.position.state is not State.QUEUED:
                continue
            assert stored[job_id].unfinished == sum(not one.position.finished for one in before)
            allowed = set(row.job.depends_on_allow_failure)
            assert all(one.position.state is not State.ERROR or one.job.id in allowed for one in before)


TestQueue = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")(Queue.TestCase)
TestQueue.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize(
    ("name", "index"),
    [("_next_label_set", "jobs_claim"), ("_wanted_by_id", "jobs_claim"), ("_first_of", "jobs_claim")],
)
def test_looking_for_work_walks_an_index_whatever_the_length_of_the_queue(tmp_path: Path, name, index):
    from sqlalchemy.dialects import sqlite

    engine = create_engine(f"sqlite:///{tmp_path}/plan.db")
    complete("sqlite").create_all(engine)
    found = getattr(claims, name)
    for query in found.values() if isinstance(found, dict) else [found]:
        with engine.connect() as connection:
            values = {"waiting": ["r1"], "after": "", "target": ""}
            known = {name: value for name, value in values.items() if name in query.compile().params}
            compiled = query.params(known).compile(
                dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True}
            )
            statement = text(f"EXPLAIN QUERY PLAN {str(compiled).replace('?', '0')}")
            plan = " ".join(row[3] for row in connection.execute(statement))
        assert f"INDEX {index}" in plan
        assert "TEMP B-TREE" not in plan
        assert "SCAN jobs" not in plan
    engine.dispose()
