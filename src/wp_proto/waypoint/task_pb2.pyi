from wp_proto.opaqueany import any_pb2 as _any_pb2
from wp_proto.waypoint import operation_pb2 as _operation_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Task(_message.Message):
    __slots__ = ("id", "task_job", "start_job", "stop_job", "state_json", "state", "job_state", "resource_name", "watch_job")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[Task.State]
        PENDING: _ClassVar[Task.State]
        STARTING: _ClassVar[Task.State]
        STARTED: _ClassVar[Task.State]
        RUNNING: _ClassVar[Task.State]
        COMPLETED: _ClassVar[Task.State]
        STOPPING: _ClassVar[Task.State]
        STOPPED: _ClassVar[Task.State]
        MIXED: _ClassVar[Task.State]
    UNKNOWN: Task.State
    PENDING: Task.State
    STARTING: Task.State
    STARTED: Task.State
    RUNNING: Task.State
    COMPLETED: Task.State
    STOPPING: Task.State
    STOPPED: Task.State
    MIXED: Task.State
    ID_FIELD_NUMBER: _ClassVar[int]
    TASK_JOB_FIELD_NUMBER: _ClassVar[int]
    START_JOB_FIELD_NUMBER: _ClassVar[int]
    STOP_JOB_FIELD_NUMBER: _ClassVar[int]
    STATE_JSON_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    JOB_STATE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    WATCH_JOB_FIELD_NUMBER: _ClassVar[int]
    id: str
    task_job: _ref_pb2.Ref.Job
    start_job: _ref_pb2.Ref.Job
    stop_job: _ref_pb2.Ref.Job
    state_json: str
    state: _any_pb2.Any
    job_state: Task.State
    resource_name: str
    watch_job: _ref_pb2.Ref.Job
    def __init__(self, id: _Optional[str] = ..., task_job: _Optional[_Union[_ref_pb2.Ref.Job, _Mapping]] = ..., start_job: _Optional[_Union[_ref_pb2.Ref.Job, _Mapping]] = ..., stop_job: _Optional[_Union[_ref_pb2.Ref.Job, _Mapping]] = ..., state_json: _Optional[str] = ..., state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., job_state: _Optional[_Union[Task.State, str]] = ..., resource_name: _Optional[str] = ..., watch_job: _Optional[_Union[_ref_pb2.Ref.Job, _Mapping]] = ...) -> None: ...

class CancelTaskRequest(_message.Message):
    __slots__ = ("ref",)
    REF_FIELD_NUMBER: _ClassVar[int]
    ref: _ref_pb2.Ref.Task
    def __init__(self, ref: _Optional[_Union[_ref_pb2.Ref.Task, _Mapping]] = ...) -> None: ...

class DeleteTaskRequest(_message.Message):
    __slots__ = ("ref",)
    REF_FIELD_NUMBER: _ClassVar[int]
    ref: _ref_pb2.Ref.Task
    def __init__(self, ref: _Optional[_Union[_ref_pb2.Ref.Task, _Mapping]] = ...) -> None: ...

class GetTaskRequest(_message.Message):
    __slots__ = ("ref",)
    REF_FIELD_NUMBER: _ClassVar[int]
    ref: _ref_pb2.Ref.Task
    def __init__(self, ref: _Optional[_Union[_ref_pb2.Ref.Task, _Mapping]] = ...) -> None: ...

class GetTaskResponse(_message.Message):
    __slots__ = ("task", "task_job", "start_job", "stop_job", "watch_job")
    TASK_FIELD_NUMBER: _ClassVar[int]
    TASK_JOB_FIELD_NUMBER: _ClassVar[int]
    START_JOB_FIELD_NUMBER: _ClassVar[int]
    STOP_JOB_FIELD_NUMBER: _ClassVar[int]
    WATCH_JOB_FIELD_NUMBER: _ClassVar[int]
    task: Task
    task_job: _operation_pb2.Job
    start_job: _operation_pb2.Job
    stop_job: _operation_pb2.Job
    watch_job: _operation_pb2.Job
    def __init__(self, task: _Optional[_Union[Task, _Mapping]] = ..., task_job: _Optional[_Union[_operation_pb2.Job, _Mapping]] = ..., start_job: _Optional[_Union[_operation_pb2.Job, _Mapping]] = ..., stop_job: _Optional[_Union[_operation_pb2.Job, _Mapping]] = ..., watch_job: _Optional[_Union[_operation_pb2.Job, _Mapping]] = ...) -> None: ...

class ListTaskRequest(_message.Message):
    __slots__ = ("taskState",)
    TASKSTATE_FIELD_NUMBER: _ClassVar[int]
    taskState: _containers.RepeatedScalarFieldContainer[Task.State]
    def __init__(self, taskState: _Optional[_Iterable[_Union[Task.State, str]]] = ...) -> None: ...

class ListTaskResponse(_message.Message):
    __slots__ = ("tasks",)
    TASKS_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[GetTaskResponse]
    def __init__(self, tasks: _Optional[_Iterable[_Union[GetTaskResponse, _Mapping]]] = ...) -> None: ...

class UpsertTaskRequest(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: Task
    def __init__(self, task: _Optional[_Union[Task, _Mapping]] = ...) -> None: ...

class UpsertTaskResponse(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: Task
    def __init__(self, task: _Optional[_Union[Task, _Mapping]] = ...) -> None: ...
