"""The words a configuration text is made of.

Token types carry the names of python-hcl2's terminals, so that its grammar can read the stream directly; ``COMMENT``
and the insignificant ``NL`` tokens exist for ``fmt`` only and never reach the grammar.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

MAX_NESTING = 256
"""Brackets, blocks and templates inside each other; deeper texts are refused (hcl.md §14.9)."""


MAX_TEMPLATES = 64
"""Template sequences inside each other, counted separately because each takes several stack frames to read."""


class Frame(enum.Enum):
    """What the innermost open bracket is."""

    BODY = "body"
    OBJECT = "object"
    GROUP = "group"
    TEMPLATE = "template"


class Token:
    """One token. ``value`` is the decoded text (escapes resolved), the source is ``text[start:end]`` of the file.

    ``after_newline``: a significant line end stands before it. ``depth``: open brackets around it. ``body``: the
    innermost of them is a block (or the file). ``mark`` carries what the grammar does not know: ``trim`` (``~``
    beside a template sequence), ``heredoc``, ``free`` (a newline inside brackets).
    """

    __slots__ = ("after_newline", "body", "depth", "end", "mark", "start", "type", "value")

    def __init__(self, kind: str, value: str, start: int, end: int, *, depth: int = 0, body: bool = False) -> None:
        self.type = kind
        self.value = value
        self.start = start
        self.end = end
        self.depth = depth
        self.body = body
        self.after_newline = False
        self.mark = ""

    def __repr__(self) -> str:
        return f"{self.type}({self.value!r}@{self.start})"


class Flaw(NamedTuple):
    """An error found while reading characters or words; offsets are characters."""

    summary: str
    detail: str
    start: int
    end: int


OPERATORS = {
    "...": "ELLIPSIS",
    "=>": "FOR_OBJECT_ARROW",
    "==": "DOUBLE_EQ",
    "!=": "NEQ",
    "<=": "LEQ",
    ">=": "GEQ",
    "&&": "DOUBLE_AMP",
    "||": "DOUBLE_PIPE",
    ".*": "ATTR_SPLAT",
    "+": "PLUS",
    "-": "MINUS",
    "*": "ASTERISK",
    "/": "SLASH",
    "%": "PERCENT",
    "!": "NOT",
    "<": "LT",
    ">": "GT",
    "?": "QMARK",
    ":": "COLON",
    "=": "EQ",
    "{": "LBRACE",
    "}": "RBRACE",
    "[": "LSQB",
    "]": "RSQB",
    "(": "LPAR",
    ")": "RPAR",
    ",": "COMMA",
    ".": "DOT",
}

KEYWORDS = {
    "if": "IF",
    "in": "IN",
    "for": "FOR",
    "else": "ELSE",
    "endif": "ENDIF",
    "endfor": "ENDFOR",
    "null": "NULL",
    "true": "TRUE",
    "false": "FALSE",
}

BINARY_OPERATORS = frozenset(
    {"DOUBLE_EQ", "NEQ", "LT", "GT", "LEQ", "GEQ", "PLUS", "MINUS", "ASTERISK", "SLASH", "PERCENT"}
    | {"DOUBLE_AMP", "DOUBLE_PIPE"}
)

WANTS_VALUE = BINARY_OPERATORS | {"QMARK", "COLON", "EQ", "NOT", "DOT", "FOR_OBJECT_ARROW"}
"""Tokens after which a value must follow on the same line, unless brackets make newlines free."""

CONTINUES_VALUE = BINARY_OPERATORS - {"MINUS"} | {"QMARK", "COLON", "EQ", "DOT", "ATTR_SPLAT", "FOR_OBJECT_ARROW"}
"""Tokens that cannot begin a line."""

ENDS_VALUE = frozenset(
    {"NAME", "INT_LITERAL", "FLOAT_LITERAL", "RPAR", "RSQB", "RBRACE", "DBLQUOTE", "FULL_SPLAT_START"}
)
"""Tokens after which ``-`` subtracts."""
