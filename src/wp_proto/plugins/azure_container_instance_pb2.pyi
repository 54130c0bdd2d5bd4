from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Deployment(_message.Message):
    __slots__ = ("url", "id", "container_group")
    class ContainerGroup(_message.Message):
        __slots__ = ("name", "resource_group", "subscription_id")
        NAME_FIELD_NUMBER: _ClassVar[int]
        RESOURCE_GROUP_FIELD_NUMBER: _ClassVar[int]
        SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
        name: str
        resource_group: str
        subscription_id: str
        def __init__(self, name: _Optional[str] = ..., resource_group: _Optional[str] = ..., subscription_id: _Optional[str] = ...) -> None: ...
    URL_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_GROUP_FIELD_NUMBER: _ClassVar[int]
    url: str
    id: str
    container_group: Deployment.ContainerGroup
    def __init__(self, url: _Optional[str] = ..., id: _Optional[str] = ..., container_group: _Optional[_Union[Deployment.ContainerGroup, _Mapping]] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("url",)
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...
