from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetVersionInfoResponse(_message.Message):
    __slots__ = ("info", "server_features")
    INFO_FIELD_NUMBER: _ClassVar[int]
    SERVER_FEATURES_FIELD_NUMBER: _ClassVar[int]
    info: VersionInfo
    server_features: ServerFeatures
    def __init__(self, info: _Optional[_Union[VersionInfo, _Mapping]] = ..., server_features: _Optional[_Union[ServerFeatures, _Mapping]] = ...) -> None: ...

class VersionInfo(_message.Message):
    __slots__ = ("api", "entrypoint", "version")
    class ProtocolVersion(_message.Message):
        __slots__ = ("current", "minimum")
        CURRENT_FIELD_NUMBER: _ClassVar[int]
        MINIMUM_FIELD_NUMBER: _ClassVar[int]
        current: int
        minimum: int
        def __init__(self, current: _Optional[int] = ..., minimum: _Optional[int] = ...) -> None: ...
    API_FIELD_NUMBER: _ClassVar[int]
    ENTRYPOINT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    api: VersionInfo.ProtocolVersion
    entrypoint: VersionInfo.ProtocolVersion
    version: str
    def __init__(self, api: _Optional[_Union[VersionInfo.ProtocolVersion, _Mapping]] = ..., entrypoint: _Optional[_Union[VersionInfo.ProtocolVersion, _Mapping]] = ..., version: _Optional[str] = ...) -> None: ...

class ServerFeatures(_message.Message):
    __slots__ = ("features",)
    class feature(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        FEATURE_UNSPECIFIED: _ClassVar[ServerFeatures.feature]
        FEATURE_INLINE_KEEPALIVES: _ClassVar[ServerFeatures.feature]
    FEATURE_UNSPECIFIED: ServerFeatures.feature
    FEATURE_INLINE_KEEPALIVES: ServerFeatures.feature
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedScalarFieldContainer[ServerFeatures.feature]
    def __init__(self, features: _Optional[_Iterable[_Union[ServerFeatures.feature, str]]] = ...) -> None: ...
