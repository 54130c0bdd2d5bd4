from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Documentation(_message.Message):
    __slots__ = ("description", "example", "input", "output", "fields", "mappers")
    class FieldsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Documentation.Field
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Documentation.Field, _Mapping]] = ...) -> None: ...
    class Field(_message.Message):
        __slots__ = ("name", "synopsis", "summary", "optional", "env_var", "type", "default")
        NAME_FIELD_NUMBER: _ClassVar[int]
        SYNOPSIS_FIELD_NUMBER: _ClassVar[int]
        SUMMARY_FIELD_NUMBER: _ClassVar[int]
        OPTIONAL_FIELD_NUMBER: _ClassVar[int]
        ENV_VAR_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        DEFAULT_FIELD_NUMBER: _ClassVar[int]
        name: str
        synopsis: str
        summary: str
        optional: bool
        env_var: str
        type: str
        default: str
        def __init__(self, name: _Optional[str] = ..., synopsis: _Optional[str] = ..., summary: _Optional[str] = ..., optional: _Optional[bool] = ..., env_var: _Optional[str] = ..., type: _Optional[str] = ..., default: _Optional[str] = ...) -> None: ...
    class Mapper(_message.Message):
        __slots__ = ("input", "output", "description")
        INPUT_FIELD_NUMBER: _ClassVar[int]
        OUTPUT_FIELD_NUMBER: _ClassVar[int]
        DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
        input: str
        output: str
        description: str
        def __init__(self, input: _Optional[str] = ..., output: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    EXAMPLE_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    MAPPERS_FIELD_NUMBER: _ClassVar[int]
    description: str
    example: str
    input: str
    output: str
    fields: _containers.MessageMap[str, Documentation.Field]
    mappers: _containers.RepeatedCompositeFieldContainer[Documentation.Mapper]
    def __init__(self, description: _Optional[str] = ..., example: _Optional[str] = ..., input: _Optional[str] = ..., output: _Optional[str] = ..., fields: _Optional[_Mapping[str, Documentation.Field]] = ..., mappers: _Optional[_Iterable[_Union[Documentation.Mapper, _Mapping]]] = ...) -> None: ...
