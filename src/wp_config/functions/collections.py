"""List, map and object functions (hcl.md §12.4, §12.8)."""

from __future__ import annotations

from fractions import Fraction

from wp_config import numbers
from wp_config.convert import ConversionError, convert, unify
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import (
    ANY,
    STRING,
    Type,
    Value,
    boolean,
    equal,
    list_of,
    list_type,
    map_of,
    number,
    object_of,
    string,
    tuple_of,
)

MAX_RANGE = 1024
"""Most numbers ``range`` gives."""


def sequence(value: Value, argument: int, *, sets: bool = True) -> tuple[Value, ...]:
    """The elements of a list, tuple or (if allowed) set argument."""
    if not value.type.is_sequence or (value.type.kind == "set" and not sets):
        allowed = "a list, set or tuple" if sets else "a list or tuple"
        raise FunctionError(f"{allowed} is required, not {value.type.words}", argument)
    return value.elements


def mapping(value: Value, argument: int) -> dict[str, Value]:
    """The entries of a map or object argument."""
    if not value.type.is_mapping:
        raise FunctionError(f"a map or object is required, not {value.type.words}", argument)
    return value.entries


def whole(value: Value, argument: int) -> int:
    """A number argument that must be whole."""
    if not isinstance(value.number, int):
        raise FunctionError("a whole number is required", argument)
    return value.number


def like(source: Value, elements: list[Value]) -> Value:
    """Elements of ``source`` in a sequence of its kind; a tuple stays one."""
    if source.type.element is not None:
        return list_of(source.type.element, elements)
    return tuple_of(elements)


@function("chunklist(list: list(any), size: number)")
def _chunklist(_: Invocation, value: Value, size: Value) -> Value:
    """The list in pieces of a size; 0 is one piece."""
    count, elements = whole(size, 1), sequence(value, 0, sets=False)
    if count < 0:
        raise FunctionError("the size must not be negative", 1)
    chunks = (
        [elements[i : i + count] for i in range(0, len(elements), count)] if count else [elements] if elements else []
    )
    if value.type.element is not None:
        return list_of(list_type(value.type.element), [list_of(value.type.element, chunk) for chunk in chunks])
    return tuple_of(tuple_of(chunk) for chunk in chunks)


@function("coalescelist(lists: any?...)")
def _coalescelist(_: Invocation, *lists: Value) -> Value:
    """The first list that is not empty."""
    for position, value in enumerate(lists):
        if not value.is_null and sequence(value, position):
            return value
    raise FunctionError("all lists are empty")


@function("compact(list: list(string))")
def _compact(_: Invocation, value: Value) -> Value:
    """The list without empty strings and nulls."""
    return list_of(STRING, [item for item in value.elements if not item.is_null and item.text])


@function("concat(lists: any...)")
def _concat(_: Invocation, *lists: Value) -> Value:
    """All lists in one."""
    if not lists:
        raise FunctionError("at least one list is required")
    elements = [item for position, value in enumerate(lists) for item in sequence(value, position)]
    kinds = {value.type.element for value in lists}
    if None not in kinds:
        common = unify([kind for kind in kinds if kind is not None])
        if common is not None:
            return list_of(common, [convert(item, common) for item in elements])
    return tuple_of(elements)


@function("contains(list: any, value: any?)")
def _contains(_: Invocation, value: Value, wanted: Value) -> Value:
    """Whether a list holds a value; numbers and strings are different."""
    return boolean(any(equal(item, wanted) for item in sequence(value, 0)))


@function("distinct(list: list(any))")
def _distinct(_: Invocation, value: Value) -> Value:
    """The list without repeated elements."""
    kept = dict.fromkeys(sequence(value, 0, sets=False))
    return like(value, list(kept))


@function("element(list: any, index: number)")
def _element(_: Invocation, value: Value, index: Value) -> Value:
    """The element at an index, which wraps around."""
    elements, position = sequence(value, 0, sets=False), whole(index, 1)
    if not elements:
        raise FunctionError("an empty list has no elements", 0)
    if position < 0:
        raise FunctionError("the index must not be negative", 1)
    return elements[position % len(elements)]


@function("flatten(list: any)")
def _flatten(_: Invocation, value: Value) -> Value:
    """All elements of lists inside of lists in one tuple."""
    answer: list[Value] = []
    stack = list(reversed(sequence(value, 0)))
    while stack:
        item = stack.pop()
        if item.type.is_sequence and not item.is_null:
            stack.extend(reversed(item.elements))
        else:
            answer.append(item)
    return tuple_of(answer)


@function("keys(map: any)")
def _keys(_: Invocation, value: Value) -> Value:
    """The keys of a map, sorted."""
    names = [string(name) for name in mapping(value, 0)]
    return list_of(STRING, names) if value.type.kind == "map" else tuple_of(names)


@function("values(map: any)")
def _values(_: Invocation, value: Value) -> Value:
    """The values of a map in the order of its keys."""
    items = list(mapping(value, 0).values())
    return list_of(value.type.element, items) if value.type.element is not None else tuple_of(items)


@function("merge(maps: any?...)")
def _merge(_: Invocation, *maps: Value) -> Value:
    """All entries of the maps in one; later maps win."""
    present = [value for value in maps if not value.is_null]
    merged: dict[str, Value] = {}
    for position, value in enumerate(maps):
        if not value.is_null:
            merged |= mapping(value, position)
    kinds = {value.type for value in present}
    if len(kinds) == 1:
        kind = kinds.pop()
        if kind.element is not None:
            return map_of(kind.element, merged)
    return object_of(merged)


