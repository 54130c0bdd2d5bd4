from wp_proto.waypoint import operation_pb2 as _operation_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from wp_proto.waypoint import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetBuildRequest(_message.Message):
    __slots__ = ("ref",)
    REF_FIELD_NUMBER: _ClassVar[int]
    ref: _ref_pb2.Ref.Operation
    def __init__(self, ref: _Optional[_Union[_ref_pb2.Ref.Operation, _Mapping]] = ...) -> None: ...

class GetLatestBuildRequest(_message.Message):
    __slots__ = ("application", "workspace")
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ...) -> None: ...

class ListBuildsRequest(_message.Message):
    __slots__ = ("application", "workspace", "order")
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    order: _status_pb2.OperationOrder
    def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., order: _Optional[_Union[_status_pb2.OperationOrder, _Mapping]] = ...) -> None: ...

class ListBuildsResponse(_message.Message):
    __slots__ = ("builds",)
    BUILDS_FIELD_NUMBER: _ClassVar[int]
    builds: _containers.RepeatedCompositeFieldContainer[_operation_pb2.Build]
    def __init__(self, builds: _Optional[_Iterable[_Union[_operation_pb2.Build, _Mapping]]] = ...) -> None: ...

class UpsertBuildRequest(_message.Message):
    __slots__ = ("build",)
    BUILD_FIELD_NUMBER: _ClassVar[int]
    build: _operation_pb2.Build
    def __init__(self, build: _Optional[_Union[_operation_pb2.Build, _Mapping]] = ...) -> None: ...

class UpsertBuildResponse(_message.Message):
    __slots__ = ("build",)
    BUILD_FIELD_NUMBER: _ClassVar[int]
    build: _operation_pb2.Build
    def __init__(self, build: _Optional[_Union[_operation_pb2.Build, _Mapping]] = ...) -> None: ...
