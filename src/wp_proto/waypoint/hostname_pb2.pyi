from wp_proto.waypoint import ref_pb2 as _ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Hostname(_message.Message):
    __slots__ = ("hostname", "fqdn", "target_labels")
    class TargetLabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class Target(_message.Message):
        __slots__ = ("application",)
        APPLICATION_FIELD_NUMBER: _ClassVar[int]
        application: Hostname.TargetApp
        def __init__(self, application: _Optional[_Union[Hostname.TargetApp, _Mapping]] = ...) -> None: ...
    class TargetApp(_message.Message):
        __slots__ = ("application", "workspace")
        APPLICATION_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        application: _ref_pb2.Ref.Application
        workspace: _ref_pb2.Ref.Workspace
        def __init__(self, application: _Optional[_Union[_ref_pb2.Ref.Application, _Mapping]] = ..., workspace: _Optional[_Union[_ref_pb2.Ref.Workspace, _Mapping]] = ...) -> None: ...
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    FQDN_FIELD_NUMBER: _ClassVar[int]
    TARGET_LABELS_FIELD_NUMBER: _ClassVar[int]
    hostname: str
    fqdn: str
    target_labels: _containers.ScalarMap[str, str]
    def __init__(self, hostname: _Optional[str] = ..., fqdn: _Optional[str] = ..., target_labels: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CreateHostnameRequest(_message.Message):
    __slots__ = ("hostname", "target")
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    hostname: str
    target: Hostname.Target
    def __init__(self, hostname: _Optional[str] = ..., target: _Optional[_Union[Hostname.Target, _Mapping]] = ...) -> None: ...

class CreateHostnameResponse(_message.Message):
    __slots__ = ("hostname",)
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    hostname: Hostname
    def __init__(self, hostname: _Optional[_Union[Hostname, _Mapping]] = ...) -> None: ...

class DeleteHostnameRequest(_message.Message):
    __slots__ = ("hostname",)
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    hostname: str
    def __init__(self, hostname: _Optional[str] = ...) -> None: ...

class ListHostnamesRequest(_message.Message):
    __slots__ = ("target",)
    TARGET_FIELD_NUMBER: _ClassVar[int]
    target: Hostname.Target
    def __init__(self, target: _Optional[_Union[Hostname.Target, _Mapping]] = ...) -> None: ...

class ListHostnamesResponse(_message.Message):
    __slots__ = ("hostnames",)
    HOSTNAMES_FIELD_NUMBER: _ClassVar[int]
    hostnames: _containers.RepeatedCompositeFieldContainer[Hostname]
    def __init__(self, hostnames: _Optional[_Iterable[_Union[Hostname, _Mapping]]] = ...) -> None: ...
