"""Roles: every RPC, asked by every role, about an object of the caller's own place and about a foreign one.

`LEAST` says in this file's own words what each RPC takes; the rule table must agree. The requests are made from the
table's terms, so a new row is tested without anybody writing a request. Calls that read, and all that must be refused,
go over the wire to the real handlers; calls that are allowed to change something stop after the authorization.
"""

from __future__ import annotations

from dataclasses import dataclass

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from wp_proto.own import administration_pb2 as own
from wp_proto.own.config_file_pb2 import ConfigFile
from wp_proto.own.role_pb2 import Grant
from wp_proto.waypoint import api as pb
from wp_server.auth.identity import Kind
from wp_server.auth.rules import RULES, Effect, Rule
from wp_server.errors import DomainError, PermissionDenied

from .test_rules import METHODS, OPEN
from .turning import turned

VIEWER, DEPLOYER, ADMIN = Grant.VIEWER, Grant.DEPLOYER, Grant.ADMIN
ANYONE = 0
PROJECTS = ("shop", "bank")
"""Own and foreign."""

LEAST: dict[str, int] = {
    rpc: role
    for role, rpcs in (
        (ANYONE, "GetUser UpdateUser GenerateLoginToken GenerateInviteToken RevokeToken"),
        (
            VIEWER,
            "GetServerConfig WaypointHclFmt ListWorkspaces GetWorkspace GetProject ListProjects GetApplication "
            "ListBuilds GetBuild GetLatestBuild ListPushedArtifacts GetPushedArtifact GetLatestPushedArtifact "
            "ListDeployments GetDeployment GetLatestDeployment ListReleases GetRelease GetLatestRelease "
            "GetStatusReport GetLatestStatusReport ListStatusReports ListInstances GetLogStream ListHostnames "
            "GetJob ListJobs GetJobStream GetTask ListTask GetRunner ListRunners GetTrigger ListTriggers "
            "GetPipeline ListPipelines GetPipelineRun GetLatestPipelineRun ListPipelineRuns UI_ListProjects "
            "UI_GetProject UI_ListPipelines UI_ListPipelineRuns UI_GetPipelineRun UI_ListDeployments "
            "ExplainJob UI_GetDeployment UI_ListReleases UI_ListEvents",
        ),
        (
            DEPLOYER,
            "UpsertWorkspace UpsertProject UpsertApplication UpsertBuild UpsertPushedArtifact UpsertDeployment "
            "UpsertRelease ExpediteStatusReport UpsertStatusReport StartExecStream EntrypointConfig "
            "EntrypointLogStream EntrypointExecStream GetConfig SetConfig DeleteConfig GetConfigSource "
            "SetConfigSource DeleteConfigSource CreateHostname DeleteHostname QueueJob ValidateJob CancelJob "
            "CancelTask RunnerConfig RunnerJobStream RunnerGetDeploymentConfig GetOnDemandRunnerConfig "
            "GetDefaultOnDemandRunnerConfig ListOnDemandRunnerConfigs UpsertTrigger DeleteTrigger RunTrigger "
            "UpsertPipeline RunPipeline ConfigSyncPipeline",
        ),
        (
            ADMIN,
            "ListUsers DeleteUser GenerateRunnerToken UpsertAuthMethod GetAuthMethod ListAuthMethods "
            "DeleteAuthMethod SetServerConfig CreateSnapshot RestoreSnapshot ListKeys RotateKey RetireKey "
            "RevokeUserTokens ListRoles SetRoles ListAuditEvents ExportAuditEvents DestroyProject "
            "CreateProjectFromTemplate AdoptRunner ForgetRunner UpsertOnDemandRunnerConfig "
            "DeleteOnDemandRunnerConfig",
        ),
    )
    for rpc in rpcs.split()
}
SERVER_WIDE = {rpc for rpc, rule in RULES.items() if rule.server}
NO_PLACE = {rpc for rpc, rule in RULES.items() if not rule.server and not rule.terms}
"""Of no place in particular, or a list that leaves out what is foreign."""
SELF = {"GetUser", "UpdateUser", "GenerateLoginToken", "GenerateInviteToken", "RevokeToken"}
"""About the caller, or about somebody else: see `test_somebody_elses_tokens_and_name_are_not_his`."""


