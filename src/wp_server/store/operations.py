"""Operation records: builds, pushed artifacts, deployments, releases, status reports (server.md §3.5).

The five kinds share one table and one contract; a `Kind` says what differs. The server assigns ids and numbers; numbers
count per kind and application over all workspaces, start at 1 and are never used twice (G7).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Generic, TypeVar, cast

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer
from sqlalchemy import BindParameter, ColumnElement, Connection, bindparam, false, func, or_, select, update

from wp_proto.waypoint import api as pb
from wp_server.errors import InvalidArgument, NotFound, Violation
from wp_server.ids import new_id
from wp_server.store import clock, projects, workspaces
from wp_server.store.changes import changed
from wp_server.store.prepared import Prepared
from wp_server.store.schema import operations, sequences

Record = pb.Build | pb.PushedArtifact | pb.Deployment | pb.Release | pb.StatusReport
R = TypeVar("R", bound=Record)

ABORTED = 10
"""gRPC's number for a status whose work was cut off."""


@dataclass(frozen=True)
class Kind(Generic[R]):
    """One of the five kinds. `number` is stored; `noun` is for sentences."""

    number: int
    noun: str
    message: type[R]


BUILD = Kind(1, "build", pb.Build)
ARTIFACT = Kind(2, "pushed artifact", pb.PushedArtifact)
DEPLOYMENT = Kind(3, "deployment", pb.Deployment)
RELEASE = Kind(4, "release", pb.Release)
STATUS_REPORT = Kind(5, "status report", pb.StatusReport)

KINDS: tuple[Kind[pb.Build] | Kind[pb.PushedArtifact] | Kind[pb.Deployment] | Kind[pb.Release], ...] = (
    BUILD,
    ARTIFACT,
    DEPLOYMENT,
    RELEASE,
)
"""The kinds whose records a job leaves RUNNING when it dies."""

_by_id = Prepared(
    select(operations.c.blob).where(operations.c.kind == bindparam("kind"), operations.c.id == bindparam("id"))
)
_many = select(operations.c.id, operations.c.blob).where(
    operations.c.kind == bindparam("kind"), operations.c.id.in_(bindparam("ids", expanding=True))
)
_insert = operations.insert()
_left_running = select(operations.c.kind, operations.c.blob).where(
    operations.c.job_id == bindparam("job"), operations.c.status == bindparam("running")
)
_newest_reports = (
    select(operations.c.target_id, operations.c.blob)
    .where(operations.c.kind == bindparam("kind"), operations.c.target_id.in_(bindparam("targets", expanding=True)))
    .order_by(operations.c.id)
)
_by_number = select(operations.c.blob).where(
    operations.c.kind == bindparam("kind"),
    operations.c.project_key == bindparam("project"),
    operations.c.app_key == bindparam("app"),
    operations.c.sequence == bindparam("number"),
)
_next_number = (
    update(sequences)
    .where(
        sequences.c.kind == bindparam("of_kind"),
        sequences.c.project_key == bindparam("project"),
        sequences.c.app_key == bindparam("app"),
    )
    .values(last=sequences.c.last + 1)
    .returning(sequences.c.last)
)


@dataclass(frozen=True)
class Search:
    """What a list is about. Empty fields do not filter; `statuses` None allows all."""

    application: pb.Ref.Application
    workspace: str = ""
    statuses: frozenset[int] | None = None
    physical_state: int = 0
    by_complete_time: bool = False
    limit: int = 0
    target_kind: str = ""
    """`deployment_id` or `release_id`: status reports of such a target only."""
    target_id: str = ""

    @classmethod
    def of(
        cls,
        application: pb.Ref.Application,
        workspace: pb.Ref.Workspace,
        order: pb.OperationOrder,
        status: Iterable[pb.StatusFilter] = (),
        physical_state: int = 0,
    ) -> Search:
        """Returns the search that a list request describes."""
        return cls(
            application,
            workspace.workspace,
            _statuses(list(status)),
            physical_state,
            order.order == pb.OperationOrder.COMPLETE_TIME,
            order.limit,
        )

    def about(self, target_kind: str, target_id: str) -> Search:
        """Returns this search, narrowed to status reports of one sort of target, or of one target."""
        return replace(self, target_kind=target_kind, target_id=target_id)


