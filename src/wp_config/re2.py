"""Regular expressions in RE2's syntax, run by Python's engine (hcl.md §12.3).

Python's ``re`` knows more (look-around, back-references, atomic groups) and some things differently; this module
refuses the former and rewrites the latter. RE2 never backtracks, Python's engine does, so the length of the texts
searched is bounded.
"""

from __future__ import annotations

import functools
import re

MAX_SUBJECT = 64 * 1024
"""Characters a pattern is matched against."""

MAX_PATTERN = 4096
"""Characters of a pattern."""

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7f",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_GROUP = re.compile(r"\(\?(?:P<[A-Za-z_][A-Za-z0-9_]*>|<[A-Za-z_][A-Za-z0-9_]*>|:|[imsU]*(?:-[imsU]+)?[:)])")
_NESTED_REPEAT = re.compile(r"\([^()]*[*+][^()]*\)[*+{]")
_PROPERTIES = {"L": "^\\W\\d_", "N": "\\d", "Nd": "\\d", "Lu": "A-ZÀ-ÖØ-ÞΑ-ΩА-Я", "Ll": "a-zß-öø-ÿα-ωа-я"}


class PatternError(ValueError):
    """The pattern is not RE2 syntax; the message says why."""


class Pattern:
    """A compiled pattern."""

    def __init__(self, compiled: re.Pattern[str]) -> None:
        self.groups = compiled.groups
        self.names = dict(compiled.groupindex)
        self._compiled = compiled

    def search(self, text: str) -> re.Match[str] | None:
        """The leftmost match. Raises :class:`PatternError` when the text is too long."""
        _check(text)
        return self._compiled.search(text)

    def all(self, text: str) -> list[re.Match[str]]:
        """All matches that do not overlap. Raises :class:`PatternError` when the text is too long."""
        _check(text)
        return list(self._compiled.finditer(text))


def _check(text: str) -> None:
    if len(text) > MAX_SUBJECT:
        raise PatternError(f"patterns are matched against at most {MAX_SUBJECT} characters")


@functools.lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """The compiled pattern. Raises :class:`PatternError`."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"a pattern has at most {MAX_PATTERN} characters")
    if _NESTED_REPEAT.search(pattern):
        raise PatternError("a repetition inside of a repeated group is not supported; it could take forever")
    try:
        return Pattern(re.compile(_translate(pattern), re.ASCII if pattern.isascii() else 0))
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(str(error)) from error


def _translate(pattern: str) -> str:
    answer: list[str] = []
    position, length = 0, len(pattern)
    end_of_text = "$" if re.search(r"\(\?[a-z]*m", pattern) else r"\Z"
    while position < length:
        char = pattern[position]
        if char == "\\":
            piece, position = _escape(pattern, position, in_class=False)
            answer.append(piece)
        elif char == "[":
            piece, position = _class(pattern, position)
            answer.append(piece)
        elif pattern.startswith("(?", position):
            found = _GROUP.match(pattern, position)
            if found is None:
                raise PatternError("look-around and other extended groups are not supported")
            piece = found.group().replace("(?<", "(?P<")
            if "U" in piece:
                raise PatternError("the flag U is not supported")
            answer.append(piece)
            position = found.end()
        elif char in "*+?}" and pattern[position + 1 : position + 2] == "+":
            raise PatternError("possessive repetition is not supported")
        elif char == "$":
            answer.append(end_of_text)
            position += 1
        else:
            answer.append(char)
            position += 1
    return "".join(answer)


def _escape(pattern: str, position: int, *, in_class: bool) -> tuple[str, int]:
    letter = pattern[position + 1 : position + 2]
    if not letter:
        raise PatternError("a backslash ends the pattern")
    if letter == "z":
        return r"\Z", position + 2
    if letter.isdigit() and letter != "0":
        raise PatternError("back-references are not supported")
    if letter == "Q":
        end = pattern.find("\\E", position)
        end = len(pattern) if end < 0 else end
        return re.escape(pattern[position + 2 : end]), end + 2
    if letter in "pP":
        found = re.compile(r"\{(\^?)(\w+)\}|(\w)").match(pattern, position + 2)
        name = (found.group(2) or found.group(3)) if found else ""
        if found is None or name not in _PROPERTIES or in_class:
            raise PatternError(f"the character class \\{letter}{name} is not supported")
        members = _PROPERTIES[name]
        negated = (letter == "P") != bool(found.group(1))
        flipped = members[1:] if members.startswith("^") else "^" + members
        return f"[{flipped if negated else members}]", found.end()
    if letter == "x" and pattern[position + 2 : position + 3] == "{":
        end = pattern.find("}", position)
        try:
            return re.escape(chr(int(pattern[position + 3 : end], 16))), end + 1
        except (ValueError, OverflowError) as error:
            raise PatternError("\\x{…} needs a hexadecimal character number") from error
    if letter.isalpha() and letter not in "abfnrtvxAbBdDsSwW":
        raise PatternError(f"the escape \\{letter} is not supported")
    return "\\" + letter, position + 2


def _class(pattern: str, start: int) -> tuple[str, int]:
    answer = ["["]
    position = start + 1
    if pattern.startswith("^", position):
        answer.append("^")
        position += 1
    first = True
    while position < len(pattern):
        char = pattern[position]
        if char == "]" and not first:
            return "".join([*answer, "]"]), position + 1
        first = False
        if pattern.startswith("[:", position):
            end = pattern.find(":]", position)
            name = pattern[position + 2 : end] if end > 0 else ""
            if name not in _POSIX:
                raise PatternError(f"there is no character class [:{name}:]")
            answer.append(_POSIX[name])
            position = end + 2
        elif char == "\\":
            piece, position = _escape(pattern, position, in_class=True)
            answer.append(piece)
        else:
            answer.append("\\" + char if char in "[]&~|" else char)
            position += 1
    raise PatternError("a character class is not closed")
