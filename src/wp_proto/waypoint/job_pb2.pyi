import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from wp_proto.waypoint import operation_pb2 as _operation_pb2
from wp_proto.waypoint import paging_pb2 as _paging_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CancelJobRequest(_message.Message):
    __slots__ = ("job_id", "force")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    force: bool
    def __init__(self, job_id: _Optional[str] = ..., force: _Optional[bool] = ...) -> None: ...

class GetJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class QueueJobRequest(_message.Message):
    __slots__ = ("job", "expires_in")
    JOB_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_IN_FIELD_NUMBER: _ClassVar[int]
    job: _operation_pb2.Job
    expires_in: str
    def __init__(self, job: _Optional[_Union[_operation_pb2.Job, _Mapping]] = ..., expires_in: _Optional[str] = ...) -> None: ...

class QueueJobResponse(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class ValidateJobRequest(_message.Message):
    __slots__ = ("job", "disable_assign")
    JOB_FIELD_NUMBER: _ClassVar[int]
    DISABLE_ASSIGN_FIELD_NUMBER: _ClassVar[int]
    job: _operation_pb2.Job
    disable_assign: bool
    def __init__(self, job: _Optional[_Union[_operation_pb2.Job, _Mapping]] = ..., disable_assign: _Optional[bool] = ...) -> None: ...

class ValidateJobResponse(_message.Message):
    __slots__ = ("valid", "validation_error", "assignable")
    VALID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ERROR_FIELD_NUMBER: _ClassVar[int]
    ASSIGNABLE_FIELD_NUMBER: _ClassVar[int]
    valid: bool
    validation_error: _status_pb2.Status
    assignable: bool
    def __init__(self, valid: _Optional[bool] = ..., validation_error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., assignable: _Optional[bool] = ...) -> None: ...

class ListJobsRequest(_message.Message):
    __slots__ = ("workspace", "project", "application", "targetRunner", "pipeline", "jobState", "pagination")
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    TARGETRUNNER_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    JOBSTATE_FIELD_NUMBER: _ClassVar[int]
    PAGINATION_FIELD_NUMBER: _ClassVar[int]
    workspace: _ref_pb2.Ref.Workspace
    project: _ref_pb2.Ref.Project
    application: _ref_pb2.Ref.Application
    targetRunner: _ref_pb2.Ref.Runner
    pipeline: _ref_pb2.Ref.PipelineStep
    jobState: _containers.RepeatedScalarFieldContainer[_operation_pb2.Job.State]
    pagination: _paging_pb2.PaginationRequest
    def __init__(self, workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., targetRunner: _Optional[_Union[_ref_pb2.Ref.Runner, _Mapping]] = ..., pipeline: _Optional[_Union[_ref_pb2.Ref.PipelineStep, _Mapping]] = ..., jobState: _Optional[_Iterable[_Union[_operation_pb2.Job.State, str]]] = ..., pagination: _Optional[_Union[_paging_pb2.PaginationRequest, _Mapping]] = ...) -> None: ...

class ListJobsResponse(_message.Message):
    __slots__ = ("jobs", "pagination")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    PAGINATION_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[_operation_pb2.Job]
    pagination: _paging_pb2.PaginationResponse
    def __init__(self, jobs: _Optional[_Iterable[_Union[_operation_pb2.Job, _Mapping]]] = ..., pagination: _Optional[_Union[_paging_pb2.PaginationResponse, _Mapping]] = ...) -> None: ...

class GetJobStreamRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class GetJobStreamResponse(_message.Message):
    __slots__ = ("open", "state", "terminal", "error", "complete", "download", "job")
    class Complete(_message.Message):
        __slots__ = ("error", "result")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        RESULT_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        result: _operation_pb2.Job.Result
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., result: _Optional[_Union[_operation_pb2.Job.Result, _Mapping]] = ...) -> None: ...
    class Download(_message.Message):
        __slots__ = ("data_source_ref",)
        DATA_SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
        data_source_ref: _operation_pb2.Job.DataSource.Ref
        def __init__(self, data_source_ref: _Optional[_Union[_operation_pb2.Job.DataSource.Ref, _Mapping]] = ...) -> None: ...
    class Error(_message.Message):
        __slots__ = ("error",)
        ERROR_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    class JobChange(_message.Message):
        __slots__ = ("job",)
        JOB_FIELD_NUMBER: _ClassVar[int]
        job: _operation_pb2.Job
        def __init__(self, job: _Optional[_Union[_operation_pb2.Job, _Mapping]] = ...) -> None: ...
    class Open(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class State(_message.Message):
        __slots__ = ("previous", "current", "job", "canceling")
        PREVIOUS_FIELD_NUMBER: _ClassVar[int]
        CURRENT_FIELD_NUMBER: _ClassVar[int]
        JOB_FIELD_NUMBER: _ClassVar[int]
        CANCELING_FIELD_NUMBER: _ClassVar[int]
        previous: _operation_pb2.Job.State
        current: _operation_pb2.Job.State
        job: _operation_pb2.Job
        canceling: bool
        def __init__(self, previous: _Optional[_Union[_operation_pb2.Job.State, str]] = ..., current: _Optional[_Union[_operation_pb2.Job.State, str]] = ..., job: _Optional[_Union[_operation_pb2.Job, _Mapping]] = ..., canceling: _Optional[bool] = ...) -> None: ...
    class Terminal(_message.Message):
        __slots__ = ("events", "buffered")
        class Event(_message.Message):
            __slots__ = ("timestamp", "line", "status", "named_values", "raw", "table", "step_group", "step")
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
                values: _containers.RepeatedCompositeFieldContainer[GetJobStreamResponse.Terminal.Event.NamedValue]
                def __init__(self, values: _Optional[_Iterable[_Union[GetJobStreamResponse.Terminal.Event.NamedValue, _Mapping]]] = ...) -> None: ...
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
                __slots__ = ("id", "close", "msg", "status", "output")
                ID_FIELD_NUMBER: _ClassVar[int]
                CLOSE_FIELD_NUMBER: _ClassVar[int]
                MSG_FIELD_NUMBER: _ClassVar[int]
                STATUS_FIELD_NUMBER: _ClassVar[int]
                OUTPUT_FIELD_NUMBER: _ClassVar[int]
                id: int
                close: bool
                msg: str
                status: str
                output: bytes
                def __init__(self, id: _Optional[int] = ..., close: _Optional[bool] = ..., msg: _Optional[str] = ..., status: _Optional[str] = ..., output: _Optional[bytes] = ...) -> None: ...
            class StepGroup(_message.Message):
                __slots__ = ("close",)
                CLOSE_FIELD_NUMBER: _ClassVar[int]
                close: bool
                def __init__(self, close: _Optional[bool] = ...) -> None: ...
            class Table(_message.Message):
                __slots__ = ("headers", "rows")
                HEADERS_FIELD_NUMBER: _ClassVar[int]
                ROWS_FIELD_NUMBER: _ClassVar[int]
                headers: _containers.RepeatedScalarFieldContainer[str]
                rows: _containers.RepeatedCompositeFieldContainer[GetJobStreamResponse.Terminal.Event.TableRow]
                def __init__(self, headers: _Optional[_Iterable[str]] = ..., rows: _Optional[_Iterable[_Union[GetJobStreamResponse.Terminal.Event.TableRow, _Mapping]]] = ...) -> None: ...
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
                entries: _containers.RepeatedCompositeFieldContainer[GetJobStreamResponse.Terminal.Event.TableEntry]
                def __init__(self, entries: _Optional[_Iterable[_Union[GetJobStreamResponse.Terminal.Event.TableEntry, _Mapping]]] = ...) -> None: ...
            TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
            LINE_FIELD_NUMBER: _ClassVar[int]
            STATUS_FIELD_NUMBER: _ClassVar[int]
            NAMED_VALUES_FIELD_NUMBER: _ClassVar[int]
            RAW_FIELD_NUMBER: _ClassVar[int]
            TABLE_FIELD_NUMBER: _ClassVar[int]
            STEP_GROUP_FIELD_NUMBER: _ClassVar[int]
            STEP_FIELD_NUMBER: _ClassVar[int]
            timestamp: _timestamp_pb2.Timestamp
            line: GetJobStreamResponse.Terminal.Event.Line
            status: GetJobStreamResponse.Terminal.Event.Status
            named_values: GetJobStreamResponse.Terminal.Event.NamedValues
            raw: GetJobStreamResponse.Terminal.Event.Raw
            table: GetJobStreamResponse.Terminal.Event.Table
            step_group: GetJobStreamResponse.Terminal.Event.StepGroup
            step: GetJobStreamResponse.Terminal.Event.Step
            def __init__(self, timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., line: _Optional[_Union[GetJobStreamResponse.Terminal.Event.Line, _Mapping]] = ..., status: _Optional[_Union[GetJobStreamResponse.Terminal.Event.Status, _Mapping]] = ..., named_values: _Optional[_Union[GetJobStreamResponse.Terminal.Event.NamedValues, _Mapping]] = ..., raw: _Optional[_Union[GetJobStreamResponse.Terminal.Event.Raw, _Mapping]] = ..., table: _Optional[_Union[GetJobStreamResponse.Terminal.Event.Table, _Mapping]] = ..., step_group: _Optional[_Union[GetJobStreamResponse.Terminal.Event.StepGroup, _Mapping]] = ..., step: _Optional[_Union[GetJobStreamResponse.Terminal.Event.Step, _Mapping]] = ...) -> None: ...
        EVENTS_FIELD_NUMBER: _ClassVar[int]
        BUFFERED_FIELD_NUMBER: _ClassVar[int]
        events: _containers.RepeatedCompositeFieldContainer[GetJobStreamResponse.Terminal.Event]
        buffered: bool
        def __init__(self, events: _Optional[_Iterable[_Union[GetJobStreamResponse.Terminal.Event, _Mapping]]] = ..., buffered: _Optional[bool] = ...) -> None: ...
    OPEN_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TERMINAL_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    open: GetJobStreamResponse.Open
    state: GetJobStreamResponse.State
    terminal: GetJobStreamResponse.Terminal
    error: GetJobStreamResponse.Error
    complete: GetJobStreamResponse.Complete
    download: GetJobStreamResponse.Download
    job: GetJobStreamResponse.JobChange
    def __init__(self, open: _Optional[_Union[GetJobStreamResponse.Open, _Mapping]] = ..., state: _Optional[_Union[GetJobStreamResponse.State, _Mapping]] = ..., terminal: _Optional[_Union[GetJobStreamResponse.Terminal, _Mapping]] = ..., error: _Optional[_Union[GetJobStreamResponse.Error, _Mapping]] = ..., complete: _Optional[_Union[GetJobStreamResponse.Complete, _Mapping]] = ..., download: _Optional[_Union[GetJobStreamResponse.Download, _Mapping]] = ..., job: _Optional[_Union[GetJobStreamResponse.JobChange, _Mapping]] = ...) -> None: ...
