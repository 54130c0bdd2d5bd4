import datetime

from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from wp_proto.opaqueany import any_pb2 as _any_pb2
from wp_proto.sdk import protostructure_pb2 as _protostructure_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResourceCategoryDisplayHint(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNKNOWN: _ClassVar[ResourceCategoryDisplayHint]
    OTHER: _ClassVar[ResourceCategoryDisplayHint]
    INSTANCE: _ClassVar[ResourceCategoryDisplayHint]
    INSTANCE_MANAGER: _ClassVar[ResourceCategoryDisplayHint]
    ROUTER: _ClassVar[ResourceCategoryDisplayHint]
    POLICY: _ClassVar[ResourceCategoryDisplayHint]
    CONFIG: _ClassVar[ResourceCategoryDisplayHint]
    FUNCTION: _ClassVar[ResourceCategoryDisplayHint]
    STORAGE: _ClassVar[ResourceCategoryDisplayHint]
UNKNOWN: ResourceCategoryDisplayHint
OTHER: ResourceCategoryDisplayHint
INSTANCE: ResourceCategoryDisplayHint
INSTANCE_MANAGER: ResourceCategoryDisplayHint
ROUTER: ResourceCategoryDisplayHint
POLICY: ResourceCategoryDisplayHint
CONFIG: ResourceCategoryDisplayHint
FUNCTION: ResourceCategoryDisplayHint
STORAGE: ResourceCategoryDisplayHint

class Args(_message.Message):
    __slots__ = ()
    class DataDir(_message.Message):
        __slots__ = ()
        class App(_message.Message):
            __slots__ = ("cache_dir", "data_dir")
            CACHE_DIR_FIELD_NUMBER: _ClassVar[int]
            DATA_DIR_FIELD_NUMBER: _ClassVar[int]
            cache_dir: str
            data_dir: str
            def __init__(self, cache_dir: _Optional[str] = ..., data_dir: _Optional[str] = ...) -> None: ...
        class Component(_message.Message):
            __slots__ = ("cache_dir", "data_dir")
            CACHE_DIR_FIELD_NUMBER: _ClassVar[int]
            DATA_DIR_FIELD_NUMBER: _ClassVar[int]
            cache_dir: str
            data_dir: str
            def __init__(self, cache_dir: _Optional[str] = ..., data_dir: _Optional[str] = ...) -> None: ...
        class Project(_message.Message):
            __slots__ = ("cache_dir", "data_dir")
            CACHE_DIR_FIELD_NUMBER: _ClassVar[int]
            DATA_DIR_FIELD_NUMBER: _ClassVar[int]
            cache_dir: str
            data_dir: str
            def __init__(self, cache_dir: _Optional[str] = ..., data_dir: _Optional[str] = ...) -> None: ...
        def __init__(self) -> None: ...
    class DeploymentConfig(_message.Message):
        __slots__ = ("id", "server_addr", "server_tls", "server_tls_skip_verify", "entrypoint_invite_token", "sequence")
        ID_FIELD_NUMBER: _ClassVar[int]
        SERVER_ADDR_FIELD_NUMBER: _ClassVar[int]
        SERVER_TLS_FIELD_NUMBER: _ClassVar[int]
        SERVER_TLS_SKIP_VERIFY_FIELD_NUMBER: _ClassVar[int]
        ENTRYPOINT_INVITE_TOKEN_FIELD_NUMBER: _ClassVar[int]
        SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        id: str
        server_addr: str
        server_tls: bool
        server_tls_skip_verify: bool
        entrypoint_invite_token: str
        sequence: int
        def __init__(self, id: _Optional[str] = ..., server_addr: _Optional[str] = ..., server_tls: _Optional[bool] = ..., server_tls_skip_verify: _Optional[bool] = ..., entrypoint_invite_token: _Optional[str] = ..., sequence: _Optional[int] = ...) -> None: ...
    class ExecSessionInfo(_message.Message):
        __slots__ = ("stream_id", "args", "is_tty", "initial_window", "term_type", "env")
        STREAM_ID_FIELD_NUMBER: _ClassVar[int]
        ARGS_FIELD_NUMBER: _ClassVar[int]
        IS_TTY_FIELD_NUMBER: _ClassVar[int]
        INITIAL_WINDOW_FIELD_NUMBER: _ClassVar[int]
        TERM_TYPE_FIELD_NUMBER: _ClassVar[int]
        ENV_FIELD_NUMBER: _ClassVar[int]
        stream_id: int
        args: _containers.RepeatedScalarFieldContainer[str]
        is_tty: bool
        initial_window: WindowSize
        term_type: str
        env: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, stream_id: _Optional[int] = ..., args: _Optional[_Iterable[str]] = ..., is_tty: _Optional[bool] = ..., initial_window: _Optional[_Union[WindowSize, _Mapping]] = ..., term_type: _Optional[str] = ..., env: _Optional[_Iterable[str]] = ...) -> None: ...
    class JobInfo(_message.Message):
        __slots__ = ("local", "workspace", "id", "project", "app")
        LOCAL_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        ID_FIELD_NUMBER: _ClassVar[int]
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        APP_FIELD_NUMBER: _ClassVar[int]
        local: bool
        workspace: str
        id: str
        project: str
        app: str
        def __init__(self, local: _Optional[bool] = ..., workspace: _Optional[str] = ..., id: _Optional[str] = ..., project: _Optional[str] = ..., app: _Optional[str] = ...) -> None: ...
    class LabelSet(_message.Message):
        __slots__ = ("labels",)
        class LabelsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        LABELS_FIELD_NUMBER: _ClassVar[int]
        labels: _containers.ScalarMap[str, str]
        def __init__(self, labels: _Optional[_Mapping[str, str]] = ...) -> None: ...
    class LogViewer(_message.Message):
        __slots__ = ("stream_id", "starting_at", "limit")
        STREAM_ID_FIELD_NUMBER: _ClassVar[int]
        STARTING_AT_FIELD_NUMBER: _ClassVar[int]
        LIMIT_FIELD_NUMBER: _ClassVar[int]
        stream_id: int
        starting_at: _timestamp_pb2.Timestamp
        limit: int
        def __init__(self, stream_id: _Optional[int] = ..., starting_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., limit: _Optional[int] = ...) -> None: ...
    class Logger(_message.Message):
        __slots__ = ("name",)
        NAME_FIELD_NUMBER: _ClassVar[int]
        name: str
        def __init__(self, name: _Optional[str] = ...) -> None: ...
    class ReleaseTargets(_message.Message):
        __slots__ = ("targets",)
        class Target(_message.Message):
            __slots__ = ("deployment", "percent")
            DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
            PERCENT_FIELD_NUMBER: _ClassVar[int]
            deployment: _any_pb2.Any
            percent: int
            def __init__(self, deployment: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., percent: _Optional[int] = ...) -> None: ...
        TARGETS_FIELD_NUMBER: _ClassVar[int]
        targets: _containers.RepeatedCompositeFieldContainer[Args.ReleaseTargets.Target]
        def __init__(self, targets: _Optional[_Iterable[_Union[Args.ReleaseTargets.Target, _Mapping]]] = ...) -> None: ...
    class Source(_message.Message):
        __slots__ = ("app", "path")
        APP_FIELD_NUMBER: _ClassVar[int]
        PATH_FIELD_NUMBER: _ClassVar[int]
        app: str
        path: str
        def __init__(self, app: _Optional[str] = ..., path: _Optional[str] = ...) -> None: ...
    class TaskLaunchInfo(_message.Message):
        __slots__ = ("oci_url", "environment_variables", "arguments", "entrypoint")
        class EnvironmentVariablesEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        OCI_URL_FIELD_NUMBER: _ClassVar[int]
        ENVIRONMENT_VARIABLES_FIELD_NUMBER: _ClassVar[int]
        ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
        ENTRYPOINT_FIELD_NUMBER: _ClassVar[int]
        oci_url: str
        environment_variables: _containers.ScalarMap[str, str]
        arguments: _containers.RepeatedScalarFieldContainer[str]
        entrypoint: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, oci_url: _Optional[str] = ..., environment_variables: _Optional[_Mapping[str, str]] = ..., arguments: _Optional[_Iterable[str]] = ..., entrypoint: _Optional[_Iterable[str]] = ...) -> None: ...
    class TerminalUI(_message.Message):
        __slots__ = ("stream_id",)
        STREAM_ID_FIELD_NUMBER: _ClassVar[int]
        stream_id: int
        def __init__(self, stream_id: _Optional[int] = ...) -> None: ...
    def __init__(self) -> None: ...

