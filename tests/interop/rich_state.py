"""A server's state with something of everything, made through the API, and all of what a server says about it."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.status_pb2 import Status as RpcStatus

from wp_cli.connect import Client, code_of, connect
from wp_cli.endpoint import Endpoint, Trust
from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub

DEADLINE = 60.0
BORN = 1_700_000_000  # when the first record of the state was made, in seconds
GLOBAL = pb.Ref.Global()
ANY_RUNNER = pb.Ref.Runner(any=pb.Ref.RunnerAny())
SUCCESS, ERROR, RUNNING = pb.Status.SUCCESS, pb.Status.ERROR, pb.Status.RUNNING
M = TypeVar("M", bound=Message)


def at(address: str, token: str = "") -> Client:
    """A connection to a server whose certificate nobody has signed."""
    return connect(Endpoint(address, True, Trust(anything=True), token), DEADLINE)


def app_ref(project: str, name: str) -> pb.Ref.Application:
    return pb.Ref.Application(project=project, application=name)


def in_workspace(name: str) -> pb.Ref.Workspace:
    return pb.Ref.Workspace(workspace=name)


def seconds(after: float) -> Timestamp:
    return Timestamp(seconds=BORN + int(after), nanos=123_456_789)


def opaque(text: str) -> OpaqueAny:
    """A plugin's value, which servers carry unread."""
    raw = bytes([10, len(text)]) + text.encode()
    return OpaqueAny(type_url="type.googleapis.com/garden.example.Value", value=raw)


@dataclass
class Tokens:
    """Tokens of every kind that were made while the state was."""

    admin: str = ""
    login: str = ""
    invite: str = ""
    invited: str = ""
    signup: str = ""
    trigger: str = ""
    runner: str = ""
    labelled_runner: str = ""
    any_runner: str = ""
    adopted_runner: str = ""
    entrypoint_invite: str = ""
    entrypoint: str = ""

    def items(self) -> list[tuple[str, str]]:
        return sorted(vars(self).items())


@dataclass
class Made:
    """What was made, as far as it cannot be listed."""

    tokens: Tokens = field(default_factory=Tokens)
    jobs: dict[str, str] = field(default_factory=dict)
    deployment: str = ""
    cookie: str = ""


class Peer:
    """A runner by hand: registered as long as it is open, works on one job after the other."""

    def __init__(self, client: Client, runner: pb.Runner, cookie: str = "") -> None:
        self.stub, self.runner = WaypointStub(client.channel), runner
        self.metadata = (*client.metadata, ("wpcookie", cookie)) if cookie else client.metadata
        self.over: queue.Queue[pb.RunnerConfigRequest | None] = queue.Queue()
        self.over.put(pb.RunnerConfigRequest(open=pb.RunnerConfigRequest.Open(runner=runner)))
        self.config = self.stub.RunnerConfig(iter(self.over.get, None), metadata=self.metadata)

    def registered(self) -> Peer:
        next(self.config)
        return self

    def work(self, *steps: pb.RunnerJobStreamRequest, leave: bool = False) -> str:
        """Take a job and do these steps; returns its id. With `leave` the stream breaks without a word."""
        requests: queue.Queue[pb.RunnerJobStreamRequest | None] = queue.Queue()
        requests.put(pb.RunnerJobStreamRequest(request={"runner_id": self.runner.id}))
        stream = self.stub.RunnerJobStream(iter(requests.get, None), metadata=self.metadata, timeout=DEADLINE)
        job_id: str = next(stream).assignment.job.id
        requests.put(pb.RunnerJobStreamRequest(ack={}))
        for step in steps:
            requests.put(step)
        if leave:
            state = pb.GetJobRequest(job_id=job_id)
            until(lambda: self.stub.GetJob(state, metadata=self.metadata).state == pb.Job.RUNNING)
            return job_id
        for _ in stream:
            pass
        requests.put(None)
        return job_id

    def close(self) -> None:
        self.over.put(None)
        self.config.cancel()


def fill(address: str, token: str = "") -> Made:
    """Give a new server a past; `token` if it was bootstrapped already."""
    made = Made()
    nobody = at(address)
    made.tokens.admin = token or nobody.calls.BootstrapToken(Empty()).token
    nobody.close()
    client = at(address, made.tokens.admin)
    addresses = [pb.ServerConfig.AdvertiseAddr(addr="waypoint.garden.example:9701", tls=True, tls_skip_verify=True)]
    server_config = pb.ServerConfig(advertise_addrs=addresses, platform="docker")
    client.calls.SetServerConfig(pb.SetServerConfigRequest(config=server_config))
    made.cookie = client.calls.GetServerConfig(Empty()).config.cookie
    _users(client, made.tokens)
    _projects(client)
    _variables(client)
    _operations(client, made)
    _access(client)
    _profiles_and_triggers(client)
    with _runners(client, address, made) as runner:
        _jobs(client, runner, made)
    stay = {"Adopted", "rejected"}
    until(lambda: {one.id for one in client.calls.ListRunners(pb.ListRunnersRequest()).runners} == stay)
    client.close()
    return made


