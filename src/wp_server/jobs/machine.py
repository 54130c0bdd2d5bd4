"""The state machine of a job (server.md §7.4), as pure functions from one position to the next.

Nothing here knows of databases or streams: `store.transitions` stores what these functions return, with a
compare-and-set on (state, assignment), and does what follows from a move (lock, dependents, records).

Two rules make it safe where the reference was not. Each position has exactly one deadline, replaced at every move, so
that no timer of an earlier life can strike (defect 26). Each assignment has a number; whoever speaks for an older one
is refused, so that a runner that came too late cannot confirm or finish another's work (defect 28).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from google.rpc.status_pb2 import Status

from wp_server.errors import FailedPrecondition

SECOND = 1_000_000_000
"""Nanoseconds, the unit of all times here."""
ACK_TIMEOUT = 120 * SECOND
"""A WAITING job that its runner does not confirm goes back to the queue."""
HEARTBEAT_TIMEOUT = 120 * SECOND
"""A RUNNING job whose runner is silent fails; until then the runner may reattach."""
PARTED_TIMEOUT = 15 * SECOND
"""A RUNNING job whose command line's stream broke fails after so long: the runner inside a command line lives on this
side of the network at most as long as the command, so silence nearly always means that it was killed."""

CANCELLED_CODE = 1
ABORTED_CODE = 10


class State(IntEnum):
    """The states of the wire's `Job.State`; UNKNOWN is never stored."""

    QUEUED = 1
    WAITING = 2
    RUNNING = 3
    ERROR = 4
    SUCCESS = 5


FINISHED = frozenset({State.ERROR, State.SUCCESS})
ASSIGNED = frozenset({State.WAITING, State.RUNNING})


class StaleAssignment(FailedPrecondition):
    """Somebody speaks for an assignment that was taken back."""


@dataclass(frozen=True)
class Position:
    """Where a job is. Times are nanoseconds since 1970; None = has not happened, or never."""

    state: State = State.QUEUED
    assignment: int = 0
    """How often the job was handed to a stream: the fence."""
    runner_id: str = ""
    queue_time: int = 0
    assign_time: int | None = None
    ack_time: int | None = None
    complete_time: int | None = None
    cancel_time: int | None = None
    expire_time: int | None = None
    deadline: int | None = None
    """When `overdue` has to be asked again."""
    error: Status | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in FINISHED

    @property
    def canceling(self) -> bool:
        """Whether somebody asked to stop it and it has not stopped yet."""
        return self.cancel_time is not None and not self.finished


def queued(queue_time: int, expire_time: int | None) -> Position:
    """Returns the position of a new job."""
    return Position(queue_time=queue_time, expire_time=expire_time, deadline=expire_time)


def assign(at: Position, runner_id: str, now: int) -> Position:
    """QUEUED → WAITING: handed to a stream of `runner_id`."""
    _expect(at, State.QUEUED)
    moved = replace(
        at, state=State.WAITING, assignment=at.assignment + 1, runner_id=runner_id, assign_time=now, ack_time=None
    )
    return replace(moved, deadline=_waiting_deadline(moved))


def acknowledge(at: Position, assignment: int, now: int) -> Position:
    """WAITING → RUNNING: the runner took it."""
    _fence(at, assignment)
    _expect(at, State.WAITING)
    return replace(at, state=State.RUNNING, ack_time=now, deadline=now + HEARTBEAT_TIMEOUT)


def give_back(at: Position, assignment: int, now: int) -> Position:
    """WAITING → QUEUED: the runner refused it, or its stream ended unconfirmed. A cancelled job ends instead.

    The queue time stays, so it is first in line again.
    """
    _fence(at, assignment)
    _expect(at, State.WAITING)
    return _requeue(at, now)


def reattach(at: Position, runner_id: str, now: int) -> Position:
    """The runner is back with a new stream: the old one's number is void from now on."""
    if at.state not in ASSIGNED:
        raise FailedPrecondition(f"The job is {at.state.name}; there is nothing to come back to.")
    if at.runner_id != runner_id:
        raise FailedPrecondition("The job was given to another runner in the meantime.")
    moved = replace(at, assignment=at.assignment + 1)
    if at.state is State.RUNNING:
        return replace(moved, deadline=now + HEARTBEAT_TIMEOUT)
    moved = replace(moved, assign_time=now)
    return replace(moved, deadline=_waiting_deadline(moved))


