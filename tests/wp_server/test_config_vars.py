"""Configuration variables and sources over a real connection (server.md §4)."""

from __future__ import annotations

import grpc
import pytest

from wp_proto.own.config_file_pb2 import ConfigFile
from wp_proto.waypoint import api as pb
from wp_server.store import config
from wp_server.store.config import Place, Scope

WEB = pb.Ref.Application(project="shop", application="web")
SHOP = pb.Ref.Project(project="shop")
EVERYWHERE = {"global": pb.Ref.Global()}


@pytest.fixture
def api(client, token):
    return client(token)


async def refusal(call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


def variable(name: str, value: str = "x", **target) -> pb.ConfigVar:
    target = target or {"application": WEB}
    if "workspace" in target:
        target["workspace"] = pb.Ref.Workspace(workspace=target["workspace"])
    return pb.ConfigVar(name=name, static=value, target=pb.ConfigVar.Target(**target))


async def put(api, *variables: pb.ConfigVar) -> None:
    await api.SetConfig(pb.ConfigSetRequest(variables=variables))


async def get(api, **fields) -> dict[str, str]:
    fields = fields or {"application": WEB}
    answer = await api.GetConfig(pb.ConfigGetRequest(**fields))
    assert [one.name for one in answer.variables] == sorted(one.name for one in answer.variables)
    return {one.name: one.static for one in answer.variables}


async def test_the_narrower_scope_wins_and_inside_it_the_more_specific_target(api):
    await put(
        api,
        variable("A", "global", **EVERYWHERE),
        variable("A", "project", project=SHOP, workspace="dev"),
        variable("B", "global", **EVERYWHERE),
        variable("B", "project", project=SHOP),
        variable("C", "any", application=WEB),
        variable("C", "dev", application=WEB, workspace="dev"),
        variable("A", "app", application=WEB),
    )
    dev = pb.Ref.Workspace(workspace="DEV")
    prod = pb.Ref.Workspace(workspace="prod")
    assert await get(api, application=WEB, workspace=dev) == {"A": "app", "B": "project", "C": "dev"}
    assert await get(api, application=WEB, workspace=prod) == {"A": "app", "B": "project", "C": "any"}


async def test_a_project_shows_all_side_by_side(api):
    await put(api, variable("A", "global", **EVERYWHERE), variable("A", "project", project=SHOP))
    answer = await api.GetConfig(pb.ConfigGetRequest(project=SHOP))
    assert sorted(one.static for one in answer.variables) == ["global", "project"]
    assert (await refusal(api.GetConfig(pb.ConfigGetRequest())))[0] is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_label_selector_decides_on_the_labels_of_the_asker(api):
    await put(api, variable("A", "plain"), variable("A", "eu", application=WEB, label_selector='region == "eu"'))
    assert await get(api, application=WEB, labels={"region": "eu"}) == {"A": "eu"}
    assert await get(api, application=WEB, labels={"region": "us"}) == {"A": "plain"}
    assert await get(api, application=WEB, labels={}) == {"A": "plain"}
    await put(api, variable("P", "eu", project=SHOP, label_selector='region == "eu"'))
    assert await get(api, project=SHOP) == {"P": "eu"}
    assert await get(api, project=SHOP, labels={"region": "us"}) == {}
    code, words = await refusal(put(api, variable("B", "x", application=WEB, label_selector="region ==")))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "label_selector" in words


async def test_names_keep_their_case_and_a_prefix_ignores_it(api):
    await put(api, variable("Path", "1"), variable("PATH", "2"), variable("OTHER", "3"))
    assert await get(api) == {"PATH": "2", "Path": "1", "OTHER": "3"}
    assert await get(api, application=WEB, prefix="pa") == {"PATH": "2", "Path": "1"}


async def test_unset_and_empty_values_delete(api):
    await put(api, variable("A"), variable("B"), variable("C"))
    gone = pb.ConfigVar(name="A", target=pb.ConfigVar.Target(application=WEB))
    gone.unset.SetInParent()
    await put(api, gone, variable("B", ""), variable("never", ""))
    assert await get(api) == {"C": "x"}
    for _ in range(2):
        await api.DeleteConfig(pb.ConfigDeleteRequest(variables=[variable("C", "whatever")]))
    assert await get(api) == {}


async def test_deletions_come_before_writes_of_the_same_call(api):
    await put(api, variable("A", "old"))
    await put(api, variable("A", "new"), variable("A", ""))
    assert await get(api) == {"A": "new"}


async def test_a_set_is_whole_or_not_at_all(api):
    nowhere = pb.ConfigVar(name="B", static="x", target=pb.ConfigVar.Target(project=pb.Ref.Project()))
    code, words = await refusal(put(api, variable("A"), nowhere))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "B: the project's name must not be empty" in words
    assert await get(api) == {}


async def test_values_are_kept_as_they_are(api):
    values = {"NEWLINE": "a\nb\r\n", "QUOTES": '"$HOME" %{x} ${y}', "UMLAUT": "naïve 🙂", "BIG": "x" * 1_000_000}
    await put(api, *(variable(name, value) for name, value in values.items()))
    assert await get(api) == values


async def test_what_no_environment_can_have_is_refused(api):
    for bad in (variable("A", "a\0b"), variable("A\0B")):
        code, words = await refusal(put(api, variable("B"), bad))
        assert (code, "NUL" in words) == (grpc.StatusCode.INVALID_ARGUMENT, True)
    assert await get(api) == {}
    file = variable("/etc/key", "a\0b")
    file.name_is_path = True
    await put(api, file)
    assert await get(api) == {"/etc/key": "a\0b"}


async def test_a_value_above_1_mib_and_a_view_above_3_mib_are_refused(api):
    code, words = await refusal(put(api, variable("A", "x" * (1024 * 1024 + 1))))
    assert (code, "1 MiB" in words) == (grpc.StatusCode.INVALID_ARGUMENT, True)
    big = "x" * 1_000_000
    await put(api, variable("A", big, **EVERYWHERE))
    await put(api, variable("B", big, project=SHOP))
    await put(api, variable("C", big))
    code, words = await refusal(put(api, variable("D", big)))
    assert (code, "3 MiB" in words) == (grpc.StatusCode.INVALID_ARGUMENT, True)
    await put(api, variable("C", "small"))
    await put(api, variable("D", big))


async def test_the_size_is_kept_right_through_updates_and_deletions(server, api):
    for value in ("x" * 1000, "y" * 10, ""):
        await put(api, variable("A", value), variable("B", value))
    place = Place(Scope.APPLICATION, "shop", "web")
    sizes = await server.store.read(
        lambda connection: connection.exec_driver_sql("SELECT bytes FROM config_versions").all()
    )
    assert [row.bytes for row in sizes] == [0]
    assert await server.store.read(config.version, place) == 3


async def test_runners_get_what_is_meant_for_runners_only(api):
    runner = {
        "any": pb.Ref.Runner(any=pb.Ref.RunnerAny()),
        "mine": pb.Ref.Runner(id=pb.Ref.RunnerId(id="r1")),
        "other": pb.Ref.Runner(id=pb.Ref.RunnerId(id="r2")),
        "labels": pb.Ref.Runner(labels=pb.Ref.RunnerLabels(labels={"region": "eu"})),
    }
    await put(api, variable("APP", "app", **EVERYWHERE))
    for name, target in runner.items():
        await put(
            api, variable("A", name, runner=target, **EVERYWHERE), variable(name, "x", runner=target, **EVERYWHERE)
        )
    assert await get(api) == {"APP": "app"}
    stream = api.RunnerConfig()
    opened = pb.Runner(id="r1", local=pb.Runner.Local(), labels={"region": "eu", "os": "linux"})
    await stream.write(pb.RunnerConfigRequest(open=pb.RunnerConfigRequest.Open(runner=opened)))
    answer = await stream.read()
    assert {one.name: one.static for one in answer.config.config_vars} == {
        "A": "mine",
        "any": "x",
        "mine": "x",
        "labels": "x",
    }
    await put(api, variable("NEW", "1", runner=runner["any"], **EVERYWHERE))
    changed = await stream.read()
    assert "NEW" in {one.name for one in changed.config.config_vars}
    stream.cancel()


async def test_a_variable_of_an_old_client_lands_in_todays_target(api):
    old = pb.ConfigVar(name="A", static="1", application=WEB)
    older = pb.ConfigVar(name="B", static="2", project=SHOP)
    await put(api, old, older)
    assert await get(api) == {"A": "1", "B": "2"}
    answer = await api.GetConfig(pb.ConfigGetRequest(application=WEB))
    assert all(one.HasField("target") for one in answer.variables)


async def test_sources_come_in_the_order_that_the_last_one_wins(api):
    def source(kind: str, where: str, workspace: str = "", **scope) -> pb.ConfigSource:
        made = pb.ConfigSource(type=kind, config={"where": where}, **scope)
        if workspace:
            made.workspace.workspace = workspace
        return made

    for one in (
        source("vault", "dev", "dev", project=SHOP),
        source("vault", "app", application=WEB),
        source("vault", "everywhere", **EVERYWHERE),
        source("vault", "prod", "prod", **EVERYWHERE),
        source("ssm", "other", **EVERYWHERE),
    ):
        await api.SetConfigSource(pb.SetConfigSourceRequest(config_source=one))
    request = pb.GetConfigSourceRequest(application=WEB, type="vault", workspace=pb.Ref.Workspace(workspace="dev"))
    answer = await api.GetConfigSource(request)
    assert [one.config["where"] for one in answer.config_sources] == ["everywhere", "app", "dev"]
    hashes = {one.hash for one in answer.config_sources}
    assert len(hashes) == 3
    every = await api.GetConfigSource(pb.GetConfigSourceRequest(all=True))
    assert len(every.config_sources) == 5
    for _ in range(2):
        await api.DeleteConfigSource(pb.DeleteConfigSourceRequest(config_source=source("ssm", "", **EVERYWHERE)))
    left = await api.GetConfigSource(pb.GetConfigSourceRequest(all=True))
    assert "ssm" not in {one.type for one in left.config_sources}
    unscoped = pb.GetConfigSourceRequest()
    assert (await refusal(api.GetConfigSource(unscoped)))[0] is grpc.StatusCode.FAILED_PRECONDITION


async def from_file(api, *variables: pb.ConfigVar, workspace: str = "default", keep: bool = False) -> None:
    file = ConfigFile(project="shop", application="web", workspace=workspace, keep_vanished=keep)
    await api.SetConfig(pb.ConfigSetRequest(variables=variables, from_file=file))


async def test_what_has_left_the_file_goes_and_what_was_set_by_hand_stays(api):
    of_project = variable("SHARED", "file", project=SHOP)
    staging = variable("A", "staging", application=WEB, workspace="staging")
    await put(api, variable("HAND", "by hand"), variable("HAND", "project", project=SHOP))
    await from_file(api, variable("A", "1"), variable("B", "2"), variable("TAKEN", "3"), of_project, staging)
    await put(api, variable("TAKEN", "by hand since"))
    await from_file(api, variable("A", "1"))
    assert await get(api) == {"A": "1", "HAND": "by hand", "TAKEN": "by hand since"}
    assert await get(api, project=SHOP) == {"HAND": "project"}
    in_staging = await get(api, application=WEB, workspace=pb.Ref.Workspace(workspace="staging"))
    assert in_staging["A"] == "1"
    await from_file(api)
    assert await get(api) == {"HAND": "by hand", "TAKEN": "by hand since"}


async def test_the_file_of_another_app_or_workspace_takes_nothing_away(api):
    await from_file(api, variable("A", "1"), variable("SHARED", "1", project=SHOP))
    await from_file(api, workspace="staging")
    assert await get(api) == {"A": "1", "SHARED": "1"}
    file = ConfigFile(project="shop", application="api", workspace="default")
    await api.SetConfig(pb.ConfigSetRequest(from_file=file))
    assert await get(api) == {"A": "1"}  # the project's part of the file is the same for both apps


async def test_what_has_left_the_file_can_be_kept_and_goes_next_time(api):
    await from_file(api, variable("A", "1"), variable("B", "2"))
    await from_file(api, variable("A", "1"), keep=True)
    assert await get(api) == {"A": "1", "B": "2"}
    await from_file(api, variable("A", "1"))
    assert await get(api) == {"A": "1"}


async def test_a_client_cannot_claim_that_a_variable_is_from_the_file(api):
    mine = variable("A", "1")
    mine.from_file_in = "default"
    await put(api, mine)
    await from_file(api)
    assert await get(api) == {"A": "1"}


async def test_a_file_without_application_or_workspace_is_refused(api):
    code, said = await refusal(api.SetConfig(pb.ConfigSetRequest(from_file={})))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "from_file.application" in said
    assert "from_file.workspace" in said
