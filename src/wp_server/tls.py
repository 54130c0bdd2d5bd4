"""The server's certificate: given as files, or made once and kept beside the database (server.md §1.2).

A kept certificate carries names, because gRPC clients can pin a certificate but cannot skip its name: they pin it as
root and ask for the name `waypoint`.

The standard library reads what every start looks at; the library that makes certificates is imported when one is made.
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wp_server.private_file import write_private

PINNED_NAME = "waypoint"
"""The name every self-made certificate carries; clients that pin it ask for this one."""
RENEW_BEFORE = 30 * 24 * 3600.0
"""Seconds."""
CERTIFICATE_FILE = "tls-cert.pem"
KEY_FILE = "tls-key.pem"

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_MISMATCHES = ("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED")
"""OpenSSL's words for a key that is not the certificate's: of the same kind, and of another one."""


class CertificateError(Exception):
    """A given certificate or key cannot be used; the message says which file and why."""


@dataclass(frozen=True)
class Certificate:
    """A certificate chain and its key, PEM."""

    chain: bytes
    key: bytes
    chain_file: Path
    key_file: Path

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the leaf certificate (DER), lower-case hexadecimal."""
        return hashlib.sha256(_leaf(self.chain)).hexdigest()


def from_files(chain_file: Path, key_file: Path) -> Certificate:
    """Returns the pair of the given PEM files. Errors: CertificateError."""
    chain, key = _read(chain_file, "certificate"), _read(key_file, "key")
    try:
        _decoded(chain)
    except ValueError as error:
        raise CertificateError(
            f"{chain_file} holds no PEM certificate: give the chain file to -tls-cert-file."
        ) from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain_file, key_file, _no_password)
    except ssl.SSLError as error:
        if error.reason in _MISMATCHES:
            raise CertificateError(
                f"The key in {key_file} does not belong to the certificate in {chain_file}."
            ) from error
        if error.library == "SSL" and error.reason:
            raise CertificateError(f"{chain_file} cannot be served: {error.reason}.") from error
        raise CertificateError(f"{key_file} holds no unencrypted PEM private key: give it to -tls-key-file.") from error
    if (chain, key) != (_read(chain_file, "certificate"), _read(key_file, "key")):
        raise CertificateError(f"{chain_file} and {key_file} are just being replaced.")
    return Certificate(chain, key, chain_file, key_file)


def persisted(directory: Path, extra_names: Iterable[str] = ()) -> Certificate:
    """Returns the certificate kept in `directory`; makes it when there is none, or when it expires soon.

    A missing entry of `extra_names` makes no new certificate: pins of clients and contexts would break.
    """
    chain_file, key_file = directory / CERTIFICATE_FILE, directory / KEY_FILE
    if chain_file.exists() and key_file.exists():
        kept = from_files(chain_file, key_file)
        if is_fresh(kept.chain):
            return kept
    from wp_server import self_signed

    chain, key = self_signed.made(PINNED_NAME, ["localhost", socket.gethostname(), "127.0.0.1", "::1", *extra_names])
    # The key first: a crash in between leaves no certificate without its key.
    write_private(key_file, key)
    write_private(chain_file, chain)
    return Certificate(chain, key, chain_file, key_file)


def is_fresh(chain: bytes) -> bool:
    """Returns whether a certificate (PEM) is good for more than a month."""
    return _expiry(chain) - time.time() > RENEW_BEFORE


def warning(chain: bytes) -> str:
    """Returns what is to be said of a certificate (PEM) that has expired, or will within a month; empty: nothing."""
    expiry = _expiry(chain)
    day = time.strftime("%Y-%m-%d", time.gmtime(expiry))
    if expiry <= time.time():
        return f"It expired on {day}: clients refuse it. Renew it."
    return "" if is_fresh(chain) else f"It expires on {day}. Renew it."


def for_peers() -> tuple[bytes, bytes]:
    """Returns a new certificate and key (PEM) that servers show each other, on either side."""
    from wp_server import self_signed

    return self_signed.made(PINNED_NAME, for_clients=True)


def _leaf(chain: bytes) -> bytes:
    """Returns the first certificate of a chain, DER. Errors: ValueError."""
    block = _BLOCK.search(chain)
    if block is None:
        raise ValueError("no certificate")
    return ssl.PEM_cert_to_DER_cert(block[0].decode("ascii"))


def _decoded(chain: bytes) -> ssl.SSLContext:
    """Returns a context that trusts the first certificate of a chain. Errors: ValueError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=_leaf(chain))
    except ssl.SSLError as error:
        raise ValueError(error.reason) from error
    return context


def _expiry(chain: bytes) -> float:
    """Returns when the first certificate of a chain expires, in seconds since 1970. Errors: ValueError."""
    found = _decoded(chain).get_ca_certs()
    if found:
        return ssl.cert_time_to_seconds(str(found[0]["notAfter"]))
    # Not one of ours: those may sign, and only such does the standard library show.
    from wp_server import self_signed

    return self_signed.expiry(chain)


def _no_password() -> str:
    """Without this OpenSSL would ask at the terminal for that of an encrypted key."""
    return ""


def _read(file: Path, what: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CertificateError(f"The TLS {what} file {file} cannot be read: {error.strerror}.") from error
