from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Deployment(_message.Message):
    __slots__ = ("id", "host", "directory", "port", "worker")
    ID_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    id: str
    host: str
    directory: str
    port: int
    worker: bool
    def __init__(self, id: _Optional[str] = ..., host: _Optional[str] = ..., directory: _Optional[str] = ..., port: _Optional[int] = ..., worker: _Optional[bool] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("url", "host", "folder", "port", "deployment_id")
    URL_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    url: str
    host: str
    folder: str
    port: int
    deployment_id: str
    def __init__(self, url: _Optional[str] = ..., host: _Optional[str] = ..., folder: _Optional[str] = ..., port: _Optional[int] = ..., deployment_id: _Optional[str] = ...) -> None: ...

class Task(_message.Message):
    __slots__ = ("host", "directory")
    HOST_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    host: str
    directory: str
    def __init__(self, host: _Optional[str] = ..., directory: _Optional[str] = ...) -> None: ...
