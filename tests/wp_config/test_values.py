"""Properties of values: encodings come back, conversions are stable, numbers are exact, marks survive."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wp_config import numbers, values
from wp_config.convert import ConversionError, convert, unify
from wp_config.diagnostics import Diagnostics, SourceFile
from wp_config.expr import evaluate
from wp_config.literals import literal
from wp_config.scope import Scope, Surroundings
from wp_config.syntax import parse_expression
from wp_config.typeexpr import type_of
from wp_config.values import Value, from_python, to_python

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), inner, max_size=4),
    ),
    max_leaves=12,
)


def run(text: str, **variables: Value) -> Value:
    from pathlib import Path

    scope = Scope(variables, surroundings=Surroundings(Path(), Path()), templates=True)
    return evaluate(parse_expression(SourceFile("test", text)), scope)


@given(DATA)
def test_json_comes_back(data: object) -> None:
    value = from_python(data)
    assert run("jsondecode(jsonencode(v))", v=value) == value


@given(DATA)
def test_yaml_comes_back(data: object) -> None:
    value = from_python(data)
    assert run("yamldecode(yamlencode(v))", v=value) == value


@given(DATA)
def test_source_text_comes_back(data: object) -> None:
    value = from_python(data)
    assert run(literal(value)) == value


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_template_of_parts_is_the_parts_together(text: str) -> None:
    value = values.string(text)
    assert run('"a${v}b${v}"', v=value).text == values.normal(f"a{value.text}b{value.text}")


# Literal text must not bring in line ends, which only heredocs and bare templates may hold, nor what joins with its
# neighbours: marks of sequences, and characters that combine.
PLAIN = st.text(
    st.characters(codec="ascii", categories=["L", "N", "P", "Zs"], exclude_characters='$%{}"\\~'), max_size=6
)
PART = st.recursive(
    st.one_of(
        PLAIN, st.sampled_from(["${v}", "${1.50}", "${true}", '${upper("a${v}")}', "$${x}", "%%{", "100% ", "$ "])
    ),
    lambda inner: st.one_of(
        st.builds("%{{ if b }}{}%{{ else }}{}%{{ endif }}".format, inner, inner),
        st.builds("%{{ for i, x in l }}{}${{x}}%{{ endfor }}".format, inner),
        st.builds("{} {}".format, inner, inner),
    ),
    max_leaves=5,
)
WORLD = {"v": values.string("é $ {"), "b": values.boolean(False), "l": from_python(["p", 2])}


@given(st.lists(PART, max_size=5))
def test_a_template_is_its_parts_one_after_another(parts: list[str]) -> None:
    def text(template: str) -> str:
        return convert(run(template, **WORLD), values.STRING).text

    whole = " ".join(parts)
    spaced = " ".join(text(f'"{part}"') for part in parts)
    assert text(f'"{whole}"') == spaced
    assert text(f"<<END_OF_TEXT\n{whole}\nEND_OF_TEXT\n") == spaced + "\n"
    assert run("templatestring(t, {}) == s", t=values.string(whole), s=run(f'"{whole}"', **WORLD), **WORLD).data is True


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_base64_and_urls(text: str) -> None:
    value = values.string(text)
    assert run("base64decode(base64encode(v))", v=value) == value


@given(st.fractions(max_denominator=10**12))
def test_numbers_read_back_what_they_show(value: Fraction) -> None:
    exact = numbers.rounded(value)
    shown = numbers.render(exact)
    assert "e" not in shown
    digits = numbers.read(shown.removeprefix("-"))
    assert numbers.rounded(-digits if shown.startswith("-") else digits) == exact


@given(st.integers(-(2**400), 2**400), st.integers(-(2**100), 2**100))
def test_whole_numbers_are_exact(a: int, b: int) -> None:
    assert run("a + b", a=values.number(a), b=values.number(b)).number == a + b
    assert run("a * b", a=values.number(a), b=values.number(b)).number == a * b


def test_the_remainder_of_fractions_is_that_of_512_bits() -> None:
    shown = numbers.render(run("5 % 4.2").number)
    assert len(shown) > 100
    assert abs(float(shown) - 0.8) < 1e-12
    assert run("0.1 + 0.2 == 0.3").data is True


@pytest.mark.parametrize(
    ("value", "kind", "result"),
    [
        ("8080", "number", 8080),
        ("1e3", "string", "1e3"),
        (1000, "string", "1000"),
        (True, "string", "true"),
        ("1", "bool", True),
        (["b", "a", "b"], "set(string)", ["a", "b"]),
        ([1, "a"], "list(any)", ["1", "a"]),
        ({"a": 1, "b": "x"}, "map(string)", {"a": "1", "b": "x"}),
        ({"a": "1", "b": 2}, "object({ a = number })", {"a": 1}),
        ([1, 2], "tuple([string, number])", ["1", 2]),
        (None, "number", None),
    ],
)
def test_converts(value: object, kind: str, result: object) -> None:
    assert to_python(convert(from_python(value), type_of(kind))) == result


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("abc", "number"),
        ("0x10", "number"),
        ("True", "bool"),
        (1, "bool"),
        (True, "number"),
        ([1], "string"),
        ({}, "list(string)"),
        (1.5, "integer"),
        ([1, [2]], "list(any)"),
        ({}, "object({ a = string })"),
        ([1], "tuple([number, number])"),
    ],
)
def test_refuses(value: object, kind: str) -> None:
    with pytest.raises(ConversionError):
        convert(from_python(value), type_of(kind))


def test_unifies() -> None:
    assert unify([values.NUMBER, values.STRING]) == values.STRING
    assert unify([values.NUMBER, values.BOOL]) is None
    assert unify([type_of("list(number)"), type_of("tuple([string])")]) == type_of("list(string)")
    assert unify([type_of("object({ a = number })"), type_of("object({ b = string })")]) == type_of("map(string)")
    assert unify([type_of("list(string)"), values.STRING]) is None


SECRET = values.with_mark(values.string("hunter2"))


@pytest.mark.parametrize(
    "text",
    [
        "v",
        '"x${v}"',
        "upper(v)",
        'v == "x"',
        'v == "x" ? 1 : 2',
        "[v][0]",
        "{ a = v }.a",
        '{ a = v }["a"]',
        "[v][*]",
        "jsonencode({ a = [v] })",
        'join(",", [v])',
        '"%{ if v == "x" }a%{ else }b%{ endif }"',
        'format("%s", v)',
        "sha256(v)",
        "length(v) + 1",
        'templatestring("<$${s}>", { s = v })',
        "v == later",
        '"${v}${later}"',
        "upper(join(later, [v]))",
        'v == "x" ? later : 1',
        "[for c in [v] : c]",
        '"%{ for c in [v] }${c}%{ endfor }"',
    ],
)
def test_the_sensitive_mark_survives(text: str) -> None:
    assert values.deeply_sensitive(run(text, v=SECRET, later=values.unknown()))


@pytest.mark.parametrize(
    "text",
    [
        "v",
        "v + 1",
        "!v",
        "upper(v)",
        '"a${v}"',
        "v ? 1 : 2",
        "v.a",
        "v[0]",
        "[for x in v : x]",
        "v[*].a",
        "v == 1",
        'lookup(v, "a", 1)',
    ],
)
def test_unknown_spreads(text: str) -> None:
    assert not values.deeply_known(run(text, v=values.unknown()))


@pytest.mark.parametrize(
    "text", ["parseint(v, 10)", "{}[v]", "file(v)", 'regex(v, "x")', 'timeadd(v, "1h")', "v + 1", "v.x"]
)
def test_messages_do_not_tell_sensitive_values(text: str) -> None:
    with pytest.raises(Diagnostics) as caught:
        run(text, v=SECRET)
    assert "hunter2" not in caught.value.render().lower()


@pytest.mark.parametrize(
    "text",
    [
        "[for x in v.list : parseint(x, 10)]",
        "[for x in toset(v.list) : parseint(x, 10)]",
        "[for k, x in v.map : parseint(k, 10)]",
        "v.list[*].x",
        "v.map.x",
        "v.map.hunter3",
        '"%{ for x in v.list }${parseint(x, 10)}%{ endfor }"',
        "[for x in [v.list] : parseint(x[0], 10)]",
    ],
)
def test_messages_do_not_tell_what_is_inside_of_sensitive_values(text: str) -> None:
    secret = values.with_mark(values.from_python({"list": ["hunter2"], "map": {"hunter2": "x"}}))
    with pytest.raises(Diagnostics) as caught:
        run(text, v=secret)
    assert "hunter2" not in caught.value.render()
