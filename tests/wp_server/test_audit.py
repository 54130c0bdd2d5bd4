"""The audit: a row for each effect, in the transaction of the effect; listed and exported."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from wp_proto.own import administration_pb2 as own
from wp_proto.waypoint import api as pb
from wp_server.auth import tokens
from wp_server.store import audit

from .peers import connected, deployment

SHOP = pb.Ref.Project(project="shop")


@pytest.fixture
def api(client, token):
    return client(token)


async def events(api, **fields) -> list[own.AuditEvent]:
    request = own.ListAuditEventsRequest(filter=own.AuditFilter(**fields), page_size=1000)
    return list((await api.ListAuditEvents(request)).events)


async def project(api, name: str = "shop") -> None:
    await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name=name)))


def variable(value: str, name: str = "SECRET") -> pb.ConfigVar:
    return pb.ConfigVar(name=name, static=value, target=pb.ConfigVar.Target(project=SHOP))


async def test_an_effect_has_one_row_that_says_who_did_what_to_whom(client, api, token):
    await project(api)
    (found,) = await events(api, rpc="UpsertProject")
    accessor = (await client().DecodeToken(pb.DecodeTokenRequest(token=token))).token.accessor_id.hex()
    assert found.actor == "user:00000000000000000000000001"
    assert (found.token, found.project, found.object) == (accessor, "shop", "project shop")
    assert found.HasField("time")


async def test_reading_and_refused_calls_leave_no_row(api):
    before = len(await events(api))
    await api.ListProjects(pb.ListProjectsRequest())
    with pytest.raises(grpc.aio.AioRpcError):
        await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="no spaces")))
    with pytest.raises(grpc.aio.AioRpcError):
        await api.UpsertApplication(pb.UpsertApplicationRequest(project=SHOP, name="web"))
    assert len(await events(api)) == before


async def test_row_and_effect_are_one_transaction(server, api, monkeypatch):
    def refuse(connection, event, describe):
        raise RuntimeError("the audit cannot be written")

    monkeypatch.setattr(audit, "insert", refuse)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await project(api)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert not (await api.ListProjects(pb.ListProjectsRequest())).projects


async def test_the_row_is_there_before_the_effect(server, api, monkeypatch):
    seen: list[int] = []
    insert = tokens.codec.encode

    def observed(*args):
        seen.append(len(server.store.read_now(audit.page, own.AuditFilter(), "", 100)))
        return insert(*args)

    rows = len(await events(api))
    monkeypatch.setattr("wp_server.auth.tokens.codec.encode", observed)
    await api.GenerateLoginToken(pb.LoginTokenRequest())
    assert seen == [rows], "not committed yet while the token is made"
    assert len(await events(api)) == rows + 1


async def test_values_are_kept_as_hashes_that_tell_whether_they_are_equal(api):
    await project(api)
    for value in ("hunter2", "hunter3", "hunter2"):
        await api.SetConfig(pb.ConfigSetRequest(variables=[variable(value)]))
    await api.DeleteConfig(pb.ConfigDeleteRequest(variables=[variable("")]))
    last, third, second, first = (*await events(api, rpc="DeleteConfig"), *await events(api, rpc="SetConfig"))
    changes = [one.changes[0] for one in (first, second, third, last)]
    assert [one.what for one in changes] == ["SECRET"] * 4
    assert changes[0].before == ""
    assert changes[0].after == changes[1].before == changes[2].after == changes[3].before != ""
    assert changes[1].after == changes[2].before != changes[0].after
    assert changes[3].after == ""
    assert not any(b"hunter" in one.SerializeToString() for one in (first, second, third, last))


async def test_a_token_that_was_handed_out_can_be_found_and_withdrawn(client, api):
    handed = (await api.GenerateLoginToken(pb.LoginTokenRequest())).token
    (found,) = await events(api, rpc="GenerateLoginToken")
    await client(handed).ListUsers(Empty())
    await api.RevokeToken(own.RevokeTokenRequest(accessor_id=found.issued_token))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client(handed).ListUsers(Empty())
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_pages_and_export_have_every_row_once(api):
    for number in range(25):
        await project(api, f"p{number}")
    request = own.ListAuditEventsRequest(filter=own.AuditFilter(rpc="UpsertProject"), page_size=10)
    paged: list[str] = []
    while True:
        answer = await api.ListAuditEvents(request)
        paged += [one.project for one in answer.events]
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert paged == [f"p{number}" for number in reversed(range(25))]
    call = api.ExportAuditEvents(own.ExportAuditEventsRequest(filter=own.AuditFilter(rpc="UpsertProject")))
    assert [one.project async for one in call] == [f"p{number}" for number in range(25)]


async def test_filters_by_project_actor_and_time(api):
    await project(api)
    await project(api, "other")
    assert [one.project for one in await events(api, project="Other")] == ["other"]
    assert not await events(api, actor="user:nobody")
    (shop,) = await events(api, project="shop")
    assert [one.project for one in await events(api, rpc="UpsertProject", since=shop.time)] == ["other", "shop"]
    assert not await events(api, rpc="UpsertProject", until=shop.time)


async def test_concurrent_calls_have_a_row_each(api):
    await asyncio.gather(*(project(api, f"p{number}") for number in range(40)))
    found = await events(api, rpc="UpsertProject")
    assert {one.project for one in found} == {f"p{number}" for number in range(40)}
    assert len(found) == 40


async def test_a_page_token_of_somebody_else_is_refused(api):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await api.ListAuditEvents(own.ListAuditEventsRequest(page_token="\x00"))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_what_has_no_transaction_writes_its_row_first(server, client, token):
    api = client(token)
    record = await deployment(api)
    async with connected(server, client, record) as [entrypoint]:
        call = api.StartExecStream()
        start = pb.ExecStreamRequest.Start(deployment_id=record.id, args=["sh"])
        await call.write(pb.ExecStreamRequest(start=start))
        assert (await call.read()).HasField("open")
        (found,) = await events(api, rpc="StartExecStream")
        assert (found.project, found.application, found.workspace) == ("shop", "web", "default")
        assert found.object == f"deployment {record.id}"
        peer = await entrypoint.take_session()
        await peer.exit(0)
        assert (await call.read()).exit.code == 0
