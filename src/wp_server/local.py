"""The embedded server's traces on this machine: where it listens, how it is trusted, where its token is.

`server.json` in the data directory exists while the server accepts calls (a killed one leaves it behind: its process
id is gone, or its certificate does not answer). It is JSON, readable by the owner only, replaced atomically:

    {"format": 1, "pid": 4711, "started": "2024-05-01T10:00:00Z", "version": "v1.0.0",
     "grpc": "127.0.0.1:40001", "http": "127.0.0.1:40002", "gateway": "172.17.0.1:40001",
     "certificate": "/…/tls-cert.pem", "fingerprint": "<sha-256 of the certificate, hex>", "token_file": "/…/token"}

`gateway` is where containers on this machine reach the gRPC API, empty without a Docker bridge. `ports.json` survives
the process, so that running applications find the next one at the same place.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from wp_server.private_file import write_private

STATE_FILE = "server.json"
PORTS_FILE = "ports.json"
TOKEN_FILE = "token"  # noqa: S105  # the name of a file, not a secret
FORMAT = 1
BRIDGE = "docker0"
"""The interface of Docker's default network; its address is the host, seen from every container of this machine."""
_SIOCGIFADDR = 0x8915


@dataclass(frozen=True)
class State:
    """The content of `server.json`."""

    pid: int
    started: str
    version: str
    grpc: str
    http: str
    gateway: str
    certificate: str
    fingerprint: str
    token_file: str
    format: int = FORMAT


@dataclass(frozen=True)
class Ports:
    """The ports of the last run; 0 = any."""

    grpc: int = 0
    http: int = 0
    gateway: int = 0


def write_state(directory: Path, state: State) -> None:
    """Writes `server.json`."""
    write_private(directory / STATE_FILE, f"{json.dumps(asdict(state), indent=1)}\n".encode())


def remove_state(directory: Path) -> None:
    """Removes `server.json` if it is this process's."""
    file = directory / STATE_FILE
    try:
        written = json.loads(file.read_text())
    except (OSError, ValueError):
        return
    if isinstance(written, dict) and written.get("pid") == os.getpid():
        file.unlink(missing_ok=True)


def remembered_ports(directory: Path) -> Ports:
    """Returns the ports of the last run; none when it never ran or the file is damaged."""
    try:
        written = json.loads((directory / PORTS_FILE).read_text())
        return Ports(int(written["grpc"]), int(written["http"]), int(written["gateway"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Ports()


def remember_ports(directory: Path, ports: Ports) -> None:
    """Writes `ports.json`."""
    write_private(directory / PORTS_FILE, f"{json.dumps(asdict(ports))}\n".encode())


def bridge_address() -> str:
    """Returns the IPv4 address of the Docker bridge, empty where there is none."""
    if sys.platform != "linux":
        return ""
    request = struct.pack("256s", BRIDGE.encode())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, request)
        except OSError:
            return ""
    return socket.inet_ntoa(answer[20:24])
