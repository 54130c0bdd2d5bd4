from wp_proto.own import log_position_pb2 as _log_position_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetLogStreamRequest(_message.Message):
    __slots__ = ("deployment_id", "application", "limit_backlog", "follow")
    class Application(_message.Message):
        __slots__ = ("application", "workspace")
        APPLICATION_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        application: _ref_pb2.Ref.Application
        workspace: _ref_pb2.Ref.Workspace
        def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ...) -> None: ...
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    LIMIT_BACKLOG_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    application: GetLogStreamRequest.Application
    limit_backlog: int
    follow: _log_position_pb2.LogFollow
    def __init__(self, deployment_id: _Optional[str] = ..., application: _Optional[_Union[GetLogStreamRequest.Application, _Mapping]] = ..., limit_backlog: _Optional[int] = ..., follow: _Optional[_Union[_log_position_pb2.LogFollow, _Mapping]] = ...) -> None: ...
