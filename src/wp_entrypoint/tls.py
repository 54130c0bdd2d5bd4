"""TLS as a filter between a socket and HTTP/2: bytes in, bytes out.

Uses the interpreter's `_ssl` directly. The public `ssl` module costs 20 ms and 4 MB before the application may start,
all of it for enums and conveniences that a client with one connection does not need; where the private names are
missing, `ssl` is taken after all.
"""

from __future__ import annotations

import _ssl
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ALPN_H2 = b"\x02h2"
CA_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Debian and Alpine, Fedora, SUSE, and OpenSSL itself keep the roots."""

PIN_PREFIX = "sha256:"

WANT = (_ssl.SSLWantReadError, _ssl.SSLWantWriteError)


class TlsError(Exception):
    """The handshake or the stream failed; the text names the cause."""


class Trust:
    """Whom to believe: everybody (skip_verify), the roots in authorities (a PEM file, or PEM text), the one certificate
    whose fingerprint authorities gives (`sha256:HEX`), or, when authorities is empty, the image's own roots."""

    __slots__ = ("authorities", "skip_verify")

    def __init__(self, skip_verify: bool = False, authorities: str = "") -> None:
        self.skip_verify = skip_verify
        self.authorities = authorities


class Session:
    """One TLS client session. Raises TlsError wherever the peer, or the trust in it, fails."""

    def __init__(self, trust: Trust, server_name: str) -> None:
        self._pin = ""
        self._incoming = _ssl.MemoryBIO()
        self._outgoing = _ssl.MemoryBIO()
        self._session = self._open(trust, server_name)
        self.established = False

    def _open(self, trust: Trust, server_name: str) -> Any:
        try:
            context: Any = _ssl._SSLContext(_ssl.PROTOCOL_TLS_CLIENT)
            context._set_alpn_protocols(ALPN_H2)
            wrap = context._wrap_bio
        except (AttributeError, TypeError):
            import ssl

            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.set_alpn_protocols(["h2"])
            wrap = context.wrap_bio
        try:
            context.minimum_version = 0x0303  # TLS 1.2
            self._set_trust(context, trust)
            return wrap(self._incoming, self._outgoing, server_side=False, server_hostname=server_name)
        except (OSError, ValueError) as error:
            raise TlsError(describe(error)) from error

    def _set_trust(self, context: Any, trust: Trust) -> None:
        authorities = trust.authorities.strip()
        if trust.skip_verify or authorities.startswith(PIN_PREFIX):
            context.check_hostname = False
            context.verify_mode = _ssl.CERT_NONE
            if not trust.skip_verify:
                self._pin = authorities[len(PIN_PREFIX) :].replace(":", "").lower()
        elif "-----BEGIN" in authorities:
            context.load_verify_locations(None, None, authorities)
        elif authorities:
            context.load_verify_locations(authorities, None, None)
        else:
            context.set_default_verify_paths()
            _, cafile, _, capath = _ssl.get_default_verify_paths()
            if "SSL_CERT_FILE" not in os.environ and not os.path.exists(cafile) and not os.path.isdir(capath):
                for bundle in CA_BUNDLES:
                    if os.path.exists(bundle):
                        context.load_verify_locations(bundle, None, None)
                        break

    def start(self) -> bytes:
        """The first bytes for the server."""
        self._handshake()
        return self._outgoing.read()

    def receive(self, data: bytes) -> tuple[bytes, bytes]:
        """Take bytes from the socket; returns (what they say, what to answer)."""
        self._incoming.write(data)
        if not self.established:
            self._handshake()
        plain = bytearray()
        try:
            while self.established:
                piece = self._session.read(65536)
                if not piece:
                    break
                plain += piece
        except WANT:
            pass
        except _ssl.SSLZeroReturnError:
            pass  # the socket's own end follows
        except OSError as error:
            raise TlsError(describe(error)) from error
        return bytes(plain), self._outgoing.read()

    def send(self, plain: bytes) -> bytes:
        """The encrypted form of these bytes, for the socket."""
        view = memoryview(plain)
        try:
            while view:
                view = view[self._session.write(view) :]
        except OSError as error:
            raise TlsError(describe(error)) from error
        return self._outgoing.read()

    def _handshake(self) -> None:
        try:
            self._session.do_handshake()
        except WANT:
            return
        except OSError as error:
            raise TlsError(describe(error)) from error
        self.established = True
        if self._pin:
            from hashlib import sha256

            found = sha256(self._session.getpeercert(True)).hexdigest()
            if found != self._pin:
                raise TlsError(f"the server's certificate has the fingerprint sha256:{found}, not the pinned one")


def describe(error: Exception) -> str:
    """The cause of a failure in OpenSSL's words, without its line numbers."""
    text = str(getattr(error, "verify_message", "")) or str(getattr(error, "strerror", "") or error)
    if text.startswith("["):
        text = text.partition("] ")[2]
    return text.partition(" (_ssl.c")[0]
