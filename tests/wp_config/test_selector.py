"""Selectors: every form, both quotings, missing labels (hcl.md §17)."""

from __future__ import annotations

import itertools
import re
import time

import pytest

from wp_config import labels as label_rules
from wp_config.selector import SelectorError, matches

LABELS = {
    "env": "prod",
    "region": "us-east-1",
    "empty": "",
    "waypoint/workspace": "default",
    "foo.com/bar": "x",
    "n": "5",
}


@pytest.mark.parametrize(
    "text",
    [
        "env == prod",
        "env==prod",
        'env == "prod"',
        "env == `prod`",
        "env != dev",
        "region == us-east-1",
        'region == "us-east-1"',
        'region matches "^us-"',
        'region not matches "^eu-"',
        "region contains east",
        "region not contains west",
        "east in region",
        "west not in region",
        '"east" in region',
        "empty is empty",
        "env is not empty",
        "missing is empty",
        "not env == dev",
        "not not env == prod",
        "env == prod and region contains us",
        "env == dev or env == prod",
        "env == prod or missing == x",
        "( env == dev or env == prod ) and n == 5",
        "waypoint/workspace == default",
        '"/foo.com~1bar" == x',
        '"/foo.com~1bar" is not empty',
        "n == 5",
    ],
)
def test_holds(text: str) -> None:
    assert matches(text, LABELS)


@pytest.mark.parametrize(
    "text",
    [
        "env == dev",
        "missing == x",
        "missing != x",
        "not missing == x",
        "missing is not empty",
        "missing == x and env == prod",
        "missing == x or env == prod",
        "Env == prod",
    ],
)
def test_does_not_hold(text: str) -> None:
    assert not matches(text, LABELS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "env",
        "env = prod",
        "env === prod",
        "env == ",
        "== prod",
        "(env == prod",
        "env == prod)",
        "env < 5",
        "env == prod AND n == 5",
        "env == prod and",
        '"env" == prod',
        '"/a/b" == x',
        'env matches "("',
        'env matches "(?=x)"',
        "env == 'prod'",
        "not",
        "us-east-1 == region",
        "(" * 100 + "env == prod" + ")" * 100,
    ],
)
def test_is_refused(text: str) -> None:
    with pytest.raises(SelectorError):
        matches(text, LABELS)


@pytest.mark.parametrize("key", ["a", "ab", "a-b", "ab.c", "a_b", "app.kubernetes.io/name", "A1", "x/anything at all"])
def test_label_keys(key: str) -> None:
    assert label_rules.problem(key, "v") is None


@pytest.mark.parametrize("key", ["", "-a", "a-", "a.", ".a", "1a", "a b", "a..b", "a.b", "waypoint/x", "ä", "a" * 256])
def test_wrong_label_keys(key: str) -> None:
    assert label_rules.problem(key, "v")


def test_label_keys_are_those_of_the_reference_and_the_documented_few_more() -> None:
    reference = re.compile(r"[a-zA-Z]([a-zA-Z0-9\-]+[\.]?)*[a-zA-Z0-9]")
    for length in range(1, 7):
        for letters in itertools.product("a1-.", repeat=length):
            key = "".join(letters)
            allowed = reference.fullmatch(key) is not None or key == "a"
            assert (label_rules.problem(key, "v") is None) == allowed, key


def test_label_keys_are_checked_in_linear_time() -> None:
    start = time.process_time()
    for length in range(200, 256):
        label_rules.problem("a" * (length - 1) + "!", "v")
    assert time.process_time() - start < 5, "thousands of years with a backtracking pattern"


CLAIMS = {"value.email": "ada@example.com", "list.groups": ["ops", "dev"], "list.none": [], "value.a/b": "x"}


@pytest.mark.parametrize(
    "text",
    [
        "value.email == `ada@example.com`",
        'value.email matches "@example[.]com$"',
        '"/value/email" contains example',
        '"/value/a~1b" == x',
        "ops in list.groups",
        'list.groups contains "dev"',
        "op not in list.groups",
        "list.none is empty and list.groups is not empty",
        "list.missing is empty",
    ],
)
def test_claims_have_paths_and_may_be_lists(text: str) -> None:
    assert matches(text, CLAIMS, dotted=True)


@pytest.mark.parametrize("text", ["value.missing == x", "admin in list.groups", "o in list.groups"])
def test_claims_that_do_not_hold(text: str) -> None:
    assert not matches(text, CLAIMS, dotted=True)


@pytest.mark.parametrize("text", ["email == x", "list.groups == ops", 'list.groups matches "o"', "value. == x"])
def test_selectors_that_claims_cannot_answer(text: str) -> None:
    with pytest.raises(SelectorError):
        matches(text, CLAIMS, dotted=True)
