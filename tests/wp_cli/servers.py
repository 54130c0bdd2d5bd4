"""Servers to connect to: the real one as a process, and a false one that answers the first call as a test wants."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
from tests.ports import free_port

from wp_proto.waypoint import api as pb

READY = re.compile(r"gRPC Address: (\S+)")
DEADLINE = 60.0


def lasting_address() -> str:
    """Where a server can be started again: no other one gets the port meanwhile."""
    return f"127.0.0.1:{free_port()}"


class RealServer:
    """`waypoint server run`, or what else runs a server (`program`), in the foreground of its own process."""

    def __init__(
        self, folder: Path, environ: dict[str, str], *flags: str, listen: str = "127.0.0.1:0",
        program: tuple[str, ...] = ("-m", "wp_cli", "server", "run"),
    ) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "server.log"
        command = [sys.executable, *program, f"-db={folder}/data.db", f"-listen-grpc={listen}"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "-listen-http=127.0.0.1:0", "-url-enabled=false", *flags], env=environ, cwd=folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.address = self._wait()

    def _wait(self) -> str:
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            found = READY.search(self.log.read_text())
            if found:
                return found[1]
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)
        raise AssertionError(self.log.read_text())

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(DEADLINE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE)


@contextmanager
def real_server(
    folder: Path, environ: dict[str, str], *flags: str, program: tuple[str, ...] = ("-m", "wp_cli", "server", "run")
) -> Iterator[RealServer]:
    server = RealServer(folder, environ, *flags, program=program)
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def false_server(
    minimum: int, current: int, asked: threading.Event | None = None, answer: threading.Event | None = None
) -> Iterator[str]:
    """A server that speaks the API versions `minimum` to `current`, without TLS; gives its address.

    `asked` is set when the first call comes in; with `answer` the reply waits for that.
    """

    def reply(request: bytes, context: object) -> pb.GetVersionInfoResponse:
        if asked:
            asked.set()
        if answer:
            answer.wait(DEADLINE)
        spoken = pb.VersionInfo.ProtocolVersion(minimum=minimum, current=current)
        return pb.GetVersionInfoResponse(info=pb.VersionInfo(api=spoken, version="v9.9.9"))

    class Handlers(grpc.GenericRpcHandler):
        def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
            return grpc.unary_unary_rpc_method_handler(
                reply, response_serializer=pb.GetVersionInfoResponse.SerializeToString
            )

    server = grpc.server(ThreadPoolExecutor(2), handlers=[Handlers()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()
