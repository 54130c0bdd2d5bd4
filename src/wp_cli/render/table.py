"""Tables without borders: left-aligned columns, fitted into the window where there is one, never cut.

A table that is too wide first wraps its cells at spaces. If its words do not fit side by side either, every row is
folded into several lines of columns, the later ones indented. On pipes nothing is wrapped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from wp_cli.render.text import ESCAPES, RESET

GAP = "  "
INDENT = "  "  # of the further lines of a folded row
KEPT_WHOLE = 40  # columns; a longer word (a value, a URL) may be broken before a whole row is folded
NARROWEST = 20  # columns of a window below which nothing is fitted
TOKEN = re.compile(f"(?:{ESCAPES.pattern})|.", re.DOTALL)


def aligned(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """Lines of a table; cells may hold newlines and colours. `width` is that of the window, None for a pipe."""
    table = [list(row) for row in ([headers, *rows] if headers else rows)]
    if not table:
        return []
    count = max(map(len, table))
    cells = [[cell.split("\n") for cell in row + [""] * (count - len(row))] for row in table]
    natural = [max(visible_width(line) for row in cells for line in row[column]) for column in range(count)]
    if width is None or width < NARROWEST or total(natural) <= width:
        return [line for row in cells for line in laid_out(row, natural)]
    least = [
        max(min(visible_width(word), KEPT_WHOLE) for row in cells for line in row[column] for word in line.split(" "))
        for column in range(count)
    ]
    if total(least) <= width:
        widths = shrunk(natural, least, width)
        return [line for row in cells for line in laid_out(row, widths)]
    groups = folded(natural, width)
    lines = []
    for row in cells:
        for number, group in enumerate(groups):
            indent = INDENT if number else ""
            widths = [min(natural[column], width - len(indent)) for column in group]
            lines += [indent + line for line in laid_out([row[column] for column in group], widths) if line]
    return lines


def total(widths: Sequence[int]) -> int:
    """Columns that cells of these widths take side by side."""
    return sum(widths) + len(GAP) * (len(widths) - 1)


def shrunk(natural: Sequence[int], least: Sequence[int], width: int) -> list[int]:
    """Return widths that fit: the widest column that still can gives way first."""
    widths = list(natural)
    while total(widths) > width:
        widest = max(
            (column for column in range(len(widths)) if widths[column] > least[column]), key=widths.__getitem__
        )
        widths[widest] -= 1
    return widths


def folded(natural: Sequence[int], width: int) -> list[list[int]]:
    """Return which columns stand on which line of a row."""
    groups: list[list[int]] = [[]]
    for column in range(len(natural)):
        indent = len(INDENT) if len(groups) > 1 else 0
        if groups[-1] and indent + total([natural[one] for one in (*groups[-1], column)]) > width:
            groups.append([])
        groups[-1].append(column)
    return groups


def laid_out(row: Sequence[Sequence[str]], widths: Sequence[int]) -> list[str]:
    """Lines of one row."""
    if all(len(cell) == 1 and visible_width(cell[0]) <= width for cell, width in zip(row, widths, strict=True)):
        return [joined([cell[0] for cell in row], widths)]
    cells = [
        [piece for line in cell for piece in wrapped(line, width)] for cell, width in zip(row, widths, strict=True)
    ]
    lines = []
    for index in range(max(map(len, cells))):
        texts = [cell[index] if index < len(cell) else "" for cell in cells]
        lines.append(joined(texts, widths))
    return lines


def joined(texts: Sequence[str], widths: Sequence[int]) -> str:
    """One line of texts that fit their widths."""
    padded = (text + " " * (width - visible_width(text)) for text, width in zip(texts, widths, strict=True))
    return GAP.join(padded).rstrip()


def wrapped(line: str, width: int) -> list[str]:
    """Lines of at most `width` columns: broken at spaces, and words that are too long anywhere. Colours go along."""
    if visible_width(line) <= width:
        return [line]
    lines, current, taken = list[str](), "", 0
    for word in line.split(" "):
        size = visible_width(word)
        if current and taken + 1 + size <= width:
            current, taken = f"{current} {word}", taken + 1 + size
            continue
        if current:
            lines.append(current)
        current, taken = "", 0
        for token in TOKEN.findall(word):
            size = visible_width(token)
            if current and taken + size > width:
                lines.append(current)
                current, taken = "", 0
            current, taken = current + token, taken + size
    return coloured([*lines, current])


def coloured(lines: Sequence[str]) -> list[str]:
    """End every line's colour at its end, and begin it again on the next one."""
    result, active = [], ""
    for line in lines:
        begun = active + line
        for escape in ESCAPES.findall(line):
            active = "" if escape == RESET else escape
        result.append(begun + RESET if active else begun)
    return result


def visible_width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    plain = ESCAPES.sub("", text) if "\x1b" in text else text
    if plain.isascii():
        return len(plain)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in plain
    )
