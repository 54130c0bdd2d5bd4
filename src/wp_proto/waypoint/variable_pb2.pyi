from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Variable(_message.Message):
    __slots__ = ("name", "str", "hcl", "bool", "num", "cli", "file", "env", "vcs", "server", "dynamic", "final_value", "sensitive")
    class File(_message.Message):
        __slots__ = ("fileName", "hcl_range")
        FILENAME_FIELD_NUMBER: _ClassVar[int]
        HCL_RANGE_FIELD_NUMBER: _ClassVar[int]
        fileName: str
        hcl_range: Variable.HclRange
        def __init__(self, fileName: _Optional[str] = ..., hcl_range: _Optional[_Union[Variable.HclRange, _Mapping]] = ...) -> None: ...
    class FinalValue(_message.Message):
        __slots__ = ("sensitive", "str", "bool", "num", "hcl", "source")
        class Source(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[Variable.FinalValue.Source]
            DEFAULT: _ClassVar[Variable.FinalValue.Source]
            FILE: _ClassVar[Variable.FinalValue.Source]
            CLI: _ClassVar[Variable.FinalValue.Source]
            ENV: _ClassVar[Variable.FinalValue.Source]
            VCS: _ClassVar[Variable.FinalValue.Source]
            SERVER: _ClassVar[Variable.FinalValue.Source]
            DYNAMIC: _ClassVar[Variable.FinalValue.Source]
        UNKNOWN: Variable.FinalValue.Source
        DEFAULT: Variable.FinalValue.Source
        FILE: Variable.FinalValue.Source
        CLI: Variable.FinalValue.Source
        ENV: Variable.FinalValue.Source
        VCS: Variable.FinalValue.Source
        SERVER: Variable.FinalValue.Source
        DYNAMIC: Variable.FinalValue.Source
        SENSITIVE_FIELD_NUMBER: _ClassVar[int]
        STR_FIELD_NUMBER: _ClassVar[int]
        BOOL_FIELD_NUMBER: _ClassVar[int]
        NUM_FIELD_NUMBER: _ClassVar[int]
        HCL_FIELD_NUMBER: _ClassVar[int]
        SOURCE_FIELD_NUMBER: _ClassVar[int]
        sensitive: str
        str: str
        bool: bool
        num: int
        hcl: str
        source: Variable.FinalValue.Source
        def __init__(self, sensitive: _Optional[str] = ..., str: _Optional[str] = ..., bool: _Optional[bool] = ..., num: _Optional[int] = ..., hcl: _Optional[str] = ..., source: _Optional[_Union[Variable.FinalValue.Source, str]] = ...) -> None: ...
    class HclPos(_message.Message):
        __slots__ = ("line", "column", "byte")
        LINE_FIELD_NUMBER: _ClassVar[int]
        COLUMN_FIELD_NUMBER: _ClassVar[int]
        BYTE_FIELD_NUMBER: _ClassVar[int]
        line: int
        column: int
        byte: int
        def __init__(self, line: _Optional[int] = ..., column: _Optional[int] = ..., byte: _Optional[int] = ...) -> None: ...
    class HclRange(_message.Message):
        __slots__ = ("filename", "start", "end")
        FILENAME_FIELD_NUMBER: _ClassVar[int]
        START_FIELD_NUMBER: _ClassVar[int]
        END_FIELD_NUMBER: _ClassVar[int]
        filename: str
        start: Variable.HclPos
        end: Variable.HclPos
        def __init__(self, filename: _Optional[str] = ..., start: _Optional[_Union[Variable.HclPos, _Mapping]] = ..., end: _Optional[_Union[Variable.HclPos, _Mapping]] = ...) -> None: ...
    class VCS(_message.Message):
        __slots__ = ("fileName", "hcl_range")
        FILENAME_FIELD_NUMBER: _ClassVar[int]
        HCL_RANGE_FIELD_NUMBER: _ClassVar[int]
        fileName: str
        hcl_range: Variable.HclRange
        def __init__(self, fileName: _Optional[str] = ..., hcl_range: _Optional[_Union[Variable.HclRange, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    STR_FIELD_NUMBER: _ClassVar[int]
    HCL_FIELD_NUMBER: _ClassVar[int]
    BOOL_FIELD_NUMBER: _ClassVar[int]
    NUM_FIELD_NUMBER: _ClassVar[int]
    CLI_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    ENV_FIELD_NUMBER: _ClassVar[int]
    VCS_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    DYNAMIC_FIELD_NUMBER: _ClassVar[int]
    FINAL_VALUE_FIELD_NUMBER: _ClassVar[int]
    SENSITIVE_FIELD_NUMBER: _ClassVar[int]
    name: str
    str: str
    hcl: str
    bool: bool
    num: int
    cli: _empty_pb2.Empty
    file: Variable.File
    env: _empty_pb2.Empty
    vcs: Variable.VCS
    server: _empty_pb2.Empty
    dynamic: _empty_pb2.Empty
    final_value: Variable.FinalValue
    sensitive: bool
    def __init__(self, name: _Optional[str] = ..., str: _Optional[str] = ..., hcl: _Optional[str] = ..., bool: _Optional[bool] = ..., num: _Optional[int] = ..., cli: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., file: _Optional[_Union[Variable.File, _Mapping]] = ..., env: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., vcs: _Optional[_Union[Variable.VCS, _Mapping]] = ..., server: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., dynamic: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., final_value: _Optional[_Union[Variable.FinalValue, _Mapping]] = ..., sensitive: _Optional[bool] = ...) -> None: ...
