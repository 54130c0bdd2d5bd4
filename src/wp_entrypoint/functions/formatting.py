"""`format` and `formatlist` (hcl.md §12.7)."""

from __future__ import annotations

import re

from wp_entrypoint.functions.encoding import json_text
from wp_entrypoint.functions.signature import function
from wp_entrypoint.values import (
    ExpressionError,
    List,
    digits_of,
    is_number,
    minus,
    number_of,
    power_of,
    text_of,
    times,
    to_whole,
    truth_of,
    whole_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from wp_entrypoint.functions.signature import Value
    from wp_entrypoint.values import Number

MAX_WIDTH = 4096
_VERB = re.compile(r"%([ +#0-]*)(\d+)?(?:\.(\d*))?(?:\[(\d+)\])?(.)?", re.DOTALL)
_PREFIXES = {"b": "0b", "d": "", "o": "0", "x": "0x", "X": "0X"}  # what "#" puts before whole numbers
_DIGITS = 6  # behind the point of %e and %f without a precision
_SHORTEST = 6  # digits before the point from which %g and %v use an exponent, when no precision is given


@function("string null*")
def _formatlist(text: str, *arguments: Value) -> list[str]:
    lists = {number: value for number, value in enumerate(arguments) if isinstance(value, list)}
    lengths = {len(value) for value in lists.values()}
    if len(lengths) > 1:
        raise ExpressionError("all lists must have the same length")
    rows = [
        [lists[number][row] if number in lists else value for number, value in enumerate(arguments)]
        for row in range(lengths.pop() if lengths else 1)
    ]
    return List(_format(text, *row) for row in rows)


@function("string null*")
def _format(text: str, *arguments: Value) -> str:
    """The text with its verbs replaced by the arguments. Raises ExpressionError."""
    pieces: list[str] = []
    position = following = used = 0
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
            following = int(index) - 1
        if not 0 <= following < len(arguments):
            raise ExpressionError("there are fewer arguments than verbs")
        if int(width or 0) > MAX_WIDTH or int(precision or 0) > MAX_WIDTH:
            raise ExpressionError(f"width and precision are at most {MAX_WIDTH}")
        digits = None if precision is None else int(precision or 0)
        pieces.append(_field(verb, flags, int(width or 0), digits, arguments[following]))
        following += 1
        used = max(used, following)
    if used < len(arguments):
        raise ExpressionError("there are more arguments than verbs")
    return "".join(pieces)


def _field(verb: str, flags: str, width: int, precision: int | None, value: Value) -> str:
    from wp_text import graphemes

    sign, text = _value(verb, flags, precision, value)
    missing = width - len(sign) - graphemes.width(text)
    if missing <= 0 or verb == "t":
        return sign + text
    zeros = "0" in flags and not (verb in _PREFIXES and precision is not None)
    if "-" in flags and not (zeros and verb in "eEfgG"):
        return sign + text + ("0" if zeros and verb in "sqv" else " ") * missing
    return sign + "0" * missing + text if zeros else " " * missing + sign + text


def _value(verb: str, flags: str, precision: int | None, value: Any) -> tuple[str, str]:
    """What stands before any zeros of one verb, and the rest of its text."""
    if verb == "v":
        if "#" in flags or value is None or isinstance(value, (list, dict)):
            return "", json_text(value)
        return "", "".join(_real("g", "", None, value)) if is_number(value) else text_of(value)
    if value is None:
        raise ExpressionError(f"%{verb} cannot show null")
    if verb == "t":
        return "", text_of(truth_of(value))
    if verb == "s":
        return "", _cut(text_of(value), precision)
    if verb == "q":
        return "", json_text(_cut(text_of(value), precision))
    if verb in _PREFIXES:
        whole = whole_of(value)
        digits = format(abs(whole), verb) if whole or precision != 0 else ""
        return _sign(whole < 0, flags) + _PREFIXES[verb] * ("#" in flags), digits.rjust(precision or 0, "0")
    if verb in "eEfgG":
        return _real(verb, flags, precision, number_of(value))
    raise ExpressionError(f'the verb "%{verb}" is not known')


def _real(verb: str, flags: str, precision: int | None, value: Number) -> tuple[str, str]:
    """The sign and the digits of a number that need not be whole."""
    if not value.denominator:
        return digits_of(value)[0], "Inf"
    sign, amount = _sign(value < 0, flags), minus(0, value) if value < 0 else value
    places = _DIGITS if precision is None else precision
    if verb == "f":
        text = str(to_whole(times(amount, 10**places))).rjust(places + 1, "0")
        return sign, text[: len(text) - places] + ("." + text[len(text) - places :] if places else "")
    text = _exponential(*_significant(amount, places + 1)) if verb in "eE" else _general(amount, precision)
    return sign, text.upper() if verb in "EG" else text


def _general(amount: Number, precision: int | None) -> str:
    """A number in the shorter form, with an exponent or without."""
    if precision is None:
        whole, _, part = digits_of(amount).partition(".")
        digits = (whole + part).strip("0")
        power = len(whole) - 1 if whole != "0" else -1 - (len(part) - len(part.lstrip("0")))
        limit = _SHORTEST
    else:
        digits, power = _significant(amount, max(precision, 1))
        digits = digits.rstrip("0")
        limit = max(precision, 1)
        limit = len(digits) if limit > len(digits) > power else limit
    if digits and (power < -4 or power >= limit):
        return _exponential(digits, power)
    if power < 0:
        return "0." + "0" * (-power - 1) + digits if digits else "0"
    whole = digits[: power + 1].ljust(power + 1, "0")
    return whole + ("." + digits[power + 1 :] if digits[power + 1 :] else "")


def _significant(amount: Number, count: int) -> tuple[str, int]:
    """A number's first digits, rounded, and the power of ten of the first one."""
    if amount == 0:
        return "0" * count, 0
    power = len(str(amount.numerator)) - len(str(amount.denominator))
    if amount < power_of(10, power):
        power -= 1
    digits = str(to_whole(times(amount, power_of(10, count - 1 - power))))
    return (digits, power) if len(digits) == count else (digits[:count], power + 1)


def _exponential(digits: str, power: int) -> str:
    return digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e{power:+03d}"


def _sign(negative: bool, flags: str) -> str:
    return "-" if negative else "+" if "+" in flags else " " if " " in flags else ""


def _cut(text: str, precision: int | None) -> str:
    """The first characters; a precision of 0 counts as none, as in the reference."""
    from wp_text.graphemes import clusters

    return "".join(list(clusters(text))[:precision]) if precision else text
