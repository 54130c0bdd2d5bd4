"""What `artifact list`, `deployment list` and `release list` have in common (CLI specification 2.6 and 4.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from wp_cli import standard_flags as shared
from wp_cli.errors import EXIT_OK
from wp_cli.render import records
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wp_cli.session import Session
    from wp_cli.target import App

R = TypeVar("R")

ORDERS = {"start-time": pb.OperationOrder.START_TIME, "complete-time": pb.OperationOrder.COMPLETE_TIME}
STATES = {
    "error": pb.Status.ERROR, "running": pb.Status.RUNNING, "success": pb.Status.SUCCESS, "unknown": pb.Status.UNKNOWN,
}  # fmt: skip
PHYSICAL = {
    "any": pb.Operation.UNKNOWN, "created": pb.Operation.CREATED, "destroyed": pb.Operation.DESTROYED,
    "pending": pb.Operation.PENDING,
}  # fmt: skip


class Record(Protocol):
    """What builds, artifacts, deployments and releases share."""

    id: str
    sequence: int

    @property
    def application(self) -> pb.Ref.Application:
        """App of the operation."""
        ...

    @property
    def workspace(self) -> pb.Ref.Workspace:
        """Workspace of the operation."""
        ...

    @property
    def component(self) -> pb.Component:
        """Component that did it."""
        ...

    @property
    def status(self) -> pb.Status:
        """How it went."""
        ...

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of the operation."""
        ...


@dataclass(frozen=True)
class Table:
    """Headers, what the records are called, and the command that makes the first one."""

    headers: tuple[str, ...]
    noun: str
    first: str


def each_app(
    session: Session, fetch: Callable[[Session, App], Sequence[R]], row: Callable[[Session, R], list[str]],
    to_json: Callable[[R], dict[str, object]], table: Table,
) -> int:  # fmt: skip
    """Print one table, or one JSON array, per app."""
    for app in session.apps():
        found = list(fetch(session, app))
        if not session[shared.DESC]:
            found.reverse()
        if session[shared.LIMIT]:
            found = found[: session[shared.LIMIT]]
        if session[shared.JSON]:
            session.screen.json([to_json(record) for record in found])
            continue
        session.screen.header(app.name)
        if found:
            session.screen.table(table.headers, [row(session, record) for record in found])
        else:
            session.screen.warn(
                f"There are no {table.noun} of {app.name!r} in workspace {session.workspace!r}. "
                f"`{table.first}` makes one."
            )
    return EXIT_OK


def ref(app: App) -> pb.Ref.Application:
    """Reference to an app."""
    return pb.Ref.Application(application=app.name, project=app.project)


def workspace(session: Session) -> pb.Ref.Workspace | None:
    """Reference to the workspace to list, None for all."""
    return None if session[shared.WORKSPACE_ALL] else pb.Ref.Workspace(workspace=session.workspace)


def order(session: Session) -> pb.OperationOrder:
    """Order that the flags ask for. The limit is sent only if the server's order is the one shown."""
    limit = session[shared.LIMIT] if session[shared.DESC] else 0
    return pb.OperationOrder(order=ORDERS[session[shared.ORDER_BY]], desc=True, limit=limit)


def states(session: Session) -> list[pb.StatusFilter]:
    """Filter for -state; several words are alternatives."""
    chosen = [pb.StatusFilter.Filter(state=STATES[word]) for word in session[shared.STATE]]
    return [pb.StatusFilter(filters=[one]) for one in chosen]


def common_json(record: Record) -> dict[str, object]:
    """JSON of the fields that all operation records have."""
    status = record.status
    return {
        "id": record.id,
        "sequence": record.sequence,
        "application": {"project": record.application.project, "application": record.application.application},
        "workspace": record.workspace.workspace,
        "labels": dict(record.labels),
        "component": record.component.name,
        "status": {
            "state": records.state_word(status.state),
            "start_time": records.iso(status.start_time),
            "complete_time": records.iso(status.complete_time),
        } | ({"error": status.error.message} if status.HasField("error") else {}),
    }  # fmt: skip
