"""The kubernetes source, and Vault's login by it, against a real API server: its objects, its service accounts, its
rules of who may read what."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kubernetes_api import KubernetesApi, program
from tests.vault import VaultServer
from tests.wp_sources.test_sources import NOTHING, one

from wp_sources import SourceError, kubernetes, vault


@pytest.fixture(scope="module")
def cluster() -> Iterator[KubernetesApi]:
    etcd, apiserver = program("etcd"), program("kube-apiserver")
    if etcd is None or apiserver is None:
        pytest.skip("optional: no etcd and kube-apiserver (see tests/kubernetes_api.py)")
    running = KubernetesApi(etcd, apiserver)
    yield running
    running.stop()


@pytest.fixture
def namespace(cluster: KubernetesApi) -> str:
    """A namespace with a service account `web` that may read ConfigMaps, and nothing else."""
    name = f"shop-{uuid.uuid4().hex[:8]}"
    cluster.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    cluster.ask("POST", f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "web"}})
    allow(cluster, name, "configmaps")
    return name


def allow(cluster: KubernetesApi, namespace: str, kind: str) -> None:
    """Let the service account read objects of a kind."""
    base = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    rules = [{"apiGroups": [""], "resources": [kind], "verbs": ["get"]}]
    cluster.ask("POST", f"{base}/roles", {"metadata": {"name": kind}, "rules": rules})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": kind}
    subject = {"kind": "ServiceAccount", "name": "web", "namespace": namespace}
    cluster.ask("POST", f"{base}/rolebindings", {"metadata": {"name": kind}, "roleRef": role, "subjects": [subject]})


def pod(cluster: KubernetesApi, namespace: str, folder: Path) -> kubernetes.Kubernetes:
    """The source as in a pod of that service account."""
    (folder / "token").write_text(cluster.token(namespace, "web"))
    (folder / "namespace").write_text(namespace)
    (folder / "ca.crt").write_bytes(cluster.authority)
    environment = {"KUBERNETES_SERVICE_HOST": cluster.host, "KUBERNETES_SERVICE_PORT": str(cluster.port)}
    return kubernetes.Kubernetes(environment, str(folder))


def test_config_maps_and_secrets(cluster: KubernetesApi, namespace: str, tmp_path: Path) -> None:
    binary = base64.b64encode(b"\xff\0x").decode()
    place = f"/api/v1/namespaces/{namespace}"
    cluster.ask(
        "POST",
        f"{place}/configmaps",
        {"metadata": {"name": "settings"}, "data": {"level": "info"}, "binaryData": {"raw": binary}},
    )
    cluster.ask("POST", f"{place}/secrets", {"metadata": {"name": "db"}, "stringData": {"password": "hunter2"}})
    source = pod(cluster, namespace, tmp_path)
    assert one(source, name="settings", key="level") == "info"
    assert one(source, name="settings", key="raw", namespace=namespace) == "\udcff\0x"
    with pytest.raises(SourceError, match=f"may not read the secret {namespace}/db; bind it to a Role"):
        one(source, name="db", key="password", secret="true")
    allow(cluster, namespace, "secrets")
    assert one(source, name="db", key="password", secret="true") == "hunter2"
    with pytest.raises(SourceError, match=f"the configmap {namespace}/none does not exist"):
        one(source, name="none", key="x")
    with pytest.raises(SourceError, match=f"the configmap {namespace}/settings has no key none"):
        one(source, name="settings", key="none")
    with pytest.raises(SourceError, match="may not read the configmap default/settings"):
        one(source, name="settings", key="level", namespace="default")


def test_a_changed_value_and_a_rotated_token(cluster: KubernetesApi, namespace: str, tmp_path: Path) -> None:
    place = f"/api/v1/namespaces/{namespace}/configmaps"
    cluster.ask("POST", place, {"metadata": {"name": "settings"}, "data": {"level": "info"}})
    source = pod(cluster, namespace, tmp_path)
    assert one(source, name="settings", key="level") == "info"
    cluster.ask("PUT", f"{place}/settings", {"metadata": {"name": "settings"}, "data": {"level": "debug"}})
    (tmp_path / "token").write_text("no token of this cluster")
    with pytest.raises(SourceError, match="may not read the configmap"):
        one(source, name="settings", key="level")
    (tmp_path / "token").write_text(cluster.token(namespace, "web"))
    assert one(source, name="settings", key="level") == "debug"


def test_vault_believes_a_service_account(
    cluster: KubernetesApi, namespace: str, vault_server: VaultServer, tmp_path: Path
) -> None:
    """Vault asks the cluster whose token it was given."""
    reviewer = {"kind": "ServiceAccount", "name": "web", "namespace": namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"}
    cluster.ask(
        "POST",
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        {"metadata": {"name": f"reviewer-{namespace}"}, "roleRef": role, "subjects": [reviewer]},
    )
    mount, store = f"kubernetes-{namespace}", f"kv-{namespace}"
    vault_server.ask("POST", f"sys/auth/{mount}", {"type": "kubernetes"})
    vault_server.ask(
        "POST",
        f"auth/{mount}/config",
        {
            "kubernetes_host": f"https://{cluster.host}:{cluster.port}",
            "kubernetes_ca_cert": cluster.authority.decode(),
            "token_reviewer_jwt": cluster.token(namespace, "web"),
            "disable_iss_validation": True,
        },
    )
    vault_server.ask("POST", f"sys/mounts/{store}", {"type": "kv", "options": {"version": "1"}})
    vault_server.ask("PUT", f"{store}/db", {"user": "ann"})
    rules = f'path "{store}/*" {{ capabilities = ["read"] }}'
    vault_server.ask("PUT", f"sys/policies/acl/read-{store}", {"policy": rules})
    vault_server.ask(
        "POST",
        f"auth/{mount}/role/web",
        {
            "bound_service_account_names": ["web"],
            "bound_service_account_namespaces": [namespace],
            "token_policies": [f"read-{store}"],
        },
    )
    (tmp_path / "token").write_text(cluster.token(namespace, "web"))
    settings = {"auth_method": "kubernetes", "auth_method_mount_path": f"auth/{mount}", "kubernetes_role": "web"}
    settings |= {"addr": vault_server.url, "kubernetes_token_path": str(tmp_path / "token")}
    assert one(vault.open_source(settings, NOTHING), path=f"{store}/db", key="user") == "ann"
    cluster.ask("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "other"}})
    (tmp_path / "token").write_text(cluster.token(namespace, "other"))
    with pytest.raises(SourceError, match="login at Vault by kubernetes failed: HTTP status 403"):
        one(vault.open_source(settings, NOTHING), path=f"{store}/db", key="user")
