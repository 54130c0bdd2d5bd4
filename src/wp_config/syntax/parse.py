"""Text to tree: the entry points of the native syntax, with the newline rules, recovery and error wording (hcl.md
§14.2, §14.3).
"""

from __future__ import annotations

import bisect
from typing import cast

from wp_config.diagnostics import Diagnostic, Diagnostics, Range, SourceFile
from wp_config.syntax import grammar
from wp_config.syntax.build import Builder
from wp_config.syntax.lexer import Lexer
from wp_config.syntax.tokens import BINARY_OPERATORS, CONTINUES_VALUE, ENDS_VALUE, WANTS_VALUE, Flaw, Token
from wp_config.syntax.tree import (
    Attribute,
    Binary,
    Block,
    Body,
    Expression,
    GetAttribute,
    Index,
    Node,
    children,
)

MAX_ERRORS = 20
"""Syntax errors reported per file; reading stops there."""

MAX_DEPTH = 256
"""Levels of nested expressions; chains of operators, attributes and indexes are evaluated flat and do not count."""


def parse_body(file: SourceFile) -> Body:
    """The body of a native file. Raises :class:`Diagnostics` holding all syntax errors."""
    lexer = Lexer(file.text)
    lexer.run()
    body = _Parser(file, lexer).body()
    file.path_of = lambda offset: enclosing(body, offset)
    return body


def parse_expression(file: SourceFile, offsets: tuple[int, ...] | None = None, text: str | None = None) -> Expression:
    """The expression a text consists of. ``text`` and ``offsets``: read this text, which stands at those places of
    ``file``.
    """
    lexer = Lexer(file.text if text is None else text)
    lexer.run_expression()
    return _Parser(file, lexer, offsets).expression()


def parse_template(file: SourceFile, offsets: tuple[int, ...] | None = None, text: str | None = None) -> Expression:
    """The bare template (no quotes, no backslash escapes) a text consists of; arguments as for
    :func:`parse_expression`.
    """
    lexer = Lexer(file.text if text is None else text)
    lexer.run_template()
    return _Parser(file, lexer, offsets).expression()


def enclosing(body: Body, offset: int) -> str:
    """The blocks around an offset in words: ``in app "web" → deploy → use "docker"``; empty outside of blocks."""
    words: list[str] = []
    current: Body | None = body
    while current is not None:
        before = bisect.bisect_right(current.items, offset, key=lambda item: item.range.start)
        item = current.items[before - 1] if before else None
        current = None
        if isinstance(item, Block) and offset < item.range.end:
            words.append(" ".join([item.type, *(f'"{label.value}"' for label in item.labels)]))
            current = item.body
    return "in " + " → ".join(words) if words else ""


