"""Values of sensitive variables never leave a job, however its output is cut into pieces."""

from __future__ import annotations

import time

from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from wp_proto.waypoint import api as pb
from wp_runner.masking import SHOWN, Mask, OutputMask
from wp_runner.outbox import Outbox
from wp_sdk.terminal import Cell, Event, Line, NamedValues, Raw, Status, Step, Table

KEY = "-----BEGIN KEY-----\n  aGVsbG8gd29ybGQ\n}\n-----END KEY-----\n"


def masked(secrets: list[str], events: list[Event]) -> list[Event]:
    mask = OutputMask()
    mask.hide(Mask(secrets))
    return [shown for event in events for shown in mask.shown(event)] + list(mask.rest())


def output(events: list[Event]) -> bytes:
    return b"".join(
        event.output if isinstance(event, Step) else event.data for event in events if isinstance(event, Step | Raw)
    )


@given(
    st.lists(st.text("abc", min_size=2, max_size=5), min_size=1, max_size=3),
    st.lists(st.binary(max_size=12).map(lambda data: bytes(b"abc"[byte % 3] for byte in data)), max_size=8),
)
def test_however_output_is_cut_it_is_masked_like_the_whole(secrets: list[str], pieces: list[bytes]) -> None:
    whole = output(masked(secrets, [Raw(b"".join(pieces))]))
    shown = output(masked(secrets, [Raw(piece) for piece in pieces]))
    for secret in secrets:
        assert secret.encode() not in shown.replace(SHOWN.encode(), b"|")
    assert output(masked(secrets, [Step(1, 0, output=b"".join(pieces)), Step(1, 0, close=True)])) == whole
    assert output(masked(["x"], [Raw(piece) for piece in pieces])) == b"".join(pieces)


def test_a_secret_that_may_begin_a_longer_one_is_masked_when_nothing_follows() -> None:
    secrets = ["hunter", "hunter2"]
    assert masked(secrets, [Raw(b"hunter")]) == [Raw(b"(sensitive)")]
    assert masked(secrets, [Raw(b"hunter"), Line("next")]) == [Raw(b"(sensitive)"), Line("next")]
    assert masked(secrets, [Step(1, 0, output=b"hunter")]) == [Step(1, 0, output=b"(sensitive)")]
    assert masked(secrets, [Step(1, 0, output=b"hunter", close=True)]) == [
        Step(1, 0, output=b"(sensitive)", close=True)
    ]


def test_what_may_begin_a_secret_waits_and_comes_out_where_it_belongs() -> None:
    events: list[Event] = [Raw(b"pass: hun"), Raw(b"ter2\nhun"), Line("next"), Raw(b"ger")]
    assert masked(["hunter2"], events) == [
        Raw(b"pass: "), Raw(b"(sensitive)\n"), Raw(b"hun"), Line("next"), Raw(b"ger"),
    ]  # fmt: skip
    steps: list[Event] = [
        Step(1, 0, output=b"hun"),
        Step(2, 0, output=b"hunter2"),
        Step(1, 0, output=b"ter2", close=True),
    ]
    assert masked(["hunter2"], steps) == [
        Step(2, 0, output=b"(sensitive)"), Step(1, 0, output=b"(sensitive)", close=True),
    ]  # fmt: skip
    assert masked(["hunter2"], [Step(1, 0, output=b"hu"), Step(1, 0, close=True)]) == [
        Step(1, 0, output=b"hu", close=True)
    ]
    assert masked(["hunter2"], [Step(1, 0, output=b"hu")]) == [Step(1, 0, output=b"hu")]


def test_every_kind_of_event() -> None:
    events: list[Event] = [
        Line("a hunter2 b"), Status(msg="hunter2"), NamedValues((("token", "hunter2"),)), Step(1, 0, msg="hunter2"),
        Table(("name",), ((Cell("hunter2", "red"),),)),
    ]  # fmt: skip
    assert masked(["hunter2"], events) == [
        Line("a (sensitive) b"), Status(msg=SHOWN), NamedValues((("token", SHOWN),)), Step(1, 0, msg=SHOWN),
        Table(("name",), ((Cell(SHOWN, "red"),),)),
    ]  # fmt: skip


def test_the_longest_secret_counts_and_lines_of_a_key_count_by_themselves() -> None:
    assert Mask(["abc", "abcdef"]).text("abcdef abc") == "(sensitive) (sensitive)"
    shown = Mask([KEY]).text("key: |\r\n    aGVsbG8gd29ybGQ\r\n    }\r\n")
    assert shown == "key: |\r\n    (sensitive)\r\n    }\r\n"


def test_the_failure_and_its_traceback() -> None:
    box = Outbox()
    box.hide(Mask(["hunter2"]))
    status = status_pb2.Status(message="no entry for hunter2")
    status.details.add().Pack(error_details_pb2.DebugInfo(stack_entries=["raise X('hunter2')"], detail="hunter2"))
    box.emit(Raw(b"hunt"))
    box.finish(pb.RunnerJobStreamRequest(error=pb.RunnerJobStreamRequest.Error(error=status)))
    output_message, failure = list(box.feed())
    assert [event.raw.data for event in output_message.terminal.events] == [b"hunt"]
    trace = error_details_pb2.DebugInfo()
    assert failure.error.error.details[0].Unpack(trace)
    assert failure.error.error.message == "no entry for (sensitive)"
    assert trace == error_details_pb2.DebugInfo(stack_entries=["raise X('(sensitive)')"], detail=SHOWN)


def test_without_secrets_nothing_is_changed_and_masking_a_megabyte_is_quick() -> None:
    data = bytes(range(256)) * 4096
    assert masked([], [Raw(data)]) == [Raw(data)]
    began = time.process_time()
    masked(["hunter2", KEY], [Raw(data[at : at + 4096]) for at in range(0, len(data), 4096)])
    assert time.process_time() - began < 5
