"""Opening the connection: TLS, metadata, version negotiation, and one sentence for each way in which it fails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

import grpc
from google.protobuf.empty_pb2 import Empty

from wp_cli.calls import CarryingMetadata, Metadata, calls_on
from wp_cli.endpoint import Endpoint, Trust, host_and_port
from wp_cli.errors import CliError, ConnectionProblem
from wp_cli.version import API_PROTOCOL, CHECKOUT_VERSION, ENTRYPOINT_PROTOCOL, VERSION

if TYPE_CHECKING:
    from ssl import SSLContext

    from wp_cli.bridge import Bridge
    from wp_proto.own.administration_pb2_grpc import AdministrationStub
    from wp_proto.own.queue_pb2_grpc import QueueStub
    from wp_proto.waypoint.api import VersionInfo
    from wp_proto.waypoint.service_pb2_grpc import WaypointStub

CONNECT_TIMEOUT = 10.0  # seconds, for dialling and the first call
KEEPALIVE_MS = 30_000
OWN_SERVICES = "unknown service waypoint.v1."

OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),
)


@dataclass
class Client:
    """An open, negotiated connection. `calls` sends this client's metadata with every call."""

    endpoint: Endpoint
    channel: grpc.Channel
    metadata: Metadata
    bridge: Bridge | None = None
    runner_id: str = ""
    server_version: str = ""
    calls: WaypointStub = field(init=False)

    def __post_init__(self) -> None:
        self.calls = calls_on(self.channel, self._current_metadata)

    @cached_property
    def administration(self) -> AdministrationStub:
        """The calls of our own service about running a server, in the same way."""
        from wp_proto.own.administration_pb2_grpc import AdministrationStub

        return cast("AdministrationStub", CarryingMetadata(AdministrationStub(self.channel), self._current_metadata))

    @cached_property
    def queue(self) -> QueueStub:
        """The calls of our own service about the queue, in the same way."""
        from wp_proto.own.queue_pb2_grpc import QueueStub

        return cast("QueueStub", CarryingMetadata(QueueStub(self.channel), self._current_metadata))

    @property
    def of_go(self) -> bool:
        """Whether the server is Go Waypoint's: its versions begin with 0."""
        return self.server_version.startswith("v0.") and self.server_version != CHECKOUT_VERSION

    def _current_metadata(self) -> Metadata:
        return (*self.metadata, ("waypoint-runner-id", self.runner_id)) if self.runner_id else self.metadata

    def close(self) -> None:
        """Close the channel; calls in flight are cancelled."""
        self.channel.close()
        if self.bridge:
            self.bridge.close()


class NoHttp2(ConnectionProblem):
    """The server speaks TLS, but does not agree on HTTP/2 by name."""


def connect(endpoint: Endpoint, timeout: float = CONNECT_TIMEOUT) -> Client:
    """Connect and negotiate the protocol version. ConnectionProblem if the server cannot be used."""
    try:
        return negotiated(open_client(endpoint, timeout), timeout)
    except NoHttp2:
        host, _ = host_and_port(endpoint.address)
        context = ssl_context(endpoint.trust.roots)
        name = endpoint.trust.name or host
        peer_certificate(endpoint, timeout, context, name)
        return negotiated(bridged(endpoint, context, name, ""), timeout)


def negotiated(client: Client, timeout: float) -> Client:
    """Return the client after its first call, which says what the server speaks. ConnectionProblem: as `connect`."""
    endpoint = client.endpoint
    try:
        info = client.calls.GetVersionInfo(Empty(), timeout=timeout).info
        check_version(info, endpoint)
    except grpc.RpcError as err:
        client.close()
        raise unreachable(client, err, timeout) from err
    except BaseException:
        client.close()
        raise
    client.server_version = info.version
    return client


def metadata_for(endpoint: Endpoint) -> Metadata:
    """Metadata of every call (server specification 1.5)."""
    metadata: Metadata = (
        ("client-api-protocol", "{},{}".format(*API_PROTOCOL)),
        ("client-entrypoint-protocol", "{},{}".format(*ENTRYPOINT_PROTOCOL)),
        ("client-version", VERSION),
    )
    if endpoint.token:
        metadata += (("authorization", endpoint.token), ("waypoint-token", endpoint.token))
    return metadata


def open_client(endpoint: Endpoint, timeout: float) -> Client:
    """Return a client that trusts what the endpoint says and nothing else; it connects when it is used.

    gRPC cannot skip verification. To accept any certificate, or the one with a fingerprint, the certificate is
    fetched first and pinned as the only root, under the first name it carries.
    """
    if not endpoint.tls:
        return Client(endpoint, grpc.insecure_channel(endpoint.address, OPTIONS), metadata_for(endpoint))
    trust: Trust = endpoint.trust
    if not trust.anything and not trust.fingerprint:
        return secured(endpoint, trust.roots or system_roots(), trust.name)
    import hashlib
    import ssl

    host, _ = host_and_port(endpoint.address)
    context = ssl_context(None)
    certificate, http2 = peer_certificate(endpoint, timeout, context, host)
    found = hashlib.sha256(certificate).hexdigest()
    wanted = trust.fingerprint.replace(":", "").lower().removeprefix("sha256")
    if wanted and wanted != found:
        raise ConnectionProblem(
            f"the server at {endpoint.address} shows another certificate than the pinned one (its SHA-256 is {found})",
            do="If the server's certificate was changed on purpose, give the new fingerprint; if not, do not go on.",
        )
    name = trust.name or first_name(certificate)
    if not http2 or not name:
        return bridged(endpoint, context, host, wanted)
    return secured(endpoint, ssl.DER_cert_to_PEM_cert(certificate).encode(), name)


