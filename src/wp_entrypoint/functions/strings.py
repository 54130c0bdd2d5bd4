"""Functions of texts, which are made of characters as people count them."""

from __future__ import annotations

from wp_entrypoint.functions.signature import bounded, function
from wp_entrypoint.values import ExpressionError

MAX_SPACES = 1024


def clusters(text: str) -> list[str]:
    """The characters as people count them (UAX 29 as far as configuration meets it)."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    import unicodedata

    found: list[str] = []
    flags = 0
    for char in text:
        before = found[-1][-1] if found else ""
        flag = "\U0001f1e6" <= char <= "\U0001f1ff"
        joins = (
            (before == "\r" and char == "\n")
            or (before == "\u200d" and char > "\u2000")
            or (flag and flags % 2 == 1)
            or _hangul_joins(before, char)
            or (
                char >= "\u0300"
                and before not in ("\r", "\n")
                and (
                    unicodedata.category(char) in ("Mn", "Me", "Mc")
                    or char in "\u200c\u200d"
                    or "\U0001f3fb" <= char <= "\U0001f3ff"
                )
            )
        )
        flags = flags + 1 if flag else 0
        if before and joins:
            found[-1] += char
        else:
            found.append(char)
    return found


def _hangul_joins(before: str, after: str) -> bool:
    if "\u1100" <= before <= "\u115f":
        return "\u1100" <= after <= "\u11a7" or "\uac00" <= after <= "\ud7a3"
    if "\u1160" <= before <= "\u11a7" or "\uac00" <= before <= "\ud7a3":
        return "\u1160" <= after <= "\u11ff"
    return "\u11a8" <= before <= "\u11ff" and "\u11a8" <= after <= "\u11ff"


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
    return text.split(separator) if separator else list(text)


@function("string")
def _lower(text: str) -> str:
    return "".join(_one(char, char.lower()) for char in text)


@function("string")
def _upper(text: str) -> str:
    return "".join(_one(char, char.upper()) for char in text)


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
    return "".join(reversed(clusters(text)))


@function("string whole whole")
def _substr(text: str, offset: int, length: int) -> str:
    found = clusters(text)
    start = max(0, len(found) + offset) if offset < 0 else offset
    if length < -1:
        raise ExpressionError("the length must not be negative, except -1 for the rest")
    return "".join(found[start:] if length == -1 else found[start : start + length])


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
