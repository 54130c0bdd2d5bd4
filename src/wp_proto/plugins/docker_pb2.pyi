from google.protobuf import empty_pb2 as _empty_pb2
from wp_proto.opaqueany import any_pb2 as _any_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AccessInfo(_message.Message):
    __slots__ = ("image", "tag", "header", "encoded", "user_pass", "insecure")
    class UserPass(_message.Message):
        __slots__ = ("username", "password")
        USERNAME_FIELD_NUMBER: _ClassVar[int]
        PASSWORD_FIELD_NUMBER: _ClassVar[int]
        username: str
        password: str
        def __init__(self, username: _Optional[str] = ..., password: _Optional[str] = ...) -> None: ...
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ENCODED_FIELD_NUMBER: _ClassVar[int]
    USER_PASS_FIELD_NUMBER: _ClassVar[int]
    INSECURE_FIELD_NUMBER: _ClassVar[int]
    image: str
    tag: str
    header: str
    encoded: str
    user_pass: AccessInfo.UserPass
    insecure: bool
    def __init__(self, image: _Optional[str] = ..., tag: _Optional[str] = ..., header: _Optional[str] = ..., encoded: _Optional[str] = ..., user_pass: _Optional[_Union[AccessInfo.UserPass, _Mapping]] = ..., insecure: _Optional[bool] = ...) -> None: ...

class Deployment(_message.Message):
    __slots__ = ("id", "name", "container", "resource_state")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_STATE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    container: str
    resource_state: _any_pb2.Any
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., container: _Optional[str] = ..., resource_state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...

class Image(_message.Message):
    __slots__ = ("image", "tag", "registry", "docker", "unused_img", "architecture")
    class RegistryLocation(_message.Message):
        __slots__ = ("waypoint_generated",)
        WAYPOINT_GENERATED_FIELD_NUMBER: _ClassVar[int]
        waypoint_generated: bool
        def __init__(self, waypoint_generated: _Optional[bool] = ...) -> None: ...
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    REGISTRY_FIELD_NUMBER: _ClassVar[int]
    DOCKER_FIELD_NUMBER: _ClassVar[int]
    UNUSED_IMG_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    image: str
    tag: str
    registry: Image.RegistryLocation
    docker: _empty_pb2.Empty
    unused_img: _empty_pb2.Empty
    architecture: str
    def __init__(self, image: _Optional[str] = ..., tag: _Optional[str] = ..., registry: _Optional[_Union[Image.RegistryLocation, _Mapping]] = ..., docker: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., unused_img: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., architecture: _Optional[str] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("url", "deployment")
    URL_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    url: str
    deployment: str
    def __init__(self, url: _Optional[str] = ..., deployment: _Optional[str] = ...) -> None: ...

class Resource(_message.Message):
    __slots__ = ()
    class Container(_message.Message):
        __slots__ = ("id", "name")
        ID_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        id: str
        name: str
        def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...
    class Network(_message.Message):
        __slots__ = ("name",)
        NAME_FIELD_NUMBER: _ClassVar[int]
        name: str
        def __init__(self, name: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...

class TaskInfo(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...
