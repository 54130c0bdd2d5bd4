"""A Waypoint server as far as entrypoints need one: real grpcio, real stubs, real TLS, and everything observable."""

from __future__ import annotations

import datetime
import ipaddress
import itertools
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf import empty_pb2
from tests.ports import free_port

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointServicer, add_WaypointServicer_to_server

INVITE = "invite-token"
LOGIN = "login-token"
DEPLOYMENT = "01DEPLOYMENT"
KEEPALIVE = pb.EntrypointConfigResponse.FromString(b"\x82\x90\xbc\xfd\x02\x10inline_keepalive")


@dataclass
class Certificate:
    """A self-signed certificate for loopback."""

    key: bytes
    pem: bytes
    fingerprint: str


def make_certificate(host: str = "127.0.0.1") -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Waypoint")])
    today = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(host))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Certificate(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        certificate.public_bytes(serialization.Encoding.PEM),
        certificate.fingerprint(hashes.SHA256()).hex(),
    )


@dataclass
class ExecSession:
    """One exec session as the server sees it: put responses in, take requests out."""

    index: int
    to_entrypoint: queue.Queue[pb.EntrypointExecResponse | None] = field(default_factory=queue.Queue)
    from_entrypoint: queue.Queue[pb.EntrypointExecRequest | None] = field(default_factory=queue.Queue)
    opened: threading.Event = field(default_factory=threading.Event)


