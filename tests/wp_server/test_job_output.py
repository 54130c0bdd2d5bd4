"""What stays of output that is dropped: a replay shows every step that is open, and no step out of nowhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wp_proto.waypoint import api as pb
from wp_server.jobs.fold import KEPT_OUTPUT_BYTES, folded

Event = pb.GetJobStreamResponse.Terminal.Event


def group(close: bool = False) -> Event:
    return Event(step_group=Event.StepGroup(close=close))


def step(number: int, msg: str = "", *, status: str = "", output: bytes = b"", close: bool = False) -> Event:
    return Event(step=Event.Step(id=number, msg=msg, status=status, output=output, close=close))


def text(words: str) -> Event:
    return Event(line=Event.Line(msg=words))


def test_lines_and_finished_steps_are_dropped_and_open_steps_are_put_together():
    events = [
        text("Building..."),
        group(),
        step(1, "Pulling", status="ok", close=True),
        step(2, "Building", output=b"one "),
        text("in between"),
        step(2, output=b"two"),
        step(3, "Waiting"),
        step(2, status="warn"),
        step(3, "Waiting for 2"),
    ]
    assert folded(events) == [group(), step(2, "Building", status="warn", output=b"one two"), step(3, "Waiting for 2")]


def test_a_closed_group_leaves_nothing():
    assert folded([group(), step(1, "Building"), group(close=True), text("done")]) == []


def test_only_the_end_of_a_steps_output_stays():
    (kept,) = folded([step(1, output=b"x" * 10_000), step(1, output=b"end")])
    assert len(kept.step.output) == KEPT_OUTPUT_BYTES
    assert kept.step.output.endswith(b"xend")


random_events = st.lists(
    st.one_of(
        st.builds(group, st.booleans()),
        st.builds(step, st.integers(1, 3), st.sampled_from(["", "a", "b"]), close=st.booleans()),
        st.just(text("x")),
    ),
    max_size=40,
)


@given(random_events, random_events)
def test_dropping_in_two_goes_leaves_the_same_as_in_one(first, second):
    assert folded(folded(first) + second) == folded(first + second)