def _users(client: Client, tokens: Tokens) -> None:
    calls = client.calls
    signup = pb.Token.Invite.Signup(initial_username="rose")
    tokens.signup = calls.GenerateInviteToken(pb.InviteTokenRequest(duration="87600h", signup=signup)).token
    tokens.invited = calls.ConvertInviteToken(pb.ConvertInviteTokenRequest(token=tokens.signup)).token
    rose = calls.GetUser(pb.GetUserRequest(user={"username": {"username": "rose"}})).user
    rose.display = "Rose of the Garden"
    calls.UpdateUser(pb.UpdateUserRequest(user=rose))
    by_name = pb.Ref.User(username=pb.Ref.UserUsername(username="rose"))
    tokens.login = calls.GenerateLoginToken(pb.LoginTokenRequest(duration="87600h", user=by_name)).token
    tokens.invite = calls.GenerateInviteToken(pb.InviteTokenRequest(duration="87600h")).token
    tokens.trigger = calls.GenerateLoginToken(pb.LoginTokenRequest(duration="87600h", trigger=True)).token
    tokens.runner = calls.GenerateRunnerToken(pb.GenerateRunnerTokenRequest(duration="87600h", id="Gardener")).token
    labelled = pb.GenerateRunnerTokenRequest(duration="87600h", id="labelled", labels={"zone": "west", "soil": "clay"})
    tokens.labelled_runner = calls.GenerateRunnerToken(labelled).token
    tokens.any_runner = calls.GenerateRunnerToken(pb.GenerateRunnerTokenRequest(duration="87600h")).token


APP_HCL = """
app "{name}" {{
  build {{
    use "docker" {{}}
  }}
  deploy {{
    use "docker" {{}}
  }}
}}
"""
GARDEN_HCL = ('project = "Garden"\n' + APP_HCL.format(name="Web") + APP_HCL.format(name="worker")).encode()


def _projects(client: Client) -> None:
    calls = client.calls
    git = pb.Job.Git(
        url="https://git.garden.example/garden.git", ref="main", path="apps/web", ignore_changes_outside_path=True,
        recurse_submodules=2, basic=pb.Job.Git.Basic(username="bot", password="watering-can"),
    )  # fmt: skip
    garden = pb.Project(
        name="Garden", remote_enabled=True, data_source=pb.Job.DataSource(git=git), waypoint_hcl=GARDEN_HCL,
        data_source_poll=pb.Project.Poll(enabled=False, interval="45s"), file_change_signal="HUP",
        status_report_poll=pb.Project.AppStatusPoll(enabled=False, interval="7m"),
        variables=[
            pb.Variable(name="region", str="west", server=Empty()),
            pb.Variable(name="plants", hcl='["rose", "fern"]', server=Empty()),
            pb.Variable(name="gate_code", str="1234", sensitive=True, server=Empty()),
        ],
    )  # fmt: skip
    calls.UpsertProject(pb.UpsertProjectRequest(project=garden))
    shed = pb.Project(name="shed", data_source=pb.Job.DataSource(local=pb.Job.Local()))
    calls.UpsertProject(pb.UpsertProjectRequest(project=shed))
    calls.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="bare")))
    for project, name, signal in (("shed", "tools", "USR2"), ("shed", "Idle", "")):
        ref = pb.Ref.Project(project=project)
        calls.UpsertApplication(pb.UpsertApplicationRequest(project=ref, name=name, file_change_signal=signal))
    for name in ("Empty-Room", "staging"):
        calls.UpsertWorkspace(pb.UpsertWorkspaceRequest(workspace=pb.Workspace(name=name)))


