"""Values of the configuration language as Python's own, and what they become (hcl.md §14.7, §14.8)."""

from __future__ import annotations

import re
from math import gcd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Union

    Number = Union[int, "Rational"]

PRECISION = 512
"""Bits of a number's mantissa."""
MAX_BITS = 13_000
"""Magnitude of the largest number, some 3 900 digits."""
MAX_DIGITS = 4000
"""Characters of a number's text that is read."""
MAX_TEXT = 16 * 2**20
"""Characters of the longest text that functions make."""
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,5})?")


class ExpressionError(ValueError):
    """A template has no value. The message names nothing of the values in it."""


class Set(list):  # type: ignore[type-arg]  # of anything
    """A set: its elements in order, each once."""


class List(list):  # type: ignore[type-arg]
    """A list whose elements have one type; any other list is a tuple of the language."""


class Map(dict):  # type: ignore[type-arg]
    """A map, whose values have one type; any other dict is an object of the language."""


class Lazy:
    """An object whose attributes are found when they are asked for."""

    def __init__(self, get: Callable[[str], Any], names: Callable[[], list[str]]) -> None:
        self.get = get
        self._names = names

    def all(self) -> dict[str, Any]:
        """All of it."""
        return {name: self.get(name) for name in sorted(self._names())}


class Rational:
    """A number that is not whole, exactly. (`fractions` would bring in `decimal`, of which the standalone executable
    could only have the one that is written in Python, and large.) Infinite ones are 1/0 and -1/0."""

    __slots__ = ("denominator", "numerator")

    def __init__(self, numerator: int, denominator: int) -> None:
        self.numerator = numerator
        self.denominator = denominator

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rational) and (self.numerator, self.denominator) == (
            other.numerator,
            other.denominator,
        )

    def __hash__(self) -> int:
        return hash((self.numerator, self.denominator))

    def __lt__(self, other: Number) -> bool:
        return self._compared(other) < 0

    def __gt__(self, other: Number) -> bool:
        return self._compared(other) > 0

    def _compared(self, other: Number) -> int:
        if not self.denominator and not other.denominator:
            return self.numerator - other.numerator
        return self.numerator * other.denominator - other.numerator * self.denominator

    def __float__(self) -> float:
        return self.numerator / self.denominator


def ratio(numerator: int, denominator: int) -> Number:
    """One whole number divided by another, in lowest terms; an int when that is one. Raises ExpressionError."""
    divisor = gcd(numerator, denominator) * (-1 if denominator < 0 else 1)
    if not divisor:
        raise ExpressionError("a division of zero by zero, or of infinite numbers, has no value")
    numerator //= divisor
    denominator //= divisor
    return numerator if denominator == 1 else Rational(numerator, denominator)


def plus(a: Number, b: Number) -> Number:
    """a + b, exactly. Raises ExpressionError."""
    if not a.denominator and a == b:
        return a
    return ratio(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)


def minus(a: Number, b: Number = 0) -> Number:
    """a - b, exactly. Raises ExpressionError."""
    return plus(a, ratio(-b.numerator, b.denominator))


def times(a: Number, b: Number) -> Number:
    """a * b, exactly. Raises ExpressionError."""
    return ratio(a.numerator * b.numerator, a.denominator * b.denominator)


def over(a: Number, b: Number) -> Number:
    """a / b, exactly. Raises ExpressionError."""
    return ratio(a.numerator * b.denominator, a.denominator * b.numerator)


def to_whole(value: Number) -> int:
    """The nearest whole number, half to even."""
    whole, rest = divmod(value.numerator, value.denominator)
    twice = 2 * rest - value.denominator
    return whole + (twice > 0 or (twice == 0 and whole % 2 == 1))


def is_number(value: object) -> bool:
    """Whether it is one, which a bool is not."""
    return isinstance(value, (int, Rational)) and not isinstance(value, bool)


