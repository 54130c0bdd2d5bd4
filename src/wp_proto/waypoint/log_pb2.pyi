import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from wp_proto.own import log_position_pb2 as _log_position_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LogBatch(_message.Message):
    __slots__ = ("deployment_id", "instance_id", "lines", "position")
    class Entry(_message.Message):
        __slots__ = ("timestamp", "line", "source")
        class Source(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            APP: _ClassVar[LogBatch.Entry.Source]
            ENTRYPOINT: _ClassVar[LogBatch.Entry.Source]
        APP: LogBatch.Entry.Source
        ENTRYPOINT: LogBatch.Entry.Source
        TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        LINE_FIELD_NUMBER: _ClassVar[int]
        SOURCE_FIELD_NUMBER: _ClassVar[int]
        timestamp: _timestamp_pb2.Timestamp
        line: str
        source: LogBatch.Entry.Source
        def __init__(self, timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., line: _Optional[str] = ..., source: _Optional[_Union[LogBatch.Entry.Source, str]] = ...) -> None: ...
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    instance_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LogBatch.Entry]
    position: _log_position_pb2.LogPosition
    def __init__(self, deployment_id: _Optional[str] = ..., instance_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LogBatch.Entry, _Mapping]]] = ..., position: _Optional[_Union[_log_position_pb2.LogPosition, _Mapping]] = ...) -> None: ...