def _variables(client: Client) -> None:
    web, garden = app_ref("Garden", "Web"), pb.Ref.Project(project="Garden")
    vault = pb.ConfigVar.DynamicVal(config={"path": "secret/data/garden", "key": "/data/seed"}, **{"from": "vault"})
    Target = pb.ConfigVar.Target
    variables = [
        pb.ConfigVar(name="SUN", static="bright", target=Target(**{"global": GLOBAL})),
        pb.ConfigVar(name="SUN", static="dim", target=Target(workspace=in_workspace("staging"), **{"global": GLOBAL})),
        pb.ConfigVar(name="RUNNER_ONLY", static="r", target=Target(runner=ANY_RUNNER, **{"global": GLOBAL})),
        pb.ConfigVar(
            name="ONE_RUNNER", static="one",
            target=Target(runner=pb.Ref.Runner(id=pb.Ref.RunnerId(id="Gardener")), **{"global": GLOBAL}),
        ),
        pb.ConfigVar(name="seed", dynamic=vault, target=Target(project=garden)),
        pb.ConfigVar(name="SEED_URL", static="https://seeds.example/${config.env.seed}", target=Target(project=garden)),
        pb.ConfigVar(name="hidden", static="inner", internal=True, target=Target(project=garden)),
        pb.ConfigVar(name="/etc/garden.conf", static="rows = 3\n", name_is_path=True, target=Target(application=web)),
        pb.ConfigVar(name="SUN", static="web", target=Target(application=web)),
        pb.ConfigVar(
            name="LABELLED", static="yes", target=Target(application=web, label_selector='zone == "west"'),
        ),
        pb.ConfigVar(
            name="LABELLED", static="staged",
            target=Target(application=web, label_selector='zone == "east"', workspace=in_workspace("staging")),
        ),
    ]  # fmt: skip
    client.calls.SetConfig(pb.ConfigSetRequest(variables=variables))
    for source in (
        pb.ConfigSource(type="vault", config={"addr": "https://v.example", "token": "moss"}, **{"global": GLOBAL}),
        pb.ConfigSource(type="vault", config={"addr": "https://vault2.garden.example"}, project=garden),
        pb.ConfigSource(type="consul", config={"address": "consul.garden.example"}, application=web),
        pb.ConfigSource(type="consul", config={"x": "y"}, workspace=in_workspace("staging"), **{"global": GLOBAL}),
    ):  # fmt: skip
        client.calls.SetConfigSource(pb.SetConfigSourceRequest(config_source=source))


def status(state: pb.Status.State, begin: float) -> pb.Status:
    found = pb.Status(state=state, start_time=seconds(begin), details="as told")
    if state != RUNNING:
        found.complete_time.CopyFrom(seconds(begin + 5))
    if state == ERROR:
        found.error.CopyFrom(RpcStatus(code=2, message="the soil was dry"))
    return found


def _operations(client: Client, made: Made) -> None:
    begin = 0.0
    for project, name, space, rounds in (
        ("Garden", "Web", "default", 3), ("Garden", "Web", "staging", 2), ("Garden", "worker", "default", 1),
        ("shed", "tools", "default", 1),
    ):  # fmt: skip
        for number in range(rounds):
            begin += 100
            _one_round(client, made, app_ref(project, name), in_workspace(space), number, begin)


