from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

import pytest

from wp_proto.waypoint import api as pb
from wp_runner import runner_dynamic
from wp_runner.runner_env import RunnerEnvironment


def test_sets_changes_and_restores() -> None:
    environment = {"PATH": "/bin", "A": "before"}
    keeper = RunnerEnvironment(environment)
    keeper.apply([pb.ConfigVar(name="A", static="1"), pb.ConfigVar(name="B", static="2 $${x}")])
    assert environment == {"PATH": "/bin", "A": "1", "B": "2 ${x}"}
    keeper.apply([pb.ConfigVar(name="A", static="3")])
    assert environment == {"PATH": "/bin", "A": "3"}
    keeper.restore()
    assert environment == {"PATH": "/bin", "A": "before"}


def test_what_is_not_a_plain_value_is_reported_once_and_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    environment = {"T": "before"}
    keeper = RunnerEnvironment(environment)
    odd = [
        pb.ConfigVar(name="T", static="${config.env.A}"),
        pb.ConfigVar(name="F", static="x", name_is_path=True),
        pb.ConfigVar(name="I", static="x", internal=True),
        pb.ConfigVar(name="D", dynamic=pb.ConfigVar.DynamicVal()),
        pb.ConfigVar(name="N=", static="x"),
    ]
    with caplog.at_level(logging.WARNING):
        keeper.apply(odd)
        keeper.apply(odd)
    assert environment == {"T": "before"}
    assert sorted(r.args[0] for r in caplog.records) == ["D", "F", "N=", "T"]


def from_source(name: str, **parameters: str) -> pb.ConfigVar:
    return pb.ConfigVar(name=name, dynamic=pb.ConfigVar.DynamicVal(config=parameters, **{"from": "null"}))


def source(**settings: str) -> list[pb.ConfigSource]:
    return [pb.ConfigSource(type="null", config=settings)]


def test_values_of_sources_are_there_when_it_returns_and_follow_the_sources_settings() -> None:
    environment = {"A": "before"}
    keeper = RunnerEnvironment(environment, dynamic=True)
    variables = [from_source("A", config_key="a"), from_source("B", static_value="2")]
    variables.append(pb.ConfigVar(name="C", static="3"))
    keeper.apply(variables, source(a="1"))
    assert environment == {"A": "1", "B": "2", "C": "3"}
    keeper.apply(variables, source(a="new"))
    assert environment == {"A": "new", "B": "2", "C": "3"}
    keeper.apply([pb.ConfigVar(name="B", static="plain")], source(a="new"))
    assert environment == {"A": "before", "B": "plain"}
    keeper.restore()
    assert environment == {"A": "before"}


def test_a_value_that_cannot_be_read_keeps_what_it_had_and_says_why_once(caplog: pytest.LogCaptureFixture) -> None:
    environment: dict[str, str] = {}
    keeper = RunnerEnvironment(environment, dynamic=True)
    variables = [from_source("A", config_key="a"), from_source("B", static_value="2")]
    keeper.apply(variables, source(a="1"))
    with caplog.at_level(logging.WARNING):
        keeper.apply(variables, source())
        keeper.apply(variables, source())
    assert environment == {"A": "1", "B": "2"}
    assert [record.getMessage() for record in caplog.records] == [
        "the runner's variable A has no new value: the null source has no setting a"
    ]
    keeper.restore()
    assert environment == {}


def test_values_are_read_again_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    changed, read_again = threading.Event(), threading.Event()

    class Source:
        def read(self, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
            return dict.fromkeys(wanted, "second" if changed.is_set() else "first")

    class Told(dict[str, str]):
        def __setitem__(self, name: str, value: str) -> None:
            super().__setitem__(name, value)
            if value == "second":
                read_again.set()

    monkeypatch.setattr(runner_dynamic, "READ_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr("wp_sources.open_source", lambda *_: Source())
    environment = Told()
    keeper = RunnerEnvironment(environment, dynamic=True)
    keeper.apply([from_source("A")])
    assert environment == {"A": "first"}
    changed.set()
    assert read_again.wait(60)
    keeper.restore()
