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


def window_width(stream: TextIO) -> int | None:
    """Columns of the terminal that `stream` is, None if it is none."""
    import os

    return os.get_terminal_size(stream.fileno()).columns if is_interactive(stream) else None


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
