"""Puts the server together: the only place that knows all its parts.

`running(settings)` is the whole life of a server: it opens the store, listens, and on leaving it ends streams with
UNAVAILABLE (so that runners and entrypoints come back), lets calls finish and closes the store, within ten seconds.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from wp_proto.own import administration_pb2, queue_pb2
from wp_proto.waypoint import api as pb
from wp_proto.waypoint import service_pb2
from wp_server import certificate_state, local, tls
from wp_server.api import catalogue
from wp_server.api.administration import AdministrationHandlers
from wp_server.api.entrypoint import EntrypointHandlers
from wp_server.api.exec import ExecHandlers
from wp_server.api.instances import InstanceHandlers
from wp_server.api.logs import LogHandlers
from wp_server.api.queue import QueueHandlers
from wp_server.api.snapshots import SnapshotHandlers
from wp_server.api.version import VersionHandlers, version_info
from wp_server.auth import Authenticator
from wp_server.durations import parse_duration
from wp_server.gateway import Gateway
from wp_server.jobs import deadlines, leftovers
from wp_server.jobs.departures import Departures
from wp_server.jobs.dispatch import Dispatcher
from wp_server.live import lenient
from wp_server.live.broker import Broker
from wp_server.live.instances import Instances
from wp_server.local_token import keep_token
from wp_server.poll import poller, pruner
from wp_server.settings import Settings, split_address
from wp_server.snapshots import Snapshots
from wp_server.store import Store, keys
from wp_server.store import settings as server_settings
from wp_server.telemetry import tracing
from wp_server.transport import keepalive
from wp_server.transport.certificates import LiveCertificate
from wp_server.transport.listener import Listener, ListenError
from wp_server.transport.pipeline import Handler, Pipeline
from wp_server.transport.services import Health, reflection_handlers
from wp_server.version import version
from wp_server.web.serve import HttpListener
from wp_server.web.site import TlsOnly, site

if TYPE_CHECKING:
    # Only some servers need these, and what they import is much: loaded where the settings ask for them.
    from wp_server import peers
    from wp_server.telemetry.metrics import Metrics

CALL_GRACE = 3.0
"""Seconds that running unary calls get when the server stops, and one more to hear that they are cut off.

