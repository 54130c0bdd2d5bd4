"""What is wrong, where, and what to do: the one form in which this package reports errors and warnings.

Every other module raises or collects :class:`Diagnostic`; the command line, the runner and the server's API all show
them with :meth:`Diagnostics.render` or :meth:`Diagnostics.to_json` (hcl.md §16). A position is a character offset
into a :class:`SourceFile`; line, column (grapheme clusters) and byte offset are computed only when somebody looks.
"""

from __future__ import annotations

import bisect
import enum
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from wp_text import graphemes

CONTEXT_LINES = 2
"""Source lines shown before the line an error points to."""

TAB_WIDTH = 4
"""Columns a tab takes in an excerpt."""

MAX_EXCERPT_WIDTH = 160
"""Longest piece of a source line shown; longer lines are cut around the error."""


class Severity(enum.StrEnum):
    """How bad a diagnostic is. Only errors stop a command."""

    ERROR = "error"
    WARNING = "warning"


class Position(NamedTuple):
    """A place in a file: 1-based line, 1-based column in grapheme clusters, 0-based byte offset."""

    line: int
    column: int
    byte: int


class SourceFile:
    """One configuration text and its name, shared by all positions that point into it."""

    __slots__ = ("_line_bytes", "_line_starts", "bom", "name", "path_of", "text")

    def __init__(self, name: str, text: str, *, bom: bool = False) -> None:
        self.name = name
        self.text = text
        self.bom = bom
        self.path_of: Callable[[int], str] = lambda _offset: ""
        """Describes the blocks around an offset (``in app "web" → deploy``); set by the parser."""
        self._line_starts: list[int] | None = None
        self._line_bytes: list[int] | None = None

    def __repr__(self) -> str:
        return f"SourceFile({self.name!r})"

    @property
    def line_starts(self) -> list[int]:
        """Character offsets at which the lines begin."""
        if self._line_starts is None:
            starts = [0]
            find = self.text.find
            position = find("\n")
            while position >= 0:
                starts.append(position + 1)
                position = find("\n", position + 1)
            self._line_starts = starts
        return self._line_starts

    @property
    def line_bytes(self) -> list[int]:
        """Byte offsets at which the lines begin."""
        if self._line_bytes is None:
            starts, text = self.line_starts, self.text
            place = 3 if self.bom else 0
            places = [place]
            for start, end in itertools.pairwise(starts):
                place += _bytes(text[start:end])
                places.append(place)
            self._line_bytes = places
        return self._line_bytes

    def line_of(self, offset: int) -> int:
        """The 1-based number of the line holding ``offset``."""
        return bisect.bisect_right(self.line_starts, offset)

    def line_text(self, line: int) -> str:
        """The 1-based line without its line ending; empty beyond the end."""
        starts = self.line_starts
        if not 1 <= line <= len(starts):
            return ""
        end = starts[line] if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end].rstrip("\r\n")

    def position(self, offset: int) -> Position:
        """The position of a character offset; offsets past the end mean the end."""
        offset = min(offset, len(self.text))
        line = self.line_of(offset)
        before = self.text[self.line_starts[line - 1] : offset]
        return Position(line, graphemes.width(before) + 1, self.line_bytes[line - 1] + _bytes(before))


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


class Range(NamedTuple):
    """A piece of a file: ``start`` inclusive, ``end`` exclusive, in characters."""

    file: SourceFile
    start: int
    end: int

    @property
    def start_position(self) -> Position:
        """Line, column and byte of the first character."""
        return self.file.position(self.start)

    @property
    def end_position(self) -> Position:
        """Line, column and byte just behind the last character."""
        return self.file.position(self.end)

    @property
    def text(self) -> str:
        """The characters covered."""
        return self.file.text[self.start : self.end]

    def __str__(self) -> str:
        line, column, _ = self.start_position
        return f"{self.file.name}:{line}:{column}"


class Diagnostic(NamedTuple):
    """One error or warning.

    ``summary`` is a short phrase, ``detail`` whole sentences that say what is allowed. ``subject`` is the place;
    None when the error is about no file (a command line flag). ``values`` are lines such as ``var.x is "a"``
    (sensitive ones already masked).
    """

    summary: str
    detail: str = ""
    subject: Range | None = None
    severity: Severity = Severity.ERROR
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"{self.subject}: " if self.subject else ""
        detail = f": {self.detail}" if self.detail else ""
        return f"{place}{self.summary}{detail}"

    def render(self, *, colour: bool = False) -> str:
        """The diagnostic as text for people, with its source excerpt; no final newline (hcl.md §16.2)."""
        red, bold, reset = _paint(self.severity, colour)
        lines = [f"{red}{self.severity.capitalize()}:{reset} {bold}{self.summary}{reset}"]
        if self.subject is not None:
            lines += ["", *_excerpt(self.subject, colour, self.severity)]
        if self.values:
            lines += [f"  {value}" for value in self.values]
        if self.detail:
            lines.append(self.detail)
        return "\n".join(lines)

    def to_json(self) -> dict[str, object]:
        """The machine form: severity, summary, detail, file, range and snippet (hcl.md §16.2)."""
        answer: dict[str, object] = {"severity": str(self.severity), "summary": self.summary, "detail": self.detail}
        if self.subject is not None:
            start, end = self.subject.start_position, self.subject.end_position
            answer["file"] = self.subject.file.name
            answer["range"] = {"start": start._asdict(), "end": end._asdict()}
            answer["snippet"] = {
                "code": self.subject.file.line_text(start.line),
                "context": self.subject.file.path_of(self.subject.start),
            }
        return answer


