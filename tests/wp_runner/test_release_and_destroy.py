from __future__ import annotations

from tests.wp_runner.shop import Bench

from wp_config.records import StageKind
from wp_plugins import local
from wp_proto.waypoint import api as pb
from wp_runner.operations.prune import candidates
from wp_sdk.component import Context, PluginError

CREATED, DESTROYED = pb.Operation.CREATED, pb.Operation.DESTROYED


def up(bench: Bench, retain: int | None = None, prune: bool = True) -> pb.Deployment:
    options = pb.Job.ReleaseOp(prune=prune, prune_retain=retain or 0, prune_retain_override=retain is not None)
    return bench.ok(up=pb.Job.UpOp(release=options)).deploy.deployment


def alive(bench: Bench) -> list[int]:
    return [d.sequence for d in bench.records("deployment") if d.state == CREATED]


def test_an_up_keeps_two_deployments_by_default(bench: Bench) -> None:
    for _ in range(4):
        up(bench)
    assert alive(bench) == [3, 4]
    assert len(bench.shop.running) == 2
    assert bench.shop.released == bench.records("deployment")[3].id


def test_retain_keeps_that_many_besides_the_released_one(bench: Bench) -> None:
    for _ in range(4):
        up(bench, retain=2)
    assert alive(bench) == [2, 3, 4]


def test_releases_of_pruned_deployments_go_too_and_the_live_one_stays(bench: Bench) -> None:
    for _ in range(3):
        up(bench)
    assert [r.state for r in bench.records("release")] == [DESTROYED, CREATED, CREATED]
    assert bench.shop.calls.count("destroy_release") == 1
    assert bench.shop.released == bench.records("deployment")[2].id


def test_release_goes_back_to_an_older_deployment_and_prune_keeps_it(bench: Bench) -> None:
    first = up(bench, prune=False)
    for _ in range(3):
        up(bench, prune=False)
    result = bench.ok(release=pb.Job.ReleaseOp(deployment=first, prune=True))
    assert result.release.release.deployment_id == first.id
    assert bench.shop.released == first.id
    assert alive(bench) == [1, 3, 4]


def test_a_failed_or_destroyed_deployment_cannot_be_released(bench: Bench) -> None:
    first = up(bench, prune=False)
    bench.ok(destroy=pb.Job.DestroyOp(deployment=first))
    gone = bench.records("deployment")[0]
    assert (
        "destroyed and cannot be released" in bench.fails(release=pb.Job.ReleaseOp(deployment=gone)).error.error.message
    )
    failed = pb.Deployment()
    failed.CopyFrom(first)
    failed.status.state = pb.Status.ERROR
    assert "did not succeed" in bench.fails(release=pb.Job.ReleaseOp(deployment=failed)).error.error.message


def test_a_release_without_a_choice_takes_the_newest_good_deployment(bench: Bench) -> None:
    good = up(bench, prune=False)

    def before(name: str, _ctx: Context) -> None:
        if name == "deploy":
            raise PluginError("no")

    bench.shop.before = before
    bench.fails(up=pb.Job.UpOp())
    bench.shop.before = lambda _name, _ctx: None
    assert bench.ok(release=pb.Job.ReleaseOp()).release.release.deployment_id == good.id


def test_a_prune_that_fails_does_not_undo_the_release(bench: Bench) -> None:
    for _ in range(2):
        up(bench)

    def before(name: str, _ctx: Context) -> None:
        if name == "destroy":
            raise PluginError("the platform is on strike")

    bench.shop.before = before
    job = bench.job(up=pb.Job.UpOp())
    assert bench.waypoint.run(job).WhichOneof("event") == "complete"
    assert "Could not prune deployment v1: the platform is on strike" in bench.waypoint.text(job.id)
    assert alive(bench) == [1, 2, 3]


def deployment(sequence: int, **more: object) -> pb.Deployment:
    made = pb.Deployment(id=f"D{sequence}", sequence=sequence, component=pb.Component(name="docker"), **more)
    made.status.state = made.status.state or pb.Status.SUCCESS
    made.generation.id = made.generation.id or f"g{sequence}"
    return made


def chosen(*args: object) -> list[int]:
    return [d.sequence for d in candidates(*args)]


def test_what_prune_chooses() -> None:
    five = [deployment(n) for n in (5, 4, 3, 2, 1)]
    assert chosen(five, five[0], 2) == [3, 2, 1]
    assert chosen(five, five[0], 1) == [4, 3, 2, 1]
    assert chosen(five, five[3], 2) == [3, 1], "the target stays however old it is"
    assert chosen(five, five[0], 2, frozenset({"D1"})) == [3, 2], "what a release points at stays"
    other = deployment(3)
    other.component.name = "kubernetes"
    assert chosen([five[0], five[1], other, five[4]], five[0], 2) == [1], "another platform's stay"
    same = deployment(2)
    same.generation.id = "g5"
    assert chosen([*five[:3], same], five[0], 2) == [3], "the target's generation stays"


