"""The embedded server's address for containers follows the Docker bridge (loopback addresses play the bridge here)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from google.protobuf import empty_pb2

from wp_server import app, gateway, local
from wp_server.auth import tokens
from wp_server.store import settings as server_settings
from wp_server.store import users

from .conftest import Client, channel
from .peers import eventually


@pytest.fixture
def bridge(monkeypatch):
    """`bridge[0]` is the bridge's present address."""
    address = [""]
    monkeypatch.setattr(local, "bridge_address", lambda: address[0])
    monkeypatch.setattr(gateway, "INTERVAL", 0.05)
    return address


def advertised(server: app.RunningServer) -> str:
    return server.store.read_now(server_settings.config).advertise_addrs[0].addr


async def test_without_a_bridge_only_loopback_is_advertised(settings, bridge):
    async with app.running(replace(settings, local=True)) as server:
        assert advertised(server) == server.grpc_address
        state = json.loads((settings.data_dir / local.STATE_FILE).read_text())
        assert (state["grpc"], state["gateway"]) == (server.grpc_address, "")
    assert not (settings.data_dir / local.STATE_FILE).exists()


async def test_a_bridge_that_comes_moves_and_goes_is_followed(settings, bridge):
    async with app.running(replace(settings, local=True)) as server:
        port = server.grpc_address.rpartition(":")[2]
        for host in ("127.0.0.2", "127.0.0.3"):
            bridge[0] = host
            await eventually(lambda host=host: advertised(server).startswith(f"{host}:"))
            assert advertised(server) == f"{host}:{port}"
            token = await server.store.write(tokens.login, users.DEFAULT_USER_ID, None)
            async with channel(f"{host}:{port}", server.certificate.chain) as made:
                await Client(made, token).GetServerConfig(empty_pb2.Empty())
            await eventually(
                lambda host=host: (
                    json.loads((settings.data_dir / local.STATE_FILE).read_text())["gateway"] == f"{host}:{port}"
                )
            )
        bridge[0] = ""
        await eventually(lambda: advertised(server) == server.grpc_address)


async def test_a_bridge_port_that_is_taken_is_replaced_by_a_free_one(settings, bridge):
    async with app.running(replace(settings, local=True)) as server:
        port = server.grpc_address.rpartition(":")[2]
        other = await asyncio.start_server(lambda _r, _w: None, "127.0.0.2", int(port))
        async with other:
            bridge[0] = "127.0.0.2"
            await eventually(lambda: advertised(server).startswith("127.0.0.2:"))
            assert advertised(server) != f"127.0.0.2:{port}"


async def test_nothing_listens_for_containers_after_the_end(settings, bridge):
    bridge[0] = "127.0.0.2"
    async with app.running(replace(settings, local=True)) as server:
        assert advertised(server).startswith("127.0.0.2:")
        await server.stop()
        assert server._gateway is not None
        assert not await server._gateway.look()
        assert server._gateway.address == ""
