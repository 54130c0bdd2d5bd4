"""``format`` and ``formatlist`` (hcl.md §12.7)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from wp_config import graphemes, numbers
from wp_config.convert import ConversionError, convert
from wp_config.functions.encoding import json_text
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import NUMBER, STRING, Type, Value, list_of, string

MAX_WIDTH = 4096
"""Widest field and longest precision."""

_VERB = re.compile(
    r"%(?P<flags>[ +#0-]*)(?P<width>\d+)?(?:\.(?P<precision>\d*))?(?:\[(?P<index>\d+)\])?(?P<verb>.)?", re.DOTALL
)
_WHOLE = {"b": "b", "d": "d", "o": "o", "x": "x", "X": "X"}


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
    position, following, highest, explicit = 0, 0, -1, False
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
            following, explicit = int(found.group("index")) - 1, True
        if not 0 <= following < len(arguments):
            raise FunctionError(f'there is no argument for "{found.group()}" at byte {byte}', 0)
        pieces.append(_field(found, verb, arguments[following], following, byte))
        highest = max(highest, following)
        following += 1
    if not explicit and highest + 1 < len(arguments):
        raise FunctionError("there are more arguments than verbs", highest + 2)
    return "".join(pieces)


def _field(found: re.Match[str], verb: str, value: Value, argument: int, byte: int) -> str:
    flags = found.group("flags")
    precision = int(found.group("precision") or 0) if found.group("precision") is not None else None
    width = int(found.group("width") or 0)
    if width > MAX_WIDTH or (precision or 0) > MAX_WIDTH:
        raise FunctionError(f"width and precision are at most {MAX_WIDTH}", 0)
    text, numeric = _value(verb, flags, precision, value, argument, byte)
    missing = width - graphemes.width(text)
    if missing <= 0:
        return text
    if "-" in flags:
        return text + " " * missing
    if "0" in flags and numeric:
        sign = text[:1] if text[:1] in "+- " else ""
        return sign + "0" * missing + text[len(sign) :]
    return " " * missing + text


def _value(verb: str, flags: str, precision: int | None, value: Value, argument: int, byte: int) -> tuple[str, bool]:
    """The text of one verb and whether it is a number."""
    if verb == "v":
        if "#" in flags or value.is_null or not value.type.is_primitive:
            return json_text(value), False
        text = _converted(value, STRING, argument).text
        return (_signed(text, flags), True) if value.type.kind == "number" else (_cut(text, precision), False)
    if value.is_null:
        raise FunctionError(f"%{verb} cannot show null", argument + 1)
    if verb == "t":
        return _converted(_converted(value, Type("bool"), argument), STRING, argument).text, False
    if verb == "s":
        return _cut(_converted(value, STRING, argument).text, precision), False
    if verb == "q":
        return json_text(string(_cut(_converted(value, STRING, argument).text, precision))), False
    if verb in "xX" and value.type.kind == "string":
        digits = value.text.encode().hex()
        return (digits if verb == "x" else digits.upper()), False
    if verb in _WHOLE:
        whole = _converted(value, NUMBER, argument).number
        if not isinstance(whole, int):
            raise FunctionError("a whole number is required", argument + 1)
        return _signed(format(whole, _WHOLE[verb]), flags), True
    if verb in "eEfgG":
        return _signed(_real(verb, precision, _converted(value, NUMBER, argument).number), flags), True
    raise FunctionError(f'the verb "%{verb}" at byte {byte} is not supported', 0)


def _real(verb: str, precision: int | None, value: int | Fraction | float) -> str:
    if isinstance(value, float):
        return numbers.render(value)
    if verb == "f":
        digits = 6 if precision is None else precision
        scaled = round(Fraction(value) * 10**digits)
        text = str(abs(scaled)).rjust(digits + 1, "0")
        whole = text[: len(text) - digits] + ("." + text[len(text) - digits :] if digits else "")
        return "-" + whole if scaled < 0 else whole
    if precision is None and verb in "gG":
        shortest = repr(float(value)).removesuffix(".0")
        return shortest.upper() if verb == "G" else shortest
    return format(float(value), f".{6 if precision is None else precision}{verb}")


def _signed(text: str, flags: str) -> str:
    if text.startswith("-"):
        return text
    return "+" + text if "+" in flags else " " + text if " " in flags else text


def _cut(text: str, precision: int | None) -> str:
    return text if precision is None else "".join(list(graphemes.clusters(text))[:precision])


def _converted(value: Value, kind: Type, argument: int) -> Value:
    try:
        return convert(value, kind)
    except ConversionError as error:
        raise FunctionError(str(error), argument + 1) from error
