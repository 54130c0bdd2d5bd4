"""Our own service about the queue (`proto/wp_proto/own/queue.proto`)."""

from __future__ import annotations

import grpc
from sqlalchemy import Connection

from wp_proto.own import queue_pb2 as own
from wp_server.auth.identity import current
from wp_server.jobs import access
from wp_server.jobs.explain import Explanation, explain
from wp_server.store import Store, jobs

Context = grpc.aio.ServicerContext[object, object]


class QueueHandlers:
    """The RPCs of `waypoint.v1.Queue`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ExplainJob(self, request: own.ExplainJobRequest, context: Context) -> own.ExplainJobResponse:
        """Answers why a job is where it is."""
        row = await self._store.read(jobs.get, request.job_id)
        await self._store.read(access.check, current(), row)
        found = await self._store.read(_explain, request.job_id)
        answer = own.ExplainJobResponse(sentence=found.sentence)
        for moment, what in found.history:
            answer.history.add(what=what).time.FromNanoseconds(moment)
        for one in found.candidates:
            answer.candidates.add(runner_id=one.runner_id, fits=one.fits, reason=one.reason)
        return answer


def _explain(connection: Connection, job_id: str) -> Explanation:
    return explain(connection, jobs.get(connection, job_id))
