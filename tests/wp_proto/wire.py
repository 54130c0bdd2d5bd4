"""Everything of the wire that somebody may rely on, one row a call, field and value, and what of it was taken away.

    python -m tests.wp_proto.wire > tests/wp_proto/previous.tsv

writes the rows of the sources that PYTHONPATH names.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    ServiceDescriptorProto,
)

Row = tuple[str, ...]
PREVIOUS = Path(__file__).parent / "previous.tsv"


def rows_of(files: Iterable[FileDescriptorProto]) -> set[Row]:
    """The rows of all files. Names of types are full; of a field its presence counts, too."""
    return {row for file in files for row in _file(file)}


def lost(previous: set[Row], present: set[Row]) -> list[str]:
    """What an older peer may rely on and does not find any more, as sentences."""
    return [f"{' '.join(row)}: gone, or not what it was" for row in sorted(previous - present)]


def previous() -> set[Row]:
    """The rows of the version before."""
    return {tuple(line.split("\t")) for line in PREVIOUS.read_text().splitlines()}


def _file(file: FileDescriptorProto) -> Iterator[Row]:
    for message in file.message_type:
        yield from _message(file.package, message)
    for enum in file.enum_type:
        yield from _enum(file.package, enum)
    for service in file.service:
        yield from _service(file.package, service)


def _message(scope: str, message: DescriptorProto) -> Iterator[Row]:
    name = f"{scope}.{message.name}"
    yield "message", name
    for field in message.field:
        kind = field.type_name.removeprefix(".") or FieldDescriptorProto.Type.Name(field.type).lower()
        label = FieldDescriptorProto.Label.Name(field.label).removeprefix("LABEL_").lower()
        group = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
        yield "field", name, str(field.number), field.name, label, kind, group
    for inner in message.nested_type:
        yield from _message(name, inner)
    for enum in message.enum_type:
        yield from _enum(name, enum)


def _enum(scope: str, enum: EnumDescriptorProto) -> Iterator[Row]:
    for value in enum.value:
        yield "value", f"{scope}.{enum.name}", str(value.number), value.name


def _service(scope: str, service: ServiceDescriptorProto) -> Iterator[Row]:
    for method in service.method:
        asked = ("stream " if method.client_streaming else "") + method.input_type.removeprefix(".")
        told = ("stream " if method.server_streaming else "") + method.output_type.removeprefix(".")
        yield "call", f"/{scope}.{service.name}/{method.name}", asked, told


def present_files() -> Iterator[FileDescriptorProto]:
    """The descriptors of every module of `wp_proto` that can be imported."""
    import importlib
    import pkgutil

    import wp_proto

    for info in pkgutil.walk_packages(wp_proto.__path__, "wp_proto."):
        if info.name.endswith("_pb2"):
            file = FileDescriptorProto()
            importlib.import_module(info.name).DESCRIPTOR.CopyToProto(file)
            yield file


if __name__ == "__main__":
    sys.stdout.write("".join("\t".join(row) + "\n" for row in sorted(rows_of(present_files()))))
