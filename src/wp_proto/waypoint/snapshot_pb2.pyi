from wp_proto.waypoint import version_pb2 as _version_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Snapshot(_message.Message):
    __slots__ = ()
    class BoltChunk(_message.Message):
        __slots__ = ("bucket", "items", "final")
        class ItemsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: bytes
            def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...
        BUCKET_FIELD_NUMBER: _ClassVar[int]
        ITEMS_FIELD_NUMBER: _ClassVar[int]
        FINAL_FIELD_NUMBER: _ClassVar[int]
        bucket: str
        items: _containers.ScalarMap[str, bytes]
        final: bool
        def __init__(self, bucket: _Optional[str] = ..., items: _Optional[_Mapping[str, bytes]] = ..., final: _Optional[bool] = ...) -> None: ...
    class Header(_message.Message):
        __slots__ = ("version", "format")
        class Format(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[Snapshot.Header.Format]
            BOLT: _ClassVar[Snapshot.Header.Format]
        UNKNOWN: Snapshot.Header.Format
        BOLT: Snapshot.Header.Format
        VERSION_FIELD_NUMBER: _ClassVar[int]
        FORMAT_FIELD_NUMBER: _ClassVar[int]
        version: _version_pb2.VersionInfo
        format: Snapshot.Header.Format
        def __init__(self, version: _Optional[_Union[_version_pb2.VersionInfo, _Mapping]] = ..., format: _Optional[_Union[Snapshot.Header.Format, str]] = ...) -> None: ...
    class Trailer(_message.Message):
        __slots__ = ("sha256",)
        SHA256_FIELD_NUMBER: _ClassVar[int]
        sha256: str
        def __init__(self, sha256: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...

class CreateSnapshotResponse(_message.Message):
    __slots__ = ("open", "chunk")
    class Open(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    OPEN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    open: CreateSnapshotResponse.Open
    chunk: bytes
    def __init__(self, open: _Optional[_Union[CreateSnapshotResponse.Open, _Mapping]] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class RestoreSnapshotRequest(_message.Message):
    __slots__ = ("open", "chunk")
    class Open(_message.Message):
        __slots__ = ("exit",)
        EXIT_FIELD_NUMBER: _ClassVar[int]
        exit: bool
        def __init__(self, exit: _Optional[bool] = ...) -> None: ...
    OPEN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    open: RestoreSnapshotRequest.Open
    chunk: bytes
    def __init__(self, open: _Optional[_Union[RestoreSnapshotRequest.Open, _Mapping]] = ..., chunk: _Optional[bytes] = ...) -> None: ...
