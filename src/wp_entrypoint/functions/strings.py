"""Functions of texts, which are made of characters as people count them."""

from __future__ import annotations

from wp_entrypoint.functions.signature import bounded, function
from wp_entrypoint.values import ExpressionError, List

MAX_SPACES = 1024


def _one(char: str, mapped: str) -> str:
    return mapped if len(mapped) == 1 else char


@function("string")
def _chomp(text: str) -> str:
    return text.rstrip("\r\n")


@function("whole string")
def _indent(spaces: int, text: str) -> str:
    if not 0 <= spaces <= MAX_SPACES:
        raise ExpressionError(f"the number of spaces must be from 0 to {MAX_SPACES}")
    bounded(len(text) + text.count("\n") * spaces)
    return text.replace("\n", "\n" + " " * spaces)


@function("string strings strings*")
def _join(separator: str, *lists: list[str]) -> str:
    texts = [text for each in lists for text in each]
    bounded(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


@function("string string")
def _split(separator: str, text: str) -> list[str]:
    return List(text.split(separator) if separator else text)


@function("string")
def _lower(text: str) -> str:
    return "".join(_one(char, char.lower()) for char in text.replace("\u0130", "i"))


@function("string")
def _upper(text: str) -> str:
    return "".join(_one(_one(char, char.title()), char.upper()) for char in text)


@function("string")
def _title(text: str) -> str:
    answer = []
    separated = True
    for char in text:
        answer.append(_one(char, char.title()) if separated else char)
        separated = not (char.isalnum() or char == "_") if char.isascii() else char.isspace()
    return "".join(answer)


@function("string string string")
def _replace(text: str, old: str, new: str) -> str:
    bounded(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


@function("string")
def _strrev(text: str) -> str:
    from wp_text.graphemes import clusters

    return "".join(reversed(list(clusters(text))))


@function("string whole whole")
def _substr(text: str, offset: int, length: int) -> str:
    from wp_text.graphemes import clusters

    found = list(clusters(text))
    start = max(0, len(found) + offset) if offset < 0 else offset
    return "".join(found[start:] if length < 0 else found[start : start + length])


@function("string string")
def _trim(text: str, characters: str) -> str:
    return text.strip(characters) if characters else text


@function("string string")
def _trimprefix(text: str, prefix: str) -> str:
    return text[len(prefix) :] if text.startswith(prefix) else text


@function("string string")
def _trimsuffix(text: str, suffix: str) -> str:
    return text[: len(text) - len(suffix)] if suffix and text.endswith(suffix) else text


@function("string")
def _trimspace(text: str) -> str:
    return text.strip()


@function("string string")
def _startswith(text: str, prefix: str) -> bool:
    return text.startswith(prefix)


@function("string string")
def _endswith(text: str, suffix: str) -> bool:
    return text.endswith(suffix)


@function("string string")
def _strcontains(text: str, piece: str) -> bool:
    return piece in text
