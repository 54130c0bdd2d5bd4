from wp_proto.own import config_file_pb2 as _config_file_pb2
from wp_proto.waypoint import config_var_pb2 as _config_var_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConfigDeleteRequest(_message.Message):
    __slots__ = ("variables",)
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    variables: _containers.RepeatedCompositeFieldContainer[_config_var_pb2.ConfigVar]
    def __init__(self, variables: _Optional[_Iterable[_Union[_config_var_pb2.ConfigVar, _Mapping]]] = ...) -> None: ...

class ConfigDeleteResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ConfigGetRequest(_message.Message):
    __slots__ = ("prefix", "application", "project", "runner", "workspace", "labels")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    RUNNER_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    application: _ref_pb2.Ref.Application
    project: _ref_pb2.Ref.Project
    runner: _ref_pb2.Ref.RunnerId
    workspace: _ref_pb2.Ref.Workspace
    labels: _containers.ScalarMap[str, str]
    def __init__(self, prefix: _Optional[str] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., runner: _Optional[_Union[_ref_pb2.Ref.RunnerId, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ConfigGetResponse(_message.Message):
    __slots__ = ("variables",)
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    variables: _containers.RepeatedCompositeFieldContainer[_config_var_pb2.ConfigVar]
    def __init__(self, variables: _Optional[_Iterable[_Union[_config_var_pb2.ConfigVar, _Mapping]]] = ...) -> None: ...

class ConfigSetRequest(_message.Message):
    __slots__ = ("variables", "from_file")
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    FROM_FILE_FIELD_NUMBER: _ClassVar[int]
    variables: _containers.RepeatedCompositeFieldContainer[_config_var_pb2.ConfigVar]
    from_file: _config_file_pb2.ConfigFile
    def __init__(self, variables: _Optional[_Iterable[_Union[_config_var_pb2.ConfigVar, _Mapping]]] = ..., from_file: _Optional[_Union[_config_file_pb2.ConfigFile, _Mapping]] = ...) -> None: ...

class ConfigSetResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeleteConfigSourceRequest(_message.Message):
    __slots__ = ("config_source",)
    CONFIG_SOURCE_FIELD_NUMBER: _ClassVar[int]
    config_source: _config_var_pb2.ConfigSource
    def __init__(self, config_source: _Optional[_Union[_config_var_pb2.ConfigSource, _Mapping]] = ...) -> None: ...

class GetConfigSourceRequest(_message.Message):
    __slots__ = ("type", "workspace", "project", "application", "all")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    type: str
    workspace: _ref_pb2.Ref.Workspace
    project: _ref_pb2.Ref.Project
    application: _ref_pb2.Ref.Application
    all: bool
    def __init__(self, type: _Optional[str] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., all: _Optional[bool] = ..., **kwargs) -> None: ...

class GetConfigSourceResponse(_message.Message):
    __slots__ = ("config_sources",)
    CONFIG_SOURCES_FIELD_NUMBER: _ClassVar[int]
    config_sources: _containers.RepeatedCompositeFieldContainer[_config_var_pb2.ConfigSource]
    def __init__(self, config_sources: _Optional[_Iterable[_Union[_config_var_pb2.ConfigSource, _Mapping]]] = ...) -> None: ...

class SetConfigSourceRequest(_message.Message):
    __slots__ = ("config_source",)
    CONFIG_SOURCE_FIELD_NUMBER: _ClassVar[int]
    config_source: _config_var_pb2.ConfigSource
    def __init__(self, config_source: _Optional[_Union[_config_var_pb2.ConfigSource, _Mapping]] = ...) -> None: ...
