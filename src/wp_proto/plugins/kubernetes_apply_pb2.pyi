from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Deployment(_message.Message):
    __slots__ = ("prune_label", "prune_allowlist")
    PRUNE_LABEL_FIELD_NUMBER: _ClassVar[int]
    PRUNE_ALLOWLIST_FIELD_NUMBER: _ClassVar[int]
    prune_label: str
    prune_allowlist: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, prune_label: _Optional[str] = ..., prune_allowlist: _Optional[_Iterable[str]] = ...) -> None: ...
