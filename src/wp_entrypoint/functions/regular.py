"""Functions of regular expressions."""

from __future__ import annotations

from wp_entrypoint.functions.signature import function
from wp_entrypoint.values import ExpressionError, List

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from wp_entrypoint.functions.signature import Value

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
MAX_SUBJECT = 64 * 1024
"""Characters that a pattern is looked for in."""


def _pattern(text: str) -> Any:
    """RE2's syntax as far as Python's means the same; the rest is refused."""
    import re

    for refused in (
        "(?=",
        "(?!",
        "(?<",
        "(?>",
        "(?(",
        "(?P=",
        "(?P>",
        "(?U",
        "(?#",
        "\\C",
        "\\Q",
        "\\p",
        "\\P",
        "++",
        "*+",
        "?+",
        "}+",
    ):
        if refused in text:
            raise ExpressionError("the pattern uses what is not known here")
    if re.search(r"(?<!\\)(?:\\\\)*\\[1-9]", text):
        raise ExpressionError("the pattern refers back, which is not known here")
    text = re.sub(r"\[:(\w+):\]", lambda found: _POSIX.get(found[1], found[0]), text)
    if "[:" in text:
        raise ExpressionError("the pattern uses what is not known here")
    try:
        return re.compile(text.replace("\\z", "\\Z"), re.ASCII)
    except (re.error, RecursionError):
        raise ExpressionError("the pattern is not valid") from None


def _captured(found: Any) -> Value:
    if found.re.groupindex:
        if len(found.re.groupindex) != found.re.groups:
            raise ExpressionError("a pattern must not mix named and unnamed groups")
        return {name: found[name] for name in sorted(found.re.groupindex)}
    return list(found.groups()) if found.re.groups else found[0]


@function("string string")
def _regex(pattern: str, text: str) -> Value:
    if len(text) > MAX_SUBJECT:
        raise ExpressionError("the text is too long")
    found = _pattern(pattern).search(text)
    if found is None:
        raise ExpressionError("the pattern does not match")
    return _captured(found)


@function("string string")
def _regexall(pattern: str, text: str) -> Value:
    if len(text) > MAX_SUBJECT:
        raise ExpressionError("the text is too long")
    return List(_captured(found) for found in _pattern(pattern).finditer(text))
