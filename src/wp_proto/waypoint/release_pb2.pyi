from wp_proto.waypoint import operation_pb2 as _operation_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from wp_proto.waypoint import status_pb2 as _status_pb2
from wp_proto.waypoint import status_report_pb2 as _status_report_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReleaseExpanded(_message.Message):
    __slots__ = ("release", "latest_status_report")
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    LATEST_STATUS_REPORT_FIELD_NUMBER: _ClassVar[int]
    release: _operation_pb2.Release
    latest_status_report: _status_report_pb2.StatusReport
    def __init__(self, release: _Optional[_Union[_operation_pb2.Release, _Mapping]] = ..., latest_status_report: _Optional[_Union[_status_report_pb2.StatusReport, _Mapping]] = ...) -> None: ...

class GetLatestReleaseRequest(_message.Message):
    __slots__ = ("application", "workspace", "load_details")
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    LOAD_DETAILS_FIELD_NUMBER: _ClassVar[int]
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    load_details: _operation_pb2.Release.LoadDetails
    def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., load_details: _Optional[_Union[_operation_pb2.Release.LoadDetails, str]] = ...) -> None: ...

class GetReleaseRequest(_message.Message):
    __slots__ = ("ref", "load_details")
    REF_FIELD_NUMBER: _ClassVar[int]
    LOAD_DETAILS_FIELD_NUMBER: _ClassVar[int]
    ref: _ref_pb2.Ref.Operation
    load_details: _operation_pb2.Release.LoadDetails
    def __init__(self, ref: _Optional[_Union[_ref_pb2.Ref.Operation, _Mapping]] = ..., load_details: _Optional[_Union[_operation_pb2.Release.LoadDetails, str]] = ...) -> None: ...

class ListReleasesRequest(_message.Message):
    __slots__ = ("status", "order", "application", "workspace", "physical_state", "load_details")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_STATE_FIELD_NUMBER: _ClassVar[int]
    LOAD_DETAILS_FIELD_NUMBER: _ClassVar[int]
    status: _containers.RepeatedCompositeFieldContainer[_status_pb2.StatusFilter]
    order: _status_pb2.OperationOrder
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    physical_state: _status_pb2.Operation.PhysicalState
    load_details: _operation_pb2.Release.LoadDetails
    def __init__(self, status: _Optional[_Iterable[_Union[_status_pb2.StatusFilter, _Mapping]]] = ..., order: _Optional[_Union[_status_pb2.OperationOrder, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., physical_state: _Optional[_Union[_status_pb2.Operation.PhysicalState, str]] = ..., load_details: _Optional[_Union[_operation_pb2.Release.LoadDetails, str]] = ...) -> None: ...

class ListReleasesResponse(_message.Message):
    __slots__ = ("releases",)
    RELEASES_FIELD_NUMBER: _ClassVar[int]
    releases: _containers.RepeatedCompositeFieldContainer[_operation_pb2.Release]
    def __init__(self, releases: _Optional[_Iterable[_Union[_operation_pb2.Release, _Mapping]]] = ...) -> None: ...

class UpsertReleaseRequest(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: _operation_pb2.Release
    def __init__(self, release: _Optional[_Union[_operation_pb2.Release, _Mapping]] = ...) -> None: ...

class UpsertReleaseResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: _operation_pb2.Release
    def __init__(self, release: _Optional[_Union[_operation_pb2.Release, _Mapping]] = ...) -> None: ...