class _Parser:
    def __init__(self, file: SourceFile, lexer: Lexer, offsets: tuple[int, ...] | None = None) -> None:
        self._file = file
        self._lexer = lexer
        self._text = lexer.text
        self._builder = Builder(file, offsets)
        self._flaws = list(lexer.flaws)
        self._tokens: list[Token] = []

    def body(self) -> Body:
        self._filter()
        result = cast("Body | None", self._run())
        self._report()
        assert result is not None
        end = len(self._text)
        result.range = Range(self._file, 0, end)
        result.end = Range(self._file, end, end)
        return result

    def expression(self) -> Expression:
        self._filter()
        end = len(self._text)
        if not self._tokens:
            self._flaws.append(Flaw("Missing value", "An expression is expected here.", 0, end))
        head = [Token("NAME", "value", 0, 0), Token("EQ", "=", 0, 0)]
        self._tokens = head + self._tokens
        result = cast("Body | None", self._run(recover=False))
        if result is not None and len(result.items) != 1:
            extra = result.items[1]
            self._flaws.append(
                Flaw("Extra characters", "Only one expression is expected.", extra.range.start, extra.range.end)
            )
        self._report()
        assert result is not None
        return cast(Attribute, result.items[0]).value

    # -- in front of the grammar --------------------------------------------------------------------------------------

    def _filter(self) -> None:
        """Drop what the grammar must not see, apply the newline rules, and fold ``!!x`` and ``--1`` into one
        operator.
        """
        kept: list[Token] = []
        newline: Token | None = None
        for token in self._lexer.tokens:
            kind = token.type
            if kind == "NL_OR_COMMENT":
                if not token.mark and newline is None:
                    newline = token
                continue
            if kind in ("COMMENT", "TRIM"):
                if kind == "TRIM":
                    self._flaws.append(
                        Flaw("Misplaced ~", 'A trim mark stands directly before "}".', token.start, token.end)
                    )
                continue
            if newline is not None:
                self._line_break(kept, newline, token)
                newline = None
                token.after_newline = True
            elif kind in ("MINUS", "NOT") and kept and self._folds(kept):
                kept[-1].value += token.value
                kept[-1].end = token.end
                continue
            kept.append(token)
        if newline is not None:
            self._line_break(kept, newline, None)
        self._tokens = kept
        self._builder.after_newline = frozenset(
            token.start for index, token in enumerate(kept) if token.after_newline or index == 0
        )

    def _line_break(self, kept: list[Token], newline: Token, following: Token | None) -> None:
        if kept and kept[-1].type in WANTS_VALUE:
            detail = "A new line ends the argument; put parentheses around an expression over several lines."
            self._flaws.append(Flaw("Missing value", detail, newline.start, newline.end))
            kept.append(Token("NAME", "missing", newline.start, newline.start, depth=newline.depth, body=newline.body))
        elif following is not None and following.type in CONTINUES_VALUE:
            detail = "A line cannot begin with this; put parentheses around an expression over several lines."
            self._flaws.append(Flaw("Unexpected operator", detail, following.start, following.end))
        elif following is not None and following.type == "LBRACE" and following.body:
            detail = 'The "{" of a block must stand on the same line as its type and labels.'
            self._flaws.append(Flaw("Invalid block", detail, newline.start, newline.end))
        if kept:
            kept.append(newline)

    @staticmethod
    def _folds(kept: list[Token]) -> bool:
        last = kept[-1]
        if last.type not in ("MINUS", "NOT"):
            return False
        return last.type == "NOT" or len(kept) < 2 or kept[-2].type not in ENDS_VALUE

    # -- the grammar --------------------------------------------------------------------------------------------------

    def _run(self, recover: bool = True) -> object:
        tables = grammar.load()
        reductions = self._builder.reductions()
        tokens = self._tokens
        if self._lexer.gave_up:
            return None
        for _ in range(MAX_ERRORS):
            self._builder.flaws.clear()
            try:
                result = tables.parse(tokens, reductions)
            except grammar.UnexpectedToken as error:
                if error.expected == {"LBRACE"} and error.index and tokens[error.index - 1].type == "NL_OR_COMMENT":
                    error.index -= 1
                self._flaws.append(self._unexpected(tokens, error))
                if not recover:
                    return None
                shorter = _without_item(tokens, min(error.index, len(tokens) - 1))
                if len(shorter) == len(tokens):
                    return None
                tokens = shorter
            else:
                self._flaws.extend(self._builder.flaws)
                if isinstance(result, Node):
                    self._check_depth(result)
                return result
        return None

    def _unexpected(self, tokens: list[Token], error: grammar.UnexpectedToken) -> Flaw:
        expected = _words(error.expected)
        if error.index >= len(tokens):
            end = len(self._text)
            return Flaw("Unexpected end", f"Expected {expected}.", end, end)
        token = tokens[error.index]
        before = tokens[error.index - 1] if error.index else None
        if token.type == "EQ" and before is not None and before.type == "DBLQUOTE" and token.body:
            return Flaw(
                "Quoted argument name", "Names of arguments are written without quotes.", before.start, before.end
            )
        if token.type == "NL_OR_COMMENT":
            if token.body and before is not None and before.type in ("NAME", "DBLQUOTE"):
                detail = 'A name must be followed by "=" and a value, or by a block in braces.'
                return Flaw("Incomplete argument or block", detail, before.start, token.end)
            return Flaw("Unexpected end of line", f"Expected {expected}.", token.start, token.end)
        if token.type == "COMMA" and token.body:
            detail = "Arguments of a block are separated by new lines, not by commas."
            return Flaw("Unexpected comma", detail, token.start, token.end)
        if token.type == "EQ" and not token.body:
            detail = f'A value cannot be assigned here; use "==" to compare. Expected {expected}.'
            return Flaw('Unexpected "="', detail, token.start, token.end)
        shown = "string" if token.type == "DBLQUOTE" else f'"{self._text[token.start : token.end][:40]}"'
        return Flaw(f"Unexpected {shown}", f"Expected {expected}.", token.start, token.end)

    # -- behind the grammar -------------------------------------------------------------------------------------------

    def _check_depth(self, root: Node) -> None:
        """Refuse expressions that would nest the evaluator too deeply; chains of operators are evaluated flat and do
        not count.
        """
        stack: list[tuple[Node, int]] = [(root, 0)]
        while stack:
            node, depth = stack.pop()
            if depth > MAX_DEPTH:
                detail = f"Expressions nest at most {MAX_DEPTH} levels; split this one."
                self._flaws.append(Flaw("Nested too deeply", detail, node.range.start, node.range.start + 1))
                return
            deeper = depth + 1 if isinstance(node, Expression) else depth
            flat = (
                node.left
                if isinstance(node, Binary)
                else node.source
                if isinstance(node, GetAttribute | Index)
                else None
            )
            stack.extend((child, depth if child is flat else deeper) for child in children(node))

    def _report(self) -> None:
        """Raise what was found. An unclosed bracket explains everything behind it, a bad character everything on its
        line.
        """
        certain = frozenset(self._lexer.flaws + self._lexer.unclosed)
        flaws = self._flaws
        for unclosed in self._lexer.unclosed:
            flaws = [flaw for flaw in flaws if flaw.start < unclosed.start or flaw in certain]
            if unclosed.summary != "Unclosed bracket" or not any(flaw.start > unclosed.start for flaw in flaws):
                flaws.append(unclosed)
        if not flaws:
            return
        lexical = {self._file.line_of(self._place(flaw).start) for flaw in certain}
        shown: list[Flaw] = []
        lines: set[int] = set()
        for flaw in flaws:
            line = self._file.line_of(self._place(flaw).start)
            if flaw not in certain and (line in lexical or line in lines):
                continue
            lines.add(line)
            shown.append(flaw)
        raise Diagnostics(Diagnostic(flaw.summary, flaw.detail, self._place(flaw)) for flaw in shown[:MAX_ERRORS])

    def _place(self, flaw: Flaw) -> Range:
        end = len(self._text)
        return self._builder.range(min(flaw.start, end), min(max(flaw.end, flaw.start), end))


