"""Following a job (server.md §7.8): its changes and its output, from wherever it is to the very last line."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass

import grpc
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.api.viewers import job_for
from wp_server.auth.identity import current
from wp_server.jobs import access
from wp_server.jobs.discretion import discreet
from wp_server.jobs.explain import blocked_sentence, sentence
from wp_server.jobs.machine import SECOND, State
from wp_server.store import Store, clock, jobs, output
from wp_server.store.jobs import JobRow

Context = grpc.aio.ServicerContext[object, object]
Answer = pb.GetJobStreamResponse

PAGE_BATCHES = 64
"""Batches of output that are read at once."""
QUEUE_LOOK_SECONDS = 2.0
"""How often a queued job is asked what keeps it, besides at every change of its own."""
EXPLAIN_AFTER = 3
"""Seconds after which the client of a queued job is told why it is not running yet."""


@dataclass(frozen=True)
class _View:
    row: JobRow
    batches: list[output.Batch]
    waits_for: str
    """What keeps a queued job; empty while it is too new for that."""


class JobStreamHandlers:
    """GetJobStream."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def GetJobStream(
        self, request: pb.GetJobStreamRequest, context: Context
    ) -> AsyncGenerator[pb.GetJobStreamResponse, None]:
        """Yields `open`, then what is and what changes, and `complete` once all output was sent."""
        job_id = request.job_id
        with self._store.changes.subscribe((f"job/{job_id}", f"output/{job_id}")) as news:
            row = await self._store.read(jobs.get, job_id)
            await self._store.read(access.check, current(), row)
            yield Answer(open=Answer.Open())
            follower = _Follower()
            while True:
                view = await self._store.read(_look, job_id, follower.shown)
                for answer in follower.answers(view):
                    yield answer
                if follower.done:
                    return
                if len(view.batches) == PAGE_BATCHES:
                    continue
                follower.caught_up = True
                queued = view.row.position.state is State.QUEUED
                await news.wait(QUEUE_LOOK_SECONDS if queued else None)


class _Follower:
    """What one client has been told, and what it has to be told next."""

    def __init__(self) -> None:
        self.shown = 0
        """Number of the last event of output that was sent."""
        self.caught_up = False
        """Whether what existed when the client came was sent; output is live from then on."""
        self.done = False
        self._job: pb.Job | None = None
        self._canceling = False
        self._waits_for = ""

    def answers(self, view: _View) -> Iterator[Answer]:
        """Yields the events between what was told and `view`."""
        job, position = job_for(current(), discreet(view.row.job)), view.row.position
        before = self._job
        if before is None or before != job:
            yield Answer(job=Answer.JobChange(job=job))
        if before is None or before.state != job.state or self._canceling != position.canceling:
            previous = before.state if before is not None else pb.Job.UNKNOWN
            yield Answer(
                state=Answer.State(previous=previous, current=job.state, job=job, canceling=position.canceling)
            )
        known = before is not None and before.HasField("data_source_ref")
        if job.data_source_ref.WhichOneof("ref") and not known:
            yield Answer(download=Answer.Download(data_source_ref=job.data_source_ref))
        self._job, self._canceling = job, position.canceling
        yield from self._waiting(view.waits_for)
        for batch in view.batches:
            batch.terminal.buffered = not self.caught_up
            yield Answer(terminal=batch.terminal)
            self.shown = batch.last
        if position.finished and self.shown >= view.row.output_last:
            error = job.error if job.HasField("error") else None
            yield Answer(complete=Answer.Complete(error=error, result=job.result))
            self.done = True

    def _waiting(self, reason: str) -> Iterator[Answer]:
        if reason and reason != self._waits_for:
            line = Answer.Terminal.Event(line=Answer.Terminal.Event.Line(msg=reason, style="info"))
            line.timestamp.GetCurrentTime()
            yield Answer(terminal=Answer.Terminal(events=[line]))
        self._waits_for = reason


def _look(connection: Connection, job_id: str, shown: int) -> _View:
    """Reads the job before its output, so that the output of a finished job is complete (defect 31)."""
    row = jobs.get(connection, job_id)
    batches = output.after(connection, job_id, shown, PAGE_BATCHES)
    return _View(row, batches, _waits_for(connection, row))


def _waits_for(connection: Connection, row: JobRow) -> str:
    """At once who has the application; anything else only when it takes longer than usual."""
    if row.position.state is not State.QUEUED:
        return ""
    blockers = jobs.blockers(connection, row.job.id)
    if blockers:
        return blocked_sentence(blockers[0])
    waited = clock.now(connection) - row.position.queue_time
    return sentence(connection, row) if waited > EXPLAIN_AFTER * SECOND else ""
