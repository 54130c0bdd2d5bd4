"""A runner's presence on the server: one `RunnerConfig` stream, opened again whenever it ends (server specification
8.4)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

import grpc

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub

log = logging.getLogger(__name__)

RETRY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
TRANSIENT = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


class Registration:
    """Thread-safe. Online means: the server has answered on the stream that is open now.

    `configure` gets every configuration the server sends for this runner, before the runner counts as online.
    """

    def __init__(
        self, stub: WaypointStub, runner: pb.Runner, configure: Callable[[pb.RunnerConfig], None] = lambda _config: None
    ) -> None:
        self._configure = configure
        self._stub = stub
        self._runner = runner
        self._changed = threading.Condition()
        self._online = False
        self._error: grpc.RpcError | None = None
        self._stopping = threading.Event()
        self._call: grpc._CallIterator[pb.RunnerConfigResponse] | None = None
        self._thread = threading.Thread(target=self._keep, name="runner-registration", daemon=True)

    def start(self, timeout: float) -> None:
        """Register; returns when the server has accepted the runner.

        Raises `grpc.RpcError` when refused or out of reach.
        """
        self._thread.start()
        deadline = time.monotonic() + timeout
        with self._changed:
            while not self._online:
                error = self._error
                left = deadline - time.monotonic()
                if error is not None and (error.code() not in TRANSIENT or left <= 0):
                    self._stopping.set()
                    raise error
                if left <= 0 and error is None:
                    self._stopping.set()
                    if self._call is not None:
                        self._call.cancel()
                    self._changed.wait_for(lambda: self._error is not None, 1.0)
                    raise self._error or TimeoutError("the server did not accept the runner in time")
                self._changed.wait(max(0.01, left))

    def wait_online(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the registration to be in force; says whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._online, timeout)

    def stop(self) -> None:
        """Deregister and wait for the stream to end."""
        self._stopping.set()
        with self._changed:
            call = self._call
        if call is not None:
            call.cancel()
        if self._thread.ident is not None:
            self._thread.join()

    def _requests(self, ended: threading.Event) -> Iterator[pb.RunnerConfigRequest]:
        yield pb.RunnerConfigRequest(open=pb.RunnerConfigRequest.Open(runner=self._runner))
        ended.wait()  # half-closing would end the registration

    def _keep(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            ended = threading.Event()
            call = self._stub.RunnerConfig(self._requests(ended))
            with self._changed:
                self._call = call
            if self._stopping.is_set():
                call.cancel()
            try:
                for response in call:
                    failures = 0
                    self._configure(response.config)
                    with self._changed:
                        self._online = True
                        self._error = None
                        self._changed.notify_all()
            except grpc.RpcError as error:
                with self._changed:
                    self._error = error
                if not self._stopping.is_set():
                    log.info("the registration ended: %s %s", error.code(), error.details())
            finally:
                ended.set()
            with self._changed:
                self._online = False
                self._changed.notify_all()
            self._stopping.wait(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
            failures += 1
