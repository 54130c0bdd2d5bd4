from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Container(_message.Message):
    __slots__ = ("kind", "elem", "key", "count")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ELEM_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    kind: int
    elem: Type
    key: Type
    count: int
    def __init__(self, kind: _Optional[int] = ..., elem: _Optional[_Union[Type, _Mapping]] = ..., key: _Optional[_Union[Type, _Mapping]] = ..., count: _Optional[int] = ...) -> None: ...

class Primitive(_message.Message):
    __slots__ = ("kind",)
    KIND_FIELD_NUMBER: _ClassVar[int]
    kind: int
    def __init__(self, kind: _Optional[int] = ...) -> None: ...

class Struct(_message.Message):
    __slots__ = ("fields",)
    class Field(_message.Message):
        __slots__ = ("Name", "PkgPath", "Tag", "type")
        NAME_FIELD_NUMBER: _ClassVar[int]
        PKGPATH_FIELD_NUMBER: _ClassVar[int]
        TAG_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        Name: str
        PkgPath: str
        Tag: str
        type: Type
        def __init__(self, Name: _Optional[str] = ..., PkgPath: _Optional[str] = ..., Tag: _Optional[str] = ..., type: _Optional[_Union[Type, _Mapping]] = ...) -> None: ...
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    fields: _containers.RepeatedCompositeFieldContainer[Struct.Field]
    def __init__(self, fields: _Optional[_Iterable[_Union[Struct.Field, _Mapping]]] = ...) -> None: ...

class Type(_message.Message):
    __slots__ = ("primitive", "container", "struct")
    PRIMITIVE_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    STRUCT_FIELD_NUMBER: _ClassVar[int]
    primitive: Primitive
    container: Container
    struct: Struct
    def __init__(self, primitive: _Optional[_Union[Primitive, _Mapping]] = ..., container: _Optional[_Union[Container, _Mapping]] = ..., struct: _Optional[_Union[Struct, _Mapping]] = ...) -> None: ...
