"""One container's life on the engine: made as planned, watched until it is up or has failed, ended, removed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import docker.errors
import requests

from wp_plugins.docker import networks, reach
from wp_plugins.docker.container_plan import ContainerPlan
from wp_plugins.docker.engine import Engine, Json, said
from wp_sdk.component import Context, PluginError
from wp_sdk.switch.control import accepts

LAST_LINES = 50
"""Lines of a failed container's output that are shown."""

POLL = 0.05
"""Seconds between two looks at a container that is starting."""

WORKER_SETTLE = 2.0
"""Seconds that a container which shall not listen must stay alive to count as started."""

HEALTH_MARGIN = 5.0
"""Seconds a health check gets on top of its own figures."""

_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Expectation:
    """When a new container counts as up: it listens on `service_port` (looked for on `published_host`), or is a worker.
    `start_timeout` in seconds."""

    service_port: int
    published_host: str
    worker: bool
    start_timeout: int


def create(engine: Engine, plan: ContainerPlan, network: str) -> str:
    """Make the container and join its networks; returns its id. It does not run yet."""
    api = engine.api
    _require_networks(engine, plan)
    bindings: dict[str, list[tuple[str | int, ...] | None]] = {}
    for port in plan.ports:
        bindings.setdefault(port.container, []).append(port.binding)
    host_config = api.create_host_config(
        binds=list(plan.binds),
        port_bindings=bindings,
        mem_limit=plan.memory or None,
        cpu_shares=plan.cpu_shares or None,
        tmpfs={plan.tmpfs: ""} if plan.tmpfs else None,
        extra_hosts=dict(plan.extra_hosts),
        network_mode=network,
    )
    try:
        made = api.create_container(
            plan.image,
            command=list(plan.command) or None,
            name=plan.name,
            environment=list(plan.environment),
            ports=[tuple(name.split("/")) for name in bindings],
            labels=dict(plan.labels),
            host_config=host_config,
            stdin_open=True,
            networking_config=api.create_networking_config({network: api.create_endpoint_config()}),
        )
    except docker.errors.APIError as error:
        raise PluginError(f"The container cannot be made: {said(error)}", where=plan.name) from error
    container = str(made["Id"])
    for each in plan.networks:
        api.connect_container_to_network(container, each)
    return container


def start(engine: Engine, plan: ContainerPlan, container: str) -> str:
    """Start it; a command that is not there, or a taken port, is one sentence. Returns its id: another one when its
    network has changed meanwhile, for then it is made again."""
    for attempt in range(networks.TRIES):
        try:
            engine.api.start(container)
            break
        except docker.errors.APIError as error:
            if not networks.has_changed(said(error)) or attempt + 1 == networks.TRIES:
                raise _cannot_start(plan.name, said(error)) from error
        remove(engine, container)
        container = create(engine, plan, networks.ensure(engine)[0])
    return container


def wait_until_up(engine: Engine, ctx: Context, container: str, expected: Expectation) -> str:
    """Wait until the container is up; returns a warning ("" when there is nothing to say).

    Up is: its health check says so, if the image has one; else it listens on its port; a worker: it stays alive for
    `WORKER_SETTLE`. A container that runs for the whole `start_timeout` without listening counts as up, with a
    warning. Raises PluginError with its last output when it ends, or when its health check fails.
    """
    inspected = inspect(engine, container)
    allowed = _health_time(inspected) if _has_health_check(inspected) else expected.start_timeout
    if expected.worker and not _has_health_check(inspected):
        allowed = min(WORKER_SETTLE, allowed)
    deadline = time.monotonic() + allowed
    while True:
        inspected = inspect(engine, container)
        state = inspected["State"]
        if state["Status"] in {"exited", "dead"}:
            raise _ended(engine, inspected)
        late = time.monotonic() >= deadline
        if _has_health_check(inspected):
            health = str((state.get("Health") or {}).get("Status", "starting"))
            if health == "healthy":
                return ""
            if health == "unhealthy" or late:
                raise _unhealthy(engine, inspected, health, allowed)
        elif not expected.worker and _listens(inspected, expected):
            return ""
        elif late:
            if expected.worker:
                return ""
            return (
                f"Nothing listens on port {expected.service_port} of the container after {allowed:.0f} s: let the app "
                "listen on $PORT, correct service_port, or set worker = true"
            )
        ctx.wait(POLL)


def last_output(engine: Engine, container: str, lines: int = LAST_LINES) -> str:
    """The last lines a container wrote, stdout and stderr; "" when they cannot be had."""
    try:
        written: bytes = engine.api.logs(container, stdout=True, stderr=True, tail=lines)
    except (docker.errors.DockerException, requests.RequestException):
        return ""
    return written.decode("utf-8", "replace").replace("\r\n", "\n").strip("\n")


