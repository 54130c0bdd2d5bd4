"""How a runner comes by its token: with the server's cookie it asks for adoption, and keeps what it is given in its
state folder (server specification 8.2, 8.3)."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import threading
from pathlib import Path

import grpc

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub

log = logging.getLogger(__name__)

COOKIE_HEADER = "wpcookie"
RETRY_SECONDS = 2.0
"""Pause before the server is asked again that was not there."""
LOOK_SECONDS = 0.2
"""How often a runner that waits for an operator looks whether it shall stop."""


class StateFolder:
    """Id and token of a runner, over its restarts: two files that only their owner may read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def id(self) -> str:
        """Return the stored id, "" if there is none. Raises `OSError`."""
        return self._read("id")

    def token(self) -> str:
        """Return the stored token, "" if there is none. Raises `OSError`."""
        return self._read("token")

    def keep_id(self, runner_id: str) -> None:
        """Store the id. Raises `OSError`."""
        self._write("id", runner_id)

    def keep_token(self, token: str) -> None:
        """Store the token. Raises `OSError`."""
        self._write("token", token)

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_text().strip()
        except FileNotFoundError:
            return ""

    def _write(self, name: str, text: str) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(dir=self.folder, prefix=f".{name}-")  # made with mode 0600
        try:
            with os.fdopen(handle, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(path, self.folder / name)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            raise


def adopted(
    channel: grpc.Channel, metadata: tuple[tuple[str, str | bytes], ...], runner: pb.Runner, stopping: threading.Event
) -> str:
    """Ask the server whether the runner may work, and wait until an operator has decided.

    `metadata` carries the token that the runner has, or else the cookie. Returns the new token, "" when the one at
    hand will do or `stopping` was set. Waits out outages of the server; raises `grpc.RpcError` when it refuses.
    """
    ask = WaypointStub(channel).RunnerToken
    while not stopping.is_set():
        call = ask.future(pb.RunnerTokenRequest(runner=runner), metadata=metadata)
        try:
            while not stopping.is_set():
                with contextlib.suppress(grpc.FutureTimeoutError):
                    return call.result(timeout=LOOK_SECONDS).token
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            log.info("the server is not available, asking again for adoption: %s", error.details())
        finally:
            call.cancel()
        stopping.wait(RETRY_SECONDS)
    return ""
