"""The certificate: kept, named, given, refused (server.md §1.2)."""

from __future__ import annotations

import asyncio
import socket
import ssl
import stat
from dataclasses import replace

import pytest
from cryptography import x509

from wp_server import app, tls


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
    ],
)
def test_unusable_files_are_refused_with_their_name(tmp_path, chain, key, words):
    for name in ("own", "other"):
        (tmp_path / name).mkdir()
    own, other = tls.persisted(tmp_path / "own"), tls.persisted(tmp_path / "other")
    given = {"own": own.chain, None: None}.get(chain, chain)
    if given is not None:
        (tmp_path / "c.pem").write_bytes(given)
    (tmp_path / "k.pem").write_bytes(other.key if key == "other" else key)
    with pytest.raises(tls.CertificateError, match=words):
        tls.from_files(tmp_path / "c.pem", tmp_path / "k.pem")


async def test_given_files_are_served_on_both_listeners(settings, tmp_path):
    (tmp_path / "given").mkdir()
    given = tls.persisted(tmp_path / "given")
    async with app.running(replace(settings, tls_cert_file=given.chain_file, tls_key_file=given.key_file)) as server:
        for address in (server.grpc_address, server.http_address):
            host, _, port = address.rpartition(":")
            context = ssl.create_default_context(cafile=str(given.chain_file))
            context.set_alpn_protocols(["h2", "http/1.1"])
            _, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname="waypoint")
            chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
            assert chosen == ("h2" if address == server.grpc_address else chosen)
            writer.close()
