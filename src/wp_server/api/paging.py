"""Pages of a list (server.md §3.7): size 0 is everything; a token is `after:KEY` or `before:KEY`, in base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from wp_proto.waypoint import api as pb
from wp_server.errors import InvalidArgument, Violation
from wp_server.store.slices import Slice

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """What part of a list was asked for. Ask the store for its `slice`, then `cut` what it found."""

    key: str
    """Of the item that the page follows, or precedes."""
    backwards: bool
    size: int

    @property
    def whole(self) -> bool:
        """Whether no page was asked for."""
        return not self.key and not self.size

    @property
    def slice(self) -> Slice:
        """One item more than the page shows, so that it is known whether the list goes on in that direction."""
        return Slice(self.key, self.backwards, self.size + 1 if self.size else 0)

    @classmethod
    def of(cls, request: pb.PaginationRequest) -> Page:
        """Returns the page of a request. Errors: InvalidArgument for two tokens or one that is not ours."""
        if request.next_page_token and request.previous_page_token:
            raise InvalidArgument.of([Violation("pagination", "may have only one page token")])
        token = request.next_page_token or request.previous_page_token
        if not token:
            return cls("", False, request.page_size)
        try:
            direction, _, key = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            direction, key = "", ""
        if direction not in ("after", "before") or not key:
            raise InvalidArgument.of([Violation("pagination", "the page token is not one of this server")])
        return cls(key, direction == "before", request.page_size)

    def cut(self, found: Sequence[T], key: Callable[[T], str]) -> tuple[Sequence[T], pb.PaginationResponse]:
        """Returns the items to show, and the tokens of the pages after the last and before the first one's `key`."""
        goes_on = bool(self.size) and len(found) > self.size
        shown = found
        if goes_on:
            shown = found[1:] if self.backwards else found[:-1]
        tokens = pb.PaginationResponse()
        came_from = bool(self.key)
        if shown and (came_from if self.backwards else goes_on):
            tokens.next_page_token = _token("after", key(shown[-1]))
        if shown and (goes_on if self.backwards else came_from):
            tokens.previous_page_token = _token("before", key(shown[0]))
        return shown, tokens


def _token(direction: str, key: str) -> str:
    return base64.b64encode(f"{direction}:{key}".encode()).decode()
