"""The connection to a Docker engine: where it is, how we talk to it, and its failures in one sentence each.

`client_config` when given, else the environment (DOCKER_HOST, DOCKER_API_VERSION, DOCKER_CERT_PATH,
DOCKER_TLS_VERIFY), else the docker program's current context, else the local socket (plugins specification 1.1). The
API version is negotiated. docker-py does the talking; requests that stream for long go through `Engine.stream`, which
has no time-out but ends at once when the operation is cancelled.
"""

from __future__ import annotations

import base64
import codecs
import contextlib
import errno
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias
from urllib.parse import urlsplit

import docker
import docker.context
import docker.errors
import docker.tls
import docker.utils
import requests
import urllib3.exceptions
from docker.utils.json_stream import json_stream

from wp_plugins.docker.ssh import SshTunnel
from wp_sdk.component import Context, PluginError
from wp_sdk.schema import attr

REQUEST_TIMEOUT = 60
"""Seconds for one ordinary request to the engine."""

DEFAULT_SOCKET = "unix:///var/run/docker.sock"

Json: TypeAlias = dict[str, Any]
"""A JSON object as the engine's API gives it; read with `text_at` and the like, not passed on."""


@dataclass(frozen=True)
class ClientConfig:
    """Which engine to use; when this block is there the environment is ignored."""

    host: str = attr(doc="Address of the engine: unix:///…, tcp://host:port or ssh://user@host", default="")
    cert_path: str = attr(doc="Folder with ca.pem, cert.pem and key.pem", default="")
    api_version: str = attr(doc="API version to speak; negotiated when left out", default="")


@dataclass(frozen=True)
class _Address:
    host: str
    api_version: str
    tls: docker.tls.TLSConfig | None
    source: str


class Engine:
    """A connected engine. Use it as a context manager."""

    def __init__(self, api: docker.APIClient, address: str, tunnel: SshTunnel | None = None) -> None:
        self.api = api
        self.address = address
        self.on_layer: Callable[[str], None] = lambda _layer: None
        """Called with the id of every layer that a build makes, when it is made."""
        self._tunnel = tunnel

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.api.close()
        if self._tunnel is not None:
            self._tunnel.close()

    @property
    def published_host(self) -> str:
        """The host under which published ports can be reached from here."""
        parts = urlsplit(self.address)
        if parts.scheme in {"tcp", "ssh", "http", "https"} and parts.hostname:
            return parts.hostname
        return "127.0.0.1"

    @property
    def prefers_buildkit(self) -> bool:
        """True when the engine's default builder is BuildKit."""
        answer = self.api.get(self.api._url("/_ping", versioned_api=False), timeout=REQUEST_TIMEOUT)
        return bool(answer.headers.get("Builder-Version") == "2")

    def inspect_image(self, name: str) -> Json | None:
        """The image's description; None when the engine does not have it."""
        try:
            found: Json = self.api.inspect_image(name)
        except docker.errors.NotFound:
            return None
        return found

    def inspect_container(self, name: str) -> Json | None:
        """The container's description; None when there is none of that name or id."""
        try:
            found: Json = self.api.inspect_container(name)
        except docker.errors.NotFound:
            return None
        return found

    def stream(
        self,
        ctx: Context,
        path: str,
        *,
        params: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        body: IO[bytes] | None = None,
    ) -> Iterator[Json]:
        """POST and yield the JSON objects of the answer as they come. A cancelled operation closes the connection,
        which makes the engine stop what it does. Raises docker.errors.APIError when the request is refused."""
        url = self.api._url(path)
        response = _until_cancelled(
            ctx,
            lambda: self.api.post(
                url, params=list(params), headers=dict(headers), data=body, stream=True, timeout=None
            ),
        )
        with response, ctx.on_cancel(lambda: _hang_up(response)):
            self.api._raise_for_status(response)
            try:
                yield from json_stream(_text(response))
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError):
                ctx.raise_if_cancelled()
                raise
        ctx.raise_if_cancelled()

    def stop_container(self, ctx: Context, container: str, patience: int) -> None:
        """Ask a container to end, and kill it after `patience` seconds; nothing happens when it is gone. A cancelled
        operation does not wait for its end."""
        url = self.api._url("/containers/{0}/stop", container)
        response = _until_cancelled(ctx, lambda: self.api.post(url, params={"t": patience}, timeout=None))
        if response.status_code != 404:
            self.api._raise_for_status(response)

    def path_in_container(self, container: str, path: str) -> Json | None:
        """Stat of a path in a container that need not run (`linkTarget` for a link); None when it is not there."""
        response = self.api.head(
            self.api._url("/containers/{0}/archive", container), params={"path": path}, timeout=REQUEST_TIMEOUT
        )
        if response.status_code == 404:
            return None
        self.api._raise_for_status(response)
        stat: Json = json.loads(base64.b64decode(response.headers["X-Docker-Container-Path-Stat"]))
        return stat


def connect(config: ClientConfig | None = None, environment: Mapping[str, str] = os.environ) -> Engine:
    """Connect and agree on an API version.

    Raises PluginError saying how to start the engine, or which group to join, when that is why it cannot be reached.
    """
    address = _address(config, environment)
    tunnel = SshTunnel(address.host) if address.host.startswith("ssh://") else None
    try:
        with failures(address.host, tunnel):
            api = docker.APIClient(
                base_url=tunnel.url if tunnel is not None else address.host,
                version=address.api_version or "auto",
                timeout=REQUEST_TIMEOUT,
                tls=address.tls or False,
            )
            if address.api_version:
                api.ping()
    except BaseException:
        if tunnel is not None:
            tunnel.close()
        raise
    return Engine(api, address.host, tunnel)


