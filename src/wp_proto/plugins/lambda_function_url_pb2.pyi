from wp_proto.opaqueany import any_pb2 as _any_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Release(_message.Message):
    __slots__ = ("url", "region", "func_arn", "ver_arn", "resource_state")
    URL_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    FUNC_ARN_FIELD_NUMBER: _ClassVar[int]
    VER_ARN_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_STATE_FIELD_NUMBER: _ClassVar[int]
    url: str
    region: str
    func_arn: str
    ver_arn: str
    resource_state: _any_pb2.Any
    def __init__(self, url: _Optional[str] = ..., region: _Optional[str] = ..., func_arn: _Optional[str] = ..., ver_arn: _Optional[str] = ..., resource_state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...

class Resource(_message.Message):
    __slots__ = ()
    class FunctionUrl(_message.Message):
        __slots__ = ("url",)
        URL_FIELD_NUMBER: _ClassVar[int]
        url: str
        def __init__(self, url: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...
