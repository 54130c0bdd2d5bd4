from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Component(_message.Message):
    __slots__ = ("type", "name")
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[Component.Type]
        BUILDER: _ClassVar[Component.Type]
        REGISTRY: _ClassVar[Component.Type]
        PLATFORM: _ClassVar[Component.Type]
        RELEASEMANAGER: _ClassVar[Component.Type]
    UNKNOWN: Component.Type
    BUILDER: Component.Type
    REGISTRY: Component.Type
    PLATFORM: Component.Type
    RELEASEMANAGER: Component.Type
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    type: Component.Type
    name: str
    def __init__(self, type: _Optional[_Union[Component.Type, str]] = ..., name: _Optional[str] = ...) -> None: ...
