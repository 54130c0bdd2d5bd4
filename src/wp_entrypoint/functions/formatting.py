"""`format` and `formatlist` (hcl.md §12.7)."""

from __future__ import annotations

import re

from wp_entrypoint.functions.encoding import json_text
from wp_entrypoint.functions.signature import function
from wp_entrypoint.functions.strings import clusters
from wp_entrypoint.values import ExpressionError, is_number, number_of, text_of, times, to_whole, truth_of, whole_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from wp_entrypoint.functions.signature import Value
    from wp_entrypoint.values import Number

MAX_WIDTH = 4096
_VERB = re.compile(r"%([ +#0-]*)(\d+)?(?:\.(\d*))?(?:\[(\d+)\])?(.)?", re.DOTALL)


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
    return [_format(text, *row) for row in rows]


@function("string null*")
def _format(text: str, *arguments: Value) -> str:
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
