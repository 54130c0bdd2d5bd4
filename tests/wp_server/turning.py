"""Turning the pages of a list, to its end and back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import grpc
import pytest

from wp_proto.waypoint import api as pb


async def turned(
    call: Callable[[Any], Awaitable[Any]], request: Any, size: int, items: Callable[[Any], Sequence[Any]]
) -> list[list[Any]]:
    """Every page of `size` items, first to last, after turning back as well; `items` finds what an answer shows."""
    pages: list[list[Any]] = []
    request.pagination.CopyFrom(pb.PaginationRequest(page_size=size))
    while True:
        answer = await call(request)
        assert bool(answer.pagination.previous_page_token) == bool(pages)
        pages.append(list(items(answer)))
        if not answer.pagination.next_page_token:
            break
        request.pagination.next_page_token = answer.pagination.next_page_token
    for page in reversed(pages[:-1]):
        request.pagination.ClearField("next_page_token")
        request.pagination.previous_page_token = answer.pagination.previous_page_token
        answer = await call(request)
        assert list(items(answer)) == page
        assert answer.pagination.next_page_token
    assert not answer.pagination.previous_page_token
    return pages


async def refuses_foreign_tokens(call: Callable[[Any], Awaitable[Any]], request: Any) -> None:
    """Two tokens, no base64, no direction, no key."""
    for tokens in (("YWZ0ZXI6YQ==", "YWZ0ZXI6YQ=="), ("?", ""), ("", "bm9uc2Vuc2U="), ("", "YmVmb3JlOg==")):
        pagination = pb.PaginationRequest(page_size=3, next_page_token=tokens[0], previous_page_token=tokens[1])
        request.pagination.CopyFrom(pagination)
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call(request)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
