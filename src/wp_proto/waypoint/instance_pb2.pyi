from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Instance(_message.Message):
    __slots__ = ("id", "deployment_id", "application", "workspace", "type")
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        LONG_RUNNING: _ClassVar[Instance.Type]
        ON_DEMAND: _ClassVar[Instance.Type]
        VIRTUAL: _ClassVar[Instance.Type]
    LONG_RUNNING: Instance.Type
    ON_DEMAND: Instance.Type
    VIRTUAL: Instance.Type
    ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    id: str
    deployment_id: str
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    type: Instance.Type
    def __init__(self, id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., type: _Optional[_Union[Instance.Type, str]] = ...) -> None: ...
