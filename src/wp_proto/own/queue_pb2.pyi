import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExplainJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class ExplainJobResponse(_message.Message):
    __slots__ = ("sentence", "history", "candidates")
    class Happening(_message.Message):
        __slots__ = ("time", "what")
        TIME_FIELD_NUMBER: _ClassVar[int]
        WHAT_FIELD_NUMBER: _ClassVar[int]
        time: _timestamp_pb2.Timestamp
        what: str
        def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., what: _Optional[str] = ...) -> None: ...
    class Candidate(_message.Message):
        __slots__ = ("runner_id", "fits", "reason")
        RUNNER_ID_FIELD_NUMBER: _ClassVar[int]
        FITS_FIELD_NUMBER: _ClassVar[int]
        REASON_FIELD_NUMBER: _ClassVar[int]
        runner_id: str
        fits: bool
        reason: str
        def __init__(self, runner_id: _Optional[str] = ..., fits: _Optional[bool] = ..., reason: _Optional[str] = ...) -> None: ...
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    sentence: str
    history: _containers.RepeatedCompositeFieldContainer[ExplainJobResponse.Happening]
    candidates: _containers.RepeatedCompositeFieldContainer[ExplainJobResponse.Candidate]
    def __init__(self, sentence: _Optional[str] = ..., history: _Optional[_Iterable[_Union[ExplainJobResponse.Happening, _Mapping]]] = ..., candidates: _Optional[_Iterable[_Union[ExplainJobResponse.Candidate, _Mapping]]] = ...) -> None: ...
