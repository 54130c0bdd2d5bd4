"""Which ports of a container are published, and where: on free ports of the engine's machine, or on fixed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docker.utils.ports import split_port

EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, not listened on


@dataclass(frozen=True)
class Port:
    """A port of a container, such as `3000/tcp`, and where it is published: `host_ip` "" is the engine's default,
    `host_port` 0 a free one."""

    container: str
    host_ip: str
    host_port: int

    @property
    def binding(self) -> tuple[str | int, ...] | None:
        """The place as docker-py takes it."""
        if self.host_port:
            return (self.host_ip, self.host_port) if self.host_ip else (self.host_port,)
        return (self.host_ip,) if self.host_ip else None

    def clashes(self, host_ip: str, host_port: str, container: str) -> bool:
        """True when both cannot be published at once. `container` is the other's `port/protocol`."""
        if not self.host_port or str(self.host_port) != host_port or _protocol(self.container) != _protocol(container):
            return False
        return self.host_ip == host_ip or bool({self.host_ip, host_ip} & EVERYWHERE)


def published(service_port: int, extra_ports: Sequence[int], publish: Sequence[str], host_ip: str) -> tuple[Port, ...]:
    """All published ports: `publish` on fixed ones, the others on free ones. Raises ValueError as `parse` does."""
    fixed = [port for entry in publish for port in parse(entry, host_ip)]
    named = {port.container for port in fixed}
    free = [f"{port}/tcp" for port in dict.fromkeys([service_port, *extra_ports])]
    return (*fixed, *(Port(name, host_ip, 0) for name in free if name not in named))


def parse(entry: str, host_ip: str = "") -> list[Port]:
    """The ports of one entry of `publish`, written as the docker program's `-p`; `host_ip` is for entries without one.

    Raises ValueError with a sentence about what is wrong with it.
    """
    wanted = (
        f'"{entry}" in publish must be host-port:container-port, such as 8080:3000, 127.0.0.1:8080:3000 or 53:53/udp'
    )
    try:
        inside, outside = split_port(entry)
    except ValueError:
        raise ValueError(wanted) from None
    if outside is None:
        raise ValueError(wanted)
    places = [each if isinstance(each, tuple) else (host_ip, each) for each in outside]
    found = []
    for name, (address, host_port) in zip(inside, places, strict=True):
        number, _, protocol = name.partition("/")
        if not (number.isdigit() and host_port.isdigit()):
            raise ValueError(wanted)
        if not (1 <= int(number) <= 65535 and 1 <= int(host_port) <= 65535):
            raise ValueError(f'"{entry}" in publish has a port that is not between 1 and 65535')
        found.append(Port(f"{number}/{protocol or 'tcp'}", address or "", int(host_port)))
    return found


def _protocol(container: str) -> str:
    return container.rpartition("/")[2]
