from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ConfigFile(_message.Message):
    __slots__ = ("project", "application", "workspace", "keep_vanished")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    KEEP_VANISHED_FIELD_NUMBER: _ClassVar[int]
    project: str
    application: str
    workspace: str
    keep_vanished: bool
    def __init__(self, project: _Optional[str] = ..., application: _Optional[str] = ..., workspace: _Optional[str] = ..., keep_vanished: _Optional[bool] = ...) -> None: ...
