"""The server's certificate: given as files, or made once and kept beside the database (server.md §1.2).

A kept certificate carries names, because gRPC clients can pin a certificate but cannot skip its name: they pin it as
root and ask for the name `waypoint`.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wp_server.private_file import write_private

PINNED_NAME = "waypoint"
"""The name every self-made certificate carries; clients that pin it ask for this one."""
LIFETIME = timedelta(days=3650)
RENEW_BEFORE = timedelta(days=30)
CERTIFICATE_FILE = "tls-cert.pem"
KEY_FILE = "tls-key.pem"


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
        return x509.load_pem_x509_certificate(self.chain).fingerprint(hashes.SHA256()).hex()


def from_files(chain_file: Path, key_file: Path) -> Certificate:
    """Returns the pair of the given PEM files. Errors: CertificateError."""
    chain, key = _read(chain_file, "certificate"), _read(key_file, "key")
    try:
        leaf = x509.load_pem_x509_certificate(chain)
    except ValueError as error:
        raise CertificateError(
            f"{chain_file} holds no PEM certificate: give the chain file to -tls-cert-file."
        ) from error
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise CertificateError(f"{key_file} holds no unencrypted PEM private key: give it to -tls-key-file.") from error
    if _public(leaf.public_key()) != _public(private.public_key()):
        raise CertificateError(f"The key in {key_file} does not belong to the certificate in {chain_file}.")
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
    chain, key = _self_signed([PINNED_NAME, "localhost", socket.gethostname(), "127.0.0.1", "::1", *extra_names])
    # The key first: a crash in between leaves no certificate without its key.
    write_private(key_file, key)
    write_private(chain_file, chain)
    return Certificate(chain, key, chain_file, key_file)


def is_fresh(chain: bytes) -> bool:
    """Returns whether a certificate (PEM) is good for more than a month."""
    leaf = x509.load_pem_x509_certificate(chain)
    return leaf.not_valid_after_utc - datetime.now(UTC) > RENEW_BEFORE


def for_peers() -> tuple[bytes, bytes]:
    """Returns a new certificate and key (PEM) that servers show each other, on either side."""
    return _self_signed([PINNED_NAME], ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


def _self_signed(names: Iterable[str], *usages: x509.ObjectIdentifier) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Waypoint"),
            x509.NameAttribute(NameOID.COMMON_NAME, PINNED_NAME),
        ]
    )
    now = datetime.now(UTC)
    alternatives = [_alternative(name) for name in dict.fromkeys(names) if name]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage(usages or [ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _public(key: object) -> bytes:
    if not hasattr(key, "public_bytes"):
        return b""
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded


def _read(file: Path, what: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CertificateError(f"The TLS {what} file {file} cannot be read: {error.strerror}.") from error
