"""The three streams of an entrypoint: configuration, application lines, exec sessions (server.md §4.5, §5, §6)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from typing import Final

import grpc
from google.protobuf import empty_pb2

from wp_proto.waypoint import api as pb
from wp_server.auth import Kind, current
from wp_server.auth.roles import Place, Role
from wp_server.auth.rules import own_deployment, require
from wp_server.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from wp_server.live.app_config import AppConfigs, topics
from wp_server.live.beside import beside
from wp_server.live.broker import Broker, Watch
from wp_server.live.channel import ChannelClosed
from wp_server.live.exec_session import Session
from wp_server.live.instances import Instance, Instances, sessions_topic
from wp_server.live.rolling import Rolling
from wp_server.store import Store
from wp_server.store.operations import DEPLOYMENT, find

Context = grpc.aio.ServicerContext[object, object]

LOST = "The connection to the instance was lost before the command ended."
COALESCE = 0.1
"""Seconds in which several configuration changes become one snapshot."""
FEATURES_HEADER: Final = "waypoint-entrypoint-features"
"""Our own entrypoint names its features here; a Go one sends nothing."""
BROKERED: Final = "sources1"
"""The feature of taking dynamic values that the server has read."""
GO_SESSION_DELAY = 1.0
"""Seconds a Go entrypoint gets to resolve its environment before it is told of a session; it crashes otherwise."""
GO_DYNAMIC_SESSION_DELAY = 3.0
"""The same when it has to fetch dynamic variables first."""
GO_STARTED = "entrypoint starting"
"""What a Go entrypoint logs first, whatever its level; so one that connects and does not say it has run before."""
GO_RESOLVED = "env vars changed"
"""What it logs when it has its first environment: a source that does not answer can make that late."""
GO_PATIENCE = 120.0
"""Seconds it is spared sessions between those two lines at most: it drops lines in a burst, the second one too."""

EOT = b"\x04"
"""Typed at a terminal, it ends the input; within a line it ends that first. A Go entrypoint does not type it itself."""
END_OF_LINE = (b"\n", b"\r", EOT)


class EntrypointHandlers:
    """What an entrypoint calls."""

    def __init__(self, store: Store, instances: Instances, broker: Broker | None = None) -> None:
        self._store = store
        self._instances = instances
        self._configs = AppConfigs(store)
        self._broker = broker
        self._rolling = Rolling()

    async def EntrypointConfig(
        self, request: pb.EntrypointConfigRequest, context: Context
    ) -> AsyncGenerator[pb.EntrypointConfigResponse, None]:
        """Registers the instance for as long as the stream is open; sends a full snapshot at each change."""
        if not request.deployment_id or not request.instance_id:
            raise InvalidArgument("deployment_id and instance_id must not be empty")
        own_deployment(current(), request.deployment_id)
        if current().kind is Kind.RUNNER and not self._instances.is_expected(
            request.instance_id, request.deployment_id
        ):
            raise PermissionDenied("A runner may only play an instance that one of its jobs names.")
        deployment = await self._existing(request.deployment_id)
        features = dict(context.invocation_metadata() or ()).get(FEATURES_HEADER)
        delay = GO_SESSION_DELAY if features is None else 0.0
        brokered = self._broker is not None and BROKERED in str(features or "").split(",")
        instance = self._instances.connect(deployment, request, delay)
        instance.is_go = features is None and instance.type != pb.Instance.VIRTUAL  # those are played by runners
        generation = instance.generation
        try:
            async for snapshot in self._snapshots(deployment, instance, generation, brokered):
                yield pb.EntrypointConfigResponse(config=snapshot)
        finally:
            self._instances.disconnect(instance, generation)

    async def _snapshots(
        self, deployment: pb.Deployment, instance: Instance, generation: int, brokered: bool
    ) -> AsyncGenerator[pb.EntrypointConfig, None]:
        sessions = sessions_topic(instance.id)
        with contextlib.ExitStack() as held:
            watch = held.enter_context(self._broker.watch(deployment.id)) if self._broker and brokered else None
            record = f"deployment/{deployment.id}"
            announced = [*topics(deployment), record, sessions, *([watch.topic] if watch else [])]
            subscription = held.enter_context(self._store.changes.subscribe(announced))
            config, reread_at = self._released(instance, await self._read(deployment, watch))
            last = config
            if instance.sessions_from > time.monotonic() and _must_fetch(instance, config):
                instance.sessions_from += GO_DYNAMIC_SESSION_DELAY - GO_SESSION_DELAY
            # The first snapshot never has sessions: a Go entrypoint that is not ready for them crashes.
            yield config
            while True:
                now = time.monotonic()
                if reread_at is not None and now >= reread_at:
                    config, reread_at = self._released(instance, await self._read(deployment, watch))
                wake_at = reread_at
                snapshot = config
                if instance.sessions:
                    if now >= instance.sessions_from:
                        snapshot = pb.EntrypointConfig()
                        snapshot.CopyFrom(config)
                        snapshot.exec.extend(session.announcement for session in instance.sessions.values())
                    else:
                        wake_at = min(wake_at or instance.sessions_from, instance.sessions_from)
                if snapshot != last:
                    last = snapshot
                    yield snapshot
                    continue
                seen = await subscription.wait(None if wake_at is None else max(0.0, wake_at - time.monotonic()))
                if instance.generation != generation:
                    raise Aborted("This instance connected again on another stream.")
                if record in seen:
                    await self._existing(deployment.id)
                if reread_at is None and seen - {sessions, record}:
                    reread_at = time.monotonic() + COALESCE

    def _released(self, instance: Instance, newest: pb.EntrypointConfig) -> tuple[pb.EntrypointConfig, float | None]:
        """Returns what the instance may have of the newest configuration, and when to look again if that is less."""
        now = time.monotonic()
        if instance.config is not None:
            due = self._rolling.due(instance.deployment_id, instance.config, newest, now)
            if due > now:
                return instance.config, due
        instance.config = newest
        return newest, None

    async def _existing(self, deployment_id: str) -> pb.Deployment:
        """A token outlives its deployment, but opens nothing any more. Errors: NotFound."""
        deployment = await self._store.read(find, DEPLOYMENT, deployment_id)
        if deployment is None:
            raise NotFound(f"There is no deployment {deployment_id}.")
        if deployment.state == pb.Operation.DESTROYED:
            raise NotFound(f"The deployment {deployment_id} was destroyed.")
        return deployment

    async def _read(self, deployment: pb.Deployment, watch: Watch | None) -> pb.EntrypointConfig:
        config = await self._configs.read(deployment)
        return config if watch is None else await watch.fill(config)

    async def EntrypointLogStream(
        self, requests: AsyncIterator[pb.EntrypointLogBatch], context: Context
    ) -> empty_pb2.Empty:
        """Takes the lines of an instance; a batch may name another instance of the same deployment."""
        instance: Instance | None = None
        async for batch in requests:
            if (
                instance is None
                or (batch.instance_id and batch.instance_id != instance.id)
                or _stale(self._instances, instance)
            ):
                instance = self._own_instance(batch.instance_id or (instance.id if instance else ""))
            if instance.sessions_from > time.monotonic():
                self._heed(instance, batch.lines)
            self._instances.append(instance, batch.lines)
        return empty_pb2.Empty()

    def _heed(self, instance: Instance, lines: Iterable[pb.LogBatch.Entry]) -> None:
        """Finds out from a Go entrypoint's own lines when it is ready for sessions."""
        for entry in lines:
            if entry.source != pb.LogBatch.Entry.ENTRYPOINT:
                continue
            now = time.monotonic()
            if GO_RESOLVED in entry.line:
                instance.resolved = True
                self._instances.allow_sessions(instance, min(instance.sessions_from, now + GO_SESSION_DELAY))
            elif GO_STARTED in entry.line and instance.config is not None and _must_fetch(instance, instance.config):
                self._instances.allow_sessions(instance, now + GO_PATIENCE)

    async def EntrypointExecStream(
        self, requests: AsyncIterator[pb.EntrypointExecRequest], context: Context
    ) -> AsyncGenerator[pb.EntrypointExecResponse, None]:
        """Carries one exec session; ends cleanly when the session does (§6.4)."""
        first = await anext(requests, None)
        if first is None or first.WhichOneof("event") != "open":
            raise FailedPrecondition("The first message of an exec stream must be `open`.")
        instance = self._own_instance(first.open.instance_id)
        session = _claim(instance, first.open.index)
        end_is_typed = session.announcement.pty.enable and instance.is_go
        line_is_empty = True
        try:
            async with beside(_relay(requests, session)):
                yield pb.EntrypointExecResponse(opened=True)
                while (response := await session.to_entrypoint.get()) is not None:
                    if response.input:
                        line_is_empty = response.input[-1:] in END_OF_LINE
                    if end_is_typed and response.HasField("input_eof"):
                        yield pb.EntrypointExecResponse(input=EOT if line_is_empty else EOT * 2)
                    yield response
        finally:
            session.fail(LOST)

    def _own_instance(self, instance_id: str) -> Instance:
        instance = self._instances.get(instance_id)
        if instance is None:
            raise NotFound(f"There is no instance {instance_id}; open its EntrypointConfig stream first.")
        own_deployment(current(), instance.deployment_id)
        place = Place(instance.application.project.lower(), instance.workspace.lower())
        require(Role.DEPLOYER, place, "act as this instance")
        if current().kind is Kind.RUNNER and not self._instances.is_expected(instance.id, instance.deployment_id):
            raise PermissionDenied("A runner may only play an instance that one of its jobs names.")
        return instance


def _claim(instance: Instance, index: int) -> Session:
    session = instance.sessions.get(index)
    if session is None:
        raise NotFound(f"There is no exec session {index} for this instance; its client may have left.")
    if session.attached.is_set():
        raise FailedPrecondition(f"The exec session {index} is taken already.")
    session.attached.set()
    return session


def _must_fetch(instance: Instance, config: pb.EntrypointConfig) -> bool:
    """Whether a Go entrypoint has to read from sources before it has its first environment."""
    return instance.is_go and not instance.resolved and any(one.HasField("dynamic") for one in config.env_vars)


def _stale(instances: Instances, instance: Instance) -> bool:
    return instances.get(instance.id) is not instance


async def _relay(requests: AsyncIterator[pb.EntrypointExecRequest], session: Session) -> None:
    """Takes what the entrypoint sends until the session or the entrypoint's stream ends."""
    try:
        async for request in requests:
            await session.from_entrypoint(request)
    except ChannelClosed:
        # The client left first; its handler ended the session.
        return
    finally:
        # Without effect on a session that ended in order.
        session.fail(LOST)
