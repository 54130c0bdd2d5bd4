"""Functions of numbers."""

from __future__ import annotations

from wp_entrypoint.functions.signature import function
from wp_entrypoint.values import ExpressionError, minus, number_of, rounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.functions.signature import Value

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@function("number")
def _abs(value: Value) -> Value:
    return minus(0, value) if value < 0 else value


@function("number")
def _ceil(value: Value) -> Value:
    return -((-value.numerator) // value.denominator)


@function("number")
def _floor(value: Value) -> Value:
    return value.numerator // value.denominator


@function("number number")
def _log(value: Value, base: Value) -> Value:
    import math

    return number_of(repr(math.log(float(value)) / math.log(float(base))))


@function("number number")
def _pow(value: Value, power: Value) -> Value:
    import math

    return number_of(repr(math.pow(float(value), float(power))))


@function("whole")
def _signum(value: Value) -> Value:
    return (value > 0) - (value < 0)


@function("number number*")
def _max(*values: Value) -> Value:
    return max(values)


@function("number number*")
def _min(*values: Value) -> Value:
    return min(values)


@function("any whole")
def _parseint(text: Value, base: int) -> Value:
    if not isinstance(text, str):
        raise ExpressionError("a string is required")
    if not 2 <= base <= len(_DIGITS):
        raise ExpressionError("the base must be from 2 to 62")
    digits = text.lower() if base <= 36 else text
    sign = -1 if digits.startswith("-") else 1
    digits = digits[1:] if digits[:1] in ("-", "+") else digits
    values = [_DIGITS.find(digit) for digit in digits]
    if not values or not all(0 <= value < base for value in values):
        raise ExpressionError(f"this is no whole number in base {base}")
    result = 0
    for value in values:
        result = result * base + value
    return rounded(sign * result)
