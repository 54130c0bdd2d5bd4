"""The certificate while the server runs: given files are watched, and new ones serve new connections at once.

Open connections keep theirs. A pair that cannot be used is reported once, and the old one stays.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import grpc

from wp_server import tls
from wp_server.tls import Certificate, CertificateError

INTERVAL = 2.0
"""Seconds between two looks at the files."""

log = logging.getLogger(__name__)

_Stamps = tuple[int, int, int, int]


class LiveCertificate:
    """The present certificate of all listeners."""

    def __init__(self, certificate: Certificate, *, watched: bool, interval: float = INTERVAL) -> None:
        self.current = certificate
        self._watched = watched
        self._interval = interval
        self._stamps = self._look()
        self._followers: list[Callable[[Certificate], None]] = []
        self._warn()

    def follow(self, follower: Callable[[Certificate], None]) -> None:
        """Calls `follower` with every new certificate."""
        self._followers.append(follower)

    def credentials(self) -> grpc.ServerCredentials:
        """Returns gRPC credentials that present what is current at each handshake."""
        presented = self.current

        def fetch() -> grpc.ServerCertificateConfiguration | None:
            # Called by gRPC's own threads; None keeps what was presented last.
            nonlocal presented
            if presented is self.current:
                return None
            presented = self.current
            return _configuration(presented)

        return grpc.dynamic_ssl_server_credentials(
            _configuration(presented),
            fetch,  # type: ignore[arg-type]  # the stub does not know that None is allowed
        )

    async def run(self) -> None:
        """Watches the files until cancelled."""
        while self._watched:
            await asyncio.sleep(self._interval)
            self._refresh()

    def _refresh(self) -> None:
        stamps = self._look()
        if stamps is None or stamps == self._stamps:
            return
        self._stamps = stamps
        try:
            self.current = tls.from_files(self.current.chain_file, self.current.key_file)
        except CertificateError as error:
            log.warning("%s The certificate stays as it was.", error)
            return
        log.warning("serving the new certificate of %s", self.current.chain_file)
        self._warn()
        for follower in self._followers:
            follower(self.current)

    def _warn(self) -> None:
        said = tls.warning(self.current.chain) if self._watched else ""
        if said:
            log.warning("the certificate in %s: %s", self.current.chain_file, said)

    def _look(self) -> _Stamps | None:
        try:
            chain, key = self.current.chain_file.stat(), self.current.key_file.stat()
        except OSError:
            # In the middle of being replaced.
            return None
        return chain.st_mtime_ns, chain.st_ino, key.st_mtime_ns, key.st_ino


def _configuration(certificate: Certificate) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(certificate.key, certificate.chain)])
