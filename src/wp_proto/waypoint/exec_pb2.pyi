from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExecStreamRequest(_message.Message):
    __slots__ = ("start", "input", "winch", "input_eof")
    class Input(_message.Message):
        __slots__ = ("data",)
        DATA_FIELD_NUMBER: _ClassVar[int]
        data: bytes
        def __init__(self, data: _Optional[bytes] = ...) -> None: ...
    class PTY(_message.Message):
        __slots__ = ("enable", "term", "window_size")
        ENABLE_FIELD_NUMBER: _ClassVar[int]
        TERM_FIELD_NUMBER: _ClassVar[int]
        WINDOW_SIZE_FIELD_NUMBER: _ClassVar[int]
        enable: bool
        term: str
        window_size: ExecStreamRequest.WindowSize
        def __init__(self, enable: _Optional[bool] = ..., term: _Optional[str] = ..., window_size: _Optional[_Union[ExecStreamRequest.WindowSize, _Mapping]] = ...) -> None: ...
    class Start(_message.Message):
        __slots__ = ("deployment_id", "instance_id", "args", "pty")
        DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
        INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
        ARGS_FIELD_NUMBER: _ClassVar[int]
        PTY_FIELD_NUMBER: _ClassVar[int]
        deployment_id: str
        instance_id: str
        args: _containers.RepeatedScalarFieldContainer[str]
        pty: ExecStreamRequest.PTY
        def __init__(self, deployment_id: _Optional[str] = ..., instance_id: _Optional[str] = ..., args: _Optional[_Iterable[str]] = ..., pty: _Optional[_Union[ExecStreamRequest.PTY, _Mapping]] = ...) -> None: ...
    class WindowSize(_message.Message):
        __slots__ = ("rows", "cols", "width", "height")
        ROWS_FIELD_NUMBER: _ClassVar[int]
        COLS_FIELD_NUMBER: _ClassVar[int]
        WIDTH_FIELD_NUMBER: _ClassVar[int]
        HEIGHT_FIELD_NUMBER: _ClassVar[int]
        rows: int
        cols: int
        width: int
        height: int
        def __init__(self, rows: _Optional[int] = ..., cols: _Optional[int] = ..., width: _Optional[int] = ..., height: _Optional[int] = ...) -> None: ...
    START_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    WINCH_FIELD_NUMBER: _ClassVar[int]
    INPUT_EOF_FIELD_NUMBER: _ClassVar[int]
    start: ExecStreamRequest.Start
    input: ExecStreamRequest.Input
    winch: ExecStreamRequest.WindowSize
    input_eof: _empty_pb2.Empty
    def __init__(self, start: _Optional[_Union[ExecStreamRequest.Start, _Mapping]] = ..., input: _Optional[_Union[ExecStreamRequest.Input, _Mapping]] = ..., winch: _Optional[_Union[ExecStreamRequest.WindowSize, _Mapping]] = ..., input_eof: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ...) -> None: ...

class ExecStreamResponse(_message.Message):
    __slots__ = ("output", "exit", "open")
    class Exit(_message.Message):
        __slots__ = ("code",)
        CODE_FIELD_NUMBER: _ClassVar[int]
        code: int
        def __init__(self, code: _Optional[int] = ...) -> None: ...
    class Open(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Output(_message.Message):
        __slots__ = ("channel", "data")
        class Channel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[ExecStreamResponse.Output.Channel]
            STDOUT: _ClassVar[ExecStreamResponse.Output.Channel]
            STDERR: _ClassVar[ExecStreamResponse.Output.Channel]
        UNKNOWN: ExecStreamResponse.Output.Channel
        STDOUT: ExecStreamResponse.Output.Channel
        STDERR: ExecStreamResponse.Output.Channel
        CHANNEL_FIELD_NUMBER: _ClassVar[int]
        DATA_FIELD_NUMBER: _ClassVar[int]
        channel: ExecStreamResponse.Output.Channel
        data: bytes
        def __init__(self, channel: _Optional[_Union[ExecStreamResponse.Output.Channel, str]] = ..., data: _Optional[bytes] = ...) -> None: ...
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    EXIT_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    output: ExecStreamResponse.Output
    exit: ExecStreamResponse.Exit
    open: ExecStreamResponse.Open
    def __init__(self, output: _Optional[_Union[ExecStreamResponse.Output, _Mapping]] = ..., exit: _Optional[_Union[ExecStreamResponse.Exit, _Mapping]] = ..., open: _Optional[_Union[ExecStreamResponse.Open, _Mapping]] = ...) -> None: ...
