"""Runner records (server.md §8). A row outlives its runner for the job history; presence has a registration number.

Every registration gets a new number; the end of a stream takes back only its own registration (defect 38).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from wp_proto.waypoint import api as pb
from wp_server.errors import FailedPrecondition, NotFound, PermissionDenied
from wp_server.runner_labels import MARKER, label_hash
from wp_server.store import clock
from wp_server.store.changes import changed
from wp_server.store.claims import Candidate
from wp_server.store.jobs import Target, target_of
from wp_server.store.replica import current
from wp_server.store.schema import jobs, runners

ADOPTED_STATES = (pb.Runner.ADOPTED, pb.Runner.PREADOPTED)
ACTIVE_JOB_STATES = (pb.Job.WAITING, pb.Job.RUNNING)

_one = select(runners).where(runners.c.id == bindparam("id"))


@dataclass(frozen=True)
class Standing:
    """What admission needs to know about a runner."""

    adopted: bool
    label_hash: int


@dataclass(frozen=True)
class Row:
    """A stored runner. `gone`: it left, and is kept for the history of its jobs only."""

    runner: pb.Runner
    registration: int
    gone: bool


def standing(connection: Connection, runner_id: str) -> Standing | None:
    """Returns the standing of a runner, or None when there is no such runner."""
    row = connection.execute(_one, {"id": runner_id}).first()
    return Standing(row.adoption in ADOPTED_STATES, int(row.label_hash)) if row else None


def find(connection: Connection, runner_id: str) -> Row | None:
    """Returns the runner, or None."""
    row = connection.execute(_one, {"id": runner_id}).first()
    return Row(pb.Runner.FromString(row.blob), row.registration, row.gone) if row else None


def get(connection: Connection, runner_id: str) -> pb.Runner:
    """Returns the runner, also one that left. Errors: NotFound."""
    row = find(connection, runner_id)
    if row is None:
        raise NotFound(f"There is no runner {runner_id!r}.")
    return row.runner


def present(connection: Connection) -> list[pb.Runner]:
    """Returns the runners that are connected, or known for good because they were adopted or rejected."""
    query = select(runners.c.blob).where(runners.c.gone.is_(False)).order_by(runners.c.id)
    return [pb.Runner.FromString(blob) for blob in connection.execute(query).scalars()]


def candidate(connection: Connection, runner_id: str) -> Candidate:
    """Returns the runner as the claim sees it. Errors: NotFound, FailedPrecondition when it is not adopted."""
    row = find(connection, runner_id)
    if row is None or row.gone:
        raise NotFound(f"There is no runner {runner_id!r}; it must register with RunnerConfig first.")
    if row.runner.adoption_state not in ADOPTED_STATES:
        raise FailedPrecondition(f"The runner {runner_id} is not adopted.", delay=1.0)
    inside_command = row.runner.WhichOneof("kind") == "local"
    return Candidate(runner_id, dict(row.runner.labels), row.runner.by_id_only, inside_command)


def register(connection: Connection, announced: pb.Runner) -> Row:
    """Stores a runner whose token is good as online; returns the row with its new registration (§8.4 2).

    Errors: PermissionDenied for a rejected one, FailedPrecondition for an on-demand runner without a job.
    """
    now = clock.now(connection)
    runner = _announced(announced)
    if runner.WhichOneof("kind") in ("odr", "deprecated_is_odr"):
        _check_wanted(connection, runner.id)
    before = find(connection, runner.id)
    runner.adoption_state = pb.Runner.PREADOPTED
    runner.first_seen.FromNanoseconds(now)
    if before is not None:
        if before.runner.adoption_state == pb.Runner.REJECTED:
            raise PermissionDenied(f"The runner {runner.id} was rejected.")
        if before.runner.adoption_state == pb.Runner.ADOPTED and before.runner.labels == runner.labels:
            runner.adoption_state = pb.Runner.ADOPTED
        runner.first_seen.CopyFrom(before.runner.first_seen)
    runner.last_seen.FromNanoseconds(now)
    runner.online = True
    registration = (before.registration if before else 0) + 1
    _put(connection, runner, registration, gone=False, here=True)
    changed(connection, "standing")
    return Row(runner, registration, gone=False)


def request_adoption(connection: Connection, announced: pb.Runner) -> Row:
    """Stores a PENDING runner that has only the cookie; returns the row with its new registration.

    Errors: PermissionDenied when the id belongs to a runner that an operator decided about already (defect 49).
    """
    runner = _announced(announced)
    before = find(connection, runner.id)
    if before is not None and not (before.gone and before.runner.adoption_state != pb.Runner.REJECTED):
        if before.runner.adoption_state == pb.Runner.REJECTED:
            raise PermissionDenied(f"The runner {runner.id} was rejected.")
        if before.runner.adoption_state != pb.Runner.PENDING:
            raise PermissionDenied(
                f"The runner {runner.id} is already adopted; forget it first, or start it with its state directory."
            )
    now = clock.now(connection)
    runner.adoption_state = pb.Runner.PENDING
    runner.first_seen.FromNanoseconds(now)
    runner.last_seen.FromNanoseconds(now)
    runner.online = True
    registration = (before.registration if before else 0) + 1
    _put(connection, runner, registration, gone=False, here=True)
    return Row(runner, registration, gone=False)


def unregister(connection: Connection, runner_id: str, registration: int) -> None:
    """Takes a registration back when its stream ended; a newer one of the same runner stays."""
    row = find(connection, runner_id)
    if row is None or row.registration != registration:
        return
    runner = row.runner
    runner.online = False
    decided = runner.adoption_state in (pb.Runner.ADOPTED, pb.Runner.REJECTED)
    stays = decided and runner.WhichOneof("kind") == "remote"
    _put(connection, runner, registration, gone=not stays)


def seen(connection: Connection, runner_id: str, registration: int) -> None:
    """Refreshes `last_seen` of a connected runner."""
    row = find(connection, runner_id)
    if row is not None and row.registration == registration:
        row.runner.last_seen.FromNanoseconds(clock.now(connection))
        where = runners.c.id == runner_id
        connection.execute(runners.update().where(where).values(blob=row.runner.SerializeToString()))


def decide(connection: Connection, runner_id: str, adopt: bool) -> None:
    """Adopts or rejects a runner. Errors: NotFound.

    One that waited for this counts as away until it comes with the token it gets now.
    """
    row = find(connection, runner_id)
    if row is None:
        raise NotFound(f"There is no runner {runner_id!r}.")
    if row.runner.adoption_state == pb.Runner.PENDING:
        row.runner.online = False
    row.runner.adoption_state = pb.Runner.ADOPTED if adopt else pb.Runner.REJECTED
    _put(connection, row.runner, row.registration, row.gone)
    changed(connection, "standing")


def forget(connection: Connection, runner_id: str) -> None:
    """Deletes a runner. Errors: NotFound."""
    if connection.execute(runners.delete().where(runners.c.id == runner_id)).rowcount == 0:
        raise NotFound(f"There is no runner {runner_id!r}.")
    changed(connection, "standing", "runners", f"runner/{runner_id}")


def all_offline(connection: Connection, replica: str | None = None) -> None:
    """Marks the runners as gone offline that had streams on one server (None: on any), which has none now."""
    query = select(runners.c.id, runners.c.registration).where(runners.c.online.is_(True))
    if replica is not None:
        query = query.where(runners.c.replica == replica)
    for row in connection.execute(query).all():
        unregister(connection, row.id, row.registration)


def _announced(announced: pb.Runner) -> pb.Runner:
    runner = pb.Runner()
    runner.CopyFrom(announced)
    runner.labels.pop(MARKER[0], None)
    return runner


def _check_wanted(connection: Connection, runner_id: str) -> None:
    waiting = (jobs.c.state == pb.Job.QUEUED) & (jobs.c.target == runner_id)
    running = jobs.c.state.in_(ACTIVE_JOB_STATES) & (jobs.c.runner_id == runner_id)
    wanted = connection.execute(select(func.count()).select_from(jobs).where(waiting | running)).scalar_one()
    if not wanted:
        raise FailedPrecondition(f"There is no job for the on-demand runner {runner_id}.")


def _put(connection: Connection, runner: pb.Runner, registration: int, gone: bool, here: bool = False) -> None:
    values: dict[str, object] = {
        "adoption": int(runner.adoption_state),
        "registration": registration,
        "online": runner.online,
        "gone": gone,
        "label_hash": str(label_hash(runner.labels)),
        "blob": runner.SerializeToString(),
    }
    if here:
        values["replica"] = current(connection)
    if connection.execute(runners.update().where(runners.c.id == runner.id).values(**values)).rowcount == 0:
        connection.execute(runners.insert().values(id=runner.id, **values))
    changed(connection, "runners", f"runner/{runner.id}")


def would_take(connection: Connection, targeted: pb.Ref.Runner) -> bool:
    """Returns whether a runner that is adopted and online now would get a job with this target (§7.6)."""
    kind, target = target_of(targeted)
    wanted = dict(targeted.labels.labels)
    for runner in present(connection):
        if not runner.online or runner.adoption_state not in ADOPTED_STATES:
            continue
        match kind:
            case Target.ID:
                suits = runner.id == target
            case Target.LABELS:
                suits = not runner.by_id_only and wanted.items() <= dict(runner.labels).items()
            case Target.ANY:
                suits = not runner.by_id_only
        if suits:
            return True
    return False
