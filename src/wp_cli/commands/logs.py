"""`waypoint logs`: what the app's instances write, as it comes."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from typing import TYPE_CHECKING

from wp_cli import listing
from wp_cli.command import Command
from wp_cli.errors import EXIT_INTERRUPTED, EXIT_OK, CliError
from wp_cli.flags import BOOL, DURATION, INT, STRING, Enum1, Flag
from wp_cli.render import text as look
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wp_cli.session import Session
    from wp_cli.target import App

DEPLOYMENT_SEQ = Flag("deployment-seq", STRING, "", "Only instances of this deployment (sequence number or id).")
DEPLOYMENT = Flag("deployment", STRING, "", "The same as -deployment-seq.", alias="d")
TAIL = Flag("tail", INT, 0, "How many earlier lines of each instance to show; 0 for 100, negative for all.", alias="n")
FOLLOW = Flag("follow", BOOL, True, "Wait for more lines; -follow=false ends after the earlier ones.", alias="f")
SINCE = Flag("since", DURATION, 0.0, "Only lines that are at most this old, such as 10m.")
INSTANCE = Flag("instance", STRING, "", "Only this instance (the end of its id is enough).")
SOURCE = Flag("source", Enum1("all", "app", "entrypoint"), "all", "Only lines of this source.")
NO_TIMESTAMPS = Flag("no-timestamps", BOOL, False, "Leave the timestamps away.")
JSON = Flag("json", BOOL, False, "Print every line as a JSON object.")

QUIET = 1.0  # seconds without a line after which -follow=false has seen all earlier ones
SHORT_ID = 6
EVERYTHING = -1  # as a limit of earlier lines
OUTAGE = 60.0  # seconds to wait for a server that is gone
RETRY = 0.5


def run(session: Session) -> int:
    """Print lines until interrupted (exit code 130) or the stream ends (0)."""
    app = session.app()
    client = session.client()
    request = pb.GetLogStreamRequest(limit_backlog=session[TAIL])
    chosen = session[DEPLOYMENT] or session[DEPLOYMENT_SEQ]
    if chosen:
        from wp_cli.commands.deployment import operation_ref

        found = client.calls.GetDeployment(pb.GetDeploymentRequest(ref=operation_ref(listing.ref(app), chosen)))
        request.deployment_id = found.id
    else:
        request.application.application.CopyFrom(listing.ref(app))
        request.application.workspace.workspace = session.workspace
    printer = Printer(session)
    heard = False
    if session[FOLLOW] and (reason := not_connected(session, app, request.deployment_id)):
        session.screen.warn(reason)
    try:
        for batch in batches(session, request):
            heard = True
            printer.batch(batch)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    if not heard and not session[FOLLOW]:
        reason = not_connected(session, app, request.deployment_id)
        session.screen.warn(reason or f"{app.name!r} has written nothing yet.")
    return EXIT_OK


def batches(session: Session, request: pb.GetLogStreamRequest) -> Iterator[pb.LogBatch]:
    """Return the batches as they come: for ever, or without -follow until none came for a while."""
    return following(session, request) if session[FOLLOW] else so_far(session, request)


def following(session: Session, request: pb.GetLogStreamRequest) -> Iterator[pb.LogBatch]:
    """Return batches until the server ends the stream.

    A server that goes away is waited for; then what it kept is read from its beginning, without what was shown already.
    """
    import grpc

    from wp_cli.connect import code_of

    shown: dict[str, tuple[int, int]] = {}  # time of the last line of each instance
    before: dict[str, tuple[int, int]] = {}  # the same when the server went away
    lost_at = 0.0
    while True:
        try:
            for batch in read(session, request):
                lost_at = 0.0
                limit = before.get(batch.instance_id, (-1, 0))
                lines = [line for line in batch.lines if moment(line) > limit]
                if lines:
                    shown[batch.instance_id] = moment(lines[-1])
                    yield pb.LogBatch(deployment_id=batch.deployment_id, instance_id=batch.instance_id, lines=lines)
            return
        except grpc.RpcError as err:
            if code_of(err) is not grpc.StatusCode.UNAVAILABLE:
                raise
            if not lost_at:
                lost_at = time.monotonic()
                session.screen.warn("The server is gone; waiting for it to come back.")
            if time.monotonic() - lost_at > OUTAGE:
                raise
            time.sleep(RETRY)
            before = dict(shown)
            request.limit_backlog = EVERYTHING


def moment(line: pb.LogBatch.Entry) -> tuple[int, int]:
    """Time of a line, for comparison."""
    return line.timestamp.seconds, line.timestamp.nanos


def so_far(session: Session, request: pb.GetLogStreamRequest) -> Iterator[pb.LogBatch]:
    """Return the batches until none came for a while."""
    import queue

    with contextlib.suppress(queue.Empty):
        yield from read(session, request, QUIET)


def read(session: Session, request: pb.GetLogStreamRequest, patience: float | None = None) -> Iterator[pb.LogBatch]:
    """Return the batches of one stream until the server ends it.

    RpcError if it breaks, queue.Empty if none comes for `patience` seconds. gRPC is used by another thread: an
    interrupt that strikes in the middle of its code could be lost, and strikes a queue here.
    """
    import queue
    import threading

    import grpc

    calls = session.client().calls
    items: queue.SimpleQueue[pb.LogBatch | grpc.RpcError | None] = queue.SimpleQueue()

    def receive() -> None:
        try:
            for batch in calls.GetLogStream(request):
                items.put(batch)
            items.put(None)
        except grpc.RpcError as err:
            items.put(err)

    threading.Thread(target=receive, daemon=True).start()
    while (item := items.get(timeout=patience)) is not None:
        if isinstance(item, grpc.RpcError):
            raise item
        yield item


def not_connected(session: Session, app: App, deployment_id: str) -> str:
    """Return in one sentence why no line can come, and what to do about it; "" if one can."""
    of_app = pb.ListInstancesRequest.Application(
        application=listing.ref(app), workspace=pb.Ref.Workspace(workspace=session.workspace)
    )
    wanted = (
        pb.ListInstancesRequest(deployment_id=deployment_id)
        if deployment_id
        else pb.ListInstancesRequest(application=of_app)
    )
    if session.client().calls.ListInstances(wanted).instances:
        return ""
    deployment = the_deployment(session, app, deployment_id)
    if deployment is None:
        return f"There is no running deployment of {app.name!r} in workspace {session.workspace!r}; run `waypoint up`."
    if deployment.has_logs_plugin:
        return ""
    which = f"deployment v{deployment.sequence} of {app.name!r}"
    if not deployment.has_entrypoint_config:
        return (
            f"The server gave {which} no address to send its lines to; start the server with -advertise-addr and "
            "deploy again, or read the lines where the app runs."
        )
    return (
        f"No instance of {which} is connected to the server, so no lines come from it; see with `waypoint status "
        "-refresh` whether it runs, and build it with the Waypoint entrypoint (an image needs Python for it)."
    )


def the_deployment(session: Session, app: App, deployment_id: str) -> pb.Deployment | None:
    """Return the deployment with the id, else the newest one that runs; None if there is none."""
    calls = session.client().calls
    if deployment_id:
        return calls.GetDeployment(pb.GetDeploymentRequest(ref=pb.Ref.Operation(id=deployment_id)))
    request = pb.ListDeploymentsRequest(
        application=listing.ref(app), workspace=pb.Ref.Workspace(workspace=session.workspace),
        physical_state=pb.Operation.CREATED,
        order=pb.OperationOrder(order=pb.OperationOrder.COMPLETE_TIME, desc=True, limit=1),
    )  # fmt: skip
    return next(iter(calls.ListDeployments(request).deployments), None)


class Printer:
    """Writes batches to stdout. The app's bytes are written as they came; only our prefix is coloured."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._color = session.screen.color_out
        self._instance = session[INSTANCE]
        self._source = session[SOURCE]
        self._oldest = 0.0
        if session[SINCE] > 0:
            self._oldest = time.time() - session[SINCE]
        elif session[SINCE] < 0:
            raise CliError("-since must not be negative")

    def batch(self, batch: pb.LogBatch) -> None:
        """Write the lines of a batch that are wanted, in one go."""
        if self._instance and not batch.instance_id.endswith(self._instance):
            return
        text = "".join(self._line(batch, line) for line in batch.lines if self._wanted(line))
        if text:
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
            sys.stdout.buffer.flush()

    def _wanted(self, line: pb.LogBatch.Entry) -> bool:
        source = "entrypoint" if line.source == pb.LogBatch.Entry.ENTRYPOINT else "app"
        if self._source not in {"all", source}:
            return False
        return not self._oldest or line.timestamp.seconds + line.timestamp.nanos / 1e9 >= self._oldest

    def _line(self, batch: pb.LogBatch, line: pb.LogBatch.Entry) -> str:
        entrypoint = line.source == pb.LogBatch.Entry.ENTRYPOINT
        if self._session[JSON]:
            facts = {
                "time": line.timestamp.ToJsonString(), "deployment": batch.deployment_id, "instance": batch.instance_id,
                "source": "entrypoint" if entrypoint else "app", "line": line.line,
            }  # fmt: skip
            return json.dumps(facts, ensure_ascii=False) + "\n"
        prefix = f"{batch.instance_id[-SHORT_ID:]}: "
        if not self._session[NO_TIMESTAMPS]:
            prefix = f"{timestamp(line)} {prefix}"
        if self._color:
            prefix = f"{look.CYAN if entrypoint else look.GREEN}{prefix}{look.RESET}"
        return "".join(f"{prefix}{part}\n" for part in line.line.split("\n"))


def timestamp(line: pb.LogBatch.Entry) -> str:
    """RFC 3339 in UTC with exactly three decimals."""
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(line.timestamp.seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{line.timestamp.nanos // 1_000_000:03d}Z"


LOGS = Command(
    "logs", run,
    "Shows what the running instances of an app write, starting with their last lines, until it is interrupted. New "
    "instances join by themselves.",
    flags=(DEPLOYMENT_SEQ, DEPLOYMENT, TAIL, FOLLOW, SINCE, INSTANCE, SOURCE, NO_TIMESTAMPS, JSON), operation=True,
)  # fmt: skip