@dataclass(frozen=True, eq=False)
class Caller:
    """A user with grants. `everywhere`: they are not limited to the own project."""

    name: str
    role: int
    everywhere: bool
    grants: tuple[Grant, ...]


CALLERS = (
    Caller("viewer", VIEWER, False, (Grant(role=VIEWER, project="Shop"),)),
    Caller("deployer", DEPLOYER, False, (Grant(role=DEPLOYER, project="shop"),)),
    Caller("admin", ADMIN, False, (Grant(role=ADMIN, project="shop"),)),
    Caller("viewer-everywhere", VIEWER, True, (Grant(role=VIEWER),)),
    Caller("deployer-everywhere", DEPLOYER, True, (Grant(role=DEPLOYER),)),
    Caller("admin-everywhere", ADMIN, True, (Grant(role=ADMIN),)),
    Caller("without-grants", ADMIN, True, ()),
)


def expected(rpc: str, caller: Caller, project: str) -> bool:
    """Whether the call must get through, by this file's own rules."""
    if caller.role < LEAST[rpc]:
        return False
    if rpc in NO_PLACE or caller.everywhere:
        return True
    return rpc not in SERVER_WIDE and project == "shop"


async def sign_up(client, api, name: str, grants: tuple[Grant, ...]) -> str:
    """A new user's login token."""
    request = pb.InviteTokenRequest(duration="1h", signup=pb.Token.Invite.Signup(initial_username=name))
    invite = (await api.GenerateInviteToken(request)).token
    login = (await client().ConvertInviteToken(pb.ConvertInviteTokenRequest(token=invite))).token
    await api.SetRoles(own.SetRolesRequest(user=name, grants=grants))
    return login


class Objects:
    """One object of every kind in a project, and requests about them."""

    def __init__(self, project: str) -> None:
        self.project = project
        self.application = pb.Ref.Application(project=project, application="web")
        self.workspace = pb.Ref.Workspace(workspace="default")
        self.ids: dict[str, str] = {}

    async def create(self, server, api) -> None:
        place = {"application": self.application, "workspace": self.workspace}
        await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name=self.project)))
        await api.UpsertApplication(
            pb.UpsertApplicationRequest(project=pb.Ref.Project(project=self.project), name="web")
        )
        self.ids["build"] = (await api.UpsertBuild(pb.UpsertBuildRequest(build=pb.Build(**place)))).build.id
        artifact = pb.UpsertPushedArtifactRequest(artifact=pb.PushedArtifact(**place))
        self.ids["artifact"] = (await api.UpsertPushedArtifact(artifact)).artifact.id
        deployment = pb.UpsertDeploymentRequest(deployment=pb.Deployment(**place))
        self.ids["deployment"] = (await api.UpsertDeployment(deployment)).deployment.id
        release = pb.UpsertReleaseRequest(release=pb.Release(**place))
        self.ids["release"] = (await api.UpsertRelease(release)).release.id
        report = pb.UpsertStatusReportRequest(status_report=pb.StatusReport(**place))
        self.ids["report"] = (await api.UpsertStatusReport(report)).status_report.id
        job = pb.Job(
            **place,
            target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
            data_source=pb.Job.DataSource(local=pb.Job.Local()),
            noop=pb.Job.Noop(),
        )
        self.ids["job"] = (await api.QueueJob(pb.QueueJobRequest(job=job))).job_id
        await server.store.write(self._records)

    def _records(self, connection) -> None:
        from wp_server.store import hostnames, pipelines, tasks, triggers

        ref = pb.Ref.Project(project=self.project)
        trigger = pb.Trigger(id=f"trigger{self.project}", project=ref, workspace=self.workspace)
        self.ids["trigger"] = triggers.upsert(connection, trigger).id
        self.ids["pipeline"] = pipelines.upsert(connection, pb.Pipeline(name="release", project=ref)).id
        job = self.ids["job"]
        self.ids["task"] = f"TASK{self.project}"
        tasks.insert(connection, tasks.TaskRow(self.ids["task"], job, job, job, job, ""))
        target = hostnames.Target(self.project, "web", "default")
        name = f"name-{self.project}"
        hostnames.create(connection, pb.Hostname(hostname=name, fqdn=f"{name}.test", target_labels=target.labels()))
        self.ids["hostname"] = name

    def request(self, rpc: str) -> Message:
        """A request of `rpc` that is about these objects."""
        rule, request = RULES[rpc], GetMessageClass(METHODS[rpc].input_type)()
        for kind, path in rule.terms:
            if rpc not in SELF:
                self._fill(request, kind, path)
        return request

    def _fill(self, request: Message, kind: str, path: str) -> None:
        *holders, last = path.split(".")
        holder = request
        for name in holders:
            holder = getattr(holder, name)
        field = holder.DESCRIPTOR.fields_by_name[last]
        oneof = field.containing_oneof
        if oneof is not None and holder.WhichOneof(oneof.name) not in (None, last):
            return
        holder.SetInParent()
        value = getattr(holder, last)
        match kind:
            case "project":
                if value.DESCRIPTOR is pb.Ref.Project.DESCRIPTOR:
                    value.project = self.project
                else:
                    value.name = self.project
            case "application":
                value.CopyFrom(self.application)
            case "workspace":
                value.CopyFrom(self.workspace)
            case "variables":
                ref = pb.Ref.Project(project=self.project)
                value.add(name="A", static="b", target=pb.ConfigVar.Target(project=ref))
            case "file":
                value.project, value.application, value.workspace = self.project, "web", "default"
            case "source":
                value.type = "vault"
                value.project.project = self.project
            case "instance":
                setattr(holder, last, f"INSTANCE{self.project}")
            case _ if isinstance(value, str):
                setattr(holder, last, self.ids[kind])
            case _:
                value.id = self.ids[kind]


