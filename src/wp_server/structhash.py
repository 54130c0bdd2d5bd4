"""The 64-bit hash of structured values that the reference writes into tokens and keys (server.md §8.3, §10.3).

It is that of the Go library hashstructure 2 with FNV-1: a text is its bytes, nothing is the number 0, a map is
the same in any order, and a structure is its name and its fields, in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

_OFFSET = 14695981039346656037
_PRIME = 1099511628211
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Struct:
    """A structure by the name of its type and its fields."""

    name: str
    fields: tuple[tuple[str, Value], ...] = ()


Value: TypeAlias = str | Mapping[str, str] | Struct | None


def hash_of(value: Value) -> int:
    """Returns the hash of a value."""
    match value:
        case None:
            return _fnv1(_le64(0))
        case str():
            return _fnv1(value.encode())
        case Struct():
            mixed = hash_of(value.name)
            for name, field in value.fields:
                mixed = _fnv1(_le64(mixed ^ _pair(name, field)))
            return mixed
        case _:
            mixed = 0
            for key, item in value.items():
                mixed ^= _pair(key, item)
            return _fnv1(_le64(mixed))


def _pair(name: str, value: Value) -> int:
    return _fnv1(_le64(hash_of(name)) + _le64(hash_of(value)))


def _fnv1(raw: bytes) -> int:
    value = _OFFSET
    for byte in raw:
        value = (value * _PRIME & _MASK) ^ byte
    return value


def _le64(value: int) -> bytes:
    return value.to_bytes(8, "little")
