"""ConfigMaps, Secrets and Services of a cluster, after
https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/ and
https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/, a pod's service account, and the
configuration of kubectl."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

from .standin import Request, StandIn


class Cluster(StandIn):
    """Objects by (kind, namespace, name); secrets may be out of reach."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(certificate)
        self.objects: dict[tuple[str, str, str], dict[str, str]] = {}
        self.services: dict[tuple[str, str], list[dict[str, object]]] = {}
        """Spec and status by (namespace, name), one after the other as they are asked for; the last one stays."""
        self.token = "token-1"
        self.forbidden: set[str] = set()

    def mount(self, folder: Path, authority: bytes, namespace: str = "shop") -> Path:
        """Write what the kubelet mounts into a pod."""
        (folder / "token").write_text(self.token)
        (folder / "namespace").write_text(namespace)
        (folder / "ca.crt").write_bytes(authority)
        return folder

    def kubeconfig(self, file: Path, authority: bytes, namespace: str) -> Path:
        """Write what kubectl would use."""
        server = {"server": self.url, "certificate-authority-data": base64.b64encode(authority).decode()}
        context = {"cluster": "c", "user": "u", "namespace": namespace}
        content = {
            "apiVersion": "v1", "kind": "Config", "current-context": "k",
            "clusters": [{"name": "c", "cluster": server}],
            "users": [{"name": "u", "user": {"token": self.token}}],
            "contexts": [{"name": "k", "context": context}],
        }  # fmt: skip
        file.write_text(json.dumps(content))
        return file

    def answer(self, request: Request) -> tuple[object, ...]:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return 401, {"kind": "Status", "code": 401}
        if (service := re.fullmatch(r"/api/v1/namespaces/([^/]+)/services/([^/]+)", request.path)) is not None:
            states = self.services.get((service[1], service[2]), [])
            if not states:
                message = f'services "{service[2]}" not found'
                return 404, {"kind": "Status", "reason": "NotFound", "code": 404, "message": message}
            metadata = {"name": service[2], "namespace": service[1]}
            return 200, {"kind": "Service", "metadata": metadata, **(states.pop(0) if len(states) > 1 else states[0])}
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
