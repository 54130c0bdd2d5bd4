"""The Go Waypoint that benchmarks measure beside ours in the same run, where `make go-waypoint` has built it."""

from __future__ import annotations

import contextlib
import re
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty
from server_under_load import ROOT, VERSIONS, Figure, Serve, Server, Sheet, awaited, forms, place, running

sys.path.insert(0, str(ROOT))

from tests.interop.go_waypoint import VERSION, built

from wp_cli.bridge import Bridge
from wp_proto.waypoint.service_pb2_grpc import WaypointStub

GO = built()
"""The programs; None where they are not."""
NAME = f"Go {VERSION}" if GO else "Go, recorded"
"""What figures of it are called: without the programs they are those that were recorded on another machine."""
RECORDED = {
    "GetServerConfig, authenticated": Figure(10_000),
    "ListDeployments, 13 rows": Figure(2_140),
    "SetConfig, durable, 16 clients": Figure(1_270),
    "QueueJob, durable, 16 clients": Figure(1_980),
    "no-op jobs through one runner, 6 streams": Figure(30),
}
"""Of its server on two cores; SetConfig and QueueJob are on another disk."""


def beside(measure: Callable[[Server, Sheet], None]) -> Mapping[str, Figure]:
    """What is measured of its server, or what was recorded."""
    if GO is None:
        return RECORDED
    sheet = Sheet(None)
    with server() as target:
        measure(target, sheet)
    return sheet.taken


def compared() -> Iterator[tuple[str, Serve, Sheet]]:
    """Its server, if it is there, and the forms of ours: name, how to run it, and where its figures go."""
    theirs = Sheet()
    if GO:
        yield NAME, server, theirs
    for name, serve in forms():
        yield name, serve, Sheet(theirs.taken, NAME)


@contextlib.contextmanager
def server(folder: Path | None = None) -> Iterator[Server]:
    """Runs its server as `server_under_load.server` runs ours.

    Ours reads its address and token from files. This one is bootstrapped, and reached over a bridge: gRPC's library
    does not speak to its TLS.
    """
    assert GO is not None
    with place(folder) as data:
        listen = ("-listen-grpc=127.0.0.1:0", "-listen-http=127.0.0.1:0")
        command = [str(GO.waypoint), "server", "run", "-url-enabled=false", f"-db={data}/data.db", *listen]
        with running(command, data, environment(data)) as process:
            output = data / "output"
            found = awaited(process, lambda: re.search(r"gRPC Address: 127.0.0.1:(\d+)\s", output.read_text()))
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with contextlib.closing(Bridge(("127.0.0.1", int(found[1])), context, "waypoint", "")) as bridge:
                token = _token(bridge.target, data / "token")
                yield Server(process.pid, bridge.target, b"", token, f"127.0.0.1:{found[1]}")


def connection(target: Server) -> dict[str, str]:
    """What tells its command line and entrypoint which server to use."""
    return {
        "WAYPOINT_SERVER_ADDR": target.behind or target.address,
        "WAYPOINT_SERVER_TLS": "1",
        "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1",
        "WAYPOINT_SERVER_TOKEN": target.token,
    }


def environment(home: Path) -> dict[str, str]:
    """What keeps its programs from the user's own files, and from asking whether there is a newer one."""
    return {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "CHECKPOINT_DISABLE": "1"}


def _token(address: str, kept: Path) -> str:
    """That of the first user, whom the server makes when it is asked for the first time."""
    if not kept.exists():
        with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            kept.write_text(WaypointStub(channel).BootstrapToken(Empty(), metadata=VERSIONS, timeout=60).token)
    return kept.read_text()
