"""The shape of a configuration as it crosses the wire: the mirror of a Go struct with its tags (protocol
specification 6.2 to 6.4).

A plugin of ours describes its dataclasses with `struct_of`. What a plugin of somebody else sends becomes, by
`schema_of_struct`, the same `Schema` that dataclasses give, so one decoder serves both; `encode` then writes the
decoded body as Go's `encoding/json` would write the struct, because that is what the plugin reads.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import MISSING
from enum import IntEnum
from typing import NamedTuple, get_args, get_type_hints

from wp_proto.sdk.protostructure_pb2 import Container, Primitive, Struct, Type
from wp_sdk import gojson
from wp_sdk.errors import PluginError
from wp_sdk.schema import Attribute, Block, Schema, block_type, kind_and_name, optional_type, schema_of


class Kind(IntEnum):
    """Numbers of Go's `reflect.Kind`."""

    BOOL = 1
    INT = 2
    INT8 = 3
    INT16 = 4
    INT32 = 5
    INT64 = 6
    UINT = 7
    UINT8 = 8
    UINT16 = 9
    UINT32 = 10
    UINT64 = 11
    FLOAT32 = 13
    FLOAT64 = 14
    ARRAY = 17
    INTERFACE = 20
    MAP = 21
    PTR = 22
    SLICE = 23
    STRING = 24


_BITS = {
    Kind.INT: 64, Kind.INT8: 8, Kind.INT16: 16, Kind.INT32: 32, Kind.INT64: 64,
    Kind.UINT: 64, Kind.UINT8: 8, Kind.UINT16: 16, Kind.UINT32: 32, Kind.UINT64: 64,
}  # fmt: skip
_SIGNED = frozenset({Kind.INT, Kind.INT8, Kind.INT16, Kind.INT32, Kind.INT64})
_SCALARS: dict[object, Kind] = {str: Kind.STRING, bool: Kind.BOOL, int: Kind.INT, float: Kind.FLOAT64}
_TAG = re.compile(r'\s*([^\s:"]+):"((?:[^"\\]|\\.)*)"')
_NOT_HERE = "Ask the plugin's author for attributes and blocks that hold plain values"


class _Field(NamedTuple):
    """A field of a struct, its tags read. `kind` is the second part of the hcl tag: attr, optional, block, label; "" =
    not filled from the file."""

    go_name: str
    type: Type
    name: str
    kind: str
    json_name: str
    omit_empty: bool
    quoted: bool
    hidden: bool


def schema_of_struct(struct: Struct) -> Schema:
    """Return what the body of such a component may contain.

    Raises `PluginError` naming the field when the struct asks for something that bodies cannot give.
    """
    attributes: list[Attribute] = []
    blocks: list[Block] = []
    for field in _fields(struct):
        if field.kind == "block":
            inner, many, optional = _block(field)
            labels = tuple(f.name for f in _fields(inner) if f.kind == "label")
            body = schema_of_struct(inner)
            blocks.append(Block(field.name, body, labels, many=many, required=not many and not optional))
        elif field.kind in ("attr", "optional"):
            required = field.kind == "attr"
            attributes.append(Attribute(field.name, _type_name(field.type, field), required, hidden=field.hidden))
        elif field.kind not in ("", "label"):
            raise PluginError(f'The configuration field {field.go_name} is of the kind "{field.kind}"', do=_NOT_HERE)
    return Schema(tuple(attributes), tuple(blocks))


def encode(struct: Struct, decoded: Mapping[str, object]) -> bytes:
    """Return a decoded body as the JSON of that Go struct, byte for byte as `encoding/json` writes it.

    What is not in `decoded` gets Go's zero value. Raises `PluginError` naming the argument whose number does not fit
    its Go type.
    """
    return _struct(struct, decoded, "").encode()


