"""The functions `format`, `formatdate` and `timeadd` of templates (hcl.md §12.7)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from wp_entrypoint.functions import clusters, json_text
from wp_entrypoint.values import (
    ExpressionError,
    is_number,
    number_of,
    plus,
    ratio,
    text_of,
    times,
    to_whole,
    truth_of,
    whole_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from wp_entrypoint.values import Number

MAX_WIDTH = 4096
_VERB = re.compile(r"%([ +#0-]*)(\d+)?(?:\.(\d*))?(?:\[(\d+)\])?(.)?", re.DOTALL)
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
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


def formatted(text: str, arguments: list[Any]) -> str:
    """The text with its verbs replaced by the arguments. Raises ExpressionError."""
    pieces: list[str] = []
    position = following = used = 0
    explicit = False
    while True:
        start = text.find("%", position)
        if start < 0:
            pieces.append(text[position:])
            break
        pieces.append(text[position:start])
        found = _VERB.match(text, start)
        assert found is not None
        position = found.end()
        flags, width, precision, index, verb = found.groups()
        if verb is None:
            raise ExpressionError("a verb is not complete")
        if verb == "%":
            pieces.append("%")
            continue
        if index:
            following, explicit = int(index) - 1, True
        if not 0 <= following < len(arguments):
            raise ExpressionError("there are fewer arguments than verbs")
        if int(width or 0) > MAX_WIDTH or int(precision or 0) > MAX_WIDTH:
            raise ExpressionError(f"width and precision are at most {MAX_WIDTH}")
        digits = None if precision is None else int(precision or 0)
        shown, numeric = _value(verb, flags, digits, arguments[following])
        pieces.append(_padded(shown, numeric, flags, int(width or 0)))
        following += 1
        used = max(used, following)
    if not explicit and used < len(arguments):
        raise ExpressionError("there are more arguments than verbs")
    return "".join(pieces)


def _padded(text: str, numeric: bool, flags: str, width: int) -> str:
    missing = width - len(clusters(text))
    if missing <= 0:
        return text
    if "-" in flags:
        return text + " " * missing
    if "0" in flags and numeric:
        sign = text[:1] if text[:1] in "+- " else ""
        return sign + "0" * missing + text[len(sign) :]
    return " " * missing + text


def _value(verb: str, flags: str, precision: int | None, value: Any) -> tuple[str, bool]:
    """The text of one verb, and whether it is a number."""
    if verb == "v":
        if "#" in flags or value is None or isinstance(value, (list, dict)):
            return json_text(value), False
        text = text_of(value)
        return (_signed(text, flags), True) if is_number(value) else (_cut(text, precision), False)
    if value is None:
        raise ExpressionError(f"%{verb} cannot show null")
    if verb == "t":
        return text_of(truth_of(value)), False
    if verb == "s":
        return _cut(text_of(value), precision), False
    if verb == "q":
        return json_text(_cut(text_of(value), precision)), False
    if verb in "xX" and isinstance(value, str):
        digits = value.encode().hex()
        return (digits if verb == "x" else digits.upper()), False
    if verb in "bdoxX":
        return _signed(format(whole_of(value), verb), flags), True
    if verb in "eEfgG":
        return _signed(_real(verb, precision, number_of(value)), flags), True
    raise ExpressionError(f'the verb "%{verb}" is not known')


def _real(verb: str, precision: int | None, value: Number) -> str:
    if verb == "f":
        digits = 6 if precision is None else precision
        scaled = to_whole(times(value, 10**digits))
        text = str(abs(scaled)).rjust(digits + 1, "0")
        whole = text[: len(text) - digits] + ("." + text[len(text) - digits :] if digits else "")
        return "-" + whole if scaled < 0 else whole
    if precision is None and verb in "gG":
        shortest = repr(float(value))
        shortest = shortest[:-2] if shortest.endswith(".0") else shortest
        return shortest.upper() if verb == "G" else shortest
    return format(float(value), f".{6 if precision is None else precision}{verb}")


def _signed(text: str, flags: str) -> str:
    if text.startswith("-"):
        return text
    return "+" + text if "+" in flags else " " + text if " " in flags else text


def _cut(text: str, precision: int | None) -> str:
    return text if precision is None else "".join(clusters(text)[:precision])


# Time


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


def moved(moment: str, duration: str) -> str:
    """A timestamp moved by a duration such as `1h30m`. Raises ExpressionError, or ValueError for a day there is not."""
    start, fraction = _parsed(moment)
    seconds, rest = divmod(_nanoseconds(duration) + int((fraction + "0" * 9)[:9]), 10**9)
    end = start + timedelta(seconds=seconds)
    digits = f".{rest:09d}".rstrip("0") if rest else ""
    return end.replace(tzinfo=None).isoformat() + digits + _offset(end, ":", "Z")


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


def dated(layout: str, moment: str) -> str:
    """A timestamp by a layout. Raises ExpressionError, or ValueError for a day there is not."""
    when, _ = _parsed(moment)
    words = _words(when)
    pieces: list[str] = []
    for found in re.finditer(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|([^A-Za-z])", layout):
        quoted, word, _, other = found.groups()
        if word is not None and word not in words:
            raise ExpressionError("a letter means nothing in a date layout; literal text stands in single quotes")
        if other == "'":
            raise ExpressionError("a single quote is not closed")
        pieces.append(quoted.replace("''", "'") if quoted is not None else words[word] if word is not None else other)
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