def secured(endpoint: Endpoint, roots: bytes, name: str) -> Client:
    """Return a client with gRPC's own TLS: PEM roots (empty: gRPC's) and the name to expect (empty: the host)."""
    options = (*OPTIONS, ("grpc.ssl_target_name_override", name)) if name else OPTIONS
    channel = grpc.secure_channel(endpoint.address, grpc.ssl_channel_credentials(roots or None), options)
    return Client(endpoint, channel, metadata_for(endpoint))


def bridged(endpoint: Endpoint, context: SSLContext, name: str, fingerprint: str) -> Client:
    """Return a client with TLS of our own, which has to be checked by `context` and, if given, `fingerprint`."""
    from wp_cli.bridge import Bridge

    bridge = Bridge(host_and_port(endpoint.address), context, name, fingerprint)
    channel = grpc.insecure_channel(bridge.target, (*OPTIONS, ("grpc.default_authority", endpoint.address)))
    return Client(endpoint, channel, metadata_for(endpoint), bridge)


def ssl_context(roots: bytes | None) -> SSLContext:
    """Return a context that trusts these PEM roots (empty: the system's), and everything for None."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if roots is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif roots:
        context.load_verify_locations(cadata=roots.decode())
    else:
        context.load_default_certs()
    context.set_alpn_protocols(["h2"])
    return context


def system_roots() -> bytes:
    """Return the PEM certificates that this system trusts; empty if they cannot be found (then gRPC's own are used)."""
    import ssl

    path = ssl.get_default_verify_paths().cafile
    if not path:
        return b""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def peer_certificate(endpoint: Endpoint, timeout: float, context: SSLContext, name: str) -> tuple[bytes, bool]:
    """Fetch the certificate (DER) that the server shows, and whether it agrees on HTTP/2."""
    import socket
    import ssl

    address = host_and_port(endpoint.address)
    try:
        with (
            socket.create_connection(address, timeout) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            certificate, http2 = secure.getpeercert(binary_form=True), secure.selected_alpn_protocol() == "h2"
    except ssl.SSLCertVerificationError as err:
        raise distrusted(endpoint, err.verify_message.lower()) from err
    except ssl.SSLError as err:
        raise ConnectionProblem(
            f"the server at {endpoint.address} (from {endpoint.source}) does not speak TLS: {err.reason or err}",
            do="If it really runs without TLS, switch TLS off for it (-server-tls=false; tls = false in the context).",
        ) from err
    except OSError as err:
        raise cannot_reach(endpoint, err.strerror or str(err)) from err
    if certificate is None:
        raise ConnectionProblem(f"the server at {endpoint.address} shows no certificate")
    return certificate, http2


def first_name(certificate: bytes) -> str:
    """Return a DNS name or address that the certificate (DER) carries, "" if none."""
    from cryptography import x509

    loaded = x509.load_der_x509_certificate(certificate)
    try:
        names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    dns = names.get_values_for_type(x509.DNSName)
    exact = [name for name in dns if not name.startswith("*")]
    wild = [name.replace("*", "waypoint", 1) for name in dns if name.startswith("*")]
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return next(iter(exact + wild + addresses), "")


def check_version(info: VersionInfo, endpoint: Endpoint) -> None:
    """Raise ConnectionProblem if the server's API protocol and ours have no version in common."""
    minimum, current = API_PROTOCOL
    if info.api.current < minimum or info.api.minimum > current:
        newer = "newer" if info.api.minimum > current else "older"
        which = "command line" if newer == "newer" else "server"
        raise ConnectionProblem(
            f"the server at {endpoint.address} ({info.version}) is {newer} than this command line ({VERSION}) "
            f"understands: it speaks API versions {info.api.minimum} to {info.api.current}, "
            f"we speak {minimum} to {current}",
            do=f"Upgrade the {which}.",
        )


def cannot_reach(endpoint: Endpoint, reason: str) -> ConnectionProblem:
    """Error for a server that does not answer."""
    return ConnectionProblem(
        f"cannot reach the server at {endpoint.address} (from {endpoint.source}): {reason[:1].lower()}{reason[1:]}",
        do="Check that it runs and that the address is right; `waypoint context list` shows the stored ones.",
    )


def distrusted(endpoint: Endpoint, reason: str) -> ConnectionProblem:
    """Error for a certificate that the endpoint's trust does not cover; `reason` in lower case."""
    if "has expired" in reason:
        return ConnectionProblem(
            f"the certificate of the server at {endpoint.address} (from {endpoint.source}) has expired",
            do="Whoever runs the server has to renew it.",
        )
    pinned = "is not the one that is pinned for it" if endpoint.trust.roots else "is not trusted"
    return ConnectionProblem(
        f"the certificate of the server at {endpoint.address} (from {endpoint.source}) {pinned}",
        do="Give its fingerprint with -server-tls-fingerprint, its authority with -server-tls-ca-file, or accept "
        "anything with -server-tls-skip-verify.",
    )


def unreachable(client: Client, err: grpc.RpcError, timeout: float) -> CliError:
    """Turn a failed first call into an error in words."""
    endpoint, code, text = client.endpoint, code_of(err), details_of(err)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return cannot_reach(endpoint, f"no answer within {timeout:g} seconds")
    if code is not grpc.StatusCode.UNAVAILABLE or "http2 header with status" in text:
        return explain(err, endpoint)
    lowered = text.lower()
    if "certificate_verify_failed" in lowered or "hostname verification" in lowered or "peer name" in lowered:
        return distrusted(endpoint, lowered)
    if "alpn" in lowered or "wrong_version_number" in lowered or client.bridge:
        problem = NoHttp2 if "alpn" in lowered else ConnectionProblem
        return problem(
            f"the server at {endpoint.address} (from {endpoint.source}) does not speak TLS with HTTP/2",
            do="Check the port; if it really runs without TLS, switch TLS off for it.",
        )
    for known, reason in (("connection refused", "connection refused"), ("dns", "its name cannot be resolved")):
        if known in lowered:
            return cannot_reach(endpoint, reason)
    if not endpoint.tls and ("socket closed" in lowered or "connection reset" in lowered or "eof" in lowered):
        return cannot_reach(endpoint, "it closes the connection, as a server does that wants TLS")
    return cannot_reach(endpoint, text or "unavailable")


def code_of(err: grpc.RpcError) -> grpc.StatusCode:
    """Status code of a failed call.

    A server that closes its listener resets calls it has not looked at yet, with CANCELLED and gRPC's word for it: to
    whom did not cancel anything that is a server that is gone.
    """
    code = err.code() if isinstance(err, grpc.Call) else None
    if code is grpc.StatusCode.CANCELLED and details_of(err) in ("", "CANCELLED"):
        return grpc.StatusCode.UNAVAILABLE
    return code if isinstance(code, grpc.StatusCode) else grpc.StatusCode.UNKNOWN


def details_of(err: grpc.RpcError) -> str:
    """Message of a failed call, without gRPC's decoration."""
    return (err.details() or "") if isinstance(err, grpc.Call) else str(err)


def explain(err: grpc.RpcError, endpoint: Endpoint) -> CliError:
    """Turn a failed call into an error in words: the server's message, and what to do where that is clear."""
    code, text = code_of(err), details_of(err)
    if code is grpc.StatusCode.UNAUTHENTICATED:
        given = f"the token from {endpoint.token_source}" if endpoint.token else "us without a token"
        return CliError(
            f"the server at {endpoint.address} does not accept {given}: {text}",
            do="Set WAYPOINT_SERVER_TOKEN to a valid token, or store one with `waypoint context create`.",
        )
    foreign = re.search(r"Received http2 header with status: (\d+)", text)
    if foreign:
        return cannot_reach(endpoint, f"it answers, but not as a Waypoint server does (HTTP status {foreign[1]})")
    if code is grpc.StatusCode.UNIMPLEMENTED and OWN_SERVICES in text:
        return CliError(
            f"the server at {endpoint.address} cannot do this: only servers of this Waypoint can, not those of Go "
            "Waypoint",
            do="Use a server of this Waypoint, or upgrade it if it is one.",
        )
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return CliError(
            f"the server at {endpoint.address} does not know this operation: {text}", do="Upgrade the server."
        )
    if code is grpc.StatusCode.UNAVAILABLE:
        return cannot_reach(endpoint, f"the connection was lost ({text})")
    if code is grpc.StatusCode.CANCELLED:
        return CliError("operation canceled")
    return CliError(text or code.name.lower().replace("_", " "), details=error_details(err))


def error_details(err: grpc.RpcError) -> tuple[str, ...]:
    """Lines for the key and value pairs that the server attached to a failure (server specification 1.8)."""
    trailers: Sequence[tuple[str, str | bytes]] = (err.trailing_metadata() or ()) if isinstance(err, grpc.Call) else ()
    packed = next((value for key, value in trailers if key == "grpc-status-details-bin"), None)
    if not isinstance(packed, bytes):
        return ()
    from google.rpc.status_pb2 import Status

    from wp_proto.waypoint import api as pb

    lines = []
    for item in Status.FromString(packed).details:
        detail = pb.ErrorDetail()
        if item.Unpack(detail):
            lines.append(f'"{detail.key}": "{detail.value}"')
    return tuple(lines)
