"""Text as people count it: grapheme clusters.

Columns in diagnostics, alignment in ``fmt`` and the string functions all count user-perceived characters (hcl.md
§14.12, §12.3). The rules are those of UAX 29 as far as configuration text meets them: combining marks, joiners,
variation selectors, emoji modifiers, regional indicator pairs, Hangul syllables and CR LF.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_ZWJ = "\u200d"
_EXTENDING_CATEGORIES = frozenset({"Mn", "Me", "Mc"})


def _extends(char: str) -> bool:
    if char < "\u0300":
        return False
    return unicodedata.category(char) in _EXTENDING_CATEGORIES or char in (_ZWJ, "\u200c") or "🏻" <= char <= "🏿"


def _is_regional(char: str) -> bool:
    return "🇦" <= char <= "🇿"


def _hangul_joins(before: str, after: str) -> bool:
    leading = "\u1100" <= before <= "\u115f"
    vowel = "\u1160" <= before <= "\u11a7"
    syllable = "\uac00" <= before <= "\ud7a3"
    after_vowel = "\u1160" <= after <= "\u11a7"
    after_trailing = "\u11a8" <= after <= "\u11ff"
    if leading:
        return "\u1100" <= after <= "\u11a7" or "\uac00" <= after <= "\ud7a3"
    if vowel or syllable:
        return after_vowel or after_trailing
    return "\u11a8" <= before <= "\u11ff" and after_trailing


def clusters(text: str) -> Iterator[str]:
    """Yield the grapheme clusters of ``text`` in order; their concatenation is ``text``."""
    if text.isascii() and "\r\n" not in text:
        yield from text
        return
    start, regional = 0, 0
    for index in range(1, len(text)):
        before, char = text[index - 1], text[index]
        regional = regional + 1 if _is_regional(before) else 0
        joined = (
            (before == "\r" and char == "\n")
            or (_extends(char) and before not in "\r\n")
            or (before == _ZWJ and char > "\u2000")
            or (_is_regional(char) and regional % 2 == 1)
            or _hangul_joins(before, char)
        )
        if not joined:
            yield text[start:index]
            start = index
    if text:
        yield text[start:]


def width(text: str) -> int:
    """The number of grapheme clusters in ``text``."""
    if text.isascii() and "\r" not in text:
        return len(text)
    return sum(1 for _ in clusters(text))
