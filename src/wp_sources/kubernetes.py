"""`dynamic("kubernetes", {name, key, namespace, secret})`: a key of a ConfigMap, or of a Secret.

API: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/. Speaks as the pod it runs in:
with the service account's token, read again each time because it is rotated.
"""

from __future__ import annotations

import base64
import binascii
import os
from urllib.parse import quote

from wp_sources.client import Client, read_file, tls_context
from wp_sources.contract import SourceError, each, is_true, required

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from wp_sources.contract import Reading

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class Kubernetes:
    """The cluster around this pod; folder is where the pod's service account is mounted."""

    def __init__(self, environment: Mapping[str, str], folder: str = SERVICE_ACCOUNT) -> None:
        host = environment.get("KUBERNETES_SERVICE_HOST")
        if not host:
            raise SourceError("kubernetes values can be read in a pod only, and KUBERNETES_SERVICE_HOST is not set")
        port = environment.get("KUBERNETES_SERVICE_PORT") or "443"
        if ":" in host:
            host = f"[{host}]"
        self._folder = folder
        self._client = Client(f"https://{host}:{port}", tls_context(ca_file=os.path.join(folder, "ca.crt")))

    def read(self, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, Reading]:
        """The values; each object is fetched once a round."""
        objects: dict[tuple[str, str, str], dict[str, Any] | SourceError] = {}

        def read_one(parameters: Mapping[str, str]) -> str:
            name, key = required(parameters, "name", "key")
            namespace = parameters.get("namespace") or read_file(
                os.path.join(self._folder, "namespace"), "the pod's namespace"
            )
            kind = "secrets" if is_true(parameters.get("secret", "")) else "configmaps"
            place = (kind, namespace, name)
            if place not in objects:
                try:
                    objects[place] = self._fetch(*place)
                except SourceError as error:
                    objects[place] = error
            found = objects[place]
            if isinstance(found, SourceError):
                raise found
            return _value(found, kind, f"{kind[:-1]} {namespace}/{name}", key)

        return each(wanted, read_one)

    def _fetch(self, kind: str, namespace: str, name: str) -> dict[str, Any]:
        token = read_file(os.path.join(self._folder, "token"), "the service account's token")
        what = f"{kind[:-1]} {namespace}/{name}"
        answer = self._client.request(
            "GET",
            f"/api/v1/namespaces/{quote(namespace, safe='')}/{kind}/{quote(name, safe='')}",
            {"Authorization": f"Bearer {token}", "Accept": "application/json"},
        )
        if answer.status == 404:
            raise SourceError(f"the {what} does not exist")
        if answer.status in (401, 403):
            raise SourceError(
                f"the pod's service account may not read the {what}; bind it to a Role that allows `get` on {kind}"
            )
        if answer.status != 200:
            raise SourceError(f"the cluster answered {what} with HTTP status {answer.status}")
        found = answer.json()
        if not isinstance(found, dict):
            raise SourceError(f"the cluster's answer for {what} is not an object")
        return found


def _value(found: dict[str, Any], kind: str, what: str, key: str) -> str:
    plain, binary = found.get("data") or {}, found.get("binaryData") or {}
    if kind == "configmaps" and key in plain:
        return str(plain[key])
    coded = plain.get(key) if kind == "secrets" else binary.get(key)
    if coded is None:
        raise SourceError(f"the {what} has no key {key}")
    try:
        return base64.b64decode(coded).decode("utf-8", "surrogateescape")
    except (TypeError, binascii.Error):
        raise SourceError(f"the key {key} of the {what} is not base64") from None


def open_source(_settings: Mapping[str, str], environment: Mapping[str, str]) -> Kubernetes:
    """As wp_sources.open_source."""
    return Kubernetes(environment)
