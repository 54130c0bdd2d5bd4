"""The hash of a runner's labels that runner tokens carry (server.md §8.3; interface of existing tokens)."""

from __future__ import annotations

from collections.abc import Mapping

MARKER = ("waypoint.hashicorp.com/runner-hash", "1")
"""An entry that takes part in every hash; older servers also left it in stored labels."""

_OFFSET = 14695981039346656037
_PRIME = 1099511628211
_MASK = (1 << 64) - 1


def _fnv1(raw: bytes) -> int:
    value = _OFFSET
    for byte in raw:
        value = (value * _PRIME & _MASK) ^ byte
    return value


def _le64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def label_hash(labels: Mapping[str, str]) -> int:
    """Returns the 64-bit hash of `labels`; their order and a stored marker do not matter."""
    mixed = 0
    for key, value in {**labels, MARKER[0]: MARKER[1]}.items():
        mixed ^= _fnv1(_le64(_fnv1(key.encode())) + _le64(_fnv1(value.encode())))
    return _fnv1(_le64(mixed))
