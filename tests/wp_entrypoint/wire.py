"""What lies between an entrypoint and its server, and can break."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.ports import free_port


class Wire:
    """A TCP proxy that can be cut."""

    def __init__(self, target: int, port: int = 0) -> None:
        self._target = target
        self.port = port or free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._frozen = False
        self._dead: set[tuple[socket.socket, socket.socket]] = set()
        self._thawed = threading.Event()
        self._thawed.set()
        self.kept: list[object] = []
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._thawed.wait()
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except ConnectionRefusedError:
                near.close()
                continue
            self.kept.append((near, far))
            self._pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self._frozen or (source, sink) in self._dead or (sink, source) in self._dead:
                    self._dead.add((source, sink))
                    continue
                sink.sendall(data)
        if (source, sink) in self._dead or (sink, source) in self._dead:
            return
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def freeze(self) -> None:
        """Swallow everything and tell nobody, as a router does that has gone: both ends believe in the connection."""
        self._frozen = True
        self._thawed.clear()

    def thaw(self) -> None:
        """Let new connections through; the old ones stay dead."""
        self._pairs.clear()
        self._frozen = False
        self._thawed.set()

    def cut(self) -> int:
        """Break every connection; how many there were."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        return len(pairs)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
