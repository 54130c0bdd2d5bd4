"""Small facts about text on terminals: what may be printed, colours, icons, ages. Imports nothing heavy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TextIO

ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86400

GREEN, RED, YELLOW, CYAN, BOLD, BLUE = "\x1b[92m", "\x1b[91m", "\x1b[93m", "\x1b[36m", "\x1b[1m", "\x1b[94m"
RESET = "\x1b[0m"


def printable(text: str) -> str:
    """Text from somewhere else without what would move the cursor or change the terminal.

    Escapes and control characters.

    Newlines and tabs stay; a carriage return ends a line like a newline.
    """
    text = ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return CONTROLS.sub("", text)


def is_interactive(stream: TextIO) -> bool:
    """Return whether `stream` is a terminal of non-zero size."""
    import os

    try:
        if not stream.isatty():
            return False
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return False
    return size.columns > 0 and size.lines > 0


def colors_wanted(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether to colour: on a terminal, unless NO_COLOR or TERM=dumb; anywhere with CLICOLOR_FORCE."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return environ.get("TERM") != "dumb" and is_interactive(stream)


def unicode_wanted(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether icons may be Unicode: the locale's encoding is UTF-8, or WAYPOINT_FORCE_EMOJI says so."""
    if environ.get("WAYPOINT_FORCE_EMOJI"):
        return True
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if environ.get(name):
            return environ[name].lower().replace("-", "").endswith("utf8")
    return (stream.encoding or "").lower().replace("-", "") == "utf8"


def age(seconds: float) -> str:
    """Say how long ago something was: `just now`, `3 minutes ago`, `in 2 hours`."""
    distance = abs(seconds)
    if distance < SECOND:
        return "just now"
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second")):
        if distance >= unit:
            count = int(distance // unit)
            words = f"{count} {name}{'s' if count != 1 else ''}"
            return f"{words} ago" if seconds >= 0 else f"in {words}"
    raise AssertionError(seconds)


def aligned(headers: list[str], rows: list[list[str]], *, gap: str = "  ") -> list[str]:
    """Lines of a table with left-aligned columns and no borders; cells may hold newlines (continuation lines)."""
    table = [headers, *rows] if headers else rows
    if not table:
        return []
    columns = max(map(len, table))
    split = [[cell.split("\n") for cell in row + [""] * (columns - len(row))] for row in table]
    widths = [max(visible_width(line) for row in split for line in row[column]) for column in range(columns)]
    lines = []
    for row in split:
        for index in range(max(map(len, row))):
            cells = [cell[index] if index < len(cell) else "" for cell in row]
            padded = (text + " " * (width - visible_width(text)) for text, width in zip(cells, widths, strict=True))
            lines.append(gap.join(padded).rstrip())
    return lines


def visible_width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    import unicodedata

    plain = ESCAPES.sub("", text)
    if plain.isascii():
        return len(plain)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in plain
    )
