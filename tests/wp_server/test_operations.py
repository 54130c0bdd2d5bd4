"""Operation records over a real connection (server.md §3.5)."""

from __future__ import annotations

import grpc
import pytest

from wp_proto.waypoint import api as pb

APP = pb.Ref.Application(project="shop", application="web")
DEFAULT = pb.Ref.Workspace(workspace="default")
SUCCESS, ERROR, RUNNING = pb.Status.SUCCESS, pb.Status.ERROR, pb.Status.RUNNING


@pytest.fixture
def api(client, token):
    return client(token)


async def refusal(call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


def status(state: int, start: int = 0, complete: int = 0) -> pb.Status:
    made = pb.Status(state=state)
    if start:
        made.start_time.seconds = start
    if complete:
        made.complete_time.seconds = complete
    return made


class Records:
    """Makes records the short way."""

    def __init__(self, api) -> None:
        self.api = api

    async def build(self, **fields) -> pb.Build:
        made = pb.Build(**{"application": APP, "workspace": DEFAULT} | fields)
        return (await self.api.UpsertBuild(pb.UpsertBuildRequest(build=made))).build

    async def artifact(self, **fields) -> pb.PushedArtifact:
        made = pb.PushedArtifact(**{"application": APP, "workspace": DEFAULT} | fields)
        return (await self.api.UpsertPushedArtifact(pb.UpsertPushedArtifactRequest(artifact=made))).artifact

    async def deployment(self, **fields) -> pb.Deployment:
        made = pb.Deployment(**{"application": APP, "workspace": DEFAULT} | fields)
        return (await self.api.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=made))).deployment

    async def release(self, **fields) -> pb.Release:
        made = pb.Release(**{"application": APP, "workspace": DEFAULT} | fields)
        return (await self.api.UpsertRelease(pb.UpsertReleaseRequest(release=made))).release

    async def report(self, **fields) -> pb.StatusReport:
        made = pb.StatusReport(**{"application": APP, "workspace": DEFAULT, "status": status(SUCCESS, 1, 1)} | fields)
        request = pb.UpsertStatusReportRequest(status_report=made)
        return (await self.api.UpsertStatusReport(request)).status_report


@pytest.fixture
def make(api):
    return Records(api)


async def deployments(api, **fields) -> list[int]:
    answer = await api.ListDeployments(pb.ListDeploymentsRequest(application=APP, **fields))
    return [one.sequence for one in answer.deployments]


async def test_the_server_gives_ids_and_numbers_and_an_update_keeps_them(api, make):
    first = await make.deployment(status=status(RUNNING, 1), sequence=9, state=pb.Operation.PENDING)
    assert len(first.id) == 26
    assert first.sequence == 1
    assert first.HasField("preload")
    done = pb.Deployment()
    done.CopyFrom(first)
    done.sequence, done.generation.id, done.state = 5, "another", pb.Operation.CREATED
    done.status.CopyFrom(status(SUCCESS, 1, 2))
    updated = await make.deployment(id=first.id, status=status(SUCCESS, 1, 2), sequence=5, state=pb.Operation.CREATED)
    assert (updated.sequence, updated.generation) == (1, first.generation)
    fetched = await api.GetDeployment(pb.GetDeploymentRequest(ref=pb.Ref.Operation(id=first.id)))
    assert (fetched.status.state, fetched.state) == (SUCCESS, pb.Operation.CREATED)


