"""Functions that make one type of another."""

from __future__ import annotations

from wp_entrypoint.functions.sets import set_of, with_one_type
from wp_entrypoint.functions.signature import function, mapping, sequence
from wp_entrypoint.values import number_of, text_of, truth_of

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
    return None if value is None else with_one_type((sequence(value),))[0]


@function("null")
def _toset(value: Value) -> Value:
    return None if value is None else set_of(sequence(value))


@function("null")
def _tomap(value: Value) -> Value:
    if value is None:
        return None
    entries = mapping(value)
    return dict(zip(entries, with_one_type((list(entries.values()),))[0]))
