from wp_proto.own import polling_pb2 as _polling_pb2
from wp_proto.waypoint import hcl_pb2 as _hcl_pb2
from wp_proto.waypoint import operation_pb2 as _operation_pb2
from wp_proto.waypoint import paging_pb2 as _paging_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from wp_proto.waypoint import variable_pb2 as _variable_pb2
from wp_proto.waypoint import workspace_pb2 as _workspace_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Project(_message.Message):
    __slots__ = ("name", "applications", "remote_enabled", "data_source", "waypoint_hcl", "waypoint_hcl_format", "data_source_poll", "file_change_signal", "variables", "status_report_poll", "state", "project_template", "readme_markdown")
    class ProjectState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ACTIVE: _ClassVar[Project.ProjectState]
        DESTROYING: _ClassVar[Project.ProjectState]
    ACTIVE: Project.ProjectState
    DESTROYING: Project.ProjectState
    class AppStatusPoll(_message.Message):
        __slots__ = ("enabled", "interval")
        ENABLED_FIELD_NUMBER: _ClassVar[int]
        INTERVAL_FIELD_NUMBER: _ClassVar[int]
        enabled: bool
        interval: str
        def __init__(self, enabled: _Optional[bool] = ..., interval: _Optional[str] = ...) -> None: ...
    class Poll(_message.Message):
        __slots__ = ("enabled", "interval")
        ENABLED_FIELD_NUMBER: _ClassVar[int]
        INTERVAL_FIELD_NUMBER: _ClassVar[int]
        enabled: bool
        interval: str
        def __init__(self, enabled: _Optional[bool] = ..., interval: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    REMOTE_ENABLED_FIELD_NUMBER: _ClassVar[int]
    DATA_SOURCE_FIELD_NUMBER: _ClassVar[int]
    WAYPOINT_HCL_FIELD_NUMBER: _ClassVar[int]
    WAYPOINT_HCL_FORMAT_FIELD_NUMBER: _ClassVar[int]
    DATA_SOURCE_POLL_FIELD_NUMBER: _ClassVar[int]
    FILE_CHANGE_SIGNAL_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    STATUS_REPORT_POLL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROJECT_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    README_MARKDOWN_FIELD_NUMBER: _ClassVar[int]
    name: str
    applications: _containers.RepeatedCompositeFieldContainer[Application]
    remote_enabled: bool
    data_source: _operation_pb2.Job.DataSource
    waypoint_hcl: bytes
    waypoint_hcl_format: _hcl_pb2.Hcl.Format
    data_source_poll: Project.Poll
    file_change_signal: str
    variables: _containers.RepeatedCompositeFieldContainer[_variable_pb2.Variable]
    status_report_poll: Project.AppStatusPoll
    state: Project.ProjectState
    project_template: _ref_pb2.Ref.ProjectTemplate
    readme_markdown: bytes
    def __init__(self, name: _Optional[str] = ..., applications: _Optional[_Iterable[_Union[Application, _Mapping]]] = ..., remote_enabled: _Optional[bool] = ..., data_source: _Optional[_Union[_operation_pb2.Job.DataSource, _Mapping]] = ..., waypoint_hcl: _Optional[bytes] = ..., waypoint_hcl_format: _Optional[_Union[_hcl_pb2.Hcl.Format, str]] = ..., data_source_poll: _Optional[_Union[Project.Poll, _Mapping]] = ..., file_change_signal: _Optional[str] = ..., variables: _Optional[_Iterable[_Union[_variable_pb2.Variable, _Mapping]]] = ..., status_report_poll: _Optional[_Union[Project.AppStatusPoll, _Mapping]] = ..., state: _Optional[_Union[Project.ProjectState, str]] = ..., project_template: _Optional[_Union[_ref_pb2.Ref.ProjectTemplate, _Mapping]] = ..., readme_markdown: _Optional[bytes] = ...) -> None: ...

class Application(_message.Message):
    __slots__ = ("name", "project", "file_change_signal")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    FILE_CHANGE_SIGNAL_FIELD_NUMBER: _ClassVar[int]
    name: str
    project: _ref_pb2.Ref.Project
    file_change_signal: str
    def __init__(self, name: _Optional[str] = ..., project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., file_change_signal: _Optional[str] = ...) -> None: ...

class DestroyProjectRequest(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: _ref_pb2.Ref.Project
    def __init__(self, project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ...) -> None: ...

class GetApplicationRequest(_message.Message):
    __slots__ = ("application",)
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    application: _ref_pb2.Ref.Application
    def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ...) -> None: ...

class GetApplicationResponse(_message.Message):
    __slots__ = ("application",)
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    application: Application
    def __init__(self, application: _Optional[_Union[Application, _Mapping]] = ...) -> None: ...

class GetProjectRequest(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: _ref_pb2.Ref.Project
    def __init__(self, project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ...) -> None: ...

class GetProjectResponse(_message.Message):
    __slots__ = ("project", "workspaces", "polling")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    WORKSPACES_FIELD_NUMBER: _ClassVar[int]
    POLLING_FIELD_NUMBER: _ClassVar[int]
    project: Project
    workspaces: _containers.RepeatedCompositeFieldContainer[_workspace_pb2.Workspace.Project]
    polling: _containers.RepeatedCompositeFieldContainer[_polling_pb2.Polling]
    def __init__(self, project: _Optional[_Union[Project, _Mapping]] = ..., workspaces: _Optional[_Iterable[_Union[_workspace_pb2.Workspace.Project, _Mapping]]] = ..., polling: _Optional[_Iterable[_Union[_polling_pb2.Polling, _Mapping]]] = ...) -> None: ...

class ListProjectsRequest(_message.Message):
    __slots__ = ("pagination",)
    PAGINATION_FIELD_NUMBER: _ClassVar[int]
    pagination: _paging_pb2.PaginationRequest
    def __init__(self, pagination: _Optional[_Union[_paging_pb2.PaginationRequest, _Mapping]] = ...) -> None: ...

class ListProjectsResponse(_message.Message):
    __slots__ = ("projects", "pagination", "total_count")
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    PAGINATION_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    projects: _containers.RepeatedCompositeFieldContainer[_ref_pb2.Ref.Project]
    pagination: _paging_pb2.PaginationResponse
    total_count: int
    def __init__(self, projects: _Optional[_Iterable[_Union[_ref_pb2.Ref.Project, _Mapping]]] = ..., pagination: _Optional[_Union[_paging_pb2.PaginationResponse, _Mapping]] = ..., total_count: _Optional[int] = ...) -> None: ...

class UpsertApplicationRequest(_message.Message):
    __slots__ = ("project", "name", "file_change_signal")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FILE_CHANGE_SIGNAL_FIELD_NUMBER: _ClassVar[int]
    project: _ref_pb2.Ref.Project
    name: str
    file_change_signal: str
    def __init__(self, project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., name: _Optional[str] = ..., file_change_signal: _Optional[str] = ...) -> None: ...

class UpsertApplicationResponse(_message.Message):
    __slots__ = ("application",)
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    application: Application
    def __init__(self, application: _Optional[_Union[Application, _Mapping]] = ...) -> None: ...

class UpsertProjectRequest(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: Project
    def __init__(self, project: _Optional[_Union[Project, _Mapping]] = ...) -> None: ...

class UpsertProjectResponse(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: Project
    def __init__(self, project: _Optional[_Union[Project, _Mapping]] = ...) -> None: ...
