"""A connection to the server: name look-up, TCP, TLS, and the bytes in both directions, all in the event loop."""

from __future__ import annotations

import _socket
import _thread
import errno
import os

from wp_entrypoint import loop as loops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from wp_entrypoint.loop import Loop, Timer
    from wp_entrypoint.settings import Address
    from wp_entrypoint.tls import Session, Trust

READ_SIZE = 64 * 1024
MAX_OUTGOING = 256 * 1024
"""Bytes held for the socket; above it room() says no and the data stay in their streams."""

TOLD = "set WAYPOINT_SERVER_TLS to 1, or to 0 if that is meant"


class Link:
    """One connection, from the first look-up to its end. on_lost is called once, unless close() was. With loopback_only
    other addresses that the name may have are passed over."""

    def __init__(
        self,
        loop: Loop,
        address: Address,
        trust: Trust | None,
        timeout: float,
        on_ready: Callable[[], None],
        on_bytes: Callable[[bytes], None],
        on_lost: Callable[[str], None],
        loopback_only: bool = False,
    ) -> None:
        self._loop = loop
        self._address = address
        self._trust = trust
        self._on_ready = on_ready
        self._on_bytes = on_bytes
        self._on_lost = on_lost
        self._loopback_only = loopback_only
        self._socket: _socket.socket | None = None
        self._tls: Session | None = None
        self._outgoing = bytearray()
        self._buffer = bytearray(READ_SIZE)  # what is read is copied out of it, so that no large piece is ever shrunk
        self._candidates: list[Any] = []
        self._server_name = address.host
        self._error = "no address"
        self._closed = False
        self._ready = False
        self._timer: Timer | None = loop.after(timeout, self._too_slow)
        self.on_room: Callable[[], None] | None = None
        self._look_up()

    # Connecting

    def _look_up(self) -> None:
        host = self._address.host.encode("utf-8", "surrogateescape")
        if self._address.service:
            self._in_a_thread(self._look_up_service, host)
            return
        try:
            found = _socket.getaddrinfo(host, self._address.port, 0, _socket.SOCK_STREAM, 0, _socket.AI_NUMERICHOST)
        except OSError:
            self._in_a_thread(self._look_up_name, host)
            return
        self._candidates = found
        self._loop.wake(self._next_candidate)

    def _in_a_thread(self, look_up: Callable[[bytes], None], host: bytes) -> None:
        try:
            _thread.start_new_thread(look_up, (host,))
        except RuntimeError:
            look_up(host)  # no further thread is allowed here

    def _look_up_service(self, name: bytes) -> None:
        from wp_entrypoint.srv import look_up

        found = []
        try:
            for host, port in look_up(name):
                try:
                    addresses = _socket.getaddrinfo(host, port, 0, _socket.SOCK_STREAM)
                except (OSError, ValueError) as error:
                    self._error = "a target's name cannot be resolved: %s" % (getattr(error, "strerror", None) or error)
                else:
                    target = os.fsdecode(host)
                    found += [(*entry[:3], target, entry[4]) for entry in addresses]  # whom to expect there
        except OSError as error:
            self._error = "the name cannot be resolved: %s" % (error.strerror or error)
        self._candidates = found
        self._loop.wake(self._next_candidate)

    def _look_up_name(self, host: bytes) -> None:
        # A resolver may block for a long time, so it gets a thread; names travel as bytes, which spares the IDNA codec.
        try:
            self._candidates = _socket.getaddrinfo(host, self._address.port, 0, _socket.SOCK_STREAM)
        except (OSError, ValueError) as error:
            self._error = "the name cannot be resolved: %s" % (getattr(error, "strerror", None) or error)
        self._loop.wake(self._next_candidate)

    def _next_candidate(self) -> None:
        if self._closed:
            return
        if not self._candidates:
            self._lose(self._error)
            return
        family, kind, protocol, target, address = self._candidates.pop(0)
        self._server_name = target or self._address.host
        if self._loopback_only and not is_loopback(address[0]):
            self._error = f"{address[0]} would be reached without encryption; {TOLD}"
            self._next_candidate()
            return
        try:
            self._socket = _socket.socket(family, kind, protocol)
            self._socket.setblocking(False)
            self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            status = self._socket.connect_ex(address)
        except OSError as error:
            self._candidate_failed(error.errno or 0)
            return
        if status not in (0, errno.EINPROGRESS):
            self._candidate_failed(status)
            return
        self._loop.watch(self._socket.fileno(), loops.WRITE, self._on_connected)

    def _candidate_failed(self, number: int) -> None:
        self._error = os.strerror(number)
        self._drop_socket()
        self._next_candidate()

    def _on_connected(self, _events: int) -> None:
        assert self._socket is not None
        status = self._socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
        if status:
            self._candidate_failed(status)
            return
        self._loop.watch(self._socket.fileno(), loops.READ, self._on_events)
        if self._trust is None:
            self._became_ready()
            return
        from wp_entrypoint.tls import Session, TlsError

        try:
            self._tls = Session(self._trust, self._server_name)
            self._outgoing += self._tls.start()
        except TlsError as error:
            self._lose(f"TLS: {error}")
            return
        self._flush()

    def _became_ready(self) -> None:
        self._ready = True
        if self._timer is not None:
            self._timer.cancel()
        self._on_ready()

    def _too_slow(self) -> None:
        self._lose("no connection in time" if self._tls is None else "no TLS handshake in time")

    # Bytes

    def room(self) -> bool:
        """Whether the socket keeps up; when not, on_room is called as soon as it does."""
        return len(self._outgoing) < MAX_OUTGOING

    def write(self, data: bytes) -> None:
        """Send bytes; they wait here while the socket is full."""
        if self._closed:
            return
        if self._tls is not None:
            from wp_entrypoint.tls import TlsError

            try:
                data = self._tls.send(data)
            except TlsError as error:
                self._lose(f"TLS: {error}")
                return
        self._outgoing += data
        self._flush()

    def _flush(self) -> None:
        if self._socket is None:
            return
        try:
            while self._outgoing:
                del self._outgoing[: self._socket.send(self._outgoing)]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self._lose(error.strerror or str(error))
            return
        events = loops.READ | loops.WRITE if self._outgoing else loops.READ
        self._loop.watch(self._socket.fileno(), events, self._on_events)

    def _on_events(self, events: int) -> None:
        if events & loops.WRITE:
            self._flush()
            if not self._closed and self.room() and self.on_room is not None:
                self.on_room()
        if self._closed or self._socket is None or not events & (loops.READ | loops.CLOSED):
            return
        try:
            data = bytes(memoryview(self._buffer)[: self._socket.recv_into(self._buffer)])
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error.strerror or str(error))
            return
        if not data:
            self._lose("the server closed the connection")
            return
        if self._tls is None:
            self._on_bytes(data)
            return
        self._receive_tls(self._tls, data)

    def _receive_tls(self, tls: Session, data: bytes) -> None:
        from wp_entrypoint.tls import TlsError

        before = tls.established
        try:
            plain, answer = tls.receive(data)
        except TlsError as error:
            self._lose(f"TLS: {error}")
            return
        self._outgoing += answer
        if answer:
            self._flush()
        if tls.established and not before and not self._closed:
            self._became_ready()
        if plain and not self._closed:
            self._on_bytes(plain)

    # The end

    def _lose(self, reason: str) -> None:
        if not self._closed:
            self.close()
            self._on_lost(reason)

    def close(self) -> None:
        """Drop the connection without a word to anybody."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._drop_socket()

    def _drop_socket(self) -> None:
        if self._socket is not None:
            self._loop.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None


def is_loopback(address: str) -> bool:
    """Whether what is sent to this numeric address stays on the machine."""
    return address.startswith("127.") or address == "::1" or address.startswith("::ffff:127.")
