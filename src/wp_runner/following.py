"""Following a job that an operation has queued: its output becomes the operation's, its end the operation's."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import grpc

from wp_proto.waypoint import api as pb
from wp_runner.errors import OperationFailed
from wp_runner.events import from_message
from wp_runner.server import OUTAGE_SECONDS, Server
from wp_sdk.context import Context
from wp_sdk.terminal import UI

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5


def follow(server: Server, job_id: str, ui: UI, ctx: Context) -> pb.Job.Result:
    """Shows the job's output until it ends; returns its result.

    A cancellation is passed on to the job, and its end is waited for. Raises `OperationFailed` with the job's words
    when it fails, `Cancelled` when this operation was cancelled, `grpc.RpcError` when the server stays away.
    """

    def cancel() -> None:
        server.hurried().attempt(server.stub.CancelJob, pb.CancelJobRequest(job_id=job_id))

    with ctx.on_cancel(cancel):
        complete = _shown(server, job_id, ui)
    ctx.raise_if_cancelled()
    if complete.HasField("error"):
        raise OperationFailed(complete.error.message or f"The job {job_id} failed without saying why")
    return complete.result


def _shown(server: Server, job_id: str, ui: UI) -> pb.GetJobStreamResponse.Complete:
    shown = 0
    lost_at = 0.0
    while True:
        replayed, waits = 0, True
        try:
            for response in _stream(server, job_id):
                lost_at = 0.0
                match response.WhichOneof("event"):
                    case "state":
                        waits = response.state.current in (pb.Job.QUEUED, pb.Job.WAITING)
                    case "terminal":
                        for message in response.terminal.events:
                            if not waits:  # what is said while it waits is kept nowhere and comes but once
                                replayed += 1
                            if waits or replayed > shown:
                                ui.emit(from_message(message))
                        shown = max(shown, replayed)
                    case "complete":
                        return response.complete
                    case "error":
                        raise OperationFailed(f"The job {job_id} cannot be followed: {response.error.error.message}")
            raise OperationFailed(f"The server ended the output of the job {job_id} without a result")
        except grpc.RpcError as error:
            lost_at = lost_at or time.monotonic()
            if error.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() - lost_at > OUTAGE_SECONDS:
                raise
            log.info("the output of job %s is lost, looking for the server: %s", job_id, error.details())
        time.sleep(RETRY_SECONDS)


def _stream(server: Server, job_id: str) -> Iterator[pb.GetJobStreamResponse]:
    stream: Iterator[pb.GetJobStreamResponse] = server.stub.GetJobStream(pb.GetJobStreamRequest(job_id=job_id))
    return stream
