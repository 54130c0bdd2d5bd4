import datetime

from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from wp_proto.opaqueany import any_pb2 as _any_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from wp_proto.waypoint import resource_pb2 as _resource_pb2
from wp_proto.waypoint import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StatusReport(_message.Message):
    __slots__ = ("application", "workspace", "deployment_id", "release_id", "status", "id", "status_report", "health", "deprecated_resources_health", "generated_time", "external", "resources", "status_report_json", "instances_count")
    class Health(_message.Message):
        __slots__ = ("health_status", "health_message", "deprecated_name", "deprecated_id")
        HEALTH_STATUS_FIELD_NUMBER: _ClassVar[int]
        HEALTH_MESSAGE_FIELD_NUMBER: _ClassVar[int]
        DEPRECATED_NAME_FIELD_NUMBER: _ClassVar[int]
        DEPRECATED_ID_FIELD_NUMBER: _ClassVar[int]
        health_status: str
        health_message: str
        deprecated_name: str
        deprecated_id: str
        def __init__(self, health_status: _Optional[str] = ..., health_message: _Optional[str] = ..., deprecated_name: _Optional[str] = ..., deprecated_id: _Optional[str] = ...) -> None: ...
    class Resource(_message.Message):
        __slots__ = ("id", "declared_resource", "parent_resource_id", "name", "platform", "type", "platform_url", "category_display_hint", "created_time", "state_json", "deprecated_health", "health_message", "health")
        class Health(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[StatusReport.Resource.Health]
            ALIVE: _ClassVar[StatusReport.Resource.Health]
            READY: _ClassVar[StatusReport.Resource.Health]
            DOWN: _ClassVar[StatusReport.Resource.Health]
            PARTIAL: _ClassVar[StatusReport.Resource.Health]
            MISSING: _ClassVar[StatusReport.Resource.Health]
        UNKNOWN: StatusReport.Resource.Health
        ALIVE: StatusReport.Resource.Health
        READY: StatusReport.Resource.Health
        DOWN: StatusReport.Resource.Health
        PARTIAL: StatusReport.Resource.Health
        MISSING: StatusReport.Resource.Health
        ID_FIELD_NUMBER: _ClassVar[int]
        DECLARED_RESOURCE_FIELD_NUMBER: _ClassVar[int]
        PARENT_RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        PLATFORM_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        PLATFORM_URL_FIELD_NUMBER: _ClassVar[int]
        CATEGORY_DISPLAY_HINT_FIELD_NUMBER: _ClassVar[int]
        CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
        STATE_JSON_FIELD_NUMBER: _ClassVar[int]
        DEPRECATED_HEALTH_FIELD_NUMBER: _ClassVar[int]
        HEALTH_MESSAGE_FIELD_NUMBER: _ClassVar[int]
        HEALTH_FIELD_NUMBER: _ClassVar[int]
        id: str
        declared_resource: _ref_pb2.Ref.DeclaredResource
        parent_resource_id: str
        name: str
        platform: str
        type: str
        platform_url: str
        category_display_hint: _resource_pb2.ResourceCategoryDisplayHint
        created_time: _timestamp_pb2.Timestamp
        state_json: str
        deprecated_health: StatusReport.Health
        health_message: str
        health: StatusReport.Resource.Health
        def __init__(self, id: _Optional[str] = ..., declared_resource: _Optional[_Union[_ref_pb2.Ref.DeclaredResource, _Mapping]] = ..., parent_resource_id: _Optional[str] = ..., name: _Optional[str] = ..., platform: _Optional[str] = ..., type: _Optional[str] = ..., platform_url: _Optional[str] = ..., category_display_hint: _Optional[_Union[_resource_pb2.ResourceCategoryDisplayHint, str]] = ..., created_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state_json: _Optional[str] = ..., deprecated_health: _Optional[_Union[StatusReport.Health, _Mapping]] = ..., health_message: _Optional[str] = ..., health: _Optional[_Union[StatusReport.Resource.Health, str]] = ...) -> None: ...
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_REPORT_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    DEPRECATED_RESOURCES_HEALTH_FIELD_NUMBER: _ClassVar[int]
    GENERATED_TIME_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    STATUS_REPORT_JSON_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_COUNT_FIELD_NUMBER: _ClassVar[int]
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    deployment_id: str
    release_id: str
    status: _status_pb2.Status
    id: str
    status_report: _any_pb2.Any
    health: StatusReport.Health
    deprecated_resources_health: _containers.RepeatedCompositeFieldContainer[StatusReport.Health]
    generated_time: _timestamp_pb2.Timestamp
    external: bool
    resources: _containers.RepeatedCompositeFieldContainer[StatusReport.Resource]
    status_report_json: str
    instances_count: int
    def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., deployment_id: _Optional[str] = ..., release_id: _Optional[str] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., id: _Optional[str] = ..., status_report: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., health: _Optional[_Union[StatusReport.Health, _Mapping]] = ..., deprecated_resources_health: _Optional[_Iterable[_Union[StatusReport.Health, _Mapping]]] = ..., generated_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., external: _Optional[bool] = ..., resources: _Optional[_Iterable[_Union[StatusReport.Resource, _Mapping]]] = ..., status_report_json: _Optional[str] = ..., instances_count: _Optional[int] = ...) -> None: ...