def struct_of(config: type | None) -> Struct:
    """Describe a config dataclass for a host of somebody else (None = no configuration).

    Scalars with a default become pointers, so that the host can say that they were left out. Raises `TypeError`
    naming the field that has no Go counterpart.
    """
    schema_of(config)  # refuses what cannot be described at all
    struct = Struct()
    if config is None:
        return struct
    hints = get_type_hints(config)
    go_names: dict[str, str] = {}
    for item in dataclasses.fields(config):
        where = f"{config.__qualname__}.{item.name}"
        kind, name = kind_and_name(item)
        go_name = _exported(name)
        if go_names.setdefault(go_name, name) != name:
            raise TypeError(f'{where}: "{name}" and "{go_names[go_name]}" are the same name in Go, {go_name}')
        inner, optional = optional_type(hints[item.name])
        has_default = item.default is not MISSING or item.default_factory is not MISSING
        suffix = "," + kind
        if kind == "block":
            nested, many, maybe = block_type(hints[item.name], where)
            described = Type(struct=struct_of(nested))
            if many or maybe or has_default:
                described = _container(Kind.SLICE if many else Kind.PTR, described)
        elif kind == "label":
            described = _go_type(str, where)
        else:
            described = _go_type(inner, where)
            if described.WhichOneof("type") == "primitive" and (optional or has_default):
                described = _container(Kind.PTR, described)
            suffix = ",optional" if optional or has_default else ""
        struct.fields.add(Name=go_name, Tag=f'hcl:"{name}{suffix}" json:"{name}"', type=described)
    return struct


