"""The server of Go Waypoint as a process, and its state from one server to another."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty
from tests.ports import free_port

from wp_cli.connect import Client
from wp_proto.waypoint import api as pb

from .go_waypoint import go_waypoint

READY = "starting HTTP server"
DEADLINE = 60.0
PIECE = 1024


class GoServer:
    """Keeps its data in a folder; on the same port again after a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "server.log"
        self._program = go_waypoint().waypoint
        self._ports = free_port(), free_port()
        self.address = f"127.0.0.1:{self._ports[0]}"
        self.start()

    def start(self) -> None:
        environ = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "config"), "PATH": os.environ["PATH"]}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    self._program, "server", "run", "-accept-tos", "-url-enabled=false", "-vv",
                    f"-db={self.folder / 'data.db'}", f"-listen-grpc={self.address}",
                    f"-listen-http=127.0.0.1:{self._ports[1]}",
                ],
                cwd=self.folder, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        end = time.monotonic() + DEADLINE
        while READY not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE)

    def restore(self, client: Client, snapshot: bytes) -> None:
        """Replace its state; it takes up the new one when it is started again, which this does."""
        with contextlib.suppress(grpc.RpcError):  # it ends without an answer
            client.calls.RestoreSnapshot(pieces(snapshot, exits=True))
        client.close()
        self.process.wait(DEADLINE)
        self.start()


@contextlib.contextmanager
def go_server(folder: Path) -> Iterator[GoServer]:
    folder.mkdir(parents=True, exist_ok=True)
    server = GoServer(folder)
    try:
        yield server
    finally:
        server.kill()


def pieces(snapshot: bytes, exits: bool = False) -> Iterator[pb.RestoreSnapshotRequest]:
    yield pb.RestoreSnapshotRequest(open={"exit": exits})
    for begin in range(0, len(snapshot), PIECE):
        yield pb.RestoreSnapshotRequest(chunk=snapshot[begin : begin + PIECE])


def snapshot_of(client: Client) -> bytes:
    return b"".join(answer.chunk for answer in client.calls.CreateSnapshot(Empty()))
