"""The generated codec against protobuf's own runtime, both ways, and against its generator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message as Oracle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wp_proto.entrypoint import codec, messages
from wp_proto.waypoint import api as pb

ROOT = Path(__file__).resolve().parents[2]
PAIRS: list[tuple[type[codec.Message], type[Oracle]]] = [
    (messages.EntrypointConfigResponse, pb.EntrypointConfigResponse),
    (messages.EntrypointConfigRequest, pb.EntrypointConfigRequest),
    (messages.EntrypointLogBatch, pb.EntrypointLogBatch),
    (messages.EntrypointExecRequest, pb.EntrypointExecRequest),
    (messages.EntrypointExecResponse, pb.EntrypointExecResponse),
    (messages.GetVersionInfoResponse, pb.GetVersionInfoResponse),
    (messages.ConvertInviteTokenRequest, pb.ConvertInviteTokenRequest),
    (messages.NewTokenResponse, pb.NewTokenResponse),
]
IDS = [ours.__name__ for ours, _ in PAIRS]

SCALARS = {
    FieldDescriptor.TYPE_STRING: st.text(max_size=20),
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=300),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT64: st.integers(0, 2**64 - 1),
}


@st.composite
def filled(draw: st.DrawFn, descriptor: Descriptor, depth: int = 0) -> Oracle:
    """A message of protobuf's runtime with arbitrary content, fields unknown to the entrypoint included."""
    message = message_factory.GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if not draw(st.booleans()):
            continue
        count = draw(st.integers(1, 3)) if field.is_repeated else 1
        for _ in range(count):
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                getattr(message, field.name)[draw(SCALARS[FieldDescriptor.TYPE_STRING])] = draw(st.text(max_size=9))
            elif field.message_type is not None:
                value = draw(filled(field.message_type, depth + 1))
                if field.is_repeated:
                    getattr(message, field.name).append(value)
                else:
                    getattr(message, field.name).CopyFrom(value)
            else:
                if field.enum_type is not None:
                    scalar = draw(st.sampled_from([value.number for value in field.enum_type.values]))
                else:
                    scalar = draw(SCALARS[field.type])
                if field.is_repeated:
                    getattr(message, field.name).append(scalar)
                else:
                    setattr(message, field.name, scalar)
    return message


def assert_same(ours: codec.Message, oracle: Oracle) -> None:
    """Every field that we carry says the same, presence included."""
    for field in ours.FIELDS:
        name = oracle.DESCRIPTOR.fields_by_number[field.number].name
        mine, theirs = getattr(ours, field.name), getattr(oracle, name)
        if field.kind == codec.STRING_MAP:
            assert mine == dict(theirs)
        elif field.repeated:
            assert len(mine) == len(theirs)
            for one, other in zip(mine, theirs, strict=True):
                assert_same(one, other) if field.kind == codec.MESSAGE else _equal(one, other)
        elif field.kind == codec.MESSAGE or field.explicit:
            assert (mine is not None) == oracle.HasField(name)
            if mine is not None:
                assert_same(mine, theirs) if field.kind == codec.MESSAGE else _equal(mine, theirs)
        else:
            assert mine == theirs


def _equal(one: object, other: object) -> None:
    assert one == other


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=IDS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_reads_what_protobuf_writes_and_back(
    ours: type[codec.Message], theirs: type[Oracle], data: st.DataObject
) -> None:
    oracle = data.draw(filled(theirs.DESCRIPTOR))
    message = ours.decode(oracle.SerializeToString())
    assert_same(message, oracle)
    again = theirs()
    again.ParseFromString(message.encode())
    assert_same(message, again)
    assert ours.decode(message.encode()) == message


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=IDS)
@settings(max_examples=150, deadline=None)
@given(noise=st.binary(max_size=60))
def test_noise_is_decoded_or_refused_never_worse(ours: type[codec.Message], theirs: type[Oracle], noise: bytes) -> None:
    try:
        message = ours.decode(noise)
    except codec.DecodeError:
        return
    assert ours.decode(message.encode()) == message


def test_a_string_that_is_not_utf8_keeps_its_bytes() -> None:
    wire = b"\x0a\x01n\x12\x02\xff\xfe"
    variable = messages.ConfigVar.decode(wire)
    assert variable.static is not None
    assert variable.static.encode("utf-8", "surrogateescape") == b"\xff\xfe"
    assert variable.encode() == wire


def test_the_last_member_of_a_oneof_wins_and_a_message_sent_twice_is_merged() -> None:
    first = pb.EntrypointExecResponse(winch=pb.ExecStreamRequest.WindowSize(rows=3)).SerializeToString()
    second = pb.EntrypointExecResponse(winch=pb.ExecStreamRequest.WindowSize(cols=4)).SerializeToString()
    merged = messages.EntrypointExecResponse.decode(first + second)
    assert merged.winch is not None
    assert (merged.winch.rows, merged.winch.cols) == (3, 4)
    other = messages.EntrypointExecResponse.decode(first + pb.EntrypointExecResponse(input=b"x").SerializeToString())
    assert other.winch is None
    assert other.input == b"x"


def test_a_repr_shows_no_values() -> None:
    assert "hunter2" not in repr(messages.ConfigVar(name="PASSWORD", static="hunter2"))


def test_generating_again_changes_nothing(tmp_path: Path) -> None:
    output = tmp_path / "messages.py"
    tool = ROOT / "tools" / "generate_entrypoint_codec.py"
    subprocess.run(
        [sys.executable, str(tool), "--output", str(output)], check=True, env={"PYTHONPATH": str(ROOT / "src")}
    )
    assert output.read_text() == (ROOT / "src/wp_proto/entrypoint/messages.py").read_text(), "run `make proto`"


def test_needs_no_protobuf() -> None:
    program = "import sys, wp_proto.entrypoint.messages; assert not [m for m in sys.modules if m.startswith('google')]"
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": str(ROOT / "src")})
