"""Where a container's port can be reached from this machine.

The engine's port proxy accepts every connection, and hangs up when the application does not listen at this moment (it
restarts because its configuration changed): a request is lost that could have waited. So on the engine's own machine
the container is addressed directly, where a connection is simply refused until the application is back. Elsewhere, and
where the engine runs in a virtual machine, the published port is the way.
"""

from __future__ import annotations

from pathlib import Path

from wp_plugins.docker.container_plan import host_port
from wp_plugins.docker.engine import Json

_INTERFACES = Path("/sys/class/net")

_EVERYWHERE = frozenset({"", "0.0.0.0", "::", "127.0.0.1"})  # noqa: S104 - compared, not listened on


def address(inspected: Json, service_port: int, published_host: str) -> tuple[str, int] | None:
    """Host and port of the container's `service_port`; None while it has none. `published_host` is the machine on which
    the engine publishes ports."""
    if not inspected["State"].get("Running"):
        return None
    direct = _on_a_bridge_of_this_machine(inspected)
    if direct:
        return direct, service_port
    ports = inspected["NetworkSettings"].get("Ports") or {}
    port = host_port(ports, service_port)
    if not port:
        return None
    bound = str(ports[f"{service_port}/tcp"][0].get("HostIp", ""))
    return published_host if bound in _EVERYWHERE else bound, port


def _on_a_bridge_of_this_machine(inspected: Json) -> str:
    """The container's address, when the bridge of one of its networks is an interface here; else ""."""
    for network in (inspected["NetworkSettings"].get("Networks") or {}).values():
        bridge = _INTERFACES / f"br-{str(network.get('NetworkID', ''))[:12]}"
        if network.get("IPAddress") and bridge.exists():
            return str(network["IPAddress"])
    return ""
