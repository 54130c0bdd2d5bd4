"""``format`` and ``formatlist`` (hcl.md §12.7)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from wp_config import numbers
from wp_config.convert import ConversionError, convert
from wp_config.functions.encoding import json_text
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import NUMBER, STRING, Type, Value, list_of, string
from wp_text import graphemes

MAX_WIDTH = 4096
"""Widest field and longest precision."""

_VERB = re.compile(
    r"%(?P<flags>[ +#0-]*)(?P<width>\d+)?(?:\.(?P<precision>\d*))?(?:\[(?P<index>\d+)\])?(?P<verb>.)?", re.DOTALL
)
_PREFIXES = {"b": "0b", "d": "", "o": "0", "x": "0x", "X": "0X"}
"""What ``#`` puts before whole numbers."""

_DIGITS = 6
"""Digits behind the point of ``%e`` and ``%f`` without a precision."""

_SHORTEST = 6
"""Digits before the point from which ``%g`` and ``%v`` use an exponent, when no precision is given."""


@function("format(format: string, arguments: any?...)")
def _format(_: Invocation, text: Value, *arguments: Value) -> Value:
    """Text with verbs such as ``%s``, ``%05d`` or ``%[2]q`` replaced by arguments."""
    return string(formatted(text.text, arguments))


@function("formatlist(format: string, arguments: any?...)")
def _formatlist(_: Invocation, text: Value, *arguments: Value) -> Value:
    """``format`` once for each element of the list arguments, which go side by side."""
    lists = [(i, value.elements) for i, value in enumerate(arguments) if value.type.is_sequence and not value.is_null]
    lengths = {len(elements) for _, elements in lists}
    if len(lengths) > 1:
        raise FunctionError("all lists must have the same length", lists[-1][0] + 1)
    rounds = lengths.pop() if lengths else 1
    answer = []
    for position in range(rounds):
        row = list(arguments)
        for i, elements in lists:
            row[i] = elements[position]
        answer.append(string(formatted(text.text, row)))
    return list_of(STRING, answer)


def formatted(text: str, arguments: Sequence[Value]) -> str:
    """The text with its verbs replaced. Raises :class:`FunctionError`."""
    pieces: list[str] = []
    position, following, highest = 0, 0, -1
    while True:
        start = text.find("%", position)
        if start < 0:
            pieces.append(text[position:])
            break
        pieces.append(text[position:start])
        found = _VERB.match(text, start)
        assert found is not None
        position = found.end()
        verb = found.group("verb")
        byte = len(text[:start].encode())
        if verb is None:
            raise FunctionError(f"the verb at byte {byte} is not complete", 0)
        if verb == "%":
            pieces.append("%")
            continue
        if found.group("index"):
            following = int(found.group("index")) - 1
        if not 0 <= following < len(arguments):
            raise FunctionError(f'there is no argument for "{found.group()}" at byte {byte}', 0)
        pieces.append(_field(found, verb, arguments[following], following, byte))
        highest = max(highest, following)
        following += 1
    if highest + 1 < len(arguments):
        raise FunctionError("there are more arguments than verbs", highest + 2)
    return "".join(pieces)


def _field(found: re.Match[str], verb: str, value: Value, argument: int, byte: int) -> str:
    flags = found.group("flags")
    precision = int(found.group("precision") or 0) if found.group("precision") is not None else None
    width = int(found.group("width") or 0)
    if width > MAX_WIDTH or (precision or 0) > MAX_WIDTH:
        raise FunctionError(f"width and precision are at most {MAX_WIDTH}", 0)
    sign, text = _value(verb, flags, precision, value, argument, byte)
    missing = width - len(sign) - graphemes.width(text)
    if missing <= 0 or verb == "t":
        return sign + text
    zeros = "0" in flags and not (verb in _PREFIXES and precision is not None)
    if "-" in flags and not (zeros and verb in "eEfgG"):
        return sign + text + ("0" if zeros and verb in "sqv" else " ") * missing
    if zeros:
        return sign + "0" * missing + text
    return " " * missing + sign + text


