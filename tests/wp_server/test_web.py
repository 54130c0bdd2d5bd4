"""The HTTP listeners: health, readiness, TLS, redirects (server.md §1.7)."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from dataclasses import replace

import pytest

from wp_server import app


async def fetch(address: str, path: str, method: str = "GET", trust: bytes | None = None, **headers: str):
    """One HTTP/1.1 request; returns status, headers and body."""
    host, _, port = address.rpartition(":")
    context = ssl.create_default_context(cadata=trust.decode()) if trust else None
    reader, writer = await asyncio.open_connection(
        host, int(port), ssl=context, server_hostname="waypoint" if trust else None
    )
    lines = [f"{method} {path} HTTP/1.1", f"Host: {address}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    async with asyncio.timeout(60):
        raw = await reader.read()
    writer.close()
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *rest = head.decode().split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in rest)
    return int(status.split()[1]), fields, body


async def test_health_and_readiness_over_tls(server):
    trust = server.certificate.chain
    status, _, body = await fetch(server.http_address, "/healthz", trust=trust)
    assert status == 200
    assert json.loads(body)["version"].startswith("v")
    assert (await fetch(server.http_address, "/readyz", trust=trust))[0] == 200
    assert (await fetch(server.http_address, "/nothing", trust=trust))[0] == 404


@pytest.fixture
async def plain(settings):
    async with app.running(replace(settings, listen_http_insecure="127.0.0.1:0")) as server:
        yield server


async def test_plain_http_sends_people_to_tls(plain):
    status, headers, _ = await fetch(plain.plain_http_address, "/path?x=1")
    assert status == 307
    assert headers["location"] == f"https://{plain.http_address}/path?x=1"
    status, _, body = await fetch(plain.plain_http_address, "/path", "POST", Content_Length="0")
    assert (status, body) == (400, b"")


async def test_plain_http_behind_a_tls_proxy_is_served(plain):
    status, _, _ = await fetch(plain.plain_http_address, "/", X_Forwarded_Proto="https")
    assert status == 200


async def test_probes_need_no_tls(plain):
    assert (await fetch(plain.plain_http_address, "/healthz"))[0] == 200
    assert (await fetch(plain.plain_http_address, "/readyz"))[0] == 200


async def test_a_stopping_server_is_not_ready(plain):
    plain._stopping = True
    status, _, body = await fetch(plain.plain_http_address, "/readyz")
    assert (status, json.loads(body)["reason"]) == (503, "shutting down")


async def test_the_access_log_names_the_request_without_its_query(plain, caplog):
    caplog.set_level(logging.INFO, "waypoint.server.http")
    await fetch(plain.plain_http_address, "/healthz?token=secret", X_Forwarded_For="10.0.0.1, 10.0.0.2")
    [line] = [record.getMessage() for record in caplog.records if record.name == "waypoint.server.http"]
    assert line.startswith("GET ")
    assert "/healthz 200" in line
    assert "forwarded=10.0.0.1 " in line
    assert "secret" not in line
