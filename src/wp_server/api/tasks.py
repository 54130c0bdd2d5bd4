"""Tasks: what was launched for jobs, and its end before its time (server.md §7.9)."""

from __future__ import annotations

import grpc
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.api.viewers import job_for
from wp_server.auth.identity import Identity, current
from wp_server.jobs import on_demand
from wp_server.jobs.discretion import discreet
from wp_server.store import Store, jobs, tasks, transitions
from wp_server.store.tasks import TaskRow

Context = grpc.aio.ServicerContext[object, object]


class TaskHandlers:
    """The RPCs about tasks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def GetTask(self, request: pb.GetTaskRequest, context: Context) -> pb.GetTaskResponse:
        """Answers a task with its jobs, by its own id or that of any of its jobs."""
        return await self._store.read(_get, request.ref, current())

    async def ListTask(self, request: pb.ListTaskRequest, context: Context) -> pb.ListTaskResponse:
        """Answers the newest thousand tasks that are in one of the states, oldest first."""
        found = await self._store.read(_list, current())
        wanted, caller = set(request.taskState), current()
        return pb.ListTaskResponse(
            tasks=[
                task
                for task in found
                if (not wanted or task.task.job_state in wanted)
                and caller.sees(task.task_job.application.project, task.task_job.workspace.workspace)
            ]
        )

    async def CancelTask(self, request: pb.CancelTaskRequest, context: Context) -> Empty:
        """Asks everything but the clean-up to stop; that runs when the rest has ended (defect 33)."""
        await self._store.write(_cancel, request.ref)
        return Empty()


def _get(connection: Connection, ref: pb.Ref.Task, caller: Identity) -> pb.GetTaskResponse:
    return _with_jobs(connection, tasks.get(connection, ref), caller)


def _list(connection: Connection, caller: Identity) -> list[pb.GetTaskResponse]:
    return [_with_jobs(connection, row, caller) for row in tasks.newest(connection)]


def _cancel(connection: Connection, ref: pb.Ref.Task) -> None:
    row = tasks.get(connection, ref)
    for job_id in dict.fromkeys((row.work, row.start, row.watch)):
        transitions.cancel(connection, job_id, False)


def _with_jobs(connection: Connection, row: TaskRow, caller: Identity) -> pb.GetTaskResponse:
    work, start, watch, stop = (
        job_for(caller, discreet(jobs.message(connection, one))) for one in (row.work, row.start, row.watch, row.stop)
    )  # fmt: skip
    task = pb.Task(id=row.id, job_state=on_demand.state(start, work, stop))
    task.task_job.id, task.start_job.id = row.work, row.start
    task.watch_job.id, task.stop_job.id = row.watch, row.stop
    if start.result.start_task.HasField("state"):
        task.state.CopyFrom(start.result.start_task.state)
    return pb.GetTaskResponse(task=task, task_job=work, start_job=start, stop_job=stop, watch_job=watch)
