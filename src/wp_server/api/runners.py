"""Runners: registration, adoption, and what operators see of them (server.md §8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import asynccontextmanager

import grpc
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server.auth import rules, tokens
from wp_server.auth.identity import Kind, current
from wp_server.errors import FailedPrecondition, NotFound, PermissionDenied, Unavailable
from wp_server.jobs.departures import Departures
from wp_server.runner_labels import label_hash
from wp_server.selectors import matches
from wp_server.store import Store, config, config_sources, runners
from wp_server.store.config import Place, Query, Scope

Context = grpc.aio.ServicerContext[object, object]

LAST_SEEN_SECONDS = 30.0
"""How often a connected runner's `last_seen` is refreshed."""
COOKIE_HEADER = "wpcookie"


class RunnerHandlers:
    """The RPCs about runners, without the job stream."""

    def __init__(self, store: Store, departures: Departures) -> None:
        self._store = store
        self._departures = departures

    async def GetRunner(self, request: pb.GetRunnerRequest, context: Context) -> pb.Runner:
        """Answers one runner, also one that left."""
        return await self._store.read(runners.get, request.runner_id)

    async def ListRunners(self, request: pb.ListRunnersRequest, context: Context) -> pb.ListRunnersResponse:
        """Answers the runners that are here, and those that an operator decided about."""
        return pb.ListRunnersResponse(runners=await self._store.read(runners.present))

    async def AdoptRunner(self, request: pb.AdoptRunnerRequest, context: Context) -> Empty:
        """Adopts a runner, or rejects it."""
        await self._store.write(runners.decide, request.runner_id, request.adopt)
        return Empty()

    async def ForgetRunner(self, request: pb.ForgetRunnerRequest, context: Context) -> Empty:
        """Deletes a runner; a connected one has to register again."""
        await self._store.write(runners.forget, request.runner_id)
        return Empty()

    async def RunnerToken(self, request: pb.RunnerTokenRequest, context: Context) -> pb.RunnerTokenResponse:
        """Answers an empty token to a caller whose token will do; anybody else waits with the cookie for adoption."""
        if not request.runner.id:
            raise FailedPrecondition("runner.id: must not be empty")
        if _token_will_do(request.runner):
            return pb.RunnerTokenResponse()
        metadata = dict(context.invocation_metadata() or ())
        if not metadata.get(COOKIE_HEADER):
            raise PermissionDenied("A runner without a token needs the server's cookie to ask for adoption.")
        async with self._registered(request.runner.id, self._store.write(runners.request_adoption, request.runner)):
            return pb.RunnerTokenResponse(token=await self._adopted(request.runner))

    async def RunnerConfig(
        self, requests: AsyncIterator[pb.RunnerConfigRequest], context: Context
    ) -> AsyncGenerator[pb.RunnerConfigResponse, None]:
        """Registers a runner as long as the stream is open; yields its configuration now and at every change."""
        incoming = aiter(requests)
        first = await anext(incoming, None)
        if first is None or first.WhichOneof("event") != "open":
            raise FailedPrecondition("The first message of a runner's configuration stream must be `open`.")
        announced = first.open.runner
        if not announced.id:
            raise FailedPrecondition("runner.id: must not be empty")
        _check_token(announced)
        await self._check_restricted(announced)
        async with self._registered(announced.id, self._store.write(runners.register, announced)) as row:
            listening = asyncio.ensure_future(_drain(incoming))
            try:
                async for answer in self._configuration(row, listening):
                    yield answer
            finally:
                listening.cancel()

    @asynccontextmanager
    async def _registered(
        self, runner_id: str, writing: Coroutine[object, object, runners.Row]
    ) -> AsyncIterator[runners.Row]:
        """Registers a runner as long as this lasts, and not longer when its peer leaves while that is being written."""
        task = asyncio.ensure_future(writing)
        try:
            yield await asyncio.shield(task)
        finally:
            await asyncio.shield(self._leaves(runner_id, task))

    async def _leaves(self, runner_id: str, registering: asyncio.Task[runners.Row]) -> None:
        await asyncio.wait([registering])
        if not registering.cancelled() and registering.exception() is None:
            await self._departures.write(runners.unregister, runner_id, registering.result().registration)

    async def _configuration(
        self, row: runners.Row, listening: asyncio.Future[None]
    ) -> AsyncGenerator[pb.RunnerConfigResponse, None]:
        runner = row.runner
        query = Query(Place(Scope.GLOBAL), runner_id=runner.id, runner_labels=dict(runner.labels))
        sent: pb.RunnerConfig | None = None
        with self._store.changes.subscribe(("config/*", f"runner/{runner.id}")) as news:
            while not listening.done():
                await self._check_welcome(row)
                variables = await self._store.read(config.variables, query, matches)
                new = pb.RunnerConfig(config_vars=variables)
                if any(variable.HasField("dynamic") for variable in variables) or runner.WhichOneof("kind") != "local":
                    new.config_sources.extend(await self._store.read(config_sources.sources, Place(Scope.GLOBAL)))
                if new != sent:
                    yield pb.RunnerConfigResponse(config=new)
                    sent = new
                if not await news.wait_beside(listening, LAST_SEEN_SECONDS):
                    await self._store.write_weak(runners.seen, runner.id, row.registration)

    async def _check_restricted(self, announced: pb.Runner) -> None:
        """A user who may not do everything runs his own jobs only: inside a command line, and addressed to it.

        Errors: PermissionDenied.
        """
        if not current().grants:
            return
        known = await self._store.read(runners.find, announced.id)
        if (
            announced.WhichOneof("kind") != "local"
            or not announced.by_id_only
            or (known is not None and known.runner.WhichOneof("kind") != "local")
        ):
            raise PermissionDenied("Only an administrator can run a runner that takes the jobs of others.")

    async def _check_welcome(self, row: runners.Row) -> None:
        """Ends the stream of a runner that was forgotten (it registers again) or rejected (it does not)."""
        now = await self._store.read(runners.find, row.runner.id)
        if now is None:
            raise Unavailable(f"The runner {row.runner.id} was forgotten; it may register again.")
        if now.runner.adoption_state == pb.Runner.REJECTED:
            raise PermissionDenied(f"The runner {row.runner.id} was rejected.")
        if now.registration != row.registration:
            raise Unavailable(f"The runner {row.runner.id} has registered on another connection.")

    async def _adopted(self, runner: pb.Runner) -> str:
        with self._store.changes.subscribe(f"runner/{runner.id}") as news:
            while True:
                row = await self._store.read(runners.find, runner.id)
                if row is None:
                    raise NotFound(f"The runner {runner.id} was forgotten before it was adopted.")
                if row.runner.adoption_state == pb.Runner.REJECTED:
                    raise PermissionDenied(f"The runner {runner.id} was rejected.")
                if row.runner.adoption_state in runners.ADOPTED_STATES:
                    return await self._store.write(tokens.runner, runner.id, dict(runner.labels), None)
                await news.wait()


def _token_will_do(runner: pb.Runner) -> bool:
    caller = current()
    if caller.kind is Kind.USER:
        return True
    if caller.kind is not Kind.RUNNER:
        return False
    return caller.runner_id in ("", runner.id) and caller.label_hash in (0, label_hash(runner.labels))


def _check_token(runner: pb.Runner) -> None:
    caller = current()
    rules.own_runner(caller, runner.id)
    if caller.kind is Kind.RUNNER and caller.label_hash not in (0, label_hash(runner.labels)):
        raise PermissionDenied(f"The token of runner {runner.id} was made for other labels.")


async def _drain(requests: AsyncIterator[pb.RunnerConfigRequest]) -> None:
    """Reads to the end, to learn when the peer leaves."""
    async for _ in requests:
        continue
