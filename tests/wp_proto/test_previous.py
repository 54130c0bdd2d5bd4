"""Nothing of the wire that the version before has may change or go: its peers are there during every upgrade."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto

from .wire import PREVIOUS, lost, present_files, previous, rows_of

ROOT = Path(__file__).resolve().parents[2]


def test_everything_of_the_version_before_is_still_there() -> None:
    assert lost(previous(), rows_of(present_files())) == []


def test_what_is_pinned_is_the_version_before(older_source: Path) -> None:
    command = [sys.executable, "-m", "tests.wp_proto.wire"]
    path = f"{older_source}{os.pathsep}{ROOT}"
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    assert done.stdout == PREVIOUS.read_text()


def _file(files: list[FileDescriptorProto], holding: str) -> FileDescriptorProto:
    return next(file for file in files if any(message.name == holding for message in file.message_type))


def remove_a_field(files: list[FileDescriptorProto]) -> None:
    message = next(one for one in _file(files, "Deployment").message_type if one.name == "Deployment")
    del message.field[2]


def renumber_a_field(files: list[FileDescriptorProto]) -> None:
    message = next(one for one in _file(files, "Deployment").message_type if one.name == "Deployment")
    message.field[2].number = 4711


def retype_a_field(files: list[FileDescriptorProto]) -> None:
    message = next(one for one in _file(files, "GetLogStreamRequest").message_type if one.name == "GetLogStreamRequest")
    numeric = next(field for field in message.field if field.type == FieldDescriptorProto.TYPE_STRING)
    numeric.type = FieldDescriptorProto.TYPE_INT64


def remove_a_field_of_our_own(files: list[FileDescriptorProto]) -> None:
    message = next(one for one in _file(files, "Job").message_type if one.name == "Job")
    (place,) = [index for index, field in enumerate(message.field) if field.name == "keep_config"]
    del message.field[place]


def remove_a_call(files: list[FileDescriptorProto]) -> None:
    services = [service for file in files for service in file.service if service.name == "Waypoint"]
    del services[0].method[5]


def make_a_call_a_stream(files: list[FileDescriptorProto]) -> None:
    services = [service for file in files for service in file.service if service.name == "Administration"]
    services[0].method[0].server_streaming = True


def remove_a_value(files: list[FileDescriptorProto]) -> None:
    job = next(one for one in _file(files, "Job").message_type if one.name == "Job")
    del next(enum for enum in job.enum_type if enum.name == "State").value[-1]


@pytest.mark.parametrize(
    "change",
    [
        remove_a_field, renumber_a_field, retype_a_field, remove_a_field_of_our_own, remove_a_call,
        make_a_call_a_stream, remove_a_value,
    ],
)  # fmt: skip
def test_the_comparison_finds(change: Callable[[list[FileDescriptorProto]], None]) -> None:
    files = list(present_files())
    change(files)
    assert len(lost(previous(), rows_of(files))) == 1


def test_additions_are_fine() -> None:
    files = list(present_files())
    message = next(one for one in _file(files, "Deployment").message_type if one.name == "Deployment")
    message.field.add(name="more", number=29999, type=FieldDescriptorProto.TYPE_STRING)
    assert lost(previous(), rows_of(files)) == []
