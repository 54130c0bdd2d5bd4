"""The configuration language held against the Go Waypoint 0.11.4 itself.

Its answers about expressions are recorded in `tests/wp_config/reference` and compared with ours wherever tests run.
Here the record is compared with the program, or with GO_LANGUAGE_UPDATE=1 written from it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.interop.go_language import GoLanguage
from tests.interop.go_waypoint import go_waypoint
from tests.wp_config.recorded import (
    TOPICS,
    answers,
    cases,
    file_of,
    files,
    record,
    record_refused_files,
    refused_files,
)

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
    known = {} if UPDATE else {case: answer for topic in TOPICS for case, answer in answers(topic).items()}
    if UPDATE:
        everything = [case for topic in TOPICS for case in cases(topic)]
        taken = [case for case, no in zip(everything, refused(go, map(file_of, everything)), strict=True) if not no]
        found = dict(zip(taken, go.values(taken), strict=True))
        for topic in TOPICS:
            record(topic, {case: found.get(case) for case in cases(topic)})
        return
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
