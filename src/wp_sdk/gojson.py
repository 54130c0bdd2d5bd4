"""Text as Go's `encoding/json` writes it, which differs from Python's in escapes and in the form of numbers.

For configurations of plugins: the specification asks for the very bytes (protocol specification 6.3).
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable

_LOW_EXPONENT = 1e-6
"""Go writes an exponent below this absolute value, and from `_HIGH_EXPONENT` on."""

_HIGH_EXPONENT = 1e21

# Escaped besides what JSON demands: for HTML, and for JavaScript.
_ALSO_ESCAPED = re.compile("[<>&\u2028\u2029\x7f]")


def string(value: str) -> str:
    """A JSON string."""
    plain = json.dumps(value, ensure_ascii=False).replace("\\b", "\\u0008").replace("\\f", "\\u000c")
    return _ALSO_ESCAPED.sub(lambda found: found[0] if found[0] == "\x7f" else f"\\u{ord(found[0]):04x}", plain)


def float64(value: float) -> str:
    """The shortest number that reads back as `value`."""
    return _number(repr(float(value)), value)


def float32(value: float) -> str:
    """The shortest number that reads back as `value` in single precision."""
    (single,) = struct.unpack("f", struct.pack("f", value))
    for digits in range(1, 10):
        shown = f"{single:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(shown)))[0] == single:
            return _number(shown, single)
    return _number(repr(single), single)


def _number(shown: str, value: float) -> str:
    mantissa, _, exponent = shown.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0") or "0"
    # The value is 0.digits times ten to the power of `point`.
    point = len(whole + fraction) - len(fraction) + int(exponent or 0)
    point -= len(whole + fraction) - len((whole + fraction).lstrip("0") or "0")
    digits = digits.rstrip("0") or "0"
    if digits == "0":
        return f"{sign}0"
    if _LOW_EXPONENT <= abs(value) < _HIGH_EXPONENT:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        if point >= len(digits):
            return f"{sign}{digits}{'0' * (point - len(digits))}"
        return f"{sign}{digits[:point]}.{digits[point:]}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    power = point - 1
    shown_power = f"-{-power}" if power < 0 else f"+{power:02d}"
    return f"{sign}{digits[0]}{rest}e{shown_power}"


def array(items: Iterable[str]) -> str:
    """A JSON array of items that are JSON already."""
    return f"[{','.join(items)}]"


def object_of(members: Iterable[tuple[str, str]]) -> str:
    """A JSON object of names and values that are JSON already, in the given order."""
    return "{" + ",".join(f"{string(name)}:{value}" for name, value in members) + "}"