def _one_round(
    client: Client, made: Made, app: pb.Ref.Application, space: pb.Ref.Workspace, number: int, begin: float
) -> None:
    calls = client.calls
    common: dict[str, Any] = {"application": app, "workspace": space, "labels": {"round": str(number), "zone": "west"}}
    builder = pb.Component(type=pb.Component.BUILDER, name="docker")
    artifact = pb.Artifact(artifact=opaque(f"image {number}"), artifact_json='{"image": "garden"}')
    build = pb.Build(
        status=status(SUCCESS, begin), component=builder, artifact=artifact, template_data=b'{"a":1}', **common
    )
    build = calls.UpsertBuild(pb.UpsertBuildRequest(build=build)).build
    failed = pb.Build(status=status(ERROR, begin + 1), component=builder, **common)
    calls.UpsertBuild(pb.UpsertBuildRequest(build=failed))
    pushed = pb.PushedArtifact(
        status=status(SUCCESS, begin + 10), component=pb.Component(type=pb.Component.REGISTRY, name="docker"),
        artifact=artifact, build_id=build.id, template_data=b'{"b":2}', **common,
    )  # fmt: skip
    pushed = calls.UpsertPushedArtifact(pb.UpsertPushedArtifactRequest(artifact=pushed)).artifact
    declared = pb.DeclaredResource(
        name="container", type="container", platform="docker", state=opaque("c1"), state_json='{"id":"c1"}',
        category_display_hint=2,
    )  # fmt: skip
    deployment = pb.Deployment(
        status=status((SUCCESS, ERROR, RUNNING)[number], begin + 20), artifact_id=pushed.id,
        state=(pb.Operation.CREATED, pb.Operation.DESTROYED, pb.Operation.PENDING)[number],
        component=pb.Component(type=pb.Component.PLATFORM, name="docker"), deployment=opaque(f"deployment {number}"),
        deployment_json='{"deployed":true}', has_entrypoint_config=True, has_exec_plugin=number == 1,
        has_logs_plugin=number == 2, url=f"https://v{number}.garden.example", declared_resources=[declared],
        template_data=b"{}", generation=pb.Generation(id="in-place") if number else None, **common,
    )  # fmt: skip
    deployment = calls.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=deployment)).deployment
    release = pb.Release(
        status=status(SUCCESS, begin + 30), deployment_id=deployment.id, release=opaque("release"),
        component=pb.Component(type=pb.Component.RELEASEMANAGER, name="docker"), url="https://garden.example",
        state=pb.Operation.CREATED, release_json='{"released":1}', declared_resources=[declared],
        destroyed_resources=[pb.DestroyedResource(name="old", type="container", platform="docker", state_json="{}")],
        unimplemented=number == 1, **common,
    )  # fmt: skip
    release = calls.UpsertRelease(pb.UpsertReleaseRequest(release=release)).release
    del common["labels"]
    for target in ({"deployment_id": deployment.id}, {"release_id": release.id}):
        begin += 1
        report = pb.StatusReport(
            status=status(SUCCESS, begin + 40), status_report=opaque("report"), external=number == 1,
            health=pb.StatusReport.Health(health_status="READY", health_message="all well"), instances_count=2,
            generated_time=seconds(begin + 44), status_report_json='{"ok":true}',
            resources=[pb.StatusReport.Resource(
                id="c1", name="container", platform="docker", type="container", state_json="{}", health=2,
                declared_resource=pb.Ref.DeclaredResource(name="container"), created_time=seconds(begin),
            )],
            **target, **common,
        )  # fmt: skip
        calls.UpsertStatusReport(pb.UpsertStatusReportRequest(status_report=report))
    if not made.deployment:
        made.deployment = deployment.id
        bound = pb.InviteTokenRequest(duration="87600h", unused_entrypoint={"deployment_id": deployment.id})
        made.tokens.entrypoint_invite = calls.GenerateInviteToken(bound).token
        exchange = pb.ConvertInviteTokenRequest(token=made.tokens.entrypoint_invite)
        made.tokens.entrypoint = calls.ConvertInviteToken(exchange).token


def _access(client: Client) -> None:
    oidc = pb.AuthMethod.OIDC(
        client_id="garden", client_secret="compost", scopes=["openid", "email"], auds=["garden"],
        allowed_redirect_uris=["https://garden.example/auth/oidc-callback"], discovery_url="https://id.garden.example",
        claim_mappings={"email": "email"}, list_claim_mappings={"/groups": "groups"}, signing_algs=["RS256"],
    )  # fmt: skip
    method = pb.AuthMethod(
        name="GardenGate", display_name="The gate", description="For gardeners", oidc=oidc,
        access_selector='"gardeners" in list.groups',
    )  # fmt: skip
    client.calls.UpsertAuthMethod(pb.UpsertAuthMethodRequest(auth_method=method))
    plain = pb.AuthMethod(name="back-door", oidc=pb.AuthMethod.OIDC(
        client_id="a", client_secret="b", discovery_url="https://other.example",
    ))  # fmt: skip
    client.calls.UpsertAuthMethod(pb.UpsertAuthMethodRequest(auth_method=plain))


def _profiles_and_triggers(client: Client) -> None:
    calls = client.calls
    labels = pb.Ref.Runner(labels=pb.Ref.RunnerLabels(labels={"zone": "west"}))
    for profile in (
        pb.OnDemandRunnerConfig(
            name="Greenhouse", oci_url="garden.example/runner:1", environment_variables={"A": "b"}, default=True,
            plugin_type="docker", plugin_config=b'{"a":"b"}', config_format=pb.Hcl.JSON, target_runner=labels,
        ),
        pb.OnDemandRunnerConfig(name="plain", plugin_type="null", target_runner=ANY_RUNNER),
    ):  # fmt: skip
        calls.UpsertOnDemandRunnerConfig(pb.UpsertOnDemandRunnerConfigRequest(config=profile))
    garden, web, space = pb.Ref.Project(project="Garden"), app_ref("Garden", "Web"), in_workspace("default")
    for trigger in (
        pb.Trigger(name="Morning", description="every day", tags=["dew", "sun"], project=garden, application=web,
                   workspace=space, authenticated=True, up=pb.Job.UpOp(release=pb.Job.ReleaseOp(prune=True))),
        pb.Trigger(name="evening", project=garden, workspace=in_workspace("staging"), build=pb.Job.BuildOp()),
        pb.Trigger(name="shed", project=pb.Ref.Project(project="shed"), workspace=space, tags=["sun"],
                   destroy=pb.Job.DestroyOp(workspace=Empty())),
    ):  # fmt: skip
        calls.UpsertTrigger(pb.UpsertTriggerRequest(trigger=trigger))


