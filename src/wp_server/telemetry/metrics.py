"""Prometheus metrics (server.md §10.6), on an address of their own. Projects and users are never labels."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.exposition import choose_encoder
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wp_server.live.instances import Instances
from wp_server.store import Store, jobs, runners
from wp_server.transport.versions import Metadata

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds of a unary call."""


class Metrics:
    """Counts calls as the pipeline tells of them, and looks at the rest when somebody asks."""

    def __init__(self, store: Store, instances: Instances, version: str) -> None:
        self._store = store
        self._instances = instances
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        Info("waypoint_server", "The server.", registry=self._registry).info({"version": version})
        self._calls = self._counter("waypoint_rpcs", "Calls that ended.", "rpc", "code")
        self._seconds = Histogram(
            "waypoint_rpc_seconds",
            "Duration of unary calls.",
            ["rpc"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._streams = self._gauge("waypoint_streams_open", "Streams that are open.", "rpc")
        self._jobs = self._gauge("waypoint_jobs", "Unfinished jobs.", "state", "operation")
        self._oldest = self._gauge("waypoint_job_oldest_queued_seconds", "How long the oldest queued job waits.")
        self._runners = self._gauge("waypoint_runners", "Runners that are here.", "adoption")
        self._connected = self._gauge("waypoint_instances", "Connected instances.")
        self._sessions = self._gauge("waypoint_exec_sessions", "Exec sessions under way.")
        self._commits = self._gauge("waypoint_store_commits", "Transactions that this server committed.")

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
        self._commits.set(self._store.commits)

    def _gauge(self, name: str, doc: str, *labels: str) -> Gauge:
        return Gauge(name, doc, labels, registry=self._registry)

    def _counter(self, name: str, doc: str, *labels: str) -> Counter:
        return Counter(name, doc, labels, registry=self._registry)
