"""What a server does not load before somebody needs it: memory follows imports, and they can be told exactly."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from wp_proto.waypoint import api as pb

from .conftest import Client, ServerProcess

DEFERRED = {
    "alembic": "a schema that is older than the server",
    "cryptography": "making a certificate",
    "docker": "running jobs",
    "hcl2": "reading waypoint.hcl",
    "jwt": "a sign-in by OpenID Connect",
    "kubernetes": "running jobs",
    "mako": "Alembic",
    "opentelemetry": "OTEL_EXPORTER_OTLP_ENDPOINT",
    "prometheus_client": "-listen-metrics",
    "psycopg": "-db=postgresql://…",
    "requests": "a sign-in by OpenID Connect",
    "rich": "the command line",
    "sqlalchemy.dialects.postgresql": "-db=postgresql://…",
    "urllib3": "a sign-in by OpenID Connect",
    "wp_cli": "the command line",
    "wp_plugins": "running jobs",
    "wp_proto.waypoint.service_pb2_grpc": "being a client of another server",
    "wp_runner": "running jobs",
    "wp_sdk": "running jobs",
    "wp_server.peers": "-db=postgresql://…",
    "yaml": "running jobs",
}
"""Packages and modules, and what loads them."""


async def test_a_server_has_loaded_nothing_for_what_it_does_not_do(server_process, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    assert await _loaded(server_process, tmp_path / "first") == {"cryptography"}
    assert await _loaded(server_process, tmp_path / "second") == set()


async def _loaded(server: ServerProcess, report: Path) -> set[str]:
    """Starts the program, makes a few calls and ends it. Returns what of DEFERRED it had loaded by then."""
    with report.open("wb") as imports:
        await server.start(stderr=imports)
        async with server.channel() as channel:
            api = Client(channel, server.token)
            await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="shop")))
            await api.ListJobs(pb.ListJobsRequest())
        assert server.end(signal.SIGTERM) == 0
    names = set(re.findall(r"^import time:.*\| +(\S+)$", report.read_text(), re.MULTILINE))
    assert {"wp_server.app", "sqlalchemy", "grpc.aio"} <= names
    return {one for one in DEFERRED if any(name == one or name.startswith(f"{one}.") for name in names)}