@contextlib.contextmanager
def _runners(client: Client, address: str, made: Made) -> Iterator[Peer]:
    """A remote runner to work; beside it leave behind one that waits for adoption, one adopted, one rejected."""
    calls, peers, remote = client.calls, [], pb.Runner.Remote()
    nobody, asking = at(address), []
    for name, decision in (("waits", None), ("Adopted", True), ("rejected", False)):
        metadata = (*nobody.metadata, ("wpcookie", made.cookie))
        runner = pb.Runner(id=name, remote=remote, labels={"zone": "east"})
        request = pb.RunnerTokenRequest(runner=runner)
        asking.append(WaypointStub(nobody.channel).RunnerToken.future(request, metadata=metadata))
        until(lambda name=name: any(one.id == name for one in calls.ListRunners(pb.ListRunnersRequest()).runners))
        if decision is not None:
            calls.AdoptRunner(pb.AdoptRunnerRequest(runner_id=name, adopt=decision))
        if decision:
            made.tokens.adopted_runner = asking[-1].result(DEADLINE).token
    with_token = at(address, made.tokens.runner)
    component = pb.Component(type=pb.Component.BUILDER, name="docker")
    gardener = pb.Runner(id="Gardener", remote=remote, components=[component], labels={"zone": "west"})
    peers.append(Peer(with_token, gardener).registered())
    labelled = at(address, made.tokens.labelled_runner)
    runner = pb.Runner(id="labelled", remote=remote, labels={"zone": "west", "soil": "clay"})
    peers.append(Peer(labelled, runner).registered())
    yield peers[0]
    for peer in peers:
        peer.close()
    for one in (nobody, with_token, labelled):
        one.close()


def line(text: str) -> pb.RunnerJobStreamRequest:
    event = pb.GetJobStreamResponse.Terminal.Event(line={"msg": text})
    return pb.RunnerJobStreamRequest(terminal=pb.GetJobStreamResponse.Terminal(events=[event]))


DONE = pb.RunnerJobStreamRequest(complete={})


def _jobs(client: Client, runner: Peer, made: Made) -> None:
    calls = client.calls
    web, space = app_ref("Garden", "Web"), in_workspace("default")
    gardener = pb.Ref.Runner(id=pb.Ref.RunnerId(id="Gardener"))
    local = pb.Job.DataSource(local=pb.Job.Local())

    def queue_job(target: pb.Ref.Runner = gardener, expires: str = "", **fields: Any) -> str:
        if not any(name in fields for name in ("up", "build", "init")):
            fields["noop"] = pb.Job.Noop()
        job = pb.Job(application=web, workspace=space, target_runner=target, data_source=local, **fields)
        return calls.QueueJob(pb.QueueJobRequest(job=job, expires_in=expires)).job_id

    def work_off() -> None:
        while calls.ListJobs(pb.ListJobsRequest(jobState=[pb.Job.QUEUED])).jobs:
            runner.work(DONE)

    work_off()  # what the projects' sources made the server queue
    built = calls.GetLatestBuild(pb.GetLatestBuildRequest(application=web, workspace=space))
    variables = [pb.Variable(name="region", str="west", cli=Empty()), pb.Variable(name="n", num=3, env=Empty())]
    queue_job(build=pb.Job.BuildOp(disable_push=True), labels={"kind": "build"}, variables=variables)
    commit = pb.Job.Git.Ref(commit="c0ffee", timestamp=seconds(1), commit_message="Plant a rose")
    final = {"region": pb.Variable.FinalValue(str="west", source=pb.Variable.FinalValue.CLI)}
    made.jobs["success"] = runner.work(
        line("digging"),
        pb.RunnerJobStreamRequest(download={"data_source_ref": {"git": commit}}),
        pb.RunnerJobStreamRequest(config_load={"config": {"source": pb.Job.Config.SERVER}}),
        pb.RunnerJobStreamRequest(variable_values_set={"final_values": final}),
        pb.RunnerJobStreamRequest(complete={"result": pb.Job.Result(build=pb.Job.BuildResult(build=built))}),
    )
    made.jobs["failed"] = queue_job(labels={"kind": "failing"})
    failure = RpcStatus(code=13, message="a stone in the ground")
    runner.work(line("digging"), pb.RunnerJobStreamRequest(error={"error": failure}))
    made.jobs["cancelled"] = queue_job()
    calls.CancelJob(pb.CancelJobRequest(job_id=made.jobs["cancelled"]))
    hcl = pb.Hcl(contents=GARDEN_HCL, format=pb.Hcl.HCL)
    made.jobs["first"] = queue_job(singleton_id="one-at-a-time", waypoint_hcl=hcl)
    made.jobs["second"] = queue_job(depends_on=[made.jobs["first"]], depends_on_allow_failure=[made.jobs["first"]])
    runner.work(DONE)
    runner.work(DONE)
    _pipelines(client, runner, made)
    _task(client, made)
    work_off()  # such as what stops the task
    later = pb.Ref.Runner(id=pb.Ref.RunnerId(id="not-there-yet"))
    made.jobs["queued"] = queue_job(later, expires="87600h", labels={"kind": "queued"})
    made.jobs["running"] = queue_job(up=pb.Job.UpOp(release=pb.Job.ReleaseOp(prune=True)))
    assert runner.work(line("digging"), leave=True) == made.jobs["running"]


