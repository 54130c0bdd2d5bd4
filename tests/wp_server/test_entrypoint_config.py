"""The configuration stream: who may open it, what is on it, when (server.md §4.5, §3.6; entrypoint-url.md A14)."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from google.protobuf import empty_pb2

from wp_proto.waypoint import api as pb

from .conftest import VERSION_HEADERS
from .peers import APPLICATION, FEATURES, WORKSPACE, Entrypoint, connected, deployment, entrypoint_token, eventually

HEADERS = (*VERSION_HEADERS, FEATURES)


@pytest.fixture
def user(client, token):
    return client(token)


async def test_the_first_snapshot_names_the_deployment(server, client, user):
    record = await deployment(user)
    one = Entrypoint(client(await entrypoint_token(server, record.id), HEADERS), record.id, "01INSTANCE")
    stream = asyncio.create_task(one.run())
    config = await one.snapshot()
    assert config.deployment.component.name == "docker"
    assert config.deployment.labels["tier"] == "front"
    assert not config.exec
    stream.cancel()


async def test_a_token_opens_its_own_deployment_only(server, client, user):
    mine, other = await deployment(user), await deployment(user)
    entrypoint = client(await entrypoint_token(server, mine.id), HEADERS)
    for wanted, code in ((other.id, grpc.StatusCode.PERMISSION_DENIED), ("", grpc.StatusCode.INVALID_ARGUMENT)):
        request = pb.EntrypointConfigRequest(deployment_id=wanted, instance_id="01INSTANCE")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await entrypoint.EntrypointConfig(request).read()
        assert caught.value.code() is code
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await entrypoint.ListInstances(pb.ListInstancesRequest(deployment_id=mine.id))
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_go_entrypoint_is_not_offered_keepalives_of_its_own(server, client, user):
    """It sends them on closed streams, and so resets them."""
    record = await deployment(user)
    token = await entrypoint_token(server, record.id)
    for headers, features in ((HEADERS, 1), (VERSION_HEADERS, 0)):
        answer = await client(token, headers).GetVersionInfo(empty_pb2.Empty())
        assert len(answer.server_features.features) == features
    assert (await client("", VERSION_HEADERS).GetVersionInfo(empty_pb2.Empty())).server_features.features


async def test_an_unknown_deployment_is_not_found(client, user):
    request = pb.EntrypointConfigRequest(deployment_id="nothing", instance_id="01INSTANCE")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await user.EntrypointConfig(request).read()
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_an_instance_id_of_another_deployment_cannot_be_taken(server, client, user):
    mine, other = await deployment(user), await deployment(user)
    async with connected(server, client, mine) as [one]:
        thief = client(await entrypoint_token(server, other.id), HEADERS)
        request = pb.EntrypointConfigRequest(deployment_id=other.id, instance_id=one.id)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await thief.EntrypointConfig(request).read()
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_instances_are_listed_while_they_are_connected(server, client, user):
    record = await deployment(user)
    of_deployment = pb.ListInstancesRequest(deployment_id=record.id)
    scope = pb.ListInstancesRequest.Application(application=APPLICATION, workspace=WORKSPACE)
    async with connected(server, client, record, record) as instances:
        for request in (of_deployment, pb.ListInstancesRequest(application=scope)):
            found = (await user.ListInstances(request)).instances
            assert [one.id for one in found] == [one.id for one in instances]
        assert found[0].deployment_id == record.id
        assert found[0].workspace.workspace == "default"
    await eventually(lambda: not any(one.connected for one in server.instances.of_deployment(record.id)))
    assert not (await user.ListInstances(of_deployment)).instances


async def test_listing_waits_for_the_first_instance(server, client, user):
    record = await deployment(user)
    waiting = asyncio.ensure_future(
        user.ListInstances(pb.ListInstancesRequest(deployment_id=record.id, wait_timeout="60s"))
    )
    async with connected(server, client, record) as [one]:
        assert [found.id for found in (await waiting).instances] == [one.id]
    record = await deployment(user)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await user.ListInstances(pb.ListInstancesRequest(deployment_id=record.id, wait_timeout="50ms"))
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_reconnect_that_overtakes_the_old_streams_end_keeps_the_instance(server, client, user):
    record = await deployment(user)
    token = await entrypoint_token(server, record.id)
    one = Entrypoint(client(token, HEADERS), record.id, "01INSTANCE")
    old = asyncio.create_task(one.run())
    await one.snapshot()
    again = Entrypoint(client(token, HEADERS), record.id, "01INSTANCE")
    new = asyncio.create_task(again.run())
    await again.snapshot()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await old
    assert caught.value.code() is grpc.StatusCode.ABORTED
    found = (await user.ListInstances(pb.ListInstancesRequest(deployment_id=record.id))).instances
    assert [instance.id for instance in found] == ["01INSTANCE"]
    new.cancel()


async def test_a_lost_instance_is_forgotten_after_the_grace_period(server, client, user):
    server.instances._grace = 0.2
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        assert server.instances.get(one.id)
    await eventually(lambda: server.instances.get(one.id) is None)


async def test_a_deleted_project_ends_the_stream_with_unavailable(server, client, user):
    record = await deployment(user)
    entrypoint = client(await entrypoint_token(server, record.id), HEADERS)
    call = entrypoint.EntrypointConfig(pb.EntrypointConfigRequest(deployment_id=record.id, instance_id="01INSTANCE"))
    await call.read()
    await user.DestroyProject(pb.DestroyProjectRequest(project=pb.Ref.Project(project=APPLICATION.project)))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "project has been deleted" in caught.value.details()


async def set_variables(user, **values: str) -> None:
    target = pb.ConfigVar.Target(application=APPLICATION)
    variables = [pb.ConfigVar(name=name, static=value, target=target) for name, value in values.items()]
    await user.SetConfig(pb.ConfigSetRequest(variables=variables))


async def test_a_changed_variable_arrives_merged_and_once(server, client, user):
    record = await deployment(user)
    await user.SetConfig(
        pb.ConfigSetRequest(
            variables=[pb.ConfigVar(name="A", static="project", target={"project": {"project": "shop"}})]
        )
    )
    async with connected(server, client, record) as [one]:
        await set_variables(user, A="application", B="2")
        config = await one.snapshot()
        assert {variable.name: variable.static for variable in config.env_vars} == {"A": "application", "B": "2"}
        await set_variables(user, B="2")
        await set_variables(user, B="3")
        config = await one.snapshot()
        assert config.env_vars[-1].static == "3"


async def test_a_burst_of_changes_becomes_few_snapshots(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        for number in range(50):
            await set_variables(user, LAST=str(number))
        await one.snapshot(lambda config: any(variable.static == "49" for variable in config.env_vars))
        assert one.received < 50


async def test_variables_of_another_application_or_workspace_do_not_arrive(server, client, user):
    record = await deployment(user)
    other = pb.Ref.Application(project="shop", application="other")
    elsewhere = pb.Ref.Workspace(workspace="elsewhere")
    await user.UpsertApplication(pb.UpsertApplicationRequest(project={"project": "shop"}, name="other"))
    await user.SetConfig(
        pb.ConfigSetRequest(
            variables=[
                pb.ConfigVar(name="SECRET", static="x", target={"application": other}),
                pb.ConfigVar(name="FAR", static="x", target={"application": APPLICATION, "workspace": elsewhere}),
                pb.ConfigVar(name="MINE", static="x", target={"application": APPLICATION}),
            ]
        )
    )
    entrypoint = client(await entrypoint_token(server, record.id), HEADERS)
    request = pb.EntrypointConfigRequest(deployment_id=record.id, instance_id="01INSTANCE")
    first = await entrypoint.EntrypointConfig(request).read()
    assert [variable.name for variable in first.config.env_vars] == ["MINE"]


async def test_a_megabyte_and_line_breaks_arrive_whole(server, client, user):
    record = await deployment(user)
    values = {"BIG": "b" * 1024 * 1024, "LINES": "one\ntwo\r\n\tthree"}
    async with connected(server, client, record) as [one]:
        await set_variables(user, **values)
        config = await one.snapshot(lambda config: len(config.env_vars) == 2)
        assert {variable.name: variable.static for variable in config.env_vars} == values


async def test_a_changed_file_signal_arrives_without_another_reason(server, client, user):
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        await user.UpsertApplication(
            pb.UpsertApplicationRequest(project={"project": "shop"}, name="web", file_change_signal="HUP")
        )
        assert (await one.snapshot()).file_change_signal == "HUP"


async def test_sources_come_with_dynamic_variables_only(server, client, user):
    record = await deployment(user)
    source = pb.ConfigSource(type="vault", config={"addr": "x"}, **{"global": pb.Ref.Global()})
    await user.SetConfigSource(pb.SetConfigSourceRequest(config_source=source))
    async with connected(server, client, record) as [one]:
        await set_variables(user, STATIC="1")
        assert not (await one.snapshot()).config_sources
        dynamic = pb.ConfigVar.DynamicVal(config={"path": "p"}, **{"from": "vault"})
        variable = pb.ConfigVar(name="D", dynamic=dynamic, target={"application": APPLICATION})
        await user.SetConfig(pb.ConfigSetRequest(variables=[variable]))
        assert [found.type for found in (await one.snapshot()).config_sources] == ["vault"]
