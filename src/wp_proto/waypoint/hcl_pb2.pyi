from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Hcl(_message.Message):
    __slots__ = ("contents", "format")
    class Format(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        HCL: _ClassVar[Hcl.Format]
        JSON: _ClassVar[Hcl.Format]
    HCL: Hcl.Format
    JSON: Hcl.Format
    CONTENTS_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    contents: bytes
    format: Hcl.Format
    def __init__(self, contents: _Optional[bytes] = ..., format: _Optional[_Union[Hcl.Format, str]] = ...) -> None: ...

class WaypointHclFmtRequest(_message.Message):
    __slots__ = ("waypoint_hcl",)
    WAYPOINT_HCL_FIELD_NUMBER: _ClassVar[int]
    waypoint_hcl: bytes
    def __init__(self, waypoint_hcl: _Optional[bytes] = ...) -> None: ...

class WaypointHclFmtResponse(_message.Message):
    __slots__ = ("waypoint_hcl",)
    WAYPOINT_HCL_FIELD_NUMBER: _ClassVar[int]
    waypoint_hcl: bytes
    def __init__(self, waypoint_hcl: _Optional[bytes] = ...) -> None: ...
