"""`login -from-kubernetes`: a real server, and a stand-in for the cluster's API that knows where it is."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.fakes.kubernetes import Cluster
from tests.wp_cli.servers import RealServer

from wp_server import tls

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

NAMESPACE = "waypoint"


@dataclass
class Kubernetes:
    """A cluster, the configuration of kubectl for it, and a server at the address that its service has."""

    cluster: Cluster
    config: Path
    host: str
    cli: Cli

    def login(self, *flags: str) -> str:
        return self.cli.ok("login", "-from-kubernetes", *flags, KUBECONFIG=str(self.config))

    def fails(self, *flags: str) -> str:
        return self.cli.fails("login", "-from-kubernetes", *flags, KUBECONFIG=str(self.config))

    def context(self) -> dict[str, object]:
        name = json.loads(self.cli.ok("context", "inspect", "-json"))["default_context"]
        found = json.loads(self.cli.ok("context", "inspect", "-json", name))
        assert isinstance(found, dict)
        return found


@pytest.fixture
def kubernetes(cli: Cli, tmp_path: Path) -> Iterator[Kubernetes]:
    # The port is always 9701. Nobody else has this address of loopback.
    host = "127." + ".".join(str(random.randint(1, 254)) for _ in range(3))
    (tmp_path / "tls").mkdir()
    made = tls.persisted(tmp_path / "tls")
    both = tmp_path / "both.pem"
    both.write_bytes(made.key + made.chain)
    server = RealServer(cli.home / "server", cli.environ, listen=f"{host}:9701")
    cluster = Cluster(both)
    try:
        flags = (f"-server-addr={server.address}", "-server-tls-skip-verify", "-context-create=first")
        token = cli.ok("server", "bootstrap", *flags).strip()
        cli.ok("context", "delete", "first")
        cluster.objects[("secrets", NAMESPACE, "waypoint-server-token")] = {"token": f"{token}\n"}
        cluster.services[(NAMESPACE, "waypoint-ui")] = [{"spec": {"type": "ClusterIP", "clusterIP": host}}]
        config = cluster.kubeconfig(tmp_path / "kubeconfig", made.chain, NAMESPACE)
        yield Kubernetes(cluster, config, host, cli)
    finally:
        server.kill()
        cluster.stop()


def test_service_and_secret_say_where_and_as_whom(kubernetes: Kubernetes) -> None:
    assert "You are logged in as 'waypoint'" in kubernetes.login()
    found = kubernetes.context()
    assert (found["address"], found["platform"]) == (f"{kubernetes.host}:9701", "kubernetes")
    assert (found["tls"], found["tls_skip_verify"]) == (True, True)
    kubernetes.cli.ok("context", "verify")


def test_a_load_balancer_is_waited_for(kubernetes: Kubernetes) -> None:
    spec = {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}
    there = {"loadBalancer": {"ingress": [{"ip": kubernetes.host}]}}
    states = [{"spec": spec, "status": {"loadBalancer": {}}}, {"spec": spec, "status": there}]
    kubernetes.cluster.services[("other", "front")] = states
    kubernetes.cluster.objects[("secrets", "other", "login")] = kubernetes.cluster.objects[
        ("secrets", NAMESPACE, "waypoint-server-token")
    ]
    names = ("-from-kubernetes-service=front", "-from-kubernetes-secret=login", "-from-kubernetes-namespace=other")
    kubernetes.login(*names)
    assert kubernetes.context()["address"] == f"{kubernetes.host}:9701"
    assert len(states) == 1


def test_what_is_missing_is_named(kubernetes: Kubernetes, tmp_path: Path) -> None:
    assert 'services "nope" not found' in kubernetes.fails("-from-kubernetes-service=nope")
    kubernetes.cluster.objects[("secrets", NAMESPACE, "empty")] = {"other": "x"}
    assert 'waypoint/empty has no token under "token"' in kubernetes.fails("-from-kubernetes-secret=empty")
    kubernetes.cluster.forbidden.add("secrets")
    assert "the cluster refuses: Forbidden" in kubernetes.fails()
    assert "leave out address" in kubernetes.fails("example.com")
    kubernetes.config = tmp_path / "nowhere"
    assert "cannot read the configuration of kubectl" in kubernetes.fails()


def test_a_cluster_that_is_gone_is_named(kubernetes: Kubernetes) -> None:
    kubernetes.cluster.stop()
    assert f"cannot reach the cluster at {kubernetes.cluster.url}" in kubernetes.fails()