def upsert(connection: Connection, kind: Kind[R], new: R) -> R:
    """Inserts a record without id, replaces one with; returns what is stored. Errors: NotFound, InvalidArgument."""
    record = kind.message()
    record.CopyFrom(new)  # type: ignore[arg-type]  # both are the kind's message
    if not isinstance(record, pb.StatusReport):
        record.ClearField("preload")
    check_references(record)
    if record.id:
        _restore_fixed(connection, kind, record)
        where = (operations.c.kind == kind.number, operations.c.id == record.id)
        connection.execute(operations.update().where(*where).values(**_columns(record)))
    else:
        projects.ensure_application(connection, record.application)
        record.id = new_id()
        if not isinstance(record, pb.StatusReport):
            record.sequence = _number(connection, kind, record.application)
        if isinstance(record, pb.Deployment):
            _assign_generation(connection, record)
        connection.execute(_insert, {"id": record.id, "kind": kind.number, **_columns(record)})
    active = max(_nanoseconds(record.status, "start_time"), _nanoseconds(record.status, "complete_time"))
    workspaces.touch(connection, record.application, record.workspace.workspace, active or clock.now(connection))
    if isinstance(record, pb.Deployment):
        changed(connection, "deployments", f"deployment/{record.id}")
    return record


def import_record(connection: Connection, kind: Kind[R], record: R) -> None:
    """Stores a record of another server as it is, under its id and number."""
    projects.ensure_application(connection, record.application)
    connection.execute(_insert, {"id": record.id, "kind": kind.number, **_columns(record)})
    if not isinstance(record, pb.StatusReport):
        _reach(connection, kind, record.application, record.sequence)
    active = max(_nanoseconds(record.status, "start_time"), _nanoseconds(record.status, "complete_time"))
    workspaces.touch(connection, record.application, record.workspace.workspace, active or clock.now(connection))


def check_references(record: Record) -> None:
    """Errors: InvalidArgument when a record does not say whose it is."""
    missing = [
        Violation(field, "must not be empty")
        for field, value in (
            ("application.application", record.application.application),
            ("application.project", record.application.project),
            ("workspace.workspace", record.workspace.workspace),
        )
        if not value
    ]
    if missing:
        raise InvalidArgument.of(missing)


def find(connection: Connection, kind: Kind[R], record_id: str) -> R | None:
    """Returns the record with this id, or None."""
    blob = _by_id.blob(connection, {"kind": kind.number, "id": record_id})
    return cast("R", kind.message.FromString(blob)) if blob is not None else None


def get(connection: Connection, kind: Kind[R], ref: pb.Ref.Operation) -> R:
    """Returns the record that `ref` names by id or number. Errors: InvalidArgument without a target, NotFound."""
    match ref.WhichOneof("target"):
        case "id":
            found = find(connection, kind, ref.id)
            name = ref.id
        case "sequence":
            app = ref.sequence.application
            keys = {"project": app.project.lower(), "app": app.application.lower()}
            numbered = {"kind": kind.number, "number": ref.sequence.number, **keys}
            blob = connection.execute(_by_number, numbered).scalar()
            found = cast("R", kind.message.FromString(blob)) if blob is not None else None
            name = f"{ref.sequence.number} of {app.project}/{app.application}"
        case _:
            raise InvalidArgument.of([Violation("ref", "must name a record by id or by application and number")])
    if found is None:
        raise NotFound(f"There is no {kind.noun} {name}.")
    return found


def latest(connection: Connection, kind: Kind[R], app: pb.Ref.Application, workspace: str) -> R:
    """Returns the successful record that completed last, in any workspace when that is empty. Errors: NotFound."""
    search = Search(app, workspace, frozenset({pb.Status.SUCCESS}), by_complete_time=True, limit=1)
    found = listed(connection, kind, search)
    if not found:
        place = f" in workspace {workspace}" if workspace else ""
        raise NotFound(f"There is no successful {kind.noun} of {app.project}/{app.application}{place} yet.")
    return found[0]


def listed(connection: Connection, kind: Kind[R], search: Search) -> list[R]:
    """Returns the matching records, newest first; those without the ordering time come last."""
    return [cast("R", kind.message.FromString(blob)) for blob in _matching(connection, kind, search)]


