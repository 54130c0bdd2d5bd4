from wp_proto.opaqueany import any_pb2 as _any_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Deployment(_message.Message):
    __slots__ = ("url", "resource", "revision_id", "region", "id", "resource_state")
    class Resource(_message.Message):
        __slots__ = ("location", "project", "name")
        LOCATION_FIELD_NUMBER: _ClassVar[int]
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        location: str
        project: str
        name: str
        def __init__(self, location: _Optional[str] = ..., project: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...
    URL_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    REVISION_ID_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_STATE_FIELD_NUMBER: _ClassVar[int]
    url: str
    resource: Deployment.Resource
    revision_id: str
    region: str
    id: str
    resource_state: _any_pb2.Any
    def __init__(self, url: _Optional[str] = ..., resource: _Optional[_Union[Deployment.Resource, _Mapping]] = ..., revision_id: _Optional[str] = ..., region: _Optional[str] = ..., id: _Optional[str] = ..., resource_state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("url",)
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...

class Resource(_message.Message):
    __slots__ = ()
    class Service(_message.Message):
        __slots__ = ("api_name", "revision_name")
        API_NAME_FIELD_NUMBER: _ClassVar[int]
        REVISION_NAME_FIELD_NUMBER: _ClassVar[int]
        api_name: str
        revision_name: str
        def __init__(self, api_name: _Optional[str] = ..., revision_name: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...