@pytest.fixture
async def world(server, client, token):
    """Both projects with their objects, and a login token for every caller."""
    api = client(token)
    objects = {name: Objects(name) for name in PROJECTS}
    for one in objects.values():
        await one.create(server, api)
        record = await api.GetDeployment(pb.GetDeploymentRequest(ref=pb.Ref.Operation(id=one.ids["deployment"])))
        entrypoint = pb.EntrypointConfigRequest(instance_id=f"INSTANCE{one.project}", deployment_id=record.id)
        server.instances.connect(record, entrypoint)
    callers = {caller: await sign_up(client, api, f"u-{caller.name}", caller.grants) for caller in CALLERS}
    return objects, callers


def test_this_file_knows_every_rpc():
    assert set(LEAST) == set(RULES) - OPEN


@pytest.mark.parametrize("rpc", sorted(LEAST))
def test_the_table_asks_for_the_role_that_this_file_names(rpc):
    role = RULES[rpc].role
    assert (int(role) if role is not None else ANYONE) == LEAST[rpc]


async def _gets_through(server, login: str, rule: Rule, request: Message) -> bool:
    """Asks the authorization alone: nothing is changed."""
    authenticator = server.authenticator
    try:
        caller = await authenticator.admit(rule.rpc, login)
        assert caller.kind is Kind.USER
        await authenticator.authorize(rule.rpc, caller, request)
    except PermissionDenied:
        return False
    except DomainError as error:
        raise AssertionError(f"{rule.rpc}: {error}") from error
    return True


@pytest.mark.parametrize("project", PROJECTS)
async def test_every_rpc_for_every_role_about_own_and_foreign_objects(server, world, project):
    objects, callers = world
    wrong: list[str] = []
    for rpc in sorted(set(LEAST) - {"RevokeToken"}):
        for caller, login in callers.items():
            found = await _gets_through(server, login, RULES[rpc], objects[project].request(rpc))
            wanted = expected(rpc, caller, project) or rpc in SELF
            if found != wanted:
                wrong.append(f"{rpc} for {caller.name} about {project}: {'allowed' if found else 'refused'}")
    assert not wrong