def list_into(
    connection: Connection, kind: Kind[R], search: Search, answer: RepeatedCompositeFieldContainer[R]
) -> None:
    """Adds what `listed` returns to a field of an answer, without copying each record."""
    for blob in _matching(connection, kind, search):
        answer.add().MergeFromString(blob)


def _matching(connection: Connection, kind: Kind[R], search: Search) -> list[bytes]:
    physical = search.physical_state if kind.number in (DEPLOYMENT.number, RELEASE.number) else 0
    values: dict[str, str | int] = {
        "kind": kind.number,
        "project": search.application.project.lower(),
        "app": search.application.application.lower(),
    }
    if search.workspace:
        values["workspace"] = search.workspace.lower()
    if search.statuses is not None:
        values.update((f"status{position}", state) for position, state in enumerate(sorted(search.statuses)))
    if physical:
        values["physical"] = physical
    if search.target_id:
        values["target"] = f"{search.target_kind}/{search.target_id}"
    elif search.target_kind:
        values["target_prefix"] = f"{search.target_kind}/"
    if search.limit:
        values["most"] = search.limit
    return _listing(frozenset(values), search.statuses is not None, search.by_complete_time).blobs(connection, values)


@lru_cache(maxsize=256)
def _listing(given: frozenset[str], by_status: bool, by_complete_time: bool) -> Prepared:
    """Returns the statement for a search with these parameters; building one costs more than running it."""
    states: list[BindParameter[int]] = [bindparam(name) for name in sorted(given) if name.startswith("status")]
    table = operations.c
    conditions: dict[str, ColumnElement[bool]] = {
        "kind": table.kind == bindparam("kind"),
        "project": table.project_key == bindparam("project"),
        "app": table.app_key == bindparam("app"),
        "workspace": table.workspace_key == bindparam("workspace"),
        "physical": table.physical_state == bindparam("physical"),
        "target": table.target_id == bindparam("target"),
        "target_prefix": func.substr(table.target_id, 1, func.length(bindparam("target_prefix")))
        == bindparam("target_prefix"),
    }
    moment = table.complete_time if by_complete_time else table.start_time
    query = select(table.blob).where(*(condition for name, condition in conditions.items() if name in given))
    if by_status:
        query = query.where(or_(*(table.status == state for state in states)) if states else false())
    query = query.order_by(moment.desc(), table.id.desc())
    return Prepared(query.limit(bindparam("most")) if "most" in given else query)


def many(connection: Connection, kind: Kind[R], ids: Iterable[str]) -> dict[str, R]:
    """Returns the records with these ids; those that do not exist are left out."""
    wanted = sorted({record_id for record_id in ids if record_id})
    if not wanted:
        return {}
    rows = connection.execute(_many, {"kind": kind.number, "ids": wanted})
    return {row.id: cast("R", kind.message.FromString(row.blob)) for row in rows}


def latest_reports(connection: Connection, targets: Sequence[str]) -> dict[str, pb.StatusReport]:
    """Returns the newest status report of each target (`deployment_id/ID`, `release_id/ID`) that has one."""
    if not targets:
        return {}
    newest: dict[str, pb.StatusReport] = {}
    for row in connection.execute(_newest_reports, {"kind": STATUS_REPORT.number, "targets": list(targets)}):
        report = pb.StatusReport.FromString(row.blob)
        known = newest.get(row.target_id)
        if known is None or known.generated_time.ToNanoseconds() <= report.generated_time.ToNanoseconds():
            newest[row.target_id] = report
    return newest


def fail_running(connection: Connection, job_id: str, reason: str) -> None:
    """Marks the records that a failed job left RUNNING as ERROR, so that nobody waits for them (§3.5)."""
    kinds = {kind.number: kind for kind in KINDS}
    for row in connection.execute(_left_running, {"job": job_id, "running": int(pb.Status.RUNNING)}).all():
        record = kinds[row.kind].message.FromString(row.blob)
        record.status.state = pb.Status.ERROR
        record.status.error.code = ABORTED
        record.status.error.message = reason
        record.status.complete_time.FromNanoseconds(clock.now(connection))
        connection.execute(operations.update().where(operations.c.id == record.id).values(**_columns(record)))
        if isinstance(record, pb.Deployment):
            changed(connection, "deployments", f"deployment/{record.id}")


