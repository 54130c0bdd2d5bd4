"""Functions of lists and maps."""

from __future__ import annotations

from wp_entrypoint.functions.signature import function, mapping, sequence
from wp_entrypoint.functions.strings import clusters
from wp_entrypoint.values import (
    ExpressionError,
    equal,
    minus,
    number_of,
    over,
    plus,
    rounded,
    text_of,
    times,
    truth_of,
    unified,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.functions.signature import Value

MAX_RANGE = 1024


@function("ordered whole")
def _chunklist(items: list[Value], size: int) -> Value:
    if size < 0:
        raise ExpressionError("the size must not be negative")
    if not size:
        return [items] if items else []
    return [items[start : start + size] for start in range(0, len(items), size)]


@function("null*")
def _coalescelist(*lists: Value) -> Value:
    for value in lists:
        if value is not None and sequence(value):
            return value
    raise ExpressionError("all lists are empty")


@function("list")
def _compact(items: list[Value]) -> Value:
    return [text_of(item) for item in items if item is not None and item != ""]


@function("list list*")
def _concat(*lists: list[Value]) -> Value:
    return [item for each in lists for item in each]


@function("list null")
def contains(items: list[Value], wanted: Value) -> bool:
    """Whether an element equals the value."""
    return any(equal(item, wanted) for item in items)


@function("ordered")
def _distinct(items: list[Value]) -> Value:
    kept: list[Value] = []
    for item in items:
        if not any(equal(item, other) for other in kept):
            kept.append(item)
    return kept


@function("ordered whole")
def _element(items: list[Value], position: int) -> Value:
    if not items or position < 0:
        raise ExpressionError("there is no such element")
    return items[position % len(items)]


@function("list")
def _flatten(items: list[Value]) -> Value:
    answer: list[Value] = []
    stack = items[::-1]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        else:
            answer.append(item)
    return answer


@function("map")
def _keys(entries: dict[str, Value]) -> Value:
    return list(entries)


@function("map")
def _values(entries: dict[str, Value]) -> Value:
    return list(entries.values())


@function("null*")
def _merge(*maps: Value) -> Value:
    merged: dict[str, Value] = {}
    for value in maps:
        if value is not None:
            merged.update(mapping(value))
    return {name: merged[name] for name in sorted(merged)}


@function("number number*")
def _range(*limits: Value) -> Value:
    if len(limits) > 3:
        raise ExpressionError("one to three numbers are required")
    start, end = (0, limits[0]) if len(limits) == 1 else limits[:2]
    step = limits[2] if len(limits) == 3 else (-1 if start > end else 1)
    if step == 0 or (step > 0) == (start > end):
        raise ExpressionError("the step must lead from the start to the end")
    steps = over(minus(end, start), step)
    count = max(0, -(-steps.numerator // steps.denominator))
    if count > MAX_RANGE:
        raise ExpressionError(f"more than {MAX_RANGE} numbers would be given")
    return [rounded(plus(start, times(step, number))) for number in range(count)]


@function("list")
def _reverse(items: list[Value]) -> Value:
    return items[::-1]


@function("ordered whole whole")
def _slice(items: list[Value], start: int, end: int) -> Value:
    if not 0 <= start <= end <= len(items):
        raise ExpressionError("start and end must be inside of the list")
    return items[start:end]


@function("strings")
def _sort(items: list[str]) -> Value:
    return sorted(items)


@function("strings ordered")
def _zipmap(keys: list[str], items: list[Value]) -> Value:
    if len(keys) != len(items):
        raise ExpressionError("there are not as many keys as values")
    pairs = dict(zip(keys, items))
    return {name: pairs[name] for name in sorted(pairs)}


@function("any")
def _length(value: Value) -> Value:
    if isinstance(value, str):
        return len(clusters(value))
    if isinstance(value, (list, dict)):
        return len(value)
    raise ExpressionError("this has no length")


@function("map string null*")
def _lookup(entries: dict[str, Value], key: str, *default: Value) -> Value:
    if key in entries:
        return entries[key]
    if len(default) != 1:
        raise ExpressionError("the map has no such element, and no default was given")
    return default[0]


@function("null*")
def _coalesce(*values: Value) -> Value:
    for value in values:
        if value is not None and value != "":
            for other in values:
                value = unified(value, other)
            return value
    raise ExpressionError("all values are null or empty")


@function("ordered null")
def _index(items: list[Value], wanted: Value) -> Value:
    for position, item in enumerate(items):
        if equal(item, wanted):
            return position
    raise ExpressionError("the list does not hold this value")


@function("list", "one")
def _only(items: list[Value]) -> Value:
    if len(items) > 1:
        raise ExpressionError("the list holds more than one element")
    return items[0] if items else None


@function("list")
def _sum(items: list[Value]) -> Value:
    if not items:
        raise ExpressionError("an empty list has no sum")
    total: Value = 0
    for item in items:
        total = rounded(plus(total, number_of(item)))
    return total


@function("list")
def _alltrue(items: list[Value]) -> bool:
    return all([truth_of(item) for item in items])  # noqa: C419 - every element must be one


@function("list")
def _anytrue(items: list[Value]) -> bool:
    return any([truth_of(item) for item in items])  # noqa: C419