def test_failed_deployments_take_no_place_and_go_and_running_ones_stay() -> None:
    failed = deployment(4, status=pb.Status(state=pb.Status.ERROR))
    running = deployment(6, status=pb.Status(state=pb.Status.RUNNING))
    listed = [running, deployment(5), failed, deployment(3), deployment(2)]
    assert chosen(listed, listed[1], 2) == [4, 2]


def test_destroying_one_deployment_marks_it_only_after_the_platform_confirmed(bench: Bench) -> None:
    first = up(bench)

    def before(name: str, _ctx: Context) -> None:
        if name == "destroy":
            assert bench.records("deployment")[0].state == CREATED
            if bench.shop.calls.count("destroy") == 1:
                raise PluginError("the platform is on strike")

    bench.shop.before = before
    message = bench.fails(destroy=pb.Job.DestroyOp(deployment=first)).error.error.message
    assert message == "the platform is on strike"
    assert alive(bench) == [1]
    bench.ok(destroy=pb.Job.DestroyOp(deployment=first))
    assert alive(bench) == []
    bench.ok(destroy=pb.Job.DestroyOp(deployment=first))
    assert bench.shop.calls.count("destroy") == 2


def test_destroying_a_workspace_takes_releases_deployments_and_what_they_shared(bench: Bench) -> None:
    up(bench)
    up(bench)
    bench.ok(destroy=pb.Job.DestroyOp(workspace={}))
    assert bench.shop.running == {}
    assert bench.shop.released == ""
    assert bench.shop.shared is False
    assert alive(bench) == []
    assert all(r.state == DESTROYED for r in bench.records("release"))
    calls = [c for c in bench.shop.calls if c.startswith("destroy")]
    assert calls == ["destroy_release", "destroy_release", "destroy", "destroy", "destroy_workspace"]


def test_what_killed_builds_left_goes_even_when_nothing_was_deployed(bench: Bench) -> None:
    bench.ok(destroy=pb.Job.DestroyOp(workspace={}))
    assert bench.shop.calls == ["clean_up"]

    def before(_name: str, _ctx: Context) -> None:
        raise PluginError("The engine is not running")

    bench.shop.before = before
    job = bench.job(destroy=pb.Job.DestroyOp(workspace={}))
    assert bench.waypoint.run(job).WhichOneof("event") == "complete"
    assert "What killed builds left was not looked for: The engine is not running" in bench.waypoint.text(job.id)


def test_what_cannot_be_destroyed_keeps_its_record_and_the_rest_goes(bench: Bench) -> None:
    up(bench)
    up(bench)
    stuck = bench.records("deployment")[1].id

    def before(name: str, _ctx: Context) -> None:
        if name == "destroy" and bench.shop.calls.count("destroy") == 1:
            raise PluginError("held by something")

    bench.shop.before = before
    message = bench.fails(destroy=pb.Job.DestroyOp(workspace={})).error.error.message
    assert "Not everything could be destroyed:\n  • deployment v2: held by something" in message
    assert list(bench.shop.running) == [stuck]
    assert alive(bench) == [2]
    assert bench.shop.shared is True
    bench.shop.before = lambda _name, _ctx: None
    bench.ok(destroy=pb.Job.DestroyOp(workspace={}))
    assert bench.shop.running == {}


def test_a_deployment_of_a_platform_the_file_no_longer_names_is_destroyed_by_its_own(bench: Bench) -> None:
    up(bench)
    bench.app.stages[StageKind.DEPLOY].use.plugin = "local"
    bench.app.stages[StageKind.DEPLOY].use.body = {"command": ["true"]}
    assert local.PLUGIN.platform is not None
    bench.ok(destroy=pb.Job.DestroyOp(workspace={}))
    assert bench.shop.running == {}


def test_status_report_job_asks_the_platform_again(bench: Bench) -> None:
    first = up(bench)
    result = bench.ok(status_report=pb.Job.StatusReportOp(deployment=first))
    assert result.status_report.status_report.deployment_id == first.id
    assert result.status_report.status_report.health.health_status == "READY"
    release = bench.records("release")[0]
    assert not bench.ok(status_report=pb.Job.StatusReportOp(release=release)).status_report.status_report.id


def test_the_stages_also_run_one_by_one(bench: Bench) -> None:
    built = bench.ok(build=pb.Job.BuildOp(disable_push=True)).build
    assert not built.HasField("push")
    pushed = bench.ok(push=pb.Job.PushOp()).push.artifact
    assert pushed.build_id == built.build.id
    deployed = bench.ok(deploy=pb.Job.DeployOp()).deploy.deployment
    assert deployed.artifact_id == pushed.id
    assert bench.ok(release=pb.Job.ReleaseOp(deployment=deployed)).release.release.url == "shop.test:80"


def test_init_tells_the_server_the_applications(bench: Bench) -> None:
    bench.ok(init=pb.Job.InitOp())
    assert [a.name for a in bench.waypoint.project.applications] == ["web"]


def test_auth_reports_each_component(bench: Bench) -> None:
    results = bench.ok(auth=pb.Job.AuthOp(check_only=True)).auth.results
    assert [r.component.name for r in results] == ["shop"] * 4
    assert not any(r.auth_supported for r in results)
