"""Conversion between types, and the one type several types have in common (hcl.md §14.8)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from wp_config import numbers
from wp_config.values import (
    ANY,
    NUMBER,
    STRING,
    UNKNOWN,
    Type,
    Value,
    boolean,
    list_type,
    map_type,
    number,
    object_of,
    object_type,
    set_of,
    string,
    tuple_type,
)

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BOOLS = {"true": True, "1": True, "false": False, "0": False}


class ConversionError(ValueError):
    """A value cannot become a type; the message says why, as the rest of a sentence."""


def parse_number(text: str) -> Value:
    """The number a text spells. Raises :class:`ConversionError`."""
    if not _NUMBER.fullmatch(text):
        raise ConversionError("a number is required")
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
    try:
        return number(numbers.rounded(sign * numbers.read(digits)))
    except numbers.NumberTooLarge as error:
        raise ConversionError(str(error)) from error


def convert(value: Value, target: Type) -> Value:
    """``value`` as ``target``, its sensitive mark kept. Raises :class:`ConversionError`."""
    if value.type is target or target.kind == "any":
        return value
    if value.data is None:
        return Value(target, None, value.sensitive)
    if value.data is UNKNOWN:
        return Value(target, UNKNOWN, value.sensitive)
    converted = _known(value, target)
    return Value(converted.type, converted.data, True) if value.sensitive and not converted.sensitive else converted


def _known(value: Value, target: Type) -> Value:
    kind = target.kind
    if value.type == target and not (target.element is not None and target.element.kind == "any"):
        return value
    if kind == "string":
        return string(_text(value))
    if kind == "number":
        if value.type.kind == "string":
            return parse_number(value.text)
        if value.type.kind == "number":
            return value
        raise ConversionError(f"a number is required, not {value.type.words}")
    if kind == "integer":
        whole = convert(value, NUMBER)
        if not isinstance(whole.data, int):
            raise ConversionError("a whole number is required")
        return whole
    if kind == "bool":
        if value.type.kind == "bool":
            return value
        if value.type.kind == "string" and value.text in _BOOLS:
            return boolean(_BOOLS[value.text])
        raise ConversionError(f"a bool (true or false) is required, not {value.type.words}")
    if kind in ("list", "set"):
        return _to_collection(value, target)
    if kind == "map":
        return _to_map(value, target)
    if kind == "tuple":
        return _to_tuple(value, target)
    if kind == "object":
        return _to_object(value, target)
    raise ConversionError(f"{target.words} is required, not {value.type.words}")


def _text(value: Value) -> str:
    data = value.data
    if isinstance(data, str):
        return data
    if isinstance(data, bool):
        return "true" if data else "false"
    if value.type.kind == "number":
        return numbers.render(value.number)
    raise ConversionError(f"a string is required, not {value.type.words}")


def _elements(items: Iterable[tuple[str, Value]], element: Type) -> list[Value]:
    """Every item converted to ``element``; for ``any`` to the one type they have in common."""
    named = list(items)
    if element.kind == "any":
        common = unify([item.type for _, item in named])
        if common is None:
            raise ConversionError("all elements must have the same type")
        element = common
    answer = []
    for name, item in named:
        try:
            answer.append(convert(item, element))
        except ConversionError as error:
            raise ConversionError(f"element {name}: {error}") from error
    return answer


def _to_collection(value: Value, target: Type) -> Value:
    assert target.element is not None
    if not value.type.is_sequence:
        raise ConversionError(f"{target.words} is required, not {value.type.words}")
    items = _elements(((str(index), item) for index, item in enumerate(value.elements)), target.element)
    element = items[0].type if items and target.element.kind == "any" else target.element
    return set_of(element, items) if target.kind == "set" else Value(list_type(element), tuple(items))


def _to_map(value: Value, target: Type) -> Value:
    assert target.element is not None
    if not value.type.is_mapping:
        raise ConversionError(f"{target.words} is required, not {value.type.words}")
    names = list(value.entries)
    items = _elements(((f'"{name}"', item) for name, item in value.entries.items()), target.element)
    element = items[0].type if items and target.element.kind == "any" else target.element
    return Value(map_type(element), dict(zip(names, items, strict=True)))


def _to_tuple(value: Value, target: Type) -> Value:
    if value.type.kind != "tuple":
        raise ConversionError(f"a tuple is required, not {value.type.words}")
    if len(value.elements) != len(target.items):
        raise ConversionError(f"exactly {len(target.items)} elements are required, not {len(value.elements)}")
    items = tuple(convert(item, kind) for item, kind in zip(value.elements, target.items, strict=True))
    return Value(tuple_type(item.type for item in items), items)


def _to_object(value: Value, target: Type) -> Value:
    if not value.type.is_mapping:
        raise ConversionError(f"an object is required, not {value.type.words}")
    attributes: dict[str, Value] = {}
    missing = [f'"{name}"' for name, _ in target.attributes if name not in value.entries]
    if missing:
        raise ConversionError(f"attribute {', '.join(missing)} is required")
    for name, kind in target.attributes:
        try:
            attributes[name] = convert(value.entries[name], kind)
        except ConversionError as error:
            raise ConversionError(f'attribute "{name}": {error}') from error
    return object_of(attributes)


def unify(types: Sequence[Type]) -> Type | None:
    """The one type all given types convert to; None when there is none."""
    distinct = list(dict.fromkeys(types))
    if len(distinct) <= 1:
        return distinct[0] if distinct else ANY
    if any(kind.kind == "any" for kind in distinct):
        return unify([kind for kind in distinct if kind.kind != "any"]) or ANY
    if all(kind.is_primitive for kind in distinct):
        return STRING if STRING in distinct else None
    if all(kind.kind in ("list", "tuple", "set") for kind in distinct):
        return _unify_sequences(distinct)
    if all(kind.is_mapping for kind in distinct):
        return _unify_mappings(distinct)
    return None


def _unify_sequences(types: list[Type]) -> Type | None:
    if all(kind.kind == "tuple" for kind in types) and len({len(kind.items) for kind in types}) == 1:
        columns = [unify(column) for column in zip(*(kind.items for kind in types), strict=True)]
        return None if None in columns else tuple_type(column for column in columns if column is not None)
    elements = [kind.element for kind in types if kind.element is not None]
    element = unify([*elements, *(item for kind in types for item in kind.items)])
    if element is None:
        return None
    return Type("set", element) if all(kind.kind == "set" for kind in types) else list_type(element)


def _unify_mappings(types: list[Type]) -> Type | None:
    objects = [dict(kind.attributes) for kind in types if kind.kind == "object"]
    if len(objects) == len(types) and all(found.keys() == objects[0].keys() for found in objects):
        columns = {name: unify([found[name] for found in objects]) for name in objects[0]}
        if None not in columns.values():
            return object_type({name: column for name, column in columns.items() if column is not None})
    elements = [kind.element for kind in types if kind.element is not None]
    element = unify([*elements, *(item for kind in types for _, item in kind.attributes)])
    return None if element is None else map_type(element)


def same_type(values: Sequence[Value]) -> tuple[Value, ...] | None:
    """All values converted to the one type they have in common; None when there is none."""
    common = unify([value.type for value in values])
    if common is None:
        return None
    try:
        return tuple(convert(value, common) for value in values)
    except ConversionError:
        return None
