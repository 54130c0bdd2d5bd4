"""Whatever the bytes: diagnostics, never a crash and never a hang."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import wp_config
from wp_config import Diagnostics, Format, Source, functions
from wp_config.diagnostics import SourceFile
from wp_config.expr import describe, evaluate
from wp_config.fmt import format_source
from wp_config.partial import residual
from wp_config.scope import Scope, Surroundings
from wp_config.syntax import parse_expression
from wp_config.values import string, unknown, with_mark

WORDS = st.sampled_from(
    [
        "a",
        "=",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        '"',
        "${",
        "%{",
        "\n",
        "<<E\n",
        "E\n",
        ".",
        "*",
        "[*]",
        ".*",
        "-",
        "!",
        "?",
        ":",
        ",",
        "...",
        "=>",
        "for",
        "in",
        "if",
        "~",
        "\\",
        "$",
        "%",
        "/*",
        "*/",
        "#",
        "//",
        "null",
        "é",
        "\r",
        "\t",
        "==",
        "'",
        "else",
        "endif",
        "endfor",
        'app"w"{\n',
        'use"docker"{}',
        "var.x",
        "\x00",
        "1",
        "1e9",
        "<<-E\n",
        "~}",
    ]
)
TEXTS = st.one_of(st.binary(max_size=80), st.lists(WORDS, max_size=40).map(lambda words: " ".join(words).encode()))
HERE = Path(__file__).parent


def look(contents: bytes) -> Diagnostics:
    """Everything a command may do with a file."""
    found = Diagnostics()
    for format_ in Format:
        problems = wp_config.validate(Source(contents, HERE, format=format_), plugin_names=["docker"])
        problems.render(colour=True)
        assert all(item.to_json()["summary"] for item in problems)
        found = problems if format_ is Format.HCL else found
    with contextlib.suppress(Diagnostics):
        once = format_source(contents)
        assert format_source(once) == once
    return found


@settings(max_examples=300)
@given(TEXTS)
@example(b"\xff")
@example(b"a = <<E\n${<<E\nE\n}\nE\n")
def test_any_bytes(contents: bytes) -> None:
    look(contents)


@settings(max_examples=60)
@given(st.integers(0, 1400))
def test_truncated_files(length: int) -> None:
    text = (HERE / "corpus" / "projects" / "everything.hcl").read_bytes()
    look(text[:length])


HEAD = 'project = "x"\nlabels = { abc = tostring('
EXTREMES = {
    "open brackets": HEAD + "[" * 10_000,
    "nested brackets": HEAD + "[" * 10_000 + "]" * 10_000 + ")}\n",
    "nested parentheses": HEAD + "(" * 10_000 + "1" + ")" * 10_000 + ")}\n",
    "nested blocks": "a {\n" * 10_000,
    "nested templates": HEAD + '"${' * 10_000,
    "nested directives": HEAD + '"' + "%{ if true }" * 3000 + "%{ endif }" * 3000 + '")}\n',
    "nested conditionals": HEAD + "true ? 1 : " * 5000 + "1)}\n",
    "many nots": HEAD + "!" * 50_000 + "true)}\n",
    "five megabytes of text": HEAD + '"' + "a" * 5_000_000 + '")}\n',
    "five megabytes of dollars": HEAD + '"' + "$" * 5_000_000 + '")}\n',
    "unclosed five megabytes": HEAD + '"' + "a" * 5_000_000,
    "huge number": HEAD + "9" * 100_000 + ")}\n",
    "huge exponent": HEAD + "1e999999999)}\n",
    "thousands of errors": "a = = 1\n" * 3000,
    "thousands of heredocs": "a = <<E\n" * 3000,
    "many comments where a for could begin": HEAD + "{" + "/**/" * 60 + "x = 1})}\n",
    "a hundred thousand stray quotes": "'a\n" * 100_000,
    "a hundred thousand closing braces": "}" * 100_000,
    "thousands of unknown blocks": 'project = "p"\n' + "foo {}\n" * 8000,
    "a text doubled sixty times": 'project = "p"\nconfig {\n  internal = {\n'
    + "".join(f'    a{n} = "${{config.internal.a{n + 1}}}${{config.internal.a{n + 1}}}"\n' for n in range(60))
    + '    a60 = "x"\n  }\n}\n',
    "a text replaced into itself": HEAD
    + 'replace(join("", range(1000)), "1", replace(join("", range(1000)), "2", join("", range(1000)))))}\n'.replace(
        "range(1000)", "[for i in range(1000) : tostring(i)]"
    ),
    "a billion combinations": HEAD + "length(setproduct(range(1000), range(1000), range(1000))))}\n",
}


@pytest.mark.parametrize("text", EXTREMES.values(), ids=EXTREMES.keys())
def test_extremes_are_refused_in_words(text: str) -> None:
    found = look(text.encode())
    assert found.has_errors
    assert found.render()


FINE = {
    "brackets 200 deep": 'project = "x"\nlabels = { abc = tostring(' + "(" * 200 + "1" + ")" * 200 + ")}\n",
    "a sum of 20 000": 'project = "x"\nlabels = { abc = tostring(' + "+".join(["1"] * 20_000) + ")}\n",
    "a thousand applications": 'project = "x"\n'
    + "".join(
        f'app "a{n}" {{\n  build {{\n    use "docker" {{}}\n  }}\n  deploy {{\n    use "docker" {{}}\n  }}\n}}\n'
        for n in range(1000)
    ),
}


@pytest.mark.parametrize("text", FINE.values(), ids=FINE.keys())
def test_large_files_are_fine(text: str) -> None:
    problems = wp_config.validate(Source(text.encode(), HERE), plugin_names=["docker"])
    assert not problems.has_errors, problems.render()


def test_a_loop_may_not_run_forever(tmp_path: Path) -> None:
    loops = "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]"
    text = f'project = "p"\nlabels = {{ abc = length({loops}) }}\n'
    with pytest.raises(Diagnostics, match="loops together"):
        wp_config.load(Source(text.encode(), tmp_path))


LITERALS = st.sampled_from(
    [
        "null",
        "true",
        '"a"',
        '"1"',
        '""',
        "-1",
        "0",
        "2.5",
        "1e400",
        "1 / 0",
        "[]",
        "{}",
        '[1, "a", null]',
        "{ a = { b = [1] } }",
        '"%s %d"',
        '"{"',
        '"YYYY"',
        '"2020-01-01T00:00:00Z"',
        "later",
        "secret",
        "[later]",
        '"x ${later}"',
        '"%%{ if a }$${b}"',
    ]
)
NAMES = st.sampled_from(sorted(functions.names()))
WORLD = Surroundings(HERE / "corpus", HERE / "corpus", dry=True)
SCOPE = Scope(
    {"later": unknown(), "secret": with_mark(string("hunter2"))}, surroundings=WORLD, templates=True, dynamic=True
)


OPERATORS = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||"])


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda name, arguments: f"{name}({', '.join(arguments)})", NAMES, st.lists(inner, max_size=3))


EXPRESSIONS = st.recursive(
    LITERALS,
    lambda inner: st.one_of(
        calls(inner),
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("({})[*].a".format, inner),
        st.builds('"<${{{}}}>"'.format, inner),
        st.builds("[for k, v in {} : v if {}]".format, inner, inner),
        st.builds("{{ for k, v in {} : k => v... }}".format, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=500)
@given(EXPRESSIONS)
def test_any_expression_has_a_value_or_a_reason(text: str) -> None:
    expression = parse_expression(SourceFile("test", text))
    WORLD.rounds[0] = 0
    try:
        value = evaluate(expression, SCOPE)
    except Diagnostics as problems:
        shown = problems.render()
    else:
        shown = describe(value)
    assert "hunter2" not in shown or "hunter2" in text
    with contextlib.suppress(Diagnostics):
        assert residual(expression, SCOPE) is not None