def decoded_by_host(configuration: bytes) -> dict[str, object]:
    """Read what a host sends to configure a component. Raises `PluginError` when that is no JSON object."""
    try:
        value = json.loads(configuration or b"{}")
    except ValueError as error:
        raise PluginError(f"The host sent a configuration that is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise PluginError("The host sent a configuration that is no JSON object")
    return value


def _fields(struct: Struct) -> list[_Field]:
    """The exported fields."""
    return [_field(field) for field in struct.fields if not field.PkgPath]


def _field(field: Struct.Field) -> _Field:
    tags = {key: re.sub(r"\\(.)", r"\1", value) for key, value in _TAG.findall(field.Tag)}
    name, _, kind = tags.get("hcl", "").partition(",")
    json_tag = tags.get("json", "")
    json_name, *options = json_tag.split(",")
    return _Field(
        go_name=field.Name,
        type=field.type,
        name=name or field.Name,
        kind=(kind or "attr") if tags.get("hcl") else "",
        json_name="" if json_tag == "-" else json_name or field.Name,
        omit_empty="omitempty" in options,
        quoted="string" in options,
        hidden=tags.get("docs") == "hidden",
    )


def _block(field: _Field) -> tuple[Struct, bool, bool]:
    """The struct of a nested block, whether there may be several of it, and whether it may be missing."""
    target, many, optional = field.type, False, False
    while target.WhichOneof("type") == "container" and target.container.kind in (Kind.SLICE, Kind.PTR):
        many |= target.container.kind == Kind.SLICE
        optional |= target.container.kind == Kind.PTR
        target = target.container.elem
    if target.WhichOneof("type") != "struct":
        raise PluginError(f"The configuration field {field.go_name} is a block but no struct", do=_NOT_HERE)
    return target.struct, many, optional


def _type_name(target: Type, field: _Field) -> str:
    kind = target.primitive.kind
    if kind in _BITS:
        return "integer"
    if kind in (Kind.FLOAT32, Kind.FLOAT64):
        return "number"
    if kind in (Kind.BOOL, Kind.STRING):
        return "bool" if kind == Kind.BOOL else "string"
    inner = target.container
    if inner.kind == Kind.PTR:
        return _type_name(inner.elem, field)
    if inner.kind == Kind.SLICE:
        return f"list({_type_name(inner.elem, field)})"
    if inner.kind == Kind.MAP and inner.key.primitive.kind == Kind.STRING:
        return f"map({_type_name(inner.elem, field)})"
    raise PluginError(f"The configuration field {field.go_name} has a type that no body can give", do=_NOT_HERE)


def _struct(struct: Struct, decoded: Mapping[str, object], place: str) -> str:
    members: list[tuple[str, str]] = []
    for field in _fields(struct):
        value = decoded.get(field.name) if field.kind else None
        if not field.json_name or (field.omit_empty and _is_empty(field.type, value)):
            continue
        shown = _value(field.type, value, f"{place}.{field.name}" if place else field.name)
        quoted = field.quoted and field.type.WhichOneof("type") == "primitive"
        members.append((field.json_name, gojson.string(shown) if quoted else shown))
    return gojson.object_of(members)


def _value(target: Type, value: object, place: str) -> str:
    match target.WhichOneof("type"):
        case "struct":
            return _struct(target.struct, value if isinstance(value, Mapping) else {}, place)
        case "primitive":
            return _primitive(Kind(target.primitive.kind), value, place)
    inner = target.container
    if inner.kind == Kind.ARRAY:
        given = [*value] if isinstance(value, (list, tuple)) else []
        given += [None] * (inner.count - len(given))
        return gojson.array(_value(inner.elem, item, place) for item in given)
    if value is None:
        return "null"
    if inner.kind == Kind.SLICE:
        items = value if isinstance(value, (list, tuple)) else [value]
        shown = [_value(inner.elem, item, f"{place}[{index}]") for index, item in enumerate(items)]
        if inner.elem.primitive.kind == Kind.UINT8:
            return gojson.string(base64.b64encode(bytes(int(number) for number in shown)).decode())
        return gojson.array(shown)
    if inner.kind == Kind.MAP and isinstance(value, Mapping):
        return gojson.object_of((str(key), _value(inner.elem, value[key], f"{place}.{key}")) for key in sorted(value))
    return _value(inner.elem, value, place)


def _primitive(kind: Kind, value: object, place: str) -> str:
    if kind is Kind.STRING:
        return gojson.string(value if isinstance(value, str) else "")
    if kind is Kind.BOOL:
        return "true" if value is True else "false"
    number = value if isinstance(value, (int, float)) else 0
    if kind in (Kind.FLOAT32, Kind.FLOAT64):
        return gojson.float64(number) if kind is Kind.FLOAT64 else gojson.float32(number)
    if kind not in _BITS:
        return "null"
    low, high = (-(1 << (_BITS[kind] - 1)), (1 << (_BITS[kind] - 1)) - 1) if kind in _SIGNED else (0, 0)
    if kind not in _SIGNED:
        high = (1 << _BITS[kind]) - 1
    if not low <= number <= high:
        raise PluginError(f'"{place}" is {number}, but must be a whole number between {low} and {high}')
    return str(int(number))


def _is_empty(target: Type, value: object) -> bool:
    """Whether Go's `omitempty` leaves the value out: never structs, and pointers only when they are nil."""
    if target.WhichOneof("type") == "struct":
        return False
    if target.container.kind == Kind.PTR:
        return value is None
    return target.container.count == 0 if target.container.kind == Kind.ARRAY else not value


def _go_type(hint: object, where: str) -> Type:
    inner, optional = optional_type(hint)
    if inner in _SCALARS:
        described = Type(primitive=Primitive(kind=_SCALARS[inner]))
        return _container(Kind.PTR, described) if optional else described
    args = get_args(inner)
    if len(args) == 2 and args[0] is str:
        described = _container(Kind.MAP, _go_type(args[1], where))
        described.container.key.primitive.kind = Kind.STRING
        return described
    if args:
        return _container(Kind.SLICE, _go_type(args[0], where))
    raise TypeError(f"{where}: a value of any type cannot be described to a Go host")


def _container(kind: Kind, elem: Type) -> Type:
    return Type(container=Container(kind=kind, elem=elem))


def _exported(name: str) -> str:
    """The exported Go identifier of an argument: `build_args` → `BuildArgs`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[_-]", name))
