"""How a deployment is: asked of the engine now, never of memory (plugins specification 1.8, Status)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from wp_plugins.docker import engine, labels, networks
from wp_plugins.docker.engine import Engine, Json
from wp_plugins.docker.platform import PlatformConfig
from wp_plugins.docker.resource_state import CONTAINER, NETWORK, container_of
from wp_proto.plugins.docker_pb2 import Deployment
from wp_proto.sdk.plugin_pb2 import ResourceCategoryDisplayHint, StatusReport
from wp_sdk.component import UI

Health = StatusReport.Health
_OF_HEALTH_CHECK = {
    "healthy": StatusReport.READY,
    "unhealthy": StatusReport.DOWN,
    "starting": StatusReport.ALIVE,
}
_SERVING = {StatusReport.READY, StatusReport.ALIVE, StatusReport.PARTIAL}


def status(config: PlatformConfig, ui: UI, deployment: Deployment) -> StatusReport:
    """A report with the container and the network."""
    with ui.step("Gathering the health of the container...") as step:
        connected = engine.connect(config.client_config)
        with connected, engine.failures(connected.address):
            found = [_container(connected, deployment), *_networks(connected)]
        report = summarize(found)
        step.done(report.health_message)
    return report


def summarize(resources: Sequence[StatusReport.Resource]) -> StatusReport:
    """The report over these resources: their common health, or PARTIAL with how many are how.

    A network that is there says nothing about whether anything serves: then the instances decide alone. Where none of
    them serves, the deployment is down (or gone) whatever else there is.
    """
    report = StatusReport(external=True, resources=resources)
    report.generated_time.FromDatetime(datetime.now(UTC))
    instances = [each for each in resources if each.category_display_hint == ResourceCategoryDisplayHint.INSTANCE]
    others = [each for each in resources if each not in instances]
    healths = {each.health for each in instances}
    if instances and not healths & _SERVING:
        report.health = StatusReport.MISSING if healths == {StatusReport.MISSING} else StatusReport.DOWN
        report.health_message = ", ".join(each.health_message for each in instances)
        return report
    if not instances or any(each.health != StatusReport.READY for each in others):
        healths |= {each.health for each in others}
    if len(healths) == 1:
        report.health = healths.pop()
        alike = [each for each in resources if each.health == report.health]
        report.health_message = f"All {len(alike)} resources are reporting {Health.Name(report.health)}"
        if len(alike) < len(resources):
            report.health_message = ", ".join(each.health_message for each in instances)
        return report
    counts = Counter((each.health, each.type) for each in resources)
    report.health = StatusReport.PARTIAL
    report.health_message = ", ".join(
        f"{count} {kind} {Health.Name(health)}" for (health, kind), count in sorted(counts.items())
    )
    return report


def container_health(state: Json) -> tuple[StatusReport.Health, str]:
    """Health of a container from `State` of its description, and why."""
    check = str((state.get("Health") or {}).get("Status", "none"))
    running, code = state.get("Status"), int(state.get("ExitCode") or 0)
    if state.get("OOMKilled"):
        return StatusReport.DOWN, "the container ran out of memory"
    if running == "running" and check in _OF_HEALTH_CHECK:
        return _OF_HEALTH_CHECK[check], f"the health check says {check}"
    if running == "running":
        return StatusReport.READY, "the container runs"
    if running in {"created", "restarting"}:
        return StatusReport.ALIVE, f"the container is {running}"
    if running == "dead" or code != 0:
        return StatusReport.DOWN, f"the container ended with status {code}"
    return StatusReport.UNKNOWN, f"the container is {running or 'in an unknown state'}"


def _container(connected: Engine, deployment: Deployment) -> StatusReport.Resource:
    saved = container_of(deployment)
    name = saved.name or saved.id
    resource = StatusReport.Resource(
        name=name,
        id=saved.id,
        type="container",
        platform="docker",
        category_display_hint=ResourceCategoryDisplayHint.INSTANCE,
    )
    resource.declared_resource.name = CONTAINER
    inspected = connected.inspect_container(saved.id or saved.name) if name else None
    if inspected is None:
        resource.health, resource.health_message = StatusReport.MISSING, "the container is gone"
        return resource
    resource.id, resource.name = str(inspected["Id"]), str(inspected["Name"]).lstrip("/")
    resource.health, resource.health_message = container_health(inspected["State"])
    resource.created_time.FromJsonString(str(inspected["Created"]))
    resource.state_json = json.dumps(
        {"dockerContainerInfo": _without_environment(inspected), "ipAddress": _address(inspected)}
    )
    return resource


def _networks(connected: Engine) -> list[StatusReport.Resource]:
    found = networks.find(connected)
    if not found:
        missing = StatusReport.Resource(
            name=networks.DEFAULT_NAME,
            type="network",
            platform="docker",
            health=StatusReport.MISSING,
            health_message=f"no network has the label {labels.NETWORK_USE}={labels.NETWORK_USE_VALUE}",
            category_display_hint=ResourceCategoryDisplayHint.ROUTER,
        )
        missing.declared_resource.name = NETWORK
        return [missing]
    resources = []
    for network in found:
        resource = StatusReport.Resource(
            name=str(network["Name"]),
            id=str(network["Id"]),
            type="network",
            platform="docker",
            health=StatusReport.READY,
            health_message="the network exists",
            category_display_hint=ResourceCategoryDisplayHint.ROUTER,
            state_json=json.dumps({"dockerNetwork": network}),
        )
        resource.declared_resource.name = NETWORK
        resources.append(resource)
    return resources


def _without_environment(inspected: Json) -> Json:
    """The description without the environment: it holds tokens and passwords."""
    config = {name: value for name, value in (inspected.get("Config") or {}).items() if name != "Env"}
    return {**inspected, "Config": config}


def _address(inspected: Json) -> str:
    joined = list(((inspected.get("NetworkSettings") or {}).get("Networks") or {}).values())
    return str(joined[0].get("IPAddress", "")) if len(joined) == 1 else ""
