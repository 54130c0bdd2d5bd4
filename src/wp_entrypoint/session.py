"""The entrypoint's side of the conversation with the server: connect, log in, keep the configuration stream open for
ever, and lend calls to the log shipper and to exec sessions (entrypoint-url.md A7, A8, A17)."""

from __future__ import annotations

from wp_entrypoint import VERSION, grpc
from wp_entrypoint import loop as loops
from wp_entrypoint.frames import ProtocolError
from wp_entrypoint.instance import chance
from wp_entrypoint.transport import Link
from wp_proto.entrypoint import messages
from wp_proto.entrypoint.codec import DecodeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from wp_entrypoint.hpack import Header
    from wp_entrypoint.journal import Journal
    from wp_entrypoint.loop import Loop, Timer
    from wp_entrypoint.settings import Settings

PROTOCOL = 1
"""The one version of the entrypoint's part of the API."""

FEATURES = b"sessions1,sources1"
"""Tells the server that this is not a Go entrypoint: exec sessions may come with every snapshot (A14.9), and values
that the server has read from dynamic sources."""

LONG_RUNNING = messages.InstanceType.LONG_RUNNING
ON_DEMAND = messages.InstanceType.ON_DEMAND
"""An instance that exists for somebody's one session."""

UNARY_TIMEOUT = 10.0
PING_AFTER = 25.0
PING_TIMEOUT = 10.0
"""Seconds of silence, and to the answer, when the server does not send keepalives; it counts pings closer than 20 s as
abuse."""
SILENT_PING_AFTER = 5.8
SILENT_PING_TIMEOUT = 2.2
"""The same when it does, every 5 s: then silence is a sign, and a connection that is dead must be found in 10 s."""
KEEPALIVE_EVERY = 5.0
KEEPALIVE_LOST = 20.0
TICK = 0.5
FIRST_DELAY = 0.5
DELAY_FACTOR = 1.6
LONGEST_DELAY = 8.0
"""However long the server was away, its instances are back in 10 s."""
SLOW_DELAYS = (5.0, 300.0)
"""First and last pause after an answer that will hardly change by itself, such as an unknown deployment."""
HEALTHY_AFTER = 60.0
GOING_AWAY_TIMEOUT = 30.0
"""Seconds that exec sessions may go on over a connection that the server is closing."""
SLOW = (grpc.NOT_FOUND, grpc.PERMISSION_DENIED, grpc.UNIMPLEMENTED, grpc.FAILED_PRECONDITION, grpc.INVALID_ARGUMENT)


