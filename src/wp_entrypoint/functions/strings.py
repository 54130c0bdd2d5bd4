"""Functions of texts, which are made of characters as people count them."""

from __future__ import annotations

from wp_entrypoint.functions.signature import bounded, function
from wp_entrypoint.values import ExpressionError, List

MAX_SPACES = 1024


_PICTURES = (
    "\xa9\xa9\xae\xae\u203c\u203c\u2049\u2049\u2122\u2122\u2139\u2139\u2194\u2199\u21a9\u21aa\u231a\u231b\u2328\u2328\u2388\u2388"
    "\u23cf\u23cf\u23e9\u23f3\u23f8\u23fa\u24c2\u24c2\u25aa\u25ab\u25b6\u25b6\u25c0\u25c0\u25fb\u25fe\u2600\u2605\u2607\u2612"
    "\u2614\u2685\u2690\u2705\u2708\u2712\u2714\u2714\u2716\u2716\u271d\u271d\u2721\u2721\u2728\u2728\u2733\u2734\u2744\u2744"
    "\u2747\u2747\u274c\u274c\u274e\u274e\u2753\u2755\u2757\u2757\u2763\u2767\u2795\u2797\u27a1\u27a1\u27b0\u27b0\u27bf\u27bf"
    "\u2934\u2935\u2b05\u2b07\u2b1b\u2b1c\u2b50\u2b50\u2b55\u2b55\u3030\u3030\u303d\u303d\u3297\u3297\u3299\u3299"
    "\U0001f000\U0001f0ff\U0001f10d\U0001f10f\U0001f12f\U0001f12f\U0001f16c\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f18e"
    "\U0001f191\U0001f19a\U0001f1ad\U0001f1e5\U0001f201\U0001f20f\U0001f21a\U0001f21a\U0001f22f\U0001f22f\U0001f232\U0001f23a"
    "\U0001f23c\U0001f23f\U0001f249\U0001f3fa\U0001f400\U0001f53d\U0001f546\U0001f64f\U0001f680\U0001f6ff\U0001f774\U0001f77f"
    "\U0001f7d5\U0001f7ff\U0001f80c\U0001f80f\U0001f848\U0001f84f\U0001f85a\U0001f85f\U0001f888\U0001f88f\U0001f8ae\U0001f8ff"
    "\U0001f90c\U0001f93a\U0001f93c\U0001f945\U0001f947\U0001faff\U0001fc00\U0001fffd"
)
"""First and last of each range of pictographs (Extended_Pictographic), in order."""


def clusters(text: str) -> list[str]:
    """The characters as people count them (UAX 29 as far as configuration meets it)."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    found: list[str] = []
    start, flags = 0, 0
    for index in range(1, len(text)):
        before, char = text[index - 1], text[index]
        flags = flags + 1 if _is_flag(before) else 0
        joined = (
            (before == "\r" and char == "\n")
            or (_extends(char) and not _is_control(before))
            or (before == "\u200d" and _is_picture(char) and _is_picture(text[start]))
            or (_is_flag(char) and flags % 2 == 1)
            or _hangul_joins(before, char)
        )
        if not joined:
            found.append(text[start:index])
            start = index
    found.append(text[start:])
    return found


def _extends(char: str) -> bool:
    if char < "\u0300":
        return False
    from unicodedata import category

    return (
        category(char) in ("Mn", "Me", "Mc")
        or char in ("\u200d", "\u200c", "\u0e33", "\u0eb3")
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
    )


def _is_control(char: str) -> bool:
    from unicodedata import category

    return category(char) in ("Cc", "Cf", "Zl", "Zp") and not _extends(char)


def _is_picture(char: str) -> bool:
    from bisect import bisect_left

    position = bisect_left(_PICTURES, char)
    return position < len(_PICTURES) and (position % 2 == 1 or _PICTURES[position] == char)


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


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
    return "".join(reversed(clusters(text)))


@function("string whole whole")
def _substr(text: str, offset: int, length: int) -> str:
    found = clusters(text)
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