class FuncSpec(_message.Message):
    __slots__ = ("name", "args", "result")
    class Args(_message.Message):
        __slots__ = ("args",)
        ARGS_FIELD_NUMBER: _ClassVar[int]
        args: _containers.RepeatedCompositeFieldContainer[FuncSpec.Value]
        def __init__(self, args: _Optional[_Iterable[_Union[FuncSpec.Value, _Mapping]]] = ...) -> None: ...
    class Value(_message.Message):
        __slots__ = ("name", "type", "proto_any", "bool", "int", "uint", "string", "primitive_type")
        class PrimitiveType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            INVALID: _ClassVar[FuncSpec.Value.PrimitiveType]
            BOOL: _ClassVar[FuncSpec.Value.PrimitiveType]
            INT: _ClassVar[FuncSpec.Value.PrimitiveType]
            INT8: _ClassVar[FuncSpec.Value.PrimitiveType]
            INT16: _ClassVar[FuncSpec.Value.PrimitiveType]
            INT32: _ClassVar[FuncSpec.Value.PrimitiveType]
            INT64: _ClassVar[FuncSpec.Value.PrimitiveType]
            UINT: _ClassVar[FuncSpec.Value.PrimitiveType]
            UINT8: _ClassVar[FuncSpec.Value.PrimitiveType]
            UINT16: _ClassVar[FuncSpec.Value.PrimitiveType]
            UINT32: _ClassVar[FuncSpec.Value.PrimitiveType]
            UINT64: _ClassVar[FuncSpec.Value.PrimitiveType]
            STRING: _ClassVar[FuncSpec.Value.PrimitiveType]
        INVALID: FuncSpec.Value.PrimitiveType
        BOOL: FuncSpec.Value.PrimitiveType
        INT: FuncSpec.Value.PrimitiveType
        INT8: FuncSpec.Value.PrimitiveType
        INT16: FuncSpec.Value.PrimitiveType
        INT32: FuncSpec.Value.PrimitiveType
        INT64: FuncSpec.Value.PrimitiveType
        UINT: FuncSpec.Value.PrimitiveType
        UINT8: FuncSpec.Value.PrimitiveType
        UINT16: FuncSpec.Value.PrimitiveType
        UINT32: FuncSpec.Value.PrimitiveType
        UINT64: FuncSpec.Value.PrimitiveType
        STRING: FuncSpec.Value.PrimitiveType
        NAME_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        PROTO_ANY_FIELD_NUMBER: _ClassVar[int]
        BOOL_FIELD_NUMBER: _ClassVar[int]
        INT_FIELD_NUMBER: _ClassVar[int]
        UINT_FIELD_NUMBER: _ClassVar[int]
        STRING_FIELD_NUMBER: _ClassVar[int]
        PRIMITIVE_TYPE_FIELD_NUMBER: _ClassVar[int]
        name: str
        type: str
        proto_any: _any_pb2.Any
        bool: bool
        int: int
        uint: int
        string: str
        primitive_type: FuncSpec.Value.PrimitiveType
        def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., proto_any: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., bool: _Optional[bool] = ..., int: _Optional[int] = ..., uint: _Optional[int] = ..., string: _Optional[str] = ..., primitive_type: _Optional[_Union[FuncSpec.Value.PrimitiveType, str]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    name: str
    args: _containers.RepeatedCompositeFieldContainer[FuncSpec.Value]
    result: _containers.RepeatedCompositeFieldContainer[FuncSpec.Value]
    def __init__(self, name: _Optional[str] = ..., args: _Optional[_Iterable[_Union[FuncSpec.Value, _Mapping]]] = ..., result: _Optional[_Iterable[_Union[FuncSpec.Value, _Mapping]]] = ...) -> None: ...

class Map(_message.Message):
    __slots__ = ()
    class ListResponse(_message.Message):
        __slots__ = ("funcs",)
        FUNCS_FIELD_NUMBER: _ClassVar[int]
        funcs: _containers.RepeatedCompositeFieldContainer[FuncSpec]
        def __init__(self, funcs: _Optional[_Iterable[_Union[FuncSpec, _Mapping]]] = ...) -> None: ...
    class Request(_message.Message):
        __slots__ = ("args", "result")
        ARGS_FIELD_NUMBER: _ClassVar[int]
        RESULT_FIELD_NUMBER: _ClassVar[int]
        args: FuncSpec.Args
        result: str
        def __init__(self, args: _Optional[_Union[FuncSpec.Args, _Mapping]] = ..., result: _Optional[str] = ...) -> None: ...
    class Response(_message.Message):
        __slots__ = ("result",)
        RESULT_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...
    def __init__(self) -> None: ...

class Config(_message.Message):
    __slots__ = ()
    class ConfigureRequest(_message.Message):
        __slots__ = ("json",)
        JSON_FIELD_NUMBER: _ClassVar[int]
        json: bytes
        def __init__(self, json: _Optional[bytes] = ...) -> None: ...
    class Documentation(_message.Message):
        __slots__ = ("description", "example", "input", "output", "fields", "mappers", "template_fields", "request_fields")
        class FieldsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: Config.FieldDocumentation
            def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Config.FieldDocumentation, _Mapping]] = ...) -> None: ...
        class TemplateFieldsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: Config.FieldDocumentation
            def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Config.FieldDocumentation, _Mapping]] = ...) -> None: ...
        class RequestFieldsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: Config.FieldDocumentation
            def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Config.FieldDocumentation, _Mapping]] = ...) -> None: ...
        DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
        EXAMPLE_FIELD_NUMBER: _ClassVar[int]
        INPUT_FIELD_NUMBER: _ClassVar[int]
        OUTPUT_FIELD_NUMBER: _ClassVar[int]
        FIELDS_FIELD_NUMBER: _ClassVar[int]
        MAPPERS_FIELD_NUMBER: _ClassVar[int]
        TEMPLATE_FIELDS_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELDS_FIELD_NUMBER: _ClassVar[int]
        description: str
        example: str
        input: str
        output: str
        fields: _containers.MessageMap[str, Config.FieldDocumentation]
        mappers: _containers.RepeatedCompositeFieldContainer[Config.MapperDocumentation]
        template_fields: _containers.MessageMap[str, Config.FieldDocumentation]
        request_fields: _containers.MessageMap[str, Config.FieldDocumentation]
        def __init__(self, description: _Optional[str] = ..., example: _Optional[str] = ..., input: _Optional[str] = ..., output: _Optional[str] = ..., fields: _Optional[_Mapping[str, Config.FieldDocumentation]] = ..., mappers: _Optional[_Iterable[_Union[Config.MapperDocumentation, _Mapping]]] = ..., template_fields: _Optional[_Mapping[str, Config.FieldDocumentation]] = ..., request_fields: _Optional[_Mapping[str, Config.FieldDocumentation]] = ...) -> None: ...
    class FieldDocumentation(_message.Message):
        __slots__ = ("name", "synopsis", "summary", "optional", "env_var", "type", "default", "category", "sub_fields")
        NAME_FIELD_NUMBER: _ClassVar[int]
        SYNOPSIS_FIELD_NUMBER: _ClassVar[int]
        SUMMARY_FIELD_NUMBER: _ClassVar[int]
        OPTIONAL_FIELD_NUMBER: _ClassVar[int]
        ENV_VAR_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        DEFAULT_FIELD_NUMBER: _ClassVar[int]
        CATEGORY_FIELD_NUMBER: _ClassVar[int]
        SUB_FIELDS_FIELD_NUMBER: _ClassVar[int]
        name: str
        synopsis: str
        summary: str
        optional: bool
        env_var: str
        type: str
        default: str
        category: bool
        sub_fields: _containers.RepeatedCompositeFieldContainer[Config.FieldDocumentation]
        def __init__(self, name: _Optional[str] = ..., synopsis: _Optional[str] = ..., summary: _Optional[str] = ..., optional: _Optional[bool] = ..., env_var: _Optional[str] = ..., type: _Optional[str] = ..., default: _Optional[str] = ..., category: _Optional[bool] = ..., sub_fields: _Optional[_Iterable[_Union[Config.FieldDocumentation, _Mapping]]] = ...) -> None: ...
    class MapperDocumentation(_message.Message):
        __slots__ = ("input", "output", "description")
        INPUT_FIELD_NUMBER: _ClassVar[int]
        OUTPUT_FIELD_NUMBER: _ClassVar[int]
        DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
        input: str
        output: str
        description: str
        def __init__(self, input: _Optional[str] = ..., output: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...
    class StructResp(_message.Message):
        __slots__ = ("struct",)
        STRUCT_FIELD_NUMBER: _ClassVar[int]
        struct: _protostructure_pb2.Struct
        def __init__(self, struct: _Optional[_Union[_protostructure_pb2.Struct, _Mapping]] = ...) -> None: ...
    def __init__(self) -> None: ...

class ImplementsResp(_message.Message):
    __slots__ = ("implements",)
    IMPLEMENTS_FIELD_NUMBER: _ClassVar[int]
    implements: bool
    def __init__(self, implements: _Optional[bool] = ...) -> None: ...

class Auth(_message.Message):
    __slots__ = ()
    class AuthResponse(_message.Message):
        __slots__ = ("authenticated",)
        AUTHENTICATED_FIELD_NUMBER: _ClassVar[int]
        authenticated: bool
        def __init__(self, authenticated: _Optional[bool] = ...) -> None: ...
    def __init__(self) -> None: ...

class Build(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("result", "labels", "template_data", "result_json")
        class LabelsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        RESULT_FIELD_NUMBER: _ClassVar[int]
        LABELS_FIELD_NUMBER: _ClassVar[int]
        TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
        RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        labels: _containers.ScalarMap[str, str]
        template_data: bytes
        result_json: str
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., template_data: _Optional[bytes] = ..., result_json: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...

class Push(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("result", "template_data", "result_json")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
        RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        template_data: bytes
        result_json: str
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., template_data: _Optional[bytes] = ..., result_json: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...

class Access(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("result",)
        RESULT_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...
    def __init__(self) -> None: ...

class Deploy(_message.Message):
    __slots__ = ("url",)
    class Resp(_message.Message):
        __slots__ = ("result", "template_data", "deployment", "declared_resources", "result_json")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
        DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
        DECLARED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
        RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        template_data: bytes
        deployment: Deploy
        declared_resources: DeclaredResources
        result_json: str
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., template_data: _Optional[bytes] = ..., deployment: _Optional[_Union[Deploy, _Mapping]] = ..., declared_resources: _Optional[_Union[DeclaredResources, _Mapping]] = ..., result_json: _Optional[str] = ...) -> None: ...
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...

class Generation(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("id",)
        ID_FIELD_NUMBER: _ClassVar[int]
        id: bytes
        def __init__(self, id: _Optional[bytes] = ...) -> None: ...
    def __init__(self) -> None: ...

class DefaultReleaser(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("stream_id",)
        STREAM_ID_FIELD_NUMBER: _ClassVar[int]
        stream_id: int
        def __init__(self, stream_id: _Optional[int] = ...) -> None: ...
    def __init__(self) -> None: ...

class Destroy(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("declared_resources", "destroyed_resources")
        DECLARED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
        DESTROYED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
        declared_resources: DeclaredResources
        destroyed_resources: DestroyedResources
        def __init__(self, declared_resources: _Optional[_Union[DeclaredResources, _Mapping]] = ..., destroyed_resources: _Optional[_Union[DestroyedResources, _Mapping]] = ...) -> None: ...
    def __init__(self) -> None: ...

class Release(_message.Message):
    __slots__ = ("url",)
    class Resp(_message.Message):
        __slots__ = ("result", "release", "template_data", "declared_resources")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        RELEASE_FIELD_NUMBER: _ClassVar[int]
        TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
        DECLARED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        release: Release
        template_data: bytes
        declared_resources: DeclaredResources
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., release: _Optional[_Union[Release, _Mapping]] = ..., template_data: _Optional[bytes] = ..., declared_resources: _Optional[_Union[DeclaredResources, _Mapping]] = ...) -> None: ...
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...

class StatusReport(_message.Message):
    __slots__ = ("resources", "health", "health_message", "generated_time", "external")
    class Health(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[StatusReport.Health]
        ALIVE: _ClassVar[StatusReport.Health]
        READY: _ClassVar[StatusReport.Health]
        DOWN: _ClassVar[StatusReport.Health]
        PARTIAL: _ClassVar[StatusReport.Health]
        MISSING: _ClassVar[StatusReport.Health]
    UNKNOWN: StatusReport.Health
    ALIVE: StatusReport.Health
    READY: StatusReport.Health
    DOWN: StatusReport.Health
    PARTIAL: StatusReport.Health
    MISSING: StatusReport.Health
    class Resource(_message.Message):
        __slots__ = ("name", "health", "health_message", "id", "declared_resource", "parent_resource_id", "platform", "type", "platform_url", "category_display_hint", "created_time", "state_json")
        NAME_FIELD_NUMBER: _ClassVar[int]
        HEALTH_FIELD_NUMBER: _ClassVar[int]
        HEALTH_MESSAGE_FIELD_NUMBER: _ClassVar[int]
        ID_FIELD_NUMBER: _ClassVar[int]
        DECLARED_RESOURCE_FIELD_NUMBER: _ClassVar[int]
        PARENT_RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
        PLATFORM_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        PLATFORM_URL_FIELD_NUMBER: _ClassVar[int]
        CATEGORY_DISPLAY_HINT_FIELD_NUMBER: _ClassVar[int]
        CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
        STATE_JSON_FIELD_NUMBER: _ClassVar[int]
        name: str
        health: StatusReport.Health
        health_message: str
        id: str
        declared_resource: Ref.DeclaredResource
        parent_resource_id: str
        platform: str
        type: str
        platform_url: str
        category_display_hint: ResourceCategoryDisplayHint
        created_time: _timestamp_pb2.Timestamp
        state_json: str
        def __init__(self, name: _Optional[str] = ..., health: _Optional[_Union[StatusReport.Health, str]] = ..., health_message: _Optional[str] = ..., id: _Optional[str] = ..., declared_resource: _Optional[_Union[Ref.DeclaredResource, _Mapping]] = ..., parent_resource_id: _Optional[str] = ..., platform: _Optional[str] = ..., type: _Optional[str] = ..., platform_url: _Optional[str] = ..., category_display_hint: _Optional[_Union[ResourceCategoryDisplayHint, str]] = ..., created_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state_json: _Optional[str] = ...) -> None: ...
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    HEALTH_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    GENERATED_TIME_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[StatusReport.Resource]
    health: StatusReport.Health
    health_message: str
    generated_time: _timestamp_pb2.Timestamp
    external: bool
    def __init__(self, resources: _Optional[_Iterable[_Union[StatusReport.Resource, _Mapping]]] = ..., health: _Optional[_Union[StatusReport.Health, str]] = ..., health_message: _Optional[str] = ..., generated_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., external: _Optional[bool] = ...) -> None: ...

class DeclaredResource(_message.Message):
    __slots__ = ("name", "platform", "state", "state_json", "category_display_hint", "type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_JSON_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_DISPLAY_HINT_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    platform: str
    state: _any_pb2.Any
    state_json: str
    category_display_hint: ResourceCategoryDisplayHint
    type: str
    def __init__(self, name: _Optional[str] = ..., platform: _Optional[str] = ..., state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., state_json: _Optional[str] = ..., category_display_hint: _Optional[_Union[ResourceCategoryDisplayHint, str]] = ..., type: _Optional[str] = ...) -> None: ...

class DeclaredResources(_message.Message):
    __slots__ = ("resources",)
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[DeclaredResource]
    def __init__(self, resources: _Optional[_Iterable[_Union[DeclaredResource, _Mapping]]] = ...) -> None: ...

class DestroyedResource(_message.Message):
    __slots__ = ("name", "type", "platform", "state", "state_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    platform: str
    state: _any_pb2.Any
    state_json: str
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., platform: _Optional[str] = ..., state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., state_json: _Optional[str] = ...) -> None: ...

class DestroyedResources(_message.Message):
    __slots__ = ("destroyed_resources",)
    DESTROYED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
    destroyed_resources: _containers.RepeatedCompositeFieldContainer[DestroyedResource]
    def __init__(self, destroyed_resources: _Optional[_Iterable[_Union[DestroyedResource, _Mapping]]] = ...) -> None: ...

class Ref(_message.Message):
    __slots__ = ()
    class DeclaredResource(_message.Message):
        __slots__ = ("name",)
        NAME_FIELD_NUMBER: _ClassVar[int]
        name: str
        def __init__(self, name: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...

class Framework(_message.Message):
    __slots__ = ()
    class ResourceManagerState(_message.Message):
        __slots__ = ("resources", "create_order")
        RESOURCES_FIELD_NUMBER: _ClassVar[int]
        CREATE_ORDER_FIELD_NUMBER: _ClassVar[int]
        resources: _containers.RepeatedCompositeFieldContainer[Framework.ResourceState]
        create_order: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, resources: _Optional[_Iterable[_Union[Framework.ResourceState, _Mapping]]] = ..., create_order: _Optional[_Iterable[str]] = ...) -> None: ...
    class ResourceState(_message.Message):
        __slots__ = ("name", "raw", "json")
        NAME_FIELD_NUMBER: _ClassVar[int]
        RAW_FIELD_NUMBER: _ClassVar[int]
        JSON_FIELD_NUMBER: _ClassVar[int]
        name: str
        raw: _any_pb2.Any
        json: str
        def __init__(self, name: _Optional[str] = ..., raw: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., json: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...

class ExecResult(_message.Message):
    __slots__ = ("exit_code",)
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    exit_code: int
    def __init__(self, exit_code: _Optional[int] = ...) -> None: ...

class ExecSession(_message.Message):
    __slots__ = ()
    class InputRequest(_message.Message):
        __slots__ = ("data", "window_size", "input_closed")
        DATA_FIELD_NUMBER: _ClassVar[int]
        WINDOW_SIZE_FIELD_NUMBER: _ClassVar[int]
        INPUT_CLOSED_FIELD_NUMBER: _ClassVar[int]
        data: bytes
        window_size: WindowSize
        input_closed: bool
        def __init__(self, data: _Optional[bytes] = ..., window_size: _Optional[_Union[WindowSize, _Mapping]] = ..., input_closed: _Optional[bool] = ...) -> None: ...
    class OutputRequest(_message.Message):
        __slots__ = ("data", "stderr")
        DATA_FIELD_NUMBER: _ClassVar[int]
        STDERR_FIELD_NUMBER: _ClassVar[int]
        data: bytes
        stderr: bool
        def __init__(self, data: _Optional[bytes] = ..., stderr: _Optional[bool] = ...) -> None: ...
    def __init__(self) -> None: ...

class WindowSize(_message.Message):
    __slots__ = ("height", "width")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    height: int
    width: int
    def __init__(self, height: _Optional[int] = ..., width: _Optional[int] = ...) -> None: ...

class Logs(_message.Message):
    __slots__ = ()
    class Event(_message.Message):
        __slots__ = ("partition", "timestamp", "contents")
        PARTITION_FIELD_NUMBER: _ClassVar[int]
        TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        CONTENTS_FIELD_NUMBER: _ClassVar[int]
        partition: str
        timestamp: _timestamp_pb2.Timestamp
        contents: str
        def __init__(self, partition: _Optional[str] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., contents: _Optional[str] = ...) -> None: ...
    class NextBatchResp(_message.Message):
        __slots__ = ("events",)
        EVENTS_FIELD_NUMBER: _ClassVar[int]
        events: _containers.RepeatedCompositeFieldContainer[Logs.Event]
        def __init__(self, events: _Optional[_Iterable[_Union[Logs.Event, _Mapping]]] = ...) -> None: ...
    class Resp(_message.Message):
        __slots__ = ("stream_id",)
        STREAM_ID_FIELD_NUMBER: _ClassVar[int]
        stream_id: int
        def __init__(self, stream_id: _Optional[int] = ...) -> None: ...
    def __init__(self) -> None: ...

class TerminalUI(_message.Message):
    __slots__ = ()
    class Event(_message.Message):
        __slots__ = ("line", "status", "named_values", "raw", "table", "step_group", "step", "input")
        class Input(_message.Message):
            __slots__ = ("prompt", "style", "secret")
            PROMPT_FIELD_NUMBER: _ClassVar[int]
            STYLE_FIELD_NUMBER: _ClassVar[int]
            SECRET_FIELD_NUMBER: _ClassVar[int]
            prompt: str
            style: str
            secret: bool
            def __init__(self, prompt: _Optional[str] = ..., style: _Optional[str] = ..., secret: _Optional[bool] = ...) -> None: ...
        class InputResp(_message.Message):
            __slots__ = ("input", "error")
            INPUT_FIELD_NUMBER: _ClassVar[int]
            ERROR_FIELD_NUMBER: _ClassVar[int]
            input: str
            error: _status_pb2.Status
            def __init__(self, input: _Optional[str] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
        class Line(_message.Message):
            __slots__ = ("msg", "style")
            MSG_FIELD_NUMBER: _ClassVar[int]
            STYLE_FIELD_NUMBER: _ClassVar[int]
            msg: str
            style: str
            def __init__(self, msg: _Optional[str] = ..., style: _Optional[str] = ...) -> None: ...
        class NamedValue(_message.Message):
            __slots__ = ("name", "value")
            NAME_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            name: str
            value: str
            def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        class NamedValues(_message.Message):
            __slots__ = ("values",)
            VALUES_FIELD_NUMBER: _ClassVar[int]
            values: _containers.RepeatedCompositeFieldContainer[TerminalUI.Event.NamedValue]
            def __init__(self, values: _Optional[_Iterable[_Union[TerminalUI.Event.NamedValue, _Mapping]]] = ...) -> None: ...
        class Raw(_message.Message):
            __slots__ = ("data", "stderr")
            DATA_FIELD_NUMBER: _ClassVar[int]
            STDERR_FIELD_NUMBER: _ClassVar[int]
            data: bytes
            stderr: bool
            def __init__(self, data: _Optional[bytes] = ..., stderr: _Optional[bool] = ...) -> None: ...
        class Status(_message.Message):
            __slots__ = ("status", "msg", "step")
            STATUS_FIELD_NUMBER: _ClassVar[int]
            MSG_FIELD_NUMBER: _ClassVar[int]
            STEP_FIELD_NUMBER: _ClassVar[int]
            status: str
            msg: str
            step: bool
            def __init__(self, status: _Optional[str] = ..., msg: _Optional[str] = ..., step: _Optional[bool] = ...) -> None: ...
        class Step(_message.Message):
            __slots__ = ("id", "close", "msg", "status", "output", "step_group")
            ID_FIELD_NUMBER: _ClassVar[int]
            CLOSE_FIELD_NUMBER: _ClassVar[int]
            MSG_FIELD_NUMBER: _ClassVar[int]
            STATUS_FIELD_NUMBER: _ClassVar[int]
            OUTPUT_FIELD_NUMBER: _ClassVar[int]
            STEP_GROUP_FIELD_NUMBER: _ClassVar[int]
            id: int
            close: bool
            msg: str
            status: str
            output: bytes
            step_group: int
            def __init__(self, id: _Optional[int] = ..., close: _Optional[bool] = ..., msg: _Optional[str] = ..., status: _Optional[str] = ..., output: _Optional[bytes] = ..., step_group: _Optional[int] = ...) -> None: ...
        class StepGroup(_message.Message):
            __slots__ = ("close", "id")
            CLOSE_FIELD_NUMBER: _ClassVar[int]
            ID_FIELD_NUMBER: _ClassVar[int]
            close: bool
            id: int
            def __init__(self, close: _Optional[bool] = ..., id: _Optional[int] = ...) -> None: ...
        class Table(_message.Message):
            __slots__ = ("headers", "rows")
            HEADERS_FIELD_NUMBER: _ClassVar[int]
            ROWS_FIELD_NUMBER: _ClassVar[int]
            headers: _containers.RepeatedScalarFieldContainer[str]
            rows: _containers.RepeatedCompositeFieldContainer[TerminalUI.Event.TableRow]
            def __init__(self, headers: _Optional[_Iterable[str]] = ..., rows: _Optional[_Iterable[_Union[TerminalUI.Event.TableRow, _Mapping]]] = ...) -> None: ...
        class TableEntry(_message.Message):
            __slots__ = ("value", "color")
            VALUE_FIELD_NUMBER: _ClassVar[int]
            COLOR_FIELD_NUMBER: _ClassVar[int]
            value: str
            color: str
            def __init__(self, value: _Optional[str] = ..., color: _Optional[str] = ...) -> None: ...
        class TableRow(_message.Message):
            __slots__ = ("entries",)
            ENTRIES_FIELD_NUMBER: _ClassVar[int]
            entries: _containers.RepeatedCompositeFieldContainer[TerminalUI.Event.TableEntry]
            def __init__(self, entries: _Optional[_Iterable[_Union[TerminalUI.Event.TableEntry, _Mapping]]] = ...) -> None: ...
        LINE_FIELD_NUMBER: _ClassVar[int]
        STATUS_FIELD_NUMBER: _ClassVar[int]
        NAMED_VALUES_FIELD_NUMBER: _ClassVar[int]
        RAW_FIELD_NUMBER: _ClassVar[int]
        TABLE_FIELD_NUMBER: _ClassVar[int]
        STEP_GROUP_FIELD_NUMBER: _ClassVar[int]
        STEP_FIELD_NUMBER: _ClassVar[int]
        INPUT_FIELD_NUMBER: _ClassVar[int]
        line: TerminalUI.Event.Line
        status: TerminalUI.Event.Status
        named_values: TerminalUI.Event.NamedValues
        raw: TerminalUI.Event.Raw
        table: TerminalUI.Event.Table
        step_group: TerminalUI.Event.StepGroup
        step: TerminalUI.Event.Step
        input: TerminalUI.Event.Input
        def __init__(self, line: _Optional[_Union[TerminalUI.Event.Line, _Mapping]] = ..., status: _Optional[_Union[TerminalUI.Event.Status, _Mapping]] = ..., named_values: _Optional[_Union[TerminalUI.Event.NamedValues, _Mapping]] = ..., raw: _Optional[_Union[TerminalUI.Event.Raw, _Mapping]] = ..., table: _Optional[_Union[TerminalUI.Event.Table, _Mapping]] = ..., step_group: _Optional[_Union[TerminalUI.Event.StepGroup, _Mapping]] = ..., step: _Optional[_Union[TerminalUI.Event.Step, _Mapping]] = ..., input: _Optional[_Union[TerminalUI.Event.Input, _Mapping]] = ...) -> None: ...
    class IsInteractiveResponse(_message.Message):
        __slots__ = ("interactive",)
        INTERACTIVE_FIELD_NUMBER: _ClassVar[int]
        interactive: bool
        def __init__(self, interactive: _Optional[bool] = ...) -> None: ...
    class OutputRequest(_message.Message):
        __slots__ = ("lines",)
        LINES_FIELD_NUMBER: _ClassVar[int]
        lines: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, lines: _Optional[_Iterable[str]] = ...) -> None: ...
    class Response(_message.Message):
        __slots__ = ("input",)
        INPUT_FIELD_NUMBER: _ClassVar[int]
        input: TerminalUI.Event.InputResp
        def __init__(self, input: _Optional[_Union[TerminalUI.Event.InputResp, _Mapping]] = ...) -> None: ...
    def __init__(self) -> None: ...

class ConfigSource(_message.Message):
    __slots__ = ()
    class ReadResponse(_message.Message):
        __slots__ = ("values",)
        VALUES_FIELD_NUMBER: _ClassVar[int]
        values: _containers.RepeatedCompositeFieldContainer[ConfigSource.Value]
        def __init__(self, values: _Optional[_Iterable[_Union[ConfigSource.Value, _Mapping]]] = ...) -> None: ...
    class Value(_message.Message):
        __slots__ = ("name", "error", "value", "json")
        NAME_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        JSON_FIELD_NUMBER: _ClassVar[int]
        name: str
        error: _status_pb2.Status
        value: str
        json: bytes
        def __init__(self, name: _Optional[str] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., value: _Optional[str] = ..., json: _Optional[bytes] = ...) -> None: ...
    def __init__(self) -> None: ...

class TaskLaunch(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("result", "result_json")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        result_json: str
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., result_json: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...

class TaskWatch(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("exit_code",)
        EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
        exit_code: int
        def __init__(self, exit_code: _Optional[int] = ...) -> None: ...
    def __init__(self) -> None: ...
