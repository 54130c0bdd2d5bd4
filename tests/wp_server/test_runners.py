"""Runners over a real connection: registration is presence, adoption, and tokens that are bound (server.md §8)."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server.auth import authenticator, tokens
from wp_server.store import runners, settings

from .conftest import VERSION_HEADERS


@pytest.fixture
def api(client, token):
    return client(token)


@pytest.fixture(autouse=True)
def no_tarpit(monkeypatch):
    monkeypatch.setattr(authenticator, "TARPIT_SECONDS", 0.0)


async def refusal(call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


async def register(api, runner_id: str, **fields):
    if not {"local", "remote", "odr"} & set(fields):
        fields["remote"] = pb.Runner.Remote()
    stream = api.RunnerConfig()
    runner = pb.Runner(id=runner_id, **fields)
    await stream.write(pb.RunnerConfigRequest(open=pb.RunnerConfigRequest.Open(runner=runner)))
    return stream


async def ids(api) -> list[str]:
    return [one.id for one in (await api.ListRunners(pb.ListRunnersRequest())).runners]


async def until(api, wanted: list[str]) -> None:
    async with asyncio.timeout(60):
        while await ids(api) != wanted:
            await asyncio.sleep(0.01)


async def get(api, runner_id: str) -> pb.Runner:
    return await api.GetRunner(pb.GetRunnerRequest(runner_id=runner_id))


async def test_a_runner_is_listed_while_its_stream_is_open_and_known_afterwards(api):
    stream = await register(api, "r1", local=pb.Runner.Local(), labels={"a": "b"})
    await stream.read()
    assert await ids(api) == ["r1"]
    assert (await get(api, "r1")).online
    stream.cancel()
    await until(api, [])
    left = await get(api, "r1")
    assert not left.online
    assert left.WhichOneof("kind") == "local"
    assert (await refusal(get(api, "r9")))[0] is grpc.StatusCode.NOT_FOUND


async def test_the_late_end_of_an_old_stream_does_not_unregister_the_new_one(api):
    old = await register(api, "r1")
    await old.read()
    new = await register(api, "r1")
    await new.read()
    assert await old.code() is grpc.StatusCode.UNAVAILABLE
    await asyncio.sleep(0.05)
    assert await ids(api) == ["r1"]
    assert (await get(api, "r1")).online
    new.cancel()
    await until(api, [])


async def test_a_forgotten_runner_is_told_to_come_back_and_a_rejected_one_is_not(api):
    stream = await register(api, "r1")
    await stream.read()
    await api.ForgetRunner(pb.ForgetRunnerRequest(runner_id="r1"))
    assert await stream.code() is grpc.StatusCode.UNAVAILABLE
    stream = await register(api, "r1")
    await stream.read()
    await api.AdoptRunner(pb.AdoptRunnerRequest(runner_id="r1", adopt=False))
    assert await stream.code() is grpc.StatusCode.PERMISSION_DENIED
    again = await register(api, "r1")
    assert await again.code() is grpc.StatusCode.PERMISSION_DENIED
    assert (await get(api, "r1")).adoption_state == pb.Runner.REJECTED


async def test_an_adopted_runner_stays_listed_and_a_change_of_labels_ends_its_adoption(api):
    stream = await register(api, "r1", labels={"region": "eu"})
    await stream.read()
    assert (await get(api, "r1")).adoption_state == pb.Runner.PREADOPTED
    await api.AdoptRunner(pb.AdoptRunnerRequest(runner_id="r1", adopt=True))
    stream.cancel()
    async with asyncio.timeout(60):
        while (await get(api, "r1")).online:
            await asyncio.sleep(0.01)
    assert await ids(api) == ["r1"]
    stream = await register(api, "r1", labels={"region": "us"})
    await stream.read()
    assert (await get(api, "r1")).adoption_state == pb.Runner.PREADOPTED
    stream.cancel()


@pytest.mark.parametrize("with_token", [True, False])
async def test_a_runner_that_leaves_while_it_is_registered_is_not_here(server, client, api, monkeypatch, with_token):
    cookie = await server.store.read(settings.cookie)
    written, go_on, write = asyncio.Event(), asyncio.Event(), server.store.write

    async def slow(step, *args):
        answer = await write(step, *args)
        if step in {runners.register, runners.request_adoption}:
            written.set()
            await go_on.wait()
        return answer

    monkeypatch.setattr(server.store, "write", slow)
    if with_token:
        leaving = await register(api, "r1")
    else:
        guest = client(headers=(*VERSION_HEADERS, ("wpcookie", cookie)))
        leaving = guest.RunnerToken(pb.RunnerTokenRequest(runner=pb.Runner(id="r1", remote=pb.Runner.Remote())))
    async with asyncio.timeout(60):
        await written.wait()
        leaving.cancel()
        while not all(call.task.cancelling() for call in server.pipeline._streams | server.pipeline._calls):
            await asyncio.sleep(0.01)
    go_on.set()
    await until(api, [])


async def test_with_the_cookie_a_runner_waits_for_its_adoption_and_gets_a_token_bound_to_it(server, client, api):
    cookie = await server.store.read(settings.cookie)
    guest = client(headers=(*VERSION_HEADERS, ("wpcookie", cookie)))
    runner = pb.Runner(id="r1", remote=pb.Runner.Remote(), labels={"region": "eu"})
    asking = asyncio.ensure_future(guest.RunnerToken(pb.RunnerTokenRequest(runner=runner)))
    await until(api, ["r1"])
    assert (await get(api, "r1")).adoption_state == pb.Runner.PENDING
    await api.AdoptRunner(pb.AdoptRunnerRequest(runner_id="r1", adopt=True))
    assert not (await get(api, "r1")).online, "adopted, but not here to work yet"
    granted = (await asking).token
    own = client(granted)
    stream = await register(own, "r1", labels={"region": "eu"})
    await stream.read()
    assert (await get(api, "r1")).online
    assert (await own.GetServerConfig(Empty())).config.cookie == cookie
    assert not (await own.RunnerToken(pb.RunnerTokenRequest(runner=runner))).token
    other = await register(own, "r2", labels={"region": "eu"})
    assert await other.code() is grpc.StatusCode.PERMISSION_DENIED
    changed = await register(own, "r1", labels={"region": "us"})
    assert await changed.code() is grpc.StatusCode.PERMISSION_DENIED
    stream.cancel()


async def test_a_rejected_or_forgotten_request_ends_the_wait(server, client, api):
    guest = client(headers=(*VERSION_HEADERS, ("wpcookie", await server.store.read(settings.cookie))))
    for number, code in ((1, grpc.StatusCode.PERMISSION_DENIED), (2, grpc.StatusCode.NOT_FOUND)):
        runner_id = f"r{number}"
        runner = pb.Runner(id=runner_id, remote=pb.Runner.Remote())
        asking = asyncio.ensure_future(guest.RunnerToken(pb.RunnerTokenRequest(runner=runner)))
        async with asyncio.timeout(60):
            while runner_id not in await ids(api):
                await asyncio.sleep(0.01)
        if number == 1:
            await api.AdoptRunner(pb.AdoptRunnerRequest(runner_id=runner_id, adopt=False))
        else:
            await api.ForgetRunner(pb.ForgetRunnerRequest(runner_id=runner_id))
        assert (await refusal(asking))[0] is code


async def test_a_guest_never_changes_a_runner_that_somebody_decided_about(server, client, api):
    guest = client(headers=(*VERSION_HEADERS, ("wpcookie", await server.store.read(settings.cookie))))
    stream = await register(api, "r1", labels={"region": "eu"})
    await stream.read()
    before = await get(api, "r1")
    thief = pb.Runner(id="r1", local=pb.Runner.Local(), labels={"region": "us"})
    code, words = await refusal(guest.RunnerToken(pb.RunnerTokenRequest(runner=thief)))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert "already adopted" in words
    assert await get(api, "r1") == before
    stream.cancel()


async def test_without_cookie_or_with_a_wrong_one_nothing_is_granted(client, token):
    runner = pb.RunnerTokenRequest(runner=pb.Runner(id="r1"))
    assert (await refusal(client().RunnerToken(runner)))[0] is grpc.StatusCode.PERMISSION_DENIED
    wrong = client(headers=(*VERSION_HEADERS, ("wpcookie", "WPCwrong")))
    code, words = await refusal(wrong.RunnerToken(runner))
    assert (code, words) == (grpc.StatusCode.PERMISSION_DENIED, "server cookie does not match")
    assert not (await client(token).RunnerToken(runner)).token


async def test_a_runner_token_needs_an_adopted_runner_and_is_revoked_at_once(server, client, api):
    granted = await server.store.read(tokens.runner, "r1", {}, None)
    own = client(granted)
    assert (await refusal(own.GetServerConfig(Empty())))[0] is grpc.StatusCode.PERMISSION_DENIED
    stream = await register(own, "r1")
    await stream.read()
    await own.GetServerConfig(Empty())
    await api.AdoptRunner(pb.AdoptRunnerRequest(runner_id="r1", adopt=False))
    assert (await refusal(own.GetServerConfig(Empty())))[0] is grpc.StatusCode.PERMISSION_DENIED


async def test_an_on_demand_runner_needs_a_job(api):
    stream = await register(api, "odr", odr=pb.Runner.ODR(profile_id="p"))
    assert await stream.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_the_first_message_must_be_open(api):
    stream = api.RunnerConfig()
    await stream.write(pb.RunnerConfigRequest())
    assert await stream.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_profiles_are_listed(api):
    assert not (await api.ListOnDemandRunnerConfigs(Empty())).configs
