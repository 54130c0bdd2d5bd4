"""`waypoint login -from-kubernetes`: where a server in a cluster is reached, and the token that its installation kept
in a secret (CLI specification 4.16)."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wp_cli.endpoint import DEFAULT_PORT
from wp_cli.errors import CliError

if TYPE_CHECKING:
    from kubernetes.client import CoreV1Api

TOKEN_KEY = "token"  # noqa: S105  # a name in the secret, not one
LOAD_BALANCER_SECONDS = 15 * 60.0
LOOK_SECONDS = 1.0
REQUEST_SECONDS = 30


def found(namespace: str, service: str, secret: str, say: Callable[[str], None]) -> tuple[str, str]:
    """Return address and token. Empty `namespace`: that of the cluster's context in use. CliError for what is missing.

    A load balancer that has no address yet is waited for.
    """
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    api, namespace = _cluster(namespace)
    try:
        return _address(api, namespace, service, say), _token(api, namespace, secret)
    except ApiException as error:
        raise CliError(
            f"the cluster refuses: {error.reason} ({_what(error)})", do="Check namespace, names, and what you may read."
        ) from error
    except HTTPError as error:
        host = api.api_client.configuration.host
        raise CliError(f"cannot reach the cluster at {host}", do="Check `kubectl cluster-info`.") from error


def _cluster(namespace: str) -> tuple[CoreV1Api, str]:
    from kubernetes import client, config

    untyped: Any = config
    try:
        _, active = untyped.list_kube_config_contexts()
        api = client.CoreV1Api(untyped.new_client_from_config())
    except (config.ConfigException, OSError) as error:
        raise CliError(
            f"cannot read the configuration of kubectl: {error}", do="Set KUBECONFIG to its file."
        ) from error
    return api, namespace or active["context"].get("namespace") or "default"


def _address(api: CoreV1Api, namespace: str, name: str, say: Callable[[str], None]) -> str:
    end = time.monotonic() + LOAD_BALANCER_SECONDS
    told = False
    while True:
        service: Any = api.read_namespaced_service(name, namespace, _request_timeout=REQUEST_SECONDS)
        host = _host(service)
        if host:
            return f"[{host}]:{DEFAULT_PORT}" if ":" in host else f"{host}:{DEFAULT_PORT}"
        if service.spec.type != "LoadBalancer":
            raise CliError(f"service {namespace}/{name} has no address")
        if time.monotonic() > end:
            raise CliError(f"the load balancer of service {namespace}/{name} got no address within 15 minutes")
        if not told:
            say(f"Waiting for the load balancer of service {namespace}/{name} to get an address...")
            told = True
        time.sleep(LOOK_SECONDS)


def _host(service: Any) -> str:
    """A load balancer's host or address, else the address inside the cluster; "" while there is none."""
    if service.spec.type == "LoadBalancer":
        for ingress in service.status.load_balancer.ingress or ():
            if ingress.hostname or ingress.ip:
                return str(ingress.hostname or ingress.ip)
        return ""
    address = service.spec.cluster_ip or ""
    return "" if address == "None" else str(address)


def _token(api: CoreV1Api, namespace: str, name: str) -> str:
    secret: Any = api.read_namespaced_secret(name, namespace, _request_timeout=REQUEST_SECONDS)
    packed = (secret.data or {}).get(TOKEN_KEY, "")
    try:
        token = base64.b64decode(packed).decode("ascii").strip()
    except (binascii.Error, UnicodeDecodeError):
        token = ""
    if not token:
        raise CliError(f'secret {namespace}/{name} has no token under "{TOKEN_KEY}"')
    return token


def _what(error: Any) -> str:
    """What the cluster said, without the HTTP around it."""
    import json

    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return f"HTTP status {error.status}"
