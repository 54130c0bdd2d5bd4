from wp_proto.waypoint import operation_pb2 as _operation_pb2
from wp_proto.waypoint import ref_pb2 as _ref_pb2
from wp_proto.waypoint import status_pb2 as _status_pb2
from wp_proto.waypoint import status_report_pb2 as _status_report_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeploymentExpanded(_message.Message):
    __slots__ = ("deployment", "latest_status_report")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    LATEST_STATUS_REPORT_FIELD_NUMBER: _ClassVar[int]
    deployment: _operation_pb2.Deployment
    latest_status_report: _status_report_pb2.StatusReport
    def __init__(self, deployment: _Optional[_Union[_operation_pb2.Deployment, _Mapping]] = ..., latest_status_report: _Optional[_Union[_status_report_pb2.StatusReport, _Mapping]] = ...) -> None: ...

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
    deployment: _operation_pb2.Deployment
    def __init__(self, deployment: _Optional[_Union[_operation_pb2.Deployment, _Mapping]] = ...) -> None: ...

class GetLatestDeploymentRequest(_message.Message):
    __slots__ = ("application", "workspace", "load_details")
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    LOAD_DETAILS_FIELD_NUMBER: _ClassVar[int]
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    load_details: _operation_pb2.Deployment.LoadDetails
    def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., load_details: _Optional[_Union[_operation_pb2.Deployment.LoadDetails, str]] = ...) -> None: ...

class ListDeploymentsRequest(_message.Message):
    __slots__ = ("status", "order", "application", "workspace", "physical_state", "load_details")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_STATE_FIELD_NUMBER: _ClassVar[int]
    LOAD_DETAILS_FIELD_NUMBER: _ClassVar[int]
    status: _containers.RepeatedCompositeFieldContainer[_status_pb2.StatusFilter]
    order: _status_pb2.OperationOrder
    application: _ref_pb2.Ref.Application
    workspace: _ref_pb2.Ref.Workspace
    physical_state: _status_pb2.Operation.PhysicalState
    load_details: _operation_pb2.Deployment.LoadDetails
    def __init__(self, status: _Optional[_Iterable[_Union[_status_pb2.StatusFilter, _Mapping]]] = ..., order: _Optional[_Union[_status_pb2.OperationOrder, _Mapping]] = ..., application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ..., physical_state: _Optional[_Union[_status_pb2.Operation.PhysicalState, str]] = ..., load_details: _Optional[_Union[_operation_pb2.Deployment.LoadDetails, str]] = ...) -> None: ...

class ListDeploymentsResponse(_message.Message):
    __slots__ = ("deployments",)
    DEPLOYMENTS_FIELD_NUMBER: _ClassVar[int]
    deployments: _containers.RepeatedCompositeFieldContainer[_operation_pb2.Deployment]
    def __init__(self, deployments: _Optional[_Iterable[_Union[_operation_pb2.Deployment, _Mapping]]] = ...) -> None: ...

class UpsertDeploymentRequest(_message.Message):
    __slots__ = ("deployment", "auto_hostname")
    class Tristate(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNSET: _ClassVar[UpsertDeploymentRequest.Tristate]
        TRUE: _ClassVar[UpsertDeploymentRequest.Tristate]
        FALSE: _ClassVar[UpsertDeploymentRequest.Tristate]
    UNSET: UpsertDeploymentRequest.Tristate
    TRUE: UpsertDeploymentRequest.Tristate
    FALSE: UpsertDeploymentRequest.Tristate
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    AUTO_HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    deployment: _operation_pb2.Deployment
    auto_hostname: UpsertDeploymentRequest.Tristate
    def __init__(self, deployment: _Optional[_Union[_operation_pb2.Deployment, _Mapping]] = ..., auto_hostname: _Optional[_Union[UpsertDeploymentRequest.Tristate, str]] = ...) -> None: ...

class UpsertDeploymentResponse(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _operation_pb2.Deployment
    def __init__(self, deployment: _Optional[_Union[_operation_pb2.Deployment, _Mapping]] = ...) -> None: ...
