"""What container a deployment becomes, as data: decided and tested without an engine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wp_plugins.docker import labels
from wp_plugins.docker.ports import Port, published

if TYPE_CHECKING:
    from wp_plugins.docker.platform import PlatformConfig
    from wp_sdk.component import DeploymentConfig, JobInfo, Source

HOST_NAME = "host.docker.internal"
"""Under this name a container reaches the machine its engine runs on."""

HOST_GATEWAY = "host-gateway"

SCRATCH_FOLDER = "/input"
"""Where the application's scratch volume appears in its containers."""

_MEMORY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_LOOPBACK = re.compile(r"localhost|127(?:\.\d+){3}|::1|0\.0\.0\.0")
_NAME = re.compile(r"[^a-zA-Z0-9_.-]+")


@dataclass(frozen=True)
class ContainerPlan:
    """Everything the engine is told about a new container. `memory` in bytes, `cpu_shares` relative to 1024."""

    name: str
    image: str
    command: tuple[str, ...]
    environment: tuple[str, ...]
    ports: tuple[Port, ...]
    labels: Mapping[str, str]
    binds: tuple[str, ...]
    tmpfs: str
    memory: int
    cpu_shares: int
    networks: tuple[str, ...]
    extra_hosts: Mapping[str, str] = field(default_factory=dict)


def plan(
    config: PlatformConfig, image: str, source: Source, job: JobInfo, deployment: DeploymentConfig, scratch_volume: str
) -> ContainerPlan:
    """The container of one deployment (plugins specification 1.8, step 3). Raises ValueError for a wrong limit."""
    memory, cpu_shares = limits(config.resources)
    kind = {labels.WORKER: "true"} if config.worker else {labels.SERVICE_PORT: str(config.service_port)}
    variables = environment(config.service_port, config.static_environment, deployment)
    return ContainerPlan(
        name=container_name(source.app, deployment.id),
        image=image,
        command=tuple(config.command),
        environment=variables,
        ports=published(config.service_port, config.extra_ports, config.publish, config.host_ip),
        labels=labels.of_container(job, deployment.id, {**config.labels, **kind}),
        binds=(f"{scratch_volume}:{SCRATCH_FOLDER}", *config.binds),
        tmpfs=config.scratch_path,
        memory=memory,
        cpu_shares=cpu_shares,
        networks=tuple(dict.fromkeys(config.networks)),
        # only for who needs it: engines before 20.10 do not know the gateway under this name
        extra_hosts={HOST_NAME: HOST_GATEWAY} if any(HOST_NAME in each for each in variables) else {},
    )


def container_name(app: str, deployment: str) -> str:
    """Name of a deployment's container, known before it is made."""
    return f"{object_name(app)}-{deployment}"


def object_name(app: str) -> str:
    """The application's name as the engine accepts it in names of containers and volumes."""
    return _NAME.sub("-", app).strip("-_.") or "app"


def environment(service_port: int, static: Mapping[str, str], deployment: DeploymentConfig) -> tuple[str, ...]:
    """PORT ← static ← the entrypoint's variables, sorted, each name once (plugins specification 0.5). A server on this
    machine's loopback is named as the container reaches it."""
    merged = {"PORT": str(service_port), **static, **deployment.env()}
    if "WAYPOINT_SERVER_ADDR" in merged:
        merged["WAYPOINT_SERVER_ADDR"] = reachable_from_container(merged["WAYPOINT_SERVER_ADDR"])
    return tuple(f"{name}={value}" for name, value in sorted(merged.items()))


def reachable_from_container(address: str) -> str:
    """The same `host:port`, with the engine's machine in place of a loopback address."""
    parts = urlsplit(f"//{address}")
    if parts.hostname and _LOOPBACK.fullmatch(parts.hostname):
        return f"{HOST_NAME}:{parts.port}" if parts.port else HOST_NAME
    return address


def limits(resources: Mapping[str, str]) -> tuple[int, int]:
    """Memory in bytes and CPU shares; 0 = no limit. Raises ValueError with a sentence for what cannot be understood."""
    unknown = sorted(set(resources) - {"memory", "cpu"})
    if unknown:
        raise ValueError(f'resources knows "memory" and "cpu", not "{unknown[0]}"')
    cpu = resources.get("cpu", "0")
    if not re.fullmatch(r"\s*\d+\s*", cpu):
        raise ValueError(f'"cpu" in resources is "{cpu}", but must be a whole number of CPU shares such as 512')
    return (memory_bytes(resources["memory"]) if "memory" in resources else 0), int(cpu)


def memory_bytes(text: str) -> int:
    """Bytes of `512MB` (decimal units), `512MiB` (binary units) or `1000` (bytes). Raises ValueError otherwise."""
    match = _MEMORY.fullmatch(text)
    if match is None:
        raise ValueError(f'"memory" in resources is "{text}", but must be a size such as 512MB')
    base = 1024 if match[3] else 1000
    size = int(float(match[1]) * base ** _POWERS[match[2].lower()])
    if size < 1:
        raise ValueError(f'"memory" in resources is "{text}", but must be more than nothing')
    return size


def host_port(ports: Mapping[str, object], service_port: int) -> int:
    """The port of the engine's machine under which a container's port is published; 0 when it is not.

    `ports` is `NetworkSettings.Ports` of the container.
    """
    bindings = ports.get(f"{service_port}/tcp")
    if not isinstance(bindings, Sequence) or not bindings:
        return 0
    first = bindings[0]
    return int(first["HostPort"]) if isinstance(first, Mapping) and str(first.get("HostPort", "")).isdigit() else 0
