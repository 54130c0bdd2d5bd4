"""Number functions (hcl.md §12.3)."""

from __future__ import annotations

import math
from fractions import Fraction

from wp_config import numbers
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import Value, number

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@function("abs(number: number)")
def _abs(_: Invocation, value: Value) -> Value:
    """The number without its sign."""
    return number(-value.number if value.number < 0 else value.number)


@function("ceil(number: number)")
def _ceil(_: Invocation, value: Value) -> Value:
    """The smallest whole number that is not less."""
    return number(value.number if isinstance(value.number, float) else math.ceil(value.number))


@function("floor(number: number)")
def _floor(_: Invocation, value: Value) -> Value:
    """The largest whole number that is not greater."""
    return number(value.number if isinstance(value.number, float) else math.floor(value.number))


@function("log(number: number, base: number)")
def _log(_: Invocation, value: Value, base: Value) -> Value:
    """The logarithm of a number to a base."""
    try:
        return number(numbers.from_float(math.log(float(value.number)) / math.log(float(base.number))))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise FunctionError("the logarithm is not defined for these numbers") from error


@function("pow(number: number, power: number)")
def _pow(_: Invocation, value: Value, power: Value) -> Value:
    """A number to a power."""
    try:
        return number(numbers.from_float(math.pow(float(value.number), float(power.number))))
    except ValueError as error:
        raise FunctionError("the power is not defined for these numbers") from error
    except OverflowError as error:
        raise FunctionError("the result is too large") from error


@function("signum(number: integer)")
def _signum(_: Invocation, value: Value) -> Value:
    """-1, 0 or 1, like the sign of a whole number."""
    return number((value.number > 0) - (value.number < 0))


@function("max(numbers: number...)")
def _max(_: Invocation, *values: Value) -> Value:
    """The greatest of the numbers."""
    return number(_extreme(values, largest=True))


@function("min(numbers: number...)")
def _min(_: Invocation, *values: Value) -> Value:
    """The least of the numbers."""
    return number(_extreme(values, largest=False))


def _extreme(values: tuple[Value, ...], *, largest: bool) -> int | Fraction | float:
    if not values:
        raise FunctionError("at least one number is required")
    found = [value.number for value in values]
    return max(found) if largest else min(found)


@function("parseint(number: any, base: number)")
def _parseint(_: Invocation, text: Value, base: Value) -> Value:
    """The whole number a text spells in a base from 2 to 62."""
    radix = base.number
    if text.type.kind != "string":
        raise FunctionError("a string is required", 0)
    if not isinstance(radix, int) or not 2 <= radix <= len(_DIGITS):
        raise FunctionError("the base must be a whole number from 2 to 62", 1)
    digits = text.text.lower() if radix <= 36 else text.text
    sign, digits = (-1, digits[1:]) if digits[:1] == "-" else (1, digits.removeprefix("+"))
    result = 0
    for digit in digits:
        value = _DIGITS.find(digit)
        if not 0 <= value < radix:
            raise FunctionError(f'"{text.text}" is no whole number in base {radix}', 0)
        result = result * radix + value
    if not digits:
        raise FunctionError(f'"{text.text}" is no whole number in base {radix}', 0)
    return number(numbers.rounded(sign * result))
