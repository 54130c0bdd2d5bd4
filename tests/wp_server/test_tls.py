"""The certificate: kept, named, given, refused (server.md §1.2)."""

from __future__ import annotations

import asyncio
import socket
import ssl
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from wp_server import app, tls
from wp_server.transport.certificates import LiveCertificate


def test_a_made_certificate_is_kept_and_private(tmp_path):
    first = tls.persisted(tmp_path)
    assert tls.persisted(tmp_path) == first
    assert stat.S_IMODE(first.key_file.stat().st_mode) == 0o600
    assert len(first.fingerprint) == 64


def test_a_made_certificate_carries_the_names_that_clients_ask_for(tmp_path):
    made = tls.persisted(tmp_path, ["waypoint.example.com", "10.1.2.3"])
    extension = x509.load_pem_x509_certificate(made.chain).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    names = set(extension.value.get_values_for_type(x509.DNSName))
    addresses = {str(address) for address in extension.value.get_values_for_type(x509.IPAddress)}
    assert {"waypoint", "localhost", "waypoint.example.com", socket.gethostname()} <= names
    assert {"127.0.0.1", "::1", "10.1.2.3"} <= addresses


def test_a_new_advertised_name_does_not_break_the_pins(tmp_path):
    assert tls.persisted(tmp_path).fingerprint == tls.persisted(tmp_path, ["other.example.com"]).fingerprint


@pytest.mark.parametrize(
    ("chain", "key", "words"),
    [
        (None, b"", "cannot be read"),
        (b"no pem", b"", "no PEM certificate"),
        ("own", b"no pem", "no unencrypted PEM private key"),
        ("own", "other", "does not belong"),
        ("own", "of another kind", "does not belong"),
        ("own", "encrypted", "no unencrypted PEM private key"),
    ],
)
def test_unusable_files_are_refused_with_their_name(tmp_path, chain, key, words):
    for name in ("own", "other"):
        (tmp_path / name).mkdir()
    own, other = tls.persisted(tmp_path / "own"), tls.persisted(tmp_path / "other")
    keys = {
        "other": other.key,
        "of another kind": pem(rsa.generate_private_key(65537, 2048)),
        "encrypted": pem(ec.generate_private_key(ec.SECP256R1()), serialization.BestAvailableEncryption(b"secret")),
    }
    given = {"own": own.chain, None: None}.get(chain, chain)
    if given is not None:
        (tmp_path / "c.pem").write_bytes(given)
    (tmp_path / "k.pem").write_bytes(keys.get(key, key))
    with pytest.raises(tls.CertificateError, match=words):
        tls.from_files(tmp_path / "c.pem", tmp_path / "k.pem")


def pem(key, encryption=serialization.NoEncryption()) -> bytes:  # noqa: B008  # has no state
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


@pytest.mark.parametrize(("days", "fresh"), [(20, False), (40, True)])
@pytest.mark.parametrize("may_sign", [True, False])
def test_a_certificate_is_fresh_for_longer_than_a_month(days, fresh, may_sign):
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "waypoint")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=may_sign, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    assert tls.is_fresh(made.public_bytes(serialization.Encoding.PEM)) is fresh


async def shown(address: str, *, alpn: str = "") -> tuple[str, str | None]:
    """The fingerprint that a listener shows, and the protocol it selects."""
    host, _, port = address.rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([alpn] if alpn else [])
    _, writer = await asyncio.open_connection(host, int(port), ssl=context)
    peer = writer.get_extra_info("ssl_object")
    certificate = x509.load_der_x509_certificate(peer.getpeercert(binary_form=True))
    writer.close()
    return certificate.fingerprint(hashes.SHA256()).hex(), peer.selected_alpn_protocol()


async def test_the_api_selects_http2(server):
    assert await shown(server.grpc_address, alpn="h2") == (server.certificate.fingerprint, "h2")


async def test_given_files_are_served_and_new_ones_replace_them_without_a_restart(settings, tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    given, second = tls.persisted(tmp_path / "first"), tls.persisted(tmp_path / "second")
    async with app.running(replace(settings, tls_cert_file=given.chain_file, tls_key_file=given.key_file)) as server:
        server._live_certificate._interval = 0.05
        for address in (server.grpc_address, server.http_address):
            assert (await shown(address, alpn="h2" if address == server.grpc_address else ""))[0] == given.fingerprint
        given.key_file.write_bytes(second.key)
        given.chain_file.write_bytes(second.chain)
        async with asyncio.timeout(60):
            for address in (server.grpc_address, server.http_address):
                alpn = "h2" if address == server.grpc_address else ""
                while (await shown(address, alpn=alpn))[0] != second.fingerprint:
                    await asyncio.sleep(0.05)


async def test_an_unusable_new_file_leaves_the_old_certificate(settings, tmp_path, caplog):
    (tmp_path / "given").mkdir()
    given = tls.persisted(tmp_path / "given")
    live = LiveCertificate(given, watched=True)
    given.chain_file.write_bytes(b"half written")
    live._refresh()
    assert live.current is given
    assert "stays as it was" in caplog.text