@contextmanager
def failures(address: str, tunnel: SshTunnel | None = None) -> Iterator[None]:
    """Turn failures to reach the engine, and refusals that nobody expected, into one sentence each."""
    try:
        yield
    except docker.errors.APIError as error:
        raise PluginError(f"The Docker engine refused a request: {said(error)}", where=address) from error
    except (docker.errors.DockerException, requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _unreachable(address, error, tunnel.complaint() if tunnel is not None else "") from error


def said(error: docker.errors.APIError) -> str:
    """What the engine said when it refused, without the HTTP around it."""
    text = str(error.explanation or error).strip()
    return text.removeprefix("Error response from daemon: ")


def _address(config: ClientConfig | None, environment: Mapping[str, str]) -> _Address:
    if config is not None:
        tls = _tls(config.cert_path, verify=True) if config.cert_path else None
        return _Address(config.host or DEFAULT_SOCKET, config.api_version, tls, "client_config")
    version = environment.get("DOCKER_API_VERSION", "")
    host = environment.get("DOCKER_HOST", "")
    if not host:
        return _from_docker_context(version)
    verify = environment.get("DOCKER_TLS_VERIFY", "") != ""
    folder = environment.get("DOCKER_CERT_PATH", "")
    if verify and not folder:
        folder = str(Path(environment.get("HOME", "~")).expanduser() / ".docker")
    return _Address(host, version, _tls(folder, verify) if folder else None, "DOCKER_HOST")


def _from_docker_context(version: str) -> _Address:
    try:
        current = docker.context.ContextAPI.get_current_context()
    except docker.errors.DockerException as error:
        raise PluginError(
            f"The docker program's current context cannot be read: {error}", do="Choose one with `docker context use`"
        ) from error
    if current is None or current.name == "default" or not current.Host:
        return _Address(DEFAULT_SOCKET, version, None, "the default")
    return _Address(current.Host, version, current.TLSConfig, f"the docker context {current.name}")


def _tls(folder: str, verify: bool) -> docker.tls.TLSConfig:
    path = Path(folder)
    try:
        return docker.tls.TLSConfig(
            client_cert=(str(path / "cert.pem"), str(path / "key.pem")),
            ca_cert=str(path / "ca.pem") if verify else None,
            verify=verify,
        )
    except docker.errors.TLSParameterError as error:
        raise PluginError(
            "The certificates for the Docker engine cannot be read",
            where=folder,
            do="Put ca.pem, cert.pem and key.pem there, or correct cert_path (DOCKER_CERT_PATH)",
        ) from error


def _unreachable(address: str, error: BaseException, complaint: str) -> PluginError:
    number = _errno(error)
    path = urlsplit(address).path if address.startswith("unix:") else ""
    if path and number in {errno.EACCES, errno.EPERM}:
        return PluginError(
            "You have no permission on the Docker engine's socket",
            where=path,
            do=f"Join the group that owns it (`sudo usermod -aG {_group(path)} $USER`, then log in again)",
        )
    if path and number in {errno.ENOENT, errno.ECONNREFUSED, errno.ENOTSOCK}:
        return PluginError(
            "The Docker engine is not running",
            where=path,
            do="Start it (`sudo systemctl start docker`, or Docker Desktop), or set DOCKER_HOST to another one",
        )
    reason = complaint or (os.strerror(number) if number else str(error).strip().splitlines()[0])
    return PluginError(
        f"The Docker engine cannot be reached ({reason})",
        where=address,
        do="Start it there, or correct the address (DOCKER_HOST, client_config, or `docker context use`)",
    )


def _group(path: str) -> str:
    with contextlib.suppress(OSError, KeyError):
        return Path(path).group()
    return "docker"


def _errno(error: BaseException | None) -> int:
    """The system's error number behind an exception of requests, looked for in its arguments and causes."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        if (
            isinstance(current, OSError)
            and isinstance(current.errno, int)
            and not isinstance(current, requests.RequestException)
        ):
            return current.errno
        waiting += [current.__cause__, current.__context__, getattr(current, "reason", None)]
        waiting += [each for each in current.args if isinstance(each, BaseException)]
    return 0


def _text(response: requests.Response) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for chunk in response.raw.stream(16384, decode_content=True):
        yield decoder.decode(chunk)


def _until_cancelled(ctx: Context, post: Callable[[], requests.Response]) -> requests.Response:
    """What `post` returns. The engine may say nothing for minutes (it waits for a registry): a cancelled operation does
    not wait with it, and the answer is hung up on when it comes."""
    finished = threading.Event()
    outcome: list[requests.Response] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            response = post()
        except BaseException as error:  # handed to the caller
            failure.append(error)
        else:
            outcome.append(response)
            if ctx.cancelled():
                response.close()
        finished.set()

    threading.Thread(target=run, name="docker-request", daemon=True).start()
    with ctx.on_cancel(finished.set):
        finished.wait()
    ctx.raise_if_cancelled()
    if failure:
        raise failure[0]
    return outcome[0]


def _hang_up(response: requests.Response) -> None:
    """End a streaming answer from another thread: a reader that waits for the next bytes wakes up."""
    connection = getattr(response.raw, "connection", None)
    connected = getattr(connection, "sock", None)
    if isinstance(connected, socket.socket):
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)
    else:
        response.close()