def text_of(value: Any) -> str:
    """The value as a string. Raises ExpressionError."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Rational)):
        return digits_of(value)
    if value is None:
        raise ExpressionError("a value is null and cannot be part of a text")
    raise ExpressionError("a list or an object cannot be part of a text; jsonencode makes one of it")


def number_of(value: Any) -> Number:
    """The value as a number. Raises ExpressionError."""
    if isinstance(value, (int, Rational)) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value) and len(value) <= MAX_DIGITS:
        return _read(value)
    raise ExpressionError("a number is required")


def whole_of(value: Any) -> int:
    """The value as a whole number. Raises ExpressionError."""
    found = number_of(value)
    if isinstance(found, Rational):
        raise ExpressionError("a whole number is required")
    return found


def truth_of(value: Any) -> bool:
    """The value as a bool. Raises ExpressionError."""
    if isinstance(value, bool):
        return value
    if value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    raise ExpressionError("true or false is required")


def equal(left: Any, right: Any) -> bool:
    """Equality without conversion."""
    if isinstance(left, Lazy):
        left = left.all()
    if isinstance(right, Lazy):
        right = right.all()
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return type(left) is type(right) and len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return (
            type(left) is type(right)
            and left.keys() == right.keys()
            and all(equal(value, right[name]) for name, value in left.items())
        )
    return bool(type(left) is type(right) and left == right)


def normal(value: Any) -> Any:
    """Strings in the normal form that all of the language's have (NFC)."""
    if isinstance(value, str) and not value.isascii():
        from unicodedata import normalize

        return normalize("NFC", value)
    return type(value)(map(normal, value)) if type(value) in (list, List) else value


def _read(text: str) -> Number:
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, part = mantissa.partition(".")
    power = int(exponent or "0") - len(part)
    if abs(power) > MAX_DIGITS:
        raise ExpressionError("a number is too large or too small")
    digits = int(whole + part)
    return rounded(digits * 10**power if power >= 0 else ratio(digits, 10**-power))


def rounded(value: Number) -> Number:
    """A number with PRECISION bits, half to even; an int when it is whole. Raises ExpressionError."""
    size = abs(value.numerator).bit_length() - value.denominator.bit_length()
    if size > MAX_BITS:
        raise ExpressionError("a number is too large")
    if size < -MAX_BITS:
        return 0
    power_of_two = value.denominator & (value.denominator - 1) == 0
    if power_of_two and abs(value.numerator).bit_length() <= PRECISION:
        return value
    for shift in (PRECISION - size, PRECISION - size - 1):
        scaled = to_whole(times(value, power_of(2, shift)))
        if abs(scaled).bit_length() <= PRECISION:
            break
    return times(scaled, power_of(2, -shift))


def power_of(base: int, exponent: int) -> Number:
    """A power, exactly."""
    return base**exponent if exponent >= 0 else ratio(1, base**-exponent)


def digits_of(value: Number) -> str:
    """The fewest plain decimal digits that read back as this number."""
    if not value.denominator:
        return "+Inf" if value > 0 else "-Inf"
    if isinstance(value, int) and value.bit_length() <= PRECISION:
        return str(value)
    sign, exact = ("-", minus(0, value)) if value < 0 else ("", value)
    magnitude = len(str(exact.numerator)) - len(str(exact.denominator))

    def with_digits(count: int) -> Number:
        scale = power_of(10, count - magnitude)
        return over(to_whole(times(exact, scale)), scale)

    low, high = 1, 160
    while low < high:
        middle = (low + high) // 2
        if rounded(with_digits(middle)) == exact:
            high = middle
        else:
            low = middle + 1
    shown = with_digits(low)
    whole, rest = divmod(shown.numerator, shown.denominator)
    digits = []
    while rest:
        digit, rest = divmod(rest * 10, shown.denominator)
        digits.append(str(digit))
    return sign + str(whole) + ("." + "".join(digits) if digits else "")
