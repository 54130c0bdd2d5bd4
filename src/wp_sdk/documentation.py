"""What a component says about itself: the message of the documentation RPC, derived from its configuration class and
its functions (protocol specification 6.5).

The command line and the reference pages show the same message, so that a plugin which is a process of its own looks
no different.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from google.protobuf.descriptor import FieldDescriptor

from wp_proto.sdk.plugin_pb2 import Config
from wp_sdk.component import Component, ComponentKind, Function, Plugin
from wp_sdk.schema import Attribute, Block, Schema, schema_of
from wp_sdk.signature import ParameterKind, result_class, signature_of
from wp_sdk.values import template_data

if TYPE_CHECKING:
    from wp_sdk.values import Field

MAIN_FUNCTIONS = {
    ComponentKind.BUILDER: "build",
    ComponentKind.REGISTRY: "push",
    ComponentKind.PLATFORM: "deploy",
    ComponentKind.RELEASE_MANAGER: "release",
    ComponentKind.TASK_LAUNCHER: "start",
    ComponentKind.CONFIG_SOURCER: "read",
}
"""The function of a component whose input and output are the component's."""

SENSITIVE = "Never shown."
_SCALARS = {"integer": "int", "number": "float"}


def documentation_of(plugin: Plugin, kind: ComponentKind) -> Config.Documentation:
    """Describe the component of that role. Raises `KeyError` when the plugin has none."""
    component = plugin.component(kind)
    if component is None:
        raise KeyError(kind)
    schema = schema_of(component.config)
    described = Config.Documentation(description=schema.doc or plugin.doc, example=component.example)
    for field in _fields(schema):
        described.fields[field.name].CopyFrom(field)
    function = component.functions().get(MAIN_FUNCTIONS[kind])
    if function is not None:
        signature = signature_of(function, component.config)
        messages = [p.key for p in signature.parameters if p.kind is ParameterKind.MESSAGE]
        described.input, described.output = ", ".join(messages), signature.result
        _template_fields(described, component, function)
    for mapper in plugin.mappers:
        read = signature_of(mapper)
        given = ", ".join(p.key for p in read.parameters if p.kind is ParameterKind.MESSAGE)
        described.mappers.add(input=given, output=read.result, description=_first_line(mapper.__doc__ or ""))
    return described


def _fields(schema: Schema) -> list[Config.FieldDocumentation]:
    return [_attribute(a) for a in schema.attributes if not a.hidden] + [_block(block) for block in schema.blocks]


def _attribute(attribute: Attribute) -> Config.FieldDocumentation:
    first, _, rest = attribute.doc.partition("\n")
    notes = [rest.strip()]
    if attribute.sensitive:
        notes.append(SENSITIVE)
    if attribute.deprecated:
        notes.append(f"Deprecated: {attribute.deprecated}")
    return Config.FieldDocumentation(
        name=attribute.name,
        synopsis=first.strip(),
        summary=" ".join(filter(None, notes)),
        optional=not attribute.required,
        type=_type(attribute.type),
        default=_default(attribute.default),
    )


def _block(block: Block) -> Config.FieldDocumentation:
    names = "".join(f" {label.upper()}" for label in block.labels)
    return Config.FieldDocumentation(
        name=block.name,
        synopsis=_first_line(block.doc or block.body.doc),
        optional=not block.required,
        type=f"{'list of ' if block.many else ''}block{names}",
        category=True,
        sub_fields=_fields(block.body),
    )


def _type(name: str) -> str:
    """`map(list(integer))` → `map of string to list of int`."""
    kind, _, inner = name.partition("(")
    if not inner:
        return _SCALARS.get(name, name)
    return f"{'list of' if kind == 'list' else 'map of string to'} {_type(inner[:-1])}"


def _default(value: object) -> str:
    """The default as one would write it; nothing for what means "not set"."""
    if value is None or value in ("", [], {}, ()):
        return ""
    return json.dumps(value, ensure_ascii=False)


def _template_fields(described: Config.Documentation, component: Component, function: Function) -> None:
    """What later stages see of the result."""
    message = result_class(function)
    for name, synopsis in component.extra_fields.items():
        described.template_fields[name].CopyFrom(Config.FieldDocumentation(name=name, synopsis=synopsis))
    if message is None:
        return
    fields = message.DESCRIPTOR.fields_by_name
    for name in template_data(message()):
        field = fields.get(name)
        shown = described.template_fields[name]
        shown.name = name
        shown.type = _message_type(field) if field is not None else "object"


def _message_type(field: Field) -> str:
    if field.message_type is not None:
        if field.message_type.GetOptions().map_entry:
            return f"map of string to {_message_type(field.message_type.fields_by_name['value'])}"
        kind = "object"
    elif field.enum_type is not None:
        kind = "int"
    else:
        kind = {
            FieldDescriptor.CPPTYPE_BOOL: "bool",
            FieldDescriptor.CPPTYPE_DOUBLE: "float",
            FieldDescriptor.CPPTYPE_FLOAT: "float",
            FieldDescriptor.CPPTYPE_STRING: "string",
        }.get(field.cpp_type, "int")
    return f"list of {kind}" if field.is_repeated else kind


def _first_line(text: str) -> str:
    return " ".join(text.strip().partition("\n\n")[0].split())
