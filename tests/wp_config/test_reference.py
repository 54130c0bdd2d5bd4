"""Expressions mean what they mean to the Go Waypoint 0.11.4: its recorded answers beside ours.

What differs on purpose is a topic of its own: each heading there stands in docs/compatibility.md, and each case must
differ.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.wp_config.recorded import DIFFERENCES, REFERENCE, TOPICS, Answers, answers, cases, file_of, record

import wp_config
from wp_config.diagnostics import Diagnostics

DOCUMENT = Path(__file__).parents[2] / "docs/compatibility.md"
OURS = "differences.ours"


def ours(topic: str, folder: Path) -> Answers:
    found: Answers = {}
    for case in cases(topic):
        try:
            with wp_config.load(wp_config.Source(file_of(case).encode(), folder)) as project:
                found[case] = project.runner_profile
        except Diagnostics:
            found[case] = None
    return found


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic != DIFFERENCES])
def test_expressions_mean_the_same(topic: str, tmp_path: Path) -> None:
    recorded, found = answers(topic), ours(topic, tmp_path)
    assert found.keys() == recorded.keys(), "run tests/interop/test_go_language.py with GO_LANGUAGE_UPDATE=1"
    assert {case: (answer, recorded[case]) for case, answer in found.items() if answer != recorded[case]} == {}


def test_what_differs_on_purpose_differs_as_recorded(tmp_path: Path) -> None:
    recorded, found = answers(DIFFERENCES), ours(DIFFERENCES, tmp_path)
    if os.environ.get("CORPUS_UPDATE"):
        record(OURS, found)
    assert found == answers(OURS)
    assert [case for case, answer in found.items() if answer == recorded[case]] == []


def test_what_differs_on_purpose_is_documented() -> None:
    lines = (REFERENCE / f"{DIFFERENCES}.cases").read_text(encoding="utf-8").split("\n")
    documented = DOCUMENT.read_text(encoding="utf-8")
    assert [line for line in lines if line.startswith("# ") and f"- {line[2:]}" not in documented] == []
