from __future__ import annotations

import pytest

from wp_sdk.errors import Cancelled
from wp_sdk.terminal import UI, Cell, Line, NamedValues, RecordingSink, Status, Step, StepGroup, Table


def record() -> tuple[UI, RecordingSink]:
    sink = RecordingSink()
    return UI(sink), sink


def test_a_step_opens_and_closes_its_group() -> None:
    ui, sink = record()
    with ui.step("Building") as step:
        step.output("line\n")
        step.update("Still building")
        step.done("Built")
    assert sink.events == [
        StepGroup(0),
        Step(0, 0, msg="Building"),
        Step(0, 0, output=b"line\n"),
        Step(0, 0, msg="Still building"),
        Step(0, 0, msg="Built", close=True),
        StepGroup(0, close=True),
    ]


def test_an_exception_aborts_the_step_once() -> None:
    ui, sink = record()
    with pytest.raises(RuntimeError), ui.step("Building"):
        raise RuntimeError("no")
    closed = [e for e in sink.events if isinstance(e, Step) and e.close]
    assert closed == [Step(0, 0, status="abort", close=True)]


def test_a_cancelled_step_is_not_an_error() -> None:
    ui, sink = record()
    with pytest.raises(Cancelled), ui.step("Building"):
        raise Cancelled
    assert Step(0, 0, status="warn", close=True) in sink.events


def test_step_ids_are_unique_over_groups_and_dangling_steps_are_closed() -> None:
    ui, sink = record()
    with ui.steps() as group:
        group.add("one")
        group.add("two").done()
    with ui.step("three"):
        pass
    opened = [e.id for e in sink.events if isinstance(e, Step) and not e.close]
    assert opened == [0, 1, 2]
    assert sorted(e.id for e in sink.events if isinstance(e, Step) and e.close) == [0, 1, 2]


def test_a_finished_step_ignores_further_calls() -> None:
    ui, sink = record()
    with ui.step("x") as step:
        step.done()
        step.output(b"late")
        step.abort()
    assert not [e for e in sink.events if isinstance(e, Step) and (e.output or e.status)]


def test_lines_values_tables_and_status() -> None:
    ui, sink = record()
    ui.header("Deploying...")
    ui.named_values({"URL": "http://x"})
    ui.table(["A"], [[Cell("1", "green")], ["2"]])
    with ui.status("waiting") as status:
        status.update("")
        status.step("ok", "up")
    assert sink.events == [
        Line("Deploying...", "header"),
        NamedValues((("URL", "http://x"),)),
        Table(("A",), ((Cell("1", "green"),), (Cell("2"),))),
        Status(msg="waiting"),
        Status(status="ok", msg="up", step=True),
        Status(),
    ]


def test_the_writer_feeds_the_step() -> None:
    ui, sink = record()
    with ui.step("x") as step:
        step.writer().write(b"abc")
    assert Step(0, 0, output=b"abc") in sink.events
