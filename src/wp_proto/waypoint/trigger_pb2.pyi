import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from wp_proto.waypoint import operation_pb2 as _operation_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from wp_proto.waypoint import variable_pb2 as _variable_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Trigger(_message.Message):
    __slots__ = ("id", "name", "description", "tags", "active_time", "authenticated", "workspace", "project", "application", "build", "push", "deploy", "destroy", "release", "up", "init", "status_report")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    AUTHENTICATED_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    BUILD_FIELD_NUMBER: _ClassVar[int]
    PUSH_FIELD_NUMBER: _ClassVar[int]
    DEPLOY_FIELD_NUMBER: _ClassVar[int]
    DESTROY_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    UP_FIELD_NUMBER: _ClassVar[int]
    INIT_FIELD_NUMBER: _ClassVar[int]
    STATUS_REPORT_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    description: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    active_time: _timestamp_pb2.Timestamp
    authenticated: bool
    workspace: _ref_pb2.Ref.Workspace
    project: _ref_pb2.Ref.Project
    application: _ref_pb2.Ref.Application
    build: _operation_pb2.Job.BuildOp
    push: _operation_pb2.Job.PushOp
    deploy: _operation_pb2.Job.DeployOp
    destroy: _operation_pb2.Job.DestroyOp
    release: _operation_pb2.Job.ReleaseOp
    up: _operation_pb2.Job.UpOp
    init: _operation_pb2.Job.InitOp
    status_report: _operation_pb2.Job.StatusReportOp
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., active_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., authenticated: _Optional[bool] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., build: _Optional[_Union[_operation_pb2.Job.BuildOp, _Mapping]] = ..., push: _Optional[_Union[_operation_pb2.Job.PushOp, _Mapping]] = ..., deploy: _Optional[_Union[_operation_pb2.Job.DeployOp, _Mapping]] = ..., destroy: _Optional[_Union[_operation_pb2.Job.DestroyOp, _Mapping]] = ..., release: _Optional[_Union[_operation_pb2.Job.ReleaseOp, _Mapping]] = ..., up: _Optional[_Union[_operation_pb2.Job.UpOp, _Mapping]] = ..., init: _Optional[_Union[_operation_pb2.Job.InitOp, _Mapping]] = ..., status_report: _Optional[_Union[_operation_pb2.Job.StatusReportOp, _Mapping]] = ...) -> None: ...

class DeleteTriggerRequest(_message.Message):
    __slots__ = ("ref",)
    REF_FIELD_NUMBER: _ClassVar[int]
    ref: _ref_pb2.Ref.Trigger
    def __init__(self, ref: _Optional[_Union[_ref_pb2.Ref.Trigger, _Mapping]] = ...) -> None: ...

class GetTriggerRequest(_message.Message):
    __slots__ = ("ref",)
    REF_FIELD_NUMBER: _ClassVar[int]
    ref: _ref_pb2.Ref.Trigger
    def __init__(self, ref: _Optional[_Union[_ref_pb2.Ref.Trigger, _Mapping]] = ...) -> None: ...

class GetTriggerResponse(_message.Message):
    __slots__ = ("trigger",)
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    trigger: Trigger
    def __init__(self, trigger: _Optional[_Union[Trigger, _Mapping]] = ...) -> None: ...

class ListTriggerRequest(_message.Message):
    __slots__ = ("workspace", "project", "application", "tags")
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    workspace: _ref_pb2.Ref.Workspace
    project: _ref_pb2.Ref.Project
    application: _ref_pb2.Ref.Application
    tags: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., tags: _Optional[_Iterable[str]] = ...) -> None: ...

class ListTriggerResponse(_message.Message):
    __slots__ = ("triggers",)
    TRIGGERS_FIELD_NUMBER: _ClassVar[int]
    triggers: _containers.RepeatedCompositeFieldContainer[Trigger]
    def __init__(self, triggers: _Optional[_Iterable[_Union[Trigger, _Mapping]]] = ...) -> None: ...

class RunTriggerRequest(_message.Message):
    __slots__ = ("ref", "variable_overrides")
    REF_FIELD_NUMBER: _ClassVar[int]
    VARIABLE_OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    ref: _ref_pb2.Ref.Trigger
    variable_overrides: _containers.RepeatedCompositeFieldContainer[_variable_pb2.Variable]
    def __init__(self, ref: _Optional[_Union[_ref_pb2.Ref.Trigger, _Mapping]] = ..., variable_overrides: _Optional[_Iterable[_Union[_variable_pb2.Variable, _Mapping]]] = ...) -> None: ...

class RunTriggerResponse(_message.Message):
    __slots__ = ("job_ids",)
    JOB_IDS_FIELD_NUMBER: _ClassVar[int]
    job_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, job_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class UpsertTriggerRequest(_message.Message):
    __slots__ = ("trigger",)
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    trigger: Trigger
    def __init__(self, trigger: _Optional[_Union[Trigger, _Mapping]] = ...) -> None: ...

class UpsertTriggerResponse(_message.Message):
    __slots__ = ("trigger",)
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    trigger: Trigger
    def __init__(self, trigger: _Optional[_Union[Trigger, _Mapping]] = ...) -> None: ...
