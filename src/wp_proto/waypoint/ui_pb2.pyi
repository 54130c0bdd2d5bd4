import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from wp_proto.waypoint import component_pb2 as _component_pb2
from wp_proto.waypoint import operation_pb2 as _operation_pb2
from wp_proto.waypoint import paging_pb2 as _paging_pb2
from wp_proto.waypoint import pipeline_pb2 as _pipeline_pb2
from wp_proto.waypoint import project_pb2 as _project_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from wp_proto.waypoint import status_pb2 as _status_pb2
from wp_proto.waypoint import status_report_pb2 as _status_report_pb2
from wp_proto.waypoint import template_pb2 as _template_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UI(_message.Message):
    __slots__ = ()
    class DeploymentBundle(_message.Message):
        __slots__ = ("deployment", "latest_status_report", "artifact", "build", "deploy_url", "job_data_source_ref")
        DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
        LATEST_STATUS_REPORT_FIELD_NUMBER: _ClassVar[int]
        ARTIFACT_FIELD_NUMBER: _ClassVar[int]
        BUILD_FIELD_NUMBER: _ClassVar[int]
        DEPLOY_URL_FIELD_NUMBER: _ClassVar[int]
        JOB_DATA_SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
        deployment: _operation_pb2.Deployment
        latest_status_report: _status_report_pb2.StatusReport
        artifact: _operation_pb2.PushedArtifact
        build: _operation_pb2.Build
        deploy_url: str
        job_data_source_ref: _operation_pb2.Job.DataSource.Ref
        def __init__(self, deployment: _Optional[_Union[_operation_pb2.Deployment, _Mapping]] = ..., latest_status_report: _Optional[_Union[_status_report_pb2.StatusReport, _Mapping]] = ..., artifact: _Optional[_Union[_operation_pb2.PushedArtifact, _Mapping]] = ..., build: _Optional[_Union[_operation_pb2.Build, _Mapping]] = ..., deploy_url: _Optional[str] = ..., job_data_source_ref: _Optional[_Union[_operation_pb2.Job.DataSource.Ref, _Mapping]] = ...) -> None: ...
    class EventAddOn(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class EventBuild(_message.Message):
        __slots__ = ("build_id", "sequence", "component", "workspace", "status", "commit")
        BUILD_ID_FIELD_NUMBER: _ClassVar[int]
        SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        COMPONENT_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        STATUS_FIELD_NUMBER: _ClassVar[int]
        COMMIT_FIELD_NUMBER: _ClassVar[int]
        build_id: str
        sequence: int
        component: _component_pb2.Component
        workspace: _ref_pb2.Ref.Workspace
        status: _status_pb2.Status
        commit: str
        def __init__(self, build_id: _Optional[str] = ..., sequence: _Optional[int] = ..., component: _Optional[_Union[_component_pb2.Component, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., commit: _Optional[str] = ...) -> None: ...
    class EventBundle(_message.Message):
        __slots__ = ("timestamp", "event_type", "event_data", "id")
        class EventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            BUILD: _ClassVar[UI.EventBundle.EventType]
            DEPLOYMENT: _ClassVar[UI.EventBundle.EventType]
            RELEASE: _ClassVar[UI.EventBundle.EventType]
            ADDON_CREATED: _ClassVar[UI.EventBundle.EventType]
            ADDON_DESTROYED: _ClassVar[UI.EventBundle.EventType]
        BUILD: UI.EventBundle.EventType
        DEPLOYMENT: UI.EventBundle.EventType
        RELEASE: UI.EventBundle.EventType
        ADDON_CREATED: UI.EventBundle.EventType
        ADDON_DESTROYED: UI.EventBundle.EventType
        TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
        EVENT_DATA_FIELD_NUMBER: _ClassVar[int]
        ID_FIELD_NUMBER: _ClassVar[int]
        timestamp: _timestamp_pb2.Timestamp
        event_type: UI.EventBundle.EventType
        event_data: bytes
        id: str
        def __init__(self, timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event_type: _Optional[_Union[UI.EventBundle.EventType, str]] = ..., event_data: _Optional[bytes] = ..., id: _Optional[str] = ...) -> None: ...
    class EventDeployment(_message.Message):
        __slots__ = ("deployment_id", "sequence", "component", "workspace", "status", "build_sequence")
        DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
        SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        COMPONENT_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        STATUS_FIELD_NUMBER: _ClassVar[int]
        BUILD_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        deployment_id: str
        sequence: int
        component: _component_pb2.Component
        workspace: _ref_pb2.Ref.Workspace
        status: _status_pb2.Status
        build_sequence: int
        def __init__(self, deployment_id: _Optional[str] = ..., sequence: _Optional[int] = ..., component: _Optional[_Union[_component_pb2.Component, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., build_sequence: _Optional[int] = ...) -> None: ...
    class EventRelease(_message.Message):
        __slots__ = ("release_id", "sequence", "component", "workspace", "status", "deployment_sequence")
        RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
        SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        COMPONENT_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        STATUS_FIELD_NUMBER: _ClassVar[int]
        DEPLOYMENT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        release_id: str
        sequence: int
        component: _component_pb2.Component
        workspace: _ref_pb2.Ref.Workspace
        status: _status_pb2.Status
        deployment_sequence: int
        def __init__(self, release_id: _Optional[str] = ..., sequence: _Optional[int] = ..., component: _Optional[_Union[_component_pb2.Component, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., deployment_sequence: _Optional[int] = ...) -> None: ...
    class GetDeploymentRequest(_message.Message):
        __slots__ = ("ref", "load_details")
        REF_FIELD_NUMBER: _ClassVar[int]
        LOAD_DETAILS_FIELD_NUMBER: _ClassVar[int]
        ref: _ref_pb2.Ref.Operation
        load_details: _operation_pb2.Deployment.LoadDetails
        def __init__(self, ref: _Optional[_Union[_ref_pb2.Ref.Operation, _Mapping]] = ..., load_details: _Optional[_Union[_operation_pb2.Deployment.LoadDetails, str]] = ...) -> None: ...
    class GetDeploymentResponse(_message.Message):
        __slots__ = ("deployment",)
        DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
        deployment: UI.DeploymentBundle
        def __init__(self, deployment: _Optional[_Union[UI.DeploymentBundle, _Mapping]] = ...) -> None: ...
    class GetPipelineRunRequest(_message.Message):
        __slots__ = ("pipeline", "sequence")
        PIPELINE_FIELD_NUMBER: _ClassVar[int]
        SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        pipeline: _ref_pb2.Ref.Pipeline
        sequence: int
        def __init__(self, pipeline: _Optional[_Union[_ref_pb2.Ref.Pipeline, _Mapping]] = ..., sequence: _Optional[int] = ...) -> None: ...
    class GetPipelineRunResponse(_message.Message):
        __slots__ = ("pipeline_run", "root_tree_node", "pipeline_run_bundle")
        PIPELINE_RUN_FIELD_NUMBER: _ClassVar[int]
        ROOT_TREE_NODE_FIELD_NUMBER: _ClassVar[int]
        PIPELINE_RUN_BUNDLE_FIELD_NUMBER: _ClassVar[int]
        pipeline_run: _pipeline_pb2.PipelineRun
        root_tree_node: UI.PipelineRunTreeNode
        pipeline_run_bundle: UI.PipelineRunBundle
        def __init__(self, pipeline_run: _Optional[_Union[_pipeline_pb2.PipelineRun, _Mapping]] = ..., root_tree_node: _Optional[_Union[UI.PipelineRunTreeNode, _Mapping]] = ..., pipeline_run_bundle: _Optional[_Union[UI.PipelineRunBundle, _Mapping]] = ...) -> None: ...
    class GetProjectRequest(_message.Message):
        __slots__ = ("project",)
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        project: _ref_pb2.Ref.Project
        def __init__(self, project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ...) -> None: ...
    class GetProjectResponse(_message.Message):
        __slots__ = ("project", "latest_init_job", "project_template")
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        LATEST_INIT_JOB_FIELD_NUMBER: _ClassVar[int]
        PROJECT_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
        project: _project_pb2.Project
        latest_init_job: _operation_pb2.Job
        project_template: _template_pb2.ProjectTemplate
        def __init__(self, project: _Optional[_Union[_project_pb2.Project, _Mapping]] = ..., latest_init_job: _Optional[_Union[_operation_pb2.Job, _Mapping]] = ..., project_template: _Optional[_Union[_template_pb2.ProjectTemplate, _Mapping]] = ...) -> None: ...
    class ListDeploymentsRequest(_message.Message):
        __slots__ = ("application", "workspace", "order", "status", "physical_state")
        APPLICATION_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        ORDER_FIELD_NUMBER: _ClassVar[int]
        STATUS_FIELD_NUMBER: _ClassVar[int]
        PHYSICAL_STATE_FIELD_NUMBER: _ClassVar[int]
        application: _ref_pb2.Ref.Application
        workspace: _ref_pb2.Ref.Workspace
        order: _status_pb2.OperationOrder
        status: _containers.RepeatedCompositeFieldContainer[_status_pb2.StatusFilter]
        physical_state: _status_pb2.Operation.PhysicalState
        def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., order: _Optional[_Union[_status_pb2.OperationOrder, _Mapping]] = ..., status: _Optional[_Iterable[_Union[_status_pb2.StatusFilter, _Mapping]]] = ..., physical_state: _Optional[_Union[_status_pb2.Operation.PhysicalState, str]] = ...) -> None: ...
    class ListDeploymentsResponse(_message.Message):
        __slots__ = ("deployments",)
        DEPLOYMENTS_FIELD_NUMBER: _ClassVar[int]
        deployments: _containers.RepeatedCompositeFieldContainer[UI.DeploymentBundle]
        def __init__(self, deployments: _Optional[_Iterable[_Union[UI.DeploymentBundle, _Mapping]]] = ...) -> None: ...
    class ListEventSchemasResponse(_message.Message):
        __slots__ = ("event_build_schema", "event_deployment_schema", "event_release_schema", "event_add_on_schema")
        EVENT_BUILD_SCHEMA_FIELD_NUMBER: _ClassVar[int]
        EVENT_DEPLOYMENT_SCHEMA_FIELD_NUMBER: _ClassVar[int]
        EVENT_RELEASE_SCHEMA_FIELD_NUMBER: _ClassVar[int]
        EVENT_ADD_ON_SCHEMA_FIELD_NUMBER: _ClassVar[int]
        event_build_schema: UI.EventBuild
        event_deployment_schema: UI.EventDeployment
        event_release_schema: UI.EventRelease
        event_add_on_schema: UI.EventAddOn
        def __init__(self, event_build_schema: _Optional[_Union[UI.EventBuild, _Mapping]] = ..., event_deployment_schema: _Optional[_Union[UI.EventDeployment, _Mapping]] = ..., event_release_schema: _Optional[_Union[UI.EventRelease, _Mapping]] = ..., event_add_on_schema: _Optional[_Union[UI.EventAddOn, _Mapping]] = ...) -> None: ...
    class ListEventsRequest(_message.Message):
        __slots__ = ("application", "workspace", "pagination", "sorting", "project")
        APPLICATION_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        PAGINATION_FIELD_NUMBER: _ClassVar[int]
        SORTING_FIELD_NUMBER: _ClassVar[int]
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        application: _ref_pb2.Ref.Application
        workspace: _ref_pb2.Ref.Workspace
        pagination: _paging_pb2.PaginationRequest
        sorting: _paging_pb2.SortingRequest
        project: _ref_pb2.Ref.Project
        def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., pagination: _Optional[_Union[_paging_pb2.PaginationRequest, _Mapping]] = ..., sorting: _Optional[_Union[_paging_pb2.SortingRequest, _Mapping]] = ..., project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ...) -> None: ...
    class ListEventsResponse(_message.Message):
        __slots__ = ("events", "pagination")
        EVENTS_FIELD_NUMBER: _ClassVar[int]
        PAGINATION_FIELD_NUMBER: _ClassVar[int]
        events: _containers.RepeatedCompositeFieldContainer[UI.EventBundle]
        pagination: _paging_pb2.PaginationResponse
        def __init__(self, events: _Optional[_Iterable[_Union[UI.EventBundle, _Mapping]]] = ..., pagination: _Optional[_Union[_paging_pb2.PaginationResponse, _Mapping]] = ...) -> None: ...
    class ListPipelineRunsRequest(_message.Message):
        __slots__ = ("pipeline", "pagination")
        PIPELINE_FIELD_NUMBER: _ClassVar[int]
        PAGINATION_FIELD_NUMBER: _ClassVar[int]
        pipeline: _ref_pb2.Ref.Pipeline
        pagination: _paging_pb2.PaginationRequest
        def __init__(self, pipeline: _Optional[_Union[_ref_pb2.Ref.Pipeline, _Mapping]] = ..., pagination: _Optional[_Union[_paging_pb2.PaginationRequest, _Mapping]] = ...) -> None: ...
    class ListPipelineRunsResponse(_message.Message):
        __slots__ = ("pipeline_run_bundles", "pagination")
        PIPELINE_RUN_BUNDLES_FIELD_NUMBER: _ClassVar[int]
        PAGINATION_FIELD_NUMBER: _ClassVar[int]
        pipeline_run_bundles: _containers.RepeatedCompositeFieldContainer[UI.PipelineRunBundle]
        pagination: _paging_pb2.PaginationResponse
        def __init__(self, pipeline_run_bundles: _Optional[_Iterable[_Union[UI.PipelineRunBundle, _Mapping]]] = ..., pagination: _Optional[_Union[_paging_pb2.PaginationResponse, _Mapping]] = ...) -> None: ...
    class ListPipelinesRequest(_message.Message):
        __slots__ = ("project", "pagination")
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        PAGINATION_FIELD_NUMBER: _ClassVar[int]
        project: _ref_pb2.Ref.Project
        pagination: _paging_pb2.PaginationRequest
        def __init__(self, project: _Optional[_Union[_ref_pb2.Ref.Project, _Mapping]] = ..., pagination: _Optional[_Union[_paging_pb2.PaginationRequest, _Mapping]] = ...) -> None: ...
    class ListPipelinesResponse(_message.Message):
        __slots__ = ("pipelines", "pagination")
        PIPELINES_FIELD_NUMBER: _ClassVar[int]
        PAGINATION_FIELD_NUMBER: _ClassVar[int]
        pipelines: _containers.RepeatedCompositeFieldContainer[UI.PipelineBundle]
        pagination: _paging_pb2.PaginationResponse
        def __init__(self, pipelines: _Optional[_Iterable[_Union[UI.PipelineBundle, _Mapping]]] = ..., pagination: _Optional[_Union[_paging_pb2.PaginationResponse, _Mapping]] = ...) -> None: ...
    class ListProjectsRequest(_message.Message):
        __slots__ = ("pagination",)
        PAGINATION_FIELD_NUMBER: _ClassVar[int]
        pagination: _paging_pb2.PaginationRequest
        def __init__(self, pagination: _Optional[_Union[_paging_pb2.PaginationRequest, _Mapping]] = ...) -> None: ...
    class ListProjectsResponse(_message.Message):
        __slots__ = ("project_bundles", "pagination", "total_count")
        PROJECT_BUNDLES_FIELD_NUMBER: _ClassVar[int]
        PAGINATION_FIELD_NUMBER: _ClassVar[int]
        TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
        project_bundles: _containers.RepeatedCompositeFieldContainer[UI.ProjectBundle]
        pagination: _paging_pb2.PaginationResponse
        total_count: int
        def __init__(self, project_bundles: _Optional[_Iterable[_Union[UI.ProjectBundle, _Mapping]]] = ..., pagination: _Optional[_Union[_paging_pb2.PaginationResponse, _Mapping]] = ..., total_count: _Optional[int] = ...) -> None: ...
    class ListReleasesRequest(_message.Message):
        __slots__ = ("application", "workspace", "order", "status", "physical_state")
        APPLICATION_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        ORDER_FIELD_NUMBER: _ClassVar[int]
        STATUS_FIELD_NUMBER: _ClassVar[int]
        PHYSICAL_STATE_FIELD_NUMBER: _ClassVar[int]
        application: _ref_pb2.Ref.Application
        workspace: _ref_pb2.Ref.Workspace
        order: _status_pb2.OperationOrder
        status: _containers.RepeatedCompositeFieldContainer[_status_pb2.StatusFilter]
        physical_state: _status_pb2.Operation.PhysicalState
        def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., order: _Optional[_Union[_status_pb2.OperationOrder, _Mapping]] = ..., status: _Optional[_Iterable[_Union[_status_pb2.StatusFilter, _Mapping]]] = ..., physical_state: _Optional[_Union[_status_pb2.Operation.PhysicalState, str]] = ...) -> None: ...
    class ListReleasesResponse(_message.Message):
        __slots__ = ("releases",)
        RELEASES_FIELD_NUMBER: _ClassVar[int]
        releases: _containers.RepeatedCompositeFieldContainer[UI.ReleaseBundle]
        def __init__(self, releases: _Optional[_Iterable[_Union[UI.ReleaseBundle, _Mapping]]] = ...) -> None: ...
    class PipelineBundle(_message.Message):
        __slots__ = ("pipeline", "last_run")
        PIPELINE_FIELD_NUMBER: _ClassVar[int]
        LAST_RUN_FIELD_NUMBER: _ClassVar[int]
        pipeline: _pipeline_pb2.Pipeline
        last_run: UI.PipelineRunBundle
        def __init__(self, pipeline: _Optional[_Union[_pipeline_pb2.Pipeline, _Mapping]] = ..., last_run: _Optional[_Union[UI.PipelineRunBundle, _Mapping]] = ...) -> None: ...
    class PipelineRunBundle(_message.Message):
        __slots__ = ("pipeline_run", "queue_time", "application", "data_source_ref")
        PIPELINE_RUN_FIELD_NUMBER: _ClassVar[int]
        QUEUE_TIME_FIELD_NUMBER: _ClassVar[int]
        APPLICATION_FIELD_NUMBER: _ClassVar[int]
        DATA_SOURCE_REF_FIELD_NUMBER: _ClassVar[int]
        pipeline_run: _pipeline_pb2.PipelineRun
        queue_time: _timestamp_pb2.Timestamp
        application: _ref_pb2.Ref.Application
        data_source_ref: _operation_pb2.Job.DataSource.Ref
        def __init__(self, pipeline_run: _Optional[_Union[_pipeline_pb2.PipelineRun, _Mapping]] = ..., queue_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., data_source_ref: _Optional[_Union[_operation_pb2.Job.DataSource.Ref, _Mapping]] = ...) -> None: ...
    class PipelineRunTreeNode(_message.Message):
        __slots__ = ("step", "state", "start_time", "complete_time", "application", "workspace", "job", "result", "latest_status_report", "children")
        class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[UI.PipelineRunTreeNode.State]
            QUEUED: _ClassVar[UI.PipelineRunTreeNode.State]
            RUNNING: _ClassVar[UI.PipelineRunTreeNode.State]
            ERROR: _ClassVar[UI.PipelineRunTreeNode.State]
            CANCELLED: _ClassVar[UI.PipelineRunTreeNode.State]
            SUCCESS: _ClassVar[UI.PipelineRunTreeNode.State]
        UNKNOWN: UI.PipelineRunTreeNode.State
        QUEUED: UI.PipelineRunTreeNode.State
        RUNNING: UI.PipelineRunTreeNode.State
        ERROR: UI.PipelineRunTreeNode.State
        CANCELLED: UI.PipelineRunTreeNode.State
        SUCCESS: UI.PipelineRunTreeNode.State
        class Children(_message.Message):
            __slots__ = ("mode", "nodes")
            class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
                __slots__ = ()
                SERIAL: _ClassVar[UI.PipelineRunTreeNode.Children.Mode]
                PARALLEL: _ClassVar[UI.PipelineRunTreeNode.Children.Mode]
            SERIAL: UI.PipelineRunTreeNode.Children.Mode
            PARALLEL: UI.PipelineRunTreeNode.Children.Mode
            MODE_FIELD_NUMBER: _ClassVar[int]
            NODES_FIELD_NUMBER: _ClassVar[int]
            mode: UI.PipelineRunTreeNode.Children.Mode
            nodes: _containers.RepeatedCompositeFieldContainer[UI.PipelineRunTreeNode]
            def __init__(self, mode: _Optional[_Union[UI.PipelineRunTreeNode.Children.Mode, str]] = ..., nodes: _Optional[_Iterable[_Union[UI.PipelineRunTreeNode, _Mapping]]] = ...) -> None: ...
        STEP_FIELD_NUMBER: _ClassVar[int]
        STATE_FIELD_NUMBER: _ClassVar[int]
        START_TIME_FIELD_NUMBER: _ClassVar[int]
        COMPLETE_TIME_FIELD_NUMBER: _ClassVar[int]
        APPLICATION_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        JOB_FIELD_NUMBER: _ClassVar[int]
        RESULT_FIELD_NUMBER: _ClassVar[int]
        LATEST_STATUS_REPORT_FIELD_NUMBER: _ClassVar[int]
        CHILDREN_FIELD_NUMBER: _ClassVar[int]
        step: _pipeline_pb2.Pipeline.Step
        state: UI.PipelineRunTreeNode.State
        start_time: _timestamp_pb2.Timestamp
        complete_time: _timestamp_pb2.Timestamp
        application: _ref_pb2.Ref.Application
        workspace: _ref_pb2.Ref.Workspace
        job: _ref_pb2.Ref.Job
        result: _operation_pb2.Job.Result
        latest_status_report: _status_report_pb2.StatusReport
        children: UI.PipelineRunTreeNode.Children
        def __init__(self, step: _Optional[_Union[_pipeline_pb2.Pipeline.Step, _Mapping]] = ..., state: _Optional[_Union[UI.PipelineRunTreeNode.State, str]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., complete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., job: _Optional[_Union[_ref_pb2.Ref.Job, _Mapping]] = ..., result: _Optional[_Union[_operation_pb2.Job.Result, _Mapping]] = ..., latest_status_report: _Optional[_Union[_status_report_pb2.StatusReport, _Mapping]] = ..., children: _Optional[_Union[UI.PipelineRunTreeNode.Children, _Mapping]] = ...) -> None: ...
    class ProjectBundle(_message.Message):
        __slots__ = ("project",)
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        project: _project_pb2.Project
        def __init__(self, project: _Optional[_Union[_project_pb2.Project, _Mapping]] = ...) -> None: ...
    class ReleaseBundle(_message.Message):
        __slots__ = ("release", "latest_status_report")
        RELEASE_FIELD_NUMBER: _ClassVar[int]
        LATEST_STATUS_REPORT_FIELD_NUMBER: _ClassVar[int]
        release: _operation_pb2.Release
        latest_status_report: _status_report_pb2.StatusReport
        def __init__(self, release: _Optional[_Union[_operation_pb2.Release, _Mapping]] = ..., latest_status_report: _Optional[_Union[_status_report_pb2.StatusReport, _Mapping]] = ...) -> None: ...
    def __init__(self) -> None: ...