def _value(verb: str, flags: str, precision: int | None, value: Value, argument: int, byte: int) -> tuple[str, str]:
    """What stands before any zeros of one verb, and the rest of its text."""
    if verb == "v":
        if "#" in flags or value.is_null or not value.type.is_primitive:
            return "", json_text(value)
        if value.type.kind == "number":
            return "", "".join(_real("g", "", None, value.number))
        return "", _converted(value, STRING, argument).text
    if value.is_null:
        raise FunctionError(f"%{verb} cannot show null", argument + 1)
    if verb == "t":
        return "", _converted(_converted(value, Type("bool"), argument), STRING, argument).text
    if verb == "s":
        return "", _cut(_converted(value, STRING, argument).text, precision)
    if verb == "q":
        return "", json_text(string(_cut(_converted(value, STRING, argument).text, precision)))
    if verb in _PREFIXES:
        whole = _converted(value, NUMBER, argument).number
        if not isinstance(whole, int):
            raise FunctionError("a whole number is required", argument + 1)
        prefix = _PREFIXES[verb] if "#" in flags else ""
        digits = format(abs(whole), verb) if whole or precision != 0 else ""
        return _sign(whole < 0, flags) + prefix, digits.rjust(precision or 0, "0")
    if verb in "eEfgG":
        return _real(verb, flags, precision, _converted(value, NUMBER, argument).number)
    raise FunctionError(f'the verb "%{verb}" at byte {byte} is not supported', 0)


def _real(verb: str, flags: str, precision: int | None, value: int | Fraction | float) -> tuple[str, str]:
    """The sign and the digits of a number that need not be whole."""
    if isinstance(value, float):
        return "+" if value > 0 else "-", "Inf"
    sign, amount = _sign(value < 0, flags), abs(Fraction(value))
    if verb == "f":
        return sign, _plain(amount, _DIGITS if precision is None else precision)
    if verb in "eE":
        count = (_DIGITS if precision is None else precision) + 1
        digits, power = _significant(amount, count)
        text = _exponential(digits, power)
    else:
        text = _general(amount, precision)
    return sign, text.upper() if verb in "EG" else text


def _plain(amount: Fraction, places: int) -> str:
    """A number with so many digits behind the point."""
    text = str(round(amount * 10**places)).rjust(places + 1, "0")
    return text[: len(text) - places] + ("." + text[len(text) - places :] if places else "")


def _general(amount: Fraction, precision: int | None) -> str:
    """A number in the shorter form, with an exponent or without."""
    if precision is None:
        whole, _, part = numbers.render(amount.numerator if amount.denominator == 1 else amount).partition(".")
        digits = (whole + part).strip("0")
        power = len(whole.lstrip("0")) - 1 if whole != "0" else -1 - (len(part) - len(part.lstrip("0")))
        limit = _SHORTEST
    else:
        digits, power = _significant(amount, max(precision, 1))
        digits = digits.rstrip("0")
        limit = max(precision, 1)
        limit = len(digits) if limit > len(digits) > power else limit
    if amount and (power < -4 or power >= limit):
        return _exponential(digits, power)
    if power < 0:
        return "0." + "0" * (-power - 1) + digits if digits else "0"
    whole = digits[: power + 1].ljust(power + 1, "0")
    return whole + ("." + digits[power + 1 :] if digits[power + 1 :] else "")


def _significant(amount: Fraction, count: int) -> tuple[str, int]:
    """A number's first digits, rounded, and the power of ten of the first one."""
    if not amount:
        return "0" * count, 0
    power = len(str(amount.numerator)) - len(str(amount.denominator))
    if amount < Fraction(10) ** power:
        power -= 1
    digits = str(round(amount / Fraction(10) ** (power - count + 1)))
    return (digits, power) if len(digits) == count else (digits[:count], power + 1)


def _exponential(digits: str, power: int) -> str:
    return digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e{power:+03d}"


def _sign(negative: bool, flags: str) -> str:
    return "-" if negative else "+" if "+" in flags else " " if " " in flags else ""


def _cut(text: str, precision: int | None) -> str:
    """The first grapheme clusters; a precision of 0 counts as none, as in the reference."""
    return "".join(list(graphemes.clusters(text))[:precision]) if precision else text


def _converted(value: Value, kind: Type, argument: int) -> Value:
    try:
        return convert(value, kind)
    except ConversionError as error:
        raise FunctionError(str(error), argument + 1) from error
