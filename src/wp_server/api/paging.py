"""Pages of a list (server.md §3.7): the token is the base64 of `after:KEY`, opaque to clients; size 0 is everything."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from wp_proto.waypoint import api as pb
from wp_server.errors import InvalidArgument, Violation

T = TypeVar("T")

_AFTER = "after:"


@dataclass(frozen=True)
class Page:
    """What part of a list was asked for. Ask the store for `limit` items after `after`, then `cut` them."""

    after: str
    size: int

    @property
    def limit(self) -> int:
        """One item more than the page shows, so that it knows whether there is a next page; 0 for all."""
        return self.size + 1 if self.size else 0

    @classmethod
    def of(cls, request: pb.PaginationRequest) -> Page:
        """Returns the page of a request. Errors: InvalidArgument for two tokens or one that is not ours."""
        if request.next_page_token and request.previous_page_token:
            raise InvalidArgument.of([Violation("pagination", "may have only one page token")])
        token = request.next_page_token or request.previous_page_token
        if not token:
            return cls("", request.page_size)
        try:
            text = base64.b64decode(token, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InvalidArgument.of([Violation("pagination", "the page token is not one of this server")]) from error
        if not text.startswith(_AFTER):
            raise InvalidArgument.of([Violation("pagination", "the page token is not one of this server")])
        return cls(text.removeprefix(_AFTER), request.page_size)

    def cut(self, found: Sequence[T], key: Callable[[T], str]) -> tuple[Sequence[T], pb.PaginationResponse]:
        """Returns the items to show and the token of the next page, which starts after the last one's `key`."""
        if not self.size or len(found) <= self.size:
            return found, pb.PaginationResponse()
        shown = found[: self.size]
        token = base64.b64encode(f"{_AFTER}{key(shown[-1])}".encode()).decode()
        return shown, pb.PaginationResponse(next_page_token=token)