async def test_refused_and_reading_calls_over_the_wire(client, world, stream_status):
    objects, callers = world
    wrong: list[str] = []
    calls = 0
    for caller, login in callers.items():
        peer = client(login)
        for project in PROJECTS:
            for rpc in sorted(set(LEAST) - SELF):
                allowed = expected(rpc, caller, project)
                if (allowed and RULES[rpc].effect is not Effect.READ) or _stays_open(rpc, allowed):
                    continue
                calls += 1
                request = objects[project].request(rpc)
                if METHODS[rpc].client_streaming:
                    code, _ = await stream_status(peer, rpc, request)
                else:
                    code = await _status(peer, rpc, request)
                refused = code is grpc.StatusCode.PERMISSION_DENIED
                if refused is allowed:
                    wrong.append(f"{rpc} for {caller.name} about {project}: {'refused' if refused else 'allowed'}")
    assert not wrong
    assert calls > 1000


def _stays_open(rpc: str, allowed: bool) -> bool:
    return allowed and METHODS[rpc].server_streaming


async def _status(peer, rpc: str, request: Message) -> grpc.StatusCode:
    call = getattr(peer, rpc)(request)
    try:
        if METHODS[rpc].server_streaming:
            async for _ in call:
                break
        else:
            await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def test_lists_leave_out_what_is_foreign(client, world):
    _, callers = world
    for caller, login in callers.items():
        peer, seen = client(login), list(PROJECTS) if caller.everywhere else ["shop"]
        listed = await peer.ListProjects(pb.ListProjectsRequest())
        assert sorted(one.project for one in listed.projects) == sorted(seen)
        assert listed.total_count == len(seen)
        bundles = await peer.UI_ListProjects(pb.UI.ListProjectsRequest())
        assert sorted(one.project.name for one in bundles.project_bundles) == sorted(seen)
        jobs = (await peer.ListJobs(pb.ListJobsRequest())).jobs
        assert sorted(one.application.project for one in jobs) == sorted(seen)
        found = (await peer.ListTask(pb.ListTaskRequest())).tasks
        assert sorted(one.task_job.application.project for one in found) == sorted(seen)
        (workspace,) = (await peer.ListWorkspaces(pb.ListWorkspacesRequest())).workspaces
        assert sorted(one.project.project for one in workspace.projects) == sorted(seen)


async def test_a_page_of_visible_projects_is_full(client, token):
    api = client(token)
    for number in range(12):
        await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name=f"p{number:02}")))
    mine = [f"p{number:02}" for number in range(0, 12, 2)]
    login = await sign_up(client, api, "paula", tuple(Grant(role=VIEWER, project=name) for name in mine))
    list_projects, request = client(login).ListProjects, pb.ListProjectsRequest()
    pages = await turned(list_projects, request, 4, lambda answer: [one.project for one in answer.projects])
    assert pages == [mine[:4], mine[4:]]


async def test_a_workspace_limits_what_is_in_it(client, token):
    api = client(token)
    app = pb.Ref.Application(project="shop", application="web")
    made = {}
    for name in ("staging", "production"):
        record = pb.Deployment(application=app, workspace=pb.Ref.Workspace(workspace=name))
        made[name] = (await api.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=record))).deployment
    login = await sign_up(client, api, "stan", (Grant(role=DEPLOYER, project="shop", workspace="staging"),))
    peer = client(login)
    await peer.GetProject(pb.GetProjectRequest(project=pb.Ref.Project(project="shop")))
    listing = pb.ListDeploymentsRequest(application=app, workspace=pb.Ref.Workspace(workspace="Staging"))
    assert [one.id for one in (await peer.ListDeployments(listing)).deployments] == [made["staging"].id]
    await peer.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=made["staging"]))
    moved = pb.Deployment(id=made["production"].id, application=app, workspace=pb.Ref.Workspace(workspace="staging"))
    for call in (
        peer.ListDeployments(pb.ListDeploymentsRequest(application=app)),
        peer.GetDeployment(pb.GetDeploymentRequest(ref=pb.Ref.Operation(id=made["production"].id))),
        peer.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=made["production"])),
        peer.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=moved)),
        peer.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="shop"))),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert "you are deployer of shop in staging" in caught.value.details()


