"""Explicit conversions (hcl.md §12.8); all are additions to the reference."""

from __future__ import annotations

from wp_config.convert import ConversionError, convert
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.typeexpr import type_of
from wp_config.values import Value


def _to(value: Value, kind: str) -> Value:
    try:
        return convert(value, type_of(kind))
    except ConversionError as error:
        raise FunctionError(str(error), 0) from error


@function("tostring(value: any?)")
def _tostring(_: Invocation, value: Value) -> Value:
    """The value as a string."""
    return _to(value, "string")


@function("tonumber(value: any?)")
def _tonumber(_: Invocation, value: Value) -> Value:
    """The value as a number."""
    return _to(value, "number")


@function("tobool(value: any?)")
def _tobool(_: Invocation, value: Value) -> Value:
    """The value as a bool."""
    return _to(value, "bool")


@function("tolist(value: any?)")
def _tolist(_: Invocation, value: Value) -> Value:
    """The value as a list of one element type."""
    return _to(value, "list(any)")


@function("toset(value: any?)")
def _toset(_: Invocation, value: Value) -> Value:
    """The value as a set: sorted, without repeated elements."""
    return _to(value, "set(any)")


@function("tomap(value: any?)")
def _tomap(_: Invocation, value: Value) -> Value:
    """The value as a map of one element type."""
    return _to(value, "map(any)")
