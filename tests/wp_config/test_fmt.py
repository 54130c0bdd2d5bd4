"""The canonical form (hcl.md §18): golden pair, idempotence, and that nothing but the form changes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wp_config.diagnostics import Diagnostics, SourceFile
from wp_config.fmt import format_source
from wp_config.syntax import parse_body, tree

FOLDER = Path(__file__).parent / "fmt"
CORPUS = sorted(Path(__file__).parent.glob("corpus/*/*.hcl"))


def formatted(text: str) -> str:
    return format_source(text.encode()).decode()


@pytest.mark.parametrize("before", sorted(FOLDER.glob("*.in.hcl")), ids=lambda path: path.name.removesuffix(".in.hcl"))
def test_golden(before: Path) -> None:
    after = before.with_name(before.name.replace(".in.", ".out."))
    assert format_source(before.read_bytes()) == after.read_bytes()
    assert format_source(after.read_bytes()) == after.read_bytes()


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_corpus_is_stable_and_means_the_same(path: Path) -> None:
    text = path.read_text()
    try:
        before = shape(text)
    except Diagnostics:
        with pytest.raises(Diagnostics):
            formatted(text)
        return
    once = formatted(text)
    assert formatted(once) == once
    assert shape(once) == before


def shape(text: str) -> list[str]:
    """The kinds and names of all nodes; wrapping templates are looked through as the formatter does."""
    found = []
    for node in tree.walk(parse_body(SourceFile("text", text))):
        if isinstance(node, tree.Template | tree.Interpolation):
            continue
        name = getattr(node, "name", "") or getattr(node, "type", "") or getattr(node, "value", "")
        found.append(f"{type(node).__name__} {name if isinstance(name, str | int) else ''}")
    return found


PIECES = st.sampled_from(
    [
        "a = 1\n",
        "bcd   = [1,2]\n",
        "# c\n",
        "e = 1 // c\n",
        "x {\n",
        "}\n",
        'y "z" {}\n',
        "\n",
        's="a${b}c"\n',
        'u = "${v.w}"\n',
        "o = {\n",
        "k=1\n",
        "h = <<-E\n  t\n  E\n",
        "i = <<E\n${ f( 1 ) }%{ if x }y%{ endif }\nE\n",
        "l = [\n",
        "1,\n",
        "]\n",
        "/* c */ q = !t\n",
        "m = f(1, -1)\n",
        "t\t=\t2\n",
        "r = -x\n",
    ]
)


@given(st.lists(PIECES, max_size=12))
def test_formatting_twice_is_formatting_once(pieces: list[str]) -> None:
    try:
        once = formatted("".join(pieces))
    except Diagnostics:
        return
    assert formatted(once) == once


def test_line_ends_comments_and_the_missing_last_newline_stay() -> None:
    assert formatted("a=1 # x\r\n\r\n\r\n// y\r\nbc=2") == "a = 1 # x\r\n\r\n\r\n// y\r\nbc = 2"
    assert format_source(b"\xef\xbb\xbfa=1\n") == b"\xef\xbb\xbfa = 1\n"
    assert formatted("") == ""


def test_a_wrapped_expression_is_not_unwrapped_where_newlines_would_end_it() -> None:
    text = 'a = "${\n  b +\n  c\n}"\n'
    once = formatted(text)
    parse_body(SourceFile("text", once))
    assert formatted('a = "${\n  b\n}"\n') == "a = b\n"
    assert formatted('a = ["${b}", "${c} d"]\n') == 'a = ["${b}", "${c} d"]\n'


def test_a_file_with_errors_is_not_touched() -> None:
    with pytest.raises(Diagnostics, match="Missing value"):
        formatted("a = \n")


def test_comments_between_labels_are_dropped_quickly() -> None:
    """Thousands of them once took minutes."""
    count = 3000
    text = "a /* x */ b /* y */ { /* z */ }\n" * count
    began = time.process_time()
    assert formatted(text) == 'a "b" /* y */ { /* z */ }\n' * count
    assert time.process_time() - began < 20