async def test_the_file_of_a_deploy_deletes_only_where_its_sender_may_deploy(client, token):
    api = client(token)
    login = await sign_up(client, api, "stan", (Grant(role=DEPLOYER, project="shop", workspace="staging"),))
    peer = client(login)
    await peer.SetConfig(
        pb.ConfigSetRequest(from_file=ConfigFile(project="shop", application="web", workspace="staging"))
    )
    for project, workspace in (("shop", "production"), ("bank", "staging")):
        file = ConfigFile(project=project, application="web", workspace=workspace)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await peer.SetConfig(pb.ConfigSetRequest(from_file=file))
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("role", "project", "admitted"), [(DEPLOYER, "shop", True), (VIEWER, "shop", False), (DEPLOYER, "bank", False)]
)
async def test_who_may_deploy_invites_the_entrypoint(client, token, role, project, admitted):
    api = client(token)
    record = pb.Deployment(
        application=pb.Ref.Application(project="shop", application="web"),
        workspace=pb.Ref.Workspace(workspace="default"),
    )
    made = (await api.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=record))).deployment
    peer = client(await sign_up(client, api, "dora", (Grant(role=role, project=project),)))
    entrypoint = pb.Token.Entrypoint(deployment_id=made.id)
    for asked in (
        pb.InviteTokenRequest(duration="1h", unused_entrypoint=entrypoint),
        pb.InviteTokenRequest(duration="1h", login=pb.Token.Login(entrypoint=entrypoint)),
    ):
        if admitted:
            assert (await peer.GenerateInviteToken(asked)).token
            continue
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await peer.GenerateInviteToken(asked)
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert "takes the role deployer for project 'shop'" in caught.value.details()


async def test_somebody_elses_tokens_and_name_are_not_his(client, token):
    api = client(token)
    login = await sign_up(client, api, "vera", (Grant(role=VIEWER, project="shop"),))
    peer = client(login)
    me = (await peer.GetUser(pb.GetUserRequest())).user
    await peer.UpdateUser(pb.UpdateUserRequest(user=pb.User(id=me.id, username="vera2", display="Vera")))
    await client((await peer.GenerateLoginToken(pb.LoginTokenRequest())).token).GetUser(pb.GetUserRequest())
    await peer.GenerateInviteToken(pb.InviteTokenRequest(duration="1h", login=pb.Token.Login()))
    other = pb.Ref.User(username=pb.Ref.UserUsername(username="waypoint"))
    signup = pb.InviteTokenRequest(duration="1h", signup=pb.Token.Invite.Signup(initial_username="mallory"))
    foreign = pb.InviteTokenRequest(duration="1h", login=pb.Token.Login(user_id="00000000000000000000000001"))
    for call in (
        peer.GetUser(pb.GetUserRequest(user=other)),
        peer.GenerateLoginToken(pb.LoginTokenRequest(user=other)),
        peer.GenerateInviteToken(signup),
        peer.GenerateInviteToken(foreign),
        peer.UpdateUser(pb.UpdateUserRequest(user=pb.User(id="00000000000000000000000001", username="x1"))),
        peer.RevokeToken(own.RevokeTokenRequest(token=token)),
        peer.RevokeToken(own.RevokeTokenRequest(accessor_id="00" * 16)),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    await peer.RevokeToken(own.RevokeTokenRequest(token=login))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer.GetUser(pb.GetUserRequest())
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_change_of_roles_works_on_the_next_call(client, token):
    api = client(token)
    login = await sign_up(client, api, "rob", ())
    peer = client(login)
    await peer.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="shop")))
    await api.SetRoles(own.SetRolesRequest(user="ROB", grants=[Grant(role=VIEWER), Grant(role=DEPLOYER)]))
    (rob,) = [one for one in (await api.ListRoles(Empty())).users if one.username == "rob"]
    assert [one.role for one in rob.grants] == [DEPLOYER]
    with pytest.raises(grpc.aio.AioRpcError):
        await peer.ListUsers(Empty())
    await api.SetRoles(own.SetRolesRequest(user="rob"))
    await peer.ListUsers(Empty())


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (own.SetRolesRequest(), grpc.StatusCode.INVALID_ARGUMENT, "id or the name"),
        (own.SetRolesRequest(user="nobody"), grpc.StatusCode.NOT_FOUND, "no user 'nobody'"),
        (own.SetRolesRequest(user="waypoint", grants=[Grant()]), grpc.StatusCode.INVALID_ARGUMENT, "grants.role"),
        (
            own.SetRolesRequest(user="waypoint", grants=[Grant(role=VIEWER, project="a b")]),
            grpc.StatusCode.INVALID_ARGUMENT,
            "grants.project",
        ),
        (
            own.SetRolesRequest(user="waypoint", grants=[Grant(role=ADMIN)]),
            grpc.StatusCode.FAILED_PRECONDITION,
            "default user stays an administrator",
        ),
    ],
)
async def test_roles_that_cannot_be_are_refused(client, token, request_, code, words):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client(token).SetRoles(request_)
    assert caught.value.code() is code
    assert words in caught.value.details()


