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
    GivenVariable,
    answers,
    cases,
    file_name,
    file_of,
    files,
    given_variables,
    record,
    refused_files,
)

import wp_config
from wp_config import Format, StageKind, VariableInputs, compat
from wp_config.diagnostics import Diagnostics
from wp_config.variables import collect

DOCUMENT = Path(__file__).parents[2] / "docs/compatibility.md"
OURS = "differences.ours"
VARIABLES = REFERENCE / "variables.ours.json"
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
    sources = {
        name: wp_config.Source(
            text.encode(), tmp_path, file_name(name), Format.JSON if file_name(name).endswith("json") else Format.HCL
        )
        for name, text in files().items()
    }
    here = {name for name, source in sources.items() if wp_config.validate(source).has_errors}
    found = {
        "refused only here": [name for name in sources if name in here - there],
        "taken only here": [name for name in sources if name in there - here],
    }
    if UPDATE:
        FILES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(FILES.read_text(encoding="utf-8"))
    assert [name for name in found["taken only here"] if not compat.report(sources[name])] == []


def our_value(row: GivenVariable, folder: Path) -> str | None:
    arguments, environment = row.give(folder)
    files = [folder / word.removeprefix("-var-file=") for word in arguments if word.startswith("-var-file=")]
    try:
        inputs = VariableInputs(given=collect(environment, files, arguments[1:]))
        source = wp_config.Source(row.configuration("").encode(), folder)
        with wp_config.load(source, variables=inputs) as project:
            stage = project.app("web").stage(StageKind.BUILD)
            assert stage is not None
            return stage.hooks()[0].command[-1]
    except Diagnostics:
        return None


def test_variables_get_the_same_values(tmp_path: Path) -> None:
    found = [[*row[:3], our_value(row, tmp_path)] for row in given_variables()]
    different = [
        [*row[:3], row.answer, ours]
        for row, (*_, ours) in zip(given_variables(), found, strict=True)
        if ours != row.answer
    ]
    if UPDATE:
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in different)
        VARIABLES.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    assert different == json.loads(VARIABLES.read_text(encoding="utf-8"))
    assert [row for row in different if row[3] is not None] == [], "what has a value there has the same here"
