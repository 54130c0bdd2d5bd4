"""Text as people count it: grapheme clusters.

Columns in diagnostics, alignment in ``fmt`` and the string functions all count user-perceived characters (hcl.md
§14.12, §12.3). The rules are those of UAX 29 as far as configuration text meets them: combining marks, joiners,
variation selectors, emoji modifiers, regional indicator pairs, Hangul syllables and CR LF.
"""

from __future__ import annotations

import bisect
import unicodedata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_ZWJ = "\u200d"
_EXTENDING_CATEGORIES = frozenset({"Mn", "Me", "Mc"})
_CONTROL_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp"})
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


def _extends(char: str) -> bool:
    if char < "\u0300":
        return False
    return (
        unicodedata.category(char) in _EXTENDING_CATEGORIES
        or char in (_ZWJ, "\u200c", "\u0e33", "\u0eb3")
        or "🏻" <= char <= "🏿"
        or "\U000e0020" <= char <= "\U000e007f"
    )


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in _CONTROL_CATEGORIES and not _extends(char)


def _is_picture(char: str) -> bool:
    position = bisect.bisect_left(_PICTURES, char)
    return position < len(_PICTURES) and (position % 2 == 1 or _PICTURES[position] == char)


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
            or (_extends(char) and not _is_control(before))
            or (before == _ZWJ and _is_picture(char) and _is_picture(text[start]))
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
