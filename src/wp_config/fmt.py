"""The canonical form of a configuration text (hcl.md §18): indentation, spaces and alignment; comments and the
text of heredocs untouched. What hclwrite makes of a file is the measure, down to the byte.

Works on the raw token stream: lines become cells (lead, assignment, comment), which are indented, spaced and aligned.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from wp_config.diagnostics import SourceFile
from wp_config.source import decode
from wp_config.syntax import parse_body, tree
from wp_config.syntax.lexer import Lexer
from wp_config.syntax.tokens import BINARY_OPERATORS, Token
from wp_text import graphemes

INDENT = 2
"""Spaces per level."""

_OPENERS = frozenset({"LBRACE", "LSQB", "LPAR", "TEMPLATE_START"})
_CLOSERS = frozenset({"RBRACE", "RSQB", "RPAR", "TEMPLATE_END"})
_TEXT_OR_OPENING = frozenset({"STRING_CHARS", "OQUOTE", "OHEREDOC"})
_TEXT_OR_CLOSING = frozenset({"STRING_CHARS", "CQUOTE", "CHEREDOC"})
_BEFORE_NEGATION = BINARY_OPERATORS | {"LPAR", "LBRACE", "LSQB", "EQ", "COLON", "COMMA", "QMARK", "NOT"}


@dataclass
class _Piece:
    """One token as it is printed."""

    kind: str
    text: str
    start: int
    end: int
    spaces: int = 0

    @property
    def weight(self) -> int:
        return (self.kind in _OPENERS) - (self.kind in _CLOSERS)


@dataclass
class _Line:
    lead: list[_Piece] = field(default_factory=list)
    assign: list[_Piece] = field(default_factory=list)
    comment: _Piece | None = None
    ending: str = ""


def format_source(contents: bytes, name: str = "waypoint.hcl") -> bytes:
    """The canonical form of a file's bytes. Raises :class:`~wp_config.diagnostics.Diagnostics` when it does not
    parse.
    """
    file = decode(name, contents)
    formatted = format_text(file).encode("utf-8")
    return b"\xef\xbb\xbf" + formatted if file.bom else formatted


def format_text(file: SourceFile) -> str:
    """The canonical form of a text. Raises :class:`~wp_config.diagnostics.Diagnostics` when it does not parse."""
    body = parse_body(file)
    lexer = Lexer(file.text)
    lexer.run()
    pieces = _pieces(file.text, lexer.tokens[:-1])
    pieces = _rewritten(pieces, body)
    lines = _lines(pieces)
    _indent(lines)
    _space(lines)
    _align(lines, lambda line: line.assign[0] if line.assign else None, lambda line: line.lead)
    _align(lines, lambda line: line.comment, lambda line: [*line.lead, *line.assign])
    return "".join(_print(lines))


def _pieces(text: str, tokens: list[Token]) -> list[_Piece]:
    """Tokens with their source text."""
    pieces: list[_Piece] = []
    openers: list[str] = []
    for index, token in enumerate(tokens):
        kind, end = token.type, token.end
        if kind == "DBLQUOTE" and token.mark == "heredoc":
            kind = "OHEREDOC" if text.startswith("<<", token.start) else "CHEREDOC"
            if kind == "OHEREDOC":
                end = tokens[index + 1].start  # the end of the line belongs to it
        elif kind == "DBLQUOTE":
            closing = openers[-1:] == ["QUOTE"]
            kind = "CQUOTE" if closing else "OQUOTE"
            if closing:
                openers.pop()
            else:
                openers.append("QUOTE")
        elif kind in ("INTERP_START", "DIRECTIVE_START"):
            openers.append("TEMPLATE")
            kind = "TEMPLATE_START"
        elif kind in _OPENERS:
            openers.append(kind)
        elif kind in _CLOSERS:
            if openers.pop() == "TEMPLATE":
                kind = "TEMPLATE_END"
        elif kind == "COMMENT" and text[token.start] == "/" and text[token.start + 1] == "*":
            kind = "BLOCK_COMMENT"
        source = text[token.start : end]
        if kind == "FULL_SPLAT_START" and "".join(source.split()) == token.value:
            source = token.value
        pieces.append(_Piece(kind, source, token.start, end))
    return pieces


def _rewritten(pieces: list[_Piece], body: tree.Body) -> list[_Piece]:
    """Unwrap arguments that are exactly ``"${…}"``, and quote bare labels."""
    unwrap: dict[int, int] = {}
    quote: set[int] = set()
    headers: list[tuple[int, int]] = []
    for node in tree.walk(body):
        if isinstance(node, tree.Attribute) and isinstance(node.value, tree.Template) and node.value.quoted:
            parts = node.value.parts
            sole = parts[0] if len(parts) == 1 else None
            if isinstance(sole, tree.Interpolation) and not sole.trim_left and not sole.trim_right:
                unwrap[node.value.range.start] = node.value.range.end
        elif isinstance(node, tree.Block) and node.labels:
            headers.append((node.type_range.end, node.labels[-1].range.end))
            quote |= {label.range.start for label in node.labels}
    answer: list[_Piece] = []
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        if piece.start in unwrap and piece.kind == "OQUOTE":
            last = next(i for i in range(index, len(pieces)) if pieces[i].end == unwrap[piece.start])
            inner = _trimmed(pieces[index + 2 : last - 1])
            answer += inner if _stays_valid(inner) else pieces[index : last + 1]
            index = last + 1
            continue
        if piece.start in quote and piece.kind == "NAME":
            answer.append(_Piece("OQUOTE", '"', piece.start, piece.start))
            answer.append(_Piece("STRING_CHARS", piece.text, piece.start, piece.end))
            answer.append(_Piece("CQUOTE", '"', piece.end, piece.end))
        else:
            answer.append(piece)
        index += 1
    headers.sort()
    return [piece for piece in answer if piece.kind != "BLOCK_COMMENT" or not _within(piece, headers)]


def _within(piece: _Piece, headers: list[tuple[int, int]]) -> bool:
    """Whether a piece lies inside of one of the ranges, which are sorted and do not overlap."""
    before = bisect.bisect_right(headers, piece.start, key=lambda header: header[0])
    return before > 0 and piece.end <= headers[before - 1][1]


def _trimmed(pieces: list[_Piece]) -> list[_Piece]:
    while pieces and pieces[0].kind == "NL_OR_COMMENT":
        pieces = pieces[1:]
    while pieces and pieces[-1].kind == "NL_OR_COMMENT":
        pieces = pieces[:-1]
    return pieces


def _stays_valid(pieces: list[_Piece]) -> bool:
    """Whether an expression may stand without the template around it, in which newlines and comments were free."""
    depth = 0
    for piece in pieces:
        depth += piece.weight
        if depth == 0 and piece.kind in ("NL_OR_COMMENT", "COMMENT"):
            return False
    return True


def _lines(pieces: list[_Piece]) -> list[_Line]:
    lines: list[_Line] = []
    current: list[_Piece] = []
    for piece in [*pieces, None]:
        if piece is not None and piece.kind != "NL_OR_COMMENT":
            current.append(piece)
            continue
        line = _Line(ending=piece.text if piece else "")
        if len(current) > 1 and current[-1].kind == "COMMENT":
            line.comment = current.pop()
        position = next((i for i, part in enumerate(current) if i and part.kind == "EQ"), None)
        if position is not None and sum(part.weight for part in current[position:]) == 0:
            line.lead, line.assign = current[:position], current[position:]
        else:
            line.lead = current
        lines.append(line)
        current = []
    return lines


def _indent(lines: list[_Line]) -> None:
    """Set the spaces before each line's first token; several brackets opened on one line are one level."""
    opened: list[int] = []
    for line in lines:
        if not line.lead:
            continue
        heredoc = next((i for i, part in enumerate(line.lead) if part.kind == "OHEREDOC"), None)
        net = sum(part.weight for part in [*line.lead[:heredoc], *line.assign])
        if net > 0:
            line.lead[0].spaces = INDENT * len(opened)
            opened.append(net)
            continue
        closed = -net
        while closed > 0 and opened:
            if closed > opened[-1]:
                closed -= opened.pop()
            elif closed < opened[-1]:
                opened[-1] -= closed
                closed = 0
            else:
                opened.pop()
                closed = 0
        line.lead[0].spaces = INDENT * len(opened)