def end(engine: Engine, ctx: Context, container: str, stop_timeout: int) -> bool:
    """Ask a container to end, remove it after at most `stop_timeout` seconds. False when it was gone already."""
    if stop_timeout:
        engine.stop_container(ctx, container, stop_timeout)
    return remove(engine, container)


def remove(engine: Engine, container: str) -> bool:
    """Remove a container at once. False when it was gone already."""
    try:
        engine.api.remove_container(container, force=True, v=True)
    except docker.errors.NotFound:
        return False
    except docker.errors.APIError as error:
        if error.status_code == 409 and "already in progress" in said(error):
            return True
        raise PluginError(f"The container cannot be removed: {said(error)}", where=container) from error
    return True


def by_label(engine: Engine, **wanted: str) -> list[str]:
    """Ids of all containers, running or not, with these labels (keys as in `labels`)."""
    filters = {"label": [f"{name}={value}" for name, value in wanted.items()]}
    return [str(each["Id"]) for each in engine.api.containers(all=True, filters=filters)]


def _require_networks(engine: Engine, plan: ContainerPlan) -> None:
    """Say now what the engine would only say when the container starts."""
    for each in plan.networks:
        try:
            engine.api.inspect_network(each)
        except docker.errors.NotFound as error:
            raise PluginError(
                f"The container cannot join the network {each}: the engine has none of that name",
                where=plan.name,
                do=f"Create it with `docker network create {each}`, or correct `networks`",
            ) from error


def inspect(engine: Engine, container: str) -> Json:
    """The container's description; PluginError when somebody removed it."""
    found = engine.inspect_container(container)
    if found is None:
        raise PluginError("The container was removed while it was starting", where=container, do="Deploy again")
    return found


def _listens(inspected: Json, expected: Expectation) -> bool:
    found = reach.address(inspected, expected.service_port, expected.published_host)
    return found is not None and accepts(found.host, found.port, found.linger)


def _has_health_check(inspected: Json) -> bool:
    test = ((inspected["Config"].get("Healthcheck") or {}).get("Test")) or ["NONE"]
    return bool(test[0] != "NONE")


def _health_time(inspected: Json) -> float:
    """Seconds after which the engine itself would call the container unhealthy."""
    check: dict[str, Any] = inspected["Config"]["Healthcheck"]
    interval = check.get("Interval") or 30 * _SECOND
    timeout = check.get("Timeout") or 30 * _SECOND
    retries = check.get("Retries") or 3
    nanoseconds = int(check.get("StartPeriod") or 0) + int(retries) * (int(interval) + int(timeout))
    return nanoseconds / _SECOND + HEALTH_MARGIN


def _ended(engine: Engine, inspected: Json) -> PluginError:
    state = inspected["State"]
    output = last_output(engine, inspected["Id"])
    if state.get("OOMKilled"):
        what = "The container ran out of memory and was killed"
    else:
        what = f"The container ended with status {state.get('ExitCode')} right after its start"
    if state.get("Error"):
        what += f" ({state['Error']})"
    return PluginError(
        what,
        where=str(inspected["Name"]).lstrip("/"),
        do="Its last output:" if output else "It wrote nothing",
        output=output,
    )


def _unhealthy(engine: Engine, inspected: Json, health: str, allowed: float) -> PluginError:
    checks = ((inspected["State"].get("Health") or {}).get("Log")) or []
    said_last = str(checks[-1].get("Output", "")).strip() if checks else ""
    output = "\n".join(text for text in (said_last, last_output(engine, inspected["Id"])) if text)
    what = (
        "The container's health check failed"
        if health == "unhealthy"
        else f"The container's health check gave no result within {allowed:.0f} s"
    )
    return PluginError(
        what, where=str(inspected["Name"]).lstrip("/"), do="Its last output:" if output else "", output=output
    )


def _cannot_start(name: str, reason: str) -> PluginError:
    lower = reason.lower()
    if "port is already allocated" in lower or "address already in use" in lower:
        return PluginError(
            f"A port of the container is in use on this machine: {reason}", where=name, do="End what listens there"
        )
    if "executable file not found" in lower or "no such file or directory" in lower or "permission denied" in lower:
        return PluginError(
            f"The container's command cannot be started: {reason}",
            where=name,
            do="Correct `command`, or ENTRYPOINT and CMD of the image",
        )
    return PluginError(f"The container cannot be started: {reason}", where=name)
