"""The switch's process: listens on the stable address and relays to the target of the moment.

Started by `control`, it detaches itself and lives until it gets SIGTERM. SIGHUP makes it read its settings again and
write its status. Bytes are passed on unchanged. A connection goes to the target that is current when it arrives; when
the target changes, a connection with nothing under way (see `http1`) goes on with the new target at its next request,
one with a request under way stays until the answer is complete, and one that is not HTTP/1 stays to its end. So no
request is cut or lost, and old targets run empty.

Standard library only; loads everything before it detaches, because the file it came from may be replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import fcntl
import json
import logging
import logging.handlers
import os
import resource
import signal
import socket
import sys
from pathlib import Path

from wp_sdk.switch import files
from wp_sdk.switch.http1 import Exchange

CHUNK = 64 * 1024
"""Bytes taken from a socket at once."""

DIAL_PATIENCE = 5.0
"""Seconds a new connection waits for a target that does not accept yet (an application that is just restarting)."""

DIAL_PAUSE = 0.05
"""Seconds between two attempts to reach a target."""

STOP_PATIENCE = 10.0
"""Seconds that connections with something under way are given after SIGTERM."""

BACKLOG = 1024

LOG_SIZE = 1024 * 1024
"""Bytes of the log; as many of what came before are kept."""

log = logging.getLogger("waypoint.switch")


class _Upstream:
    """One connection to a target."""

    def __init__(self, target: files.Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.target = target
        self.reader = reader
        self.writer = writer
        self.pump: asyncio.Task[None] | None = None

    async def close(self) -> None:
        if self.pump is not None:
            self.pump.cancel()
            await asyncio.gather(self.pump, return_exceptions=True)
        self.writer.close()


class _Connection:
    """One client, and the target it talks to at the moment."""

    def __init__(self, relay: Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._relay = relay
        self._reader = reader
        self._writer = writer
        self._upstream: _Upstream | None = None
        self._exchange = Exchange()

    @property
    def under_way(self) -> bool:
        return self._upstream is not None and not self._exchange.idle

    @property
    def target(self) -> files.Target | None:
        return self._upstream.target if self._upstream is not None else None

    async def run(self) -> None:
        """Relay until one side ends the connection."""
        try:
            await self._dial()
            while chunk := await self._reader.read(CHUNK):
                await self.leave_old_target()
                upstream = self._upstream or await self._dial()
                self._exchange.from_client(chunk)
                upstream.writer.write(chunk)
                await upstream.writer.drain()
            if self._upstream is not None and self._upstream.pump is not None:
                with contextlib.suppress(OSError):
                    self._upstream.writer.write_eof()
                await asyncio.gather(self._upstream.pump, return_exceptions=True)
        except (OSError, TimeoutError) as error:
            log.info("connection ended: %s", error)
        finally:
            if self._upstream is not None:
                await self._upstream.close()
            self._writer.close()

    async def leave_old_target(self) -> None:
        """Give up the connection to an earlier target when nothing is under way on it."""
        upstream = self._upstream
        if upstream is not None and upstream.target != self._relay.target and self._exchange.idle:
            self._upstream = None
            await upstream.close()

    async def _dial(self) -> _Upstream:
        upstream = await _reach(self._relay)
        self._exchange = Exchange()
        self._upstream = upstream
        upstream.pump = asyncio.create_task(self._answers(upstream))
        return upstream

    async def _answers(self, upstream: _Upstream) -> None:
        """Pass on what the target says; ends with the target's end, or at once when the connection moves."""
        try:
            while chunk := await upstream.reader.read(CHUNK):
                self._exchange.from_target(chunk)
                self._writer.write(chunk)
                await self._writer.drain()
                if upstream.target != self._relay.target and self._exchange.idle and self._upstream is upstream:
                    self._upstream = None
                    upstream.writer.close()
                    return
        except OSError as error:
            log.info("target %s: %s", upstream.target.name, error)
            self._writer.transport.abort()
        if self._writer.is_closing():
            return
        if self._exchange.opaque and not self._reader.at_eof():
            with contextlib.suppress(OSError):
                self._writer.write_eof()
        else:
            self._writer.close()


