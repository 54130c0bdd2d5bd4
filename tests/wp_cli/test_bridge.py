"""Servers whose TLS gRPC's library refuses, as Go Waypoint's is: no HTTP/2 by name, a nameless certificate."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import ssl
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.wp_cli.servers import false_server

from wp_cli.bridge import pump

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


def self_signed(folder: Path, *names: str) -> Path:
    """A certificate with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Waypoint")])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    path = folder / "own.pem"
    path.write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@contextlib.contextmanager
def tls_without_alpn(certificate: Path, target: str) -> Iterator[int]:
    """TLS in front of a server without it; gives the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    host, port = target.rsplit(":", 1)
    ready, found = threading.Event(), []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionRefusedError):
            there, thither = await asyncio.open_connection(host, int(port))
            await asyncio.gather(pump(reader, thither), pump(there, writer))
        writer.close()

    tasks = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(carry(reader, writer)))

    async def serve() -> None:
        stop = asyncio.Event()
        server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
        found.extend([server.sockets[0].getsockname()[1], asyncio.get_running_loop(), stop])
        ready.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(60)
    yield found[0]
    found[1].call_soon_threadsafe(found[2].set)
    thread.join(60)


def server_version(cli: Cli, address: str, *flags: str) -> str:
    said: str = json.loads(cli.ok("version", "-json", f"-server-addr={address}", *flags))["server"]
    return said


@pytest.mark.parametrize("names", [(), ("localhost",)], ids=["nameless", "named"])
def test_any_certificate_or_a_pinned_one_is_enough(cli: Cli, names: tuple[str, ...]) -> None:
    certificate = self_signed(cli.home, *names)
    der = x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(serialization.Encoding.DER)
    with false_server(1, 1) as plain, tls_without_alpn(certificate, plain) as port:
        address = f"127.0.0.1:{port}"
        assert server_version(cli, address, "-server-tls-skip-verify") == "v9.9.9"
        assert server_version(cli, address, f"-server-tls-fingerprint={sha256(der).hexdigest()}") == "v9.9.9"
        said = cli.fails("project", "list", f"-server-addr={address}", f"-server-tls-fingerprint={'0' * 64}")
        assert "shows another certificate than the pinned one" in said


def test_a_trusted_certificate_is_checked_with_its_name(cli: Cli) -> None:
    certificate = self_signed(cli.home, "localhost")
    trusted = f"-server-tls-ca-file={certificate}"
    with false_server(1, 1) as plain, tls_without_alpn(certificate, plain) as port:
        assert server_version(cli, f"localhost:{port}", trusted) == "v9.9.9"
        for address, *flags in ((f"localhost:{port}",), (f"127.0.0.1:{port}", trusted)):
            said = cli.fails("project", "list", f"-server-addr={address}", *flags)
            assert said.startswith(f"! the certificate of the server at {address} (from -server-addr) is not ")


def test_versions_are_compared_and_trouble_is_one_sentence_there_too(cli: Cli) -> None:
    certificate = self_signed(cli.home)
    with false_server(2, 3) as plain, tls_without_alpn(certificate, plain) as port:
        said = cli.fails("project", "list", f"-server-addr=127.0.0.1:{port}", "-server-tls-skip-verify")
        assert "(v9.9.9) is newer than this command line" in said
    with tls_without_alpn(certificate, plain) as port:  # nobody behind it
        said = cli.fails("project", "list", f"-server-addr=127.0.0.1:{port}", "-server-tls-skip-verify")
        assert "does not speak TLS with HTTP/2" in said
