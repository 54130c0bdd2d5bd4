"""Functions of regular expressions."""

from __future__ import annotations

from wp_entrypoint.functions.signature import function
from wp_entrypoint.values import ExpressionError, List
from wp_text import re2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.functions.signature import Value


def _pattern(text: str) -> re2.Pattern:
    try:
        found = re2.compile_pattern(text)
    except re2.PatternError:
        raise ExpressionError("the pattern is not valid") from None
    if found.names and len(found.names) != found.groups:
        raise ExpressionError("a pattern must not mix named and unnamed groups")
    return found


def _captured(pattern: re2.Pattern, found: re2.Match) -> Value:
    if pattern.names:
        return {name: found.group(name) for name in sorted(pattern.names)}
    return list(found.groups()) if pattern.groups else found.group()


@function("string string")
def _regex(pattern: str, text: str) -> Value:
    compiled = _pattern(pattern)
    try:
        found = compiled.search(text)
    except re2.PatternError:
        raise ExpressionError("the text is too long for this pattern") from None
    if found is None:
        raise ExpressionError("the pattern does not match")
    return _captured(compiled, found)


@function("string string")
def _regexall(pattern: str, text: str) -> Value:
    compiled = _pattern(pattern)
    try:
        return List(_captured(compiled, found) for found in compiled.all(text))
    except re2.PatternError:
        raise ExpressionError("the text is too long for this pattern") from None