class Diagnostics(Exception):
    """All errors and warnings of one look at a configuration, in order of file and place.

    Iterate it, test :attr:`has_errors`, show it with :meth:`render`. It is an exception so that loading can raise
    the whole set.
    """

    def __init__(self, items: Iterable[Diagnostic] = ()) -> None:
        super().__init__()
        self._items: list[Diagnostic] = list(items)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self._items)

    def __bool__(self) -> bool:
        return bool(self._items)

    def __str__(self) -> str:
        return "\n".join(str(item) for item in self)

    @property
    def items(self) -> tuple[Diagnostic, ...]:
        """The diagnostics sorted by file and place, duplicates removed; those without a place come first."""
        unique = dict.fromkeys(self._items)
        return tuple(sorted(unique, key=lambda d: (d.subject.file.name, d.subject.start) if d.subject else ("", -1)))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Only the errors."""
        return tuple(item for item in self.items if item.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """Only the warnings."""
        return tuple(item for item in self.items if item.severity is Severity.WARNING)

    @property
    def has_errors(self) -> bool:
        """Whether anything here must stop a command."""
        return any(item.severity is Severity.ERROR for item in self._items)

    def add(self, item: Diagnostic) -> None:
        """Remember one more diagnostic."""
        self._items.append(item)

    def extend(self, items: Iterable[Diagnostic]) -> None:
        """Remember several more."""
        self._items.extend(items)

    def error(self, summary: str, detail: str = "", subject: Range | None = None) -> None:
        """Remember an error."""
        self.add(Diagnostic(summary, detail, subject))

    def warn(self, summary: str, detail: str = "", subject: Range | None = None) -> None:
        """Remember a warning."""
        self.add(Diagnostic(summary, detail, subject, Severity.WARNING))

    def raise_if_errors(self) -> None:
        """Raise this collection when it holds at least one error."""
        if self.has_errors:
            raise self

    def render(self, *, colour: bool = False) -> str:
        """All diagnostics as text, separated by empty lines; empty when there are none."""
        return "\n\n".join(item.render(colour=colour) for item in self)


def failure(summary: str, detail: str = "", subject: Range | None = None) -> Diagnostics:
    """A collection holding one error, ready to be raised."""
    return Diagnostics([Diagnostic(summary, detail, subject)])


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like ``name`` (edit distance below 3, hcl.md §16.2), or None."""
    best, best_distance = None, 3
    for candidate in sorted(known):
        if candidate == name or abs(len(candidate) - len(name)) >= best_distance:
            continue
        distance = _edit_distance(name, candidate, best_distance)
        if distance < best_distance and distance < max(len(name), len(candidate)):
            best, best_distance = candidate, distance
    return best


def suggestion(name: str, known: Iterable[str]) -> str:
    """A sentence with a leading space proposing the nearest known name; empty when none is near."""
    near = nearest(name, known)
    return f' Did you mean "{near}"?' if near else ""


def _edit_distance(left: str, right: str, limit: int) -> int:
    previous = list(range(len(right) + 1))
    for row, a in enumerate(left, 1):
        current = [row]
        for column, b in enumerate(right, 1):
            current.append(min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (a != b)))
        if min(current) >= limit:
            return limit
        previous = current
    return previous[-1]


def _paint(severity: Severity, colour: bool) -> tuple[str, str, str]:
    if not colour:
        return "", "", ""
    return ("\x1b[1;31m" if severity is Severity.ERROR else "\x1b[1;33m"), "\x1b[1m", "\x1b[0m"


def _excerpt(subject: Range, colour: bool, severity: Severity) -> list[str]:
    source, line = subject.file, subject.file.line_of(min(subject.start, len(subject.file.text)))
    where = _printable(source.path_of(subject.start)) if subject.end else ""
    column = subject.start_position.column
    lines = [f"  on {source.name}:{line}:{column}{f', {where}' if where else ''}:"]
    first = max(1, line - CONTEXT_LINES)
    gutter = max(4, len(str(line)) + 2)
    for number in range(first, line + 1):
        text = source.line_text(number)
        if number < line:
            lines.append(f"{number:>{gutter}}: {_cut(_printable(text), 0)[0]}".rstrip())
    text = source.line_text(line)
    line_start = source.line_starts[line - 1]
    before = _printable(text[: subject.start - line_start])
    marked = _printable(text[subject.start - line_start : max(subject.end - line_start, 0)])
    after = _printable(text[max(subject.end, subject.start) - line_start :])
    shown, shift = _cut(before + marked + after, graphemes.width(before))
    lines.append(f"{line:>{gutter}}: {shown}".rstrip())
    red, _, reset = _paint(severity, colour)
    length = max(1, min(graphemes.width(marked), MAX_EXCERPT_WIDTH))
    mark = "^" if length == 1 else "^" + "~" * (length - 1)
    lines.append(" " * (gutter + 2 + graphemes.width(before) - shift) + f"{red}{mark}{reset}")
    return lines


def _printable(text: str) -> str:
    """Source text safe for a terminal: tabs expanded, control characters shown as a replacement mark."""
    text = text.replace("\t", " " * TAB_WIDTH)
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)


def _cut(text: str, focus: int) -> tuple[str, int]:
    """The part of a long line around column ``focus`` and how many columns were dropped on its left."""
    if len(text) <= MAX_EXCERPT_WIDTH:
        return text, 0
    start = max(0, focus - MAX_EXCERPT_WIDTH // 2)
    return text[start : start + MAX_EXCERPT_WIDTH], start
