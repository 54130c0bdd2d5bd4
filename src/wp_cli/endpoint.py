"""Which server a command talks to: the context, then the environment, then the flags (CLI specification 2.7 and 3).

A token belongs to the address it was given with: it is never sent to an address that came from somewhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wp_cli.context import Context, ContextStore, Server
from wp_cli.errors import CliError

DEFAULT_PORT = 9701
NO_CONTEXT = "-"
NOBODY = "-"  # as a token: authenticate as nobody

ENV_TRUE = frozenset({"1", "t", "true"})
ENV_FALSE = frozenset({"0", "f", "false"})


@dataclass(frozen=True)
class Trust:
    """What makes a certificate acceptable. Without any of these the system's certificates decide."""

    anything: bool = False
    fingerprint: str = ""  # SHA-256, hexadecimal, colons allowed
    roots: bytes = b""  # PEM
    name: str = ""  # the name the certificate must carry, if not the host of the address


@dataclass(frozen=True)
class Endpoint:
    """A server to connect to; `source` and `token_source` say in words where address and token are from."""

    address: str
    tls: bool
    trust: Trust = Trust()
    token: str = ""
    source: str = ""
    token_source: str = ""
    platform: str = ""


@dataclass(frozen=True)
class Wanted:
    """What flags say about the connection."""

    address: str = ""
    tls: bool = True
    skip_verify: bool = False
    fingerprint: str = ""
    ca_file: str = ""
    context: str = ""


def context_in_use(store: ContextStore, wanted: Wanted) -> tuple[str, Context | None]:
    """Return name and content of the context that applies, ("", None) if none does.

    CliError if it is named but missing.
    """
    if wanted.context == NO_CONTEXT:
        return "", None
    name = wanted.context or store.default_name()
    return (name, store.load(name)) if name else ("", None)


def resolve(store: ContextStore, wanted: Wanted, environ: Mapping[str, str]) -> Endpoint | None:
    """Return the configured server, None if no address is configured anywhere. CliError for contradictions."""
    from_flag, from_env = wanted.address, environ.get("WAYPOINT_SERVER_ADDR", "")
    name, context = "", None
    if not (from_flag or from_env) or wanted.context:
        name, context = context_in_use(store, wanted)
    if from_flag:
        address, tls, skip, source = from_flag, wanted.tls, wanted.skip_verify, "-server-addr"
    elif from_env:
        address, source = from_env, "WAYPOINT_SERVER_ADDR"
        tls = env_bool("WAYPOINT_SERVER_TLS", environ)
        skip = env_bool("WAYPOINT_SERVER_TLS_SKIP_VERIFY", environ)
    elif context is not None:
        server = context.server
        address, tls, skip, source = server.address, server.tls, server.tls_skip_verify, f"context {name!r}"
        if not address:
            raise CliError(
                f"context {name!r} has no server address", do="Write it anew with `waypoint context create`."
            )
    else:
        return None
    address = with_port(address)
    trust = Trust(skip, wanted.fingerprint, read_roots(wanted.ca_file))
    token, token_source = token_for(address, from_env, name, context, environ)
    if context is not None and source.startswith("context") and context.server.require_auth and not token:
        raise CliError(
            f"the server of {source} wants a token and there is none",
            do="Set WAYPOINT_SERVER_TOKEN, or store the token with `waypoint context create -server-auth-token`.",
        )
    platform = context.server.platform if context and source.startswith("context") else ""
    return Endpoint(address, tls, trust, "" if token == NOBODY else token, source, token_source, platform)


def server_of(endpoint: Endpoint, token: str) -> Server:
    """Return what a context stores of a connection, with a token."""
    skip = endpoint.trust.anything or bool(endpoint.trust.fingerprint)
    return Server(
        address=endpoint.address, tls=endpoint.tls, tls_skip_verify=skip, require_auth=True, auth_token=token,
        platform=endpoint.platform or "n/a",
    )  # fmt: skip


def token_for(
    address: str, env_address: str, name: str, context: Context | None, environ: Mapping[str, str]
) -> tuple[str, str]:
    """Return the token that may be sent to `address`, and where it is from; ("", "") if there is none."""
    token = environ.get("WAYPOINT_SERVER_TOKEN", "")
    if token and (not env_address or with_port(env_address) == address):
        return token, "WAYPOINT_SERVER_TOKEN"
    if context and context.server.auth_token and with_port(context.server.address) == address:
        return context.server.auth_token, f"context {name!r}"
    return "", ""


def with_port(address: str) -> str:
    """`host:port` of an address, with the default port if it has none. CliError for a URL."""
    if "://" in address or "/" in address:
        raise CliError(f"{address!r} is not a server address", do="Write host:port, without scheme and path.")
    if address.startswith("["):
        return address if "]:" in address else f"{address}:{DEFAULT_PORT}"
    if address.count(":") > 1:
        return f"[{address}]:{DEFAULT_PORT}"
    host, colon, port = address.partition(":")
    if colon and not (port.isdigit() and 0 < int(port) < 65536):
        raise CliError(f"{address!r} is not a server address: {port!r} is no port", do="Write host:port.")
    return address if colon else f"{host}:{DEFAULT_PORT}"


def host_and_port(address: str) -> tuple[str, int]:
    """Split what `with_port` returns."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def env_bool(name: str, environ: Mapping[str, str]) -> bool:
    """Value of a bool variable that must be understood; false if unset."""
    word = environ.get(name, "").lower()
    if word in ENV_TRUE:
        return True
    if not word or word in ENV_FALSE:
        return False
    raise CliError(f"{name} is {environ[name]!r}, which is neither true nor false", do="Use 1 or 0.")


def read_roots(path: str) -> bytes:
    """Content of the -server-tls-ca-file."""
    if not path:
        return b""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as err:
        raise CliError(f"cannot read the certificates in {path}: {err.strerror}") from None
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise CliError(f"{path} holds no PEM certificate")
    return content
