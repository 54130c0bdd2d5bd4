from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Deployment(_message.Message):
    __slots__ = ("id", "region", "func_arn", "ver_arn", "target_group_arn", "version", "storage")
    ID_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    FUNC_ARN_FIELD_NUMBER: _ClassVar[int]
    VER_ARN_FIELD_NUMBER: _ClassVar[int]
    TARGET_GROUP_ARN_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STORAGE_FIELD_NUMBER: _ClassVar[int]
    id: str
    region: str
    func_arn: str
    ver_arn: str
    target_group_arn: str
    version: str
    storage: int
    def __init__(self, id: _Optional[str] = ..., region: _Optional[str] = ..., func_arn: _Optional[str] = ..., ver_arn: _Optional[str] = ..., target_group_arn: _Optional[str] = ..., version: _Optional[str] = ..., storage: _Optional[int] = ...) -> None: ...
