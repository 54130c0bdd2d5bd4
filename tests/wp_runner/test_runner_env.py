from __future__ import annotations

import logging

import pytest

from wp_proto.waypoint import api as pb
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
