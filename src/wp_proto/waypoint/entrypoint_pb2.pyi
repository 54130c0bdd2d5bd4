from google.protobuf import empty_pb2 as _empty_pb2
from google.rpc import status_pb2 as _status_pb2
from wp_proto.own import source_pb2 as _source_pb2
from wp_proto.waypoint import component_pb2 as _component_pb2
from wp_proto.waypoint import config_var_pb2 as _config_var_pb2
from wp_proto.waypoint import exec_pb2 as _exec_pb2
from wp_proto.waypoint import instance_pb2 as _instance_pb2
from wp_proto.waypoint import log_pb2 as _log_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EntrypointConfig(_message.Message):
    __slots__ = ("exec", "env_vars", "url_service", "deployment", "config_sources", "file_change_signal", "brokered")
    class DeploymentInfo(_message.Message):
        __slots__ = ("component", "labels")
        class LabelsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        COMPONENT_FIELD_NUMBER: _ClassVar[int]
        LABELS_FIELD_NUMBER: _ClassVar[int]
        component: _component_pb2.Component
        labels: _containers.ScalarMap[str, str]
        def __init__(self, component: _Optional[_Union[_component_pb2.Component, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ...) -> None: ...
    class Exec(_message.Message):
        __slots__ = ("index", "args", "pty")
        INDEX_FIELD_NUMBER: _ClassVar[int]
        ARGS_FIELD_NUMBER: _ClassVar[int]
        PTY_FIELD_NUMBER: _ClassVar[int]
        index: int
        args: _containers.RepeatedScalarFieldContainer[str]
        pty: _exec_pb2.ExecStreamRequest.PTY
        def __init__(self, index: _Optional[int] = ..., args: _Optional[_Iterable[str]] = ..., pty: _Optional[_Union[_exec_pb2.ExecStreamRequest.PTY, _Mapping]] = ...) -> None: ...
    class URLService(_message.Message):
        __slots__ = ("control_addr", "token", "labels")
        CONTROL_ADDR_FIELD_NUMBER: _ClassVar[int]
        TOKEN_FIELD_NUMBER: _ClassVar[int]
        LABELS_FIELD_NUMBER: _ClassVar[int]
        control_addr: str
        token: str
        labels: str
        def __init__(self, control_addr: _Optional[str] = ..., token: _Optional[str] = ..., labels: _Optional[str] = ...) -> None: ...
    EXEC_FIELD_NUMBER: _ClassVar[int]
    ENV_VARS_FIELD_NUMBER: _ClassVar[int]
    URL_SERVICE_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    CONFIG_SOURCES_FIELD_NUMBER: _ClassVar[int]
    FILE_CHANGE_SIGNAL_FIELD_NUMBER: _ClassVar[int]
    BROKERED_FIELD_NUMBER: _ClassVar[int]
    exec: _containers.RepeatedCompositeFieldContainer[EntrypointConfig.Exec]
    env_vars: _containers.RepeatedCompositeFieldContainer[_config_var_pb2.ConfigVar]
    url_service: EntrypointConfig.URLService
    deployment: EntrypointConfig.DeploymentInfo
    config_sources: _containers.RepeatedCompositeFieldContainer[_config_var_pb2.ConfigSource]
    file_change_signal: str
    brokered: _containers.RepeatedCompositeFieldContainer[_source_pb2.BrokeredValue]
    def __init__(self, exec: _Optional[_Iterable[_Union[EntrypointConfig.Exec, _Mapping]]] = ..., env_vars: _Optional[_Iterable[_Union[_config_var_pb2.ConfigVar, _Mapping]]] = ..., url_service: _Optional[_Union[EntrypointConfig.URLService, _Mapping]] = ..., deployment: _Optional[_Union[EntrypointConfig.DeploymentInfo, _Mapping]] = ..., config_sources: _Optional[_Iterable[_Union[_config_var_pb2.ConfigSource, _Mapping]]] = ..., file_change_signal: _Optional[str] = ..., brokered: _Optional[_Iterable[_Union[_source_pb2.BrokeredValue, _Mapping]]] = ...) -> None: ...

class EntrypointLogBatch(_message.Message):
    __slots__ = ("instance_id", "lines")
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    instance_id: str
    lines: _containers.RepeatedCompositeFieldContainer[_log_pb2.LogBatch.Entry]
    def __init__(self, instance_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_log_pb2.LogBatch.Entry, _Mapping]]] = ...) -> None: ...

