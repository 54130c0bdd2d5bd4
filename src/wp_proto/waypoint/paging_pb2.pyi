from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class PaginationRequest(_message.Message):
    __slots__ = ("page_size", "next_page_token", "previous_page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    next_page_token: str
    previous_page_token: str
    def __init__(self, page_size: _Optional[int] = ..., next_page_token: _Optional[str] = ..., previous_page_token: _Optional[str] = ...) -> None: ...

class PaginationResponse(_message.Message):
    __slots__ = ("next_page_token", "previous_page_token")
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    next_page_token: str
    previous_page_token: str
    def __init__(self, next_page_token: _Optional[str] = ..., previous_page_token: _Optional[str] = ...) -> None: ...

class SortingRequest(_message.Message):
    __slots__ = ("order_by",)
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    order_by: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, order_by: _Optional[_Iterable[str]] = ...) -> None: ...
