"""`StartExecStream`: a client runs a command in an instance (server.md §6)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack

import grpc

from wp_proto.waypoint import api as pb
from wp_server.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied, ResourceExhausted
from wp_server.live.beside import beside
from wp_server.live.channel import ChannelClosed
from wp_server.live.exec_session import Session
from wp_server.live.instances import Instance, Instances, sessions_topic
from wp_server.live.plugin_jobs import PluginJobs, caller_runner, job_topic
from wp_server.live.session_numbers import SessionNumbers
from wp_server.store import Store
from wp_server.store.instances import deployment_topic
from wp_server.store.operations import DEPLOYMENT, find

Context = grpc.aio.ServicerContext[object, object]

ATTACH_TIMEOUT = 30.0
"""Seconds an entrypoint has to take up a session; then another instance gets one chance, then it fails."""
PLAYED_TIMEOUT = 60.0
"""Seconds a runner has to connect as the instance after it took the job."""
MAY_HAVE_RUN = "No instance took up the session; its command may have run all the same. Try it without a terminal (-T)."
MAX_ARGUMENTS = 128 * 1024
"""Bytes of all arguments together (§11.7)."""


class ExecHandlers:
    """What `waypoint exec` calls."""

    def __init__(self, store: Store, instances: Instances, attach_timeout: float = ATTACH_TIMEOUT) -> None:
        self._store = store
        self._instances = instances
        self._numbers = SessionNumbers(store)
        self._plugin_jobs = PluginJobs(store)
        self._attach_timeout = attach_timeout

    async def StartExecStream(
        self, requests: AsyncIterator[pb.ExecStreamRequest], context: Context
    ) -> AsyncGenerator[pb.ExecStreamResponse, None]:
        """Opens a session with an instance and carries it until the command's exit, or until the client leaves."""
        start = await _start(requests)
        async with AsyncExitStack() as stack:
            runner_id = caller_runner(context)
            instance = await self._choose(start, runner_id, stack)
            session = Session(await self._numbers.next(), instance.id, start)
            stack.callback(self._withdraw, session)
            stack.callback(session.hang_up)
            self._offer(session, instance)
            await stack.enter_async_context(beside(_relay(requests, session)))
            await stack.enter_async_context(beside(self._watch(session, start)))
            yield pb.ExecStreamResponse(open=pb.ExecStreamResponse.Open())
            while (response := await session.to_client.get()) is not None:
                yield response

    async def _choose(self, start: pb.ExecStreamRequest.Start, runner_id: str, stack: AsyncExitStack) -> Instance:
        if start.WhichOneof("target") == "instance_id":
            instance = self._instances.get(start.instance_id)
            if instance is None or not instance.connected:
                raise NotFound(f"There is no running instance {start.instance_id}.")
            if instance.disable_exec:
                raise PermissionDenied(f"The instance {start.instance_id} has exec disabled.")
            return instance
        deployment = await self._store.read(find, DEPLOYMENT, start.deployment_id)
        if deployment is None:
            raise NotFound(f"There is no deployment {start.deployment_id}.")
        if deployment.has_exec_plugin:
            return await self._played(deployment, runner_id, stack)
        known = [instance for instance in self._instances.of_deployment(start.deployment_id) if instance.connected]
        if not known:
            raise ResourceExhausted(
                "No instance of this deployment is connected: it may have stopped, may still be starting, or may run "
                "without the Waypoint entrypoint. `waypoint status -refresh` asks its platform."
            )
        chosen = self._least_busy(start.deployment_id)
        if chosen is None:
            raise ResourceExhausted("All instances of this deployment have exec disabled.")
        return chosen

    async def _played(self, deployment: pb.Deployment, runner_id: str, stack: AsyncExitStack) -> Instance:
        """Returns an instance that a runner plays by the platform's plugin for as long as `stack` is open."""
        instance_id = stack.enter_context(self._instances.expected(deployment))
        job = pb.Job(exec=pb.Job.ExecOp(instance_id=instance_id, deployment=deployment))
        job_id = await stack.enter_async_context(self._plugin_jobs.running(job, deployment, runner_id))
        with self._store.changes.subscribe((deployment_topic(deployment.id), job_topic(job_id))) as news:
            try:
                async with asyncio.timeout(PLAYED_TIMEOUT):
                    while (instance := self._instances.get(instance_id)) is None or not instance.connected:
                        await self._plugin_jobs.state(job_id)
                        await news.wait()
            except TimeoutError as error:
                raise ResourceExhausted("The runner with the platform's plugin did not connect in time.") from error
        return instance

    def _least_busy(self, deployment_id: str, but: str = "") -> Instance | None:
        candidates = [
            instance
            for instance in self._instances.of_deployment(deployment_id)
            if instance.takes_exec and instance.id != but
        ]
        return min(candidates, key=lambda instance: len(instance.sessions), default=None)

    async def _watch(self, session: Session, start: pb.ExecStreamRequest.Start) -> None:
        """Sees to it that a session which no entrypoint takes up does not wait for ever (defect 23)."""
        if await self._attached(session, start.deployment_id):
            return
        if self._may_have_run(session):
            session.fail(MAY_HAVE_RUN)
            return
        self._withdraw(session)
        # The other one may have had later sessions, and a Go entrypoint takes no index below its highest.
        session.renumber(await self._numbers.next())
        second = self._least_busy(start.deployment_id, but=session.instance_id)
        if second is not None:
            self._offer(session, second)
            if await self._attached(session):
                return
        session.fail("No instance took up the session: its entrypoint does not answer.")

    def _may_have_run(self, session: Session) -> bool:
        """A Go entrypoint starts a command before it hears from us, and resets the stream of one with a terminal that
        ends at once; so we may never have heard of it, but must not run it a second time.
        """
        instance = self._instances.get(session.instance_id)
        return (
            instance is not None
            and instance.connected
            and instance.is_go
            and session.announcement.pty.enable
            and time.monotonic() >= instance.sessions_from
        )

    async def _attached(self, session: Session, or_else: str = "") -> bool:
        """Waits until an entrypoint takes the session; not longer than it is there, if the deployment has another."""
        give_up = time.monotonic() + self._attach_timeout
        attached = asyncio.ensure_future(session.attached.wait())
        try:
            with self._store.changes.subscribe(sessions_topic(session.instance_id)) as news:
                while not attached.done() and (left := give_up - time.monotonic()) > 0:
                    instance = self._instances.get(session.instance_id)
                    lost = instance is None or not instance.connected
                    if lost and self._least_busy(or_else, but=session.instance_id):
                        break
                    await news.wait_beside(attached, left)
        finally:
            attached.cancel()
        return session.attached.is_set()

    def _offer(self, session: Session, instance: Instance) -> None:
        session.instance_id = instance.id
        instance.sessions[session.index] = session
        self._store.changes.publish((sessions_topic(instance.id),))

    def _withdraw(self, session: Session) -> None:
        instance = self._instances.get(session.instance_id)
        if instance is not None and instance.sessions.pop(session.index, None) is not None:
            self._store.changes.publish((sessions_topic(instance.id),))


async def _start(requests: AsyncIterator[pb.ExecStreamRequest]) -> pb.ExecStreamRequest.Start:
    first = await anext(requests, None)
    if first is None or first.WhichOneof("event") != "start":
        raise FailedPrecondition("The first message of an exec stream must be `start`.")
    start = first.start
    if not start.args:
        raise InvalidArgument("start.args: must name a command")
    if sum(len(argument.encode()) for argument in start.args) > MAX_ARGUMENTS:
        raise InvalidArgument(f"start.args: must not be longer than {MAX_ARGUMENTS // 1024} KiB in all")
    if start.WhichOneof("target") is None:
        raise FailedPrecondition("start.target: must name a deployment or an instance")
    return start


async def _relay(requests: AsyncIterator[pb.ExecStreamRequest], session: Session) -> None:
    """Takes what the client sends; its leaving ends the session without an exit status (§6.4)."""
    try:
        async for request in requests:
            await session.from_client(request)
    except ChannelClosed:
        return
    finally:
        session.hang_up()
