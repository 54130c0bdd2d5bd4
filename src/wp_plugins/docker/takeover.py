"""A fixed port of the engine's machine belongs to one container at a time, so a deployment that wants one takes it over
from the application's deployment before: that container is stopped just before the new one starts, and started again
when the new one fails."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import docker.errors
import requests

from wp_plugins.docker import containers, labels
from wp_plugins.docker.container_plan import ContainerPlan
from wp_plugins.docker.engine import Engine, Json
from wp_plugins.docker.ports import Port
from wp_sdk.component import Context, JobInfo, PluginError


@contextmanager
def taken_over(
    engine: Engine, ctx: Context, job: JobInfo, plan: ContainerPlan, stop_timeout: int
) -> Iterator[list[str]]:
    """Stop those of the application's containers that hold a fixed port of the plan; gives their names. When what
    follows fails, the planned container is removed and they are started again."""
    holding = _holders(engine, job, plan.ports) if any(port.host_port for port in plan.ports) else {}
    asked: list[str] = []
    try:
        for container in holding:
            asked.append(container)
            engine.stop_container(ctx, container, stop_timeout)
        yield list(holding.values())
    except BaseException:
        # the failure itself is what the user shall see
        with contextlib.suppress(docker.errors.DockerException, requests.RequestException, PluginError):
            containers.remove(engine, plan.name)
            for container in asked:  # the last one may not have ended yet
                engine.api.restart(container, timeout=0)
        raise


def _holders(engine: Engine, job: JobInfo, wanted: Iterable[Port]) -> dict[str, str]:
    """Names by id of the running containers of the application that hold one of the ports."""
    marks = [f"{name}={value}" for name, value in labels.of(job).items()]
    found = {}
    for each in engine.api.containers(filters={"label": marks}):
        inspected = engine.inspect_container(str(each["Id"]))
        if inspected is not None and any(port.clashes(*place) for port in wanted for place in _places(inspected)):
            found[str(inspected["Id"])] = str(inspected["Name"]).lstrip("/")
    return found


def _places(inspected: Json) -> list[tuple[str, str, str]]:
    """Address, port and `port/protocol` of everything the container has published."""
    ports: Mapping[str, Sequence[Mapping[str, str]] | None] = (inspected["NetworkSettings"].get("Ports")) or {}
    return [(at["HostIp"], at["HostPort"], name) for name, bindings in ports.items() for at in bindings or ()]
