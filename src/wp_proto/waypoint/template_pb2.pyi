from wp_proto.waypoint import project_pb2 as _project_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProjectTemplate(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CreateProjectFromTemplateRequest(_message.Message):
    __slots__ = ("project_name", "project_template")
    PROJECT_NAME_FIELD_NUMBER: _ClassVar[int]
    PROJECT_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    project_name: str
    project_template: _ref_pb2.Ref.ProjectTemplate
    def __init__(self, project_name: _Optional[str] = ..., project_template: _Optional[_Union[_ref_pb2.Ref.ProjectTemplate, _Mapping]] = ...) -> None: ...

class CreateProjectFromTemplateResponse(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: _project_pb2.Project
    def __init__(self, project: _Optional[_Union[_project_pb2.Project, _Mapping]] = ...) -> None: ...
