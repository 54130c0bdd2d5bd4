"""Parts of lists that are ordered by a unique text key: what pages of an answer are cut from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy import ColumnElement, Select

T = TypeVar("T")
K = TypeVar("K", str, int)


@dataclass(frozen=True)
class Slice:
    """The `limit` items that follow the key `start`; or, `backwards`, those just before it, in the list's own order.

    Without a start they are the first items, or the last ones. Limit 0 is no limit.
    """

    start: str = ""
    backwards: bool = False
    limit: int = 0

    def of(
        self,
        query: Select[tuple[T]],
        key: ColumnElement[K],
        as_key: Callable[[str], K],
        *,
        descending: bool = False,
        limited: bool = True,
    ) -> Select[tuple[T]]:
        """Returns a query for this part of what `query` selects. Its rows come nearest to the start first.

        Without `limited` it goes on to the end of the list, for who does not want every row.
        """
        down = descending != self.backwards
        if self.start:
            start = as_key(self.start)
            query = query.where(key < start if down else key > start)
        query = query.order_by(key.desc() if down else key)
        return query.limit(self.limit) if self.limit and limited else query

    def taken(self, nearest_first: Iterable[T]) -> list[T]:
        """Returns the items of this part, in the list's order."""
        found = list(islice(nearest_first, self.limit or None))
        return found[::-1] if self.backwards else found

    def within(self, ascending: list[T], key: Callable[[T], str]) -> list[T]:
        """Returns this part of a whole list."""
        if self.backwards:
            return self.taken(one for one in reversed(ascending) if not self.start or key(one) < self.start)
        return self.taken(one for one in ascending if key(one) > self.start)


EVERYTHING = Slice()
