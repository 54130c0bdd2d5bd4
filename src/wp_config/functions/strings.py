"""Text functions (hcl.md §12.3)."""

from __future__ import annotations

from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import STRING, Value, boolean, limited, list_of, string
from wp_text import graphemes


def _strings(texts: list[str]) -> Value:
    return list_of(STRING, [string(text) for text in texts])


def whole(value: Value, argument: int) -> int:
    """A number argument that must be whole."""
    if not isinstance(value.number, int):
        raise FunctionError("a whole number is required", argument)
    return value.number


@function("chomp(string: string)")
def _chomp(_: Invocation, text: Value) -> Value:
    """The text without new lines at its end."""
    return string(text.text.rstrip("\r\n"))


@function("indent(spaces: number, string: string)")
def _indent(_: Invocation, spaces: Value, text: Value) -> Value:
    """The text with spaces put after each new line."""
    count = whole(spaces, 0)
    if not 0 <= count <= 1024:
        raise FunctionError("the number of spaces must be from 0 to 1024", 0)
    limited(len(text.text) + text.text.count("\n") * count)
    return string(text.text.replace("\n", "\n" + " " * count))


@function("join(separator: string, lists: list(string)...)")
def _join(_: Invocation, separator: Value, *lists: Value) -> Value:
    """All elements of the lists in one text."""
    if not lists:
        raise FunctionError("at least one list is required")
    texts: list[str] = []
    for position, value in enumerate(lists):
        for item in value.elements:
            if item.is_null:
                raise FunctionError("a list element is null", position + 1)
            texts.append(item.text)
    limited(sum(map(len, texts)) + len(separator.text) * len(texts))
    return string(separator.text.join(texts))


@function("split(separator: string, string: string)")
def _split(_: Invocation, separator: Value, text: Value) -> Value:
    """The pieces of a text between separators."""
    if not separator.text:
        return _strings(list(text.text) if text.text else [])
    return _strings(text.text.split(separator.text))


@function("lower(string: string)")
def _lower(_: Invocation, text: Value) -> Value:
    """The text in lower case."""
    return string("".join(_one(char, char.lower()) for char in text.text.replace("\u0130", "i")))


@function("upper(string: string)")
def _upper(_: Invocation, text: Value) -> Value:
    """The text in upper case."""
    return string("".join(_one(_one(char, char.title()), char.upper()) for char in text.text))


def _one(char: str, mapped: str) -> str:
    """Case mapping goes code point by code point; what would become several stays (``ß``)."""
    return mapped if len(mapped) == 1 else char


@function("title(string: string)")
def _title(_: Invocation, text: Value) -> Value:
    """The text with the first letter of each word in title case."""
    answer: list[str] = []
    separated = True
    for char in text.text:
        answer.append(_one(char, char.title()) if separated else char)
        separated = not (char.isalnum() or char == "_") if char.isascii() else char.isspace()
    return string("".join(answer))


@function("replace(string: string, substring: string, replacement: string)")
def _replace(_: Invocation, text: Value, old: Value, new: Value) -> Value:
    """The text with every occurrence of a piece replaced; no regular expressions."""
    limited(len(text.text) + text.text.count(old.text) * (len(new.text) - len(old.text)))
    return string(text.text.replace(old.text, new.text))


@function("strrev(string: string)")
def _strrev(_: Invocation, text: Value) -> Value:
    """The text backwards, by grapheme cluster."""
    return string("".join(reversed(list(graphemes.clusters(text.text)))))


@function("substr(string: string, offset: number, length: number)")
def _substr(_: Invocation, text: Value, offset: Value, length: Value) -> Value:
    """A piece of a text, in grapheme clusters; a negative offset counts from the end, length -1 takes the rest."""
    start, count = whole(offset, 1), whole(length, 2)
    found = list(graphemes.clusters(text.text))
    if start < 0:
        start = max(0, len(found) + start)
    return string("".join(found[start:] if count < 0 else found[start : start + count]))


@function("trim(string: string, characters: string)")
def _trim(_: Invocation, text: Value, characters: Value) -> Value:
    """The text without any of the characters at both ends."""
    return string(text.text.strip(characters.text) if characters.text else text.text)


@function("trimprefix(string: string, prefix: string)")
def _trimprefix(_: Invocation, text: Value, prefix: Value) -> Value:
    """The text without a beginning, if it has it."""
    return string(text.text.removeprefix(prefix.text))


@function("trimsuffix(string: string, suffix: string)")
def _trimsuffix(_: Invocation, text: Value, suffix: Value) -> Value:
    """The text without an end, if it has it."""
    return string(text.text.removesuffix(suffix.text))


@function("trimspace(string: string)")
def _trimspace(_: Invocation, text: Value) -> Value:
    """The text without white space at both ends."""
    return string(text.text.strip())


@function("startswith(string: string, prefix: string)")
def _startswith(_: Invocation, text: Value, prefix: Value) -> Value:
    """Whether a text begins with another."""
    return boolean(text.text.startswith(prefix.text))


@function("endswith(string: string, suffix: string)")
def _endswith(_: Invocation, text: Value, suffix: Value) -> Value:
    """Whether a text ends with another."""
    return boolean(text.text.endswith(suffix.text))


@function("strcontains(string: string, substring: string)")
def _strcontains(_: Invocation, text: Value, piece: Value) -> Value:
    """Whether a text holds another."""
    return boolean(piece.text in text.text)
