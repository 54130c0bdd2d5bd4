"""The server as an operation sees it: plain calls that outlive a short outage."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import grpc
from google.protobuf.message import Message

from wp_proto.waypoint.service_pb2_grpc import WaypointStub

log = logging.getLogger(__name__)

CALL_SECONDS = 30.0
OUTAGE_SECONDS = 60.0
"""How long a call that may be repeated waits for a server that is being restarted."""
LAST_WORDS_SECONDS = 3.0
"""How long a cancelled operation tries to write its final state."""

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)


class Server:
    """Unary calls with a timeout. Raises `grpc.RpcError`."""

    def __init__(self, stub: WaypointStub, outage: float = OUTAGE_SECONDS) -> None:
        self.stub = stub
        self._outage = outage

    def hurried(self) -> Server:
        """The same server for somebody who is leaving: waits only `LAST_WORDS_SECONDS` for it."""
        return Server(self.stub, LAST_WORDS_SECONDS)

    def once(self, method: Callable[..., A], request: Q) -> A:
        """Call a method whose repetition would do something twice (inserts)."""
        return method(request, timeout=CALL_SECONDS)

    def call(self, method: Callable[..., A], request: Q) -> A:
        """Call a method that may be repeated (reads, updates of a known id); waits out an outage of the server."""
        deadline = time.monotonic() + self._outage
        delay = 0.1
        while True:
            try:
                return method(request, timeout=CALL_SECONDS)
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() + delay > deadline:
                    raise
                log.info("the server is not available, trying again: %s", error.details())
            time.sleep(delay)
            delay = min(2 * delay, 4.0)

    def find(self, method: Callable[..., A], request: Q) -> A | None:
        """Like `call`; None when the server answers NotFound."""
        try:
            return self.call(method, request)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise

    def attempt(self, method: Callable[..., A], request: Q) -> A | None:
        """Ask for something the operation can do without; None and a log line when the server does not give it."""
        try:
            return method(request, timeout=CALL_SECONDS)
        except grpc.RpcError as error:
            log.info("the server did not answer an optional question: %s", error.details())
            return None
