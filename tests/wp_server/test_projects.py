"""Projects, applications, workspaces over a real connection."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb

from .turning import refuses_foreign_tokens, turned

HCL = b"""
project = "shop"
app "web" {
  build {
    use "docker" {}
  }
}
app "api" {
  build {
    use "docker" {}
  }
}
"""
SHOP = pb.Ref.Project(project="shop")


@pytest.fixture
def api(client, token):
    return client(token)


async def refusal(call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


async def upsert(api, **fields) -> pb.Project:
    return (await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(**fields)))).project


async def get(api, name: str = "shop") -> pb.GetProjectResponse:
    return await api.GetProject(pb.GetProjectRequest(project=pb.Ref.Project(project=name)))


async def app(api, name: str, signal: str = "") -> pb.Application:
    request = pb.UpsertApplicationRequest(project=SHOP, name=name, file_change_signal=signal)
    return (await api.UpsertApplication(request)).application


async def deploy(api, workspace: str = "default", project: str = "shop", name: str = "web") -> pb.Deployment:
    made = pb.Deployment(
        application=pb.Ref.Application(project=project, application=name),
        workspace=pb.Ref.Workspace(workspace=workspace),
    )
    return (await api.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=made))).deployment


async def test_a_project_is_replaced_whole_except_for_its_applications(api):
    await upsert(api, name="shop", remote_enabled=True, file_change_signal="HUP")
    await app(api, "web")
    stored = await upsert(api, name="shop", readme_markdown=b"# Shop")
    assert not stored.remote_enabled
    assert not stored.file_change_signal
    assert [one.name for one in stored.applications] == ["web"]
    assert (await get(api)).project == stored


async def test_names_are_found_whatever_their_case_and_keep_their_spelling(api):
    await upsert(api, name="Shop")
    await app(api, "Web")
    assert (await get(api, "sHOP")).project.name == "Shop"
    ref = pb.Ref.Application(project="SHOP", application="wEB")
    assert (await api.GetApplication(pb.GetApplicationRequest(application=ref))).application.name == "Web"
    listed = await api.ListProjects(pb.ListProjectsRequest())
    assert [one.project for one in listed.projects] == ["Shop"]


async def test_the_applications_of_a_text_in_the_project_are_known_at_once(api):
    stored = await upsert(api, name="shop", waypoint_hcl=HCL)
    assert [one.name for one in stored.applications] == ["api", "web"]
    again = await upsert(api, name="shop", waypoint_hcl=HCL)
    assert len(again.applications) == 2
    assert not (await api.ListJobs(pb.ListJobsRequest())).jobs


async def test_a_text_that_is_no_configuration_is_refused_with_its_place(api):
    code, words = await refusal(upsert(api, name="shop", waypoint_hcl=b'app "web" {\n  build {\n'))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "project.waypoint_hcl" in words
    assert (await refusal(get(api)))[0] is grpc.StatusCode.NOT_FOUND
    json = pb.Hcl.JSON
    code, _ = await refusal(upsert(api, name="shop", waypoint_hcl=b"{", waypoint_hcl_format=json))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_new_remote_source_is_looked_at_once(api):
    git = pb.Job.DataSource(git=pb.Job.Git(url="https://example.com/shop.git"))
    await upsert(api, name="shop", data_source=git)
    await upsert(api, name="shop", data_source=git, remote_enabled=True)
    listed = (await api.ListJobs(pb.ListJobsRequest())).jobs
    assert [(job.WhichOneof("operation"), job.workspace.workspace) for job in listed] == [("init", "default")]
    assert listed[0].data_source == git
    ui = await api.UI_GetProject(pb.UI.GetProjectRequest(project=SHOP))
    assert ui.latest_init_job.id == listed[0].id


async def test_source_polling_switches_status_polling_on_for_good(api):
    poll = pb.Project.Poll(enabled=True, interval="30s")
    await upsert(api, name="shop", data_source_poll=poll)
    stored = (await get(api)).project
    assert (stored.status_report_poll.enabled, stored.status_report_poll.interval) == (True, "5m")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "project.name: must not be empty"),
        ({"name": "my shop"}, "may only have letters, digits, '-' and '_'"),
        ({"name": "../etc"}, "may only have letters"),
        ({"name": "s", "data_source": pb.Job.DataSource()}, "must be local, git or remote"),
        ({"name": "s", "data_source": pb.Job.DataSource(git=pb.Job.Git(url="u", path="../x"))}, "must be relative"),
        ({"name": "s", "data_source": pb.Job.DataSource(git=pb.Job.Git(url="u", path="/x"))}, "must be relative"),
        ({"name": "s", "data_source_poll": pb.Project.Poll(interval="often")}, "'often' is not a duration"),
        ({"name": "s", "waypoint_hcl": b"#" * (5 * 1024 * 1024 + 1)}, "5 MiB"),
    ],
)
async def test_a_project_that_breaks_a_rule_is_refused(api, fields, words):
    code, told = await refusal(upsert(api, **fields))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert words in told


async def test_all_broken_rules_are_told_at_once(api):
    fields = {"name": "my shop", "data_source_poll": pb.Project.Poll(interval="often")}
    _, told = await refusal(upsert(api, **fields))
    assert "project.name" in told
    assert "project.data_source_poll.interval" in told


async def test_an_operation_never_changes_the_application_it_belongs_to(api):
    await upsert(api, name="shop")
    await app(api, "web", "HUP")
    await deploy(api)
    ref = pb.Ref.Application(project="shop", application="web")
    found = await api.GetApplication(pb.GetApplicationRequest(application=ref))
    assert found.application.file_change_signal == "HUP"


async def test_the_first_operation_makes_project_application_and_workspace(api):
    await deploy(api, workspace="Dev", project="Blog", name="Web")
    found = await get(api, "blog")
    assert [one.name for one in found.project.applications] == ["Web"]
    (entry,) = found.workspaces
    assert (entry.workspace.workspace, entry.project.project) == ("Dev", "Blog")
    assert [one.application.application for one in entry.applications] == ["Web"]
    assert entry.HasField("active_time")


async def test_workspaces_are_listed_by_whom_they_have_seen(api):
    await deploy(api, "default")
    await deploy(api, "dev", name="api")
    await deploy(api, "dev", project="blog")
    await api.UpsertWorkspace(pb.UpsertWorkspaceRequest(workspace=pb.Workspace(name="empty")))

    async def names(**scope) -> list[str]:
        answer = await api.ListWorkspaces(pb.ListWorkspacesRequest(**scope))
        return [one.name for one in answer.workspaces]

    assert await names() == ["default", "dev", "empty"]
    assert await names(**{"global": Empty()}) == ["default", "dev", "empty"]
    assert await names(project=pb.Ref.Project(project="BLOG")) == ["dev"]
    assert await names(application=pb.Ref.Application(project="shop", application="web")) == ["default"]


@pytest.mark.parametrize("name", ["", "-dev", "dev-", "de v", "x" * 39])
async def test_a_workspace_name_has_rules(api, name):
    request = pb.UpsertWorkspaceRequest(workspace=pb.Workspace(name=name))
    assert (await refusal(api.UpsertWorkspace(request)))[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_destroying_a_project_takes_what_is_its_own_and_nothing_else(api):
    await upsert(api, name="shop")
    await deploy(api, "dev")
    await deploy(api, "shared")
    await deploy(api, "shared", project="blog")
    targets = {
        "everywhere": pb.ConfigVar.Target(**{"global": pb.Ref.Global()}),
        "shop": pb.ConfigVar.Target(project=SHOP, workspace=pb.Ref.Workspace(workspace="dev")),
        "web": pb.ConfigVar.Target(application=pb.Ref.Application(project="shop", application="web")),
        "blog": pb.ConfigVar.Target(project=pb.Ref.Project(project="blog")),
    }
    variables = [pb.ConfigVar(name=name, static="x", target=target) for name, target in targets.items()]
    await api.SetConfig(pb.ConfigSetRequest(variables=variables))
    for _ in range(2):
        await api.DestroyProject(pb.DestroyProjectRequest(project=pb.Ref.Project(project="SHOP")))
    assert (await refusal(get(api)))[0] is grpc.StatusCode.NOT_FOUND
    left = await api.ListWorkspaces(pb.ListWorkspacesRequest())
    assert [one.name for one in left.workspaces] == ["shared"]
    assert [one.project.project for one in left.workspaces[0].projects] == ["blog"]
    blog = await api.GetConfig(pb.ConfigGetRequest(project=pb.Ref.Project(project="blog")))
    assert [one.name for one in blog.variables] == ["blog", "everywhere"]
    await upsert(api, name="shop")
    mine = await api.GetConfig(pb.ConfigGetRequest(project=SHOP))
    assert [one.name for one in mine.variables] == ["everywhere"]


async def test_a_project_that_is_being_destroyed_takes_no_other_jobs(api):
    await upsert(api, name="shop", state=pb.Project.DESTROYING)
    job = pb.Job(
        application=pb.Ref.Application(project="shop", application="web"),
        workspace=pb.Ref.Workspace(workspace="default"),
        target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
        data_source=pb.Job.DataSource(local=pb.Job.Local()),
        up=pb.Job.UpOp(),
    )
    code, words = await refusal(api.QueueJob(pb.QueueJobRequest(job=job)))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "being destroyed" in words
    job.destroy.workspace.SetInParent()
    assert (await api.QueueJob(pb.QueueJobRequest(job=job))).job_id


@pytest.mark.parametrize("rpc", ["ListProjects", "UI_ListProjects"])
async def test_projects_are_paged(api, rpc):
    names = [f"p{number}" for number in range(7)]
    for name in names:
        await upsert(api, name=name)
    request = pb.ListProjectsRequest if rpc == "ListProjects" else pb.UI.ListProjectsRequest

    def shown(answer) -> list[str]:
        assert answer.total_count == 7
        if rpc == "ListProjects":
            return [one.project for one in answer.projects]
        return [one.project.name for one in answer.project_bundles]

    assert await turned(getattr(api, rpc), request(), 3, shown) == [names[:3], names[3:6], names[6:]]
    await refuses_foreign_tokens(getattr(api, rpc), request())


async def test_the_server_formats_configuration_texts(api):
    answer = await api.WaypointHclFmt(pb.WaypointHclFmtRequest(waypoint_hcl=b'project="shop"\n'))
    assert answer.waypoint_hcl == b'project = "shop"\n'
    code, _ = await refusal(api.WaypointHclFmt(pb.WaypointHclFmtRequest(waypoint_hcl=b"a = {")))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_server_config_keeps_cookie_and_one_address(api):
    before = (await api.GetServerConfig(Empty())).config
    assert before.cookie.startswith("WPC")
    address = pb.ServerConfig.AdvertiseAddr(addr="10.0.0.1:9701", tls=True, tls_skip_verify=True)
    new = pb.ServerConfig(advertise_addrs=[address], cookie="mine", platform="docker")
    await api.SetServerConfig(pb.SetServerConfigRequest(config=new))
    stored = (await api.GetServerConfig(Empty())).config
    assert (stored.cookie, stored.platform) == (before.cookie, "docker")
    told = await api.RunnerGetDeploymentConfig(pb.RunnerGetDeploymentConfigRequest())
    assert (told.server_addr, told.server_tls, told.server_tls_skip_verify) == ("10.0.0.1:9701", True, True)
    none = pb.SetServerConfigRequest(config=pb.ServerConfig())
    assert (await refusal(api.SetServerConfig(none)))[0] is grpc.StatusCode.FAILED_PRECONDITION
