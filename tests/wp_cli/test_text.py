"""Small rules about text: what may reach a terminal, alignment, ages, URLs, quoting, the escape of exec."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wp_cli.commands.config import dotenv
from wp_cli.execsession import EscapeDetector
from wp_cli.render.lines import LineCutter
from wp_cli.render.table import aligned, visible_width
from wp_cli.render.text import age, colors_wanted, printable, unicode_wanted
from wp_cli.summary import with_scheme


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttab\nline", "plain\ttab\nline"),
        ("\x1b[1;31mred\x1b[0m \x1b]0;title\x07x\x1b]8;;http://a\x1b\\link", "red xlink"),
        ("bell\x07 back\x08 null\x00 c1\x9b31m", "bell back null c131m"),
        ("a\r\nb\rc", "a\nb\nc"),
    ],
)
def test_nothing_that_moves_the_cursor_is_printed(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_output_is_cut_into_lines_wherever_the_bytes_are_split() -> None:
    data = "one\ntwo – drei\r\n10%\r20%\nend".encode()
    for size in range(1, 9):
        cutter = LineCutter()
        lines = [line for start in range(0, len(data), size) for line in cutter.feed(data[start : start + size])]
        assert lines == ["one", "two – drei", "20%"]
        assert cutter.unfinished == "end"
        assert cutter.flush() == ["end"]
        assert cutter.flush() == []


def test_bytes_that_are_no_text_do_not_stop_the_output() -> None:
    assert LineCutter().feed(b"\xff\xfeok\n") == ["\ufffd\ufffdok"]


def test_columns_line_up_also_with_wide_and_coloured_cells() -> None:
    lines = aligned(["", "ID"], [["🚀", "1"], ["\x1b[92m✔\x1b[0m", "22"], ["x", "3\n4"]])
    assert [visible_width(line.split("ID")[0]) for line in lines[:1]] == [4]
    assert lines[1:] == ["🚀  1", "\x1b[92m✔\x1b[0m   22", "x   3", "    4"]
    assert aligned([], []) == []


def test_a_table_that_is_too_wide_wraps_its_cells_at_spaces() -> None:
    rows = [["web", "3 minutes ago", "\x1b[92m✔ - 12 seconds ago\x1b[0m"], ["worker", "just now", "n/a"]]
    assert aligned(["APP", "STARTED", "HEALTH"], rows, 32) == [
        "APP     STARTED      HEALTH",
        "web     3 minutes    \x1b[92m✔ - 12\x1b[0m",
        "        ago          \x1b[92mseconds ago\x1b[0m",
        "worker  just now     n/a",
    ]
    assert aligned(["APP", "STARTED", "HEALTH"], rows, 44) == aligned(["APP", "STARTED", "HEALTH"], rows)


def test_a_table_whose_words_do_not_fit_is_folded() -> None:
    rows = [["0" * 26, "Up", "10 seconds ago", "1" * 26, "shop"]]
    assert aligned(["ID", "OPERATION", "TIME QUEUED", "TARGET RUNNER", "PROJECT"], rows, 60) == [
        "ID                          OPERATION  TIME QUEUED",
        "  TARGET RUNNER               PROJECT",
        f"{'0' * 26}  Up         10 seconds ago",
        f"  {'1' * 26}  shop",
    ]
    assert aligned(["NAME", "VALUE"], [["N", "x" * 100]], 60) == [
        "NAME  VALUE", f"N     {'x' * 54}", f"      {'x' * 46}"
    ]  # fmt: skip


@given(
    st.lists(st.lists(st.text("ab 🚀é\n", max_size=30), min_size=3, max_size=3), min_size=1, max_size=4),
    st.integers(20, 120),
)
def test_a_fitted_table_loses_nothing_and_is_never_wider_than_the_window(rows: list[list[str]], width: int) -> None:
    lines = aligned(["A", "B", "C"], rows, width)
    assert max(map(visible_width, lines)) <= width
    for char in "ab🚀é":
        assert sum(line.count(char) for line in lines) == sum(cell.count(char) for row in rows for cell in row)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "just now"), (1, "1 second ago"), (59, "59 seconds ago"), (60, "1 minute ago"), (7200, "2 hours ago"),
     (90000, "1 day ago"), (-7300, "in 2 hours")],
)  # fmt: skip
def test_ages(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("url", "full"),
    [("", ""), ("https://a/b", "https://a/b"), ("a.example.com", "https://a.example.com"),
     ("10.0.0.1:8080", "https://10.0.0.1:8080"), ("localhost:8080", "https://localhost:8080"), ("http://x", "http://x")],
)  # fmt: skip
def test_urls_are_completed(url: str, full: str) -> None:
    assert with_scheme(url) == full


@pytest.mark.parametrize(
    ("value", "quoted"),
    [("plain-1.2/x", "plain-1.2/x"), ("", '""'), ("two words", '"two words"'), ('a"b\\c$d`', '"a\\"b\\\\c\\$d\\`"'),
     ("line\nline", '"line\\nline"')],
)  # fmt: skip
def test_dotenv_quoting(value: str, quoted: str) -> None:
    assert dotenv(value) == quoted


@pytest.mark.parametrize(
    ("typed", "ends"),
    [([b"~."], True), ([b"ls\r~."], True), ([b"ls\n", b"~", b"."], True), ([b"ls ~."], False), ([b"~~."], False),
     ([b"\r~x."], False), ([b"~", b"\r", b"."], False)],
)  # fmt: skip
def test_the_escape_of_exec_counts_at_the_beginning_of_a_line(typed: list[bytes], ends: bool) -> None:
    detector = EscapeDetector()
    assert any(detector.feed(data) for data in typed) is ends


def test_colours_and_icons_follow_the_environment() -> None:
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert not colors_wanted(pipe, {})
    assert colors_wanted(pipe, {"CLICOLOR_FORCE": "1"})
    assert not colors_wanted(pipe, {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"})
    assert unicode_wanted(pipe, {"LANG": "en_US.utf8"})
    assert not unicode_wanted(pipe, {"LANG": "en_US.UTF-8", "LC_ALL": "C"})
    assert unicode_wanted(pipe, {"LC_ALL": "C", "WAYPOINT_FORCE_EMOJI": "1"})
    assert unicode_wanted(pipe, {})
