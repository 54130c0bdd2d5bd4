"""The job state machine: every state meets every event, and no event of an earlier assignment does anything."""

from __future__ import annotations

import contextlib

import pytest
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st

from wp_server.errors import FailedPrecondition
from wp_server.jobs import machine
from wp_server.jobs.machine import ACK_TIMEOUT, HEARTBEAT_TIMEOUT, SECOND, Position, StaleAssignment, State

NOW = 1_000 * SECOND
LATER = NOW + SECOND
EXPIRY = NOW + 30 * SECOND
ERROR = Status(code=2, message="it broke")


def at(state: State, *, cancelled: bool = False, expire: int | None = None) -> Position:
    """A position reached by the shortest way."""
    position = machine.queued(NOW, expire)
    if state is State.QUEUED:
        return position
    position = machine.assign(position, "runner", NOW)
    if state is State.RUNNING or (state is State.SUCCESS):
        position = machine.acknowledge(position, 1, NOW)
    if cancelled:
        position = machine.cancel(position, force=False, now=NOW)
    if state is State.SUCCESS:
        return machine.complete(position, 1, NOW)
    if state is State.ERROR:
        return machine.stop(position, "canceled", NOW)
    return position


EVENTS = {
    "assign": lambda p: machine.assign(p, "other", LATER),
    "ack": lambda p: machine.acknowledge(p, p.assignment, LATER),
    "nack": lambda p: machine.give_back(p, p.assignment, LATER),
    "heartbeat": lambda p: machine.heartbeat(p, p.assignment, LATER),
    "complete": lambda p: machine.complete(p, p.assignment, LATER),
    "error": lambda p: machine.fail(p, p.assignment, ERROR, LATER),
    "cancel": lambda p: machine.cancel(p, False, LATER),
    "force": lambda p: machine.cancel(p, True, LATER),
    "reattach": lambda p: machine.reattach(p, "runner", LATER),
}
REFUSED = None
OUTCOMES = {
    "assign": {State.QUEUED: State.WAITING},
    "ack": {State.WAITING: State.RUNNING},
    "nack": {State.WAITING: State.QUEUED},
    "heartbeat": {state: state for state in State},
    "complete": {State.RUNNING: State.SUCCESS},
    "error": {State.RUNNING: State.ERROR},
    "cancel": {state: State.ERROR if state is State.QUEUED else state for state in State},
    "force": {state: State.SUCCESS if state is State.SUCCESS else State.ERROR for state in State},
    "reattach": {State.WAITING: State.WAITING, State.RUNNING: State.RUNNING},
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", EVENTS)
def test_every_state_meets_every_event(state, event):
    expected = OUTCOMES[event].get(state, REFUSED)
    position = at(state)
    if expected is REFUSED:
        with pytest.raises(FailedPrecondition):
            EVENTS[event](position)
        return
    after = EVENTS[event](position)
    assert after.state is expected
    if expected in machine.FINISHED:
        assert after.deadline is None
        assert after.complete_time is not None
    if expected is State.ERROR and state is not State.ERROR:
        assert after.error is not None


@pytest.mark.parametrize("state", machine.ASSIGNED)
@pytest.mark.parametrize("late", [machine.acknowledge, machine.give_back, machine.heartbeat, machine.complete])
def test_a_message_of_an_earlier_assignment_is_refused(state, late):
    taken_back = machine.reattach(at(state), "runner", NOW)
    with pytest.raises(StaleAssignment):
        late(taken_back, 1, LATER)
    with pytest.raises(StaleAssignment):
        machine.fail(taken_back, 1, ERROR, LATER)


def test_the_late_ack_of_a_runner_that_lost_the_job_does_not_confirm_it_for_the_next():
    first = machine.assign(machine.queued(NOW, None), "slow", NOW)
    requeued = machine.overdue(first, NOW + ACK_TIMEOUT)
    second = machine.assign(requeued, "quick", LATER)
    with pytest.raises(StaleAssignment):
        machine.acknowledge(second, first.assignment, LATER)
    assert machine.acknowledge(second, second.assignment, LATER).runner_id == "quick"


def test_a_requeued_job_keeps_its_place_and_carries_no_old_deadline():
    returned = machine.give_back(at(State.WAITING), 1, LATER)
    assert (returned.queue_time, returned.runner_id, returned.assign_time, returned.deadline) == (NOW, "", None, None)
    assert machine.overdue(returned, NOW + 10 * HEARTBEAT_TIMEOUT) == returned


def test_a_cancelled_job_that_its_runner_gives_back_ends_instead_of_waiting_again():
    position = at(State.WAITING, cancelled=True)
    assert machine.give_back(position, 1, LATER).state is State.ERROR
    assert machine.overdue(position, NOW + ACK_TIMEOUT).state is State.ERROR


def test_a_queued_job_expires_and_says_so():
    expired = machine.overdue(at(State.QUEUED, expire=EXPIRY), EXPIRY)
    assert expired.state is State.ERROR
    assert expired.error == Status(code=1, message="canceled: no runner took the job before it expired")


def test_a_waiting_job_that_expires_is_asked_to_stop_and_then_has_until_its_ack_timeout():
    waiting = at(State.WAITING, expire=EXPIRY)
    assert waiting.deadline == EXPIRY
    asked = machine.overdue(waiting, EXPIRY)
    assert asked.canceling
    assert (asked.state, asked.deadline) == (State.WAITING, NOW + ACK_TIMEOUT)


def test_a_running_job_never_expires_and_fails_when_its_runner_falls_silent():
    running = at(State.RUNNING, expire=EXPIRY)
    assert machine.overdue(running, EXPIRY) == running
    beating = machine.heartbeat(running, 1, LATER)
    assert beating.deadline == LATER + HEARTBEAT_TIMEOUT
    silent = machine.overdue(beating, LATER + HEARTBEAT_TIMEOUT)
    assert silent.state is State.ERROR
    assert "went away" in silent.error.message


def test_a_job_whose_command_line_broke_off_waits_a_short_time_for_it():
    running = at(State.RUNNING)
    parted = machine.part(running, 1, LATER)
    assert parted.deadline == LATER + machine.PARTED_TIMEOUT < LATER + HEARTBEAT_TIMEOUT
    assert machine.reattach(parted, parted.runner_id, LATER).deadline == LATER + HEARTBEAT_TIMEOUT
    with pytest.raises(machine.StaleAssignment):
        machine.part(running, 0, LATER)


def test_only_the_runner_that_has_the_job_can_come_back_to_it():
    with pytest.raises(FailedPrecondition):
        machine.reattach(at(State.RUNNING), "another", LATER)
    back = machine.reattach(at(State.RUNNING), "runner", LATER)
    assert (back.assignment, back.deadline) == (2, LATER + HEARTBEAT_TIMEOUT)


def test_asking_twice_to_stop_keeps_the_first_time():
    once = machine.cancel(at(State.RUNNING), False, LATER)
    assert machine.cancel(once, False, LATER + SECOND) == once


@given(st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), st.integers(0, 200)), max_size=30), st.booleans())
def test_no_sequence_of_events_breaks_the_invariants(steps, expires):
    """A property over random lives: time only moves on, and each position is consistent in itself."""
    position = machine.queued(NOW, EXPIRY if expires else None)
    now = NOW
    for event, seconds in steps:
        now += seconds * SECOND
        before = position
        position = machine.overdue(position, now)
        with contextlib.suppress(FailedPrecondition):
            position = EVENTS[event](position)
        assert position.assignment >= before.assignment
        assert not before.finished or position == before, "a finished job does not change"
        assert (position.state in machine.ASSIGNED) <= bool(position.runner_id)
        assert position.finished == (position.complete_time is not None)
        assert (position.state is State.ERROR) == (position.error is not None)
        assert (position.state in machine.ASSIGNED) <= (position.deadline is not None)
        assert position.state is not State.QUEUED or position.deadline == position.expire_time
