"""Values as canonical source text: what variables, residual templates and messages show."""

from __future__ import annotations

import re
from fractions import Fraction

from wp_config import numbers
from wp_config.values import Value

_NAME = re.compile(r"[^\W\d][\w-]*")
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


class NoLiteral(ValueError):
    """The value cannot be written down: only ``dynamic(…)`` itself says what it is."""


def literal(value: Value) -> str:
    """An expression that evaluates to the known ``value`` (collections as tuples and objects). Raises
    :class:`NoLiteral`.
    """
    data = value.data
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, str):
        return quoted(data)
    if isinstance(data, tuple):
        return "[" + ", ".join(literal(item) for item in data) + "]"
    if isinstance(data, dict):
        return "{" + ", ".join(f"{key(name)} = {literal(item)}" for name, item in data.items()) + "}"
    if isinstance(data, float):
        return "(1 / 0)" if data > 0 else "(-1 / 0)"
    if isinstance(data, int | Fraction):
        return numbers.render(data)
    raise NoLiteral(f"{value.type.words} cannot be a part of another value")


def key(name: str) -> str:
    """An object key: bare when it is a name, else quoted."""
    return name if _NAME.fullmatch(name) and name != "for" else quoted(name)


def quoted(text: str) -> str:
    """A double-quoted string with everything escaped that would mean something else."""
    return '"' + escape_template("".join(_escape(char) for char in text)) + '"'


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char < " " or char == "\x7f":
        return f"\\u{ord(char):04x}"
    return char


def escape_template(text: str) -> str:
    """Text in which no template sequence begins."""
    return text.replace("${", "$${").replace("%{", "%%{")
