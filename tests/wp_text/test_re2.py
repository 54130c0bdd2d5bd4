"""RE2 patterns: agreement with Python's engine where both speak the same, refusal of the rest, and no exponential
time.
"""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wp_text.re2 import PatternError, compile_pattern

LEAVES = st.sampled_from(["a", "b", "ab", ".", "[ab]", "[^a]", r"\d", r"\w", "^", "$", r"\b", "(?:)"])
PATTERNS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"(?:{text})" + "?"),
        st.sampled_from(["a", "b", ".", "[ab]"]).flatmap(
            lambda text: st.sampled_from(["*", "+", "*?", "+?", "{2}", "{1,2}"]).map(lambda many: text + many)
        ),
    ),
    max_leaves=6,
)


@given(PATTERNS, st.text("ab1 ", max_size=8))
def test_agrees_with_pythons_engine(pattern: str, text: str) -> None:
    theirs = re.compile(pattern.replace("$", r"\Z"), re.ASCII).search(text)
    ours = compile_pattern(pattern).search(text)
    if theirs is None:
        assert ours is None
    else:
        assert ours is not None
        assert ours.group() == theirs.group()
        assert ours.groups() == theirs.groups()


@pytest.mark.parametrize(
    ("pattern", "text", "match"),
    [
        (r"([0-9]+\.)+", "x1.22.333.", "1.22.333."),
        (r"(?i)aBc", "xABC", "ABC"),
        (r"(?i:a)B", "AB", "AB"),
        (r"(?s)a.b", "a\nb", "a\nb"),
        (r"a.b", "a\nb", None),
        (r"(?m)^b$", "a\nb\nc", "b"),
        (r"(?U)a+", "aaa", "a"),
        (r"[[:alpha:]_]+", "1ab_2", "ab_"),
        (r"[^[:space:]]+", " ab ", "ab"),
        (r"\pL+", "1äß2", "äß"),
        (r"\p{Lu}", "aÄ", "Ä"),
        (r"[\d.]+", "v1.2", "1.2"),
        (r"\Qa.b\E+", "a.bb", "a.bb"),
        (r"\x41\x{42}\t", "AB\t", "AB\t"),
        (r"a{2,3}", "aaaa", "aaa"),
        (r"a{,3}", "a{,3}", "a{,3}"),
        (r"a|ab", "ab", "a"),
        (r"\Aab\z", "ab", "ab"),
        (r"[]a]+", "a]", "a]"),
        (r"[a-]+", "-a", "-a"),
        (r"", "abc", ""),
    ],
)
def test_matches(pattern: str, text: str, match: str | None) -> None:
    found = compile_pattern(pattern).search(text)
    assert (found.group() if found else None) == match


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "[a",
        "a**",
        "a++",
        "*",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?>a)",
        r"\1",
        r"\k",
        "a{1001}",
        "a{3,2}",
        "(?P<é>a)",
        "(?P<a>)(?P<a>)",
        "[z-a]",
        "[[:no:]]",
        r"\p{greek}",
        r"\p{Lz}",
        "(((a{1000}){1000}))",
        "(" * 300 + ")" * 300,
        "\\",
    ],
)
def test_refuses(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


def test_all_matches() -> None:
    assert [m.group() for m in compile_pattern("a*").all("baac")] == ["", "aa", ""]
    assert [m.groups() for m in compile_pattern(r"(\w)=(\d)?").all("a=1 b=")] == [("a", "1"), ("b", None)]


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|aa)+$", "(a|a)*b", "(.*a){10}b", "((a+)+)+b"])
def test_no_pattern_takes_forever(pattern: str) -> None:
    start = time.process_time()
    compile_pattern(pattern).search("a" * 2000 + "c")
    assert time.process_time() - start < 60, "a backtracking engine would need longer than the universe is old"


def test_long_texts_are_refused() -> None:
    with pytest.raises(PatternError, match="at most"):
        compile_pattern("a").search("a" * 70_000)