HTTP and the store need up to two more each."""

CUT_GRACE = 1.0
CLOSING_TOLD = 0.05
"""Seconds in which gRPC writes to every connection that it closes."""

SERVICE: ServiceDescriptor = service_pb2.DESCRIPTOR.services_by_name["Waypoint"]
ADMINISTRATION: ServiceDescriptor = administration_pb2.DESCRIPTOR.services_by_name["Administration"]
QUEUE: ServiceDescriptor = queue_pb2.DESCRIPTOR.services_by_name["Queue"]
"""Calls of our own."""

log = logging.getLogger(__name__)


class RunningServer:
    """A server between its start and its end."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        snapshots: Snapshots,
        certificate: tls.Certificate,
        links: peers.Links | None,
    ) -> None:
        self.settings = settings
        self.store = store
        self._live_certificate = LiveCertificate(certificate, watched=settings.tls_cert_file is not None)
        self._dispatcher = Dispatcher(store)
        self._departures = Departures(store)
        self.instances = Instances(store.changes)
        self.exec = ExecHandlers(store, self.instances)
        self._broker = Broker(store.changes) if settings.read_sources else None
        self._snapshots = snapshots
        self.exit_asked = asyncio.Event()
        """Set when a restore asks for an end of the process, for its supervisor to start it again."""
        entrypoint = EntrypointHandlers(store, self.instances, self._broker)
        logs = LogHandlers(store, self.instances)
        met: tuple[object, ...] = (entrypoint, self.exec, logs, InstanceHandlers(self.instances))
        if links is not None:
            from wp_server import peers

            met = (peers.RoutedHandlers(store, self.instances, links, entrypoint, self.exec, logs),)
        unwanted = keepalive.Unwanted()
        handlers = rpc_handlers(
            SnapshotHandlers(snapshots, self.exit_asked.set),
            VersionHandlers(version(), unwanted),
            *met,
            *catalogue.handlers(store, self._dispatcher, self._departures, settings.url_domain),
        )
        decoders = {"EntrypointLogStream": lenient.log_batch}
        self.authenticator = Authenticator(store, self.instances.deployment_of)
        self._metrics = _metrics(store, self.instances, self._leads) if settings.listen_metrics else None
        self._tracing = tracing.configured(os.environ, version())
        watches = [watch for watch in (self._metrics, self._tracing) if watch is not None]
        self.pipeline = Pipeline(
            SERVICE, handlers, self.authenticator, decoders=decoders, watches=watches, unwanted=unwanted
        )
        own = {ADMINISTRATION: AdministrationHandlers(store), QUEUE: QueueHandlers(store)}
        self._pipelines = (
            self.pipeline,
            *(
                Pipeline(service, rpc_handlers(served, service=service), self.authenticator, watches=watches)
                for service, served in own.items()
            ),
        )
        self._health = Health(SERVICE.full_name)
        served = (
            *self._pipelines,
            self._health.handler(),
            *reflection_handlers(SERVICE.full_name, *(service.full_name for service in own)),
        )
        self._limits = pruner.Limits(parse_duration(settings.keep_records_for), parse_duration(settings.keep_audit_for))
        self._stopping = False
        ports = local.remembered_ports(settings.data_dir) if settings.local else local.Ports()
        self._grpc = _grpc_listener(settings.listen_grpc, ports.grpc, self._live_certificate, served)
        self._http = _http_listener(settings.listen_http, ports.http, self._live_certificate)
        self._plain_http = (
            HttpListener("listen-http-insecure", settings.listen_http_insecure, None)
            if settings.listen_http_insecure
            else None
        )
        self._metrics_http = (
            HttpListener("listen-metrics", settings.listen_metrics, None) if settings.listen_metrics else None
        )
        gateway_port = ports.gateway or self._grpc.port
        self._gateway = Gateway(self._live_certificate, served, gateway_port, self._moved) if settings.local else None
        self._others = _Others(settings, store, self.instances, links, self.pipeline) if links is not None else None

    @property
    def certificate(self) -> tls.Certificate:
        """What clients are shown now."""
        return self._live_certificate.current

    @property
    def grpc_address(self) -> str:
        """`host:port` of the API."""
        return self._grpc.address

    @property
    def http_address(self) -> str:
        """`host:port` of the UI."""
        return self._http.address

    @property
    def plain_http_address(self) -> str:
        """`host:port` of plain HTTP, empty when it is off."""
        return self._plain_http.address if self._plain_http else ""

    @property
    def metrics_address(self) -> str:
        """`host:port` of the metrics, empty when they are off."""
        return self._metrics_http.address if self._metrics_http else ""

    @property
    def bootstrapped(self) -> bool:
        """Whether the first token was handed out."""
        return self.store.read_now(keys.active_key) is not None

    @property
    def advertised_address(self) -> str:
        """Where entrypoints are told to connect to; empty = nowhere, and then deployments get no entrypoint."""
        advertised = self.store.read_now(server_settings.config).advertise_addrs
        return advertised[0].addr if advertised else ""

    def unready(self) -> str:
        """Returns why calls are not welcome now; empty = they are."""
        return "shutting down" if self._stopping else self.store.trouble()

    async def start(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Accepts calls from now on. Returns the tasks to cancel in the end."""
        await self.store.write(server_settings.prepare)
        if self._others is None:
            await deadlines.take_over(self.store)
        pages = site(self.unready, version(), self._pipelines)
        group.create_task(self._http.serve(pages))
        if self._plain_http:
            group.create_task(self._plain_http.serve(TlsOnly(pages, self._http.port)))
        if self._others is not None:
            await self._others.start()
        if self._metrics_http and self._metrics:
            group.create_task(self._metrics_http.serve(self._metrics.site()))
        await self._grpc.start()
        background = [
            group.create_task(self.pipeline.run()),
            group.create_task(self._live_certificate.run()),
            group.create_task(self._dispatcher.run()),
            group.create_task(self._departures.run()),
            group.create_task(deadlines.run(self.store, self._leads)),
            group.create_task(poller.run(self.store, self._leads)),
            group.create_task(leftovers.run(self.store, self._leads)),
            group.create_task(pruner.Pruner(self.store, self._limits, self._leads).run()),
            group.create_task(self._snapshots.watch(self._restored)),
        ]
        if self._others is not None:
            background += [group.create_task(work) for work in self._others.work()]
        if self.settings.advertise_addr:
            await self._advertise(
                self.settings.advertise_addr, self.settings.advertise_tls, self.settings.advertise_tls_skip_verify
            )
        if self._gateway:
            await keep_token(self.store, self.settings.data_dir / local.TOKEN_FILE)
            await self._gateway.look()
            await self._moved(self._gateway.address)
            background.append(group.create_task(self._gateway.run()))
        await self._health.serving(True)
        return background

    async def drain(self, seconds: float) -> None:
        """Takes no new streams and sends the open ones elsewhere, spread over `seconds`; for other servers to go on."""
        self._stopping = True
        await self._health.serving(False)
        await self.pipeline.drain_over(seconds)

    async def stop(self) -> None:
        """Ends streams with UNAVAILABLE, lets calls finish, closes the listeners."""
        self._stopping = True
        await self._health.serving(False)
        for pipeline in self._pipelines:
            pipeline.turn_away()
        with suppress(TimeoutError):
            async with asyncio.timeout(CALL_GRACE):
                await asyncio.gather(*(pipeline.finished() for pipeline in self._pipelines))
        for pipeline in self._pipelines:
            pipeline.cut()
        closing = asyncio.gather(*(one.stop(CUT_GRACE) for one in (self._grpc, self._gateway) if one))
        # Peers open a stream again as soon as it ends. They must have heard by then that the connection closes: what
        # comes on it later is answered CANCELLED by gRPC, and a Go entrypoint never comes back after that.
        await asyncio.sleep(CLOSING_TOLD)
        for pipeline in self._pipelines:
            pipeline.drain()
        await closing
        if self._others is not None:
            await self._others.stop()
        if self._tracing:
            await asyncio.to_thread(self._tracing.close)
        self.instances.close()
        if self._broker is not None:
            self._broker.close()
        self.abandon()

    def abandon(self) -> None:
        """Gives the HTTP ports back."""
        self._http.stop()
        for listener in (self._plain_http, self._metrics_http):
            if listener:
                listener.stop()
        if self.settings.local:
            local.remove_state(self.settings.data_dir)

    def _leads(self) -> int | None:
        return deadlines.ALONE if self._others is None else self._others.membership.leads()

    def _restored(self) -> None:
        self.pipeline.send_back(but="RestoreSnapshot")

    async def _advertise(self, address: str, with_tls: bool, skip_verify: bool) -> None:
        advertised = pb.ServerConfig.AdvertiseAddr(addr=address, tls=with_tls, tls_skip_verify=skip_verify)
        await self.store.write(server_settings.advertise, advertised)

    async def _moved(self, gateway_address: str) -> None:
        """Tells the machine where the embedded server listens now."""
        directory = self.settings.data_dir
        # Skipping verification is what the entrypoint's environment can say; it cannot carry a pin.
        await self._advertise(gateway_address or self._grpc.address, with_tls=True, skip_verify=True)
        gateway_port = self._gateway.port if self._gateway else 0
        local.remember_ports(directory, local.Ports(self._grpc.port, self._http.port, gateway_port))
        local.write_state(
            directory,
            local.State(
                pid=os.getpid(),
                started=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
                version=version(),
                grpc=self._grpc.address,
                http=self._http.address,
                gateway=gateway_address,
                certificate=str(self.certificate.chain_file),
                fingerprint=self.certificate.fingerprint,
                token_file=str(directory / local.TOKEN_FILE),
            ),
        )


class _Others:
    """What a server has because there are others on its database."""

    def __init__(
        self, settings: Settings, store: Store, instances: Instances, links: peers.Links, pipeline: Pipeline
    ) -> None:
        from wp_server import peers

        self._links = links
        host, port = split_address(settings.listen_peer)
        self._listener = Listener(host, port, links.credentials(), (pipeline,))
        self._presence = peers.Presence(store, instances)
        address = settings.advertise_peer or self._listener.address
        self.membership = peers.Membership(store, address, version(), self._presence.tell_all)

    async def start(self) -> None:
        """Answers the others, and lets them know."""
        await self._listener.start()
        await self.membership.join()

    def work(self) -> list[Coroutine[None, None, None]]:
        """Returns what runs as long as the server does."""
        return [self.membership.run(), self._presence.run()]

    async def stop(self) -> None:
        """Hands everything over."""
        await self.membership.leave()
        await self._listener.stop(0)
        await self._links.close()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[RunningServer]:
    """Starts a server, yields it while it serves, and stops it.

    Errors: StoreError, CertificateError, ListenError, DomainError, each with the sentence to show; OSError.
    """
    async with AsyncExitStack() as stack:
        if settings.local or settings.directory:
            settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        store = Store.open(settings.store_url)
        stack.push_async_callback(store.close)
        snapshots = Snapshots(store, settings.data_dir, version_info(version()), settings.restore_run_queued)
        await snapshots.restore_laid()
        links = await _links(store) if store.shared else None
        server = RunningServer(settings, store, snapshots, await _certificate(settings, store), links)
        stack.callback(server.abandon)
        try:
            async with asyncio.TaskGroup() as group:
                background = await server.start(group)
                try:
                    yield server
                finally:
                    await server.stop()
                    for task in background:
                        task.cancel()
        except BaseExceptionGroup as several:
            # One cause is one error, not a group of one.
            if len(several.exceptions) == 1:
                raise several.exceptions[0] from several.exceptions[0].__cause__
            raise


def rpc_handlers(*parts: object, service: ServiceDescriptor = SERVICE) -> dict[str, Handler]:
    """Returns the methods of `parts` that are named like an RPC, by name. Errors: ValueError when two claim one."""
    found: dict[str, Handler] = {}
    for part in parts:
        for name in set(service.methods_by_name) & set(dir(part)):
            if name in found:
                raise ValueError(f"{name} has two handlers")
            found[name] = getattr(part, name)
    return found


async def _links(store: Store) -> peers.Links:
    from wp_server import peers

    return await peers.Links.open(store)


def _metrics(store: Store, instances: Instances, leads: Callable[[], int | None]) -> Metrics:
    from wp_server.telemetry.metrics import Metrics

    return Metrics(store, instances, version(), leads)


async def _certificate(settings: Settings, store: Store) -> tls.Certificate:
    if settings.tls_cert_file and settings.tls_key_file:
        return tls.from_files(settings.tls_cert_file, settings.tls_key_file)
    advertised = _host(settings.advertise_addr)
    await certificate_state.bring(store, settings.data_dir)
    names = [advertised, local.bridge_address()] if settings.local else [advertised]
    return await certificate_state.keep(store, tls.persisted(settings.data_dir, names))


def _host(address: str) -> str:
    try:
        return split_address(address)[0]
    except ValueError:
        return address


def _grpc_listener(
    address: str, remembered: int, certificate: LiveCertificate, served: tuple[grpc.GenericRpcHandler, ...]
) -> Listener:
    host, port = split_address(address)
    if port == 0 and remembered:
        try:
            return Listener(host, remembered, certificate, served)
        except ListenError as error:
            log.info("taking another port: %s", error)
    return Listener(host, port, certificate, served)


def _http_listener(address: str, remembered: int, certificate: LiveCertificate) -> HttpListener:
    host, port = split_address(address)
    if port == 0 and remembered:
        try:
            return HttpListener("listen-http", f"{host}:{remembered}", certificate)
        except ListenError as error:
            log.info("taking another port: %s", error)
    return HttpListener("listen-http", address, certificate)