@pytest.mark.parametrize("kind", ["build", "artifact", "deployment", "release", "report"])
async def test_clients_cannot_choose_ids_and_must_say_whose_a_record_is(make, kind):
    assert (await refusal(getattr(make, kind)(id="mine")))[0] is grpc.StatusCode.NOT_FOUND
    for broken in ({"workspace": None}, {"application": pb.Ref.Application(project="p")}, {"application": None}):
        assert (await refusal(getattr(make, kind)(**broken)))[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_record_is_found_by_id_and_by_number(api, make):
    for _ in range(3):
        await make.build()
    number = pb.Ref.OperationSeq(application=pb.Ref.Application(project="SHOP", application="Web"), number=2)
    found = await api.GetBuild(pb.GetBuildRequest(ref=pb.Ref.Operation(sequence=number)))
    assert found.sequence == 2
    assert await api.GetBuild(pb.GetBuildRequest(ref=pb.Ref.Operation(id=found.id))) == found
    number.number = 99
    missing = pb.GetBuildRequest(ref=pb.Ref.Operation(sequence=number))
    assert (await refusal(api.GetBuild(missing)))[0] is grpc.StatusCode.NOT_FOUND
    unset = pb.GetBuildRequest(ref=pb.Ref.Operation())
    assert (await refusal(api.GetBuild(unset)))[0] is grpc.StatusCode.INVALID_ARGUMENT
    as_release = pb.GetReleaseRequest(ref=pb.Ref.Operation(id=found.id))
    assert (await refusal(api.GetRelease(as_release)))[0] is grpc.StatusCode.NOT_FOUND


async def test_lists_are_newest_first_and_filter(api, make):
    await make.deployment(status=status(SUCCESS, 10, 90), state=pb.Operation.CREATED)
    await make.deployment(status=status(ERROR, 20, 30), state=pb.Operation.PENDING)
    await make.deployment(status=status(SUCCESS, 30, 40), state=pb.Operation.DESTROYED)
    await make.deployment(status=status(RUNNING, 40), workspace=pb.Ref.Workspace(workspace="dev"))
    assert await deployments(api) == [4, 3, 2, 1]
    complete = pb.OperationOrder(order=pb.OperationOrder.COMPLETE_TIME)
    assert await deployments(api, order=complete) == [1, 3, 2, 4]
    assert await deployments(api, order=pb.OperationOrder(limit=2)) == [4, 3]
    assert await deployments(api, workspace=pb.Ref.Workspace(workspace="DEFAULT")) == [3, 2, 1]
    assert await deployments(api, physical_state=pb.Operation.CREATED) == [1]

    def states(*wanted: int) -> pb.StatusFilter:
        return pb.StatusFilter(filters=[pb.StatusFilter.Filter(state=state) for state in wanted])

    assert await deployments(api, status=[states(SUCCESS)]) == [3, 1]
    assert await deployments(api, status=[states(SUCCESS), states(ERROR)]) == [3, 2, 1]
    assert await deployments(api, status=[states(SUCCESS, ERROR)]) == []
    assert await deployments(api, status=[states(SUCCESS)], order=pb.OperationOrder(limit=1)) == [3]


async def test_latest_is_the_success_that_completed_last(api, make):
    app = {"application": APP}
    assert (await refusal(api.GetLatestBuild(pb.GetLatestBuildRequest(**app))))[0] is grpc.StatusCode.NOT_FOUND
    await make.build(status=status(SUCCESS, 10, 90))
    await make.build(status=status(SUCCESS, 20, 30), workspace=pb.Ref.Workspace(workspace="dev"))
    await make.build(status=status(ERROR, 95, 96))
    assert (await api.GetLatestBuild(pb.GetLatestBuildRequest(**app))).sequence == 1
    dev = pb.Ref.Workspace(workspace="dev")
    assert (await api.GetLatestBuild(pb.GetLatestBuildRequest(**app, workspace=dev))).sequence == 2
    other = pb.Ref.Workspace(workspace="prod")
    missing = pb.GetLatestBuildRequest(**app, workspace=other)
    assert (await refusal(api.GetLatestBuild(missing)))[0] is grpc.StatusCode.NOT_FOUND


async def test_generations_keep_the_number_of_their_first_deployment(make):
    first = await make.deployment(generation=pb.Generation(id="service"))
    between = await make.deployment()
    second = await make.deployment(generation=pb.Generation(id="service", initial_sequence=7))
    assert [one.generation.initial_sequence for one in (first, between, second)] == [1, 2, 1]
    assert len(between.generation.id) == 26


async def test_reads_carry_what_a_record_was_made_from(api, make):
    build = await make.build(labels={"commit": "c0ffee"})
    artifact = await make.artifact(build_id=build.id)
    deployment = await make.deployment(artifact_id=artifact.id, url="http://web.example")
    release = await make.release(deployment_id=deployment.id)

    async def deployed(details: int) -> pb.Deployment.Preload:
        ref = pb.Ref.Operation(id=deployment.id)
        return (await api.GetDeployment(pb.GetDeploymentRequest(ref=ref, load_details=details))).preload

    assert not (await deployed(pb.Deployment.NONE)).HasField("artifact")
    assert (await deployed(pb.Deployment.ARTIFACT)).artifact.id == artifact.id
    assert not (await deployed(pb.Deployment.ARTIFACT)).HasField("build")
    full = await deployed(pb.Deployment.BUILD)
    assert (full.build.id, full.deploy_url) == (build.id, "http://web.example")
    listed = await api.ListReleases(pb.ListReleasesRequest(application=APP, load_details=pb.Release.BUILD))
    (preload,) = [one.preload for one in listed.releases]
    assert (preload.deployment.id, preload.artifact.id, preload.build.id) == (deployment.id, artifact.id, build.id)
    pushed = await api.ListPushedArtifacts(pb.ListPushedArtifactsRequest(application=APP, include_build=True))
    assert pushed.artifacts[0].build.id == build.id
    assert release.sequence == 1


async def test_one_missing_record_does_not_fail_a_list(api, make):
    await make.artifact(build_id="gone")
    await make.deployment(artifact_id="gone")
    await make.release(deployment_id="gone")
    pushed = await api.ListPushedArtifacts(pb.ListPushedArtifactsRequest(application=APP, include_build=True))
    assert not pushed.artifacts[0].HasField("build")
    ui = await api.UI_ListDeployments(pb.UI.ListDeploymentsRequest(application=APP))
    assert not ui.deployments[0].HasField("artifact")
    assert len((await api.UI_ListReleases(pb.UI.ListReleasesRequest(application=APP))).releases) == 1


async def test_bundles_carry_the_newest_report(api, make):
    deployment = await make.deployment(url="http://web.example")
    release = await make.release(deployment_id=deployment.id)
    for second, health in ((20, "DOWN"), (10, "READY")):
        fields = {"health": pb.StatusReport.Health(health_status=health), "generated_time": {"seconds": second}}
        await make.report(deployment_id=deployment.id, **fields)
        await make.report(release_id=release.id, **fields)
    ui = await api.UI_ListDeployments(pb.UI.ListDeploymentsRequest(application=APP))
    (bundle,) = ui.deployments
    assert bundle.latest_status_report.health.health_status == "DOWN"
    assert bundle.deploy_url == "http://web.example"
    one = await api.UI_GetDeployment(pb.UI.GetDeploymentRequest(ref=pb.Ref.Operation(id=deployment.id)))
    assert one.deployment == bundle
    released = await api.UI_ListReleases(pb.UI.ListReleasesRequest(application=APP))
    assert released.releases[0].latest_status_report.health.health_status == "DOWN"


async def test_reports_are_found_by_target(api, make):
    first, second = await make.deployment(), await make.deployment()
    a = await make.report(deployment_id=first.id, status=status(SUCCESS, 1, 1))
    b = await make.report(deployment_id=second.id, status=status(SUCCESS, 2, 2))
    c = await make.report(release_id="r", status=status(SUCCESS, 3, 3))

    async def latest(**target) -> str:
        return (await api.GetLatestStatusReport(pb.GetLatestStatusReportRequest(application=APP, **target))).id

    assert await latest() == c.id
    assert await latest(deployment_any={}) == b.id
    assert await latest(release_any={}) == c.id
    assert await latest(deployment_id=first.id) == a.id
    assert (await refusal(latest(deployment_id="none")))[0] is grpc.StatusCode.NOT_FOUND
    ref = pb.Ref.Operation(id=first.id)
    listed = await api.ListStatusReports(pb.ListStatusReportsRequest(application=APP, deployment=ref))
    assert [one.id for one in listed.status_reports] == [a.id]
    every = await api.ListStatusReports(pb.ListStatusReportsRequest(application=APP))
    assert [one.id for one in every.status_reports] == [c.id, b.id, a.id]


async def test_asking_for_a_report_queues_one_job_per_target(api, make):
    deployment, other = await make.deployment(), await make.deployment()

    async def ask(target: pb.Deployment) -> str:
        request = pb.ExpediteStatusReportRequest(deployment=pb.Ref.Operation(id=target.id))
        return (await api.ExpediteStatusReport(request)).job_id

    first, second, third = await ask(deployment), await ask(other), await ask(deployment)
    listed = (await api.ListJobs(pb.ListJobsRequest(jobState=[pb.Job.QUEUED]))).jobs
    assert [job.id for job in listed] == [second, third]
    assert listed[0].status_report.deployment.id == other.id
    replaced = await api.GetJob(pb.GetJobRequest(job_id=first))
    assert replaced.error.message == f"replaced by job {third}"


async def test_without_a_url_service_nobody_has_a_hostname(api):
    assert not (await api.ListHostnames(pb.ListHostnamesRequest())).hostnames
    code, words = await refusal(api.DeleteHostname(pb.DeleteHostnameRequest(hostname="x")))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert words == "server doesn't have the URL service enabled"
