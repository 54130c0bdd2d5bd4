"""Points in time (hcl.md §12.3, §12.7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import Value, string

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|μs|ns)", re.ASCII)
_MINUTE = 60 * 10**9
_NANOSECONDS = {
    "h": 60 * _MINUTE,
    "m": _MINUTE,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ns": 1,
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _parsed(text: str, argument: int) -> tuple[datetime, str]:
    """The moment and its fraction of a second as it was written."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise FunctionError(f'"{text}" is no timestamp such as 2026-01-31T12:00:00Z', argument)
    zone: timezone = UTC
    if found.group(9):
        minutes = int(found.group(10)) * 60 + int(found.group(11))
        if minutes >= 24 * 60:
            raise FunctionError(f'"{text}" has no valid offset', argument)
        zone = timezone(timedelta(minutes=minutes if found.group(9) == "+" else -minutes))
    year, month, day, hour, minute, second = (int(found.group(i)) for i in range(1, 7))
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone), found.group(7) or ""
    except ValueError as error:
        raise FunctionError(f'"{text}" is no valid timestamp: {error}', argument) from error


@function("timeadd(timestamp: string, duration: string)")
def _timeadd(_: Invocation, moment: Value, duration: Value) -> Value:
    """A timestamp moved by a duration such as ``1h30m`` or ``-5m``, in whole seconds."""
    start, fraction = _parsed(moment.text, 0)
    nanoseconds = _nanoseconds(duration.text) + int((fraction + "0" * 9)[:9])
    try:
        end = start + timedelta(seconds=nanoseconds // 10**9)
    except OverflowError as error:
        raise FunctionError("the result lies outside of the years 1 to 9999", 1) from error
    return string(rfc3339(end))


def rfc3339(moment: datetime) -> str:
    """A moment with its zone, in whole seconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + _offset(moment, ":", "Z")


def _nanoseconds(text: str) -> int:
    sign, body = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if body == "0":
        return 0
    total, position = Fraction(0), 0
    for found in _DURATION.finditer(body):
        if found.start() != position:
            break
        amount = found.group(1)
        total += Fraction(f"0{amount}0" if "." in amount else amount) * _NANOSECONDS[found.group(2)]
        position = found.end()
    if position != len(body) or not body:
        raise FunctionError(f'"{text}" is no duration such as 1h30m or 10s', 1)
    return sign * int(total)


def _offset(moment: datetime, colon: str, zero: str) -> str:
    delta = moment.utcoffset() or timedelta()
    minutes = int(delta.total_seconds()) // 60
    if not minutes and zero:
        return zero
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}{colon}{abs(minutes) % 60:02d}"


@function("timestamp()", outside=True)
def _timestamp(call: Invocation) -> Value:
    """The current time in UTC; the same during one job."""
    return call.remember(("timestamp",), lambda: string(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")))


@function("formatdate(format: string, timestamp: string)")
def _formatdate(_: Invocation, layout: Value, moment: Value) -> Value:
    """A timestamp by a layout of ``YYYY``, ``MM``, ``DD``, ``hh``, ``mm``, ``ss``, ``ZZZZ`` …; other text stands in
    ``'…'``.
    """
    when, _fraction = _parsed(moment.text, 1)
    words = _words(when)
    text, pieces, position = layout.text, [], 0
    while position < len(text):
        char = text[position]
        if char == "'":
            literal, position = _quoted(text, position)
            pieces.append(literal)
            continue
        if not (char.isascii() and char.isalpha()):
            pieces.append(char)
            position += 1
            continue
        end = position
        while end < len(text) and text[end] == char:
            end += 1
        word = text[position:end]
        if word not in words:
            raise FunctionError(f'"{word}" means nothing in a date layout; put literal text in single quotes', 0)
        pieces.append(words[word])
        position = end
    return string("".join(pieces))


def _quoted(text: str, start: int) -> tuple[str, int]:
    if text[start + 1 : start + 2] == "'":
        return "'", start + 2
    position, pieces = start + 1, []
    while True:
        end = text.find("'", position)
        if end < 0:
            raise FunctionError("a single quote is not closed", 0)
        pieces.append(text[position:end])
        if text[end + 1 : end + 2] != "'":
            return "".join(pieces), end + 1
        pieces.append("'")
        position = end + 2


def _words(when: datetime) -> dict[str, str]:
    half = when.hour % 12 or 12
    name = "AM" if when.hour < 12 else "PM"
    month, day = _MONTHS[when.month - 1], _DAYS[when.weekday()]
    return {
        "YYYY": f"{when.year:04d}",
        "YY": f"{when.year % 100:02d}",
        "MMMM": month,
        "MMM": month[:3],
        "MM": f"{when.month:02d}",
        "M": str(when.month),
        "DD": f"{when.day:02d}",
        "D": str(when.day),
        "EEEE": day,
        "EEE": day[:3],
        "hh": f"{when.hour:02d}",
        "h": str(when.hour),
        "HH": f"{half:02d}",
        "H": str(half),
        "AA": name,
        "aa": name.lower(),
        "mm": f"{when.minute:02d}",
        "m": str(when.minute),
        "ss": f"{when.second:02d}",
        "s": str(when.second),
        "Z": _offset(when, ":", "Z"),
        "ZZZ": _offset(when, "", "UTC"),
        "ZZZZ": _offset(when, "", ""),
        "ZZZZZ": _offset(when, ":", ""),
    }
