"""Dynamic variables that the server reads itself: for whom, from where, with what, and what it keeps to itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from tests.fakes.consul import Consul

from wp_proto.waypoint import api as pb
from wp_server.live import broker
from wp_sources.placement import anywhere

from .conftest import VERSION_HEADERS
from .peers import APPLICATION, Entrypoint, deployment, entrypoint_token, eventually

OURS = (*VERSION_HEADERS, ("waypoint-entrypoint-features", "sessions1,sources1"))


@pytest.fixture
def consul() -> Iterator[Consul]:
    standin = Consul()
    standin.keys = {"web/name": b"shop", "web/binary": b"\xff\x00"}
    standin.token = "acl"
    yield standin
    standin.stop()


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "POLL", 0.2)
    monkeypatch.setattr(broker, "RETRY", 0.2)
    monkeypatch.setattr(broker, "FIRST_WAIT", 60.0)  # a reading may take its time on a busy machine


async def configure(user, consul: Consul, **keys: str) -> None:
    target = pb.ConfigVar.Target(application=APPLICATION)
    variables = []
    for name, key in keys.items():
        variable = pb.ConfigVar(name=name, target=target)
        variable.dynamic.CopyFrom(pb.ConfigVar.DynamicVal(**{"from": "consul", "config": {"key": key}}))
        variables.append(variable)
    await user.SetConfig(pb.ConfigSetRequest(variables=variables))
    await source(user, address=consul.url, token="acl")


async def source(user, **settings: str) -> None:
    stored = pb.ConfigSource(type="consul", config=settings, application=APPLICATION)
    await user.SetConfigSource(pb.SetConfigSourceRequest(config_source=stored))


async def connect(server, client, user, headers=OURS):
    record = await deployment(user)
    one = Entrypoint(client(await entrypoint_token(server, record.id), headers), record.id, "01INSTANCE")
    return one, asyncio.create_task(one.run())


def answers(config: pb.EntrypointConfig) -> dict[str, bytes | str]:
    return {
        one.parameters["key"]: one.value if one.WhichOneof("answer") == "value" else one.error
        for one in config.brokered
    }


async def test_values_come_and_the_credentials_stay(server, client, token, consul):
    user = client(token)
    await configure(user, consul, NAME="web/name", BINARY="web/binary", NONE="web/none")
    one, stream = await connect(server, client, user)
    config = await one.snapshot()
    assert answers(config) == {
        "web/name": b"shop",
        "web/binary": b"\xff\x00",
        "web/none": "Consul has no key web/none",
    }
    assert not config.config_sources
    assert b"acl" not in config.SerializeToString()
    stream.cancel()


async def test_a_go_entrypoint_reads_for_itself(server, client, token, consul):
    user = client(token)
    await configure(user, consul, NAME="web/name")
    one, stream = await connect(server, client, user, VERSION_HEADERS)
    config = await one.snapshot()
    assert not config.brokered
    assert [found.config["token"] for found in config.config_sources] == ["acl"]
    assert not consul.requests
    stream.cancel()


async def test_a_change_is_a_new_snapshot_and_a_loss_is_not(server, client, token, consul):
    user = client(token)
    await configure(user, consul, NAME="web/name")
    one, stream = await connect(server, client, user)
    assert answers(await one.snapshot()) == {"web/name": b"shop"}
    consul.token = "another"
    asked = len(consul.requests)
    await eventually(lambda: len(consul.requests) > asked + 3)
    consul.token = "acl"
    consul.keys["web/name"] = b"market"
    assert answers(await one.snapshot()) == {"web/name": b"market"}, "nothing came between"
    await source(user, address=consul.url, token="wrong")
    asked = len(consul.requests)
    await eventually(lambda: len(consul.requests) > asked + 1)
    await source(user, address=consul.url, token="acl")
    consul.keys["web/name"] = b"bazaar"
    assert answers(await one.snapshot()) == {"web/name": b"bazaar"}
    stream.cancel()


async def test_instances_share_the_readings_and_the_last_one_ends_them(server, client, token, consul):
    user = client(token)
    await configure(user, consul, NAME="web/name")
    record = await deployment(user)
    secret = await entrypoint_token(server, record.id)
    streams = []
    for number in range(5):
        one = Entrypoint(client(secret, OURS), record.id, f"01INSTANCE{number}")
        streams.append(asyncio.create_task(one.run()))
        assert answers(await one.snapshot()) == {"web/name": b"shop"}
    begun, since = len(consul.requests), time.monotonic()
    await eventually(lambda: len(consul.requests) >= begun + 5)
    read = len(consul.requests) - begun
    assert read <= 2 * (time.monotonic() - since) / broker.POLL + 1, "one reading for all, not one for each"
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    await eventually(lambda: not server._broker._watches)
    begun = len(consul.requests)
    await asyncio.sleep(0.7)
    assert len(consul.requests) <= begun + 1


async def test_a_source_that_hangs_does_not_keep_the_snapshot(server, client, token, consul, monkeypatch):
    monkeypatch.setattr(broker, "FIRST_WAIT", 0.3)
    user = client(token)
    await configure(user, consul, NAME="web/name")
    consul.release.clear()
    one, stream = await connect(server, client, user)
    assert answers(await one.snapshot()) == {"web/name": broker.UNREAD}
    consul.release.set()
    assert answers(await one.snapshot()) == {"web/name": b"shop"}
    stream.cancel()


async def test_what_relies_on_the_container_is_left_to_it(server, client, token, consul):
    user = client(token)
    await configure(user, consul, NAME="web/name")
    await source(user, address=consul.url, token_file="/etc/hostname")
    one, stream = await connect(server, client, user)
    config = await one.snapshot()
    assert not config.brokered
    assert len(config.config_sources) == 1
    assert not consul.requests
    stream.cancel()


@pytest.mark.parametrize(
    ("kind", "settings", "here"),
    [
        ("vault", {"addr": "https://v", "token": "t"}, True),
        ("vault", {"token": "t"}, False),
        ("vault", {"addr": "https://v"}, False),
        ("vault", {"addr": "https://v", "token": "t", "ca_cert": "/etc/ca"}, False),
        ("vault", {"addr": "https://v", "token": "t", "read_in": "entrypoint"}, False),
        ("vault", {"addr": "https://v", "auth_method": "approle", "approle_role_id": "r"}, True),
        ("vault", {"addr": "https://v", "auth_method": "kubernetes", "kubernetes_role": "r"}, False),
        ("vault", {"addr": "https://v", "auth_method": "aws", "aws_role": "r"}, False),
        ("consul", {}, False),
        ("kubernetes", {}, False),
        ("aws-ssm", {"region": "a"}, False),
        ("aws-ssm", {"region": "a", "access_key": "k", "secret_key": "s"}, True),
        ("aws-ssm", {"region": "a", "access_key": "k", "secret_key": "s", "profile": "p"}, False),
        ("terraform-cloud", {"token": "t"}, True),
        ("packer", {"token": "t"}, False),
    ],
)
def test_where_a_source_is_read(kind: str, settings: dict[str, str], here: bool) -> None:
    assert anywhere(kind, settings) is here
