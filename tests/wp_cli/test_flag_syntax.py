"""Go's flag syntax and value types, as CLI specification 2.2 has them."""

from __future__ import annotations

import pytest

from wp_cli.errors import UsageProblem
from wp_cli.flags import BOOL, DURATION, INT, LIST, MAP, STRING, UINT, Enum, Enum1, Flag, Parsed, parse

NAME = Flag("app", STRING, "", "", alias="a")
PRUNE = Flag("prune", BOOL, True, "", env="T_PRUNE")
MAYBE = Flag("local", BOOL, None, "")
RETAIN = Flag("prune-retain", INT, -1, "")
LIMIT = Flag("limit", UINT, 0, "")
WAIT = Flag("wait", DURATION, 0.0, "", env="T_WAIT")
FILES = Flag("var-file", LIST, ("default",), "")
VARS = Flag("var", MAP, {}, "")
STATE = Flag("state", Enum("running", "success"), (), "")
ORDER = Flag("order-by", Enum1("start-time", "complete-time"), "start-time", "")
FLAGS = (NAME, PRUNE, MAYBE, RETAIN, LIMIT, WAIT, FILES, VARS, STATE, ORDER)


def parsed(*args: str, interspersed: bool = True, **environ: str) -> Parsed:
    return parse(FLAGS, args, command="up", interspersed=interspersed, environ=environ)


@pytest.mark.parametrize(
    "args", [["-app=web"], ["--app=web"], ["-app", "web"], ["--app", "web"], ["-a=web"], ["-a", "web"], ["--a=web"]]
)
def test_every_spelling_of_a_flag_is_the_same(args: list[str]) -> None:
    found = parsed(*args)
    assert found.values["app"] == "web"
    assert found.given == {"app"}
    assert found.words == []


def test_the_last_of_several_wins_and_an_empty_value_is_a_value() -> None:
    assert parsed("-app=a", "-app=b").values["app"] == "b"
    assert parsed("-app=a", "-app=").values["app"] == ""
    assert parsed("-app", "-prune").values["app"] == "-prune"  # as in Go: the next word is the value, whatever it is


@pytest.mark.parametrize("word", ["1", "t", "T", "true", "TRUE", "True"])
def test_words_for_true(word: str) -> None:
    assert parsed(f"-prune={word}").values["prune"] is True


@pytest.mark.parametrize("word", ["0", "f", "F", "false", "FALSE", "False"])
def test_words_for_false(word: str) -> None:
    assert parsed(f"-prune={word}").values["prune"] is False


def test_a_bool_takes_a_value_only_with_an_equals_sign() -> None:
    found = parsed("-prune", "false")
    assert found.values["prune"] is True
    assert found.words == ["false"]


def test_a_tri_state_bool_is_none_until_it_is_given() -> None:
    assert parsed().values["local"] is None
    assert parsed("-local=false").values["local"] is False


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("-3", -3), ("+3", 3), ("0x10", 16), ("010", 8), ("0o17", 15), ("0b11", 3), ("1_000", 1000)],
)
def test_integers_are_base_zero(text: str, value: int) -> None:
    assert parsed(f"-prune-retain={text}").values["prune_retain"] == value


@pytest.mark.parametrize("text", ["", "1.5", "ten", "09", " 1", "9223372036854775808"])
def test_what_is_no_integer_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="-prune-retain"):
        parsed(f"-prune-retain={text}")


def test_unsigned_integers_refuse_negative_numbers() -> None:
    with pytest.raises(UsageProblem, match="out of range"):
        parsed("-limit=-1")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30), ("1h30m", 5400), ("250ms", 0.25), ("1.5h", 5400), ("-5s", -5), ("0", 0), (".5s", 0.5), ("10us", 1e-5)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parsed(f"-wait={text}").values["wait"] == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5x", "1h 3m", "h", "1h3"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="-wait"):
        parsed(f"-wait={text}")


def test_the_first_use_of_a_list_replaces_its_default() -> None:
    assert parsed().values["var_file"] == ("default",)
    assert parsed("-var-file=a,b", "-var-file", "c").values["var_file"] == ("a", "b", "c")


def test_maps_split_at_the_first_equals_sign_and_keep_commas() -> None:
    assert parsed("-var=a=1,2", "-var", "b=x=y", "-var=a=3").values["var"] == {"a": "3", "b": "x=y"}
    with pytest.raises(UsageProblem, match="key=value"):
        parsed("-var=a")


def test_enums_take_only_their_words() -> None:
    assert parsed("-state=running,SUCCESS").values["state"] == ("running", "success")
    with pytest.raises(UsageProblem, match="expected one of running, success"):
        parsed("-state=lost")
    with pytest.raises(UsageProblem, match="start-time, complete-time"):
        parsed("-order-by=name")


def test_a_double_dash_ends_the_flags() -> None:
    found = parsed("-app=web", "--", "-app=other", "--", "x")
    assert found.values["app"] == "web"
    assert found.words == ["-app=other", "--", "x"]


def test_flags_may_follow_words() -> None:
    found = parsed("one", "-app=web", "two", "-")
    assert found.values["app"] == "web"
    assert found.words == ["one", "two", "-"]


def test_a_command_that_runs_another_program_takes_no_flags_after_its_first_word() -> None:
    found = parsed("-app=web", "node", "-app", "x", "--", "-v", interspersed=False)
    assert found.values["app"] == "web"
    assert found.words == ["node", "-app", "x", "--", "-v"]


def test_a_double_dash_before_another_program_keeps_that_programs_flags() -> None:
    assert parsed("--", "-app", "x", interspersed=False).words == ["-app", "x"]


def test_an_unknown_flag_is_named_with_the_nearest_known_one() -> None:
    with pytest.raises(UsageProblem, match=r"unknown flag --prun \(did you mean -prune\?\)"):
        parsed("--prun=1")


def test_a_flag_without_its_value_is_an_error() -> None:
    with pytest.raises(UsageProblem, match="-app needs a value"):
        parsed("-app")


def test_a_variable_gives_the_default_and_the_flag_wins() -> None:
    assert parsed(T_PRUNE="false").values["prune"] is False
    assert parsed("-prune", T_PRUNE="false").values["prune"] is True
    assert parsed(T_WAIT="2m").values["wait"] == 120


def test_a_variable_that_cannot_be_parsed_is_ignored() -> None:
    assert parsed(T_PRUNE="maybe", T_WAIT="soon").values["prune"] is True
