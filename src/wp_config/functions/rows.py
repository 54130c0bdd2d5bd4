"""CSV as strictly as the reference reads it: quotes only around whole fields, empty lines skipped (hcl.md §12.5)."""

from __future__ import annotations

import io
from collections.abc import Iterator


def records(text: str) -> Iterator[list[str]]:
    """The fields of each row. Raises :class:`ValueError`."""
    lines = io.StringIO(text.replace("\r\n", "\n").removesuffix("\r"), newline="\n")
    for line in lines:
        if line != "\n":
            yield _record(line, lines)


def _record(line: str, following: Iterator[str]) -> list[str]:
    """The row that begins with a line; fields in quotes may take more of the lines."""
    fields: list[str] = []
    rest: str | None = line
    while rest is not None:
        if rest.startswith('"'):
            field, rest = _quoted(rest[1:], following)
        else:
            field, comma, behind = rest.removesuffix("\n").partition(",")
            rest = (behind + "\n" * rest.endswith("\n")) if comma else None
            if '"' in field:
                raise ValueError(f'a quote stands inside of "{field}", which does not begin with one')
        fields.append(field)
    return fields


def _quoted(rest: str, following: Iterator[str]) -> tuple[str, str | None]:
    """A field behind its opening quote, and what follows on its line; None at the end of the row."""
    pieces: list[str] = []
    while True:
        piece, quote, rest = rest.partition('"')
        pieces.append(piece)
        if quote and rest.startswith('"'):
            pieces.append('"')
            rest = rest[1:]
        elif quote and rest.startswith(","):
            return "".join(pieces), rest[1:]
        elif quote and rest in ("", "\n"):
            return "".join(pieces), None
        elif quote:
            raise ValueError("a closing quote is not the end of its field")
        else:
            more = next(following, None)
            if more is None:
                raise ValueError("a quote is not closed")
            rest = more
