"""Shapes of configurations as they cross the wire; the comparison with Go itself is in tests/interop."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wp_proto.sdk.protostructure_pb2 import Container, Primitive, Struct, Type
from wp_sdk import gojson
from wp_sdk.errors import PluginError
from wp_sdk.protostructure import Kind, decoded_by_host, encode, schema_of_struct, struct_of
from wp_sdk.schema import Schema, attr, block, label, schema_of

TEXT = Type(primitive=Primitive(kind=Kind.STRING))


def struct(*fields: tuple[str, str, Type]) -> Struct:
    made = Struct()
    for name, tag, kind in fields:
        made.fields.add(Name=name, Tag=tag, type=kind)
    return made


@dataclass(frozen=True)
class Rule:
    kind: str = label()
    name: str = label()
    port: int = attr()


@dataclass(frozen=True)
class Config:
    image: str = attr()
    tag: str = attr(default="latest")
    args: list[list[int]] = attr(default_factory=list)
    env: dict[str, float] = attr()
    rule: list[Rule] = block(default_factory=list)
    first: Rule = block()
    last: Rule | None = block(default=None)


def bare(schema: Schema) -> list[object]:
    """A schema without what does not travel: documentation and defaults."""
    attributes: list[object] = [(a.name, a.type, a.required) for a in schema.attributes]
    return attributes + [(b.name, bare(b.body), b.labels, b.many, b.required) for b in schema.blocks]


def test_a_dataclass_and_what_arrives_of_it_have_the_same_schema() -> None:
    assert bare(schema_of_struct(struct_of(Config))) == bare(schema_of(Config))
    assert bare(schema_of_struct(struct_of(None))) == []


def test_names_and_tags_are_those_a_go_host_decodes_with() -> None:
    shown = {field.Name: field.Tag for field in struct_of(Config).fields}
    assert shown["Image"] == 'hcl:"image" json:"image"'
    assert shown["Tag"] == 'hcl:"tag,optional" json:"tag"'
    assert shown["Rule"] == 'hcl:"rule,block" json:"rule"'
    rule = next(field for field in struct_of(Config).fields if field.Name == "Rule")
    assert rule.type.container.kind == Kind.SLICE
    assert [field.Tag for field in rule.type.container.elem.struct.fields][:2] == [
        'hcl:"kind,label" json:"kind"', 'hcl:"name,label" json:"name"',
    ]  # fmt: skip


def test_fields_without_a_tag_unexported_ones_and_hidden_ones() -> None:
    made = struct(("A", 'hcl:"a,optional" docs:"hidden"', TEXT), ("B", "", TEXT), ("c", 'hcl:"c,optional"', TEXT))
    made.fields[2].PkgPath = "example.com/plugin"
    schema = schema_of_struct(made)
    assert [(a.name, a.hidden) for a in schema.attributes] == [("a", True)]
    assert encode(made, {"a": "x", "b": "y", "c": "z"}) == b'{"A":"x","B":""}'


def test_a_struct_that_bodies_cannot_fill_is_refused_with_its_field() -> None:
    for field in (
        ("Rest", 'hcl:",remain"', TEXT),
        ("Any", 'hcl:"any"', Type(primitive=Primitive(kind=Kind.INTERFACE))),
        ("Blk", 'hcl:"blk,block"', TEXT),
        ("Keys", 'hcl:"keys"', Type(container=Container(kind=Kind.MAP, elem=TEXT, key=Type()))),
    ):
        with pytest.raises(PluginError, match=field[0]):
            schema_of_struct(struct(field))


def test_a_number_that_does_not_fit_is_named_with_its_place_and_limits() -> None:
    small = Type(primitive=Primitive(kind=Kind.INT8))
    inner = struct(("Sizes", 'hcl:"sizes"', Type(container=Container(kind=Kind.SLICE, elem=small))))
    made = struct(("Disk", 'hcl:"disk,block"', Type(struct=inner)))
    with pytest.raises(PluginError, match=r'"disk\.sizes\[1\]" is 128, but .* between -128 and 127'):
        encode(made, {"disk": {"sizes": [1, 128]}})


def test_what_a_host_sends_must_be_an_object() -> None:
    assert decoded_by_host(b"") == {}
    for wrong in (b"[]", b"{", b"\xff"):
        with pytest.raises(PluginError, match="The host sent"):
            decoded_by_host(wrong)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_as_themselves(value: float) -> None:
    assert float(gojson.float64(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_single_precision_numbers_read_back_as_themselves(value: float) -> None:
    shown = gojson.float32(value)
    assert math.isclose(float(shown), value, rel_tol=1e-7, abs_tol=1e-45)
    assert gojson.float32(float(shown)) == shown
