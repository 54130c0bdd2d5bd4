import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Status(_message.Message):
    __slots__ = ("state", "details", "error", "start_time", "complete_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[Status.State]
        RUNNING: _ClassVar[Status.State]
        SUCCESS: _ClassVar[Status.State]
        ERROR: _ClassVar[Status.State]
    UNKNOWN: Status.State
    RUNNING: Status.State
    SUCCESS: Status.State
    ERROR: Status.State
    STATE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_TIME_FIELD_NUMBER: _ClassVar[int]
    state: Status.State
    details: str
    error: _status_pb2.Status
    start_time: _timestamp_pb2.Timestamp
    complete_time: _timestamp_pb2.Timestamp
    def __init__(self, state: _Optional[_Union[Status.State, str]] = ..., details: _Optional[str] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., complete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StatusFilter(_message.Message):
    __slots__ = ("filters",)
    class Filter(_message.Message):
        __slots__ = ("state",)
        STATE_FIELD_NUMBER: _ClassVar[int]
        state: Status.State
        def __init__(self, state: _Optional[_Union[Status.State, str]] = ...) -> None: ...
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    filters: _containers.RepeatedCompositeFieldContainer[StatusFilter.Filter]
    def __init__(self, filters: _Optional[_Iterable[_Union[StatusFilter.Filter, _Mapping]]] = ...) -> None: ...

class Operation(_message.Message):
    __slots__ = ()
    class PhysicalState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[Operation.PhysicalState]
        PENDING: _ClassVar[Operation.PhysicalState]
        CREATED: _ClassVar[Operation.PhysicalState]
        DESTROYED: _ClassVar[Operation.PhysicalState]
    UNKNOWN: Operation.PhysicalState
    PENDING: Operation.PhysicalState
    CREATED: Operation.PhysicalState
    DESTROYED: Operation.PhysicalState
    def __init__(self) -> None: ...

class OperationOrder(_message.Message):
    __slots__ = ("order", "desc", "limit")
    class Order(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNSET: _ClassVar[OperationOrder.Order]
        START_TIME: _ClassVar[OperationOrder.Order]
        COMPLETE_TIME: _ClassVar[OperationOrder.Order]
    UNSET: OperationOrder.Order
    START_TIME: OperationOrder.Order
    COMPLETE_TIME: OperationOrder.Order
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DESC_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    order: OperationOrder.Order
    desc: bool
    limit: int
    def __init__(self, order: _Optional[_Union[OperationOrder.Order, str]] = ..., desc: _Optional[bool] = ..., limit: _Optional[int] = ...) -> None: ...

class ErrorDetail(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
