from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LogPosition(_message.Message):
    __slots__ = ("deployment_id", "instance_id", "ring", "next")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    RING_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    instance_id: str
    ring: str
    next: int
    def __init__(self, deployment_id: _Optional[str] = ..., instance_id: _Optional[str] = ..., ring: _Optional[str] = ..., next: _Optional[int] = ...) -> None: ...

class LogFollow(_message.Message):
    __slots__ = ("again", "shown")
    AGAIN_FIELD_NUMBER: _ClassVar[int]
    SHOWN_FIELD_NUMBER: _ClassVar[int]
    again: bool
    shown: _containers.RepeatedCompositeFieldContainer[LogPosition]
    def __init__(self, again: _Optional[bool] = ..., shown: _Optional[_Iterable[_Union[LogPosition, _Mapping]]] = ...) -> None: ...
