"""A small HTTP client: one request, one answer, bounded in time and size, and no redirects.

A redirect would carry the credentials to wherever the answer points, so it is an error that names the place.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from urllib.parse import urlsplit

from wp_sources.contract import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

TIMEOUT = 5.0
"""Seconds for the connection, and for each wait for bytes."""
WHOLE_TIMEOUT = 10.0
"""Seconds for a whole answer, however slowly it drips."""
MAX_ANSWER = 4 * 1024 * 1024
PIECE = 64 * 1024


class Answer:
    """Status, headers (lower-case names), and body of a response."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """The body as JSON. Raises SourceError."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise SourceError(f"the answer (HTTP status {self.status}) is not JSON") from None


class Client:
    """Requests to one server, each on a connection of its own."""

    def __init__(self, base: str, context: ssl.SSLContext | None = None, server_name: str = "") -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SourceError(f"{base!r} is not the address of a server; write http://HOST:PORT or https://HOST")
        try:
            self._port = parts.port
        except ValueError:
            raise SourceError(f"{base!r} has a port that is no number") from None
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._prefix = parts.path.rstrip("/")
        self._context = context
        self._server_name = server_name
        self.base = base.rstrip("/")
        self.authority = parts.netloc.rpartition("@")[2]

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = TIMEOUT,
    ) -> Answer:
        """Send one request; path begins with a slash. Raises SourceError when there is no answer."""
        connection = self._connection(timeout)
        deadline = time.monotonic() + max(WHOLE_TIMEOUT, timeout)
        try:
            connection.request(method, self._prefix + path, body, dict(headers or {}))
            response = connection.getresponse()
            content = _read(response, deadline, self.base)
        except ssl.SSLCertVerificationError as error:
            raise SourceError(f"{self.base}: the certificate is not trusted: {error.verify_message}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SourceError(f"{self.base}: {_reason(error)}") from error
        finally:
            connection.close()
        if 300 <= response.status < 400 and response.status != 304:
            place = response.headers.get("location", "elsewhere")
            raise SourceError(f"{self.base} redirects to {place}, which is not followed; configure that address")
        return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, content)

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        if not self._secure:
            return http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        context = self._context or tls_context()
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=context)
        if self._server_name:
            return _Named(connection, context, self._server_name)
        return connection


class _Named(http.client.HTTPSConnection):
    """A TLS connection whose certificate must bear another name than the address."""

    def __init__(self, like: http.client.HTTPSConnection, context: ssl.SSLContext, server_name: str) -> None:
        super().__init__(like.host, like.port, timeout=like.timeout, context=context)
        self._wanted = (context, server_name)

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        context, name = self._wanted
        self.sock = context.wrap_socket(self.sock, server_hostname=name)


def tls_context(
    ca_file: str = "",
    ca_path: str = "",
    ca_text: str = "",
    skip_verify: bool = False,
    certificate: str = "",
    key: str = "",
) -> ssl.SSLContext:
    """How to trust: the given roots or the system's, none with skip_verify; certificate and key are files of ours.

    Raises SourceError when a file cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None, capath=ca_path or None, cadata=ca_text or None)
        if skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if certificate:
            context.load_cert_chain(certificate, key or None)
    except (OSError, ValueError) as error:
        raise SourceError(f"the TLS settings cannot be used: {_reason(error)}") from error
    return context


def _read(response: http.client.HTTPResponse, deadline: float, base: str) -> bytes:
    content = bytearray()
    while True:
        piece = response.read1(PIECE)
        if not piece:
            return bytes(content)
        content += piece
        if len(content) > MAX_ANSWER:
            raise SourceError(f"{base}: the answer is larger than {MAX_ANSWER} bytes")
        if time.monotonic() > deadline:
            raise SourceError(f"{base}: the answer does not come to an end")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def text_of(value: object) -> str:
    """A JSON value as the text of a variable: strings as they are, numbers and booleans plain, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return json.dumps(value, separators=(",", ":"), sort_keys=isinstance(value, dict))


def read_file(path: str, what: str) -> str:
    """The stripped text of a file, such as a token. Raises SourceError."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, ValueError) as error:
        raise SourceError(f"{what} {path} cannot be read: {_reason(error)}") from error
