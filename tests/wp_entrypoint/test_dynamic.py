"""Dynamic variables in a running entrypoint: read before the start, kept when a source goes, changed when it does."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.consul import Consul
from tests.fakes.vault import Vault
from tests.vault import ROOT_TOKEN, VaultServer

from wp_entrypoint import dynamic
from wp_entrypoint.appconfig import resolve
from wp_proto.entrypoint import messages
from wp_proto.own import source_pb2
from wp_proto.waypoint import api as pb

from .conftest import Entrypoints, eventually
from .fake_server import FakeServer
from .test_exec import STDOUT, Client


@pytest.fixture
def consul() -> Iterator[Consul]:
    standin = Consul()
    standin.keys = {"web/name": b"shop", "web/secret": b"hunter2"}
    yield standin
    standin.stop()


def from_consul(name: str, key: str, **more: bool) -> pb.ConfigVar:
    variable = pb.ConfigVar(name=name, **more)
    variable.dynamic.CopyFrom(pb.ConfigVar.DynamicVal(**{"from": "consul", "config": {"key": key}}))
    return variable


def configured(server: FakeServer, consul: Consul, *variables: pb.ConfigVar, **settings: str) -> None:
    source = pb.ConfigSource(type="consul", config={"address": consul.url} | settings)
    server.set_whole_config(pb.EntrypointConfig(env_vars=variables, config_sources=[source]))


@pytest.mark.both_natures
def test_values_are_there_at_the_first_start(entrypoints: Entrypoints, server: FakeServer, consul: Consul) -> None:
    consul.token = "acl"
    configured(
        server,
        consul,
        from_consul("NAME", "web/name"),
        from_consul("SECRET", "web/secret", internal=True),
        pb.ConfigVar(name="URL", static="db://${config.internal.SECRET}@${config.env.NAME}"),
        from_consul("conf/key", "web/secret", name_is_path=True),
        pb.ConfigVar(name="conf/plain", static="text", name_is_path=True),
        pb.ConfigVar(name="conf/mixed", static="k=${config.internal.SECRET}", name_is_path=True),
        token="acl",
    )
    script = "echo $NAME ${SECRET:-none} $URL $(stat -c %a conf/key conf/plain conf/mixed); cat conf/key conf/mixed"
    result = entrypoints.run("sh", "-c", script, server=server)
    assert result.stdout == "shop none db://hunter2@shop 600 644 600\nhunter2k=hunter2"
    assert "hunter2" not in result.stderr
    assert not any("hunter2" in line for line in server.own_lines())


def test_a_value_that_cannot_be_read_is_left_out_and_told(
    entrypoints: Entrypoints, server: FakeServer, consul: Consul
) -> None:
    packer = pb.ConfigVar(name="IMAGE")
    packer.dynamic.CopyFrom(pb.ConfigVar.DynamicVal(**{"from": "packer"}))
    configured(server, consul, from_consul("NAME", "web/name"), from_consul("NONE", "web/none"), packer)
    result = entrypoints.run("sh", "-c", "echo $NAME ${NONE-unset} ${IMAGE-unset}", server=server)
    assert result.stdout == "shop unset unset\n"
    assert "NONE cannot be read from consul, it is left out: Consul has no key web/none" in result.stderr
    assert "IMAGE cannot be read from packer, it is left out: there is no source 'packer' here" in result.stderr


def test_a_source_that_hangs_delays_the_start_for_the_timeout_only(
    entrypoints: Entrypoints, server: FakeServer, consul: Consul
) -> None:
    consul.release.clear()
    configured(server, consul, from_consul("NAME", "web/name"), pb.ConfigVar(name="GREETING", static="hello"))
    begin = time.monotonic()
    script = "echo $GREETING ${NAME-unset}; exec sleep 100"
    process = entrypoints.start("sh", "-c", script, server=server, env={"WAYPOINT_CEB_CONNECT_TIMEOUT": "5s"})
    assert process.stdout is not None
    assert process.stdout.readline() == b"hello unset\n"
    assert time.monotonic() - begin >= 5.0
    consul.release.set()
    assert process.stdout.readline() == b"hello shop\n", "the value arrives after all, and restarts the application"


@pytest.mark.as_zipapp
def test_required_mode_waits_for_every_value(entrypoints: Entrypoints, server: FakeServer, consul: Consul) -> None:
    entrypoints.repack("dynamic", POLL=0.3, RETRY=0.3)
    configured(server, consul, from_consul("NAME", "web/late"))
    env = {"WAYPOINT_CEB_SERVER_REQUIRED": "1"}
    process = entrypoints.start("sh", "-c", "echo $NAME", server=server, env=env)
    eventually(lambda: len(consul.requests) >= 2)
    assert process.poll() is None
    consul.keys["web/late"] = b"here"
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"


@pytest.mark.as_zipapp
def test_a_changed_value_restarts_and_a_lost_source_does_not(
    entrypoints: Entrypoints, server: FakeServer, consul: Consul
) -> None:
    entrypoints.repack("dynamic", POLL=0.3, RETRY=0.3)
    configured(server, consul, from_consul("NAME", "web/name"))
    process = entrypoints.start("sh", "-c", "echo $NAME; exec sleep 100", server=server)
    assert process.stdout is not None
    assert process.stdout.readline() == b"shop\n"
    consul.token = "changed"
    server.wait(lambda: any("its last value is kept" in line for line in server.own_lines()))
    asked = len(consul.requests)
    eventually(lambda: len(consul.requests) > asked + 2)
    consul.token = ""
    server.wait(lambda: any("can be read from consul again" in line for line in server.own_lines()))
    consul.keys["web/name"] = b"market"
    assert process.stdout.readline() == b"market\n", "one restart, for the new value"
    client = Client(server.exec("sh", "-c", "echo $NAME"))
    assert client.finish() == 0
    assert client.output[STDOUT] == b"market\n"


def test_two_sources_do_not_wait_for_each_other(entrypoints: Entrypoints, server: FakeServer, consul: Consul) -> None:
    vault = Vault()
    vault.kv1["kv/db"] = {"user": "ann"}
    consul.release.clear()
    variable = pb.ConfigVar(name="USER_NAME")
    variable.dynamic.CopyFrom(pb.ConfigVar.DynamicVal(**{"from": "vault", "config": {"path": "kv/db", "key": "user"}}))
    try:
        server.set_whole_config(
            pb.EntrypointConfig(
                env_vars=[from_consul("NAME", "web/name"), variable],
                config_sources=[
                    pb.ConfigSource(type="consul", config={"address": consul.url}),
                    pb.ConfigSource(type="vault", config={"addr": vault.url}),
                ],
            )
        )
        env = {"WAYPOINT_CEB_CONNECT_TIMEOUT": "10s", "VAULT_TOKEN": "root"}
        script = "echo $USER_NAME ${NAME-unset}"
        assert entrypoints.run("sh", "-c", script, server=server, env=env).stdout == "ann unset\n"
    finally:
        vault.stop()


def test_what_the_server_has_read_is_taken_and_kept(
    entrypoints: Entrypoints, server: FakeServer, consul: Consul
) -> None:
    def brokered(**answer: object) -> pb.EntrypointConfig:
        told = source_pb2.BrokeredValue(source="consul", parameters={"key": "web/name"}, **answer)  # type: ignore[arg-type]
        return pb.EntrypointConfig(env_vars=[from_consul("NAME", "web/name")], brokered=[told])

    server.set_whole_config(brokered(value=b"read ${there}\xff"))
    script = "printf '%s\\n' \"$NAME\"; exec sleep 100"
    process = entrypoints.start("sh", "-c", script, server=server)
    assert process.stdout is not None
    assert process.stdout.readline() == b"read ${there}\xff\n"
    server.set_whole_config(brokered(error="the vault is shut"))
    server.wait(
        lambda: any(
            "NAME cannot be read from consul, its last value is kept: the vault is shut" in line
            for line in server.own_lines()
        )
    )
    server.set_whole_config(brokered(value=b"two"))
    assert process.stdout.readline() == b"two\n"
    assert any("can be read from consul again" in line for line in server.own_lines())
    assert not consul.requests


def test_values_of_a_real_vault(entrypoints: Entrypoints, server: FakeServer, vault_server: VaultServer) -> None:
    mount = f"kv-{uuid.uuid4().hex[:8]}"
    vault_server.ask("POST", f"sys/mounts/{mount}", {"type": "kv", "options": {"version": "1"}})
    vault_server.ask("PUT", f"{mount}/db", {"user": "ann"})
    dynamic = pb.ConfigVar.DynamicVal(**{"from": "vault", "config": {"path": f"{mount}/db", "key": "user"}})
    source = pb.ConfigSource(type="vault", config={"addr": vault_server.url, "token": ROOT_TOKEN})
    variables = [
        pb.ConfigVar(name="USER_NAME", dynamic=dynamic, internal=True),
        pb.ConfigVar(name="URL", static="db://${upper(config.internal.USER_NAME)}@host"),
    ]
    server.set_whole_config(pb.EntrypointConfig(env_vars=variables, config_sources=[source]))
    assert entrypoints.run("sh", "-c", "echo $URL", server=server).stdout == "db://ANN@host\n"


def test_nothing_of_it_is_loaded_without_a_dynamic_variable(entrypoints: Entrypoints, server: FakeServer) -> None:
    server.set_config(GREETING="hello")
    process = entrypoints.start("sleep", "100", server=server)
    server.wait(lambda: bool(server.app_lines() or server.own_lines()))
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    assert "_json" not in maps, "the sources would have brought it in"


def test_equal_parameters_are_asked_for_once() -> None:
    one = messages.ConfigVar(name="A", dynamic=messages.ConfigVarDynamicVal("vault", {"key": "k", "path": "p"}))
    two = messages.ConfigVar(name="B", dynamic=messages.ConfigVarDynamicVal("vault", {"path": "p", "key": "k"}))
    key = dynamic.key_of(one)
    assert key is not None
    assert key == dynamic.key_of(two)
    config = resolve([one, two], {key: "v${config.env.A}"})
    assert config.environment == {b"A": b"v${config.env.A}", b"B": b"v${config.env.A}"}, "given values are no templates"
