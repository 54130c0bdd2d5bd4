"""The configuration language held against the Go Waypoint 0.11.4 itself.

Its answers about expressions are recorded in `tests/wp_config/reference` and compared with ours wherever tests run.
Here the record is compared with the program, or with GO_LANGUAGE_UPDATE=1 written from it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.interop.go_language import GoLanguage
from tests.interop.go_waypoint import go_waypoint
from tests.wp_config.recorded import (
    TOPICS,
    GivenVariable,
    answers,
    cases,
    file_of,
    files,
    given_variables,
    record,
    record_given_variables,
    record_refused_files,
    refused_files,
)

import wp_config
from wp_config import StageKind, VariableInputs
from wp_config.variables import collect

UPDATE = bool(os.environ.get("GO_LANGUAGE_UPDATE"))
AT_ONCE = 2
STRIDE = 8
"""Of the refused expressions every so manieth is asked again; each costs a start of the Go program."""


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoLanguage]:
    with GoLanguage(go_waypoint(), tmp_path_factory.mktemp("go")) as language:
        yield language


def refused(go: GoLanguage, texts: Iterable[str]) -> list[bool]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [bool(reason) for reason in pool.map(go.refusal, texts)]


def test_the_values_are_those_recorded(go: GoLanguage) -> None:
    known = {case: answer for topic in TOPICS for case, answer in answers(topic).items()}
    if UPDATE:
        asked = [case for topic in TOPICS for case in cases(topic) if case not in known]
        taken = [case for case, no in zip(asked, refused(go, map(file_of, asked)), strict=True) if not no]
        known |= dict.fromkeys(asked) | dict(zip(taken, go.values(taken), strict=True))
        for topic in TOPICS:
            record(topic, {case: known[case] for case in cases(topic)})
    else:
        taken = [case for case, answer in known.items() if answer is not None]
        assert dict(zip(taken, go.values(taken), strict=True)) == {case: known[case] for case in taken}


def test_what_is_refused_is_recorded_as_refused(go: GoLanguage) -> None:
    expressions = [case for topic in TOPICS for case, answer in answers(topic).items() if answer is None][::STRIDE]
    assert [case for case, no in zip(expressions, refused(go, map(file_of, expressions)), strict=True) if not no] == []


def test_files_are_taken_and_refused_as_recorded(go: GoLanguage) -> None:
    given = list(files().items())
    if UPDATE:
        asked = refused(go, (text for _, text in given))
        record_refused_files([name for (name, _), no in zip(given, asked, strict=True) if no])
        return
    known = refused_files()
    some = given[::STRIDE]
    asked = refused(go, (text for _, text in some))
    assert [name for (name, _), no in zip(some, asked, strict=True) if no] == [n for n, _ in some if n in known]


def value_of(go: GoLanguage, row: GivenVariable) -> str | None:
    folder = go.folder()
    (folder / "waypoint.hcl").write_text(row.configuration('printf %s "$1" > out'), encoding="utf-8")
    arguments, environment = row.give(folder)
    go.run(folder, "build", "-local", "-plain", *arguments, environ=environment)
    return (folder / "out").read_text(encoding="utf-8") if (folder / "out").exists() else None


def test_variables_get_the_values_recorded(go: GoLanguage) -> None:
    rows = given_variables() if UPDATE else given_variables()[::40]
    folder = go.folder()
    (folder / "waypoint.hcl").write_text(rows[0].configuration("true"), encoding="utf-8")
    assert go.run(folder, "init", "-plain").returncode == 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers_now = list(pool.map(lambda row: value_of(go, row), rows))
    if UPDATE:
        record_given_variables([row._replace(answer=now) for row, now in zip(rows, answers_now, strict=True)])
    else:
        assert answers_now == [row.answer for row in rows]


PRECEDENCE = (
    "".join(f'variable "{name}" {{\n  default = "default"\n}}\n' for name in "abcdefg")
    + """
variable "h" {
  default = "default"
  env     = ["FIRST_H", "SECOND_H"]
}
"""
)
GIVEN = {
    "1.auto.wpvars": 'b = "automatic"\nc = "automatic"\n',
    "one.wpvars": 'd = "one"\ne = "one"\nf = "one"\n',
    "two.wpvars": 'e = "two"\n',
}
FLAGS = ["-var-file=one.wpvars", "-var-file=two.wpvars", "-var", "f=first", "-var", "f=second", "-var", "g="]
ENVIRONMENT = {"WP_VAR_c": "environment", "WP_VAR_d": "environment", "FIRST_H": "", "SECOND_H": "second"}


def test_the_same_source_of_a_variable_wins(go: GoLanguage) -> None:
    folder = go.folder()
    for name, text in GIVEN.items():
        (folder / name).write_text(text, encoding="utf-8")
    there = go.values(["var"], PRECEDENCE, folder, FLAGS, ENVIRONMENT)[0]
    files = [folder / name for name in GIVEN if not name.endswith(".auto.wpvars")]
    given = collect(ENVIRONMENT, files, [text for text in FLAGS if not text.startswith("-")])
    inputs = VariableInputs(environment=ENVIRONMENT, given=given)
    with wp_config.load(folder / "waypoint.hcl", variables=inputs) as project:
        stage = project.app("web").stage(StageKind.BUILD)
        assert stage is not None
        assert json.loads(json.loads(stage.hooks()[0].command[-1])[0]) == json.loads(there)
