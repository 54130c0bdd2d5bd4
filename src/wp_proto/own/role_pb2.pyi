from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Grant(_message.Message):
    __slots__ = ("role", "project", "workspace")
    class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[Grant.Role]
        VIEWER: _ClassVar[Grant.Role]
        DEPLOYER: _ClassVar[Grant.Role]
        ADMIN: _ClassVar[Grant.Role]
    UNKNOWN: Grant.Role
    VIEWER: Grant.Role
    DEPLOYER: Grant.Role
    ADMIN: Grant.Role
    ROLE_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    role: Grant.Role
    project: str
    workspace: str
    def __init__(self, role: _Optional[_Union[Grant.Role, str]] = ..., project: _Optional[str] = ..., workspace: _Optional[str] = ...) -> None: ...
