"""Descriptors and tables of facts say the same, in both directions.

`tables/*.tsv` list what existing programs speak: one row a message, field, enum, value, service or call, by full name.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    ServiceDescriptorProto,
)

import wp_proto

Row = tuple[str, ...]
TABLES = Path(__file__).parent / "tables"
TABLE_OF_FOLDER = {"waypoint": "waypoint", "sdk": "sdk", "goplugin": "goplugin", "plugins": "plugins"}
OWN_NUMBERS = 20000
# Referred to by the facts and defined nowhere in them: types without fields here.
OPAQUE = {
    "hashicorp.waypoint.ProjectTemplate",
    "hashicorp.waypoint.Ref.ProjectTemplate",
    "hashicorp.waypoint.UI.EventAddOn",
}


def modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(wp_proto.__path__, "wp_proto."):
        if info.name.endswith("_pb2"):
            yield importlib.import_module(info.name)


def files() -> Iterator[FileDescriptorProto]:
    for module in modules():
        file = FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        yield file


def folder_of(file: FileDescriptorProto) -> str:
    return file.name.split("/")[1]


def type_of(field: FieldDescriptorProto, nested: dict[str, DescriptorProto]) -> str:
    if field.type_name:
        name = field.type_name.removeprefix(".")
        entry = nested.get(name)
        if entry is not None and entry.options.map_entry:
            key, value = (type_of(part, {}) for part in entry.field)
            return f"map<{key},{value}>"
    else:
        name = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    return f"repeated {name}" if field.label == FieldDescriptorProto.LABEL_REPEATED else name


def ranges_of(message: DescriptorProto) -> str:
    parts = [str(r.start) if r.end - r.start == 1 else f"{r.start}-{r.end - 1}" for r in message.reserved_range]
    return f"reserved {', '.join(parts)}" if parts else ""


def facts_of_enum(scope: str, enum: EnumDescriptorProto) -> Iterator[Row]:
    name = f"{scope}.{enum.name}"
    yield "enum", name, "", "", "", ""
    for value in enum.value:
        if value.number < OWN_NUMBERS:
            yield "value", name, str(value.number), value.name, "", ""


def facts_of_message(scope: str, message: DescriptorProto) -> Iterator[Row]:
    name = f"{scope}.{message.name}"
    nested = {f"{name}.{inner.name}": inner for inner in message.nested_type}
    yield "message", name, "", "", "", ranges_of(message)
    for field in message.field:
        oneof = ""
        if field.HasField("oneof_index") and not field.proto3_optional:
            oneof = f"oneof {message.oneof_decl[field.oneof_index].name}"
        written = f"optional {type_of(field, nested)}" if field.proto3_optional else type_of(field, nested)
        if not is_own(field.number):
            yield "field", name, str(field.number), field.name, written, oneof
    for inner in message.nested_type:
        if not inner.options.map_entry:
            yield from facts_of_message(name, inner)
    for enum in message.enum_type:
        yield from facts_of_enum(name, enum)


def is_own(number: int) -> bool:
    """Numbers from 20000 are ours, but for the one message whose only field lies far above by design."""
    return OWN_NUMBERS <= number < 100_000_000


def facts_of_service(scope: str, service: ServiceDescriptorProto) -> Iterator[Row]:
    name = f"{scope}.{service.name}"
    yield "service", name, "", "", "", ""
    for method in service.method:
        asked = ("stream " if method.client_streaming else "") + method.input_type.removeprefix(".")
        told = ("stream " if method.server_streaming else "") + method.output_type.removeprefix(".")
        yield "rpc", name, "", method.name, f"{asked} -> {told}", ""


def facts(file: FileDescriptorProto) -> Iterator[Row]:
    for message in file.message_type:
        yield from facts_of_message(file.package, message)
    for enum in file.enum_type:
        yield from facts_of_enum(file.package, enum)
    for service in file.service:
        yield from facts_of_service(file.package, service)


def rows(table: str) -> set[Row]:
    lines = (TABLES / f"{table}.tsv").read_text().splitlines()[1:]
    return {tuple((line.split("\t") + [""] * 6)[:6]) for line in lines}


@pytest.mark.parametrize("folder", sorted(TABLE_OF_FOLDER))
def test_descriptors_and_table_agree(folder: str) -> None:
    expected = rows(TABLE_OF_FOLDER[folder])
    found = {row for file in files() if folder_of(file) == folder for row in facts(file)}
    found = {row for row in found if row[1] not in OPAQUE}
    assert sorted(expected - found) == [], "in the table, not in the descriptors"
    assert sorted(found - expected) == [], "in the descriptors, not in the table"


def test_tables_are_complete() -> None:
    """A truncated table would make the comparison easy to pass."""
    counts = {table: len(rows(table)) for table in TABLE_OF_FOLDER.values()}
    assert counts == {"waypoint": 1806, "sdk": 445, "goplugin": 23, "plugins": 239}
    calls = [row for row in rows("waypoint") if row[0] == "rpc"]
    assert len(calls) == len({row[3] for row in calls}) == 114


def test_names_without_definition_have_no_fields() -> None:
    found = {row for file in files() for row in facts(file) if row[1] in OPAQUE}
    assert {row[1] for row in found} == OPAQUE
    assert {row[0] for row in found} == {"message"}


def test_every_file_is_compared_or_known() -> None:
    folders = {folder_of(file) for file in files()}
    assert folders == {*TABLE_OF_FOLDER, "engine", "opaqueany", "own"}


def test_own_package_holds_only_waypoint_v1() -> None:
    for file in files():
        assert (file.package.split(".")[:2] == ["waypoint", "v1"]) == (folder_of(file) == "own"), file.name


def test_value_of_plugins_has_the_bytes_of_any() -> None:
    from google.protobuf.any_pb2 import Any

    from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny

    opaque = OpaqueAny(type_url="type.googleapis.com/docker.Image", value=b"\x0a\x01x")
    assert Any.FromString(opaque.SerializeToString()).type_url == "type.googleapis.com/docker.Image"
    assert opaque.DESCRIPTOR.full_name == "opaqueany.Any"


def test_keepalive_cannot_collide_with_a_field_of_a_stream() -> None:
    numbers = {
        int(row[2]) for row in rows("waypoint") if row[0] == "field" and re.search(r"(Request|Response|Batch)$", row[1])
    }
    assert 100_000_000 not in numbers
