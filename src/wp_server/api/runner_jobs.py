"""The stream on which a runner takes and works on one job (server.md §7.7)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import grpc

from wp_proto.waypoint import api as pb
from wp_server.auth import rules
from wp_server.auth.identity import current
from wp_server.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from wp_server.jobs.departures import Departures
from wp_server.jobs.dispatch import Dispatcher
from wp_server.jobs.machine import SECOND, Position, StaleAssignment, State
from wp_server.store import Store, config_sources, jobs, output, runners, transitions
from wp_server.store.claims import Candidate
from wp_server.store.jobs import JobRow
from wp_server.store.moves import Cause

Context = grpc.aio.ServicerContext[object, object]
Request = pb.RunnerJobStreamRequest
Answer = pb.RunnerJobStreamResponse

HEARTBEAT_WRITE_SECONDS = 15
"""Heartbeats come every 5 s; only one in so many seconds is written, and moves the deadline that much further."""


class RunnerJobHandlers:
    """RunnerJobStream."""

    def __init__(self, store: Store, dispatcher: Dispatcher, departures: Departures) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._departures = departures

    async def RunnerJobStream(
        self, requests: AsyncIterator[pb.RunnerJobStreamRequest], context: Context
    ) -> AsyncGenerator[pb.RunnerJobStreamResponse, None]:
        """Yields one assignment, then cancellations; ends OK when the job's end is stored, or after a forced cancel."""
        incoming = aiter(requests)
        first = await anext(incoming, None)
        if first is None or first.WhichOneof("event") != "request":
            raise FailedPrecondition("The first message of a job stream must be the request for a job.")
        wanted = first.request
        rules.own_runner(current(), wanted.runner_id)
        runner = await self._store.read(runners.candidate, wanted.runner_id)
        if current().grants and not (runner.inside_command and runner.by_id_only):
            raise PermissionDenied("Only an administrator can run a runner that takes the jobs of others.")
        if wanted.reattach_job_id:
            row = await self._reattach(wanted.reattach_job_id, runner)
        else:
            row = await self._next(runner)
        work = _Work(self._store, row, runner, reattached=bool(wanted.reattach_job_id))
        try:
            sources = await self._store.read(config_sources.of_job, row.job)
            assignment = Answer.JobAssignment(job=row.job, config_sources=sources, stored_events=row.output_last)
            yield Answer(assignment=assignment)
            async for answer in work.follow(incoming):
                yield answer
        finally:
            await work.leave(self._departures)

    async def _next(self, runner: Candidate) -> JobRow:
        """Waits for a job as long as the runner stays adopted."""
        claim = asyncio.ensure_future(self._dispatcher.next_job(runner))
        try:
            with self._store.changes.subscribe(f"runner/{runner.id}") as news:
                while not claim.done():
                    await news.wait_beside(claim)
                    if not claim.done():
                        await self._store.read(runners.candidate, runner.id)
            return claim.result()
        except BaseException:
            if claim.done() and not claim.cancelled() and claim.exception() is None:
                row = claim.result()
                await self._store.write(transitions.give_back, row.job.id, row.position.assignment)
            claim.cancel()
            raise

    async def _reattach(self, job_id: str, runner: Candidate) -> JobRow:
        try:
            return await self._store.write(transitions.reattach, job_id, runner.id)
        except (NotFound, FailedPrecondition) as error:
            raise InvalidArgument(f"The job {job_id} cannot be continued by this runner: {error.message}") from error


