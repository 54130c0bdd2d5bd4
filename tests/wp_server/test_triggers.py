"""Triggers as records (server.md §9.3)."""

from __future__ import annotations

import grpc
import pytest

from wp_proto.waypoint import api as pb
from wp_server.store import triggers

SHOP = pb.Ref.Project(project="shop")
WEB = pb.Ref.Application(project="shop", application="web")
STAGING = pb.Ref.Workspace(workspace="staging")


@pytest.fixture
async def api(client, token):
    made = client(token)
    for name in ("shop", "bank"):
        await made.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name=name)))
    return made


async def refusal(call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


async def upsert(api, **fields) -> pb.Trigger:
    made = pb.Trigger(**{"project": SHOP, "build": pb.Job.BuildOp()} | fields)
    return (await api.UpsertTrigger(pb.UpsertTriggerRequest(trigger=made))).trigger


async def listed(api, **fields) -> list[str]:
    found = (await api.ListTriggers(pb.ListTriggerRequest(**fields))).triggers
    return sorted(one.name for one in found)


async def test_a_new_trigger_gets_id_name_and_workspace(api):
    made = await upsert(api)
    assert len(made.id) == 26
    assert made.name == made.id
    assert made.workspace.workspace == "default"
    found = await api.GetTrigger(pb.GetTriggerRequest(ref=pb.Ref.Trigger(id=made.id.lower())))
    assert found.trigger == made


async def test_an_update_replaces_everything_but_when_it_ran(server, api):
    made = await upsert(api, name="nightly", tags=["a"], authenticated=True)
    ran = pb.Trigger()
    ran.CopyFrom(made)
    ran.active_time.seconds = 7
    await server.store.write(triggers.upsert, ran)
    changed = await upsert(api, id=made.id, description="new", up=pb.Job.UpOp())
    assert (changed.name, changed.description, list(changed.tags)) == (made.id, "new", [])
    assert changed.active_time.seconds == 7
    assert not changed.authenticated
    assert changed.WhichOneof("operation") == "up"
    assert await listed(api) == [made.id]


async def test_a_client_may_choose_an_id_that_fits_a_url(api):
    assert (await upsert(api, id="deploy2026")).id == "deploy2026"
    for bad in ("short", "has-a-dash", "x" * 65, "ünïcode1"):
        code, words = await refusal(upsert(api, id=bad))
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert "trigger.id" in words


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"project": None}, grpc.StatusCode.INVALID_ARGUMENT, "trigger.project: is required"),
        ({"project": pb.Ref.Project()}, grpc.StatusCode.INVALID_ARGUMENT, "trigger.project.project"),
        ({"project": pb.Ref.Project(project="none")}, grpc.StatusCode.NOT_FOUND, "no project 'none'"),
        ({"name": "a b"}, grpc.StatusCode.INVALID_ARGUMENT, "trigger.name"),
        (
            {"application": pb.Ref.Application(project="bank", application="web")},
            grpc.StatusCode.INVALID_ARGUMENT,
            "must be the project of the trigger",
        ),
    ],
)
async def test_what_is_no_trigger_is_refused(api, fields, code, words):
    found, said = await refusal(upsert(api, **fields))
    assert found is code
    assert words in said


async def test_lists_filter_by_place_and_any_of_the_tags(api):
    await upsert(api, name="one", tags=["prod", "eu"])
    await upsert(api, name="two", tags=["prod"], application=WEB)
    await upsert(api, name="three", workspace=STAGING)
    await upsert(api, name="four", project=pb.Ref.Project(project="bank"))
    default = pb.Ref.Workspace(workspace="Default")
    assert await listed(api) == ["four", "one", "three", "two"]
    assert await listed(api, workspace=STAGING) == ["three"]
    assert await listed(api, workspace=default) == ["four", "one", "two"]
    assert await listed(api, workspace=default, project=pb.Ref.Project(project="SHOP")) == ["one", "two"]
    assert await listed(api, workspace=default, project=SHOP, application=WEB) == ["two"]
    assert await listed(api, tags=["eu", "us"]) == ["one"]
    assert await listed(api, tags=["prod"]) == ["one", "two"]
    assert await listed(api, tags=["none"]) == []


async def test_deleting_is_idempotent_and_a_missing_trigger_is_not_found(api):
    made = await upsert(api)
    ref = pb.Ref.Trigger(id=made.id)
    for _ in range(2):
        await api.DeleteTrigger(pb.DeleteTriggerRequest(ref=ref))
    assert (await refusal(api.GetTrigger(pb.GetTriggerRequest(ref=ref))))[0] is grpc.StatusCode.NOT_FOUND
    for call in (api.GetTrigger(pb.GetTriggerRequest()), api.DeleteTrigger(pb.DeleteTriggerRequest())):
        assert (await refusal(call))[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_triggers_go_with_their_project_whatever_their_workspace(api):
    await upsert(api, name="one")
    await upsert(api, name="two", workspace=STAGING)
    await upsert(api, name="other", project=pb.Ref.Project(project="bank"))
    await api.DestroyProject(pb.DestroyProjectRequest(project=SHOP))
    assert await listed(api) == ["other"]