class EntrypointConfigRequest(_message.Message):
    __slots__ = ("deployment_id", "instance_id", "type", "disable_exec")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DISABLE_EXEC_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    instance_id: str
    type: _instance_pb2.Instance.Type
    disable_exec: bool
    def __init__(self, deployment_id: _Optional[str] = ..., instance_id: _Optional[str] = ..., type: _Optional[_Union[_instance_pb2.Instance.Type, str]] = ..., disable_exec: _Optional[bool] = ...) -> None: ...

class EntrypointConfigResponse(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: EntrypointConfig
    def __init__(self, config: _Optional[_Union[EntrypointConfig, _Mapping]] = ...) -> None: ...

class EntrypointExecRequest(_message.Message):
    __slots__ = ("open", "exit", "output", "error")
    class Error(_message.Message):
        __slots__ = ("error",)
        ERROR_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    class Exit(_message.Message):
        __slots__ = ("code",)
        CODE_FIELD_NUMBER: _ClassVar[int]
        code: int
        def __init__(self, code: _Optional[int] = ...) -> None: ...
    class Open(_message.Message):
        __slots__ = ("instance_id", "index")
        INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
        INDEX_FIELD_NUMBER: _ClassVar[int]
        instance_id: str
        index: int
        def __init__(self, instance_id: _Optional[str] = ..., index: _Optional[int] = ...) -> None: ...
    class Output(_message.Message):
        __slots__ = ("channel", "data")
        class Channel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[EntrypointExecRequest.Output.Channel]
            STDOUT: _ClassVar[EntrypointExecRequest.Output.Channel]
            STDERR: _ClassVar[EntrypointExecRequest.Output.Channel]
        UNKNOWN: EntrypointExecRequest.Output.Channel
        STDOUT: EntrypointExecRequest.Output.Channel
        STDERR: EntrypointExecRequest.Output.Channel
        CHANNEL_FIELD_NUMBER: _ClassVar[int]
        DATA_FIELD_NUMBER: _ClassVar[int]
        channel: EntrypointExecRequest.Output.Channel
        data: bytes
        def __init__(self, channel: _Optional[_Union[EntrypointExecRequest.Output.Channel, str]] = ..., data: _Optional[bytes] = ...) -> None: ...
    OPEN_FIELD_NUMBER: _ClassVar[int]
    EXIT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    open: EntrypointExecRequest.Open
    exit: EntrypointExecRequest.Exit
    output: EntrypointExecRequest.Output
    error: EntrypointExecRequest.Error
    def __init__(self, open: _Optional[_Union[EntrypointExecRequest.Open, _Mapping]] = ..., exit: _Optional[_Union[EntrypointExecRequest.Exit, _Mapping]] = ..., output: _Optional[_Union[EntrypointExecRequest.Output, _Mapping]] = ..., error: _Optional[_Union[EntrypointExecRequest.Error, _Mapping]] = ...) -> None: ...

class EntrypointExecResponse(_message.Message):
    __slots__ = ("input", "winch", "opened", "input_eof")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    WINCH_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    INPUT_EOF_FIELD_NUMBER: _ClassVar[int]
    input: bytes
    winch: _exec_pb2.ExecStreamRequest.WindowSize
    opened: bool
    input_eof: _empty_pb2.Empty
    def __init__(self, input: _Optional[bytes] = ..., winch: _Optional[_Union[_exec_pb2.ExecStreamRequest.WindowSize, _Mapping]] = ..., opened: _Optional[bool] = ..., input_eof: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ...) -> None: ...
