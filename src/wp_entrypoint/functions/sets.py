"""Functions of sets: lists without order, in which each value is once."""

from __future__ import annotations

from wp_entrypoint.functions.collections import contains
from wp_entrypoint.functions.encoding import json_text
from wp_entrypoint.functions.signature import function, sequence
from wp_entrypoint.values import ExpressionError, Set, equal, is_number, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from wp_entrypoint.functions.signature import Value


def _rank(value: Value) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 0, value
    if is_number(value):
        return 1, value
    if isinstance(value, str):
        return 2, value
    return 3, json_text(value)


def set_of(items: list[Value]) -> Set:
    """Values as a set; all are strings when one of them is."""
    if any(isinstance(item, str) for item in items):
        items = [text_of(item) if isinstance(item, bool) or is_number(item) else item for item in items]
    kept: list[Value] = []
    for item in sorted(items, key=_rank):
        if not kept or not equal(kept[-1], item):
            kept.append(item)
    return Set(kept)


def with_one_type(lists: tuple[list[Value], ...]) -> list[list[Value]]:
    """Lists whose elements have one type: strings, when one of them is."""
    if any(isinstance(item, str) for each in lists for item in each):
        return [[text_of(item) if isinstance(item, bool) or is_number(item) else item for item in e] for e in lists]
    return list(lists)


@function("list list*")
def _setunion(*lists: list[Value]) -> Value:
    return set_of([item for each in lists for item in each])


@function("list list*")
def _setintersection(*lists: list[Value]) -> Value:
    first, *others = with_one_type(lists)
    return set_of([item for item in first if all(contains(other, item) for other in others)])


@function("list list")
def _setsubtract(*lists: list[Value]) -> Value:
    first, second = with_one_type(lists)
    return set_of([item for item in first if not contains(second, item)])


@function("any any any*")
def _setproduct(*collections: Value) -> Value:
    import itertools
    import math

    if math.prod(len(sequence(value)) for value in collections) > 100_000:
        raise ExpressionError("there are too many combinations")
    rows = [list(row) for row in itertools.product(*map(sequence, collections))]
    return set_of(rows) if all(isinstance(value, Set) for value in collections) else rows
