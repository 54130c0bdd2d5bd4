"""What expressions evaluate to: typed, possibly null, unknown or sensitive values (hcl.md §14.8, §14.11).

A :class:`Value` is immutable. ``data`` is None for null and :data:`UNKNOWN` for not yet known; otherwise a str, bool
or number, a tuple of values (list, set, tuple) or a dict of values in key order (map, object). The sensitive mark
sits on the value it was given to; an operation's result is marked when one of its operands is (:func:`marked_like`).
"""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final, NamedTuple, cast

from wp_config import numbers
from wp_config.numbers import Number


class Unknown(enum.Enum):
    """The type of :data:`UNKNOWN`."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
"""Stands for something not known yet, in values and in the plain data callers hand in."""


class Type(NamedTuple):
    """A type of the language. ``kind`` is its keyword; ``any`` is the type of what may be anything."""

    kind: str
    element: Type | None = None
    items: tuple[Type, ...] = ()
    attributes: tuple[tuple[str, Type], ...] = ()

    @property
    def is_primitive(self) -> bool:
        """Whether it is string, number or bool."""
        return self.kind in ("string", "number", "bool")

    @property
    def is_sequence(self) -> bool:
        """Whether values hold elements in a row: list, set, tuple."""
        return self.kind in ("list", "set", "tuple")

    @property
    def is_mapping(self) -> bool:
        """Whether values hold elements under names: map, object."""
        return self.kind in ("map", "object")

    def __str__(self) -> str:
        if self.element is not None:
            return f"{self.kind}({self.element})"
        if self.kind == "tuple":
            return f"tuple([{', '.join(str(item) for item in self.items)}])"
        if self.kind == "object":
            return f"object({{{', '.join(f'{name} = {kind}' for name, kind in self.attributes)}}})"
        return self.kind

    @property
    def words(self) -> str:
        """The type in words, for messages: ``a string``, ``a list of number``."""
        if self.kind in ("any", "object"):
            return "an object" if self.kind == "object" else "a value"
        if self.element is not None and self.element.kind != "any":
            return f"a {self.kind} of {self.element.kind}"
        return f"a {self.kind}"


STRING = Type("string")
NUMBER = Type("number")
BOOL = Type("bool")
ANY = Type("any")
DYNAMIC_SOURCE = Type("dynamic")
"""Type of what ``dynamic(…)`` returns; converts to nothing."""


def list_type(element: Type) -> Type:
    """``list(element)``."""
    return Type("list", element)


def set_type(element: Type) -> Type:
    """``set(element)``."""
    return Type("set", element)


def map_type(element: Type) -> Type:
    """``map(element)``."""
    return Type("map", element)


def tuple_type(items: Iterable[Type]) -> Type:
    """``tuple([items…])``."""
    return Type("tuple", None, tuple(items))


def object_type(attributes: Mapping[str, Type]) -> Type:
    """``object({attributes…})``; attribute order does not matter."""
    return Type("object", None, (), tuple(sorted(attributes.items())))


Data = str | bool | Number | tuple["Value", ...] | dict[str, "Value"] | Unknown | None | object


class Value:
    """One value. Compare with :func:`equal`, not ``==``, when language rules matter; ``==`` is the same without
    marks.
    """

    __slots__ = ("data", "sensitive", "type")

    def __init__(self, kind: Type, data: Data, sensitive: bool = False) -> None:
        self.type = kind
        self.data = data
        self.sensitive = sensitive

    def __repr__(self) -> str:
        mark = ", sensitive" if self.sensitive else ""
        return f"Value({self.type}, {self.data!r}{mark})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and equal(self, other)

    def __hash__(self) -> int:
        return hash(sort_key(self))

    @property
    def is_null(self) -> bool:
        """Whether there is no value."""
        return self.data is None

    @property
    def is_known(self) -> bool:
        """Whether the value itself is known (its elements may not be)."""
        return self.data is not UNKNOWN

    @property
    def text(self) -> str:
        """The characters of a known string."""
        assert isinstance(self.data, str)
        return self.data

    @property
    def number(self) -> Number:
        """The known number."""
        assert isinstance(self.data, int | Fraction | float)
        return self.data

    @property
    def elements(self) -> tuple[Value, ...]:
        """The elements of a known list, set or tuple; the values of a map or object in key order."""
        if isinstance(self.data, dict):
            return tuple(self.data.values())
        assert isinstance(self.data, tuple)
        return self.data

    @property
    def entries(self) -> dict[str, Value]:
        """The entries of a known map or object in key order."""
        assert isinstance(self.data, dict)
        return cast("dict[str, Value]", self.data)


def normal(text: str) -> str:
    """``text`` in the normal form all strings of the language have (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


MAX_TEXT = 16 * 2**20
"""Characters of a string; no configuration needs more, and a file that doubles a text fifty times ends in words."""


class TextTooLong(ValueError):
    """The result does not fit any string this language makes."""

    def __init__(self) -> None:
        super().__init__(f"the text would have more than {MAX_TEXT // 2**20} million characters")


def limited(characters: int) -> None:
    """Raise :class:`TextTooLong` when a string of so many characters must not be made."""
    if characters > MAX_TEXT:
        raise TextTooLong


def string(text: str) -> Value:
    """A string."""
    limited(len(text))
    return Value(STRING, normal(text))


def number(value: Number) -> Value:
    """A number; rounding is the caller's."""
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    return Value(NUMBER, value)


TRUE = Value(BOOL, True)
FALSE = Value(BOOL, False)
NULL = Value(ANY, None)


def boolean(value: bool) -> Value:
    """A bool."""
    return TRUE if value else FALSE


def null(kind: Type = ANY) -> Value:
    """The null of a type."""
    return NULL if kind is ANY else Value(kind, None)


def unknown(kind: Type = ANY) -> Value:
    """Something of a type, not known yet."""
    return Value(kind, UNKNOWN)


def tuple_of(items: Iterable[Value]) -> Value:
    """A tuple of the given elements."""
    elements = tuple(items)
    return Value(tuple_type(item.type for item in elements), elements)


def object_of(attributes: Mapping[str, Value]) -> Value:
    """An object; its attributes are kept in byte order of their names."""
    ordered = ordered_entries(attributes)
    return Value(Type("object", None, (), tuple((name, item.type) for name, item in ordered.items())), ordered)


def list_of(element: Type, items: Iterable[Value]) -> Value:
    """A list whose elements already have the given type."""
    return Value(list_type(element), tuple(items))


def map_of(element: Type, entries: Mapping[str, Value]) -> Value:
    """A map whose values already have the given type."""
    return Value(map_type(element), ordered_entries(entries))


def set_of(element: Type, items: Iterable[Value]) -> Value:
    """A set: duplicates removed, in set order (hcl.md §14.8)."""
    unique = {sort_key(item): item for item in items}
    return Value(set_type(element), tuple(unique[key] for key in sorted(unique)))


def ordered_entries(entries: Mapping[str, Value]) -> dict[str, Value]:
    """The entries in byte order of their keys (code point order is the same)."""
    return {normal(key): entries[key] for key in sorted(entries)}


def marked_like(value: Value, *sources: Value) -> Value:
    """``value``, sensitive when one of ``sources`` is."""
    if not value.sensitive and any(source.sensitive for source in sources):
        return Value(value.type, value.data, True)
    return value


def with_mark(value: Value) -> Value:
    """``value``, sensitive."""
    return value if value.sensitive else Value(value.type, value.data, True)


def deeply_sensitive(value: Value) -> bool:
    """Whether the value or anything inside it is sensitive."""
    stack = [value]
    while stack:
        current = stack.pop()
        if current.sensitive:
            return True
        if isinstance(current.data, tuple | dict):
            stack.extend(current.elements)
    return False


def deeply_known(value: Value) -> bool:
    """Whether the value and everything inside it is known."""
    stack = [value]
    while stack:
        current = stack.pop()
        if not current.is_known:
            return False
        if isinstance(current.data, tuple | dict):
            stack.extend(current.elements)
    return True


def sort_key(value: Value) -> tuple[object, ...]:
    """A key that orders values of one type and is equal only for equal values; other types sort by their shape."""
    data = value.data
    kind = value.type.kind
    if data is None:
        return ("~", "")
    if isinstance(data, bool):
        return ("bool", data)
    if isinstance(data, str):
        return ("string", data)
    if isinstance(data, int | Fraction | float):
        return ("number", data)
    if isinstance(data, tuple):
        return (kind, tuple(sort_key(item) for item in data))
    if isinstance(data, dict):
        return (kind, tuple((name, sort_key(item)) for name, item in data.items()))
    return (kind, id(data))


def equal(left: Value, right: Value) -> bool:
    """Equality of known values without conversion; collections of different type are unequal (hcl.md §14.7)."""
    if left.is_null or right.is_null:
        return left.is_null and right.is_null
    if left.type.kind != right.type.kind:
        return False
    if isinstance(left.data, dict) and isinstance(right.data, dict):
        if left.data.keys() != right.data.keys() or (left.type.kind == "map" and left.type != right.type):
            return False
        return all(equal(item, right.data[name]) for name, item in left.data.items())
    if isinstance(left.data, tuple) and isinstance(right.data, tuple):
        if len(left.data) != len(right.data) or (left.type.element is not None and left.type != right.type):
            return False
        return all(equal(a, b) for a, b in zip(left.data, right.data, strict=True))
    return left.data == right.data


def from_python(data: object) -> Value:
    """The value of plain Python data: None, bool, int, float, Fraction, str, sequences (tuples), mappings (objects),
    :data:`UNKNOWN`.

    Bytes and anything else raise TypeError.
    """
    if data is UNKNOWN:
        return unknown()
    if data is None:
        return NULL
    if isinstance(data, Value):
        return data
    if isinstance(data, bool):
        return boolean(data)
    if isinstance(data, int | Fraction):
        return number(numbers.rounded(data))
    if isinstance(data, float):
        return number(numbers.from_float(data))
    if isinstance(data, str):
        return string(data)
    if isinstance(data, Mapping):
        return object_of({str(name): from_python(item) for name, item in data.items()})
    if isinstance(data, list | tuple):
        return tuple_of(from_python(item) for item in data)
    raise TypeError(f"{type(data).__name__} has no counterpart in the configuration language")


def to_python(value: Value) -> object:
    """Plain Python data: whole numbers become int, others float; sets and tuples become lists; unknown becomes
    :data:`UNKNOWN`.
    """
    data = value.data
    if isinstance(data, Fraction):
        return float(data)
    if isinstance(data, tuple):
        return [to_python(item) for item in data]
    if isinstance(data, dict):
        return {name: to_python(item) for name, item in data.items()}
    return data