class ExpediteStatusReportRequest(_message.Message):
    __slots__ = ("workspace", "deployment", "release")
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    workspace: _ref_pb2.Ref.Workspace
    deployment: _ref_pb2.Ref.Operation
    release: _ref_pb2.Ref.Operation
    def __init__(self, workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., deployment: _Optional[_Union[_ref_pb2.Ref.Operation, _Mapping]] = ..., release: _Optional[_Union[_ref_pb2.Ref.Operation, _Mapping]] = ...) -> None: ...

class ExpediteStatusReportResponse(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class GetLatestStatusReportRequest(_message.Message):
    __slots__ = ("application", "workspace", "any", "deployment_any", "deployment_id", "release_any", "release_id")
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    ANY_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ANY_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ANY_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    any: _empty_pb2.Empty
    deployment_any: _empty_pb2.Empty
    deployment_id: str
    release_any: _empty_pb2.Empty
    release_id: str
    def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., any: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., deployment_any: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., deployment_id: _Optional[str] = ..., release_any: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., release_id: _Optional[str] = ...) -> None: ...

class GetStatusReportRequest(_message.Message):
    __slots__ = ("ref",)
    REF_FIELD_NUMBER: _ClassVar[int]
    ref: _ref_pb2.Ref.Operation
    def __init__(self, ref: _Optional[_Union[_ref_pb2.Ref.Operation, _Mapping]] = ...) -> None: ...

class ListStatusReportsRequest(_message.Message):
    __slots__ = ("status", "order", "application", "workspace", "deployment", "release")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    status: _containers.RepeatedCompositeFieldContainer[_status_pb2.StatusFilter]
    order: _status_pb2.OperationOrder
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    deployment: _ref_pb2.Ref.Operation
    release: _ref_pb2.Ref.Operation
    def __init__(self, status: _Optional[_Iterable[_Union[_status_pb2.StatusFilter, _Mapping]]] = ..., order: _Optional[_Union[_status_pb2.OperationOrder, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., deployment: _Optional[_Union[_ref_pb2.Ref.Operation, _Mapping]] = ..., release: _Optional[_Union[_ref_pb2.Ref.Operation, _Mapping]] = ...) -> None: ...

class ListStatusReportsResponse(_message.Message):
    __slots__ = ("status_reports",)
    STATUS_REPORTS_FIELD_NUMBER: _ClassVar[int]
    status_reports: _containers.RepeatedCompositeFieldContainer[StatusReport]
    def __init__(self, status_reports: _Optional[_Iterable[_Union[StatusReport, _Mapping]]] = ...) -> None: ...

class UpsertStatusReportRequest(_message.Message):
    __slots__ = ("status_report",)
    STATUS_REPORT_FIELD_NUMBER: _ClassVar[int]
    status_report: StatusReport
    def __init__(self, status_report: _Optional[_Union[StatusReport, _Mapping]] = ...) -> None: ...

class UpsertStatusReportResponse(_message.Message):
    __slots__ = ("status_report",)
    STATUS_REPORT_FIELD_NUMBER: _ClassVar[int]
    status_report: StatusReport
    def __init__(self, status_report: _Optional[_Union[StatusReport, _Mapping]] = ...) -> None: ...
