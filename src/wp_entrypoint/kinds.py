"""Types of values: which one several of them have in common, and values as that (hcl.md §14.8).

A type is a tuple: the word for it, and for what is inside the one type of all elements, or a tuple of theirs (with
their names where they have some).
"""

from __future__ import annotations

from wp_entrypoint.values import ExpressionError, Lazy, List, Map, Set, is_number, number_of, text_of, truth_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Optional

    Value = Any
    Kind = tuple[Any, ...]
    MaybeKind = Optional[Kind]

ANY: Kind = ("any",)
_STRING: Kind = ("string",)
_PRIMITIVE = ("string", "number", "bool")


def kind_of(value: Value) -> Kind:
    """The type of a value; of a list without elements, one of anything."""
    if value is None:
        return ANY
    if isinstance(value, str):
        return _STRING
    if isinstance(value, bool):
        return ("bool",)
    if is_number(value):
        return ("number",)
    if isinstance(value, (Set, List)):
        return "set" if isinstance(value, Set) else "list", in_common(map(kind_of, value)) or ANY
    if isinstance(value, Map):
        return "map", in_common(map(kind_of, value.values())) or ANY
    if isinstance(value, list):
        return "tuple", tuple(map(kind_of, value))
    if isinstance(value, Lazy):
        return "map", _STRING
    assert isinstance(value, dict)
    return "object", tuple((name, kind_of(item)) for name, item in sorted(value.items()))


def in_common(kinds: Iterable[Kind]) -> MaybeKind:
    """The one type that all of these convert to; None when there is none."""
    distinct = list(dict.fromkeys(kinds))
    if len(distinct) <= 1:
        return distinct[0] if distinct else ANY
    if ANY in distinct:
        return in_common([kind for kind in distinct if kind != ANY]) or ANY
    words = {kind[0] for kind in distinct}
    if words.issubset(_PRIMITIVE):
        return _STRING if _STRING in distinct else None
    if words.issubset(("list", "set", "tuple")):
        return _of_sequences(distinct, words)
    if words.issubset(("map", "object")):
        return _of_mappings(distinct, words)
    return None


def _of_sequences(kinds: list[Kind], words: set[str]) -> MaybeKind:
    if words == {"tuple"} and len({len(items) for _, items in kinds}) == 1:
        columns = [in_common(column) for column in zip(*(items for _, items in kinds))]
        return None if None in columns else ("tuple", tuple(columns))
    element = in_common(_inside(kinds))
    return None if element is None else ("set" if words == {"set"} else "list", element)


def _of_mappings(kinds: list[Kind], words: set[str]) -> MaybeKind:
    if words == {"object"}:
        objects = [dict(attributes) for _, attributes in kinds]
        if all(found.keys() == objects[0].keys() for found in objects):
            columns = [(name, in_common([found[name] for found in objects])) for name in objects[0]]
            if all(column for _, column in columns):
                return "object", tuple(columns)
    element = in_common(_inside(kinds))
    return None if element is None else ("map", element)


def _inside(kinds: list[Kind]) -> list[Kind]:
    found: list[Kind] = []
    for word, inside in kinds:
        found += [inside] if word in ("list", "set", "map") else inside if word == "tuple" else [k for _, k in inside]
    return found


def converted(value: Value, kind: Kind) -> Value:
    """A value as a type. Raises ExpressionError."""
    word = kind[0]
    if value is None or word == "any" or isinstance(value, Lazy):
        return value
    if word in _PRIMITIVE:
        return {"string": text_of, "number": number_of, "bool": truth_of}[word](value)
    if isinstance(value, list) and word in ("list", "set"):
        items = _elements(value, kind[1])
        return List(items) if word == "list" else set_of(items)
    if isinstance(value, list) and word == "tuple" and len(value) == len(kind[1]):
        return [converted(item, inner) for item, inner in zip(value, kind[1])]
    if isinstance(value, dict) and word == "map":
        return Map(zip(value, _elements(value.values(), kind[1])))
    if isinstance(value, dict) and word == "object" and value.keys() == dict(kind[1]).keys():
        return {name: converted(value[name], inner) for name, inner in kind[1]}
    raise ExpressionError("values have no type in common")


def _elements(items: Iterable[Value], kind: Kind) -> list[Value]:
    return unified(items) if kind == ANY else [converted(item, kind) for item in items]


def set_of(items: Iterable[Value]) -> Set:
    """Values of one type as a set: in its order, each once."""
    unique = {_rank(item): item for item in items}
    return Set(unique[rank] for rank in sorted(unique))


def _rank(value: Value) -> tuple[Any, ...]:
    word = "~" if value is None else kind_of(value)[0]
    if isinstance(value, list):
        return word, tuple(map(_rank, value))
    if isinstance(value, dict):
        return word, tuple((name, _rank(item)) for name, item in value.items())
    return word, value


def unified(values: Iterable[Value]) -> list[Value]:
    """Values as the one type they have in common. Raises ExpressionError."""
    found = list(values)
    kind = in_common(map(kind_of, found))
    if kind is None:
        raise ExpressionError("values have no type in common")
    return [converted(value, kind) for value in found]


def alike(value: Value, other: Value) -> Value:
    """One value as the type it has in common with another. Raises ExpressionError."""
    kind = in_common((kind_of(value), kind_of(other)))
    if kind is None:
        raise ExpressionError("the two results of a condition have no type in common")
    return converted(value, kind)