class Session:
    """One instance's relation to its server, over any number of connections.

    on_config gets every snapshot; on_failure every reason why there is none at the moment; on_ready says that this
    connection carries the instance, on_gone that it does no more; on_room that more can be written; on_leaving that
    calls which can be ended should be.
    """

    def __init__(
        self,
        loop: Loop,
        journal: Journal,
        settings: Settings,
        instance_id: str,
        on_config: Callable[[messages.EntrypointConfig], None],
        on_failure: Callable[[str], None],
    ) -> None:
        self._loop = loop
        self._journal = journal
        self._settings = settings
        self._on_config = on_config
        self._on_failure = on_failure
        self.instance_id = instance_id
        self.on_ready: list[Callable[[], None]] = []
        self.on_gone: list[Callable[[], None]] = []
        self.on_room: list[Callable[[], None]] = []
        self.on_leaving: list[Callable[[], None]] = []
        self.ready = False
        self.epoch = 0
        self._link: Link | None = None
        self._channel: grpc.Channel | None = None
        self._config_call: grpc.Call | None = None
        self._login_token = ""
        self._exchanged_again = False
        self._keepalives = False
        self._streams: list[grpc.Call] = []
        self._next_address = 0
        self._failures_in_a_row = 0
        self._delay = FIRST_DELAY
        self._slow_delay = SLOW_DELAYS[0]
        self._healthy_since = 0.0
        self._retry: Timer | None = None
        self._last_reason = ""
        self._closed = False
        self._leave_by = 0.0

    # Connecting

    def start(self) -> None:
        """Begin, and go on until close()."""
        self._tick()
        self._keep_alive()
        self._connect()

    def close(self) -> None:
        """Leave, saying goodbye."""
        self._closed = True
        if self._channel is not None and self._link is not None:
            self._channel.http2.close()
            self.flush()
            self._link.close()

    def _connect(self) -> None:
        self._retry = None
        address = self._settings.addresses[self._next_address % len(self._settings.addresses)]
        trust = None
        if self._settings.tls:
            from wp_entrypoint.tls import Trust

            trust = Trust(self._settings.tls_skip_verify, self._settings.authorities)
        self._link = Link(
            self._loop,
            address,
            trust,
            max(UNARY_TIMEOUT, self._settings.connect_timeout),
            self._connected,
            self._received,
            self._lost,
            loopback_only=trust is None and not self._settings.plaintext_told,
        )
        self._link.on_room = self._room
        self._channel = grpc.Channel(
            address.host if address.service else str(address),
            self._settings.tls,
            f"waypoint-entrypoint/{VERSION}",
            self._going_away,
        )

    def _connected(self) -> None:
        assert self._channel is not None
        self._channel.last_heard = loops.now()
        self._unary(messages.GET_VERSION_INFO, messages.Empty().encode(), self._on_version, lambda status: None)
        self._open_config()
        self.flush()

    def _on_version(self, reply: bytes) -> None:
        try:
            info = messages.GetVersionInfoResponse.decode(reply)
        except DecodeError as error:
            self._journal.warn("client", f"the server's version cannot be read: {error}")
            return
        features = info.server_features.features if info.server_features else []
        self._keepalives = messages.ServerFeaturesFeature.FEATURE_INLINE_KEEPALIVES in features
        spoken = info.info.entrypoint if info.info else None
        if spoken is not None and spoken.minimum > PROTOCOL:
            self._journal.error(
                "client",
                f"the server needs entrypoint protocol {spoken.minimum}, this is {PROTOCOL}: rebuild the image",
            )

    def _open_config(self) -> None:
        """Ask for the configuration; before that, if need be, for a login token."""
        self._retry = None
        if self._channel is not None and self._channel.http2.going_away:
            self.reset("the server is going away")
            return
        if self._channel is None:
            self._connect()
            return
        if self._settings.invite_token and not self._login_token:
            invite = messages.ConvertInviteTokenRequest(token=self._settings.invite_token)
            self._unary(messages.CONVERT_INVITE_TOKEN, invite.encode(), self._on_token, self._config_ended)
            self.flush()
            return
        try:
            self._config_call = self._channel.call(
                messages.ENTRYPOINT_CONFIG, self._metadata(streaming=True), self._on_snapshot, self._config_ended
            )
        except ProtocolError as error:
            self._later(str(error), FIRST_DELAY)
            return
        request = messages.EntrypointConfigRequest(
            deployment_id=self._settings.deployment_id,
            instance_id=self.instance_id,
            type=ON_DEMAND if self._settings.exec_oneshot else LONG_RUNNING,
            disable_exec=self._settings.disable_exec,
        )
        self._config_call.send(request.encode())
        self._config_call.half_close()
        self.flush()

    def _on_token(self, reply: bytes) -> None:
        try:
            self._login_token = messages.NewTokenResponse.decode(reply).token
        except DecodeError as error:
            self._config_ended(grpc.Status(grpc.INTERNAL, f"the login token cannot be read: {error}"))
            return
        self._open_config()

    def _unary(
        self,
        path: str,
        request: bytes,
        on_reply: Callable[[bytes], None],
        on_failure: Callable[[grpc.Status], None],
    ) -> None:
        assert self._channel is not None

        def ended(status: grpc.Status) -> None:
            if status.code != grpc.OK:
                on_failure(status)

        try:
            call = self._channel.call(
                path, self._metadata(streaming=False), on_reply, ended, now=loops.now(), timeout=UNARY_TIMEOUT
            )
        except ProtocolError as error:
            on_failure(grpc.Status(grpc.UNAVAILABLE, str(error)))
            return
        call.send(request)
        call.half_close()

    def _metadata(self, streaming: bool) -> list[Header]:
        versions = b"%d,%d" % (PROTOCOL, PROTOCOL)
        headers = [
            (b"client-api-protocol", versions),
            (b"client-entrypoint-protocol", versions),
            (b"client-version", b"v" + VERSION.encode()),
            (b"waypoint-entrypoint-features", FEATURES),
        ]
        if self._login_token:
            token = self._login_token.encode()
            headers += [(b"waypoint-token", token), (b"authorization", token)]
        if streaming:
            headers.append((b"wp-inline-keepalives", b"true"))
        return headers

    # The configuration stream

    def _on_snapshot(self, data: bytes) -> None:
        try:
            config = messages.EntrypointConfigResponse.decode(data).config
        except DecodeError as error:
            self._journal.error("config", f"a snapshot of the configuration cannot be read: {error}")
            return
        if config is None:
            return
        first = not self.ready
        if first:
            self.ready = True
            self.epoch += 1
            self._healthy_since = loops.now()
            self._exchanged_again = False
            self._failures_in_a_row = 0
            if self._last_reason:
                self._journal.info("client", "connected to the server")
                self._last_reason = ""
        self._on_config(config)
        if first:
            for call in self.on_ready:
                call()
        self.flush()

    def _config_ended(self, status: grpc.Status) -> None:
        was_ready = self._not_ready()
        if self._closed:
            return
        if status.code == grpc.UNAUTHENTICATED and self._settings.invite_token and not self._exchanged_again:
            self._login_token = ""
            self._exchanged_again = True
            self._later(str(status), 0.0 if was_ready or self._failures_in_a_row == 0 else FIRST_DELAY)
            return
        if status.code in SLOW or status.code == grpc.UNAUTHENTICATED:
            delay = self._slow_delay * (0.5 + 0.5 * chance())
            self._slow_delay = min(self._slow_delay * 2, SLOW_DELAYS[1])
            self._login_token = "" if status.code == grpc.UNAUTHENTICATED else self._login_token
        else:
            delay = self._next_delay()
        if status.pushback is not None:
            delay = max(delay, status.pushback)
        self._failed(str(status) if status.code != grpc.OK else "the server ended the configuration stream", delay)

    def _not_ready(self) -> bool:
        was_ready, self.ready = self.ready, False
        self._config_call = None
        if was_ready:
            if loops.now() - self._healthy_since >= HEALTHY_AFTER:
                self._delay = FIRST_DELAY
                self._slow_delay = SLOW_DELAYS[0]
            for call in self.on_gone:
                call()
        return was_ready

    def _next_delay(self) -> float:
        """Exponential backoff with full jitter, so that a fleet does not return all at once."""
        delay = self._delay * chance()
        self._delay = min(self._delay * DELAY_FACTOR, LONGEST_DELAY)
        return delay

    def _failed(self, reason: str, delay: float) -> None:
        self._failures_in_a_row += 1
        if reason != self._last_reason:
            self._journal.warn("client", f"no configuration from the server: {reason}; trying again")
            self._last_reason = reason
        self._later(reason, delay)
        if self._failures_in_a_row >= len(self._settings.addresses):
            self._on_failure(reason)

    def _later(self, _reason: str, delay: float) -> None:
        if self._retry is None and not self._closed:
            self._retry = self._loop.after(delay, self._open_config)

    # The connection

    def _received(self, data: bytes) -> None:
        assert self._channel is not None
        channel = self._channel
        try:
            channel.receive(data, loops.now())
        except ProtocolError as error:
            self.flush()
            if self._link is not None:
                self._link.close()
            self._lost(str(error))
            return
        if channel is self._channel:
            self.flush()
            self._room()

    def _going_away(self, reason: str) -> None:
        """The server wants no more calls here: leave when those that carry something are done, come back anew."""
        self._journal.debug("client", f"the server is going away: {reason or 'no reason given'}")
        self._leave_by = loops.now() + GOING_AWAY_TIMEOUT
        for call in self.on_leaving:
            call()
        self._loop.wake(self._leave_if_going_away)

    def _leave_if_going_away(self) -> None:
        if self._channel is None or not self._channel.http2.going_away:
            return
        if all(stream.ended for stream in self._streams) or loops.now() >= self._leave_by:
            self.reset("the server is going away")

    def reset(self, reason: str) -> None:
        """Give up the connection, whatever state it is in, and make a new one."""
        if self._link is not None:
            self._drop(self._link, reason)

    def _drop(self, link: Link, reason: str) -> None:
        if link is self._link:
            link.close()
            self._lost(reason)

    def _lost(self, reason: str) -> None:
        channel, self._channel, self._link = self._channel, None, None
        self._next_address += 1
        config_call = self._config_call
        if config_call is not None:
            config_call.cancel()
        self._not_ready()
        if channel is not None:
            channel.lost(reason)
        self._streams.clear()
        if self._retry is None and not self._closed:
            address = self._settings.addresses[(self._next_address - 1) % len(self._settings.addresses)]
            more = self._failures_in_a_row + 1 < len(self._settings.addresses)
            self._failed(f"{address}: {reason}", 0.0 if more else self._next_delay())

    def flush(self) -> None:
        """Hand to the socket what calls have queued, as far as it keeps up."""
        while self._channel is not None and self._link is not None and self._link.room():
            data = self._channel.http2.data_to_send()
            if not data:
                return
            self._link.write(data)

    def _room(self) -> None:
        self.flush()
        for call in self.on_room:
            call()

    # Calls for others

    def open(
        self,
        path: str,
        on_message: Callable[[bytes], None],
        on_end: Callable[[grpc.Status], None],
        manual_flow: bool = False,
    ) -> grpc.Call | None:
        """A streaming call of this instance, or None while there is no connection that carries it."""
        if self._channel is None or not self.ready:
            return None

        def ended(status: grpc.Status) -> None:
            self._streams = [stream for stream in self._streams if not stream.ended]
            on_end(status)
            self._loop.wake(self._leave_if_going_away)

        try:
            call = self._channel.call(path, self._metadata(streaming=True), on_message, ended, manual_flow=manual_flow)
        except ProtocolError:
            return None
        self._streams.append(call)
        if self._keepalives:
            call.send(grpc.INLINE_KEEPALIVE)
        return call

    # Time

    def _tick(self) -> None:
        self._loop.after(TICK, self._tick)
        channel, link = self._channel, self._link
        if channel is None or link is None or not channel.last_heard:
            return
        moment = loops.now()
        call = self._config_call
        kept_alive = call is not None and call.heard_keepalive
        after, timeout = (SILENT_PING_AFTER, SILENT_PING_TIMEOUT) if kept_alive else (PING_AFTER, PING_TIMEOUT)
        dead = channel.check(moment, after, timeout)
        if dead is None and call is not None and kept_alive and moment - call.last_heard > KEEPALIVE_LOST:
            dead = f"the server has been silent for {KEEPALIVE_LOST:g} s"
        if dead is not None:
            self._drop(link, dead)
        else:
            self.flush()
            self._leave_if_going_away()

    def _keep_alive(self) -> None:
        self._loop.after(KEEPALIVE_EVERY, self._keep_alive)
        if self._keepalives:
            self._streams = [stream for stream in self._streams if not stream.ended]
            for stream in self._streams:
                if not stream.queued():
                    stream.send(grpc.INLINE_KEEPALIVE)
            self.flush()
