"""A real Vault for tests: OpenBao's server, which speaks its API, in memory and on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.ports import free_port

ROOT_TOKEN = "root"
START_SECONDS = 120.0
STOP_SECONDS = 10


def program() -> Path | None:
    """The server's program, from `requirements/engines.txt`; None when it has not been installed."""
    # Not asked of the environment of the tests, which has the libraries of this project: servers have their own.
    found = Path(sys.prefix) / "engines" / "bin" / "bao"
    return found if found.exists() else None


class VaultServer:
    """A running server; `url` is where, `root` may do everything."""

    def __init__(self, program: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        self._home = tempfile.TemporaryDirectory(prefix="waypoint-vault-")
        self._process = subprocess.Popen(
            [
                *(program, "server", "-dev", f"-dev-root-token-id={ROOT_TOKEN}", "-dev-no-store-token"),
                f"-dev-listen-address={self.url.removeprefix('http://')}",
            ],
            env={"PATH": os.environ["PATH"], "HOME": self._home.name},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.ask("GET", "sys/health")
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._log.seek(0)
                    said = self._log.read().decode(errors="replace")
                    self.stop()
                    raise AssertionError(f"OpenBao did not start: {said}") from None
                time.sleep(0.05)

    def ask(self, method: str, path: str, body: object = None, token: str = ROOT_TOKEN) -> Any:
        """The answer of the API, as JSON; AssertionError for a refusal."""
        request = urllib.request.Request(
            f"{self.url}/v1/{path}",
            None if body is None else json.dumps(body).encode(),
            {"X-Vault-Token": token, "X-Vault-Request": "true"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from None

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._home.cleanup()
