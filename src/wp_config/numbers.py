"""Numbers as exact as the language promises: 512 significant bits, round half even, rendered without exponent
(hcl.md §14.7).

A number is an ``int`` when it is whole, a ``Fraction`` otherwise, or a float infinity (from a division by zero).
"""

from __future__ import annotations

import math
from fractions import Fraction

PRECISION = 512
"""Bits of the mantissa."""

MAX_BITS = 13_000
"""Magnitude limit, about 3,900 decimal digits; larger numbers are refused because nothing could show them."""

Number = int | Fraction | float
"""``float`` only for the two infinities."""


class NumberTooLarge(ValueError):
    """The result does not fit any number this language shows."""


def rounded(value: Fraction | int) -> int | Fraction:
    """``value`` rounded to the precision; an int when the result is whole. Raises :class:`NumberTooLarge`."""
    if isinstance(value, int):
        if value.bit_length() <= PRECISION:
            return value
        value = Fraction(value)
    numerator, denominator = value.numerator, value.denominator
    if denominator == 1 and numerator.bit_length() <= PRECISION:
        return numerator
    bits = abs(numerator).bit_length() - denominator.bit_length()
    if abs(bits) > MAX_BITS:
        if bits < 0:
            return 0
        raise NumberTooLarge("number is too large")
    if denominator & (denominator - 1) == 0 and abs(numerator).bit_length() <= PRECISION:
        return value
    shift = PRECISION - bits
    result = _round_scaled(value, shift)
    if abs(result).bit_length() > PRECISION:
        shift -= 1
        result = _round_scaled(value, shift)
    exact = Fraction(result) / Fraction(2) ** shift
    return exact.numerator if exact.denominator == 1 else exact


def _round_scaled(value: Fraction, shift: int) -> int:
    return round(value * Fraction(2) ** shift)


MAX_DIGITS = 4000
"""Digits of a number's text that are read; far beyond 512 bits."""


def read(text: str) -> int | Fraction:
    """The exact value of a number's digits without a sign (hcl.md §14.1); an int when it is whole."""
    if text.isdigit() and len(text) <= MAX_DIGITS:
        return int(text)
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, part = mantissa.partition(".")
    power = max(-100_000, min(100_000, int(exponent[:8] or "0")))
    digits = (whole + part)[:MAX_DIGITS]
    scale = power - len(part) + len(whole + part) - len(digits)
    value = Fraction(int(digits or "0")) * Fraction(10) ** scale
    return value.numerator if value.denominator == 1 else value


def from_float(value: float) -> Number:
    """The number a 64-bit float stands for: the exact decimal of its shortest form."""
    if math.isinf(value):
        return value
    return rounded(Fraction(repr(value)))


def is_whole(value: Number) -> bool:
    """Whether ``value`` has no fractional part."""
    return isinstance(value, int)


def render(value: Number) -> str:
    """The shortest plain decimal digits that read back as ``value``; never an exponent."""
    if isinstance(value, int):
        return str(value) if value.bit_length() <= PRECISION else _shortest(Fraction(value))
    if isinstance(value, float):
        return "+Inf" if value > 0 else "-Inf"
    return _shortest(value)


def _shortest(value: Fraction) -> str:
    sign, value = ("-", -value) if value < 0 else ("", value)
    magnitude = len(str(value.numerator)) - len(str(value.denominator))
    low, high = 1, 160
    while low < high:
        middle = (low + high) // 2
        if rounded(_to_digits(value, middle, magnitude)) == value:
            high = middle
        else:
            low = middle + 1
    return sign + _plain(_to_digits(value, low, magnitude))


def _to_digits(value: Fraction, digits: int, magnitude: int) -> Fraction:
    # ``magnitude`` may be one too high, which costs at most one digit more than asked.
    scale = Fraction(10) ** (digits - magnitude)
    return Fraction(round(value * scale)) / scale


def _plain(value: Fraction) -> str:
    """Decimal digits of a value whose denominator has only the factors 2 and 5."""
    whole, rest = divmod(value.numerator, value.denominator)
    if not rest:
        return str(whole)
    digits = []
    while rest:
        digit, rest = divmod(rest * 10, value.denominator)
        digits.append(str(digit))
    return f"{whole}.{''.join(digits)}"