async def _reach(relay: Relay) -> _Upstream:
    """Connect to the target of the moment; waits `DIAL_PATIENCE` for one that does not accept yet."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DIAL_PATIENCE
    reason = "there is no target"
    while True:
        target = relay.target
        if target is not None:
            try:
                reader, writer = await asyncio.open_connection(target.host, target.port, limit=CHUNK)
            except OSError as error:
                reason = f"target {target.name} does not accept: {error}"
            else:
                _no_delay(writer)
                return _Upstream(target, reader, writer)
        if loop.time() > deadline:
            raise TimeoutError(reason)
        await asyncio.sleep(DIAL_PAUSE)


class Relay:
    """All connections of one switch, and where new ones go."""

    def __init__(self, folder: Path, settings: files.Settings) -> None:
        self._folder = folder
        self._settings = settings
        self._connections: dict[_Connection, asyncio.Task[None]] = {}
        self._listening = (settings.host, settings.port)
        self._stop = asyncio.Event()
        self._changes: set[asyncio.Task[None]] = set()
        self.ready = asyncio.Event()

    @property
    def target(self) -> files.Target | None:
        """Where new connections go."""
        return self._settings.target

    async def run(self, listener: socket.socket) -> None:
        """Serve until SIGTERM; then let what is under way finish within `STOP_PATIENCE`."""
        loop = asyncio.get_running_loop()
        self._listening = listener.getsockname()[:2]
        server = await asyncio.start_server(self._accept, sock=listener, limit=CHUNK, backlog=BACKLOG)
        loop.add_signal_handler(signal.SIGHUP, self._settings_changed)
        loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        self._write_status()
        self.ready.set()
        await self._stop.wait()
        server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_PATIENCE):
                await self._all_idle()
        for task in self._connections.values():
            task.cancel()
        await asyncio.gather(*self._connections.values(), return_exceptions=True)

    async def _all_idle(self) -> None:
        while any(each.under_way for each in self._connections):  # noqa: ASYNC110 - asked once, at the very end
            await asyncio.sleep(DIAL_PAUSE)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _no_delay(writer)
        connection = _Connection(self, reader, writer)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("connections are served in tasks")
        self._connections[connection] = task
        try:
            await connection.run()
        finally:
            del self._connections[connection]

    def _settings_changed(self) -> None:
        task = asyncio.create_task(self._apply_settings())
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)

    async def _apply_settings(self) -> None:
        settings = files.read_settings(self._folder)
        if settings is None:
            log.error("%s cannot be read; the target stays as it is", self._folder / files.SETTINGS)
        elif settings.generation >= self._settings.generation:
            self._settings = settings
        for connection in list(self._connections):
            await connection.leave_old_target()
        self._write_status()

    def _write_status(self) -> None:
        draining = [each for each in self._connections if each.under_way and each.target != self.target]
        status = files.Status(
            pid=os.getpid(),
            host=self._listening[0],
            port=self._listening[1],
            generation=self._settings.generation,
            target=self.target,
            connections=len(self._connections),
            draining=len(draining),
        )
        try:
            files.write(self._folder, files.STATUS, status)
        except OSError as error:
            log.warning("the status cannot be written: %s", error)


def _no_delay(writer: asyncio.StreamWriter) -> None:
    connected = writer.get_extra_info("socket")
    if connected is not None and connected.family in {socket.AF_INET, socket.AF_INET6}:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _listen(settings: files.Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _say(**answer: object) -> None:
    """One line for the program that starts the switch; after it nobody listens any more."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.close(null)


def main(argv: list[str]) -> int:
    """Run the switch of the folder `argv[0]`: detach, listen, tell on stdout (one JSON line) whether it worked."""
    folder = Path(argv[0])
    if os.fork():
        return 0
    os.setsid()
    _log_to(folder)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with (folder / files.LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(error="another relay already serves this folder")
            return 1
        settings = files.read_settings(folder)
        if settings is None:
            _say(error=f"{folder / files.SETTINGS} cannot be read")
            return 1
        try:
            listener = _listen(settings)
        except OSError as error:
            _say(error=error.strerror or str(error), errno=error.errno)
            return 1
        if settings.port == 0:
            settings = dataclasses.replace(settings, port=listener.getsockname()[1])
            files.write(folder, files.SETTINGS, settings)
        _allow_many_connections()
        asyncio.run(_serve(folder, settings, listener))
        (folder / files.STATUS).unlink(missing_ok=True)
    return 0


def _log_to(folder: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(folder / files.LOG, maxBytes=LOG_SIZE, backupCount=1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _allow_many_connections() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _serve(folder: Path, settings: files.Settings, listener: socket.socket) -> None:
    relay = Relay(folder, settings)
    serving = asyncio.create_task(relay.run(listener))
    await relay.ready.wait()
    _say(port=listener.getsockname()[1])
    await serving