def _pipelines(client: Client, runner: Peer, made: Made) -> None:
    calls, garden = client.calls, pb.Ref.Project(project="Garden")
    Step = pb.Pipeline.Step
    inner = pb.Pipeline(name="Weeding", project=garden, steps={
        "pull": Step(name="pull", exec=Step.Exec(image="busybox", command="echo", args=["weeds"])),
    })  # fmt: skip
    stored = calls.UpsertPipeline(pb.UpsertPipelineRequest(pipeline=inner)).pipeline
    outer = pb.Pipeline(name="season", project=garden, steps={
        "dig": Step(name="dig", build=Step.Build(disable_push=True), workspace=in_workspace("staging")),
        "plant": Step(name="plant", depends_on=["dig"], deploy=Step.Deploy(release=True)),
        "weed": Step(name="weed", depends_on=["plant"], pipeline=Step.Pipeline(ref=pb.Ref.Pipeline(id=stored.id))),
        "show": Step(name="show", depends_on=["weed"], release=Step.Release(deployment={"latest": True}, prune=True)),
    })  # fmt: skip
    calls.UpsertPipeline(pb.UpsertPipelineRequest(pipeline=outer))
    template = pb.Job(
        application=app_ref("Garden", "Web"), workspace=in_workspace("default"), noop=pb.Job.Noop(),
        target_runner=pb.Ref.Runner(id=pb.Ref.RunnerId(id="Gardener")), data_source={"local": {}},
    )  # fmt: skip
    owner = pb.Ref.Pipeline(owner=pb.Ref.PipelineOwner(project=garden, pipeline_name="Weeding"))
    ran = calls.RunPipeline(pb.RunPipelineRequest(pipeline=owner, job_template=template))
    assert len(ran.all_job_ids) == 1
    runner.work(pb.RunnerJobStreamRequest(complete={"result": {"pipeline_step": {"result": {}}}}))
    owner.owner.pipeline_name = "season"
    ran = calls.RunPipeline(pb.RunPipelineRequest(pipeline=owner, job_template=template))
    made.jobs["step"] = ran.all_job_ids[0]
    runner.work(line("digging"), pb.RunnerJobStreamRequest(error={"error": RpcStatus(code=2, message="rain")}))


def _task(client: Client, made: Made) -> None:
    """A job that was to run on a runner of its own, and was cancelled."""
    job = pb.Job(
        application=app_ref("Garden", "Web"), workspace=in_workspace("default"), target_runner=ANY_RUNNER,
        data_source={"git": {"url": "https://git.garden.example/garden.git"}}, build=pb.Job.BuildOp(),
        ondemand_runner=pb.Ref.OnDemandRunnerConfig(name="Greenhouse"),
    )  # fmt: skip
    made.jobs["task"] = client.calls.QueueJob(pb.QueueJobRequest(job=job)).job_id
    (task,) = client.calls.ListTask(pb.ListTaskRequest()).tasks
    client.calls.CancelTask(pb.CancelTaskRequest(ref=pb.Ref.Task(id=task.task.id)))


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


class View:
    """All of what a server says, by a name for the question: a message, or the code of a refusal."""

    def __init__(self, client: Client) -> None:
        self.calls = client.calls
        self.said: dict[str, Message | str] = {}

    def ask(self, name: str, request: M, *more: str) -> Any:
        key = " ".join((name, *more))
        try:
            self.said[key] = getattr(self.calls, name)(request)
        except grpc.RpcError as err:
            self.said[key] = code_of(err).name
        return self.said[key]