class FakeServer(WaypointServicer):
    """Serves until stop(). What entrypoints said is in lines, metadata, instances; what they are told is set by
    set_config() and exec()."""

    def __init__(
        self, certificate: Certificate | None, port: int = 0, features: bool = True, host: str = "127.0.0.1"
    ) -> None:
        self.certificate = certificate
        self.features = features
        self.changed = threading.Condition()
        self.config = pb.EntrypointConfig()
        self.version = 0
        self.epoch = 0
        self.instances: dict[str, int] = {}
        self.types: dict[str, int] = {}
        self.lines: list[pb.LogBatch.Entry] = []
        self.metadata: list[tuple[str, dict[str, str]]] = []
        self.config_error: tuple[grpc.StatusCode, str] | None = None
        self.token_error: tuple[grpc.StatusCode, str] | None = None
        self.log_error: tuple[grpc.StatusCode, str] | None = None
        self.on_log_batch: Callable[[pb.EntrypointLogBatch], None] = lambda batch: None
        self.first_config_delay = 0.0
        self.keepalive_every = 5.0  # as real servers do; a stream that falls silent after the first counts as dead
        self.reading_exec = threading.Event()
        self.reading_exec.set()
        self.sessions: dict[int, ExecSession] = {}
        self._indexes = itertools.count(1 << 20)
        self.stopping = False
        self._server = grpc.server(
            futures.ThreadPoolExecutor(120),
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.http2.min_ping_interval_without_data_ms", 5000),
                ("grpc.max_receive_message_length", 32 << 20),
            ],
        )
        add_WaypointServicer_to_server(self, self._server)
        self.port = port or free_port()
        address = f"{host}:{self.port}"
        if certificate is None:
            self._server.add_insecure_port(address)
        else:
            credentials = grpc.ssl_server_credentials([(certificate.key, certificate.pem)])
            self._server.add_secure_port(address, credentials)
        self._server.start()

    def go_away(self, grace: float) -> threading.Event:
        """Announce the end to the connections (GOAWAY), let calls go on for a while; the event says they are over."""
        return self._server.stop(grace)

    def stop(self, grace: float | None = None) -> None:
        with self.changed:
            self.stopping = True
            self.changed.notify_all()
        for session in self.sessions.values():
            session.to_entrypoint.put(None)
        self._server.stop(grace).wait()

    # What a test tells entrypoints

    def set_config(self, **variables: str) -> None:
        """Replace the environment variables of the configuration."""
        config = pb.EntrypointConfig(
            env_vars=[pb.ConfigVar(name=name, static=value) for name, value in variables.items()]
        )
        with self.changed:
            config.exec.extend(self.config.exec)
            self._set(config)

    def set_whole_config(self, config: pb.EntrypointConfig) -> None:
        with self.changed:
            self._set(config)

    def _set(self, config: pb.EntrypointConfig) -> None:
        self.config = config
        self.version += 1
        self.changed.notify_all()

    def exec(self, *args: str, pty: pb.ExecStreamRequest.PTY | None = None) -> ExecSession:
        """Ask the instances to run a command."""
        session = ExecSession(next(self._indexes))
        self.sessions[session.index] = session
        with self.changed:
            config = pb.EntrypointConfig()
            config.CopyFrom(self.config)
            config.exec.append(pb.EntrypointConfig.Exec(index=session.index, args=args, pty=pty))
            self._set(config)
        return session

    def keepalives(self, every: float) -> None:
        """Say this often on configuration streams that this server is still here."""
        self.keepalive_every = every

    def end_streams(self) -> None:
        """End every configuration stream as UNAVAILABLE, once."""
        with self.changed:
            self.epoch += 1
            self.changed.notify_all()

    # What a test waits for

    def wait(self, condition: Callable[[], bool], timeout: float = 60) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, timeout), "the server did not see what it waited for"

    def app_lines(self) -> list[str]:
        return [entry.line for entry in self.lines if entry.source == pb.LogBatch.Entry.APP]

    def own_lines(self) -> list[str]:
        return [entry.line for entry in self.lines if entry.source == pb.LogBatch.Entry.ENTRYPOINT]

    # The service

    def _note(self, method: str, context: grpc.ServicerContext) -> dict[str, str]:
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        with self.changed:
            self.metadata.append((method, metadata))
            self.changed.notify_all()
        if method not in {"GetVersionInfo", "ConvertInviteToken"} and metadata.get("waypoint-token") != LOGIN:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "Authorization token is not supplied")
        return metadata

    def GetVersionInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> pb.GetVersionInfoResponse:
        self._note("GetVersionInfo", context)
        one = pb.VersionInfo.ProtocolVersion(current=1, minimum=1)
        reply = pb.GetVersionInfoResponse(info=pb.VersionInfo(api=one, entrypoint=one, version="v1.0.0"))
        if self.features:
            reply.server_features.features.append(pb.ServerFeatures.FEATURE_INLINE_KEEPALIVES)
        return reply

    def ConvertInviteToken(
        self, request: pb.ConvertInviteTokenRequest, context: grpc.ServicerContext
    ) -> pb.NewTokenResponse:
        self._note("ConvertInviteToken", context)
        if self.token_error is not None:
            context.abort(*self.token_error)
        if request.token != INVITE:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token is not known")
        return pb.NewTokenResponse(token=LOGIN)

    def EntrypointConfig(
        self, request: pb.EntrypointConfigRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.EntrypointConfigResponse]:
        metadata = self._note("EntrypointConfig", context)
        if self.config_error is not None:
            context.abort(*self.config_error)
        if request.deployment_id != DEPLOYMENT:
            context.abort(grpc.StatusCode.NOT_FOUND, "deployment not found")
        if self.first_config_delay:
            threading.Event().wait(self.first_config_delay)
        with self.changed:
            epoch = self.epoch
            self.types[request.instance_id] = request.type
            self.instances[request.instance_id] = self.instances.get(request.instance_id, 0) + 1
            self.changed.notify_all()
        context.add_callback(self._wake)
        keepalives = metadata.get("wp-inline-keepalives") == "true"
        if keepalives:
            yield KEEPALIVE
        sent = -1

        def news() -> bool:
            return self.stopping or epoch != self.epoch or sent != self.version or not context.is_active()

        while context.is_active():
            with self.changed:
                quiet = not self.changed.wait_for(news, self.keepalive_every)
                if self.stopping or epoch != self.epoch:
                    break
                anew, sent, config = sent != self.version, self.version, self.config
            if anew:
                yield pb.EntrypointConfigResponse(config=config)
            elif quiet and keepalives:
                yield KEEPALIVE
        context.abort(grpc.StatusCode.UNAVAILABLE, "the server is stopping")

    def _wake(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def EntrypointLogStream(
        self, request_iterator: Iterator[pb.EntrypointLogBatch], context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        self._note("EntrypointLogStream", context)
        if self.log_error is not None:
            context.abort(*self.log_error)
        for batch in request_iterator:
            if not batch.instance_id and not batch.lines:
                continue
            self.on_log_batch(batch)
            with self.changed:
                assert batch.instance_id in self.instances
                self.lines.extend(batch.lines)
                self.changed.notify_all()
        return empty_pb2.Empty()

    def EntrypointExecStream(
        self, request_iterator: Iterator[pb.EntrypointExecRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.EntrypointExecResponse]:
        self._note("EntrypointExecStream", context)
        opening = next(request for request in request_iterator if request.WhichOneof("event"))
        session = self.sessions.get(opening.open.index)
        if session is None:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such session")
            return
        session.opened.set()

        def receive() -> None:
            try:
                for request in request_iterator:
                    self.reading_exec.wait(60)
                    if request.WhichOneof("event"):
                        session.from_entrypoint.put(request)
            except grpc.RpcError:
                pass
            finally:
                session.from_entrypoint.put(None)
                session.to_entrypoint.put(None)

        threading.Thread(target=receive, daemon=True).start()
        yield pb.EntrypointExecResponse(opened=True)
        while (response := session.to_entrypoint.get()) is not None:
            yield response


def write_certificate(certificate: Certificate, folder: Path) -> Path:
    path = folder / "ca.pem"
    path.write_bytes(certificate.pem)
    return path
