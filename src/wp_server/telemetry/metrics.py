"""Prometheus metrics (server.md §10.6), on an address of their own. Projects and users are never labels.

Every label has a set of values that the code knows: RPCs, status codes, operations and states of jobs, causes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.exposition import choose_encoder
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wp_server.jobs.machine import ASSIGNED, CANCELLED_CODE, SECOND, State
from wp_server.live.instances import Instances
from wp_server.store import Store, jobs, replicas, runners
from wp_server.store.moves import Cause, Move
from wp_server.transport.versions import Metadata

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds of a unary call, and of one of the store."""
WAIT_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)
"""Seconds of a job in the queue."""
RUN_BUCKETS = (0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds of a job's work."""


class Metrics:
    """Counts calls as the pipeline tells of them, and looks at the rest when somebody asks."""

    def __init__(self, store: Store, instances: Instances, version: str, leads: Callable[[], int | None]) -> None:
        """`leads` returns the number of this server's duties, None while another server has them."""
        self._store = store
        self._instances = instances
        self._leads = leads
        self._registry = CollectorRegistry()
        store.watch = self
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        Info("waypoint_server", "The server.", registry=self._registry).info({"version": version})
        self._calls = self._counter("waypoint_rpcs", "Calls that ended.", "rpc", "code")
        self._seconds = self._histogram("waypoint_rpc_seconds", "Duration of unary calls.", BUCKETS, "rpc")
        self._streams = self._gauge("waypoint_streams_open", "Streams that are open.", "rpc")
        self._jobs = self._gauge("waypoint_jobs", "Unfinished jobs.", "state", "operation")
        self._oldest = self._gauge("waypoint_job_oldest_queued_seconds", "How long the oldest queued job waits.")
        self._runners = self._gauge("waypoint_runners", "Runners that are here.", "adoption")
        self._connected = self._gauge("waypoint_instances", "Connected instances.")
        self._sessions = self._gauge("waypoint_exec_sessions", "Exec sessions under way.")
        self._waits = self._histogram(
            "waypoint_job_queue_seconds", "From being queued to a runner's confirmation.", WAIT_BUCKETS, "operation"
        )
        self._runs = self._histogram(
            "waypoint_job_run_seconds", "From a runner's confirmation to the end.", RUN_BUCKETS, "operation", "result"
        )
        self._finished = self._counter("waypoint_jobs_finished", "Jobs that ended.", "operation", "result")
        self._assigned = self._counter("waypoint_job_assignments", "Jobs handed to a runner's stream.", "operation")
        self._returned = self._counter(
            "waypoint_job_requeues", "Jobs handed out that came back to the queue.", "operation", "cause"
        )
        self._reattached = self._counter("waypoint_job_reattachments", "Jobs whose runner came back to them.")
        self._lost = self._counter("waypoint_jobs_lost", "Running jobs that ended because their runner was silent.")
        self._store_calls = self._histogram(
            "waypoint_store_call_seconds", "Calls of the store, with their wait and their commit.", BUCKETS, "kind"
        )
        self._store_waits = self._histogram(
            "waypoint_store_wait_seconds", "What calls of the store wait until they begin.", BUCKETS, "kind"
        )
        self._repeats = self._counter(
            "waypoint_store_conflicts", "Transactions that met another one and were made once more."
        )
        self._waiting = self._gauge("waypoint_store_waiting", "Calls of the store that wait to begin.")
        self._replicas = self._gauge("waypoint_replicas", "Servers on this database, as far as this one knows.")
        self._leader = self._gauge("waypoint_leader", "Whether this server has the duties that one server has.")
        self._registry.register(_Counted(store, instances))

    def begin(self, rpc: str, streaming: bool, _metadata: Metadata) -> Callable[[str, float], None]:
        """Counts a call from now to its end."""
        if streaming:
            self._streams.labels(rpc).inc()

        def end(code: str, seconds: float) -> None:
            self._calls.labels(rpc, code).inc()
            if streaming:
                self._streams.labels(rpc).dec()
            else:
                self._seconds.labels(rpc).observe(seconds)

        return end

    def called(self, kind: str, waited: float, seconds: float) -> None:
        """Counts a call of the store."""
        self._store_calls.labels(kind).observe(seconds)
        self._store_waits.labels(kind).observe(waited)

    def repeated(self) -> None:
        """Counts a transaction that did not get through the first time."""
        self._repeats.inc()

    def moved(self, move: Move) -> None:
        """Counts what a job did."""
        before, after, operation = move.before, move.after, move.operation
        was, now = before.state, after.state
        if was is State.QUEUED and now is State.WAITING:
            self._assigned.labels(operation).inc()
        elif was is State.WAITING and now is State.RUNNING and after.ack_time is not None:
            self._waits.labels(operation).observe((after.ack_time - after.queue_time) / SECOND)
        elif was in ASSIGNED and now is State.QUEUED:
            self._returned.labels(operation, move.cause.value).inc()
        elif was is now and after.assignment != before.assignment:
            self._reattached.inc()
        if after.finished and not before.finished:
            result = _result(move)
            self._finished.labels(operation, result).inc()
            if after.ack_time is not None and after.complete_time is not None:
                self._runs.labels(operation, result).observe((after.complete_time - after.ack_time) / SECOND)
            if was is State.RUNNING and move.cause is Cause.DEADLINE:
                self._lost.inc()

    def site(self) -> ASGIApp:
        """Returns the application that answers `/metrics`."""

        async def metrics(request: Request) -> Response:
            encode, media = choose_encoder(request.headers.get("accept", ""))
            await self._look()
            return Response(encode(self._registry), media_type=media)

        return Starlette(routes=[Route("/metrics", metrics)])

    async def _look(self) -> None:
        load = await self._store.read(jobs.load)
        self._jobs.clear()
        for (state, operation), count in load.counts.items():
            self._jobs.labels(state.name.lower(), operation).set(count)
        self._oldest.set((time.time_ns() - load.oldest_queued) / 1e9 if load.oldest_queued else 0)
        self._runners.clear()
        for runner in await self._store.read(runners.present):
            if runner.online:
                self._runners.labels(runner.AdoptionState.Name(runner.adoption_state).lower()).inc()
        connected = self._instances.connected()
        self._connected.set(len(connected))
        self._sessions.set(sum(len(one.sessions) for one in connected))
        self._waiting.set(self._store.waiting)
        self._replicas.set(1 + len(await self._store.read(replicas.peers)))
        self._leader.set(self._leads() is not None)

    def _gauge(self, name: str, doc: str, *labels: str) -> Gauge:
        return Gauge(name, doc, labels, registry=self._registry)

    def _counter(self, name: str, doc: str, *labels: str) -> Counter:
        return Counter(name, doc, labels, registry=self._registry)

    def _histogram(self, name: str, doc: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, doc, labels, buckets=buckets, registry=self._registry)


class _Counted(Collector):
    """What is counted elsewhere anyway."""

    def __init__(self, store: Store, instances: Instances) -> None:
        self._store = store
        self._lines = instances.lines

    def collect(self) -> Iterator[Metric]:
        """Yields the counters as they are now."""
        for name, doc, value in (
            ("waypoint_store_commits", "Transactions that this server committed.", self._store.commits),
            ("waypoint_log_lines", "Log lines that this server took from instances.", self._lines.accepted),
            ("waypoint_log_lines_skipped", "Log lines that slow readers missed.", self._lines.skipped),
        ):
            yield CounterMetricFamily(name, doc, value=value)


def _result(move: Move) -> str:
    if move.after.state is State.SUCCESS:
        return "success"
    error = move.after.error
    return "canceled" if error is not None and error.code == CANCELLED_CODE else "error"
