from wp_proto.waypoint import hcl_pb2 as _hcl_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OnDemandRunnerConfig(_message.Message):
    __slots__ = ("id", "oci_url", "environment_variables", "plugin_type", "plugin_config", "config_format", "default", "name", "target_runner")
    class EnvironmentVariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    OCI_URL_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_TYPE_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_CONFIG_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FORMAT_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TARGET_RUNNER_FIELD_NUMBER: _ClassVar[int]
    id: str
    oci_url: str
    environment_variables: _containers.ScalarMap[str, str]
    plugin_type: str
    plugin_config: bytes
    config_format: _hcl_pb2.Hcl.Format
    default: bool
    name: str
    target_runner: _ref_pb2.Ref.Runner
    def __init__(self, id: _Optional[str] = ..., oci_url: _Optional[str] = ..., environment_variables: _Optional[_Mapping[str, str]] = ..., plugin_type: _Optional[str] = ..., plugin_config: _Optional[bytes] = ..., config_format: _Optional[_Union[_hcl_pb2.Hcl.Format, str]] = ..., default: _Optional[bool] = ..., name: _Optional[str] = ..., target_runner: _Optional[_Union[_ref_pb2.Ref.Runner, _Mapping]] = ...) -> None: ...

class DeleteOnDemandRunnerConfigRequest(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: _ref_pb2.Ref.OnDemandRunnerConfig
    def __init__(self, config: _Optional[_Union[_ref_pb2.Ref.OnDemandRunnerConfig, _Mapping]] = ...) -> None: ...

class DeleteOnDemandRunnerConfigResponse(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: OnDemandRunnerConfig
    def __init__(self, config: _Optional[_Union[OnDemandRunnerConfig, _Mapping]] = ...) -> None: ...

class GetOnDemandRunnerConfigRequest(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: _ref_pb2.Ref.OnDemandRunnerConfig
    def __init__(self, config: _Optional[_Union[_ref_pb2.Ref.OnDemandRunnerConfig, _Mapping]] = ...) -> None: ...

class GetOnDemandRunnerConfigResponse(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: OnDemandRunnerConfig
    def __init__(self, config: _Optional[_Union[OnDemandRunnerConfig, _Mapping]] = ...) -> None: ...

class ListOnDemandRunnerConfigsResponse(_message.Message):
    __slots__ = ("configs",)
    CONFIGS_FIELD_NUMBER: _ClassVar[int]
    configs: _containers.RepeatedCompositeFieldContainer[OnDemandRunnerConfig]
    def __init__(self, configs: _Optional[_Iterable[_Union[OnDemandRunnerConfig, _Mapping]]] = ...) -> None: ...

class UpsertOnDemandRunnerConfigRequest(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: OnDemandRunnerConfig
    def __init__(self, config: _Optional[_Union[OnDemandRunnerConfig, _Mapping]] = ...) -> None: ...

class UpsertOnDemandRunnerConfigResponse(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: OnDemandRunnerConfig
    def __init__(self, config: _Optional[_Union[OnDemandRunnerConfig, _Mapping]] = ...) -> None: ...
