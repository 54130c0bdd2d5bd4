"""Following one job: its output to a renderer, its waiting in words, an interrupt to a cancellation."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import grpc

from wp_cli.connect import Client, code_of, details_of
from wp_cli.errors import CliError, Interrupted
from wp_cli.interrupt import interruptible
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.render.job import Renderer

QUEUED_NOTICE = 6.0  # seconds until it is said that the job waits, if the server has not said why
CANCEL_TIMEOUT = 2.0
TICK = 0.2  # seconds; an interrupt is noticed after at most this time
PENDING = 256  # responses read ahead; a slow terminal holds the server back instead of filling memory
OUTAGE = 60.0  # seconds to look for a server that is gone; the job and its runner wait for it too
RETRY = 0.5

CANCELLED = grpc.StatusCode.CANCELLED.value[0]
CANCELED = "canceled"
"""What a job says that somebody cancelled. Anything more is a reason of the server's, such as a runner that died."""


JobStream: TypeAlias = "grpc._CallIterator[pb.GetJobStreamResponse]"
Item: TypeAlias = "pb.GetJobStreamResponse | grpc.RpcError | None"


@dataclass
class Outcome:
    """How a job ended. `error` is empty on success; `cancelled` if somebody asked for the end."""

    job: pb.Job
    result: pb.Job.Result
    error: str = ""
    cancelled: bool = False


class JobFollower:
    """Follows one job to its end in the calling (main) thread."""

    def __init__(
        self, client: Client, renderer: Renderer, *, local: bool, given_up: Callable[[str], str] = lambda _job: "",
        on_interrupt: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        """`local`: the job runs in this process, and an interrupt cancels it; otherwise that only ends the watching.

        `given_up` says of a job in this process why its outcome will never reach the server, "" while it may.
        `on_interrupt` does something else at an interrupt: what is followed is more than this job.
        """
        self._on_interrupt = on_interrupt
        self._client = client
        self._id = ""
        self._renderer = renderer
        self._local = local
        self._given_up = given_up
        self._items: queue.Queue[Item] = queue.Queue(PENDING)
        self._signalled = False
        self._job = pb.Job()
        self._state = pb.Job.QUEUED
        self._since = time.monotonic()
        self._said = False
        self._explained = False
        self._interrupted = False
        self._drawn = 0  # terminal events
        self._replayed = 0  # of those, how many the present stream has shown again
        self._lost_at = 0.0
        self._stream: JobStream | None = None

    def _open(self) -> JobStream:
        return self._client.calls.GetJobStream(pb.GetJobStreamRequest(job_id=self._id))

    def follow(self, start: Callable[[], str]) -> Outcome:
        """Call `start`, which gives the job's id, and return how the job ended.

        `start` is called here so that no interrupt falls between the two. Raises Interrupted if the user stopped
        watching a remote job, RpcError if the stream broke.
        """
        ok = False
        try:
            with interruptible(self._take_note):
                self._id = self._job.id = start()
                self._stream = self._open()
                self._start_reader(self._stream)
                outcome = self._loop()
            ok = not outcome.error
            return outcome
        finally:
            if self._stream is not None:
                self._stream.cancel()
            self._renderer.finish(ok=ok)

    def _start_reader(self, stream: JobStream) -> None:
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _take_note(self) -> None:
        self._signalled = True

    def _read(self, stream: Iterable[pb.GetJobStreamResponse]) -> None:
        try:
            for response in stream:
                self._items.put(response)
            self._items.put(None)
        except grpc.RpcError as err:
            self._items.put(err)

    def _loop(self) -> Outcome:
        while True:
            if self._signalled and not self._interrupted:
                self._interrupt()
            try:
                item = self._items.get(timeout=TICK)
            except queue.Empty:
                if reason := self._given_up(self._id):
                    raise CliError(reason, details=(f"Job: {self._id}",)) from None
                self._say_why_waiting()
                continue
            if isinstance(item, grpc.RpcError):
                self._come_back(item)
            elif item is None:
                raise CliError(f"the server ended the output of job {self._id} without a result")
            else:
                outcome = self._on_response(item)
                if outcome:
                    return outcome

    def _come_back(self, err: grpc.RpcError) -> None:
        """Attach again after the server went away; raises `err` if it stays away, or if that is not what happened."""
        if code_of(err) is not grpc.StatusCode.UNAVAILABLE:
            raise err
        if not self._lost_at:
            self._lost_at = time.monotonic()
            self._renderer.notice("The server is gone; waiting for it to come back.", "warning")
        if time.monotonic() - self._lost_at > OUTAGE:
            raise err
        time.sleep(RETRY)
        self._replayed = 0
        self._stream = self._open()
        self._start_reader(self._stream)

    def _on_response(self, response: pb.GetJobStreamResponse) -> Outcome | None:
        self._lost_at = 0.0
        kind = response.WhichOneof("event")
        if kind == "terminal":
            for event in response.terminal.events:
                if self._waits:
                    self._explained = True  # the server says why, and keeps no record of it
                    self._renderer.event(event)
                else:
                    self._draw(event)
        elif kind == "job":
            self._job = response.job.job
        elif kind == "state":
            if response.state.current != self._state:
                self._state, self._since = response.state.current, time.monotonic()
            if response.state.HasField("job"):
                self._job = response.state.job
        elif kind == "complete":
            return self._outcome(response.complete)
        elif kind == "error":
            raise CliError(f"the server cannot follow job {self._id} any further: {response.error.error.message}")
        return None

    def _draw(self, event: pb.GetJobStreamResponse.Terminal.Event) -> None:
        """Draw an event, unless it was drawn before the stream was attached again."""
        if self._replayed < self._drawn:
            self._replayed += 1
            return
        self._renderer.event(event)
        self._drawn += 1
        self._replayed += 1

    def _outcome(self, complete: pb.GetJobStreamResponse.Complete) -> Outcome:
        outcome = Outcome(self._job, complete.result)
        if complete.HasField("error"):
            outcome.error = complete.error.message or "it failed without saying why"
            asked = complete.error.code == CANCELLED and outcome.error == CANCELED
            outcome.cancelled = self._signalled or asked
        return outcome

    def _interrupt(self) -> None:
        if self._on_interrupt is not None:
            self._interrupted = True
            self._on_interrupt()
            return
        if not self._local:
            raise Interrupted(
                f"stopped watching; job {self._id} goes on", do=f"`waypoint job cancel {self._id}` ends it."
            )
        self._interrupted = True
        self._renderer.notice("Canceling; press Ctrl-C again to leave at once.", "warning")
        try:
            self._client.calls.CancelJob(pb.CancelJobRequest(job_id=self._id), timeout=CANCEL_TIMEOUT)
        except grpc.RpcError as err:
            self._renderer.notice(f"The job could not be canceled: {details_of(err)}", "error")

    @property
    def _waits(self) -> bool:
        return self._state in {pb.Job.QUEUED, pb.Job.WAITING}

    def _say_why_waiting(self) -> None:
        if self._said or not self._waits or time.monotonic() - self._since < QUEUED_NOTICE:
            return
        self._said = True
        if not self._explained:
            self._renderer.notice("The job is queued and waits for a runner.", "info")
        if not self._local:
            self._renderer.notice(f"Ctrl-C stops the watching; the job ({self._id}) stays in the queue.", "info")
