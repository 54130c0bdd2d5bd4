"""Where a container's port can be reached from this machine.

The engine's port proxy accepts every connection, and hangs up when the application does not listen at this moment (it
restarts because its configuration changed): a request is lost that could have waited. So on the engine's own machine
the container is addressed directly, where a connection is simply refused until the application is back. Elsewhere, and
where the engine runs in a virtual machine, the published port is the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wp_plugins.docker.container_plan import host_port
from wp_plugins.docker.engine import Json
from wp_sdk.switch.control import PROBE_TIME

_INTERFACES = Path("/sys/class/net")

_EVERYWHERE = frozenset({"", "0.0.0.0", "::", "127.0.0.1"})  # noqa: S104 - compared, not listened on


@dataclass(frozen=True)
class Reach:
    """A container's port as seen from here. `direct`: without the engine's port proxy in between."""

    host: str
    port: int
    direct: bool

    @property
    def linger(self) -> float:
        """Seconds that a probe must stay connected to prove that the application listens."""
        return 0.0 if self.direct else PROBE_TIME


def address(inspected: Json, service_port: int, published_host: str) -> Reach | None:
    """Where to find the container's `service_port`; None while it has none. `published_host` is the machine on which
    the engine publishes ports."""
    if not inspected["State"].get("Running"):
        return None
    direct = _on_a_bridge_of_this_machine(inspected)
    if direct:
        return Reach(direct, service_port, direct=True)
    return published(inspected, service_port, published_host)


def published(inspected: Json, service_port: int, published_host: str) -> Reach | None:
    """Where the engine published the container's `service_port`; None when it did not."""
    ports = inspected["NetworkSettings"].get("Ports") or {}
    port = host_port(ports, service_port)
    if not port:
        return None
    bound = str(ports[f"{service_port}/tcp"][0].get("HostIp", ""))
    return Reach(published_host if is_everywhere(bound) else bound, port, direct=False)


def is_everywhere(bound: str) -> bool:
    """True for an address that includes the engine's machine as such, and not one of several."""
    return bound in _EVERYWHERE


def _on_a_bridge_of_this_machine(inspected: Json) -> str:
    """The container's address, when the bridge of one of its networks is an interface here; else ""."""
    for network in (inspected["NetworkSettings"].get("Networks") or {}).values():
        bridge = _INTERFACES / f"br-{str(network.get('NetworkID', ''))[:12]}"
        if network.get("IPAddress") and bridge.exists():
            return str(network["IPAddress"])
    return ""


def url(host: str, port: int) -> str:
    """The address as people open it; "all addresses" is shown as this machine's own."""
    shown = "127.0.0.1" if host in _EVERYWHERE else host
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
