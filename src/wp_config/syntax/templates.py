"""From the flat sequence the grammar gives for a string to nested template parts, with trim marks applied (hcl.md
§14.6).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, cast

from wp_config.diagnostics import Range
from wp_config.syntax.tokens import MAX_TEMPLATES, Token
from wp_config.syntax.tree import (
    Expression,
    Interpolation,
    Literal,
    Template,
    TemplateFor,
    TemplateIf,
    TemplatePart,
    TemplateText,
)

if TYPE_CHECKING:
    from wp_config.syntax.build import Builder


class Sequence:
    """One ``${…}`` or ``%{…}`` as the grammar delivers it."""

    __slots__ = ("children", "kind")

    def __init__(self, kind: str, children: list[object]) -> None:
        self.kind = kind
        self.children = children

    @property
    def opening(self) -> Token:
        """The ``${`` or ``%{``."""
        return cast(Token, self.children[0])

    @property
    def closing(self) -> Token:
        """The ``}``."""
        return cast(Token, self.children[-1])

    @property
    def expression(self) -> Expression:
        """The value, condition or collection inside."""
        return next(child for child in self.children if isinstance(child, Expression))

    @property
    def names(self) -> list[str]:
        """The loop variables of a ``for``."""
        position = self.children.index(self.expression)
        names = [c.value for c in self.children[2:position] if isinstance(c, Token) and c.type == "NAME"]
        return names[:-1]


def assemble(builder: Builder, children: list[Token | Sequence]) -> Expression:
    """The expression of a whole string: a literal, or a template."""
    opening, closing = cast(Token, children[0]), cast(Token, children[-1])
    place = builder.range(opening.start, closing.end)
    pieces = children[1:-1]
    if not pieces:
        return Literal(place, "")
    _trim(pieces)
    if opening.value.startswith("<<-"):
        _unindent(pieces)
    if len(pieces) == 1 and isinstance(pieces[0], Token):
        return Literal(place, pieces[0].value)
    if all(isinstance(piece, Token) for piece in pieces):
        return Literal(place, "".join(cast(Token, piece).value for piece in pieces))
    reader = _Reader(builder, pieces)
    return Template(place, reader.parts(None), opening.value == '"')


def _trim(pieces: list[Token | Sequence]) -> None:
    """Cut the white space beside trim marks from the literal directly adjacent, which in a heredoc is one line."""
    for before, piece in itertools.pairwise(pieces):
        if isinstance(before, Sequence) and before.closing.mark == "trim" and isinstance(piece, Token):
            piece.value = piece.value.lstrip()
        if isinstance(piece, Sequence) and piece.opening.mark == "trim" and isinstance(before, Token):
            before.value = before.value.rstrip()


def _unindent(pieces: list[Token | Sequence]) -> None:
    """Remove the smallest indentation from the lines of a ``<<-`` heredoc (hcl.md §14.5). Where a trim mark took the
    end of a line, the next one does not begin a line.
    """
    smallest: int | None = None
    lines: list[Token] = []
    begins = True
    for piece in pieces:
        text = piece.value if isinstance(piece, Token) else ""
        if begins and not (text.endswith("\n") and not text.strip()):
            indent = len(text) - len(text.lstrip())
            smallest = indent if smallest is None else min(smallest, indent)
            if isinstance(piece, Token):
                lines.append(piece)
        begins = text.endswith("\n")
    for line in lines:
        line.value = line.value[smallest:]


class _Reader:
    def __init__(self, builder: Builder, pieces: list[Token | Sequence]) -> None:
        self._builder = builder
        self._pieces = pieces
        self._position = 0
        self._stop: Sequence | None = None
        self._depth = 0

    def parts(self, opener: Sequence | None) -> tuple[TemplatePart, ...]:
        """Parts up to the directive that ends ``opener`` (left in :attr:`_stop`), or to the end of the template."""
        found: list[TemplatePart] = []
        while self._position < len(self._pieces):
            piece = self._pieces[self._position]
            self._position += 1
            if isinstance(piece, Token):
                start, text = piece.start, piece.value
                while isinstance(following := self._next(), Token):
                    piece, text = following, text + following.value
                    self._position += 1
                found.append(TemplateText(self._builder.range(start, piece.end), text))
                continue
            if piece.kind in ("else", "endif", "endfor"):
                if self._closes(opener, piece):
                    self._stop = piece
                    return tuple(found)
                continue
            found.append(self._part(piece))
        self._stop = None
        return tuple(found)

    def _next(self) -> Token | Sequence | None:
        return self._pieces[self._position] if self._position < len(self._pieces) else None

    def _closes(self, opener: Sequence | None, piece: Sequence) -> bool:
        if (
            opener is not None
            and piece.kind in {"if": ("else", "endif"), "else": ("endif",), "for": ("endfor",)}[opener.kind]
        ):
            return True
        before = f'the "%{{ {opener.kind} }}" before it is not closed yet' if opener else "nothing was opened before it"
        self._flaw("Unexpected directive", f'"%{{ {piece.kind} }}" cannot stand here: {before}.', piece)
        return False

    def _part(self, piece: Sequence) -> TemplatePart:
        place = self._place(piece, piece)
        if piece.kind == "value":
            trim_left, trim_right = piece.opening.mark == "trim", piece.closing.mark == "trim"
            return Interpolation(place, piece.expression, trim_left, trim_right)
        if piece.kind == "for":
            names = piece.names
            body = self._nested(piece, piece)
            key = names[0] if len(names) > 1 else ""
            return TemplateFor(self._place(piece, self._stop or piece), key, names[-1], piece.expression, body)
        then = self._nested(piece, piece)
        otherwise: tuple[TemplatePart, ...] = ()
        if self._stop is not None and self._stop.kind == "else":
            otherwise = self._nested(self._stop, piece)
        return TemplateIf(self._place(piece, self._stop or piece), piece.expression, then, otherwise)

    def _nested(self, opener: Sequence, blamed: Sequence) -> tuple[TemplatePart, ...]:
        self._depth += 1
        if self._depth > MAX_TEMPLATES:
            self._flaw("Nested too deeply", f"Directives nest at most {MAX_TEMPLATES} levels.", opener)
            self._position = len(self._pieces)
        body = self.parts(opener)
        self._depth -= 1
        if self._stop is None:
            end = "endfor" if blamed.kind == "for" else "endif"
            self._flaw("Unclosed directive", f'"%{{ {blamed.kind} … }}" needs a "%{{ {end} }}".', blamed)
        return body

    def _place(self, first: Sequence, last: Sequence) -> Range:
        return self._builder.range(first.opening.start, last.closing.end)

    def _flaw(self, summary: str, detail: str, piece: Sequence) -> None:
        self._builder._flaw(summary, detail, piece.opening.start, piece.closing.end)
