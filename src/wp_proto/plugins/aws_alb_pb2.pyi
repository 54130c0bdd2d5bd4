from wp_proto.opaqueany import any_pb2 as _any_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Release(_message.Message):
    __slots__ = ("url", "load_balancer_arn", "region", "target_group_arn", "resource_state")
    URL_FIELD_NUMBER: _ClassVar[int]
    LOAD_BALANCER_ARN_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    TARGET_GROUP_ARN_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_STATE_FIELD_NUMBER: _ClassVar[int]
    url: str
    load_balancer_arn: str
    region: str
    target_group_arn: str
    resource_state: _any_pb2.Any
    def __init__(self, url: _Optional[str] = ..., load_balancer_arn: _Optional[str] = ..., region: _Optional[str] = ..., target_group_arn: _Optional[str] = ..., resource_state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...

class Resource(_message.Message):
    __slots__ = ()
    class Listener(_message.Message):
        __slots__ = ("arn", "tg_arn")
        ARN_FIELD_NUMBER: _ClassVar[int]
        TG_ARN_FIELD_NUMBER: _ClassVar[int]
        arn: str
        tg_arn: str
        def __init__(self, arn: _Optional[str] = ..., tg_arn: _Optional[str] = ...) -> None: ...
    class LoadBalancer(_message.Message):
        __slots__ = ("arn", "dns_name", "zone_id")
        ARN_FIELD_NUMBER: _ClassVar[int]
        DNS_NAME_FIELD_NUMBER: _ClassVar[int]
        ZONE_ID_FIELD_NUMBER: _ClassVar[int]
        arn: str
        dns_name: str
        zone_id: str
        def __init__(self, arn: _Optional[str] = ..., dns_name: _Optional[str] = ..., zone_id: _Optional[str] = ...) -> None: ...
    class RecordSet(_message.Message):
        __slots__ = ("FQDN",)
        FQDN_FIELD_NUMBER: _ClassVar[int]
        FQDN: str
        def __init__(self, FQDN: _Optional[str] = ...) -> None: ...
    class SecurityGroup(_message.Message):
        __slots__ = ("id", "managed")
        ID_FIELD_NUMBER: _ClassVar[int]
        MANAGED_FIELD_NUMBER: _ClassVar[int]
        id: str
        managed: bool
        def __init__(self, id: _Optional[str] = ..., managed: _Optional[bool] = ...) -> None: ...
    def __init__(self) -> None: ...

class TargetGroup(_message.Message):
    __slots__ = ("arn", "region")
    ARN_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    arn: str
    region: str
    def __init__(self, arn: _Optional[str] = ..., region: _Optional[str] = ...) -> None: ...
