"""Functions of sets: lists without order, in which each value is once."""

from __future__ import annotations

from wp_entrypoint.functions.signature import function, sequence
from wp_entrypoint.kinds import set_of, unified
from wp_entrypoint.values import ExpressionError, List, Set, equal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.functions.signature import Value


def _sets(lists: tuple[list[Value], ...]) -> list[Set]:
    """Lists as sets whose elements all have one type."""
    items = iter(unified([item for each in lists for item in each]))
    return [set_of([next(items) for _ in each]) for each in lists]


def _holds(items: Set, wanted: Value) -> bool:
    return any(equal(item, wanted) for item in items)


@function("list list*")
def _setunion(*lists: list[Value]) -> Value:
    return set_of([item for each in _sets(lists) for item in each])


@function("list list*")
def _setintersection(*lists: list[Value]) -> Value:
    first, *others = _sets(lists)
    return Set(item for item in first if all(_holds(other, item) for other in others))


@function("list list")
def _setsubtract(*lists: list[Value]) -> Value:
    first, second = _sets(lists)
    return Set(item for item in first if not _holds(second, item))


@function("any any any*")
def _setproduct(*collections: Value) -> Value:
    import itertools
    import math

    if math.prod(len(sequence(value)) for value in collections) > 100_000:
        raise ExpressionError("there are too many combinations")
    rows = [list(row) for row in itertools.product(*map(sequence, collections))]
    if all(isinstance(value, Set) for value in collections):
        return set_of(rows)
    return List(rows if all(isinstance(value, (List, Set)) for value in collections) else unified(rows))
