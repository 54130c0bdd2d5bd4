"""ConfigMaps and Secrets of a cluster, after
https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/, and a pod's service account."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from .standin import Request, StandIn


class Cluster(StandIn):
    """Objects by (kind, namespace, name); secrets may be out of reach."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(certificate)
        self.objects: dict[tuple[str, str, str], dict[str, str]] = {}
        self.token = "token-1"
        self.forbidden: set[str] = set()

    def mount(self, folder: Path, authority: bytes, namespace: str = "shop") -> Path:
        """Write what the kubelet mounts into a pod."""
        (folder / "token").write_text(self.token)
        (folder / "namespace").write_text(namespace)
        (folder / "ca.crt").write_bytes(authority)
        return folder

    def answer(self, request: Request) -> tuple[object, ...]:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return 401, {"kind": "Status", "code": 401}
        found = re.fullmatch(r"/api/v1/namespaces/([^/]+)/(configmaps|secrets)/([^/]+)", request.path)
        if found is None:
            return 404, {"kind": "Status", "code": 404}
        namespace, kind, name = found.groups()
        if kind in self.forbidden:
            return 403, {"kind": "Status", "reason": "Forbidden", "code": 403}
        values = self.objects.get((kind, namespace, name))
        if values is None:
            return 404, {"kind": "Status", "reason": "NotFound", "code": 404}
        if kind == "secrets":
            values = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        return 200, {"kind": kind, "metadata": {"name": name, "namespace": namespace}, "data": values}
