from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Deployment(_message.Message):
    __slots__ = ("service_name", "region", "public_ip", "public_dns", "target_group_arn")
    SERVICE_NAME_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_IP_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_DNS_FIELD_NUMBER: _ClassVar[int]
    TARGET_GROUP_ARN_FIELD_NUMBER: _ClassVar[int]
    service_name: str
    region: str
    public_ip: str
    public_dns: str
    target_group_arn: str
    def __init__(self, service_name: _Optional[str] = ..., region: _Optional[str] = ..., public_ip: _Optional[str] = ..., public_dns: _Optional[str] = ..., target_group_arn: _Optional[str] = ...) -> None: ...
