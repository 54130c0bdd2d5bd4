from wp_proto.waypoint import component_pb2 as _component_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Ref(_message.Message):
    __slots__ = ()
    class Application(_message.Message):
        __slots__ = ("application", "project")
        APPLICATION_FIELD_NUMBER: _ClassVar[int]
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        application: str
        project: str
        def __init__(self, application: _Optional[str] = ..., project: _Optional[str] = ...) -> None: ...
    class Artifact(_message.Message):
        __slots__ = ("latest", "sequence")
        LATEST_FIELD_NUMBER: _ClassVar[int]
        SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        latest: bool
        sequence: int
        def __init__(self, latest: _Optional[bool] = ..., sequence: _Optional[int] = ...) -> None: ...
    class AuthMethod(_message.Message):
        __slots__ = ("name",)
        NAME_FIELD_NUMBER: _ClassVar[int]
        name: str
        def __init__(self, name: _Optional[str] = ...) -> None: ...
    class Component(_message.Message):
        __slots__ = ("type", "name")
        TYPE_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        type: _component_pb2.Component.Type
        name: str
        def __init__(self, type: _Optional[_Union[_component_pb2.Component.Type, str]] = ..., name: _Optional[str] = ...) -> None: ...
    class DeclaredResource(_message.Message):
        __slots__ = ("name",)
        NAME_FIELD_NUMBER: _ClassVar[int]
        name: str
        def __init__(self, name: _Optional[str] = ...) -> None: ...
    class Deployment(_message.Message):
        __slots__ = ("latest", "sequence")
        LATEST_FIELD_NUMBER: _ClassVar[int]
        SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        latest: bool
        sequence: int
        def __init__(self, latest: _Optional[bool] = ..., sequence: _Optional[int] = ...) -> None: ...
    class Global(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Job(_message.Message):
        __slots__ = ("id",)
        ID_FIELD_NUMBER: _ClassVar[int]
        id: str
        def __init__(self, id: _Optional[str] = ...) -> None: ...
    class OnDemandRunnerConfig(_message.Message):
        __slots__ = ("id", "name")
        ID_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        id: str
        name: str
        def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...
    class Operation(_message.Message):
        __slots__ = ("id", "sequence")
        ID_FIELD_NUMBER: _ClassVar[int]
        SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        id: str
        sequence: Ref.OperationSeq
        def __init__(self, id: _Optional[str] = ..., sequence: _Optional[_Union[Ref.OperationSeq, _Mapping]] = ...) -> None: ...
    class OperationSeq(_message.Message):
        __slots__ = ("application", "number")
        APPLICATION_FIELD_NUMBER: _ClassVar[int]
        NUMBER_FIELD_NUMBER: _ClassVar[int]
        application: Ref.Application
        number: int
        def __init__(self, application: _Optional[_Union[Ref.Application, _Mapping]] = ..., number: _Optional[int] = ...) -> None: ...
    class Pipeline(_message.Message):
        __slots__ = ("id", "owner")
        ID_FIELD_NUMBER: _ClassVar[int]
        OWNER_FIELD_NUMBER: _ClassVar[int]
        id: str
        owner: Ref.PipelineOwner
        def __init__(self, id: _Optional[str] = ..., owner: _Optional[_Union[Ref.PipelineOwner, _Mapping]] = ...) -> None: ...
    class PipelineOwner(_message.Message):
        __slots__ = ("project", "pipeline_name")
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        PIPELINE_NAME_FIELD_NUMBER: _ClassVar[int]
        project: Ref.Project
        pipeline_name: str
        def __init__(self, project: _Optional[_Union[Ref.Project, _Mapping]] = ..., pipeline_name: _Optional[str] = ...) -> None: ...
    class PipelineStep(_message.Message):
        __slots__ = ("pipeline_id", "pipeline_name", "step", "run_sequence", "root_pipeline_id", "root_pipeline_name")
        PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
        PIPELINE_NAME_FIELD_NUMBER: _ClassVar[int]
        STEP_FIELD_NUMBER: _ClassVar[int]
        RUN_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        ROOT_PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
        ROOT_PIPELINE_NAME_FIELD_NUMBER: _ClassVar[int]
        pipeline_id: str
        pipeline_name: str
        step: str
        run_sequence: int
        root_pipeline_id: str
        root_pipeline_name: str
        def __init__(self, pipeline_id: _Optional[str] = ..., pipeline_name: _Optional[str] = ..., step: _Optional[str] = ..., run_sequence: _Optional[int] = ..., root_pipeline_id: _Optional[str] = ..., root_pipeline_name: _Optional[str] = ...) -> None: ...
    class Project(_message.Message):
        __slots__ = ("project",)
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        project: str
        def __init__(self, project: _Optional[str] = ...) -> None: ...
    class ProjectTemplate(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Runner(_message.Message):
        __slots__ = ("any", "id", "labels")
        ANY_FIELD_NUMBER: _ClassVar[int]
        ID_FIELD_NUMBER: _ClassVar[int]
        LABELS_FIELD_NUMBER: _ClassVar[int]
        any: Ref.RunnerAny
        id: Ref.RunnerId
        labels: Ref.RunnerLabels
        def __init__(self, any: _Optional[_Union[Ref.RunnerAny, _Mapping]] = ..., id: _Optional[_Union[Ref.RunnerId, _Mapping]] = ..., labels: _Optional[_Union[Ref.RunnerLabels, _Mapping]] = ...) -> None: ...
    class RunnerAny(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class RunnerId(_message.Message):
        __slots__ = ("id",)
        ID_FIELD_NUMBER: _ClassVar[int]
        id: str
        def __init__(self, id: _Optional[str] = ...) -> None: ...
    class RunnerLabels(_message.Message):
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
    class Task(_message.Message):
        __slots__ = ("id", "job_id")
        ID_FIELD_NUMBER: _ClassVar[int]
        JOB_ID_FIELD_NUMBER: _ClassVar[int]
        id: str
        job_id: str
        def __init__(self, id: _Optional[str] = ..., job_id: _Optional[str] = ...) -> None: ...
    class Trigger(_message.Message):
        __slots__ = ("id",)
        ID_FIELD_NUMBER: _ClassVar[int]
        id: str
        def __init__(self, id: _Optional[str] = ...) -> None: ...
    class User(_message.Message):
        __slots__ = ("id", "username")
        ID_FIELD_NUMBER: _ClassVar[int]
        USERNAME_FIELD_NUMBER: _ClassVar[int]
        id: Ref.UserId
        username: Ref.UserUsername
        def __init__(self, id: _Optional[_Union[Ref.UserId, _Mapping]] = ..., username: _Optional[_Union[Ref.UserUsername, _Mapping]] = ...) -> None: ...
    class UserId(_message.Message):
        __slots__ = ("id",)
        ID_FIELD_NUMBER: _ClassVar[int]
        id: str
        def __init__(self, id: _Optional[str] = ...) -> None: ...
    class UserUsername(_message.Message):
        __slots__ = ("username",)
        USERNAME_FIELD_NUMBER: _ClassVar[int]
        username: str
        def __init__(self, username: _Optional[str] = ...) -> None: ...
    class Workspace(_message.Message):
        __slots__ = ("workspace",)
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        workspace: str
        def __init__(self, workspace: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...
