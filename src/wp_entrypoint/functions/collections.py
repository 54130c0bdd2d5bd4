"""Functions of lists and maps."""

from __future__ import annotations

from wp_entrypoint.functions.signature import function, like, mapping, ordered, sequence
from wp_entrypoint.kinds import converted, in_common, kind_of, unified
from wp_entrypoint.values import (
    ExpressionError,
    List,
    Map,
    Set,
    equal,
    minus,
    number_of,
    over,
    plus,
    rounded,
    text_of,
    truth_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.functions.signature import Value

MAX_RANGE = 1024


@function("uniform whole")
def _chunklist(items: List, size: int) -> Value:
    if size < 0:
        raise ExpressionError("the size must not be negative")
    size = size or len(items) or 1
    return List(List(items[start : start + size]) for start in range(0, len(items), size))


@function("null*")
def _coalescelist(*lists: Value) -> Value:
    for value in lists:
        if value is not None and sequence(value):
            return value
    raise ExpressionError("all lists are empty")


@function("list")
def _compact(items: list[Value]) -> Value:
    return List(text_of(item) for item in items if item is not None and item != "")


@function("any any*")
def _concat(*lists: Value) -> Value:
    items = [item for each in lists for item in sequence(each)]
    if all(isinstance(each, (List, Set)) for each in lists) and in_common(map(kind_of, items)):
        return List(unified(items))
    return items


@function("list null")
def contains(items: list[Value], wanted: Value) -> bool:
    """Whether an element equals the value."""
    return any(equal(item, wanted) for item in items)


@function("uniform")
def _distinct(items: List) -> Value:
    kept = List()
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
    return List(entries) if isinstance(entries, Map) else list(entries)


@function("map")
def _values(entries: dict[str, Value]) -> Value:
    return List(entries.values()) if isinstance(entries, Map) else list(entries.values())


@function("null*")
def _merge(*maps: Value) -> Value:
    merged: dict[str, Value] = {}
    present = [mapping(value) for value in maps if value is not None]
    for value in present:
        merged.update(value)
    entries = {name: merged[name] for name in sorted(merged)}
    alike = all(isinstance(value, Map) for value in present) and len(set(map(kind_of, present))) == 1
    return Map(entries) if alike else entries


@function("number number*")
def _range(*limits: Value) -> Value:
    if len(limits) > 3:
        raise ExpressionError("one to three numbers are required")
    if not all(limit.denominator for limit in limits):
        raise ExpressionError("the limits must be finite")
    start, end = (0, limits[0]) if len(limits) == 1 else limits[:2]
    step = limits[2] if len(limits) == 3 else (-1 if start > end else 1)
    if step == 0 or (step > 0) == (start > end):
        raise ExpressionError("the step must lead from the start to the end")
    steps = over(minus(end, start), step)
    count = max(0, -(-steps.numerator // steps.denominator))
    if count > MAX_RANGE:
        raise ExpressionError(f"more than {MAX_RANGE} numbers would be given")
    numbers = List([rounded(start)] * min(count, 1))
    while len(numbers) < count:
        numbers.append(rounded(plus(numbers[-1], step)))
    return numbers


@function("any")
def _reverse(value: Value) -> Value:
    return like(value, sequence(value)[::-1])


@function("any whole whole")
def _slice(value: Value, start: int, end: int) -> Value:
    items = ordered(value)
    if not 0 <= start <= end <= len(items):
        raise ExpressionError("start and end must be inside of the list")
    return like(value, items[start:end])


@function("strings")
def _sort(items: list[str]) -> Value:
    return List(sorted(items))


@function("strings any")
def _zipmap(keys: list[str], values: Value) -> Value:
    items = ordered(values)
    if len(keys) != len(items):
        raise ExpressionError("there are not as many keys as values")
    pairs = dict(zip(keys, items))
    entries = {name: pairs[name] for name in sorted(pairs)}
    return Map(entries) if isinstance(values, List) else entries


@function("any")
def _length(value: Value) -> Value:
    if isinstance(value, str):
        from wp_text.graphemes import width

        return width(value)
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
            kind = in_common(kind_of(other) for other in values if other is not None)
            return converted(value, kind) if kind else value
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
    if not total.denominator:
        raise ExpressionError("all elements must be finite numbers")
    return total


def _truths(items: list[Value]) -> list[bool]:
    return [item is not None and truth_of(item) for item in items]


@function("list")
def _alltrue(items: list[Value]) -> bool:
    return all(_truths(items))


@function("list")
def _anytrue(items: list[Value]) -> bool:
    return any(_truths(items))
