"""A runner: stays registered with the server, accepts jobs on a few slots, and hands each to an executor.

One `RunnerConfig` stream is the registration; every slot keeps one `RunnerJobStream` open, which is either waiting
for a job or running one. A job survives the loss of its stream: it goes on, its output waits in the outbox, and the
slot reattaches (server specification 7.7, 8.4, 8.5). The command line embeds `LocalRunner`; a standing runner is an
`Agent` with other settings.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import TypeAlias

import grpc

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_runner.outbox import Outbox
from wp_runner.registration import Registration
from wp_runner.runner_env import RunnerEnvironment
from wp_sdk.context import Context
from wp_sdk.ids import new_id

log = logging.getLogger(__name__)

RETRY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
REFUSED_SECONDS = 5.0
REATTACH_SECONDS = 120.0
"""How long a job keeps looking for its server: the server gives it up after the same time without heartbeat."""
FULL_SECONDS = 10.0
"""How long a job waits for a server that is there but cannot save anything, because its disk is full."""
LEAVE_SECONDS = 5.0
"""How long a runner that is shutting down tries to report the outcome of a job to a server that is gone."""

JobStreamCall: TypeAlias = "grpc._CallIterator[pb.RunnerJobStreamResponse]"
Executor: TypeAlias = Callable[[pb.RunnerJobStreamResponse.JobAssignment, Outbox, Context], None]
"""Runs one job to its end. Puts events and exactly one outcome into the outbox; never raises."""


class RunnerKind(Enum):
    """Where a runner lives."""

    LOCAL = auto()
    REMOTE = auto()
    ON_DEMAND = auto()


@dataclass(frozen=True)
class RunnerSettings:
    """`slots` jobs run at the same time. Only a remote runner takes jobs that do not name it.

    An on-demand runner, made for one job by the profile `profile_id`, takes no second one.
    """

    kind: RunnerKind = RunnerKind.LOCAL
    id: str = field(default_factory=new_id)
    labels: Mapping[str, str] = field(default_factory=dict)
    slots: int = 1
    profile_id: str = ""
    dynamic_config: bool = False
    """Whether its own variables may come from config sources."""

    def message(self) -> pb.Runner:
        """How the runner presents itself to the server."""
        runner = pb.Runner(id=self.id, by_id_only=self.kind is not RunnerKind.REMOTE, labels=self.labels)
        match self.kind:
            case RunnerKind.LOCAL:
                runner.local.SetInParent()
            case RunnerKind.REMOTE:
                runner.remote.SetInParent()
            case RunnerKind.ON_DEMAND:
                runner.odr.profile_id = self.profile_id
        return runner


class Agent:
    """Use as a context manager, or `start()` and `stop()`. Thread-safe."""

    def __init__(self, stub: WaypointStub, settings: RunnerSettings, execute: Executor) -> None:
        self.settings = settings
        self._stub = stub
        self._execute = execute
        self._environment = RunnerEnvironment(dynamic=settings.dynamic_config)
        self._registration = Registration(
            stub,
            settings.message(),
            lambda config: self._environment.apply(config.config_vars, config.config_sources),
        )
        self._stopping = threading.Event()
        self._accepted = threading.Event()
        self._given_up: dict[str, str] = {}
        self._slots = [_Slot(self, number) for number in range(max(1, settings.slots))]

    @property
    def id(self) -> str:
        """The runner's id, to target jobs at it."""
        return self.settings.id

    @property
    def stopping(self) -> bool:
        """True once `stop` was called."""
        return self._stopping.is_set()

    @property
    def running(self) -> int:
        """How many jobs run now."""
        return sum(slot.busy for slot in self._slots)

    def given_up(self, job_id: str) -> str:
        """Why the job was ended although the server could not be told its outcome; "" when that is not so."""
        return self._given_up.get(job_id, "")

    def wait_accepted(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the first job; says whether there was one."""
        return self._accepted.wait(timeout)

    def start(self, timeout: float = 30.0) -> None:
        """Register, then accept jobs.

        Raises `grpc.RpcError` when the server refuses, or is not reached within `timeout` seconds.
        """
        self._registration.start(timeout)
        for slot in self._slots:
            slot.start()

    def drain(self, cancel: bool = False) -> None:
        """Take no more jobs, and ask the running ones to stop when `cancel`; does not wait. May be repeated."""
        self._stopping.set()
        for slot in self._slots:
            slot.interrupt(cancel)

    def wait(self) -> None:
        """Wait until no slot is at work: after `drain`, or when an on-demand runner has done its job."""
        for slot in self._slots:
            slot.wait()

    def stop(self, cancel: bool = False) -> None:
        """Take no more jobs, wait for the running ones (asking them to stop when `cancel`), then deregister.

        Idempotent.
        """
        self.drain(cancel)
        self.wait()
        self._registration.stop()
        self._environment.restore()

    def __enter__(self) -> Agent:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(cancel=error is not None)


class _Slot:
    def __init__(self, agent: Agent, number: int) -> None:
        self._agent = agent
        self._thread = threading.Thread(target=self._accept, name=f"runner-slot-{number}", daemon=True)
        self._number = number
        self._lock = threading.Lock()
        self._idle_call: JobStreamCall | None = None
        self._context: Context | None = None
        self._failures = 0

    @property
    def busy(self) -> bool:
        return self._context is not None

    def start(self) -> None:
        self._thread.start()

    def wait(self) -> None:
        if self._thread.ident is not None:
            self._thread.join()

    def interrupt(self, cancel: bool) -> None:
        with self._lock:
            if self._idle_call is not None:
                self._idle_call.cancel()
            if cancel and self._context is not None:
                self._context.cancel("the runner is shutting down")

    def _accept(self) -> None:
        agent = self._agent
        while not agent.stopping:
            if not agent._registration.wait_online(1.0):
                continue
            try:
                if self._one_job() and agent.settings.kind is RunnerKind.ON_DEMAND:
                    return
                self._failures = 0
            except grpc.RpcError as error:
                self._pause(error)
            except Exception:
                log.exception("a runner slot failed; it goes on with the next job")
                self._back_off()

    def _pause(self, error: grpc.RpcError) -> None:
        if self._agent.stopping:
            return
        code = error.code()
        log.debug("job stream ended: %s %s", code, error.details())
        if code in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNIMPLEMENTED):
            log.warning("the server refuses jobs for this runner: %s", error.details())
            self._agent._stopping.wait(REFUSED_SECONDS)
        else:
            self._back_off()

    def _back_off(self) -> None:
        delay = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
        self._failures += 1
        self._agent._stopping.wait(delay)

    def _open(self, outbox: Outbox, reattach: str = "") -> JobStreamCall:
        request = pb.RunnerJobStreamRequest.Request(runner_id=self._agent.id, reattach_job_id=reattach)
        feed = outbox.feed(pb.RunnerJobStreamRequest(request=request), hold=bool(reattach))
        return self._agent._stub.RunnerJobStream(feed)

    def _one_job(self) -> bool:
        """Wait for a job and run it to its end; False when there was none."""
        outbox = Outbox()
        call = self._open(outbox)
        with self._lock:
            self._idle_call = call
            if self._agent.stopping:
                call.cancel()
        try:
            assignment = _assignment(call)
        except grpc.RpcError:
            outbox.close()
            raise
        finally:
            with self._lock:
                self._idle_call = None
        if assignment is None:
            outbox.close()
            self._back_off()
            return False
        if self._agent.stopping:
            refusal = pb.RunnerJobStreamRequest.Error()
            refusal.error.code = grpc.StatusCode.UNAVAILABLE.value[0]
            refusal.error.message = "the runner is shutting down"
            outbox.finish(pb.RunnerJobStreamRequest(error=refusal))
            _drain(call)
            outbox.close()
            return False
        self._agent._accepted.set()
        self._run(assignment, outbox, call)
        return True

    def _run(self, assignment: pb.RunnerJobStreamResponse.JobAssignment, outbox: Outbox, call: JobStreamCall) -> None:
        context = Context()
        with self._lock:
            self._context = context
        outbox.send(pb.RunnerJobStreamRequest(ack=pb.RunnerJobStreamRequest.Ack()))
        outbox.start()
        work = threading.Thread(
            target=self._agent._execute,
            args=(assignment, outbox, context),
            name=f"runner-job-{self._number}",
            daemon=True,  # a plugin that ignores cancellation must not keep the process alive
        )
        work.start()
        try:
            current: JobStreamCall | None = call
            while current is not None and (broken := self._follow(current, outbox, context)) is not None:
                outbox.detach()
                current = self._reattach(assignment.job.id, outbox, broken)
            if current is None:
                context.cancel("the server gave this job up")
        finally:
            outbox.close()
            work.join()
            with self._lock:
                self._context = None

    def _follow(self, call: JobStreamCall, outbox: Outbox, context: Context) -> grpc.RpcError | None:
        """Read a running job's stream to its end; what broke it when the job must reattach."""
        try:
            for response in call:
                if response.WhichOneof("event") == "cancel":
                    context.cancel("the job was cancelled")
        except grpc.RpcError as error:
            log.info("the stream of a running job broke: %s %s", error.code(), error.details())
            return error
        if not outbox.final_sent:
            context.cancel("the job was cancelled by force")
        return None

    def _reattach(self, job_id: str, outbox: Outbox, broken: grpc.RpcError) -> JobStreamCall | None:
        lost = time.monotonic()
        for attempt in itertools.count():
            patience = FULL_SECONDS if broken.code() is grpc.StatusCode.RESOURCE_EXHAUSTED else REATTACH_SECONDS
            if self._agent.stopping and outbox.finished:
                patience = min(patience, LEAVE_SECONDS)
            if time.monotonic() - lost >= patience:
                break
            if not self._agent._registration.wait_online(1.0):
                continue
            call = self._open(outbox, job_id)
            try:
                assignment = _assignment(call)
                if assignment is None:
                    return None
                outbox.resume(assignment.stored_events if assignment.HasField("stored_events") else None)
                return call
            except grpc.RpcError as error:
                outbox.detach()
                refused = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION)
                if error.code() in refused:
                    log.warning("the server does not take job %s back: %s", job_id, error.details())
                    return None
                broken = error
            time.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
        self._agent._given_up[job_id] = broken.details() or "the server was lost"
        return None


def _assignment(call: JobStreamCall) -> pb.RunnerJobStreamResponse.JobAssignment | None:
    for response in call:
        if response.WhichOneof("event") == "assignment":
            return response.assignment
    return None


def _drain(call: JobStreamCall) -> None:
    try:
        for _ in call:
            continue
    except grpc.RpcError as error:
        log.debug("stream ended: %s", error.code())
