from wp_proto.opaqueany import any_pb2 as _any_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Deployment(_message.Message):
    __slots__ = ("url", "task_arn", "service_arn", "target_group_arn", "load_balancer_arn", "cluster", "resource_state", "listener_arn")
    URL_FIELD_NUMBER: _ClassVar[int]
    TASK_ARN_FIELD_NUMBER: _ClassVar[int]
    SERVICE_ARN_FIELD_NUMBER: _ClassVar[int]
    TARGET_GROUP_ARN_FIELD_NUMBER: _ClassVar[int]
    LOAD_BALANCER_ARN_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_STATE_FIELD_NUMBER: _ClassVar[int]
    LISTENER_ARN_FIELD_NUMBER: _ClassVar[int]
    url: str
    task_arn: str
    service_arn: str
    target_group_arn: str
    load_balancer_arn: str
    cluster: str
    resource_state: _any_pb2.Any
    listener_arn: str
    def __init__(self, url: _Optional[str] = ..., task_arn: _Optional[str] = ..., service_arn: _Optional[str] = ..., target_group_arn: _Optional[str] = ..., load_balancer_arn: _Optional[str] = ..., cluster: _Optional[str] = ..., resource_state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., listener_arn: _Optional[str] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("url", "load_balancer_arn")
    URL_FIELD_NUMBER: _ClassVar[int]
    LOAD_BALANCER_ARN_FIELD_NUMBER: _ClassVar[int]
    url: str
    load_balancer_arn: str
    def __init__(self, url: _Optional[str] = ..., load_balancer_arn: _Optional[str] = ...) -> None: ...

class Resource(_message.Message):
    __slots__ = ()
    class Alb(_message.Message):
        __slots__ = ("name", "arn", "dns_name", "canonical_hosted_zone_id", "managed")
        class Listener(_message.Message):
            __slots__ = ("arn", "target_group", "managed")
            ARN_FIELD_NUMBER: _ClassVar[int]
            TARGET_GROUP_FIELD_NUMBER: _ClassVar[int]
            MANAGED_FIELD_NUMBER: _ClassVar[int]
            arn: str
            target_group: Resource.TargetGroup
            managed: bool
            def __init__(self, arn: _Optional[str] = ..., target_group: _Optional[_Union[Resource.TargetGroup, _Mapping]] = ..., managed: _Optional[bool] = ...) -> None: ...
        NAME_FIELD_NUMBER: _ClassVar[int]
        ARN_FIELD_NUMBER: _ClassVar[int]
        DNS_NAME_FIELD_NUMBER: _ClassVar[int]
        CANONICAL_HOSTED_ZONE_ID_FIELD_NUMBER: _ClassVar[int]
        MANAGED_FIELD_NUMBER: _ClassVar[int]
        name: str
        arn: str
        dns_name: str
        canonical_hosted_zone_id: str
        managed: bool
        def __init__(self, name: _Optional[str] = ..., arn: _Optional[str] = ..., dns_name: _Optional[str] = ..., canonical_hosted_zone_id: _Optional[str] = ..., managed: _Optional[bool] = ...) -> None: ...
    class AlbSubnets(_message.Message):
        __slots__ = ("subnets",)
        SUBNETS_FIELD_NUMBER: _ClassVar[int]
        subnets: Resource.Subnets
        def __init__(self, subnets: _Optional[_Union[Resource.Subnets, _Mapping]] = ...) -> None: ...
    class Cluster(_message.Message):
        __slots__ = ("name", "arn")
        NAME_FIELD_NUMBER: _ClassVar[int]
        ARN_FIELD_NUMBER: _ClassVar[int]
        name: str
        arn: str
        def __init__(self, name: _Optional[str] = ..., arn: _Optional[str] = ...) -> None: ...
    class ExecutionRole(_message.Message):
        __slots__ = ("name", "arn", "managed")
        NAME_FIELD_NUMBER: _ClassVar[int]
        ARN_FIELD_NUMBER: _ClassVar[int]
        MANAGED_FIELD_NUMBER: _ClassVar[int]
        name: str
        arn: str
        managed: bool
        def __init__(self, name: _Optional[str] = ..., arn: _Optional[str] = ..., managed: _Optional[bool] = ...) -> None: ...
    class ExternalSecurityGroups(_message.Message):
        __slots__ = ("security_groups",)
        SECURITY_GROUPS_FIELD_NUMBER: _ClassVar[int]
        security_groups: _containers.RepeatedCompositeFieldContainer[Resource.SecurityGroup]
        def __init__(self, security_groups: _Optional[_Iterable[_Union[Resource.SecurityGroup, _Mapping]]] = ...) -> None: ...
    class InternalSecurityGroups(_message.Message):
        __slots__ = ("security_groups",)
        SECURITY_GROUPS_FIELD_NUMBER: _ClassVar[int]
        security_groups: _containers.RepeatedCompositeFieldContainer[Resource.SecurityGroup]
        def __init__(self, security_groups: _Optional[_Iterable[_Union[Resource.SecurityGroup, _Mapping]]] = ...) -> None: ...
    class LogGroup(_message.Message):
        __slots__ = ("name", "arn")
        NAME_FIELD_NUMBER: _ClassVar[int]
        ARN_FIELD_NUMBER: _ClassVar[int]
        name: str
        arn: str
        def __init__(self, name: _Optional[str] = ..., arn: _Optional[str] = ...) -> None: ...
    class Route53Record(_message.Message):
        __slots__ = ("name", "zone_id")
        NAME_FIELD_NUMBER: _ClassVar[int]
        ZONE_ID_FIELD_NUMBER: _ClassVar[int]
        name: str
        zone_id: str
        def __init__(self, name: _Optional[str] = ..., zone_id: _Optional[str] = ...) -> None: ...
    class SecurityGroup(_message.Message):
        __slots__ = ("name", "id", "managed")
        NAME_FIELD_NUMBER: _ClassVar[int]
        ID_FIELD_NUMBER: _ClassVar[int]
        MANAGED_FIELD_NUMBER: _ClassVar[int]
        name: str
        id: str
        managed: bool
        def __init__(self, name: _Optional[str] = ..., id: _Optional[str] = ..., managed: _Optional[bool] = ...) -> None: ...
    class Service(_message.Message):
        __slots__ = ("name", "arn", "cluster")
        NAME_FIELD_NUMBER: _ClassVar[int]
        ARN_FIELD_NUMBER: _ClassVar[int]
        CLUSTER_FIELD_NUMBER: _ClassVar[int]
        name: str
        arn: str
        cluster: str
        def __init__(self, name: _Optional[str] = ..., arn: _Optional[str] = ..., cluster: _Optional[str] = ...) -> None: ...
    class ServiceSubnets(_message.Message):
        __slots__ = ("subnets",)
        SUBNETS_FIELD_NUMBER: _ClassVar[int]
        subnets: Resource.Subnets
        def __init__(self, subnets: _Optional[_Union[Resource.Subnets, _Mapping]] = ...) -> None: ...
    class Subnets(_message.Message):
        __slots__ = ("subnets", "vpc_id")
        class Subnet(_message.Message):
            __slots__ = ("id",)
            ID_FIELD_NUMBER: _ClassVar[int]
            id: str
            def __init__(self, id: _Optional[str] = ...) -> None: ...
        SUBNETS_FIELD_NUMBER: _ClassVar[int]
        VPC_ID_FIELD_NUMBER: _ClassVar[int]
        subnets: _containers.RepeatedCompositeFieldContainer[Resource.Subnets.Subnet]
        vpc_id: str
        def __init__(self, subnets: _Optional[_Iterable[_Union[Resource.Subnets.Subnet, _Mapping]]] = ..., vpc_id: _Optional[str] = ...) -> None: ...
    class TargetGroup(_message.Message):
        __slots__ = ("name", "arn", "port")
        NAME_FIELD_NUMBER: _ClassVar[int]
        ARN_FIELD_NUMBER: _ClassVar[int]
        PORT_FIELD_NUMBER: _ClassVar[int]
        name: str
        arn: str
        port: int
        def __init__(self, name: _Optional[str] = ..., arn: _Optional[str] = ..., port: _Optional[int] = ...) -> None: ...
    class TaskDefinition(_message.Message):
        __slots__ = ("arn", "runtime")
        ARN_FIELD_NUMBER: _ClassVar[int]
        RUNTIME_FIELD_NUMBER: _ClassVar[int]
        arn: str
        runtime: str
        def __init__(self, arn: _Optional[str] = ..., runtime: _Optional[str] = ...) -> None: ...
    class TaskRole(_message.Message):
        __slots__ = ("name", "arn", "managed")
        NAME_FIELD_NUMBER: _ClassVar[int]
        ARN_FIELD_NUMBER: _ClassVar[int]
        MANAGED_FIELD_NUMBER: _ClassVar[int]
        name: str
        arn: str
        managed: bool
        def __init__(self, name: _Optional[str] = ..., arn: _Optional[str] = ..., managed: _Optional[bool] = ...) -> None: ...
    def __init__(self) -> None: ...

class TaskInfo(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...
