from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ServerConfig(_message.Message):
    __slots__ = ("advertise_addrs", "cookie", "platform")
    class AdvertiseAddr(_message.Message):
        __slots__ = ("addr", "tls", "tls_skip_verify")
        ADDR_FIELD_NUMBER: _ClassVar[int]
        TLS_FIELD_NUMBER: _ClassVar[int]
        TLS_SKIP_VERIFY_FIELD_NUMBER: _ClassVar[int]
        addr: str
        tls: bool
        tls_skip_verify: bool
        def __init__(self, addr: _Optional[str] = ..., tls: _Optional[bool] = ..., tls_skip_verify: _Optional[bool] = ...) -> None: ...
    ADVERTISE_ADDRS_FIELD_NUMBER: _ClassVar[int]
    COOKIE_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    advertise_addrs: _containers.RepeatedCompositeFieldContainer[ServerConfig.AdvertiseAddr]
    cookie: str
    platform: str
    def __init__(self, advertise_addrs: _Optional[_Iterable[_Union[ServerConfig.AdvertiseAddr, _Mapping]]] = ..., cookie: _Optional[str] = ..., platform: _Optional[str] = ...) -> None: ...

class GetServerConfigResponse(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: ServerConfig
    def __init__(self, config: _Optional[_Union[ServerConfig, _Mapping]] = ...) -> None: ...

class SetServerConfigRequest(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: ServerConfig
    def __init__(self, config: _Optional[_Union[ServerConfig, _Mapping]] = ...) -> None: ...
