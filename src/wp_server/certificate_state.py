"""The self-made certificate belongs to the state, not to the machine: pins hold on a new one, and on all replicas."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from wp_server import tls
from wp_server.private_file import write_private
from wp_server.store import Store, settings

_CHAIN, _KEY = "tls/chain", "tls/key"


async def bring(store: Store, directory: Path) -> None:
    """Leaves the certificate that the state knows in `directory`, where the listeners look for it."""
    chain, key = await store.read(_kept)
    if not chain or not key:
        return
    files = {directory / tls.KEY_FILE: key, directory / tls.CERTIFICATE_FILE: chain}
    for file, content in files.items():
        if not file.exists() or file.read_bytes() != content:
            write_private(file, content)


async def keep(store: Store, certificate: tls.Certificate) -> tls.Certificate:
    """Has the state know `certificate`, unless another server was faster; returns the one that counts."""
    chain, key = await store.write(_keep, certificate)
    if chain != certificate.chain:
        write_private(certificate.key_file, key)
        write_private(certificate.chain_file, chain)
    return tls.from_files(certificate.chain_file, certificate.key_file)


def _kept(connection: Connection) -> tuple[bytes, bytes]:
    return settings.value(connection, _CHAIN) or b"", settings.value(connection, _KEY) or b""


def _keep(connection: Connection, certificate: tls.Certificate) -> tuple[bytes, bytes]:
    chain, key = _kept(connection)
    if chain and tls.is_fresh(chain):
        return chain, key
    settings.put(connection, _CHAIN, certificate.chain)
    settings.put(connection, _KEY, certificate.key)
    return certificate.chain, certificate.key
