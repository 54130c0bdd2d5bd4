"""A fixed set of calls, for recording what real servers answer and for playing that back.

    python -m tests.wp_entrypoint.conversation PORT NAME [--tls]

talks to a server that answers as `fake_server` does and writes `recorded/NAME.frames`: all bytes it sent.
"""

from __future__ import annotations

import socket
import ssl
import sys
from pathlib import Path

from wp_entrypoint import grpc
from wp_proto.entrypoint import messages

FOLDER = Path(__file__).parent / "recorded"
WRONG = "no-such-token"


class Conversation:
    """Four calls at once: the version, a token, a refusal, a configuration stream."""

    def __init__(self, secure: bool, invite: str, login: str, deployment: str) -> None:
        self.channel = grpc.Channel("127.0.0.1", secure, "recorder", lambda reason: None)
        self.messages: list[list[bytes]] = []
        self.statuses: list[grpc.Status | None] = []
        request = messages.EntrypointConfigRequest(deployment_id=deployment, instance_id="I")
        for path, content in (
            (messages.GET_VERSION_INFO, messages.Empty().encode()),
            (messages.CONVERT_INVITE_TOKEN, messages.ConvertInviteTokenRequest(token=invite).encode()),
            (messages.CONVERT_INVITE_TOKEN, messages.ConvertInviteTokenRequest(token=WRONG).encode()),
            (messages.ENTRYPOINT_CONFIG, request.encode()),
        ):
            self._open(path, content, login)

    def _open(self, path: str, content: bytes, login: str) -> None:
        number = len(self.messages)
        self.messages.append([])
        self.statuses.append(None)

        def ended(status: grpc.Status) -> None:
            self.statuses[number] = status

        call = self.channel.call(path, [(b"waypoint-token", login.encode())], self.messages[number].append, ended)
        call.send(content)
        call.half_close()

    def complete(self) -> bool:
        return None not in self.statuses[:3] and bool(self.messages[3])


def record(port: int, name: str, tls: bool) -> None:
    from tests.wp_entrypoint.fake_server import DEPLOYMENT, INVITE, LOGIN

    conversation = Conversation(tls, INVITE, LOGIN, DEPLOYMENT)
    peer = socket.create_connection(("127.0.0.1", port))
    if tls:
        context = ssl._create_unverified_context()
        context.set_alpn_protocols(["h2"])
        peer = context.wrap_socket(peer)
    received = bytearray()
    while not conversation.complete():
        peer.sendall(conversation.channel.http2.data_to_send())
        data = peer.recv(65536)
        assert data, "the server left"
        received += data
        conversation.channel.receive(data, 0.0)
    (FOLDER / f"{name}.frames").write_bytes(received)


if __name__ == "__main__":
    record(int(sys.argv[1]), sys.argv[2], "--tls" in sys.argv)
