"""Set functions (hcl.md §12.4)."""

from __future__ import annotations

import itertools
import math

from wp_config.convert import ConversionError, convert, same_type, unify
from wp_config.functions.collections import sequence
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import ANY, Type, Value, list_of, set_of, tuple_of, tuple_type

MAX_COMBINATIONS = 100_000


def _sets(values: tuple[Value, ...]) -> tuple[Type, list[set[Value]]]:
    if not values:
        raise FunctionError("at least one set is required")
    kinds = [item.type for position, value in enumerate(values) for item in sequence(value, position)]
    kinds += [value.type.element for value in values if value.type.element is not None]
    element = unify(kinds) if kinds else ANY
    if element is None:
        raise FunctionError("the elements of the sets have no common type")
    try:
        return element, [{convert(item, element) for item in value.elements} for value in values]
    except ConversionError as error:
        raise FunctionError(str(error)) from error


@function("setunion(sets: any...)")
def _setunion(_: Invocation, *values: Value) -> Value:
    """Everything that is in one of the sets."""
    element, sets = _sets(values)
    return set_of(element, set[Value]().union(*sets))


@function("setintersection(sets: any...)")
def _setintersection(_: Invocation, *values: Value) -> Value:
    """Everything that is in all of the sets."""
    element, sets = _sets(values)
    return set_of(element, sets[0].intersection(*sets[1:]))


@function("setsubtract(a: any, b: any)")
def _setsubtract(_: Invocation, first: Value, second: Value) -> Value:
    """Everything that is in the first set but not in the second."""
    element, sets = _sets((first, second))
    return set_of(element, sets[0] - sets[1])


@function("setproduct(collections: any...)")
def _setproduct(_: Invocation, *values: Value) -> Value:
    """Every combination of one element of each collection."""
    if len(values) < 2:
        raise FunctionError("at least two collections are required")
    if math.prod(len(sequence(value, i)) for i, value in enumerate(values)) > MAX_COMBINATIONS:
        raise FunctionError(f"there are more than {MAX_COMBINATIONS} combinations")
    rows = [tuple_of(row) for row in itertools.product(*(sequence(value, i) for i, value in enumerate(values)))]
    if any(value.type.kind == "tuple" for value in values):
        common = same_type(rows)
        if common is None:
            raise FunctionError("the elements of each collection must have one type")
        return list_of(common[0].type if common else ANY, common)
    element = tuple_type(value.type.element or ANY for value in values)
    if all(value.type.kind == "set" for value in values):
        return set_of(element, rows)
    return list_of(element, rows)
