from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Pipeline(_message.Message):
    __slots__ = ("id", "name", "project", "steps")
    class StepsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Pipeline.Step
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Pipeline.Step, _Mapping]] = ...) -> None: ...
    class Step(_message.Message):
        __slots__ = ("name", "depends_on", "exec", "build", "deploy", "release", "up", "pipeline", "image", "workspace")
        class Build(_message.Message):
            __slots__ = ("disable_push",)
            DISABLE_PUSH_FIELD_NUMBER: _ClassVar[int]
            disable_push: bool
            def __init__(self, disable_push: _Optional[bool] = ...) -> None: ...
        class Deploy(_message.Message):
            __slots__ = ("release",)
            RELEASE_FIELD_NUMBER: _ClassVar[int]
            release: bool
            def __init__(self, release: _Optional[bool] = ...) -> None: ...
        class Exec(_message.Message):
            __slots__ = ("image", "command", "args")
            IMAGE_FIELD_NUMBER: _ClassVar[int]
            COMMAND_FIELD_NUMBER: _ClassVar[int]
            ARGS_FIELD_NUMBER: _ClassVar[int]
            image: str
            command: str
            args: _containers.RepeatedScalarFieldContainer[str]
            def __init__(self, image: _Optional[str] = ..., command: _Optional[str] = ..., args: _Optional[_Iterable[str]] = ...) -> None: ...
        class Pipeline(_message.Message):
            __slots__ = ("ref",)
            REF_FIELD_NUMBER: _ClassVar[int]
            ref: _ref_pb2.Ref.Pipeline
            def __init__(self, ref: _Optional[_Union[_ref_pb2.Ref.Pipeline, _Mapping]] = ...) -> None: ...
        class Release(_message.Message):
            __slots__ = ("deployment", "prune", "prune_retain", "prune_retain_override")
            DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
            PRUNE_FIELD_NUMBER: _ClassVar[int]
            PRUNE_RETAIN_FIELD_NUMBER: _ClassVar[int]
            PRUNE_RETAIN_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
            deployment: _ref_pb2.Ref.Deployment
            prune: bool
            prune_retain: int
            prune_retain_override: bool
            def __init__(self, deployment: _Optional[_Union[_ref_pb2.Ref.Deployment, _Mapping]] = ..., prune: _Optional[bool] = ..., prune_retain: _Optional[int] = ..., prune_retain_override: _Optional[bool] = ...) -> None: ...
        class Up(_message.Message):
            __slots__ = ("prune", "prune_retain", "prune_retain_override")
            PRUNE_FIELD_NUMBER: _ClassVar[int]
            PRUNE_RETAIN_FIELD_NUMBER: _ClassVar[int]
            PRUNE_RETAIN_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
            prune: bool
            prune_retain: int
            prune_retain_override: bool
            def __init__(self, prune: _Optional[bool] = ..., prune_retain: _Optional[int] = ..., prune_retain_override: _Optional[bool] = ...) -> None: ...
        NAME_FIELD_NUMBER: _ClassVar[int]
        DEPENDS_ON_FIELD_NUMBER: _ClassVar[int]
        EXEC_FIELD_NUMBER: _ClassVar[int]
        BUILD_FIELD_NUMBER: _ClassVar[int]
        DEPLOY_FIELD_NUMBER: _ClassVar[int]
        RELEASE_FIELD_NUMBER: _ClassVar[int]
        UP_FIELD_NUMBER: _ClassVar[int]
        PIPELINE_FIELD_NUMBER: _ClassVar[int]
        IMAGE_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        name: str
        depends_on: _containers.RepeatedScalarFieldContainer[str]
        exec: Pipeline.Step.Exec
        build: Pipeline.Step.Build
        deploy: Pipeline.Step.Deploy
        release: Pipeline.Step.Release
        up: Pipeline.Step.Up
        pipeline: Pipeline.Step.Pipeline
        image: str
        workspace: _ref_pb2.Ref.Workspace
        def __init__(self, name: _Optional[str] = ..., depends_on: _Optional[_Iterable[str]] = ..., exec: _Optional[_Union[Pipeline.Step.Exec, _Mapping]] = ..., build: _Optional[_Union[Pipeline.Step.Build, _Mapping]] = ..., deploy: _Optional[_Union[Pipeline.Step.Deploy, _Mapping]] = ..., release: _Optional[_Union[Pipeline.Step.Release, _Mapping]] = ..., up: _Optional[_Union[Pipeline.Step.Up, _Mapping]] = ..., pipeline: _Optional[_Union[Pipeline.Step.Pipeline, _Mapping]] = ..., image: _Optional[str] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    project: _ref_pb2.Ref.Project
    steps: _containers.MessageMap[str, Pipeline.Step]
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., steps: _Optional[_Mapping[str, Pipeline.Step]] = ...) -> None: ...

class PipelineRun(_message.Message):
    __slots__ = ("id", "sequence", "pipeline", "jobs", "state")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[PipelineRun.State]
        PENDING: _ClassVar[PipelineRun.State]
        STARTING: _ClassVar[PipelineRun.State]
        RUNNING: _ClassVar[PipelineRun.State]
        ERROR: _ClassVar[PipelineRun.State]
        CANCELLED: _ClassVar[PipelineRun.State]
        SUCCESS: _ClassVar[PipelineRun.State]
    UNKNOWN: PipelineRun.State
    PENDING: PipelineRun.State
    STARTING: PipelineRun.State
    RUNNING: PipelineRun.State
    ERROR: PipelineRun.State
    CANCELLED: PipelineRun.State
    SUCCESS: PipelineRun.State
    ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    JOBS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    id: str
    sequence: int
    pipeline: _ref_pb2.Ref.Pipeline
    jobs: _containers.RepeatedCompositeFieldContainer[_ref_pb2.Ref.Job]
    state: PipelineRun.State
    def __init__(self, id: _Optional[str] = ..., sequence: _Optional[int] = ..., pipeline: _Optional[_Union[_ref_pb2.Ref.Pipeline, _Mapping]] = ..., jobs: _Optional[_Iterable[_Union[_ref_pb2.Ref.Job, _Mapping]]] = ..., state: _Optional[_Union[PipelineRun.State, str]] = ...) -> None: ...
