from wp_proto.opaqueany import any_pb2 as _any_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResourceCategoryDisplayHint(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNKNOWN: _ClassVar[ResourceCategoryDisplayHint]
    OTHER: _ClassVar[ResourceCategoryDisplayHint]
    INSTANCE: _ClassVar[ResourceCategoryDisplayHint]
    INSTANCE_MANAGER: _ClassVar[ResourceCategoryDisplayHint]
    ROUTER: _ClassVar[ResourceCategoryDisplayHint]
    POLICY: _ClassVar[ResourceCategoryDisplayHint]
    CONFIG: _ClassVar[ResourceCategoryDisplayHint]
    FUNCTION: _ClassVar[ResourceCategoryDisplayHint]
    STORAGE: _ClassVar[ResourceCategoryDisplayHint]
UNKNOWN: ResourceCategoryDisplayHint
OTHER: ResourceCategoryDisplayHint
INSTANCE: ResourceCategoryDisplayHint
INSTANCE_MANAGER: ResourceCategoryDisplayHint
ROUTER: ResourceCategoryDisplayHint
POLICY: ResourceCategoryDisplayHint
CONFIG: ResourceCategoryDisplayHint
FUNCTION: ResourceCategoryDisplayHint
STORAGE: ResourceCategoryDisplayHint

class DeclaredResource(_message.Message):
    __slots__ = ("name", "platform", "state", "state_json", "category_display_hint", "type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_JSON_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_DISPLAY_HINT_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    platform: str
    state: _any_pb2.Any
    state_json: str
    category_display_hint: ResourceCategoryDisplayHint
    type: str
    def __init__(self, name: _Optional[str] = ..., platform: _Optional[str] = ..., state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., state_json: _Optional[str] = ..., category_display_hint: _Optional[_Union[ResourceCategoryDisplayHint, str]] = ..., type: _Optional[str] = ...) -> None: ...

class DestroyedResource(_message.Message):
    __slots__ = ("name", "type", "platform", "state", "state_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    platform: str
    state: _any_pb2.Any
    state_json: str
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., platform: _Optional[str] = ..., state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., state_json: _Optional[str] = ...) -> None: ...

class Generation(_message.Message):
    __slots__ = ("id", "initial_sequence")
    ID_FIELD_NUMBER: _ClassVar[int]
    INITIAL_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    id: str
    initial_sequence: int
    def __init__(self, id: _Optional[str] = ..., initial_sequence: _Optional[int] = ...) -> None: ...
