from wp_proto.waypoint import operation_pb2 as _operation_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from wp_proto.waypoint import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetLatestPushedArtifactRequest(_message.Message):
    __slots__ = ("application", "workspace")
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ...) -> None: ...

class GetPushedArtifactRequest(_message.Message):
    __slots__ = ("ref",)
    REF_FIELD_NUMBER: _ClassVar[int]
    ref: _ref_pb2.Ref.Operation
    def __init__(self, ref: _Optional[_Union[_ref_pb2.Ref.Operation, _Mapping]] = ...) -> None: ...

class ListPushedArtifactsRequest(_message.Message):
    __slots__ = ("status", "order", "application", "workspace", "include_build")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_BUILD_FIELD_NUMBER: _ClassVar[int]
    status: _containers.RepeatedCompositeFieldContainer[_status_pb2.StatusFilter]
    order: _status_pb2.OperationOrder
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    include_build: bool
    def __init__(self, status: _Optional[_Iterable[_Union[_status_pb2.StatusFilter, _Mapping]]] = ..., order: _Optional[_Union[_status_pb2.OperationOrder, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., include_build: _Optional[bool] = ...) -> None: ...

class ListPushedArtifactsResponse(_message.Message):
    __slots__ = ("artifacts",)
    ARTIFACTS_FIELD_NUMBER: _ClassVar[int]
    artifacts: _containers.RepeatedCompositeFieldContainer[_operation_pb2.PushedArtifact]
    def __init__(self, artifacts: _Optional[_Iterable[_Union[_operation_pb2.PushedArtifact, _Mapping]]] = ...) -> None: ...

class UpsertPushedArtifactRequest(_message.Message):
    __slots__ = ("artifact",)
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    artifact: _operation_pb2.PushedArtifact
    def __init__(self, artifact: _Optional[_Union[_operation_pb2.PushedArtifact, _Mapping]] = ...) -> None: ...

class UpsertPushedArtifactResponse(_message.Message):
    __slots__ = ("artifact",)
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    artifact: _operation_pb2.PushedArtifact
    def __init__(self, artifact: _Optional[_Union[_operation_pb2.PushedArtifact, _Mapping]] = ...) -> None: ...
