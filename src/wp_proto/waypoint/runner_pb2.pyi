import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from wp_proto.waypoint import component_pb2 as _component_pb2
from wp_proto.waypoint import config_var_pb2 as _config_var_pb2
from wp_proto.waypoint import job_pb2 as _job_pb2
from wp_proto.waypoint import operation_pb2 as _operation_pb2
from wp_proto.waypoint import variable_pb2 as _variable_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Runner(_message.Message):
    __slots__ = ("id", "by_id_only", "components", "deprecated_is_odr", "odr", "local", "remote", "adoption_state", "first_seen", "last_seen", "online", "labels")
    class AdoptionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PENDING: _ClassVar[Runner.AdoptionState]
        PREADOPTED: _ClassVar[Runner.AdoptionState]
        ADOPTED: _ClassVar[Runner.AdoptionState]
        REJECTED: _ClassVar[Runner.AdoptionState]
    PENDING: Runner.AdoptionState
    PREADOPTED: Runner.AdoptionState
    ADOPTED: Runner.AdoptionState
    REJECTED: Runner.AdoptionState
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class Local(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class ODR(_message.Message):
        __slots__ = ("profile_id",)
        PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
        profile_id: str
        def __init__(self, profile_id: _Optional[str] = ...) -> None: ...
    class Remote(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    BY_ID_ONLY_FIELD_NUMBER: _ClassVar[int]
    COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    DEPRECATED_IS_ODR_FIELD_NUMBER: _ClassVar[int]
    ODR_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    REMOTE_FIELD_NUMBER: _ClassVar[int]
    ADOPTION_STATE_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEEN_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_FIELD_NUMBER: _ClassVar[int]
    ONLINE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    id: str
    by_id_only: bool
    components: _containers.RepeatedCompositeFieldContainer[_component_pb2.Component]
    deprecated_is_odr: bool
    odr: Runner.ODR
    local: Runner.Local
    remote: Runner.Remote
    adoption_state: Runner.AdoptionState
    first_seen: _timestamp_pb2.Timestamp
    last_seen: _timestamp_pb2.Timestamp
    online: bool
    labels: _containers.ScalarMap[str, str]
    def __init__(self, id: _Optional[str] = ..., by_id_only: _Optional[bool] = ..., components: _Optional[_Iterable[_Union[_component_pb2.Component, _Mapping]]] = ..., deprecated_is_odr: _Optional[bool] = ..., odr: _Optional[_Union[Runner.ODR, _Mapping]] = ..., local: _Optional[_Union[Runner.Local, _Mapping]] = ..., remote: _Optional[_Union[Runner.Remote, _Mapping]] = ..., adoption_state: _Optional[_Union[Runner.AdoptionState, str]] = ..., first_seen: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_seen: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., online: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ...) -> None: ...

class RunnerConfig(_message.Message):
    __slots__ = ("config_vars", "config_sources")
    CONFIG_VARS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_SOURCES_FIELD_NUMBER: _ClassVar[int]
    config_vars: _containers.RepeatedCompositeFieldContainer[_config_var_pb2.ConfigVar]
    config_sources: _containers.RepeatedCompositeFieldContainer[_config_var_pb2.ConfigSource]
    def __init__(self, config_vars: _Optional[_Iterable[_Union[_config_var_pb2.ConfigVar, _Mapping]]] = ..., config_sources: _Optional[_Iterable[_Union[_config_var_pb2.ConfigSource, _Mapping]]] = ...) -> None: ...

class RunnerConfigRequest(_message.Message):
    __slots__ = ("open",)
    class Open(_message.Message):
        __slots__ = ("runner",)
        RUNNER_FIELD_NUMBER: _ClassVar[int]
        runner: Runner
        def __init__(self, runner: _Optional[_Union[Runner, _Mapping]] = ...) -> None: ...
    OPEN_FIELD_NUMBER: _ClassVar[int]
    open: RunnerConfigRequest.Open
    def __init__(self, open: _Optional[_Union[RunnerConfigRequest.Open, _Mapping]] = ...) -> None: ...

class RunnerConfigResponse(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: RunnerConfig
    def __init__(self, config: _Optional[_Union[RunnerConfig, _Mapping]] = ...) -> None: ...

class RunnerGetDeploymentConfigRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RunnerGetDeploymentConfigResponse(_message.Message):
    __slots__ = ("server_addr", "server_tls", "server_tls_skip_verify")
    SERVER_ADDR_FIELD_NUMBER: _ClassVar[int]
    SERVER_TLS_FIELD_NUMBER: _ClassVar[int]
    SERVER_TLS_SKIP_VERIFY_FIELD_NUMBER: _ClassVar[int]
    server_addr: str
    server_tls: bool
    server_tls_skip_verify: bool
    def __init__(self, server_addr: _Optional[str] = ..., server_tls: _Optional[bool] = ..., server_tls_skip_verify: _Optional[bool] = ...) -> None: ...

class RunnerJobStreamRequest(_message.Message):
    __slots__ = ("request", "ack", "complete", "error", "terminal", "heartbeat", "download", "config_load", "variable_values_set")
    class Ack(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Complete(_message.Message):
        __slots__ = ("result",)
        RESULT_FIELD_NUMBER: _ClassVar[int]
        result: _operation_pb2.Job.Result
        def __init__(self, result: _Optional[_Union[_operation_pb2.Job.Result, _Mapping]] = ...) -> None: ...
    class ConfigLoad(_message.Message):
        __slots__ = ("config",)
        CONFIG_FIELD_NUMBER: _ClassVar[int]
        config: _operation_pb2.Job.Config
        def __init__(self, config: _Optional[_Union[_operation_pb2.Job.Config, _Mapping]] = ...) -> None: ...
    class Error(_message.Message):
        __slots__ = ("error",)
        ERROR_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    class Heartbeat(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Request(_message.Message):
        __slots__ = ("runner_id", "reattach_job_id")
        RUNNER_ID_FIELD_NUMBER: _ClassVar[int]
        REATTACH_JOB_ID_FIELD_NUMBER: _ClassVar[int]
        runner_id: str
        reattach_job_id: str
        def __init__(self, runner_id: _Optional[str] = ..., reattach_job_id: _Optional[str] = ...) -> None: ...
    class VariableValuesSet(_message.Message):
        __slots__ = ("final_values",)
        class FinalValuesEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: _variable_pb2.Variable.FinalValue
            def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_variable_pb2.Variable.FinalValue, _Mapping]] = ...) -> None: ...
        FINAL_VALUES_FIELD_NUMBER: _ClassVar[int]
        final_values: _containers.MessageMap[str, _variable_pb2.Variable.FinalValue]
        def __init__(self, final_values: _Optional[_Mapping[str, _variable_pb2.Variable.FinalValue]] = ...) -> None: ...
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    TERMINAL_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_FIELD_NUMBER: _ClassVar[int]
    CONFIG_LOAD_FIELD_NUMBER: _ClassVar[int]
    VARIABLE_VALUES_SET_FIELD_NUMBER: _ClassVar[int]
    request: RunnerJobStreamRequest.Request
    ack: RunnerJobStreamRequest.Ack
    complete: RunnerJobStreamRequest.Complete
    error: RunnerJobStreamRequest.Error
    terminal: _job_pb2.GetJobStreamResponse.Terminal
    heartbeat: RunnerJobStreamRequest.Heartbeat
    download: _job_pb2.GetJobStreamResponse.Download
    config_load: RunnerJobStreamRequest.ConfigLoad
    variable_values_set: RunnerJobStreamRequest.VariableValuesSet
    def __init__(self, request: _Optional[_Union[RunnerJobStreamRequest.Request, _Mapping]] = ..., ack: _Optional[_Union[RunnerJobStreamRequest.Ack, _Mapping]] = ..., complete: _Optional[_Union[RunnerJobStreamRequest.Complete, _Mapping]] = ..., error: _Optional[_Union[RunnerJobStreamRequest.Error, _Mapping]] = ..., terminal: _Optional[_Union[_job_pb2.GetJobStreamResponse.Terminal, _Mapping]] = ..., heartbeat: _Optional[_Union[RunnerJobStreamRequest.Heartbeat, _Mapping]] = ..., download: _Optional[_Union[_job_pb2.GetJobStreamResponse.Download, _Mapping]] = ..., config_load: _Optional[_Union[RunnerJobStreamRequest.ConfigLoad, _Mapping]] = ..., variable_values_set: _Optional[_Union[RunnerJobStreamRequest.VariableValuesSet, _Mapping]] = ...) -> None: ...

class RunnerJobStreamResponse(_message.Message):
    __slots__ = ("assignment", "cancel")
    class JobAssignment(_message.Message):
        __slots__ = ("job", "config_sources", "stored_events")
        JOB_FIELD_NUMBER: _ClassVar[int]
        CONFIG_SOURCES_FIELD_NUMBER: _ClassVar[int]
        STORED_EVENTS_FIELD_NUMBER: _ClassVar[int]
        job: _operation_pb2.Job
        config_sources: _containers.RepeatedCompositeFieldContainer[_config_var_pb2.ConfigSource]
        stored_events: int
        def __init__(self, job: _Optional[_Union[_operation_pb2.Job, _Mapping]] = ..., config_sources: _Optional[_Iterable[_Union[_config_var_pb2.ConfigSource, _Mapping]]] = ..., stored_events: _Optional[int] = ...) -> None: ...
    class JobCancel(_message.Message):
        __slots__ = ("force",)
        FORCE_FIELD_NUMBER: _ClassVar[int]
        force: bool
        def __init__(self, force: _Optional[bool] = ...) -> None: ...
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    assignment: RunnerJobStreamResponse.JobAssignment
    cancel: RunnerJobStreamResponse.JobCancel
    def __init__(self, assignment: _Optional[_Union[RunnerJobStreamResponse.JobAssignment, _Mapping]] = ..., cancel: _Optional[_Union[RunnerJobStreamResponse.JobCancel, _Mapping]] = ...) -> None: ...

class AdoptRunnerRequest(_message.Message):
    __slots__ = ("runner_id", "adopt")
    RUNNER_ID_FIELD_NUMBER: _ClassVar[int]
    ADOPT_FIELD_NUMBER: _ClassVar[int]
    runner_id: str
    adopt: bool
    def __init__(self, runner_id: _Optional[str] = ..., adopt: _Optional[bool] = ...) -> None: ...

class ForgetRunnerRequest(_message.Message):
    __slots__ = ("runner_id",)
    RUNNER_ID_FIELD_NUMBER: _ClassVar[int]
    runner_id: str
    def __init__(self, runner_id: _Optional[str] = ...) -> None: ...

class GetRunnerRequest(_message.Message):
    __slots__ = ("runner_id",)
    RUNNER_ID_FIELD_NUMBER: _ClassVar[int]
    runner_id: str
    def __init__(self, runner_id: _Optional[str] = ...) -> None: ...

class ListRunnersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListRunnersResponse(_message.Message):
    __slots__ = ("runners",)
    RUNNERS_FIELD_NUMBER: _ClassVar[int]
    runners: _containers.RepeatedCompositeFieldContainer[Runner]
    def __init__(self, runners: _Optional[_Iterable[_Union[Runner, _Mapping]]] = ...) -> None: ...
