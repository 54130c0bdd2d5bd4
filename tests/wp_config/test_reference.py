"""Expressions mean what they mean to the Go Waypoint 0.11.4: its recorded answers beside ours.

What differs on purpose is a topic of its own: each heading there stands in docs/compatibility.md, and each case must
differ.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.wp_config.recorded import (
    DIFFERENCES,
    REFERENCE,
    TOPICS,
    Answers,
    answers,
    cases,
    file_of,
    files,
    record,
    refused_files,
)

import wp_config
from wp_config import compat
from wp_config.diagnostics import Diagnostics

DOCUMENT = Path(__file__).parents[2] / "docs/compatibility.md"
OURS = "differences.ours"
FILES = REFERENCE / "files.ours.json"
UPDATE = bool(os.environ.get("CORPUS_UPDATE"))


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
    if UPDATE:
        record(OURS, found)
    assert found == answers(OURS)
    assert [case for case, answer in found.items() if answer == recorded[case]] == []


def test_what_differs_on_purpose_is_documented() -> None:
    lines = (REFERENCE / f"{DIFFERENCES}.cases").read_text(encoding="utf-8").split("\n")
    documented = DOCUMENT.read_text(encoding="utf-8")
    assert [line for line in lines if line.startswith("# ") and f"- {line[2:]}" not in documented] == []


def test_files_are_taken_and_refused_as_by_the_go_program(tmp_path: Path) -> None:
    there = set(refused_files())
    sources = {name: wp_config.Source(text.encode(), tmp_path) for name, text in files().items()}
    here = {name for name, source in sources.items() if wp_config.validate(source).has_errors}
    found = {
        "refused only here": [name for name in sources if name in here - there],
        "taken only here": [name for name in sources if name in there - here],
    }
    if UPDATE:
        FILES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(FILES.read_text(encoding="utf-8"))
    assert [name for name in found["taken only here"] if not compat.report(sources[name])] == []