def view(client: Client, tokens: Tokens) -> dict[str, Message | str]:
    """Ask a server everything that it can be asked about its state."""
    seen = View(client)
    apps = _ask_projects(seen)
    for space in seen.ask("ListWorkspaces", pb.ListWorkspacesRequest()).workspaces:
        seen.ask("GetWorkspace", pb.GetWorkspaceRequest(workspace=in_workspace(space.name)), space.name)
    for app in apps:
        for space in ("", "default", "staging"):
            _ask_operations(seen, app, space)
    _ask_configuration(seen, apps)
    _ask_access(seen, tokens)
    _ask_runners(seen)
    _ask_pipelines(seen)
    for job in seen.ask("ListJobs", pb.ListJobsRequest()).jobs:
        seen.ask("GetJob", pb.GetJobRequest(job_id=job.id), job.id)
    for task in seen.ask("ListTask", pb.ListTaskRequest()).tasks:
        seen.ask("GetTask", pb.GetTaskRequest(ref=pb.Ref.Task(id=task.task.id)), task.task.id)
    for trigger in seen.ask("ListTriggers", pb.ListTriggerRequest()).triggers:
        seen.ask("GetTrigger", pb.GetTriggerRequest(ref=pb.Ref.Trigger(id=trigger.id)), trigger.id)
    seen.ask("ListTriggers", pb.ListTriggerRequest(tags=["sun"]), "sun")
    seen.ask("GetServerConfig", Empty())
    seen.ask("RunnerGetDeploymentConfig", pb.RunnerGetDeploymentConfigRequest())
    return seen.said


def _ask_projects(seen: View) -> list[pb.Ref.Application]:
    apps = []
    for ref in seen.ask("ListProjects", pb.ListProjectsRequest()).projects:
        found = seen.ask("GetProject", pb.GetProjectRequest(project=ref), ref.project.lower()).project
        seen.ask("UI_GetProject", pb.UI.GetProjectRequest(project=ref), ref.project.lower())
        seen.ask("ListWorkspaces", pb.ListWorkspacesRequest(project=ref), ref.project.lower())
        for app in found.applications:
            apps.append(app_ref(found.name, app.name))
            seen.ask("GetApplication", pb.GetApplicationRequest(application=apps[-1]), found.name, app.name)
            seen.ask("ListWorkspaces", pb.ListWorkspacesRequest(application=apps[-1]), found.name, app.name)
    seen.ask("UI_ListProjects", pb.UI.ListProjectsRequest())
    return apps


def _ask_operations(seen: View, app: pb.Ref.Application, space: str) -> None:
    name = (app.project, app.application, space or "-")
    scope: dict[str, Any] = {"application": app} | ({"workspace": in_workspace(space)} if space else {})
    by_completion = pb.OperationOrder(order=pb.OperationOrder.COMPLETE_TIME, desc=True)
    builds = seen.ask("ListBuilds", pb.ListBuildsRequest(**scope), *name).builds
    pushed = seen.ask(
        "ListPushedArtifacts", pb.ListPushedArtifactsRequest(include_build=True, **scope), *name
    ).artifacts
    deployments = seen.ask(
        "ListDeployments", pb.ListDeploymentsRequest(load_details=pb.Deployment.BUILD, **scope), *name
    ).deployments
    releases = seen.ask("ListReleases", pb.ListReleasesRequest(load_details=pb.Release.BUILD, **scope), *name).releases
    reports = seen.ask("ListStatusReports", pb.ListStatusReportsRequest(**scope), *name).status_reports
    seen.ask("ListDeployments", pb.ListDeploymentsRequest(order=by_completion, **scope), *name, "by completion")
    created = pb.ListDeploymentsRequest(physical_state=pb.Operation.CREATED, **scope)
    seen.ask("ListDeployments", created, *name, "created")
    seen.ask("GetLatestBuild", pb.GetLatestBuildRequest(**scope), *name)
    seen.ask("GetLatestPushedArtifact", pb.GetLatestPushedArtifactRequest(**scope), *name)
    seen.ask("GetLatestRelease", pb.GetLatestReleaseRequest(load_details=pb.Release.BUILD, **scope), *name)
    seen.ask("GetLatestStatusReport", pb.GetLatestStatusReportRequest(any=Empty(), **scope), *name)
    seen.ask("UI_ListDeployments", pb.UI.ListDeploymentsRequest(**scope), *name)
    seen.ask("UI_ListReleases", pb.UI.ListReleasesRequest(**scope), *name)
    if space:
        return
    for kind, request, records in (
        ("GetBuild", pb.GetBuildRequest, builds),
        ("GetPushedArtifact", pb.GetPushedArtifactRequest, pushed),
        ("GetDeployment", pb.GetDeploymentRequest, deployments),
        ("GetRelease", pb.GetReleaseRequest, releases),
    ):
        for record in records:
            number = pb.Ref.OperationSeq(application=app, number=record.sequence)
            seen.ask(kind, request(ref=pb.Ref.Operation(id=record.id)), record.id)
            seen.ask(kind, request(ref=pb.Ref.Operation(sequence=number)), *name, str(record.sequence))
    for report in reports:
        ref = pb.Ref.Operation(id=report.id)
        seen.ask("GetStatusReport", pb.GetStatusReportRequest(ref=ref), report.id)
        target = {report.WhichOneof("target_id") or "any": report.deployment_id or report.release_id}
        seen.ask("GetLatestStatusReport", pb.GetLatestStatusReportRequest(application=app, **target), report.id)
    for deployment in deployments:
        ref = pb.Ref.Operation(id=deployment.id)
        seen.ask("UI_GetDeployment", pb.UI.GetDeploymentRequest(ref=ref), deployment.id)


