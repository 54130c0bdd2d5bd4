"""Typed values as they are stored and shown: the opaque Any, its JSON form, and template data (protocol specification
4.6)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_sdk.errors import PluginError

if TYPE_CHECKING:
    from google._upb._message import FieldDescriptor as UpbField
    from google.protobuf.descriptor import FieldDescriptor

    Field: TypeAlias = FieldDescriptor | UpbField

M = TypeVar("M", bound=Message)
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

TYPE_URL_PREFIX = "type.googleapis.com/"

# Fields that hold a plugin's own state and mean nothing to a template (plugins specification 0.3).
HIDDEN_FIELDS = frozenset({"resource_state"})


def pack(message: Message) -> OpaqueAny:
    """Encode a message; equal messages give equal bytes."""
    return OpaqueAny(
        type_url=TYPE_URL_PREFIX + message.DESCRIPTOR.full_name,
        value=message.SerializeToString(deterministic=True),
    )


def type_name(value: OpaqueAny) -> str:
    """Full message name of an Any: what follows the last slash. Empty when the Any is unset."""
    return value.type_url.rpartition("/")[2]


def unpack(value: OpaqueAny, message: type[M]) -> M:
    """Decode an Any as that class.

    Raises `PluginError` when it holds another type or damaged bytes. Empty bytes = defaults.
    """
    expected, found = str(message.DESCRIPTOR.full_name), type_name(value)
    if found != expected:
        raise PluginError(f"The stored value is a {found or 'nothing'}, not a {expected}")
    decoded = message()
    try:
        decoded.ParseFromString(value.value)
    except DecodeError as error:
        raise PluginError(f"The stored {expected} cannot be read: {error}") from error
    return decoded


def to_json(message: Message) -> str:
    """Canonical protobuf JSON on one line: lowerCamelCase names, defaults left out. The `*_json` fields of records."""
    return json_format.MessageToJson(message, indent=None)


def merge_labels(*layers: Mapping[str, str]) -> dict[str, str]:
    """Merge labels, later layers win; sorted by name."""
    merged: dict[str, str] = {}
    for layer in layers:
        merged.update(layer)
    return dict(sorted(merged.items()))


def template_data(message: Message) -> dict[str, Json]:
    """Return what `artifact.*` and `deploy.*` show of a result.

    Every top-level field appears under its proto name, and under the name the Go SDK gives it where that differs
    (`v2` → `v_2`). Nested messages are objects with proto names, bytes base64, unset messages null. A oneof appears
    under its own name as an object with the set member (under its Go name and its proto name) or null; the members
    appear by themselves as well.
    """
    shown: dict[str, Json] = {}
    for field in message.DESCRIPTOR.fields:
        if field.name in HIDDEN_FIELDS:
            continue
        value = _field_value(message, field)
        shown[field.name] = value
        shown.setdefault(_go_snake(field.name), value)
    shown.update(_oneofs(message))
    return shown


def encode_template(data: Mapping[str, object]) -> bytes:
    """JSON object bytes for a record; no bytes for an empty mapping.

    Raises `PluginError` naming the key that is not JSON.
    """
    if not data:
        return b""
    for key, value in data.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            raise PluginError(f"The template field {key} cannot be written as JSON: {error}") from error
    return json.dumps(data, sort_keys=True, ensure_ascii=False).encode()


def decode_template(data: bytes) -> dict[str, Json]:
    """Inverse of `encode_template`; damaged or non-object data counts as empty."""
    if not data:
        return {}
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def go_name(name: str) -> str:
    """Name the Go generator gives a proto field: `waypoint_generated` → `WaypointGenerated`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _go_snake(name: str) -> str:
    return re.sub(r"(?<=[a-zA-Z])(?=\d)|(?<=\d)(?=[a-zA-Z])", "_", name).lower()


def _oneofs(message: Message) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for oneof in message.DESCRIPTOR.oneofs:
        if len(oneof.fields) == 1 and oneof.name == f"_{oneof.fields[0].name}":
            continue  # a proto3 optional, not a oneof anybody wrote
        member = message.WhichOneof(oneof.name)
        if member is None:
            found[oneof.name] = None
            continue
        value = _field_value(message, message.DESCRIPTOR.fields_by_name[member])
        found[oneof.name] = {go_name(member): value, member: value}
    return found


def _field_value(message: Message, field: Field) -> Json:
    value = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        entry = field.message_type.fields_by_name["value"]
        return {str(key): _single(value[key], entry) for key in sorted(value)}
    if field.is_repeated:
        return [_single(item, field) for item in value]
    if field.message_type is not None and not message.HasField(field.name):
        return None
    return _single(value, field)


def _single(value: object, field: Field) -> Json:
    if isinstance(value, Message):
        nested = {f.name: _field_value(value, f) for f in value.DESCRIPTOR.fields}
        return {**nested, **_oneofs(value)}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{field.full_name} has a value of {type(value)}")
