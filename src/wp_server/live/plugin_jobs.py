"""Deployments whose platform plugin does exec or logs itself: a runner plays the instance for one caller (§5.5, §6.3).

The server invents an instance id and queues an `exec` or `logs` job that names it. The runner that takes the job opens
an entrypoint's streams under that id. When the caller leaves, the job is asked to stop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.errors import FailedPrecondition, Unavailable
from wp_server.ids import new_id
from wp_server.jobs import queueing
from wp_server.jobs.machine import State
from wp_server.store import Store, jobs, projects, transitions

EXPIRY = 60.0
"""Seconds until a runner has to take the job."""
RUNNER_HEADER = "waypoint-runner-id"
"""The runner inside the calling command line, which has the project's files."""


def job_topic(job_id: str) -> str:
    """Returns the topic of a job's moves."""
    return f"job/{job_id}"


def caller_runner(context: grpc.aio.ServicerContext[object, object]) -> str:
    """Returns the id of the runner inside the calling command line; empty without one."""
    value = dict(context.invocation_metadata() or ()).get(RUNNER_HEADER, "")
    return value if isinstance(value, str) else ""


class PluginJobs:
    """Queues jobs for callers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @asynccontextmanager
    async def running(self, job: pb.Job, deployment: pb.Deployment, runner_id: str) -> AsyncIterator[str]:
        """Queues `job` for `deployment` and yields its id once a runner took it; in the end it is asked to stop.

        Errors: FailedPrecondition when no runner takes it in time, or when it fails at once.
        """
        job.id = new_id()
        job.application.CopyFrom(deployment.application)
        job.workspace.CopyFrom(deployment.workspace)
        if runner_id:
            job.target_runner.id.id = runner_id
            job.data_source.local.SetInParent()
        else:
            job.target_runner.any.SetInParent()
        await self._store.write(_queue, job)
        try:
            with self._store.changes.subscribe(job_topic(job.id)) as news:
                while await self.state(job.id) is not State.RUNNING:
                    await news.wait()
            yield job.id
        finally:
            await asyncio.shield(self._stop(job.id))

    async def state(self, job_id: str) -> State:
        """Returns the state of a job that has not ended. Errors: FailedPrecondition with the reason of its end."""
        job = await self._store.read(jobs.message, job_id)
        match State(job.state):
            case State.ERROR:
                raise FailedPrecondition(f"The platform's plugin could not be reached: {job.error.message}")
            case State.SUCCESS:
                raise FailedPrecondition("The platform's plugin has ended.")
            case state:
                return state

    async def end(self, job_id: str) -> FailedPrecondition:
        """Waits for a job's end and returns why it ended."""
        with self._store.changes.subscribe(job_topic(job_id)) as news:
            while True:
                try:
                    await self.state(job_id)
                except FailedPrecondition as reason:
                    return reason
                await news.wait()

    async def _stop(self, job_id: str) -> None:
        try:
            await self._store.write(transitions.cancel, job_id, False)
        except Unavailable:
            # The server is going down; the runner loses its peers and stops by itself.
            return


def _queue(connection: Connection, job: pb.Job) -> None:
    if not job.HasField("data_source"):
        project = projects.get(connection, job.application.project)
        if not project.HasField("data_source"):
            raise FailedPrecondition(
                f"The deployment's platform plugin has to run somewhere with the files of project {project.name!r}: "
                "call again from its directory, or give the project a git source."
            )
        job.data_source.CopyFrom(project.data_source)
    queueing.queue(connection, [job], time.time_ns() + int(EXPIRY * 1e9), "server")
