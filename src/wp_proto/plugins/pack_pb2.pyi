from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class DockerImage(_message.Message):
    __slots__ = ("image", "tag", "build_labels", "remote")
    class BuildLabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    BUILD_LABELS_FIELD_NUMBER: _ClassVar[int]
    REMOTE_FIELD_NUMBER: _ClassVar[int]
    image: str
    tag: str
    build_labels: _containers.ScalarMap[str, str]
    remote: bool
    def __init__(self, image: _Optional[str] = ..., tag: _Optional[str] = ..., build_labels: _Optional[_Mapping[str, str]] = ..., remote: _Optional[bool] = ...) -> None: ...
