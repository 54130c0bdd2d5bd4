"""Regular expressions in RE2's syntax (hcl.md §12.3)."""

from __future__ import annotations

from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import STRING, Value, list_of, null, object_of, string, tuple_of
from wp_text import re2


def _compiled(pattern: str) -> re2.Pattern:
    try:
        compiled = re2.compile_pattern(pattern)
    except re2.PatternError as error:
        raise FunctionError(f"the pattern is not valid: {error}", 0) from error
    if compiled.names and len(compiled.names) != compiled.groups:
        raise FunctionError("a pattern must not mix named and unnamed groups", 0)
    return compiled


def _text(value: str | None) -> Value:
    return null(STRING) if value is None else string(value)


def _captured(compiled: re2.Pattern, found: re2.Match) -> Value:
    if compiled.names:
        return object_of({name: _text(found.group(name)) for name in compiled.names})
    if compiled.groups:
        return tuple_of(_text(group) for group in found.groups())
    return _text(found.group())


@function("regex(pattern: string, string: string)")
def _regex(_: Invocation, pattern: Value, text: Value) -> Value:
    """The first match: a string, or its groups as a tuple or (when named) an object."""
    compiled = _compiled(pattern.text)
    try:
        found = compiled.search(text.text)
    except re2.PatternError as error:
        raise FunctionError(str(error), 1) from error
    if found is None:
        raise FunctionError("the pattern does not match", 1)
    return _captured(compiled, found)


@function("regexall(pattern: string, string: string)")
def _regexall(_: Invocation, pattern: Value, text: Value) -> Value:
    """All matches as a list."""
    compiled = _compiled(pattern.text)
    try:
        found = [_captured(compiled, match) for match in compiled.all(text.text)]
    except re2.PatternError as error:
        raise FunctionError(str(error), 1) from error
    return list_of(found[0].type if found else STRING, found)
