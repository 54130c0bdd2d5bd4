"""What real servers once sent, byte for byte (`conversation.py` records it): read the same however it is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from wp_entrypoint import grpc
from wp_proto.entrypoint import messages

from .conversation import FOLDER, Conversation

RECORDINGS = sorted(path.name for path in FOLDER.glob("*.frames"))


@pytest.mark.parametrize("size", [1, 9, 1000, 1 << 20])
@pytest.mark.parametrize("name", RECORDINGS)
def test_recorded_frames(name: str, size: int) -> None:
    recorded = (FOLDER / name).read_bytes()
    conversation = Conversation(False, "invite", "login", "deployment")
    for start in range(0, len(recorded), size):
        conversation.channel.receive(recorded[start : start + size], 0.0)
        conversation.channel.http2.data_to_send()
    version, token, refusal, config = conversation.messages
    assert messages.GetVersionInfoResponse.decode(version[0]).info.version == "v1.0.0"  # type: ignore[union-attr]
    assert messages.NewTokenResponse.decode(token[0]).token == "login-token"
    assert refusal == []
    codes = [status.code if status else None for status in conversation.statuses]
    assert codes == [grpc.OK, grpc.OK, grpc.UNAUTHENTICATED, None]
    assert conversation.statuses[2] is not None
    assert conversation.statuses[2].message == "the token is not known"
    snapshot = messages.EntrypointConfigResponse.decode(config[0]).config
    assert snapshot is not None
    assert {variable.name: len(variable.static or "") for variable in snapshot.env_vars} == {
        "GREETING": 5,
        "LARGE": 100_000,
    }


def test_there_are_recordings_of_every_kind_of_server() -> None:
    assert [Path(name).stem for name in RECORDINGS] == ["grpc-go", "grpcio", "nginx"]
