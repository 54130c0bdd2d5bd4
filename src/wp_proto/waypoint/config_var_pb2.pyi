from google.protobuf import empty_pb2 as _empty_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConfigVar(_message.Message):
    __slots__ = ("name", "static", "dynamic", "unset", "application", "project", "runner", "internal", "name_is_path", "target", "from_file_in")
    class DynamicVal(_message.Message):
        __slots__ = ("config",)
        class ConfigEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        FROM_FIELD_NUMBER: _ClassVar[int]
        CONFIG_FIELD_NUMBER: _ClassVar[int]
        config: _containers.ScalarMap[str, str]
        def __init__(self, config: _Optional[_Mapping[str, str]] = ..., **kwargs) -> None: ...
    class Target(_message.Message):
        __slots__ = ("project", "application", "workspace", "label_selector", "runner")
        GLOBAL_FIELD_NUMBER: _ClassVar[int]
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        APPLICATION_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        LABEL_SELECTOR_FIELD_NUMBER: _ClassVar[int]
        RUNNER_FIELD_NUMBER: _ClassVar[int]
        project: _ref_pb2.Ref.Project
        application: _ref_pb2.Ref.Application
        workspace: _ref_pb2.Ref.Workspace
        label_selector: str
        runner: _ref_pb2.Ref.Runner
        def __init__(self, project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., label_selector: _Optional[str] = ..., runner: _Optional[_Union[_ref_pb2.Ref.Runner, _Mapping]] = ..., **kwargs) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATIC_FIELD_NUMBER: _ClassVar[int]
    DYNAMIC_FIELD_NUMBER: _ClassVar[int]
    UNSET_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    RUNNER_FIELD_NUMBER: _ClassVar[int]
    INTERNAL_FIELD_NUMBER: _ClassVar[int]
    NAME_IS_PATH_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    FROM_FILE_IN_FIELD_NUMBER: _ClassVar[int]
    name: str
    static: str
    dynamic: ConfigVar.DynamicVal
    unset: _empty_pb2.Empty
    application: _ref_pb2.Ref.Application
    project: _ref_pb2.Ref.Project
    runner: _ref_pb2.Ref.Runner
    internal: bool
    name_is_path: bool
    target: ConfigVar.Target
    from_file_in: str
    def __init__(self, name: _Optional[str] = ..., static: _Optional[str] = ..., dynamic: _Optional[_Union[ConfigVar.DynamicVal, _Mapping]] = ..., unset: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., runner: _Optional[_Union[_ref_pb2.Ref.Runner, _Mapping]] = ..., internal: _Optional[bool] = ..., name_is_path: _Optional[bool] = ..., target: _Optional[_Union[ConfigVar.Target, _Mapping]] = ..., from_file_in: _Optional[str] = ...) -> None: ...

class ConfigSource(_message.Message):
    __slots__ = ("type", "config", "delete", "hash", "workspace", "project", "application")
    class ConfigEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    type: str
    config: _containers.ScalarMap[str, str]
    delete: bool
    hash: int
    workspace: _ref_pb2.Ref.Workspace
    project: _ref_pb2.Ref.Project
    application: _ref_pb2.Ref.Application
    def __init__(self, type: _Optional[str] = ..., config: _Optional[_Mapping[str, str]] = ..., delete: _Optional[bool] = ..., hash: _Optional[int] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., **kwargs) -> None: ...
