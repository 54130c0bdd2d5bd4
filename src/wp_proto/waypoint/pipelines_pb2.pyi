from wp_proto.waypoint import operation_pb2 as _operation_pb2
from wp_proto.waypoint import pipeline_pb2 as _pipeline_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConfigSyncPipelineRequest(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: _ref_pb2.Ref.Project
    def __init__(self, project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ...) -> None: ...

class ConfigSyncPipelineResponse(_message.Message):
    __slots__ = ("synced_pipelines",)
    class SyncedPipelinesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _ref_pb2.Ref.Pipeline
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_ref_pb2.Ref.Pipeline, _Mapping]] = ...) -> None: ...
    SYNCED_PIPELINES_FIELD_NUMBER: _ClassVar[int]
    synced_pipelines: _containers.MessageMap[str, _ref_pb2.Ref.Pipeline]
    def __init__(self, synced_pipelines: _Optional[_Mapping[str, _ref_pb2.Ref.Pipeline]] = ...) -> None: ...

class GetPipelineRequest(_message.Message):
    __slots__ = ("pipeline",)
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    pipeline: _ref_pb2.Ref.Pipeline
    def __init__(self, pipeline: _Optional[_Union[_ref_pb2.Ref.Pipeline, _Mapping]] = ...) -> None: ...

class GetPipelineResponse(_message.Message):
    __slots__ = ("pipeline", "root_step", "graph")
    class Graph(_message.Message):
        __slots__ = ("content", "format")
        class Format(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            INVALID: _ClassVar[GetPipelineResponse.Graph.Format]
            MERMAID: _ClassVar[GetPipelineResponse.Graph.Format]
        INVALID: GetPipelineResponse.Graph.Format
        MERMAID: GetPipelineResponse.Graph.Format
        CONTENT_FIELD_NUMBER: _ClassVar[int]
        FORMAT_FIELD_NUMBER: _ClassVar[int]
        content: bytes
        format: GetPipelineResponse.Graph.Format
        def __init__(self, content: _Optional[bytes] = ..., format: _Optional[_Union[GetPipelineResponse.Graph.Format, str]] = ...) -> None: ...
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    ROOT_STEP_FIELD_NUMBER: _ClassVar[int]
    GRAPH_FIELD_NUMBER: _ClassVar[int]
    pipeline: _pipeline_pb2.Pipeline
    root_step: str
    graph: GetPipelineResponse.Graph
    def __init__(self, pipeline: _Optional[_Union[_pipeline_pb2.Pipeline, _Mapping]] = ..., root_step: _Optional[str] = ..., graph: _Optional[_Union[GetPipelineResponse.Graph, _Mapping]] = ...) -> None: ...

class GetPipelineRunRequest(_message.Message):
    __slots__ = ("pipeline", "sequence")
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    pipeline: _ref_pb2.Ref.Pipeline
    sequence: int
    def __init__(self, pipeline: _Optional[_Union[_ref_pb2.Ref.Pipeline, _Mapping]] = ..., sequence: _Optional[int] = ...) -> None: ...

class GetPipelineRunResponse(_message.Message):
    __slots__ = ("pipeline_run",)
    PIPELINE_RUN_FIELD_NUMBER: _ClassVar[int]
    pipeline_run: _pipeline_pb2.PipelineRun
    def __init__(self, pipeline_run: _Optional[_Union[_pipeline_pb2.PipelineRun, _Mapping]] = ...) -> None: ...

class ListPipelineRunsRequest(_message.Message):
    __slots__ = ("pipeline",)
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    pipeline: _ref_pb2.Ref.Pipeline
    def __init__(self, pipeline: _Optional[_Union[_ref_pb2.Ref.Pipeline, _Mapping]] = ...) -> None: ...

class ListPipelineRunsResponse(_message.Message):
    __slots__ = ("pipeline_runs",)
    PIPELINE_RUNS_FIELD_NUMBER: _ClassVar[int]
    pipeline_runs: _containers.RepeatedCompositeFieldContainer[_pipeline_pb2.PipelineRun]
    def __init__(self, pipeline_runs: _Optional[_Iterable[_Union[_pipeline_pb2.PipelineRun, _Mapping]]] = ...) -> None: ...

class ListPipelinesRequest(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: _ref_pb2.Ref.Project
    def __init__(self, project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ...) -> None: ...

class ListPipelinesResponse(_message.Message):
    __slots__ = ("pipelines",)
    PIPELINES_FIELD_NUMBER: _ClassVar[int]
    pipelines: _containers.RepeatedCompositeFieldContainer[_pipeline_pb2.Pipeline]
    def __init__(self, pipelines: _Optional[_Iterable[_Union[_pipeline_pb2.Pipeline, _Mapping]]] = ...) -> None: ...

class RunPipelineRequest(_message.Message):
    __slots__ = ("pipeline", "job_template", "expires_in", "definitions")
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    JOB_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_IN_FIELD_NUMBER: _ClassVar[int]
    DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    pipeline: _ref_pb2.Ref.Pipeline
    job_template: _operation_pb2.Job
    expires_in: str
    definitions: _containers.RepeatedCompositeFieldContainer[_pipeline_pb2.Pipeline]
    def __init__(self, pipeline: _Optional[_Union[_ref_pb2.Ref.Pipeline, _Mapping]] = ..., job_template: _Optional[_Union[_operation_pb2.Job, _Mapping]] = ..., expires_in: _Optional[str] = ..., definitions: _Optional[_Iterable[_Union[_pipeline_pb2.Pipeline, _Mapping]]] = ...) -> None: ...

class RunPipelineResponse(_message.Message):
    __slots__ = ("job_id", "all_job_ids", "job_map", "sequence")
    class JobMapEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _ref_pb2.Ref.PipelineStep
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_ref_pb2.Ref.PipelineStep, _Mapping]] = ...) -> None: ...
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    ALL_JOB_IDS_FIELD_NUMBER: _ClassVar[int]
    JOB_MAP_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    all_job_ids: _containers.RepeatedScalarFieldContainer[str]
    job_map: _containers.MessageMap[str, _ref_pb2.Ref.PipelineStep]
    sequence: int
    def __init__(self, job_id: _Optional[str] = ..., all_job_ids: _Optional[_Iterable[str]] = ..., job_map: _Optional[_Mapping[str, _ref_pb2.Ref.PipelineStep]] = ..., sequence: _Optional[int] = ...) -> None: ...

class UpsertPipelineRequest(_message.Message):
    __slots__ = ("pipeline",)
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    pipeline: _pipeline_pb2.Pipeline
    def __init__(self, pipeline: _Optional[_Union[_pipeline_pb2.Pipeline, _Mapping]] = ...) -> None: ...

class UpsertPipelineResponse(_message.Message):
    __slots__ = ("pipeline",)
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    pipeline: _pipeline_pb2.Pipeline
    def __init__(self, pipeline: _Optional[_Union[_pipeline_pb2.Pipeline, _Mapping]] = ...) -> None: ...
