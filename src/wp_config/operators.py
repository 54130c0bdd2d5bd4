"""Arithmetic, comparison and logic (hcl.md §14.7)."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from wp_config import numbers
from wp_config.convert import ConversionError, convert
from wp_config.diagnostics import failure
from wp_config.numbers import Number
from wp_config.syntax import tree
from wp_config.values import BOOL, NUMBER, Type, Value, boolean, deeply_known, equal, marked_like, number, unknown

_COMPARE: dict[str, Callable[[Number, Number], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def apply_unary(operator: str, operand: Value, node: tree.Unary) -> Value:
    """``-operand`` or ``!operand``."""
    if operator == "!":
        value = _operand(operand, BOOL, operator, node.operand)
        return marked_like(boolean(not value.data), value) if value.is_known else marked_like(unknown(BOOL), value)
    value = _operand(operand, NUMBER, operator, node.operand)
    return marked_like(number(-value.number), value) if value.is_known else marked_like(unknown(NUMBER), value)


def apply_binary(operator: str, left: Value, right: Value, node: tree.Binary) -> Value:
    """``left operator right``; both operands were evaluated, there is no short circuit."""
    if operator in ("==", "!="):
        if not deeply_known(left) or not deeply_known(right):
            return marked_like(unknown(BOOL), left, right)
        return marked_like(boolean(equal(left, right) == (operator == "==")), left, right)
    if operator in ("&&", "||"):
        return _logic(operator, left, right, node)
    a, b = _operand(left, NUMBER, operator, node.left), _operand(right, NUMBER, operator, node.right)
    if operator in _COMPARE:
        if not a.is_known or not b.is_known:
            return marked_like(unknown(BOOL), a, b)
        return marked_like(boolean(_COMPARE[operator](a.number, b.number)), a, b)
    if not a.is_known or not b.is_known:
        return marked_like(unknown(NUMBER), a, b)
    return marked_like(number(_calculate(operator, a.number, b.number, node)), a, b)


def _logic(operator: str, left: Value, right: Value, node: tree.Binary) -> Value:
    a, b = _operand(left, BOOL, operator, node.left), _operand(right, BOOL, operator, node.right)
    if not a.is_known or not b.is_known:
        return marked_like(unknown(BOOL), a, b)
    result = (a.data and b.data) if operator == "&&" else (a.data or b.data)
    return marked_like(boolean(bool(result)), a, b)


def _operand(value: Value, kind: Type, operator: str, node: tree.Expression) -> Value:
    if value.is_null:
        raise failure("Null operand", f'The value is null; "{operator}" needs {kind.words}.', node.range)
    try:
        return convert(value, kind)
    except ConversionError as error:
        raise failure("Invalid operand", f'"{operator}" does not fit this value: {error}.', node.range) from error


def _calculate(operator: str, a: Number, b: Number, node: tree.Binary) -> Number:
    if isinstance(a, float) or isinstance(b, float):
        return _with_infinity(operator, a, b, node)
    if operator == "+":
        return numbers.rounded(a + b)
    if operator == "-":
        return numbers.rounded(a - b)
    if operator == "*":
        return numbers.rounded(a * b)
    if operator == "/":
        if b == 0:
            if a == 0:
                raise failure("Division by zero", "Zero divided by zero has no value.", node.range)
            return math.inf if a > 0 else -math.inf
        return numbers.rounded(Fraction(a) / b)
    if b == 0:
        return a
    quotient = numbers.rounded(Fraction(a) / b)
    return numbers.rounded(Fraction(a) - numbers.rounded(Fraction(b) * math.trunc(quotient)))


def _with_infinity(operator: str, a: Number, b: Number, node: tree.Binary) -> Number:
    x, y = (value if isinstance(value, float) else float((value > 0) - (value < 0)) for value in (a, b))
    results: dict[str, Callable[[], float]] = {
        "+": lambda: x + y,
        "-": lambda: x - y,
        "*": lambda: x * y,
        "/": lambda: x / y if y else math.copysign(math.inf, x),
        "%": lambda: math.nan if math.isinf(x) else x,
    }
    result = results[operator]()
    if math.isnan(result):
        raise failure("Invalid operation", "The result with an infinite number is undefined.", node.range)
    if operator == "%" and not isinstance(a, float):
        return a
    return result if math.isinf(result) else 0