class _Work:
    """One assignment on one stream."""

    def __init__(self, store: Store, row: JobRow, runner: Candidate, reattached: bool) -> None:
        self._store = store
        self._inside_command = runner.inside_command
        self._id = row.job.id
        self._fence = row.position.assignment
        self._reattached = reattached
        self._running = row.position.state is State.RUNNING
        """Whether the job is confirmed: from then on it outlives its stream."""
        self._accepted = False
        """Whether this stream has heard `ack`."""
        self._finished = False
        self._cancel_seen: int | None = None
        self._next_heartbeat = time.monotonic() + HEARTBEAT_WRITE_SECONDS

    async def follow(self, requests: AsyncIterator[Request]) -> AsyncGenerator[Answer, None]:
        """Stores what the runner says until it is done; yields the cancellations it has to hear."""
        reading = asyncio.ensure_future(self._read(requests))
        try:
            with self._store.changes.subscribe(f"job/{self._id}") as news:
                while True:
                    if self._finished:
                        break
                    at = (await self._store.read(jobs.get, self._id)).position
                    for answer in self._cancellations(at):
                        yield answer
                    if at.finished or reading.done():
                        break
                    await news.wait_beside(reading)
            if self._finished or reading.done():
                await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def leave(self, departures: Departures) -> None:
        """Puts a job back that was handed out and not confirmed, at once (§7.7). A confirmed one is kept for its
        runner, for a short time only when that lives inside a command line."""
        if self._finished or (self._running and not self._inside_command):
            return
        if self._running:
            await departures.write(transitions.part, self._id, self._fence)
        else:
            await departures.write(transitions.give_back, self._id, self._fence)

    def _cancellations(self, at: Position) -> list[Answer]:
        if at.assignment != self._fence and not at.finished:
            raise StaleAssignment("This job was handed to another stream.")
        if at.cancel_time is None or self._finished:
            return []
        if at.state is State.ERROR:
            self._running = True
            return [Answer(cancel=Answer.JobCancel(force=True))]
        if at.cancel_time == self._cancel_seen:
            return []
        self._cancel_seen = at.cancel_time
        return [Answer(cancel=Answer.JobCancel(force=False))]

    async def _read(self, requests: AsyncIterator[Request]) -> None:
        async for request in requests:
            await self._handle(request)
            if self._finished:
                return

    async def _handle(self, request: Request) -> None:
        write = self._store.write
        match request.WhichOneof("event"):
            case "ack":
                self._accepted = True
                if not self._running:
                    await write(transitions.acknowledge, self._id, self._fence)
                    self._running = True
            case "error" if self._reattached and not self._accepted:
                await write(transitions.cancel, self._id, True)
                self._finished = True
            case "error" if not self._accepted:
                await write(transitions.give_back, self._id, self._fence, Cause.REFUSED)
                self._finished = True
            case "error":
                await write(transitions.fail, self._id, self._fence, request.error.error)
                self._finished = True
            case "complete":
                await write(transitions.complete, self._id, self._fence, request.complete.result)
                self._finished = True
            case "heartbeat":
                await self._heartbeat()
            case "terminal":
                await self._store.write_weak(output.append, self._id, self._fence, request.terminal.events)
            case "download":
                await write(transitions.note_source, self._id, self._fence, request.download.data_source_ref)
            case "config_load":
                await write(transitions.note, self._id, self._fence, _keep_config(request.config_load))
            case "variable_values_set":
                await write(transitions.note, self._id, self._fence, _keep_variables(request.variable_values_set))
            case _:
                raise InvalidArgument("The runner sent a message that this server does not know; it may be newer.")

    async def _heartbeat(self) -> None:
        if time.monotonic() < self._next_heartbeat:
            return
        self._next_heartbeat = time.monotonic() + HEARTBEAT_WRITE_SECONDS
        slack = HEARTBEAT_WRITE_SECONDS * SECOND
        await self._store.write_weak(transitions.heartbeat, self._id, self._fence, slack)


def _keep_config(load: Request.ConfigLoad) -> Callable[[pb.Job], None]:
    def keep(job: pb.Job) -> None:
        job.config.CopyFrom(load.config)

    return keep


def _keep_variables(values: Request.VariableValuesSet) -> Callable[[pb.Job], None]:
    def keep(job: pb.Job) -> None:
        job.variable_final_values.clear()
        for name, value in values.final_values.items():
            job.variable_final_values[name].CopyFrom(value)

    return keep
