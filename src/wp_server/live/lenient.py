"""Log batches whose lines are not UTF-8: proto3 refuses the whole message, a log must not lose its lines for one byte.

Applications print what they like, and entrypoints in the field forward it. Such a batch is decoded again through a twin
of its descriptor in which the line is `bytes`; what is not UTF-8 becomes U+FFFD.
"""

from __future__ import annotations

from functools import cache
from typing import cast

from google.protobuf import descriptor_pb2, descriptor_pool, timestamp_pb2
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from wp_proto.waypoint import api as pb


def log_batch(raw: bytes) -> pb.EntrypointLogBatch:
    """Returns the decoded batch. Errors: DecodeError when `raw` is no such message at all."""
    try:
        return pb.EntrypointLogBatch.FromString(raw)
    except DecodeError:
        return _repaired(raw)


def _repaired(raw: bytes) -> pb.EntrypointLogBatch:
    twin = cast("pb.EntrypointLogBatch", _twin().FromString(raw))
    batch = pb.EntrypointLogBatch(instance_id=_text(twin.instance_id))
    for line in twin.lines:
        entry = batch.lines.add(line=_text(line.line), source=line.source)
        if line.HasField("timestamp"):
            entry.timestamp.CopyFrom(line.timestamp)
    return batch


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


@cache
def _twin() -> type[Message]:
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="lenient_log_batch.proto",
        package="waypoint.lenient",
        syntax="proto3",
        dependency=[timestamp_pb2.DESCRIPTOR.name],
    )
    entry = file.message_type.add(name="Entry")
    entry.field.add(
        name="timestamp",
        number=1,
        label=field.LABEL_OPTIONAL,
        type=field.TYPE_MESSAGE,
        type_name=".google.protobuf.Timestamp",
    )
    entry.field.add(name="line", number=2, label=field.LABEL_OPTIONAL, type=field.TYPE_BYTES)
    entry.field.add(name="source", number=3, label=field.LABEL_OPTIONAL, type=field.TYPE_INT32)
    batch = file.message_type.add(name="Batch")
    batch.field.add(name="instance_id", number=1, label=field.LABEL_OPTIONAL, type=field.TYPE_BYTES)
    batch.field.add(
        name="lines",
        number=2,
        label=field.LABEL_REPEATED,
        type=field.TYPE_MESSAGE,
        type_name=".waypoint.lenient.Entry",
    )
    pool = descriptor_pool.Default()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("waypoint.lenient.Batch"))
