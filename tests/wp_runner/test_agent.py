from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import grpc
import pytest

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_runner.agent import Agent, RunnerKind, RunnerSettings
from wp_runner.outbox import Outbox
from wp_sdk.context import Context
from wp_sdk.errors import Cancelled
from wp_sdk.terminal import Line

if TYPE_CHECKING:
    from tests.wp_runner.fake_server import FakeServer

Work = Callable[[pb.Job, Outbox, Context], None]


def executor(work: Work) -> Callable[[pb.RunnerJobStreamResponse.JobAssignment, Outbox, Context], None]:
    def execute(assignment: pb.RunnerJobStreamResponse.JobAssignment, outbox: Outbox, context: Context) -> None:
        try:
            work(assignment.job, outbox, context)
            outbox.finish(pb.RunnerJobStreamRequest(complete=pb.RunnerJobStreamRequest.Complete()))
        except Cancelled as error:
            failed = pb.RunnerJobStreamRequest.Error()
            failed.error.code, failed.error.message = 1, str(error)
            outbox.finish(pb.RunnerJobStreamRequest(error=failed))

    return execute


def agent(server: FakeServer, work: Work, slots: int = 1) -> Agent:
    return Agent(server.stub, RunnerSettings(slots=slots), executor(work))


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the expected never happened"
        time.sleep(0.01)


def nothing(job: pb.Job, outbox: Outbox, context: Context) -> None:
    outbox.emit(Line("done nothing"))


def test_registers_as_a_local_runner_that_takes_only_its_own_jobs_and_leaves(server: FakeServer) -> None:
    with agent(server, nothing) as runner:
        registered = server.waypoint.runners[0]
        assert registered.id == runner.id
        assert registered.by_id_only
        assert registered.WhichOneof("kind") == "local"
    until(lambda: server.waypoint.online == 0)


def test_a_standing_runner_takes_any_job() -> None:
    message = RunnerSettings(kind=RunnerKind.REMOTE, labels={"zone": "a"}).message()
    assert message.WhichOneof("kind") == "remote"
    assert not message.by_id_only
    assert dict(message.labels) == {"zone": "a"}


def test_runs_jobs_one_after_the_other(server: FakeServer) -> None:
    with agent(server, nothing):
        for _ in range(3):
            job = pb.Job(noop=pb.Job.Noop())
            assert server.waypoint.run(job).WhichOneof("event") == "complete"
            kinds = [m.WhichOneof("event") for m in server.waypoint.messages[job.id]]
            assert kinds == ["ack", "terminal", "complete"]
            assert server.waypoint.text(job.id) == "done nothing"


def test_slots_run_side_by_side(server: FakeServer) -> None:
    both = threading.Barrier(2, timeout=60)
    with agent(server, lambda job, outbox, context: both.wait() and None, slots=2):
        first, second = server.waypoint.queue(pb.Job()), server.waypoint.queue(pb.Job())
        assert server.waypoint.outcome(first).WhichOneof("event") == "complete"
        assert server.waypoint.outcome(second).WhichOneof("event") == "complete"


def test_a_cancelled_job_is_told(server: FakeServer) -> None:
    def work(job: pb.Job, outbox: Outbox, context: Context) -> None:
        outbox.emit(Line("waiting"))
        context.wait(60)

    with agent(server, work):
        job_id = server.waypoint.queue(pb.Job())
        until(lambda: server.waypoint.text(job_id) == "waiting")
        server.waypoint.commands[job_id].put(pb.RunnerJobStreamResponse(cancel=pb.RunnerJobStreamResponse.JobCancel()))
        outcome = server.waypoint.outcome(job_id)
        assert outcome.error.error.code == 1
        assert outcome.error.error.message == "the job was cancelled"


def test_a_forced_end_stops_the_work_and_the_slot_goes_on(server: FakeServer) -> None:
    stopped = threading.Event()

    def work(job: pb.Job, outbox: Outbox, context: Context) -> None:
        if job.labels["wait"]:
            outbox.emit(Line("waiting"))
            try:
                context.wait(60)
            finally:
                stopped.set()

    with agent(server, work):
        job_id = server.waypoint.queue(pb.Job(labels={"wait": "1"}))
        until(lambda: server.waypoint.text(job_id) == "waiting")
        server.waypoint.commands[job_id].put(None)
        assert stopped.wait(60)
        assert server.waypoint.run(pb.Job()).WhichOneof("event") == "complete"


def test_a_job_survives_the_loss_of_its_stream(server: FakeServer) -> None:
    go = threading.Event()

    def work(job: pb.Job, outbox: Outbox, context: Context) -> None:
        outbox.emit(Line("before"))
        assert go.wait(60)
        for number in range(200):
            outbox.emit(Line(f"line {number}"))

    with agent(server, work):
        job_id = server.waypoint.queue(pb.Job())
        until(lambda: server.waypoint.text(job_id) == "before")
        server.waypoint.commands[job_id].put("break")
        go.set()
        assert server.waypoint.outcome(job_id).WhichOneof("event") == "complete"
        assert server.waypoint.reattached == [job_id]
        assert server.waypoint.text(job_id).splitlines() == ["before", *(f"line {n}" for n in range(200))]


def test_stop_waits_for_the_running_job(server: FakeServer) -> None:
    go = threading.Event()
    runner = agent(server, lambda job, outbox, context: go.wait(60) and None)
    runner.start()
    job_id = server.waypoint.queue(pb.Job())
    until(lambda: any(m.WhichOneof("event") == "ack" for m in server.waypoint.messages[job_id]))
    stopper = threading.Thread(target=runner.stop)
    stopper.start()
    until(lambda: runner.stopping)
    go.set()
    stopper.join(60)
    assert not stopper.is_alive()
    assert server.waypoint.outcome(job_id).WhichOneof("event") == "complete"


def test_stop_can_cancel_the_running_job(server: FakeServer) -> None:
    runner = agent(server, lambda job, outbox, context: context.wait(60))
    runner.start()
    job_id = server.waypoint.queue(pb.Job())
    until(lambda: any(m.WhichOneof("event") == "ack" for m in server.waypoint.messages[job_id]))
    runner.stop(cancel=True)
    assert server.waypoint.outcome(job_id).error.error.message == "the runner is shutting down"


def test_a_server_out_of_reach_is_an_error_in_time() -> None:
    channel = grpc.insecure_channel("127.0.0.1:1")
    runner = Agent(WaypointStub(channel), RunnerSettings(), executor(nothing))
    with pytest.raises(grpc.RpcError):
        runner.start(timeout=0.5)
    runner.stop()
    channel.close()
