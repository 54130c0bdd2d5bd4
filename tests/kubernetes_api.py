"""The control plane of a real Kubernetes, etcd and the API server, on loopback: enough for whoever only speaks to the
API.

No registry has the API server as a program, so it is used where somebody has built it (`go build
k8s.io/kubernetes/cmd/kube-apiserver`): from PATH, or from the folder that WAYPOINT_TESTS_KUBERNETES names.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.ports import free_port
from tests.wp_entrypoint.fake_server import make_certificate

ADMIN = "admin-token"
START_SECONDS = 180.0
STOP_SECONDS = 20


def program(name: str) -> str | None:
    """Where a program is, or None."""
    path = os.pathsep.join(filter(None, (os.environ.get("WAYPOINT_TESTS_KUBERNETES"), os.environ.get("PATH"))))
    return shutil.which(name, path=path)


class KubernetesApi:
    """A running API server at `host` and `port`; `authority` is the certificate it shows."""

    def __init__(self, etcd: str, apiserver: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="waypoint-kubernetes-")
        self._processes: list[subprocess.Popen[bytes]] = []
        folder = Path(self._folder.name)
        certificate = make_certificate()
        self.authority = certificate.pem
        self.host, self.port = "127.0.0.1", free_port()
        (folder / "tls.crt").write_bytes(certificate.pem)
        (folder / "tls.key").write_bytes(certificate.key)
        key = rsa.generate_private_key(65537, 2048)
        (folder / "accounts.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
            )
        )
        (folder / "tokens.csv").write_text(f'{ADMIN},admin,admin,"system:masters"\n')
        store, peers = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
        try:
            self._start(
                *(etcd, "--data-dir", folder / "etcd"),
                *("--listen-client-urls", store, "--advertise-client-urls", store),
                *("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers),
                *("--initial-cluster", f"default={peers}"),
            )
            self._start(
                *(apiserver, f"--etcd-servers={store}", f"--secure-port={self.port}", f"--bind-address={self.host}"),
                *(f"--tls-cert-file={folder}/tls.crt", f"--tls-private-key-file={folder}/tls.key"),
                *(f"--cert-dir={folder}", f"--token-auth-file={folder}/tokens.csv", "--authorization-mode=RBAC"),
                *(
                    f"--service-account-key-file={folder}/accounts.key",
                    "--service-account-issuer=https://waypoint.test",
                ),
                f"--service-account-signing-key-file={folder}/accounts.key",
                *("--service-cluster-ip-range=10.99.0.0/24", "--endpoint-reconciler-type=none"),
                "--disable-admission-plugins=ServiceAccount",
            )
            self._await()
        except BaseException:
            self.stop()
            raise

    def _start(self, *command: str | Path) -> None:
        log = (Path(self._folder.name) / f"log{len(self._processes)}").open("wb")
        self._processes.append(
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        )
        log.close()

    def _await(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.ask("GET", "/readyz")
                return
            except (OSError, AssertionError) as error:
                ended = [process for process in self._processes if process.poll() is not None]
                if ended or time.monotonic() > deadline:
                    logs = [path.read_text(errors="replace")[-3000:] for path in Path(self._folder.name).glob("log*")]
                    raise AssertionError(f"Kubernetes did not start ({error}): {logs}") from None
                time.sleep(0.1)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer of the API, as JSON or text; AssertionError for a refusal."""
        request = urllib.request.Request(
            f"https://{self.host}:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"},
            method=method,
        )
        context = ssl.create_default_context(cadata=self.authority.decode())
        try:
            with urllib.request.urlopen(request, timeout=60, context=context) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from None
        return json.loads(text) if text.startswith(b"{") else text.decode()

    def token(self, namespace: str, account: str) -> str:
        """A token of a service account, as the kubelet mounts it."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        answer = self.ask("POST", path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
        return str(answer["status"]["token"])

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._folder.cleanup()
