from __future__ import annotations

import threading
from collections.abc import Iterator

from wp_proto.waypoint import api as pb
from wp_runner import outbox as module
from wp_runner.events import merge
from wp_runner.outbox import Outbox
from wp_sdk.terminal import UI, Line, Raw, Step

REQUEST = pb.RunnerJobStreamRequest(request=pb.RunnerJobStreamRequest.Request(runner_id="R"))
DONE = pb.RunnerJobStreamRequest(complete=pb.RunnerJobStreamRequest.Complete())
ACK = pb.RunnerJobStreamRequest(ack=pb.RunnerJobStreamRequest.Ack())


def kinds(messages: Iterator[pb.RunnerJobStreamRequest]) -> list[str]:
    return [str(m.WhichOneof("event")) for m in messages]


def lines(messages: list[pb.RunnerJobStreamRequest]) -> list[str]:
    return [e.line.msg for m in messages for e in m.terminal.events]


def test_everything_goes_out_in_order_and_the_outcome_last() -> None:
    box = Outbox()
    box.send(ACK)
    for number in range(200):
        box.emit(Line(str(number)))
    box.finish(DONE)
    sent = list(box.feed(REQUEST))
    assert kinds(iter(sent)) == ["request", "ack", "terminal", "terminal", "terminal", "terminal", "complete"]
    assert lines(sent) == [str(n) for n in range(200)]
    assert all(e.HasField("timestamp") for m in sent for e in m.terminal.events)
    assert box.final_sent


def test_output_is_joined_but_not_across_steps_or_other_events() -> None:
    box = Outbox()
    for chunk in (b"a", b"b"):
        box.emit(Step(1, 0, output=chunk))
    box.emit(Step(2, 0, output=b"c"))
    box.emit(Step(1, 0, output=b"d"))
    box.emit(Step(1, 0, msg="new text"))
    box.emit(Step(1, 0, output=b"e"))
    box.emit(Raw(b"x"))
    box.emit(Raw(b"y"))
    box.emit(Raw(b"z", stderr=True))
    box.finish(DONE)
    events = [e for m in box.feed() for e in m.terminal.events]
    assert [e.step.output or e.raw.data or e.step.msg for e in events] == [
        b"ab",
        b"c",
        b"d",
        "new text",
        b"e",
        b"xy",
        b"z",
    ]


def test_chunks_are_joined_only_up_to_a_limit() -> None:
    assert merge(Raw(b"a" * 60), Raw(b"b" * 60), 100) is None
    assert merge(Raw(b"a" * 40), Raw(b"b" * 60), 100) == Raw(b"a" * 40 + b"b" * 60)
    assert merge(Step(1, 0, msg="m", output=b"a"), Step(1, 0, output=b"b"), 100) is None
    assert merge(Step(1, 0, output=b"a"), Step(1, 0, output=b"b", close=True), 100) is None


def interrupted() -> tuple[Outbox, list[pb.RunnerJobStreamRequest]]:
    """An outbox whose first stream took 64 lines for good, and died with the next 36 taken."""
    box = Outbox()
    box.send(ACK)
    for number in range(100):
        box.emit(Line(str(number)))
    first = box.feed(REQUEST)
    early = [next(first) for _ in range(4)]
    assert kinds(iter(early)) == ["request", "ack", "terminal", "terminal"]
    box.emit(Line("late"))
    box.detach()
    assert list(first) == []
    box.finish(DONE)
    return box, early


def continued(box: Outbox, stored: int | None) -> list[str]:
    second = box.feed(REQUEST, hold=True)
    assert kinds(iter([next(second)])) == ["request"]
    box.resume(stored)
    rest = list(second)
    assert kinds(iter(rest))[0] == "ack"
    assert kinds(iter(rest))[-1] == "complete"
    return lines(rest)


def test_a_new_stream_continues_where_the_servers_memory_ends() -> None:
    assert continued(interrupted()[0], 0) == [*(str(n) for n in range(100)), "late"]
    assert continued(interrupted()[0], 64) == [*(str(n) for n in range(64, 100)), "late"]
    assert continued(interrupted()[0], 70) == [*(str(n) for n in range(70, 100)), "late"]
    assert continued(interrupted()[0], 100) == ["late"]


def test_a_server_that_does_not_say_gets_what_the_dying_stream_took() -> None:
    assert continued(interrupted()[0], None) == [*(str(n) for n in range(64, 100)), "late"]


def test_what_is_kept_no_more_is_counted(monkeypatch) -> None:
    monkeypatch.setattr(module, "SENT_BYTES", 1)
    assert continued(interrupted()[0], 10) == [
        "26 pieces of output were lost while the server was away",
        *(str(n) for n in range(36, 100)),
        "late",
    ]


def test_a_second_interruption_continues_as_well() -> None:
    box, _ = interrupted()
    second = box.feed(REQUEST, hold=True)
    next(second)
    box.resume(64)
    assert kinds(iter([next(second), next(second)])) == ["ack", "terminal"]
    box.detach()
    assert continued(box, 64) == [*(str(n) for n in range(64, 100)), "late"]


def test_heartbeats_go_out_while_a_job_runs_and_stop_with_it(monkeypatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.01)
    box = Outbox()
    box.start()
    feed = box.feed()
    assert kinds(iter([next(feed), next(feed)])) == ["heartbeat", "heartbeat"]
    box.finish(DONE)
    assert kinds(feed)[-1] == "complete"


def test_producers_wait_while_too_much_is_pending_and_closing_frees_them(monkeypatch) -> None:
    monkeypatch.setattr(module, "PENDING_BYTES", 1000)
    box = Outbox()
    box.emit(Step(1, 0, output=b"x" * 900))
    blocked = threading.Event()

    def produce() -> None:
        box.emit(Step(2, 0, output=b"y" * 900))
        blocked.set()

    threading.Thread(target=produce, daemon=True).start()
    assert not blocked.wait(0.05)
    feed = box.feed()
    assert next(feed).terminal.events[0].step.output == b"x" * 900
    assert blocked.wait(60)
    box.emit(Step(3, 0, output=b"z"))
    threading.Thread(target=box.emit, args=(Step(4, 0, output=b"w" * 900),), daemon=True).start()
    box.close()
    assert list(feed) == []


def test_every_kind_of_event_has_its_message() -> None:
    box = Outbox()
    ui = UI(box)
    ui.header("H")
    ui.named_values({"a": "b"})
    ui.table(["x"], [["1"], ["2"]])
    ui.raw(b"raw")
    with ui.status("spin"), ui.step("step"):
        pass
    box.finish(DONE)
    found = [str(e.WhichOneof("event")) for m in box.feed() for e in m.terminal.events]
    assert found == [
        "line",
        "named_values",
        "table",
        "raw",
        "status",
        "step_group",
        "step",
        "step",
        "step_group",
        "status",
    ]
