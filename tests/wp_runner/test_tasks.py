"""Launching and cleaning up: nothing that was launched is forgotten with the job that launched it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_proto.plugins import docker_pb2
from wp_proto.waypoint import api as pb
from wp_runner.environment import RunnerFacts
from wp_runner.operations.task import TaskJob, start_task, stop_task
from wp_runner.plugins import PluginHost
from wp_sdk.component import Context, JobInfo, Plugin, TaskLauncher
from wp_sdk.errors import Cancelled
from wp_sdk.terminal import UI, RecordingSink
from wp_sdk.values import pack


class Dock:
    """A launcher that keeps what it did."""

    def __init__(self, cancelled_meanwhile: bool = False) -> None:
        self.did: list[str] = []
        self._cancelled_meanwhile = cancelled_meanwhile

    def start(self, ctx: Context) -> docker_pb2.TaskInfo:
        self.did.append("start")
        if self._cancelled_meanwhile:
            ctx.cancel()
        return docker_pb2.TaskInfo(id="c1")

    def stop(self, task: docker_pb2.TaskInfo) -> None:
        self.did.append(f"stop {task.id}")

    def clean_up(self, job: JobInfo) -> None:
        self.did.append(f"clean up after {job.id}")

    def plugin(self) -> Plugin:
        return Plugin("dock", task=TaskLauncher(start=self.start, stop=self.stop, clean_up=self.clean_up))


def env(dock: Dock, job: pb.Job, start: pb.Job | None = None) -> TaskJob:
    server = SimpleNamespace(stub=SimpleNamespace(GetJob=None), find=lambda _method, _request: start)
    facts = RunnerFacts("r", local=False, host=PluginHost({"dock": dock.plugin()}), entrypoint=lambda: None)
    return TaskJob(job, server, UI(RecordingSink()), Context(), facts)


def start_job(ran: bool = True, state: OpaqueAny | None = None) -> pb.Job:
    job = pb.Job(id="START", state=pb.Job.ERROR)
    job.start_task.params.plugin_type = "dock"
    if ran:
        job.ack_time.GetCurrentTime()
    if state is not None:
        job.result.start_task.state.CopyFrom(state)
    return job


def stop_job() -> pb.Job:
    return pb.Job(id="STOP", stop_task=pb.Job.StopTaskLaunchOp(start_job_id="START"))


def test_a_start_that_was_cancelled_at_the_last_moment_stops_what_it_started() -> None:
    dock = Dock(cancelled_meanwhile=True)
    with pytest.raises(Cancelled):
        start_task(env(dock, start_job()))
    assert dock.did == ["start", "stop c1"]


@pytest.mark.parametrize(
    ("start", "done"),
    [
        (start_job(state=pack(docker_pb2.TaskInfo(id="c1"))), ["stop c1", "clean up after START"]),
        (start_job(), ["clean up after START"]),
        (start_job(ran=False), []),
        (None, []),
    ],
)
def test_what_a_clean_up_does(start: pb.Job | None, done: list[str]) -> None:
    dock = Dock()
    stop_task(env(dock, stop_job(), start))
    assert dock.did == done