async def test_only_an_administrator_runs_a_runner_for_others(client, token, stream_status):
    login = await sign_up(client, client(token), "dora", (Grant(role=DEPLOYER, project="shop"),))
    for runner in (
        pb.Runner(id="r1", remote=pb.Runner.Remote()),
        pb.Runner(id="r2", local=pb.Runner.Local()),
    ):
        hello = pb.RunnerConfigRequest(open=pb.RunnerConfigRequest.Open(runner=runner))
        code, _ = await stream_status(client(login), "RunnerConfig", hello)
        assert code is grpc.StatusCode.PERMISSION_DENIED
    runner = pb.Runner(id="r3", local=pb.Runner.Local(), by_id_only=True)
    call = client(login).RunnerConfig()
    await call.write(pb.RunnerConfigRequest(open=pb.RunnerConfigRequest.Open(runner=runner)))
    assert isinstance(await call.read(), pb.RunnerConfigResponse)
    call.cancel()


async def test_a_viewer_sees_no_credentials_and_no_values(client, token):
    api = client(token)
    git = pb.Job.Git(url="https://example.com/x.git", basic=pb.Job.Git.Basic(username="u", password="hunter2"))
    variables = [pb.Variable(name="size", str="hunter2", cli=Empty())]
    source = pb.Job.DataSource(git=git)
    project = pb.Project(name="shop", data_source=source, variables=variables)
    await api.UpsertProject(pb.UpsertProjectRequest(project=project))
    job = pb.Job(
        application=pb.Ref.Application(project="shop", application="web"),
        workspace=pb.Ref.Workspace(workspace="default"),
        target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
        data_source=source,
        variables=variables,
        noop=pb.Job.Noop(),
    )
    job_id = (await api.QueueJob(pb.QueueJobRequest(job=job))).job_id
    viewer = client(await sign_up(client, api, "vera", (Grant(role=VIEWER),)))
    deployer = client(await sign_up(client, api, "dora", (Grant(role=DEPLOYER, project="shop"),)))
    ref = pb.Ref.Project(project="shop")
    for peer, sees in ((viewer, False), (deployer, True), (api, True)):
        shown = [
            await peer.GetProject(pb.GetProjectRequest(project=ref)),
            await peer.UI_GetProject(pb.UI.GetProjectRequest(project=ref)),
            await peer.UI_ListProjects(pb.UI.ListProjectsRequest()),
            await peer.GetJob(pb.GetJobRequest(job_id=job_id)),
            await peer.ListJobs(pb.ListJobsRequest()),
        ]
        stream = peer.GetJobStream(pb.GetJobStreamRequest(job_id=job_id))
        while not (event := await stream.read()).HasField("job"):
            pass
        stream.cancel()
        for message in (*shown, event):
            assert (b"hunter2" in message.SerializeToString()) is sees, type(message)
            assert b"https://example.com/x.git" in message.SerializeToString()
