import datetime

from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from wp_proto.opaqueany import any_pb2 as _any_pb2
from wp_proto.waypoint import component_pb2 as _component_pb2
from wp_proto.waypoint import documentation_pb2 as _documentation_pb2
from wp_proto.waypoint import hcl_pb2 as _hcl_pb2
from wp_proto.waypoint import pipeline_pb2 as _pipeline_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from wp_proto.waypoint import resource_pb2 as _resource_pb2
from wp_proto.waypoint import status_pb2 as _status_pb2_1
from wp_proto.waypoint import status_report_pb2 as _status_report_pb2
from wp_proto.waypoint import task_launch_pb2 as _task_launch_pb2
from wp_proto.waypoint import variable_pb2 as _variable_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Job(_message.Message):
    __slots__ = ("id", "application", "workspace", "target_runner", "labels", "data_source", "data_source_overrides", "singleton_id", "variables", "depends_on", "depends_on_allow_failure", "waypoint_hcl", "noop", "build", "push", "deploy", "destroy", "release", "validate", "auth", "docs", "config_sync", "exec", "up", "logs", "queue_project", "poll", "status_report", "start_task", "stop_task", "init", "watch_task", "pipeline_step", "destroy_project", "state", "assigned_runner", "queue_time", "assign_time", "ack_time", "complete_time", "error", "result", "cancel_time", "expire_time", "data_source_ref", "config", "ondemand_runner", "variable_final_values", "task", "ondemand_runner_task", "pipeline", "keep_config")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[Job.State]
        QUEUED: _ClassVar[Job.State]
        WAITING: _ClassVar[Job.State]
        RUNNING: _ClassVar[Job.State]
        ERROR: _ClassVar[Job.State]
        SUCCESS: _ClassVar[Job.State]
    UNKNOWN: Job.State
    QUEUED: Job.State
    WAITING: Job.State
    RUNNING: Job.State
    ERROR: Job.State
    SUCCESS: Job.State
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class DataSourceOverridesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class VariableFinalValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _variable_pb2.Variable.FinalValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_variable_pb2.Variable.FinalValue, _Mapping]] = ...) -> None: ...
    class AuthOp(_message.Message):
        __slots__ = ("check_only", "component")
        CHECK_ONLY_FIELD_NUMBER: _ClassVar[int]
        COMPONENT_FIELD_NUMBER: _ClassVar[int]
        check_only: bool
        component: _ref_pb2.Ref.Component
        def __init__(self, check_only: _Optional[bool] = ..., component: _Optional[_Union[_ref_pb2.Ref.Component, _Mapping]] = ...) -> None: ...
    class AuthResult(_message.Message):
        __slots__ = ("results",)
        class Result(_message.Message):
            __slots__ = ("component", "check_result", "check_error", "auth_completed", "auth_error", "auth_supported")
            COMPONENT_FIELD_NUMBER: _ClassVar[int]
            CHECK_RESULT_FIELD_NUMBER: _ClassVar[int]
            CHECK_ERROR_FIELD_NUMBER: _ClassVar[int]
            AUTH_COMPLETED_FIELD_NUMBER: _ClassVar[int]
            AUTH_ERROR_FIELD_NUMBER: _ClassVar[int]
            AUTH_SUPPORTED_FIELD_NUMBER: _ClassVar[int]
            component: _component_pb2.Component
            check_result: bool
            check_error: _status_pb2.Status
            auth_completed: bool
            auth_error: _status_pb2.Status
            auth_supported: bool
            def __init__(self, component: _Optional[_Union[_component_pb2.Component, _Mapping]] = ..., check_result: _Optional[bool] = ..., check_error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., auth_completed: _Optional[bool] = ..., auth_error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., auth_supported: _Optional[bool] = ...) -> None: ...
        RESULTS_FIELD_NUMBER: _ClassVar[int]
        results: _containers.RepeatedCompositeFieldContainer[Job.AuthResult.Result]
        def __init__(self, results: _Optional[_Iterable[_Union[Job.AuthResult.Result, _Mapping]]] = ...) -> None: ...
    class BuildOp(_message.Message):
        __slots__ = ("disable_push",)
        DISABLE_PUSH_FIELD_NUMBER: _ClassVar[int]
        disable_push: bool
        def __init__(self, disable_push: _Optional[bool] = ...) -> None: ...
    class BuildResult(_message.Message):
        __slots__ = ("build", "push")
        BUILD_FIELD_NUMBER: _ClassVar[int]
        PUSH_FIELD_NUMBER: _ClassVar[int]
        build: Build
        push: PushedArtifact
        def __init__(self, build: _Optional[_Union[Build, _Mapping]] = ..., push: _Optional[_Union[PushedArtifact, _Mapping]] = ...) -> None: ...
    class Config(_message.Message):
        __slots__ = ("source",)
        class Source(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[Job.Config.Source]
            FILE: _ClassVar[Job.Config.Source]
            SERVER: _ClassVar[Job.Config.Source]
            JOB: _ClassVar[Job.Config.Source]
        UNKNOWN: Job.Config.Source
        FILE: Job.Config.Source
        SERVER: Job.Config.Source
        JOB: Job.Config.Source
        SOURCE_FIELD_NUMBER: _ClassVar[int]
        source: Job.Config.Source
        def __init__(self, source: _Optional[_Union[Job.Config.Source, str]] = ...) -> None: ...
    class ConfigSyncOp(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class ConfigSyncResult(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class DataSource(_message.Message):
        __slots__ = ("local", "git", "remote")
        class Ref(_message.Message):
            __slots__ = ("unknown", "git")
            UNKNOWN_FIELD_NUMBER: _ClassVar[int]
            GIT_FIELD_NUMBER: _ClassVar[int]
            unknown: _empty_pb2.Empty
            git: Job.Git.Ref
            def __init__(self, unknown: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., git: _Optional[_Union[Job.Git.Ref, _Mapping]] = ...) -> None: ...
        LOCAL_FIELD_NUMBER: _ClassVar[int]
        GIT_FIELD_NUMBER: _ClassVar[int]
        REMOTE_FIELD_NUMBER: _ClassVar[int]
        local: Job.Local
        git: Job.Git
        remote: Job.Remote
        def __init__(self, local: _Optional[_Union[Job.Local, _Mapping]] = ..., git: _Optional[_Union[Job.Git, _Mapping]] = ..., remote: _Optional[_Union[Job.Remote, _Mapping]] = ...) -> None: ...
    class DeployOp(_message.Message):
        __slots__ = ("artifact", "release_after")
        ARTIFACT_FIELD_NUMBER: _ClassVar[int]
        RELEASE_AFTER_FIELD_NUMBER: _ClassVar[int]
        artifact: PushedArtifact
        release_after: bool
        def __init__(self, artifact: _Optional[_Union[PushedArtifact, _Mapping]] = ..., release_after: _Optional[bool] = ...) -> None: ...
    class DeployResult(_message.Message):
        __slots__ = ("deployment",)
        DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
        deployment: Deployment
        def __init__(self, deployment: _Optional[_Union[Deployment, _Mapping]] = ...) -> None: ...
    class DestroyOp(_message.Message):
        __slots__ = ("workspace", "deployment")
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
        workspace: _empty_pb2.Empty
        deployment: Deployment
        def __init__(self, workspace: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., deployment: _Optional[_Union[Deployment, _Mapping]] = ...) -> None: ...
    class DestroyProjectOp(_message.Message):
        __slots__ = ("project", "skip_destroy_resources")
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        SKIP_DESTROY_RESOURCES_FIELD_NUMBER: _ClassVar[int]
        project: _ref_pb2.Ref.Project
        skip_destroy_resources: bool
        def __init__(self, project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., skip_destroy_resources: _Optional[bool] = ...) -> None: ...
    class DocsOp(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class DocsResult(_message.Message):
        __slots__ = ("results",)
        class Result(_message.Message):
            __slots__ = ("component", "docs")
            COMPONENT_FIELD_NUMBER: _ClassVar[int]
            DOCS_FIELD_NUMBER: _ClassVar[int]
            component: _component_pb2.Component
            docs: _documentation_pb2.Documentation
            def __init__(self, component: _Optional[_Union[_component_pb2.Component, _Mapping]] = ..., docs: _Optional[_Union[_documentation_pb2.Documentation, _Mapping]] = ...) -> None: ...
        RESULTS_FIELD_NUMBER: _ClassVar[int]
        results: _containers.RepeatedCompositeFieldContainer[Job.DocsResult.Result]
        def __init__(self, results: _Optional[_Iterable[_Union[Job.DocsResult.Result, _Mapping]]] = ...) -> None: ...
    class ExecOp(_message.Message):
        __slots__ = ("instance_id", "deployment")
        INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
        DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
        instance_id: str
        deployment: Deployment
        def __init__(self, instance_id: _Optional[str] = ..., deployment: _Optional[_Union[Deployment, _Mapping]] = ...) -> None: ...
    class ExecResult(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Git(_message.Message):
        __slots__ = ("url", "ref", "path", "basic", "ssh", "ignore_changes_outside_path", "recurse_submodules")
        class Basic(_message.Message):
            __slots__ = ("username", "password")
            USERNAME_FIELD_NUMBER: _ClassVar[int]
            PASSWORD_FIELD_NUMBER: _ClassVar[int]
            username: str
            password: str
            def __init__(self, username: _Optional[str] = ..., password: _Optional[str] = ...) -> None: ...
        class Ref(_message.Message):
            __slots__ = ("commit", "timestamp", "commit_message", "tree", "path", "path_tree")
            COMMIT_FIELD_NUMBER: _ClassVar[int]
            TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
            COMMIT_MESSAGE_FIELD_NUMBER: _ClassVar[int]
            TREE_FIELD_NUMBER: _ClassVar[int]
            PATH_FIELD_NUMBER: _ClassVar[int]
            PATH_TREE_FIELD_NUMBER: _ClassVar[int]
            commit: str
            timestamp: _timestamp_pb2.Timestamp
            commit_message: str
            tree: str
            path: str
            path_tree: str
            def __init__(self, commit: _Optional[str] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., commit_message: _Optional[str] = ..., tree: _Optional[str] = ..., path: _Optional[str] = ..., path_tree: _Optional[str] = ...) -> None: ...
        class SSH(_message.Message):
            __slots__ = ("private_key_pem", "password", "user")
            PRIVATE_KEY_PEM_FIELD_NUMBER: _ClassVar[int]
            PASSWORD_FIELD_NUMBER: _ClassVar[int]
            USER_FIELD_NUMBER: _ClassVar[int]
            private_key_pem: bytes
            password: str
            user: str
            def __init__(self, private_key_pem: _Optional[bytes] = ..., password: _Optional[str] = ..., user: _Optional[str] = ...) -> None: ...
        URL_FIELD_NUMBER: _ClassVar[int]
        REF_FIELD_NUMBER: _ClassVar[int]
        PATH_FIELD_NUMBER: _ClassVar[int]
        BASIC_FIELD_NUMBER: _ClassVar[int]
        SSH_FIELD_NUMBER: _ClassVar[int]
        IGNORE_CHANGES_OUTSIDE_PATH_FIELD_NUMBER: _ClassVar[int]
        RECURSE_SUBMODULES_FIELD_NUMBER: _ClassVar[int]
        url: str
        ref: str
        path: str
        basic: Job.Git.Basic
        ssh: Job.Git.SSH
        ignore_changes_outside_path: bool
        recurse_submodules: int
        def __init__(self, url: _Optional[str] = ..., ref: _Optional[str] = ..., path: _Optional[str] = ..., basic: _Optional[_Union[Job.Git.Basic, _Mapping]] = ..., ssh: _Optional[_Union[Job.Git.SSH, _Mapping]] = ..., ignore_changes_outside_path: _Optional[bool] = ..., recurse_submodules: _Optional[int] = ...) -> None: ...
    class InitOp(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class InitResult(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Local(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class LogsOp(_message.Message):
        __slots__ = ("instance_id", "deployment", "start_time", "limit")
        INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
        DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
        START_TIME_FIELD_NUMBER: _ClassVar[int]
        LIMIT_FIELD_NUMBER: _ClassVar[int]
        instance_id: str
        deployment: Deployment
        start_time: _timestamp_pb2.Timestamp
        limit: int
        def __init__(self, instance_id: _Optional[str] = ..., deployment: _Optional[_Union[Deployment, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., limit: _Optional[int] = ...) -> None: ...
    class Noop(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class PipelineConfigSyncResult(_message.Message):
        __slots__ = ("synced_pipelines", "pipelines")
        class SyncedPipelinesEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: _ref_pb2.Ref.Pipeline
            def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_ref_pb2.Ref.Pipeline, _Mapping]] = ...) -> None: ...
        SYNCED_PIPELINES_FIELD_NUMBER: _ClassVar[int]
        PIPELINES_FIELD_NUMBER: _ClassVar[int]
        synced_pipelines: _containers.MessageMap[str, _ref_pb2.Ref.Pipeline]
        pipelines: _containers.RepeatedCompositeFieldContainer[_pipeline_pb2.Pipeline]
        def __init__(self, synced_pipelines: _Optional[_Mapping[str, _ref_pb2.Ref.Pipeline]] = ..., pipelines: _Optional[_Iterable[_Union[_pipeline_pb2.Pipeline, _Mapping]]] = ...) -> None: ...
    class PipelineStepOp(_message.Message):
        __slots__ = ("step",)
        STEP_FIELD_NUMBER: _ClassVar[int]
        step: _pipeline_pb2.Pipeline.Step
        def __init__(self, step: _Optional[_Union[_pipeline_pb2.Pipeline.Step, _Mapping]] = ...) -> None: ...
    class PipelineStepResult(_message.Message):
        __slots__ = ("result",)
        RESULT_FIELD_NUMBER: _ClassVar[int]
        result: _status_pb2.Status
        def __init__(self, result: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    class PollOp(_message.Message):
        __slots__ = ("known",)
        KNOWN_FIELD_NUMBER: _ClassVar[int]
        known: Job.DataSource.Ref
        def __init__(self, known: _Optional[_Union[Job.DataSource.Ref, _Mapping]] = ...) -> None: ...
    class PollResult(_message.Message):
        __slots__ = ("job_id", "old_ref", "new_ref")
        JOB_ID_FIELD_NUMBER: _ClassVar[int]
        OLD_REF_FIELD_NUMBER: _ClassVar[int]
        NEW_REF_FIELD_NUMBER: _ClassVar[int]
        job_id: str
        old_ref: Job.DataSource.Ref
        new_ref: Job.DataSource.Ref
        def __init__(self, job_id: _Optional[str] = ..., old_ref: _Optional[_Union[Job.DataSource.Ref, _Mapping]] = ..., new_ref: _Optional[_Union[Job.DataSource.Ref, _Mapping]] = ...) -> None: ...
    class ProjectDestroyResult(_message.Message):
        __slots__ = ("job_id",)
        JOB_ID_FIELD_NUMBER: _ClassVar[int]
        job_id: str
        def __init__(self, job_id: _Optional[str] = ...) -> None: ...
    class PushOp(_message.Message):
        __slots__ = ("build",)
        BUILD_FIELD_NUMBER: _ClassVar[int]
        build: Build
        def __init__(self, build: _Optional[_Union[Build, _Mapping]] = ...) -> None: ...
    class PushResult(_message.Message):
        __slots__ = ("artifact",)
        ARTIFACT_FIELD_NUMBER: _ClassVar[int]
        artifact: PushedArtifact
        def __init__(self, artifact: _Optional[_Union[PushedArtifact, _Mapping]] = ...) -> None: ...
    class QueueProjectOp(_message.Message):
        __slots__ = ("job_template",)
        JOB_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
        job_template: Job
        def __init__(self, job_template: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...
    class QueueProjectResult(_message.Message):
        __slots__ = ("applications",)
        class Application(_message.Message):
            __slots__ = ("application", "job_id")
            APPLICATION_FIELD_NUMBER: _ClassVar[int]
            JOB_ID_FIELD_NUMBER: _ClassVar[int]
            application: _ref_pb2.Ref.Application
            job_id: str
            def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., job_id: _Optional[str] = ...) -> None: ...
        APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
        applications: _containers.RepeatedCompositeFieldContainer[Job.QueueProjectResult.Application]
        def __init__(self, applications: _Optional[_Iterable[_Union[Job.QueueProjectResult.Application, _Mapping]]] = ...) -> None: ...
    class ReleaseOp(_message.Message):
        __slots__ = ("deployment", "prune", "prune_retain", "prune_retain_override")
        DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
        PRUNE_FIELD_NUMBER: _ClassVar[int]
        PRUNE_RETAIN_FIELD_NUMBER: _ClassVar[int]
        PRUNE_RETAIN_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
        deployment: Deployment
        prune: bool
        prune_retain: int
        prune_retain_override: bool
        def __init__(self, deployment: _Optional[_Union[Deployment, _Mapping]] = ..., prune: _Optional[bool] = ..., prune_retain: _Optional[int] = ..., prune_retain_override: _Optional[bool] = ...) -> None: ...
    class ReleaseResult(_message.Message):
        __slots__ = ("release",)
        RELEASE_FIELD_NUMBER: _ClassVar[int]
        release: Release
        def __init__(self, release: _Optional[_Union[Release, _Mapping]] = ...) -> None: ...
    class Remote(_message.Message):
        __slots__ = ("description", "git_remote", "deploy_on_change")
        DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
        GIT_REMOTE_FIELD_NUMBER: _ClassVar[int]
        DEPLOY_ON_CHANGE_FIELD_NUMBER: _ClassVar[int]
        description: str
        git_remote: Job.Git
        deploy_on_change: bool
        def __init__(self, description: _Optional[str] = ..., git_remote: _Optional[_Union[Job.Git, _Mapping]] = ..., deploy_on_change: _Optional[bool] = ...) -> None: ...
    class Result(_message.Message):
        __slots__ = ("build", "push", "deploy", "release", "validate", "auth", "docs", "config_sync", "up", "queue_project", "poll", "status_report", "start_task", "init", "watch_task", "pipeline_step", "pipeline_config_sync", "project_destroy")
        BUILD_FIELD_NUMBER: _ClassVar[int]
        PUSH_FIELD_NUMBER: _ClassVar[int]
        DEPLOY_FIELD_NUMBER: _ClassVar[int]
        RELEASE_FIELD_NUMBER: _ClassVar[int]
        VALIDATE_FIELD_NUMBER: _ClassVar[int]
        AUTH_FIELD_NUMBER: _ClassVar[int]
        DOCS_FIELD_NUMBER: _ClassVar[int]
        CONFIG_SYNC_FIELD_NUMBER: _ClassVar[int]
        UP_FIELD_NUMBER: _ClassVar[int]
        QUEUE_PROJECT_FIELD_NUMBER: _ClassVar[int]
        POLL_FIELD_NUMBER: _ClassVar[int]
        STATUS_REPORT_FIELD_NUMBER: _ClassVar[int]
        START_TASK_FIELD_NUMBER: _ClassVar[int]
        INIT_FIELD_NUMBER: _ClassVar[int]
        WATCH_TASK_FIELD_NUMBER: _ClassVar[int]
        PIPELINE_STEP_FIELD_NUMBER: _ClassVar[int]
        PIPELINE_CONFIG_SYNC_FIELD_NUMBER: _ClassVar[int]
        PROJECT_DESTROY_FIELD_NUMBER: _ClassVar[int]
        build: Job.BuildResult
        push: Job.PushResult
        deploy: Job.DeployResult
        release: Job.ReleaseResult
        validate: Job.ValidateResult
        auth: Job.AuthResult
        docs: Job.DocsResult
        config_sync: Job.ConfigSyncResult
        up: Job.UpResult
        queue_project: Job.QueueProjectResult
        poll: Job.PollResult
        status_report: Job.StatusReportResult
        start_task: Job.StartTaskResult
        init: Job.InitResult
        watch_task: Job.WatchTaskResult
        pipeline_step: Job.PipelineStepResult
        pipeline_config_sync: Job.PipelineConfigSyncResult
        project_destroy: Job.ProjectDestroyResult
        def __init__(self, build: _Optional[_Union[Job.BuildResult, _Mapping]] = ..., push: _Optional[_Union[Job.PushResult, _Mapping]] = ..., deploy: _Optional[_Union[Job.DeployResult, _Mapping]] = ..., release: _Optional[_Union[Job.ReleaseResult, _Mapping]] = ..., validate: _Optional[_Union[Job.ValidateResult, _Mapping]] = ..., auth: _Optional[_Union[Job.AuthResult, _Mapping]] = ..., docs: _Optional[_Union[Job.DocsResult, _Mapping]] = ..., config_sync: _Optional[_Union[Job.ConfigSyncResult, _Mapping]] = ..., up: _Optional[_Union[Job.UpResult, _Mapping]] = ..., queue_project: _Optional[_Union[Job.QueueProjectResult, _Mapping]] = ..., poll: _Optional[_Union[Job.PollResult, _Mapping]] = ..., status_report: _Optional[_Union[Job.StatusReportResult, _Mapping]] = ..., start_task: _Optional[_Union[Job.StartTaskResult, _Mapping]] = ..., init: _Optional[_Union[Job.InitResult, _Mapping]] = ..., watch_task: _Optional[_Union[Job.WatchTaskResult, _Mapping]] = ..., pipeline_step: _Optional[_Union[Job.PipelineStepResult, _Mapping]] = ..., pipeline_config_sync: _Optional[_Union[Job.PipelineConfigSyncResult, _Mapping]] = ..., project_destroy: _Optional[_Union[Job.ProjectDestroyResult, _Mapping]] = ...) -> None: ...
    class StartTaskLaunchOp(_message.Message):
        __slots__ = ("info", "params")
        INFO_FIELD_NUMBER: _ClassVar[int]
        PARAMS_FIELD_NUMBER: _ClassVar[int]
        info: _task_launch_pb2.TaskLaunchInfo
        params: Job.TaskPluginParams
        def __init__(self, info: _Optional[_Union[_task_launch_pb2.TaskLaunchInfo, _Mapping]] = ..., params: _Optional[_Union[Job.TaskPluginParams, _Mapping]] = ...) -> None: ...
    class StartTaskResult(_message.Message):
        __slots__ = ("state",)
        STATE_FIELD_NUMBER: _ClassVar[int]
        state: _any_pb2.Any
        def __init__(self, state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...
    class StatusReportOp(_message.Message):
        __slots__ = ("deployment", "release")
        DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
        RELEASE_FIELD_NUMBER: _ClassVar[int]
        deployment: Deployment
        release: Release
        def __init__(self, deployment: _Optional[_Union[Deployment, _Mapping]] = ..., release: _Optional[_Union[Release, _Mapping]] = ...) -> None: ...
    class StatusReportResult(_message.Message):
        __slots__ = ("status_report",)
        STATUS_REPORT_FIELD_NUMBER: _ClassVar[int]
        status_report: _status_report_pb2.StatusReport
        def __init__(self, status_report: _Optional[_Union[_status_report_pb2.StatusReport, _Mapping]] = ...) -> None: ...
    class StopTaskLaunchOp(_message.Message):
        __slots__ = ("direct", "start_job_id", "params")
        DIRECT_FIELD_NUMBER: _ClassVar[int]
        START_JOB_ID_FIELD_NUMBER: _ClassVar[int]
        PARAMS_FIELD_NUMBER: _ClassVar[int]
        direct: _any_pb2.Any
        start_job_id: str
        params: Job.TaskPluginParams
        def __init__(self, direct: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., start_job_id: _Optional[str] = ..., params: _Optional[_Union[Job.TaskPluginParams, _Mapping]] = ...) -> None: ...
    class TaskOverride(_message.Message):
        __slots__ = ("launch_info", "skip_operation")
        LAUNCH_INFO_FIELD_NUMBER: _ClassVar[int]
        SKIP_OPERATION_FIELD_NUMBER: _ClassVar[int]
        launch_info: _task_launch_pb2.TaskLaunchInfo
        skip_operation: bool
        def __init__(self, launch_info: _Optional[_Union[_task_launch_pb2.TaskLaunchInfo, _Mapping]] = ..., skip_operation: _Optional[bool] = ...) -> None: ...
    class TaskPluginParams(_message.Message):
        __slots__ = ("plugin_type", "hcl_config", "hcl_format")
        PLUGIN_TYPE_FIELD_NUMBER: _ClassVar[int]
        HCL_CONFIG_FIELD_NUMBER: _ClassVar[int]
        HCL_FORMAT_FIELD_NUMBER: _ClassVar[int]
        plugin_type: str
        hcl_config: bytes
        hcl_format: _hcl_pb2.Hcl.Format
        def __init__(self, plugin_type: _Optional[str] = ..., hcl_config: _Optional[bytes] = ..., hcl_format: _Optional[_Union[_hcl_pb2.Hcl.Format, str]] = ...) -> None: ...
    class UpOp(_message.Message):
        __slots__ = ("release",)
        RELEASE_FIELD_NUMBER: _ClassVar[int]
        release: Job.ReleaseOp
        def __init__(self, release: _Optional[_Union[Job.ReleaseOp, _Mapping]] = ...) -> None: ...
    class UpResult(_message.Message):
        __slots__ = ("release_url", "app_url", "deploy_url")
        RELEASE_URL_FIELD_NUMBER: _ClassVar[int]
        APP_URL_FIELD_NUMBER: _ClassVar[int]
        DEPLOY_URL_FIELD_NUMBER: _ClassVar[int]
        release_url: str
        app_url: str
        deploy_url: str
        def __init__(self, release_url: _Optional[str] = ..., app_url: _Optional[str] = ..., deploy_url: _Optional[str] = ...) -> None: ...
    class ValidateOp(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class ValidateResult(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class WatchTaskOp(_message.Message):
        __slots__ = ("start_job",)
        START_JOB_FIELD_NUMBER: _ClassVar[int]
        start_job: _ref_pb2.Ref.Job
        def __init__(self, start_job: _Optional[_Union[_ref_pb2.Ref.Job, _Mapping]] = ...) -> None: ...
    class WatchTaskResult(_message.Message):
        __slots__ = ("exit_code",)
        EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
        exit_code: int
        def __init__(self, exit_code: _Optional[int] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    TARGET_RUNNER_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    DATA_SOURCE_FIELD_NUMBER: _ClassVar[int]
    DATA_SOURCE_OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    SINGLETON_ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    DEPENDS_ON_FIELD_NUMBER: _ClassVar[int]
    DEPENDS_ON_ALLOW_FAILURE_FIELD_NUMBER: _ClassVar[int]
    WAYPOINT_HCL_FIELD_NUMBER: _ClassVar[int]
    NOOP_FIELD_NUMBER: _ClassVar[int]
    BUILD_FIELD_NUMBER: _ClassVar[int]
    PUSH_FIELD_NUMBER: _ClassVar[int]
    DEPLOY_FIELD_NUMBER: _ClassVar[int]
    DESTROY_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_FIELD_NUMBER: _ClassVar[int]
    AUTH_FIELD_NUMBER: _ClassVar[int]
    DOCS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_SYNC_FIELD_NUMBER: _ClassVar[int]
    EXEC_FIELD_NUMBER: _ClassVar[int]
    UP_FIELD_NUMBER: _ClassVar[int]
    LOGS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_PROJECT_FIELD_NUMBER: _ClassVar[int]
    POLL_FIELD_NUMBER: _ClassVar[int]
    STATUS_REPORT_FIELD_NUMBER: _ClassVar[int]
    START_TASK_FIELD_NUMBER: _ClassVar[int]
    STOP_TASK_FIELD_NUMBER: _ClassVar[int]
    INIT_FIELD_NUMBER: _ClassVar[int]
    WATCH_TASK_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_STEP_FIELD_NUMBER: _ClassVar[int]
    DESTROY_PROJECT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNED_RUNNER_FIELD_NUMBER: _ClassVar[int]
    QUEUE_TIME_FIELD_NUMBER: _ClassVar[int]
    ASSIGN_TIME_FIELD_NUMBER: _ClassVar[int]
    ACK_TIME_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_TIME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    CANCEL_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    DATA_SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    ONDEMAND_RUNNER_FIELD_NUMBER: _ClassVar[int]
    VARIABLE_FINAL_VALUES_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    ONDEMAND_RUNNER_TASK_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    KEEP_CONFIG_FIELD_NUMBER: _ClassVar[int]
    id: str
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    target_runner: _ref_pb2.Ref.Runner
    labels: _containers.ScalarMap[str, str]
    data_source: Job.DataSource
    data_source_overrides: _containers.ScalarMap[str, str]
    singleton_id: str
    variables: _containers.RepeatedCompositeFieldContainer[_variable_pb2.Variable]
    depends_on: _containers.RepeatedScalarFieldContainer[str]
    depends_on_allow_failure: _containers.RepeatedScalarFieldContainer[str]
    waypoint_hcl: _hcl_pb2.Hcl
    noop: Job.Noop
    build: Job.BuildOp
    push: Job.PushOp
    deploy: Job.DeployOp
    destroy: Job.DestroyOp
    release: Job.ReleaseOp
    validate: Job.ValidateOp
    auth: Job.AuthOp
    docs: Job.DocsOp
    config_sync: Job.ConfigSyncOp
    exec: Job.ExecOp
    up: Job.UpOp
    logs: Job.LogsOp
    queue_project: Job.QueueProjectOp
    poll: Job.PollOp
    status_report: Job.StatusReportOp
    start_task: Job.StartTaskLaunchOp
    stop_task: Job.StopTaskLaunchOp
    init: Job.InitOp
    watch_task: Job.WatchTaskOp
    pipeline_step: Job.PipelineStepOp
    destroy_project: Job.DestroyProjectOp
    state: Job.State
    assigned_runner: _ref_pb2.Ref.RunnerId
    queue_time: _timestamp_pb2.Timestamp
    assign_time: _timestamp_pb2.Timestamp
    ack_time: _timestamp_pb2.Timestamp
    complete_time: _timestamp_pb2.Timestamp
    error: _status_pb2.Status
    result: Job.Result
    cancel_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    data_source_ref: Job.DataSource.Ref
    config: Job.Config
    ondemand_runner: _ref_pb2.Ref.OnDemandRunnerConfig
    variable_final_values: _containers.MessageMap[str, _variable_pb2.Variable.FinalValue]
    task: _ref_pb2.Ref.Task
    ondemand_runner_task: Job.TaskOverride
    pipeline: _ref_pb2.Ref.PipelineStep
    keep_config: bool
    def __init__(self, id: _Optional[str] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., target_runner: _Optional[_Union[_ref_pb2.Ref.Runner, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., data_source: _Optional[_Union[Job.DataSource, _Mapping]] = ..., data_source_overrides: _Optional[_Mapping[str, str]] = ..., singleton_id: _Optional[str] = ..., variables: _Optional[_Iterable[_Union[_variable_pb2.Variable, _Mapping]]] = ..., depends_on: _Optional[_Iterable[str]] = ..., depends_on_allow_failure: _Optional[_Iterable[str]] = ..., waypoint_hcl: _Optional[_Union[_hcl_pb2.Hcl, _Mapping]] = ..., noop: _Optional[_Union[Job.Noop, _Mapping]] = ..., build: _Optional[_Union[Job.BuildOp, _Mapping]] = ..., push: _Optional[_Union[Job.PushOp, _Mapping]] = ..., deploy: _Optional[_Union[Job.DeployOp, _Mapping]] = ..., destroy: _Optional[_Union[Job.DestroyOp, _Mapping]] = ..., release: _Optional[_Union[Job.ReleaseOp, _Mapping]] = ..., validate: _Optional[_Union[Job.ValidateOp, _Mapping]] = ..., auth: _Optional[_Union[Job.AuthOp, _Mapping]] = ..., docs: _Optional[_Union[Job.DocsOp, _Mapping]] = ..., config_sync: _Optional[_Union[Job.ConfigSyncOp, _Mapping]] = ..., exec: _Optional[_Union[Job.ExecOp, _Mapping]] = ..., up: _Optional[_Union[Job.UpOp, _Mapping]] = ..., logs: _Optional[_Union[Job.LogsOp, _Mapping]] = ..., queue_project: _Optional[_Union[Job.QueueProjectOp, _Mapping]] = ..., poll: _Optional[_Union[Job.PollOp, _Mapping]] = ..., status_report: _Optional[_Union[Job.StatusReportOp, _Mapping]] = ..., start_task: _Optional[_Union[Job.StartTaskLaunchOp, _Mapping]] = ..., stop_task: _Optional[_Union[Job.StopTaskLaunchOp, _Mapping]] = ..., init: _Optional[_Union[Job.InitOp, _Mapping]] = ..., watch_task: _Optional[_Union[Job.WatchTaskOp, _Mapping]] = ..., pipeline_step: _Optional[_Union[Job.PipelineStepOp, _Mapping]] = ..., destroy_project: _Optional[_Union[Job.DestroyProjectOp, _Mapping]] = ..., state: _Optional[_Union[Job.State, str]] = ..., assigned_runner: _Optional[_Union[_ref_pb2.Ref.RunnerId, _Mapping]] = ..., queue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., assign_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ack_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., complete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., result: _Optional[_Union[Job.Result, _Mapping]] = ..., cancel_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., data_source_ref: _Optional[_Union[Job.DataSource.Ref, _Mapping]] = ..., config: _Optional[_Union[Job.Config, _Mapping]] = ..., ondemand_runner: _Optional[_Union[_ref_pb2.Ref.OnDemandRunnerConfig, _Mapping]] = ..., variable_final_values: _Optional[_Mapping[str, _variable_pb2.Variable.FinalValue]] = ..., task: _Optional[_Union[_ref_pb2.Ref.Task, _Mapping]] = ..., ondemand_runner_task: _Optional[_Union[Job.TaskOverride, _Mapping]] = ..., pipeline: _Optional[_Union[_ref_pb2.Ref.PipelineStep, _Mapping]] = ..., keep_config: _Optional[bool] = ...) -> None: ...

class Build(_message.Message):
    __slots__ = ("id", "status", "component", "artifact", "labels", "application", "workspace", "sequence", "job_id", "template_data", "preload")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class Preload(_message.Message):
        __slots__ = ("job_data_source_ref",)
        JOB_DATA_SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
        job_data_source_ref: Job.DataSource.Ref
        def __init__(self, job_data_source_ref: _Optional[_Union[Job.DataSource.Ref, _Mapping]] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
    PRELOAD_FIELD_NUMBER: _ClassVar[int]
    id: str
    status: _status_pb2_1.Status
    component: _component_pb2.Component
    artifact: Artifact
    labels: _containers.ScalarMap[str, str]
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    sequence: int
    job_id: str
    template_data: bytes
    preload: Build.Preload
    def __init__(self, id: _Optional[str] = ..., status: _Optional[_Union[_status_pb2_1.Status, _Mapping]] = ..., component: _Optional[_Union[_component_pb2.Component, _Mapping]] = ..., artifact: _Optional[_Union[Artifact, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., sequence: _Optional[int] = ..., job_id: _Optional[str] = ..., template_data: _Optional[bytes] = ..., preload: _Optional[_Union[Build.Preload, _Mapping]] = ...) -> None: ...

class Artifact(_message.Message):
    __slots__ = ("artifact", "artifact_json")
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_JSON_FIELD_NUMBER: _ClassVar[int]
    artifact: _any_pb2.Any
    artifact_json: str
    def __init__(self, artifact: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., artifact_json: _Optional[str] = ...) -> None: ...

class PushedArtifact(_message.Message):
    __slots__ = ("id", "status", "component", "artifact", "build_id", "labels", "application", "workspace", "sequence", "build", "job_id", "template_data", "preload")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class Preload(_message.Message):
        __slots__ = ("job_data_source_ref",)
        JOB_DATA_SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
        job_data_source_ref: Job.DataSource.Ref
        def __init__(self, job_data_source_ref: _Optional[_Union[Job.DataSource.Ref, _Mapping]] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    BUILD_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
    PRELOAD_FIELD_NUMBER: _ClassVar[int]
    id: str
    status: _status_pb2_1.Status
    component: _component_pb2.Component
    artifact: Artifact
    build_id: str
    labels: _containers.ScalarMap[str, str]
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    sequence: int
    build: Build
    job_id: str
    template_data: bytes
    preload: PushedArtifact.Preload
    def __init__(self, id: _Optional[str] = ..., status: _Optional[_Union[_status_pb2_1.Status, _Mapping]] = ..., component: _Optional[_Union[_component_pb2.Component, _Mapping]] = ..., artifact: _Optional[_Union[Artifact, _Mapping]] = ..., build_id: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., sequence: _Optional[int] = ..., build: _Optional[_Union[Build, _Mapping]] = ..., job_id: _Optional[str] = ..., template_data: _Optional[bytes] = ..., preload: _Optional[_Union[PushedArtifact.Preload, _Mapping]] = ...) -> None: ...

class Deployment(_message.Message):
    __slots__ = ("id", "state", "status", "component", "artifact_id", "deployment", "labels", "application", "workspace", "sequence", "preload", "job_id", "has_entrypoint_config", "template_data", "has_exec_plugin", "has_logs_plugin", "generation", "url", "declared_resources", "deployment_json", "destroyed_resources")
    class LoadDetails(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        NONE: _ClassVar[Deployment.LoadDetails]
        ARTIFACT: _ClassVar[Deployment.LoadDetails]
        BUILD: _ClassVar[Deployment.LoadDetails]
    NONE: Deployment.LoadDetails
    ARTIFACT: Deployment.LoadDetails
    BUILD: Deployment.LoadDetails
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class Preload(_message.Message):
        __slots__ = ("artifact", "build", "deploy_url", "job_data_source_ref")
        ARTIFACT_FIELD_NUMBER: _ClassVar[int]
        BUILD_FIELD_NUMBER: _ClassVar[int]
        DEPLOY_URL_FIELD_NUMBER: _ClassVar[int]
        JOB_DATA_SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
        artifact: PushedArtifact
        build: Build
        deploy_url: str
        job_data_source_ref: Job.DataSource.Ref
        def __init__(self, artifact: _Optional[_Union[PushedArtifact, _Mapping]] = ..., build: _Optional[_Union[Build, _Mapping]] = ..., deploy_url: _Optional[str] = ..., job_data_source_ref: _Optional[_Union[Job.DataSource.Ref, _Mapping]] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PRELOAD_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    HAS_ENTRYPOINT_CONFIG_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
    HAS_EXEC_PLUGIN_FIELD_NUMBER: _ClassVar[int]
    HAS_LOGS_PLUGIN_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    DECLARED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_JSON_FIELD_NUMBER: _ClassVar[int]
    DESTROYED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
    id: str
    state: _status_pb2_1.Operation.PhysicalState
    status: _status_pb2_1.Status
    component: _component_pb2.Component
    artifact_id: str
    deployment: _any_pb2.Any
    labels: _containers.ScalarMap[str, str]
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    sequence: int
    preload: Deployment.Preload
    job_id: str
    has_entrypoint_config: bool
    template_data: bytes
    has_exec_plugin: bool
    has_logs_plugin: bool
    generation: _resource_pb2.Generation
    url: str
    declared_resources: _containers.RepeatedCompositeFieldContainer[_resource_pb2.DeclaredResource]
    deployment_json: str
    destroyed_resources: _containers.RepeatedCompositeFieldContainer[_resource_pb2.DestroyedResource]
    def __init__(self, id: _Optional[str] = ..., state: _Optional[_Union[_status_pb2_1.Operation.PhysicalState, str]] = ..., status: _Optional[_Union[_status_pb2_1.Status, _Mapping]] = ..., component: _Optional[_Union[_component_pb2.Component, _Mapping]] = ..., artifact_id: _Optional[str] = ..., deployment: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., sequence: _Optional[int] = ..., preload: _Optional[_Union[Deployment.Preload, _Mapping]] = ..., job_id: _Optional[str] = ..., has_entrypoint_config: _Optional[bool] = ..., template_data: _Optional[bytes] = ..., has_exec_plugin: _Optional[bool] = ..., has_logs_plugin: _Optional[bool] = ..., generation: _Optional[_Union[_resource_pb2.Generation, _Mapping]] = ..., url: _Optional[str] = ..., declared_resources: _Optional[_Iterable[_Union[_resource_pb2.DeclaredResource, _Mapping]]] = ..., deployment_json: _Optional[str] = ..., destroyed_resources: _Optional[_Iterable[_Union[_resource_pb2.DestroyedResource, _Mapping]]] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("id", "status", "component", "release", "deployment_id", "labels", "application", "workspace", "url", "sequence", "state", "preload", "job_id", "template_data", "unimplemented", "release_json", "declared_resources", "destroyed_resources")
    class LoadDetails(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        NONE: _ClassVar[Release.LoadDetails]
        DEPLOYMENT: _ClassVar[Release.LoadDetails]
        ARTIFACT: _ClassVar[Release.LoadDetails]
        BUILD: _ClassVar[Release.LoadDetails]
    NONE: Release.LoadDetails
    DEPLOYMENT: Release.LoadDetails
    ARTIFACT: Release.LoadDetails
    BUILD: Release.LoadDetails
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class Preload(_message.Message):
        __slots__ = ("deployment", "artifact", "build", "job_data_source_ref")
        DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
        ARTIFACT_FIELD_NUMBER: _ClassVar[int]
        BUILD_FIELD_NUMBER: _ClassVar[int]
        JOB_DATA_SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
        deployment: Deployment
        artifact: PushedArtifact
        build: Build
        job_data_source_ref: Job.DataSource.Ref
        def __init__(self, deployment: _Optional[_Union[Deployment, _Mapping]] = ..., artifact: _Optional[_Union[PushedArtifact, _Mapping]] = ..., build: _Optional[_Union[Build, _Mapping]] = ..., job_data_source_ref: _Optional[_Union[Job.DataSource.Ref, _Mapping]] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PRELOAD_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
    UNIMPLEMENTED_FIELD_NUMBER: _ClassVar[int]
    RELEASE_JSON_FIELD_NUMBER: _ClassVar[int]
    DECLARED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
    DESTROYED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
    id: str
    status: _status_pb2_1.Status
    component: _component_pb2.Component
    release: _any_pb2.Any
    deployment_id: str
    labels: _containers.ScalarMap[str, str]
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    url: str
    sequence: int
    state: _status_pb2_1.Operation.PhysicalState
    preload: Release.Preload
    job_id: str
    template_data: bytes
    unimplemented: bool
    release_json: str
    declared_resources: _containers.RepeatedCompositeFieldContainer[_resource_pb2.DeclaredResource]
    destroyed_resources: _containers.RepeatedCompositeFieldContainer[_resource_pb2.DestroyedResource]
    def __init__(self, id: _Optional[str] = ..., status: _Optional[_Union[_status_pb2_1.Status, _Mapping]] = ..., component: _Optional[_Union[_component_pb2.Component, _Mapping]] = ..., release: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., deployment_id: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., url: _Optional[str] = ..., sequence: _Optional[int] = ..., state: _Optional[_Union[_status_pb2_1.Operation.PhysicalState, str]] = ..., preload: _Optional[_Union[Release.Preload, _Mapping]] = ..., job_id: _Optional[str] = ..., template_data: _Optional[bytes] = ..., unimplemented: _Optional[bool] = ..., release_json: _Optional[str] = ..., declared_resources: _Optional[_Iterable[_Union[_resource_pb2.DeclaredResource, _Mapping]]] = ..., destroyed_resources: _Optional[_Iterable[_Union[_resource_pb2.DestroyedResource, _Mapping]]] = ...) -> None: ...
