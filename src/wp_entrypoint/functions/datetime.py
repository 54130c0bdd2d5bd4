"""Functions of moments: `timestamp`, `timeadd` and `formatdate` (hcl.md §12.7)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from wp_entrypoint.functions.signature import function
from wp_entrypoint.values import ExpressionError, plus, ratio, times

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.values import Number

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|μs|ns)", re.ASCII)
_NANOSECONDS = {
    "h": 3600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ns": 1,
}
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@function("")
def _timestamp() -> str:
    import time

    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _parsed(text: str) -> tuple[datetime, str]:
    """The moment, and its fraction of a second as it was written."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise ExpressionError("a timestamp such as 2026-01-31T12:00:00Z is required")
    zone = timezone.utc
    if found[9]:
        minutes = int(found[10]) * 60 + int(found[11])
        if minutes >= 24 * 60:
            raise ExpressionError("a timestamp has no valid offset")
        zone = timezone(timedelta(minutes=minutes if found[9] == "+" else -minutes))
    year, month, day, hour, minute, second = (int(found[number]) for number in range(1, 7))
    return datetime(year, month, day, hour, minute, second, tzinfo=zone), found[7] or ""


@function("string string")
def _timeadd(moment: str, duration: str) -> str:
    """A timestamp moved by a duration such as `1h30m`, in whole seconds. Raises ExpressionError, or ValueError for a
    day there is not.
    """
    start, fraction = _parsed(moment)
    nanoseconds = _nanoseconds(duration) + int((fraction + "0" * 9)[:9])
    end = start + timedelta(seconds=nanoseconds // 10**9)
    return end.replace(tzinfo=None).isoformat() + _offset(end, ":", "Z")


def _nanoseconds(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    body = text[1:] if text[:1] in ("-", "+") else text
    if body == "0":
        return 0
    total: Number = 0
    position = 0
    for found in _DURATION.finditer(body):
        if found.start() != position:
            break
        whole, _, part = found[1].partition(".")
        amount = ratio(int(f"0{whole}{part}"), 10 ** len(part))
        total = plus(total, times(amount, _NANOSECONDS[found[2]]))
        position = found.end()
    if position != len(body) or not body:
        raise ExpressionError("a duration such as 1h30m or 10s is required")
    return sign * (total.numerator // total.denominator)


def _offset(moment: datetime, colon: str, zero: str) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    if not minutes and zero:
        return zero
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{colon}{abs(minutes) % 60:02d}"


@function("string string")
def _formatdate(layout: str, moment: str) -> str:
    """A timestamp by a layout. Raises ExpressionError, or ValueError for a day there is not."""
    when, _ = _parsed(moment)
    words = _words(when)
    pieces: list[str] = []
    for found in re.finditer(r"('')|'((?:[^']|'')*)'|(([A-Za-z])\4*)|([^A-Za-z])", layout):
        quote, quoted, word, _, other = found.groups()
        if word is not None and word not in words:
            raise ExpressionError("a letter means nothing in a date layout; literal text stands in single quotes")
        if other == "'":
            raise ExpressionError("a single quote is not closed")
        literal = "'" if quote else other if quoted is None else quoted.replace("''", "'")
        pieces.append(literal if word is None else words[word])
    return "".join(pieces)


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
