import datetime

from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from wp_proto.waypoint import operation_pb2 as _operation_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Workspace(_message.Message):
    __slots__ = ("name", "active_time", "projects")
    class Application(_message.Message):
        __slots__ = ("application", "active_time")
        APPLICATION_FIELD_NUMBER: _ClassVar[int]
        ACTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
        application: _ref_pb2.Ref.Application
        active_time: _timestamp_pb2.Timestamp
        def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., active_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    class Project(_message.Message):
        __slots__ = ("project", "data_source_ref", "active_time", "applications", "workspace")
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        DATA_SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
        ACTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
        APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        project: _ref_pb2.Ref.Project
        data_source_ref: _operation_pb2.Job.DataSource.Ref
        active_time: _timestamp_pb2.Timestamp
        applications: _containers.RepeatedCompositeFieldContainer[Workspace.Application]
        workspace: _ref_pb2.Ref.Workspace
        def __init__(self, project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., data_source_ref: _Optional[_Union[_operation_pb2.Job.DataSource.Ref, _Mapping]] = ..., active_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., applications: _Optional[_Iterable[_Union[Workspace.Application, _Mapping]]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    active_time: _timestamp_pb2.Timestamp
    projects: _containers.RepeatedCompositeFieldContainer[Workspace.Project]
    def __init__(self, name: _Optional[str] = ..., active_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., projects: _Optional[_Iterable[_Union[Workspace.Project, _Mapping]]] = ...) -> None: ...

class GetWorkspaceRequest(_message.Message):
    __slots__ = ("workspace",)
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    workspace: _ref_pb2.Ref.Workspace
    def __init__(self, workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ...) -> None: ...

class GetWorkspaceResponse(_message.Message):
    __slots__ = ("workspace",)
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    workspace: Workspace
    def __init__(self, workspace: _Optional[_Union[Workspace, _Mapping]] = ...) -> None: ...

class ListWorkspacesRequest(_message.Message):
    __slots__ = ("project", "application")
    GLOBAL_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    project: _ref_pb2.Ref.Project
    application: _ref_pb2.Ref.Application
    def __init__(self, project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., **kwargs) -> None: ...

class ListWorkspacesResponse(_message.Message):
    __slots__ = ("workspaces",)
    WORKSPACES_FIELD_NUMBER: _ClassVar[int]
    workspaces: _containers.RepeatedCompositeFieldContainer[Workspace]
    def __init__(self, workspaces: _Optional[_Iterable[_Union[Workspace, _Mapping]]] = ...) -> None: ...

class UpsertWorkspaceRequest(_message.Message):
    __slots__ = ("workspace",)
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    workspace: Workspace
    def __init__(self, workspace: _Optional[_Union[Workspace, _Mapping]] = ...) -> None: ...

class UpsertWorkspaceResponse(_message.Message):
    __slots__ = ("workspace",)
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    workspace: Workspace
    def __init__(self, workspace: _Optional[_Union[Workspace, _Mapping]] = ...) -> None: ...
