"""A changed configuration that reaches a few instances at a time (entrypoint-url.md A11.5)."""

from __future__ import annotations

import asyncio

import pytest

from wp_proto.waypoint import api as pb
from wp_server.live.rolling import VARIABLE, Rolling, restarts

from .conftest import VERSION_HEADERS
from .peers import APPLICATION, FEATURES, connected, deployment, entrypoint_token


def configuration(rolling: str = "", value: str = "1", **files: str) -> pb.EntrypointConfig:
    variables = [pb.ConfigVar(name=name, static=text, name_is_path=True) for name, text in files.items()]
    variables.append(pb.ConfigVar(name="A", static=value))
    if rolling:
        variables.append(pb.ConfigVar(name=VARIABLE, static=rolling))
    return pb.EntrypointConfig(env_vars=variables)


def test_two_at_a_time() -> None:
    rolling = Rolling()
    old, new = configuration("2/1m"), configuration("2/1m", "2")
    assert [rolling.due("D", old, new, 100.0) for _ in range(4)] == [100.0, 100.0, 160.0, 160.0]
    assert rolling.due("OTHER", old, new, 100.0) == 100.0
    assert [rolling.due("D", old, new, 160.0) for _ in range(3)] == [160.0, 160.0, 220.0]
    assert rolling.due("D", old, new, 500.0) == 500.0


def test_what_was_spread_out_stays_so() -> None:
    rolling = Rolling()
    old, new = configuration("2/1m"), configuration("2/1m", "2")
    assert rolling.due("D", old, new, 100.0) == 100.0
    assert rolling.due("D", old, new, 130.0) == 130.0
    assert rolling.due("D", old, new, 140.0) == 160.0, "when the first of the two is a minute old"


def test_half_a_minute_unless_it_is_said() -> None:
    rolling = Rolling()
    old, new = configuration("1"), configuration("1", "2")
    assert [rolling.due("D", old, new, 100.0) for _ in range(2)] == [100.0, 130.0]


@pytest.mark.parametrize("text", ["", "0", "-1", "few", "2/soon", "2/0s", "2/-1m"])
def test_all_at_once_when_it_is_not_said_in_a_way_that_can_be_read(text: str) -> None:
    rolling = Rolling()
    old, new = configuration(text), configuration(text, "2")
    assert [rolling.due("D", old, new, 100.0) for _ in range(3)] == [100.0] * 3


def test_what_restarts_nothing_waits_for_nothing() -> None:
    rolling = Rolling()
    old, new = configuration("1/1h", f="one"), configuration("1/1h", f="two")
    assert not restarts(old, new)
    assert [rolling.due("D", old, new, 100.0) for _ in range(3)] == [100.0] * 3


async def set_variables(user, **values: str) -> None:
    target = pb.ConfigVar.Target(application=APPLICATION)
    variables = [pb.ConfigVar(name=name, static=value, target=target) for name, value in values.items()]
    await user.SetConfig(pb.ConfigSetRequest(variables=variables))


def value(config: pb.EntrypointConfig) -> str:
    """What the variable A is."""
    return next(variable.static for variable in config.env_vars if variable.name == "A")


async def test_instances_get_a_change_one_after_the_other(server, client, token) -> None:
    """Those that wait hear of exec sessions with what they had, also over another stream; a new one begins with the
    newest."""
    user = client(token)
    record = await deployment(user)
    await set_variables(user, A="1", **{VARIABLE: "1/1h"})
    async with connected(server, client, record, record, record) as instances:
        await set_variables(user, A="2")
        waits = {asyncio.create_task(one.snapshot(lambda config: value(config) == "2")): one for one in instances}
        done, waiting = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        assert len(done) == 1
        others = [waits[task] for task in waiting]
        for one in others:
            call = user.StartExecStream()
            start = pb.ExecStreamRequest.Start(instance_id=one.id, args=["true"])
            await call.write(pb.ExecStreamRequest(start=start))
            assert value(await one.snapshot(lambda config: bool(config.exec))) == "1"
            call.cancel()
        again = client(await entrypoint_token(server, record.id), (*VERSION_HEADERS, FEATURES))
        request = pb.EntrypointConfigRequest(deployment_id=record.id, instance_id=others[0].id)
        stream = again.EntrypointConfig(request)
        assert value((await stream.read()).config) == "1"
        stream.cancel()
        fresh = pb.EntrypointConfigRequest(deployment_id=record.id, instance_id="01NEW")
        stream = again.EntrypointConfig(fresh)
        assert value((await stream.read()).config) == "2"
        stream.cancel()