@function("range(limits: number...)")
def _range(_: Invocation, *limits: Value) -> Value:
    """Numbers from a start (0) up to but without an end, by a step."""
    if not 1 <= len(limits) <= 3:
        raise FunctionError("one to three numbers are required: an end, or start and end, or start, end and step")
    if any(isinstance(value.number, float) for value in limits):
        raise FunctionError("the limits must be finite")
    given = [Fraction(value.number) for value in limits]
    start, end = (Fraction(0), given[0]) if len(given) == 1 else (given[0], given[1])
    step = given[2] if len(given) == 3 else Fraction(1 if start <= end else -1)
    if step == 0 or (step > 0) != (end >= start):
        raise FunctionError("the step must lead from the start to the end", len(limits) - 1)
    count = max(0, -((start - end) // step))
    if count > MAX_RANGE:
        raise FunctionError(f"more than {MAX_RANGE} numbers would be given")
    current: int | Fraction = numbers.rounded(start)
    items = []
    for _index in range(int(count)):
        items.append(number(current))
        current = numbers.rounded(current + step)
    return list_of(Type("number"), items)


@function("reverse(list: any)")
def _reverse(_: Invocation, value: Value) -> Value:
    """The list backwards."""
    return like(value, list(reversed(sequence(value, 0))))


@function("slice(list: any, start: number, end: number)")
def _slice(_: Invocation, value: Value, start: Value, end: Value) -> Value:
    """The elements from a start up to but without an end."""
    elements, first, last = sequence(value, 0, sets=False), whole(start, 1), whole(end, 2)
    if not 0 <= first <= len(elements):
        raise FunctionError(f"the start must be from 0 to {len(elements)}", 1)
    if not first <= last <= len(elements):
        raise FunctionError(f"the end must be from {first} to {len(elements)}", 2)
    return like(value, list(elements[first:last]))


@function("sort(list: list(string))")
def _sort(_: Invocation, value: Value) -> Value:
    """The strings in byte order."""
    if any(item.is_null for item in value.elements):
        raise FunctionError("a list element is null", 0)
    return list_of(STRING, sorted(value.elements, key=lambda item: item.text))


@function("zipmap(keys: list(string), values: any)")
def _zipmap(_: Invocation, keys: Value, values: Value) -> Value:
    """A map of keys to values."""
    items = sequence(values, 1, sets=False)
    if len(keys.elements) != len(items):
        raise FunctionError(f"there are {len(keys.elements)} keys but {len(items)} values", 1)
    if any(key.is_null for key in keys.elements):
        raise FunctionError("a key is null", 0)
    merged = {key.text: item for key, item in zip(keys.elements, items, strict=True)}
    return map_of(values.type.element, merged) if values.type.element is not None else object_of(merged)


@function("length(value: any)")
def _length(_: Invocation, value: Value) -> Value:
    """The number of elements, or of grapheme clusters of a string."""
    if value.type.kind == "string":
        from wp_text import graphemes

        return number(graphemes.width(value.text))
    return number(len(mapping(value, 0) if value.type.is_mapping else sequence(value, 0)))


@function("lookup(map: any, key: string, default: any?...)")
def _lookup(_: Invocation, value: Value, key: Value, *default: Value) -> Value:
    """The value of a key, or the default."""
    found = mapping(value, 0).get(key.text)
    if found is not None:
        return found
    if len(default) != 1:
        raise FunctionError(f'the map has no element "{key.text}" and no default was given', 1)
    return default[0]


@function("coalesce(values: any?...)")
def _coalesce(_: Invocation, *values: Value) -> Value:
    """The first value that is neither null nor an empty string."""
    kind = unify([value.type for value in values if not value.is_null]) or ANY
    for position, value in enumerate(values):
        if not value.is_null and value.data != "":
            try:
                return convert(value, kind)
            except ConversionError as error:
                raise FunctionError(str(error), position) from error
    raise FunctionError("all values are null or empty")


@function("index(list: any, value: any?)")
def _index(_: Invocation, value: Value, wanted: Value) -> Value:
    """The index of a value in a list."""
    for position, item in enumerate(sequence(value, 0, sets=False)):
        if equal(item, wanted):
            return number(position)
    raise FunctionError("the list does not hold this value", 1)


@function("one(list: any)")
def _one(_: Invocation, value: Value) -> Value:
    """The only element of a list, or null for an empty one."""
    elements = sequence(value, 0)
    if len(elements) > 1:
        raise FunctionError("the list holds more than one element", 0)
    return elements[0] if elements else Value(value.type.element or ANY, None)


@function("sum(list: list(number))")
def _sum(_: Invocation, value: Value) -> Value:
    """The sum of the numbers."""
    if not value.elements:
        raise FunctionError("an empty list has no sum", 0)
    total: int | Fraction = 0
    for item in value.elements:
        if item.is_null or isinstance(item.number, float):
            raise FunctionError("all elements must be finite numbers", 0)
        total = numbers.rounded(total + item.number)
    return number(total)


@function("alltrue(list: list(bool))")
def _alltrue(_: Invocation, value: Value) -> Value:
    """Whether every element is true."""
    return boolean(all(item.data for item in value.elements))


@function("anytrue(list: list(bool))")
def _anytrue(_: Invocation, value: Value) -> Value:
    """Whether some element is true."""
    return boolean(any(item.data for item in value.elements))
