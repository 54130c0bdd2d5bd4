"""Removing old builds, artifacts, deployments, releases and status reports (server.md §9.2; defect 41).

Per kind, application and workspace the newest ones stay, everything that is not destroyed, and everything that a record
which stays names. So the oldest deployment of a quiet application is as safe as that of a busy one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, func, select

from wp_proto.waypoint import api as pb
from wp_server.jobs.machine import FINISHED
from wp_server.store.changes import changed
from wp_server.store.operations import ARTIFACT, BUILD, DEPLOYMENT, RELEASE, STATUS_REPORT
from wp_server.store.schema import jobs, operations, triggers

ORDER = (STATUS_REPORT.number, RELEASE.number, DEPLOYMENT.number, ARTIFACT.number, BUILD.number)
"""What names others comes first."""
_FINISHED = sorted(int(state) for state in FINISHED)
_NAMES: dict[int, tuple[int, Callable[[bytes], str]]] = {
    BUILD.number: (ARTIFACT.number, lambda blob: pb.PushedArtifact.FromString(blob).build_id),
    ARTIFACT.number: (DEPLOYMENT.number, lambda blob: pb.Deployment.FromString(blob).artifact_id),
    DEPLOYMENT.number: (RELEASE.number, lambda blob: pb.Release.FromString(blob).deployment_id),
}
"""Which kind of record names those of a kind, and how."""
_TARGET_FIELDS = {DEPLOYMENT.number: "deployment_id", RELEASE.number: "release_id"}

_target = select(operations.c.physical_state).where(
    operations.c.kind == bindparam("kind"), operations.c.id == bindparam("id")
)


@dataclass(frozen=True)
class Place:
    """One kind of record of an application in a workspace, by keys."""

    kind: int
    project: str
    app: str
    workspace: str

    @property
    def condition(self) -> ColumnElement[bool]:
        """What is true for its records."""
        return and_(_of_app(self), operations.c.kind == self.kind, operations.c.workspace_key == self.workspace)


@dataclass(frozen=True)
class Named:
    """Which records of a kind others name, and up to which id those others were looked at."""

    ids: frozenset[str]
    upto: str


UNKNOWN = Named(frozenset(), "")


def crowded(connection: Connection, most: int) -> list[Place]:
    """Returns the places with more than `most` records, those first whose records name others."""
    key = (operations.c.kind, operations.c.project_key, operations.c.app_key, operations.c.workspace_key)
    found = connection.execute(select(*key).group_by(*key).having(func.count() > most))
    places = [Place(*row) for row in found]
    return sorted(places, key=lambda one: (ORDER.index(one.kind), one.project, one.app, one.workspace))


def aged(connection: Connection, place: Place, most: int, before: int, after: str, size: int) -> list[str]:
    """Returns up to `size` records older than the `most` newest ones and than a moment, and destroyed where that is
    possible, from the one after `after` on."""
    newest = select(operations.c.id).where(place.condition).order_by(operations.c.id.desc())
    oldest_kept = connection.execute(newest.offset(most - 1).limit(1)).scalar()
    if oldest_kept is None:
        return []
    query = select(operations.c.id).where(
        place.condition,
        operations.c.id < oldest_kept,
        operations.c.id > after,
        operations.c.start_time < before,
        operations.c.complete_time < before,
        operations.c.status != int(pb.Status.RUNNING),
    )
    if place.kind in _TARGET_FIELDS:
        query = query.where(operations.c.physical_state == int(pb.Operation.DESTROYED))
    return list(connection.execute(query.order_by(operations.c.id).limit(size)).scalars())


def named(connection: Connection, place: Place, after: str) -> Named:
    """Returns what other records of the application name now, those after the id `after`."""
    if place.kind not in _NAMES:
        return Named(frozenset(), after)
    kind, name = _NAMES[place.kind]
    query = select(operations.c.id, operations.c.blob).where(_of_app(place), operations.c.kind == kind)
    rows = connection.execute(query.where(operations.c.id > after).order_by(operations.c.id)).all()
    return Named(frozenset(name(row.blob) for row in rows), rows[-1].id if rows else after)


def drop(connection: Connection, place: Place, record_ids: Sequence[str], known: Named) -> int:
    """Deletes those of the records that nothing names; none while a job of the application is unfinished.

    Returns how many were deleted.
    """
    busy = exists(
        select(jobs.c.id).where(
            jobs.c.project_key == place.project, jobs.c.app_key == place.app, jobs.c.state.not_in(_FINISHED)
        )
    )
    if connection.execute(select(busy)).scalar():
        return 0
    kept = known.ids | named(connection, place, known.upto).ids | _of_triggers(connection, place)
    kept |= _reported(connection, place, record_ids)
    going = [record_id for record_id in record_ids if record_id not in kept]
    if going:
        connection.execute(delete(operations).where(place.condition, operations.c.id.in_(going)))
        if place.kind == DEPLOYMENT.number:
            changed(connection, "deployments")
    return len(going)


def _of_app(place: Place) -> ColumnElement[bool]:
    return and_(operations.c.project_key == place.project, operations.c.app_key == place.app)


def _reported(connection: Connection, place: Place, record_ids: Iterable[str]) -> frozenset[str]:
    """Deployments and releases that a report is about, and the newest report of what is not destroyed."""
    if place.kind in _TARGET_FIELDS:
        field = _TARGET_FIELDS[place.kind]
        targets = {f"{field}/{record_id}": record_id for record_id in record_ids}
        query = select(operations.c.target_id).where(
            operations.c.kind == STATUS_REPORT.number, operations.c.target_id.in_(list(targets))
        )
        return frozenset(targets[target] for target in connection.execute(query.distinct()).scalars())
    if place.kind != STATUS_REPORT.number:
        return frozenset()
    about = select(operations.c.target_id).where(operations.c.id.in_(list(record_ids))).distinct()
    newest = (
        select(operations.c.target_id, func.max(operations.c.id).label("id"))
        .where(operations.c.kind == STATUS_REPORT.number, operations.c.target_id.in_(about))
        .group_by(operations.c.target_id)
    )
    return frozenset(row.id for row in connection.execute(newest).all() if _lives(connection, row.target_id))


def _lives(connection: Connection, target: str) -> bool:
    field, _, record_id = target.partition("/")
    kind = next(number for number, name in _TARGET_FIELDS.items() if name == field)
    state: int | None = connection.execute(_target, {"kind": kind, "id": record_id}).scalar()
    return state is not None and state != int(pb.Operation.DESTROYED)


def _of_triggers(connection: Connection, place: Place) -> frozenset[str]:
    """Records that a trigger works on, by their number."""
    blobs = connection.execute(select(triggers.c.blob).where(triggers.c.project_key == place.project)).scalars()
    numbers = {_number(pb.Trigger.FromString(blob), place.kind) for blob in blobs} - {0}
    if not numbers:
        return frozenset()
    query = select(operations.c.id).where(
        _of_app(place), operations.c.kind == place.kind, operations.c.sequence.in_(sorted(numbers))
    )
    return frozenset(connection.execute(query).scalars())


def _number(trigger: pb.Trigger, kind: int) -> int:
    match trigger.WhichOneof("operation"), kind:
        case "push", BUILD.number:
            return trigger.push.build.sequence
        case "deploy", ARTIFACT.number:
            return trigger.deploy.artifact.sequence
        case "destroy", DEPLOYMENT.number:
            return trigger.destroy.deployment.sequence
        case "release", DEPLOYMENT.number:
            return trigger.release.deployment.sequence
        case "status_report", DEPLOYMENT.number:
            return trigger.status_report.deployment.sequence
        case "status_report", RELEASE.number:
            return trigger.status_report.release.sequence
    return 0