def _space(lines: list[_Line]) -> None:
    for line in lines:
        before: _Piece | None = None
        previous: _Piece | None = None
        for part in [*line.lead, *line.assign]:
            if previous is not None:
                part.spaces = int(_apart(before, previous, part))
            before, previous = previous, part
        if line.assign:
            line.assign[0].spaces = 1
        if line.comment is not None and line.lead:
            line.comment.spaces = 1


def _apart(before: _Piece | None, subject: _Piece, after: _Piece) -> bool:
    """Whether a space stands between two tokens; ``before`` is the token before them on the line."""
    left, right = subject.kind, after.kind
    if (left == "NAME" and right == "LPAR") or "DOT" in (left, right) or "ATTR_SPLAT" in (left, right):
        return False
    if right == "FULL_SPLAT_START" or (left == "FULL_SPLAT_START" and right == "LSQB"):
        return False
    if right in ("COMMA", "ELLIPSIS"):
        return False
    if left == "COMMA":
        return True
    if left in _TEXT_OR_OPENING or right in _TEXT_OR_CLOSING:
        return False
    if subject.text == "in" and left == "NAME" and before is not None and before.kind == "NAME":
        return True
    if right == "LSQB" and (left in ("NAME", "INT_LITERAL", "FLOAT_LITERAL") or left in _CLOSERS):
        return False
    if left == "NOT":
        return False
    if left == "MINUS":
        return before is not None and before.kind not in _BEFORE_NEGATION
    if left == "LBRACE" or right == "RBRACE":
        return not (left == "LBRACE" and right == "RBRACE")
    if (left == "TEMPLATE_START" and right == "LBRACE") or (left == "RBRACE" and right == "TEMPLATE_END"):
        return True
    if left == "TEMPLATE_END" and right == "TEMPLATE_START":
        return False
    return left not in _OPENERS and right not in _CLOSERS


def _align(lines: list[_Line], cell: Callable[[_Line], _Piece | None], ahead: Callable[[_Line], list[_Piece]]) -> None:
    """Bring the cells of each run of neighbouring lines to one column."""
    run: list[tuple[_Piece, int]] = []
    for line in [*lines, None]:
        first = cell(line) if line is not None else None
        if line is not None and first is not None:
            run.append((first, sum(part.spaces + graphemes.width(part.text) for part in ahead(line))))
            continue
        column = max((width for _, width in run), default=0)
        for piece, width in run:
            piece.spaces = column - width + 1
        run = []


def _print(lines: list[_Line]) -> Iterable[str]:
    for line in lines:
        for part in [*line.lead, *line.assign, *([line.comment] if line.comment else [])]:
            yield " " * part.spaces + part.text
        yield line.ending