def _without_item(tokens: list[Token], index: int) -> list[Token]:
    """The tokens without the argument or block that holds ``tokens[index]``, so that reading can go on behind it."""
    start = index
    while start > 0 and not tokens[start].body:
        start -= 1
    depth = tokens[start].depth
    while start > 0 and not (tokens[start].body and tokens[start].depth == depth and tokens[start].after_newline):
        if tokens[start].depth < depth:
            start += 1
            break
        start -= 1
    end = max(index, start) + (tokens[index].type == "NL_OR_COMMENT")
    while end < len(tokens):
        token = tokens[end]
        closes = token.type == "RBRACE" and token.depth < depth
        begins = token.body and token.depth <= depth and token.after_newline and token.type not in _CLOSING
        if end > start and (closes or begins):
            break
        end += 1
    if end == start:
        end += 1
    return tokens[:start] + tokens[end:]


_CLOSING = frozenset({"RBRACE", "RSQB", "RPAR"})
_STARTS_VALUE = frozenset({"LPAR", "INT_LITERAL", "LSQB"})
_NAMES = {
    "COMMA": '","',
    "RPAR": '")"',
    "RSQB": '"]"',
    "RBRACE": '"}"',
    "LBRACE": '"{"',
    "EQ": '"="',
    "COLON": '":"',
    "FOR_OBJECT_ARROW": '"=>"',
    "IN": '"in"',
    "NAME": "a name",
    "NL_OR_COMMENT": "a new line",
    "DBLQUOTE": "a string",
    "ENDIF": '"endif"',
    "ENDFOR": '"endfor"',
}


def _words(expected: frozenset[str]) -> str:
    """What the grammar would accept, in words."""
    names: list[str] = []
    rest = set(expected)
    if rest >= _STARTS_VALUE:
        names.append("a value")
        rest -= {"NAME", "DBLQUOTE", "LPAR", "LSQB", "LBRACE", "NL_OR_COMMENT"}
    if rest >= BINARY_OPERATORS:
        names.append("an operator")
        rest -= {"NL_OR_COMMENT", "LPAR"} if "RPAR" in rest or "RSQB" in rest else {"LPAR", "LSQB"}
    if rest >= {"NAME", "ENDIF"}:
        names.append("the name of an argument or block")
        rest -= {"NAME", "IN", "ENDIF"}
    names += [word for kind, word in _NAMES.items() if kind in rest]
    if not names:
        return "something else"
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]