def _ask_configuration(seen: View, apps: list[pb.Ref.Application]) -> None:
    projects = [pb.Ref.Project(project=name) for name in sorted({app.project for app in apps})]
    scopes: list[dict[str, Any]] = [*({"project": one} for one in projects), *({"application": one} for one in apps)]
    narrower: list[dict[str, Any]] = [
        {}, {"workspace": in_workspace("staging")}, {"workspace": in_workspace("default"), "labels": {"zone": "west"}},
        {"runner": pb.Ref.RunnerId(id="Gardener")}, {"runner": pb.Ref.RunnerId(id="other")},
    ]  # fmt: skip
    for scope in scopes:
        if scope.get("application") == app_ref("Garden", "worker"):
            continue  # the Go server gives this application the variables of the project's other one, too
        for more in narrower:
            seen.ask("GetConfig", pb.ConfigGetRequest(**scope, **more), _text(scope), _text(more))
    for scope in ({"global": GLOBAL}, {"all": True}, *scopes):
        for space in ("", "staging"):
            request = pb.GetConfigSourceRequest(**scope, workspace=in_workspace(space) if space else None)
            seen.ask("GetConfigSource", request, _text(scope), space)


def _text(fields: dict[str, Any]) -> str:
    return " ".join(f"{name}={str(value).strip()!r}" for name, value in sorted(fields.items())) or "-"


def _ask_access(seen: View, tokens: Tokens) -> None:
    for user in seen.ask("ListUsers", Empty()).users:
        seen.ask("GetUser", pb.GetUserRequest(user={"id": {"id": user.id}}), user.id)
        seen.ask("GetUser", pb.GetUserRequest(user={"username": {"username": user.username.upper()}}), user.username)
    for method in seen.ask("ListAuthMethods", Empty()).auth_methods:
        seen.ask("GetAuthMethod", pb.GetAuthMethodRequest(auth_method={"name": method.name}), method.name)
    seen.ask("ListOIDCAuthMethods", Empty())
    for name, token in tokens.items():
        seen.ask("DecodeToken", pb.DecodeTokenRequest(token=token), name)


def _ask_runners(seen: View) -> None:
    for runner in seen.ask("ListRunners", pb.ListRunnersRequest()).runners:
        seen.ask("GetRunner", pb.GetRunnerRequest(runner_id=runner.id), runner.id)
    for profile in seen.ask("ListOnDemandRunnerConfigs", Empty()).configs:
        for ref in ({"id": profile.id}, {"name": profile.name}):
            request = pb.GetOnDemandRunnerConfigRequest(config=pb.Ref.OnDemandRunnerConfig(**ref))
            seen.ask("GetOnDemandRunnerConfig", request, *ref, profile.name)
    seen.ask("GetDefaultOnDemandRunnerConfig", Empty())


def _ask_pipelines(seen: View) -> None:
    for project in ("Garden", "shed"):
        listed = seen.ask("ListPipelines", pb.ListPipelinesRequest(project={"project": project}), project)
        for pipeline in listed.pipelines:
            ref = pb.Ref.Pipeline(id=pipeline.id)
            owner = pb.Ref.PipelineOwner(project=pipeline.project, pipeline_name=pipeline.name)
            seen.ask("GetPipeline", pb.GetPipelineRequest(pipeline=ref), pipeline.name)
            seen.ask(
                "GetPipeline", pb.GetPipelineRequest(pipeline=pb.Ref.Pipeline(owner=owner)), "owner", pipeline.name
            )
            runs = seen.ask("ListPipelineRuns", pb.ListPipelineRunsRequest(pipeline=ref), pipeline.name)
            seen.ask("GetLatestPipelineRun", pb.GetPipelineRequest(pipeline=ref), pipeline.name)
            for run in runs.pipeline_runs:
                request = pb.GetPipelineRunRequest(pipeline=ref, sequence=run.sequence)
                seen.ask("GetPipelineRun", request, pipeline.name, str(run.sequence))
