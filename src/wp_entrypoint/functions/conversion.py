"""Functions that make one type of another."""

from __future__ import annotations

from wp_entrypoint.functions.signature import function, mapping, sequence
from wp_entrypoint.kinds import set_of, unified
from wp_entrypoint.values import List, Map, number_of, text_of, truth_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.functions.signature import Value


@function("null")
def _tostring(value: Value) -> Value:
    return None if value is None else text_of(value)


@function("null")
def _tonumber(value: Value) -> Value:
    return None if value is None else number_of(value)


@function("null")
def _tobool(value: Value) -> Value:
    return None if value is None else truth_of(value)


@function("null")
def _tolist(value: Value) -> Value:
    return None if value is None else List(unified(sequence(value)))


@function("null")
def _toset(value: Value) -> Value:
    return None if value is None else set_of(unified(sequence(value)))


@function("null")
def _tomap(value: Value) -> Value:
    if value is None:
        return None
    entries = mapping(value)
    return Map(zip(entries, unified(entries.values())))