def _restore_fixed(connection: Connection, kind: Kind[R], record: Record) -> None:
    stored = find(connection, kind, record.id)
    if stored is None:
        raise NotFound(f"There is no {kind.noun} {record.id}; leave the id empty to create one.")
    if not isinstance(record, pb.StatusReport) and not isinstance(stored, pb.StatusReport):
        record.sequence = stored.sequence
    if isinstance(record, pb.Deployment) and isinstance(stored, pb.Deployment):
        record.generation.CopyFrom(stored.generation)


def _number(connection: Connection, kind: Kind[R], app: pb.Ref.Application) -> int:
    keys = {"project": app.project.lower(), "app": app.application.lower()}
    number = connection.execute(_next_number, {"of_kind": kind.number, **keys}).scalar()
    if number is None:
        number = 1
        values = {"kind": kind.number, "project_key": keys["project"], "app_key": keys["app"], "last": number}
        connection.execute(sequences.insert().values(**values))
    return int(number)


def _reach(connection: Connection, kind: Kind[R], app: pb.Ref.Application, number: int) -> None:
    """Lets the next number be above `number`."""
    table = sequences.c
    keys = {"kind": kind.number, "project_key": app.project.lower(), "app_key": app.application.lower()}
    where = [table[name] == value for name, value in keys.items()]
    known = connection.execute(select(table.last).where(*where)).scalar()
    if known is None:
        connection.execute(sequences.insert().values(**keys, last=number))
    elif known < number:
        connection.execute(update(sequences).where(*where).values(last=number))


def _assign_generation(connection: Connection, deployment: pb.Deployment) -> None:
    generation = deployment.generation
    if not generation.id:
        generation.id = new_id()
    query = (
        select(operations.c.sequence)
        .where(
            operations.c.kind == DEPLOYMENT.number,
            operations.c.project_key == deployment.application.project.lower(),
            operations.c.app_key == deployment.application.application.lower(),
            operations.c.generation_id == generation.id,
        )
        .order_by(operations.c.sequence)
        .limit(1)
    )
    oldest = connection.execute(query).scalar()
    generation.initial_sequence = deployment.sequence if oldest is None else oldest


def _columns(record: Record) -> dict[str, str | int | bytes | None]:
    physical = record.state if isinstance(record, pb.Deployment | pb.Release) else 0
    return {
        "project_key": record.application.project.lower(),
        "app_key": record.application.application.lower(),
        "workspace_key": record.workspace.workspace.lower(),
        "sequence": None if isinstance(record, pb.StatusReport) else record.sequence,
        "status": record.status.state,
        "physical_state": physical,
        "start_time": _nanoseconds(record.status, "start_time"),
        "complete_time": _nanoseconds(record.status, "complete_time"),
        "generation_id": record.generation.id if isinstance(record, pb.Deployment) else None,
        "target_id": _target(record),
        "job_id": None if isinstance(record, pb.StatusReport) else record.job_id or None,
        "blob": record.SerializeToString(),
    }


def _target(record: Record) -> str | None:
    if not isinstance(record, pb.StatusReport):
        return None
    kind = record.WhichOneof("target_id")
    if kind is None:
        return None
    return f"{kind}/{record.deployment_id if kind == 'deployment_id' else record.release_id}"


def _nanoseconds(status: pb.Status, field: str) -> int:
    if not status.HasField("start_time" if field == "start_time" else "complete_time"):
        return 0
    return (status.start_time if field == "start_time" else status.complete_time).ToNanoseconds()


def _statuses(filters: list[pb.StatusFilter]) -> frozenset[int] | None:
    """OR between filters, AND inside one; None when nothing is filtered."""
    allowed: set[int] = set()
    for one in filters:
        if not one.filters:
            return None
        states = {criterion.state for criterion in one.filters if criterion.WhichOneof("filter") == "state"}
        if len(states) == 1 and all(criterion.WhichOneof("filter") == "state" for criterion in one.filters):
            allowed |= states
    return frozenset(allowed) if filters else None
