"""Bodies of plugins against Go: the same body gives the bytes that gohcl and encoding/json give, and Go reads the
shapes that our dataclasses send (protocol specification 6.2 to 6.4)."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import json_format

import wp_plugins
from wp_config.decode import decode_body
from wp_config.diagnostics import Diagnostics, SourceFile
from wp_config.scope import Scope
from wp_config.syntax import parse_body
from wp_proto.sdk.protostructure_pb2 import Struct
from wp_sdk.component import ComponentKind, Plugin
from wp_sdk.errors import PluginError
from wp_sdk.protostructure import decoded_by_host, encode, schema_of_struct, struct_of
from wp_sdk.schema import Schema, attr, block, instantiate, label, schema_of

if TYPE_CHECKING:
    from tests.interop.conftest import HclPeer

pytestmark = pytest.mark.timeout(700)  # the first test of a machine builds the peer


def decode(schema: Schema, text: str) -> dict[str, object]:
    problems = Diagnostics()
    decoded = decode_body(parse_body(SourceFile("body.hcl", text)), schema, Scope({}), problems)
    problems.raise_if_errors()
    return decoded


def shape(peer: HclPeer, name: str) -> Struct:
    return json_format.ParseDict(peer.ask(op="types")["types"][name], Struct())


GOOD = {
    "everything": [
        'name = "x"',
        "name = 5",
        "name = true",
        'name = "x"\non = "true"\nwhole = "12"\nsmall = -128\nunsigned = 7\nbyte = 255\nbig = 9007199254740993',
        'name = "x"\nbig = -9223372036854775808\nwhole = 9223372036854775807\nunsigned = 18446744073709551615',
        'name = "x"\nhalf = 0.1\nfloat = 0.1',
        'name = "x"\nhalf = 16777216\nfloat = 1e21',
        'name = "x"\nhalf = 1e-7\nfloat = 0.000001',
        'name = "x"\nhalf = 3.5e20\nfloat = 123456789012345678901',
        'name = "x"\nfloat = -1.5e-9',
        'name = "x"\nfloat = 100',
        'name = "x"\nmaybe_text = "y"\nmaybe_int = 0\nmaybe_list = []',
        'name = "x"\nmaybe_text = null\nmaybe_int = null',
        'name = "x"\nlist = ["a", 1, true]\nints = ["1", 2]\npointers = ["a", null]',
        'name = "x"\nlist = []\nmap = {}\nbytes = []',
        'name = "x"\nmaps = [{ a = "b", c = 1 }, {}]\nmap = { z = 1, a = "x", "é" = "ü", "k-1" = true }',
        'name = "x"\nnumbers = { a = 1, b = "-2" }\nlists = { x = ["1"], y = [] }\nnullable = { a = null, b = "c" }',
        'name = "x"\ndeep = { a = { b = "c" } }\nbytes = [0, 255, 65]',
        'name = "<b>&\\u2028\\u0001\\u007f\\t\\"\\\\\\n/ ü 😀"',
        'name = "x"\nhidden = "still read"',
    ],
    "tagged": [
        'one = "1"',
        'one = "1"\ntwo = "2"\nthree = ["3"]\nfour = "4"\nfive = 5\nsix = 0',
        'one = "1"\ntwo = ""\nthree = []',
    ],
    "blocks": [
        'image = "i"\nmust {\n  port = 1\n}',
        'image = "i"\nmust {\n  port = 1\n}\nmay {\n  port = 2\n  host = "h"\n}\nmany {\n  port = 3\n}\n'
        "many {\n  port = 4\n}\nrefs {\n  port = 5\n}",
        'image = "i"\nmust {\n  port = 1\n}\nlabels "a" {}\nlabels "b" {\n  port = 1\n}\ntwo "k" "n" {}',
        'image = "i"\nmust {\n  port = 1\n}\nnested {\n  inner {\n    port = 1\n  }\n  deep {\n    deeper {\n'
        "      port = 9\n    }\n  }\n}",
        'image = "i"\nmust {\n  port = 1\n}\nnested {}',
    ],
    "empty": [""],
}


@pytest.mark.parametrize("name", GOOD)
def test_a_body_becomes_the_bytes_that_go_makes_of_it(hcl_peer: HclPeer, name: str) -> None:
    struct = shape(hcl_peer, name)
    for text in GOOD[name]:
        expected = hcl_peer.ask(op="decode", type=name, text=text)
        assert "json" in expected, (text, expected)
        assert encode(struct, decode(schema_of_struct(struct), text)).decode() == expected["json"], text


BAD = [
    ("everything", ""),
    ("everything", 'name = "x"\nwhole = 1.5'),
    ("everything", 'name = "x"\nwhole = "many"'),
    ("everything", 'name = "x"\nsmall = 128'),
    ("everything", 'name = "x"\nunsigned = -1'),
    ("everything", 'name = "x"\nbyte = 256'),
    ("everything", 'name = "x"\nwhole = 9223372036854775808'),
    ("everything", 'name = "x"\nnumbers = { a = 2147483648 }'),
    ("everything", 'name = "x"\non = "yes"'),
    ("everything", 'name = "x"\nlist = "a"'),
    ("everything", 'name = "x"\nmap = ["a"]'),
    ("everything", 'name = ["x"]'),
    ("everything", 'name = "x"\nnaem = 1'),
    ("everything", 'name = "x"\nbytes = [256]'),
    ("everything", 'name = "x"\nNotHCL = "a"'),
    ("blocks", 'image = "i"'),
    ("blocks", 'image = "i"\nmust {}'),
    ("blocks", 'image = "i"\nmust {\n  port = 1\n}\nmust {\n  port = 1\n}'),
    ("blocks", 'image = "i"\nmust {\n  port = 1\n}\nmay {\n  port = 1\n}\nmay {\n  port = 1\n}'),
    ("blocks", 'image = "i"\nmust "x" {\n  port = 1\n}'),
    ("blocks", 'image = "i"\nmust {\n  port = 1\n}\nlabels {}'),
    ("blocks", 'image = "i"\nmust {\n  port = 1\n}\ntwo "k" {}'),
    ("blocks", 'image = "i"\nmust {\n  port = 1\n}\nother {}'),
    ("blocks", 'image = "i"\nmust = { port = 1 }'),
    ("blocks", "image {}\nmust {\n  port = 1\n}"),
    ("empty", "a = 1"),
]


@pytest.mark.parametrize(("name", "text"), BAD)
def test_a_body_that_go_refuses_is_refused(hcl_peer: HclPeer, name: str, text: str) -> None:
    struct = shape(hcl_peer, name)
    assert "error" in hcl_peer.ask(op="decode", type=name, text=text)
    with pytest.raises((Diagnostics, PluginError)):
        encode(struct, decode(schema_of_struct(struct), text))


@dataclass(frozen=True)
class Port:
    name: str = label()
    number: int = attr()
    protocol: str = attr(default="tcp")


@dataclass(frozen=True)
class Check:
    """Nested twice."""

    path: str = attr()
    every: float = attr(default=1.5)
    port: list[Port] = block(default_factory=list)


@dataclass(frozen=True)
class Config:
    image: str = attr()
    tag: str = attr(default="latest")
    replicas: int | None = attr(default=None)
    on: bool = attr(default=True)
    weight: float = attr(default=0.5)
    args: list[str] = attr(default_factory=list)
    env: dict[str, str | None] = attr(default_factory=dict)
    matrix: list[dict[str, int]] = attr(default_factory=list)
    server_address: str = attr(default="", name="serverAddress")
    check: Check | None = block(default=None)
    must: Port = block()
    port: list[Port] = block(default_factory=list)


MUST = 'must "m" {\n  number = 1\n}\n'
BODIES = [
    'image = "i"\n' + MUST,
    'image = "i"\ntag = ""\nreplicas = 0\non = false\nweight = 0\n' + MUST,
    'image = "i"\nargs = ["a"]\nenv = { A = "1", B = null }\nmatrix = [{ x = 1 }]\nserverAddress = "s"\n' + MUST,
    'image = "i"\n' + MUST + 'check {\n  path = "/"\n  port "p" {\n    number = 2\n  }\n}\nport "a" {\n  number = 80\n'
    '  protocol = "udp"\n}\nport "b" {\n  number = 81\n}\n',
]


@pytest.mark.parametrize("text", BODIES)
def test_go_reads_our_shape_and_both_sides_make_the_same_configuration(hcl_peer: HclPeer, text: str) -> None:
    struct = struct_of(Config)
    sent = hcl_peer.ask(op="decode", shape=json_format.MessageToDict(struct), text=text)
    assert "json" in sent, sent
    ours = instantiate(Config, decode(schema_of(Config), text))
    assert instantiate(Config, decoded_by_host(sent["json"].encode())) == ours
    assert encode(struct, decode(schema_of_struct(struct), text)).decode() == sent["json"]


def test_every_plugin_of_ours_can_be_configured_by_go(hcl_peer: HclPeer) -> None:
    seen = 0
    for module in pkgutil.iter_modules(wp_plugins.__path__):
        plugin: Plugin = importlib.import_module(f"wp_plugins.{module.name}").PLUGIN
        for component in filter(None, map(plugin.component, ComponentKind)):
            seen += 1
            struct = struct_of(component.config)
            schema = schema_of_struct(struct)
            text = body_with_everything(schema)
            answer = hcl_peer.ask(op="decode", shape=json_format.MessageToDict(struct), text=text)
            assert "json" in answer, (plugin.name, text, answer)
            assert encode(struct, decode(schema, text)).decode() == answer["json"]
    assert seen > 10


def body_with_everything(schema: Schema, indent: str = "") -> str:
    """A body that sets everything the schema has."""
    lines = [f"{indent}{a.name} = {example(a.type)}" for a in schema.attributes]
    for nested in schema.blocks:
        labels = "".join(f' "{name}"' for name in nested.labels)
        lines += [f"{indent}{nested.name}{labels} {{", body_with_everything(nested.body, indent + "  "), f"{indent}}}"]
    return "\n".join(lines)


def example(kind: str) -> str:
    if kind.startswith("list("):
        return f"[{example(kind[5:-1])}]"
    if kind.startswith("map("):
        return f"{{ k = {example(kind[4:-1])} }}"
    return {"string": '"s"', "bool": "true", "integer": "3", "number": "2.5"}[kind]


@dataclass(frozen=True)
class Twins:
    build_args: str = field(default="")
    buildArgs: str = field(default="")  # that is the point


@dataclass(frozen=True)
class Free:
    anything: Any = attr(default=None)


def test_what_go_cannot_express_is_refused_with_the_field() -> None:
    with pytest.raises(TypeError, match=r"Twins\.buildArgs.*BuildArgs"):
        struct_of(Twins)
    with pytest.raises(TypeError, match=r"Free\.anything"):
        struct_of(Free)