def heartbeat(at: Position, assignment: int, now: int) -> Position:
    """RUNNING stays RUNNING, with a new deadline; in any other state it is ignored."""
    _fence(at, assignment)
    if at.state is not State.RUNNING:
        return at
    return replace(at, deadline=now + HEARTBEAT_TIMEOUT)


def part(at: Position, assignment: int, now: int) -> Position:
    """The stream of a runner inside a command line broke: it has `PARTED_TIMEOUT` to come back."""
    _fence(at, assignment)
    if at.state is not State.RUNNING:
        return at
    return replace(at, deadline=now + PARTED_TIMEOUT)


def complete(at: Position, assignment: int, now: int) -> Position:
    """RUNNING → SUCCESS."""
    _fence(at, assignment)
    _expect(at, State.RUNNING)
    return replace(at, state=State.SUCCESS, complete_time=now, deadline=None)


def fail(at: Position, assignment: int, error: Status, now: int) -> Position:
    """RUNNING → ERROR: the runner says the work failed."""
    _fence(at, assignment)
    _expect(at, State.RUNNING)
    return replace(at, state=State.ERROR, complete_time=now, deadline=None, error=error)


def cancel(at: Position, force: bool, now: int) -> Position:
    """A queued job ends. An assigned one is asked to stop, or ends at once with `force`. A finished one stays."""
    if at.finished:
        return at
    if at.state is State.QUEUED or force:
        return stop(at, "canceled", now)
    if at.cancel_time is not None:
        return at
    moved = replace(at, cancel_time=now)
    return replace(moved, deadline=_waiting_deadline(moved)) if at.state is State.WAITING else moved


def stop(at: Position, reason: str, now: int) -> Position:
    """Any unfinished state → ERROR with the code Canceled and `reason`."""
    if at.finished:
        raise FailedPrecondition(f"The job is {at.state.name} already.")
    return replace(
        at,
        state=State.ERROR,
        cancel_time=at.cancel_time if at.cancel_time is not None else now,
        complete_time=now,
        deadline=None,
        error=Status(code=CANCELLED_CODE, message=reason),
    )


def abort(at: Position, reason: str, now: int) -> Position:
    """Any unfinished state → ERROR with the code Aborted and `reason`: nobody asked for it."""
    return replace(stop(at, reason, now), cancel_time=at.cancel_time, error=Status(code=ABORTED_CODE, message=reason))


def fall(at: Position, reason: str, cancel_time: int | None, now: int) -> Position:
    """Any unfinished state → ERROR with the code Canceled and `reason`: what the job needs ended in ERROR.

    A queued job counts as cancelled if that did, which `cancel_time` says (§7.5). One that a runner has is taken from
    it, which is a cancellation in any case.
    """
    stopped = stop(at, reason, now)
    return replace(stopped, cancel_time=cancel_time) if at.state is State.QUEUED else stopped


def overdue(at: Position, now: int) -> Position:
    """What the passing of time makes of a position: itself as long as its deadline is ahead."""
    if at.deadline is None or at.deadline > now:
        return at
    match at.state:
        case State.QUEUED:
            return stop(at, "canceled: no runner took the job before it expired", now)
        case State.WAITING:
            assert at.assign_time is not None
            if at.assign_time + ACK_TIMEOUT <= now:
                return _requeue(at, now)
            return cancel(at, force=False, now=now)
        case State.RUNNING:
            return stop(at, f"canceled: the runner {at.runner_id} went away and did not come back", now)
        case _:
            return replace(at, deadline=None)


def _requeue(at: Position, now: int) -> Position:
    if at.cancel_time is not None:
        return stop(at, "canceled", now)
    if at.expire_time is not None and at.expire_time <= now:
        return stop(at, "canceled: the job expired before its runner confirmed it", now)
    return replace(at, state=State.QUEUED, runner_id="", assign_time=None, ack_time=None, deadline=at.expire_time)


def _waiting_deadline(at: Position) -> int:
    assert at.assign_time is not None
    confirm_by = at.assign_time + ACK_TIMEOUT
    if at.expire_time is None or at.cancel_time is not None:
        return confirm_by
    return min(confirm_by, at.expire_time)


def _fence(at: Position, assignment: int) -> None:
    if assignment != at.assignment:
        raise StaleAssignment("This stream's assignment was taken back; the job belongs to another stream now.")


def _expect(at: Position, state: State) -> None:
    if at.state is not state:
        raise FailedPrecondition(f"The job is {at.state.name}, not {state.name}.")
