"""The runner against the server program: the main path, and what only a real server shows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.wp_runner.fake_config import App, Project, Stage, Use
from tests.wp_runner.real_server import Client, RealServer
from tests.wp_runner.shop import Shop

from wp_config.records import PluginDeclaration, StageKind
from wp_proto.waypoint import api as pb
from wp_runner.local import LocalRunner
from wp_runner.plugins import PluginHost
from wp_sdk.component import Context
from wp_sdk.terminal import RunningStep


def shop_runner(client: Client, folder: Path, project: str, shop: Shop, slots: int = 1) -> LocalRunner:
    client.project(project)
    app = App("web", folder, {kind: Stage(Use("shop")) for kind in StageKind})

    def load(*_args: object) -> Project:
        return Project(folder, {"web": app}, project, plugins=(PluginDeclaration("shop", frozenset()),))

    return LocalRunner(client.stub, folder, slots=slots, host=PluginHost({"shop": shop.plugin()}), load=load)


def counting(
    last: int, pause_at: int = -1, pause: Callable[[], object] = lambda: None
) -> Callable[[RunningStep], None]:
    def talk(step: RunningStep) -> None:
        for number in range(last):
            if number == pause_at:
                pause()
            step.output(f"line {number}\n")

    return talk


def counted(shown: str) -> list[int]:
    return [int(line.split()[1]) for line in shown.splitlines() if line.startswith("line ")]


def test_noop_jobs_one_after_the_other(client: Client, tmp_path: Path) -> None:
    with shop_runner(client, tmp_path, "noop", Shop()) as runner:
        for _ in range(20):
            complete, _ = client.finish(client.queue(runner.id, "noop", "web", noop=pb.Job.Noop()))
            assert complete.error.code == 0
            assert complete.HasField("result")


def test_up_release_back_and_destroy(client: Client, tmp_path: Path) -> None:
    shop = Shop()
    with shop_runner(client, tmp_path, "main", shop) as runner:
        first, shown = client.finish(client.queue(runner.id, "main", "web", up=pb.Job.UpOp()))
        assert first.error.message == ""
        assert "Building..." in shown
        assert "oven on" in shown
        assert first.result.up.release_url == "https://shop.test:80"
        second, _ = client.finish(client.queue(runner.id, "main", "web", up=pb.Job.UpOp()))
        assert second.result.deploy.deployment.sequence == 2
        assert shop.released == second.result.deploy.deployment.id
        back = pb.Job.ReleaseOp(deployment=first.result.deploy.deployment, prune=True)
        client.finish(client.queue(runner.id, "main", "web", release=back))
        assert shop.released == first.result.deploy.deployment.id
        gone, _ = client.finish(client.queue(runner.id, "main", "web", destroy=pb.Job.DestroyOp(workspace={})))
        assert gone.error.message == ""
        assert shop.running == {}
    request = pb.ListDeploymentsRequest(application=pb.Ref.Application(application="web", project="main"))
    listed = client.stub.ListDeployments(request).deployments
    assert [d.state for d in listed] == [pb.Operation.DESTROYED] * 2
    assert [d.status.state for d in listed] == [pb.Status.SUCCESS] * 2


@pytest.mark.parametrize("skip", [False, True])
def test_a_project_goes_with_what_its_apps_created_or_without(client: Client, tmp_path: Path, skip: bool) -> None:
    shop, name = Shop(), f"going-{skip}".lower()
    with shop_runner(client, tmp_path, name, shop) as runner:
        client.finish(client.queue(runner.id, name, "web", up=pb.Job.UpOp()))
        asked = pb.Job.DestroyProjectOp(project=pb.Ref.Project(project=name), skip_destroy_resources=skip)
        for _ in range(2):  # the second time there is nothing to do
            gone, _ = client.finish(client.queue(runner.id, name, "", destroy_project=asked))
            assert gone.error.message == ""
            assert gone.result.HasField("project_destroy")
            listed = [one.project for one in client.stub.ListProjects(pb.ListProjectsRequest()).projects]
            assert name not in listed
            client.project(name)  # a job needs a project
    assert bool(shop.running) == skip


def test_a_failure_reaches_everybody_who_asks(client: Client, tmp_path: Path) -> None:
    shop = Shop()

    def before(name: str, _ctx: Context) -> None:
        if name == "build":
            raise KeyError("oven")

    shop.before = before
    with shop_runner(client, tmp_path, "failing", shop) as runner:
        job_id = client.queue(runner.id, "failing", "web", up=pb.Job.UpOp())
        complete, _ = client.finish(job_id)
    text = "The plugin shop failed unexpectedly in build: KeyError: 'oven'"
    assert complete.error.message == text
    job = client.stub.GetJob(pb.GetJobRequest(job_id=job_id))
    assert job.state == pb.Job.ERROR
    assert job.error.message == text


def test_cancel_reaches_the_operation(client: Client, tmp_path: Path) -> None:
    shop, there = Shop(), threading.Event()

    def before(name: str, ctx: Context) -> None:
        if name == "deploy":
            there.set()
            ctx.wait(60)

    shop.before = before
    with shop_runner(client, tmp_path, "cancelled", shop) as runner:
        job_id = client.queue(runner.id, "cancelled", "web", up=pb.Job.UpOp())
        assert there.wait(60)
        client.stub.CancelJob(pb.CancelJobRequest(job_id=job_id))
        complete, _ = client.finish(job_id)
        assert complete.error.code == 1
        shop.before = lambda _name, _ctx: None
        client.finish(client.queue(runner.id, "cancelled", "web", destroy=pb.Job.DestroyOp(workspace={})))
    assert shop.running == {}


def test_everything_a_job_shows_arrives(client: Client, tmp_path: Path) -> None:
    shop = Shop(talk=counting(5000))
    with shop_runner(client, tmp_path, "chatty", shop) as runner:
        job_id = client.queue(runner.id, "chatty", "web", build=pb.Job.BuildOp(disable_push=True))
        _, shown = client.finish(job_id)
    assert counted(shown) == list(range(5000))


@pytest.mark.parametrize("how", ["kill", "close"])
def test_a_job_survives_the_servers_restart(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    server = RealServer(folder)
    shop, there, go = Shop(), threading.Event(), threading.Event()

    def before(name: str, _ctx: Context) -> None:
        if name == "deploy":
            there.set()
            assert go.wait(60)

    shop.before = before
    client = server.connect()
    try:
        runner = shop_runner(client, tmp_path, "restart", shop)
        with runner:
            job_id = client.queue(runner.id, "restart", "web", up=pb.Job.UpOp())
            assert there.wait(60)
            getattr(server, how)()
            server.start()
            go.set()
            later = server.connect()
            complete, _ = later.finish(job_id)
            later.close()
        assert complete.error.message == ""
        assert complete.result.release.release.status.state == pb.Status.SUCCESS
    finally:
        client.close()
        server.close()


def test_output_is_complete_and_single_although_the_server_was_killed_in_the_middle(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    server = RealServer(folder)
    client = server.connect()
    shop = Shop(talk=counting(40_000, 20_000, server.kill))
    try:
        with shop_runner(client, tmp_path, "cut", shop) as runner:
            job_id = client.queue(runner.id, "cut", "web", build=pb.Job.BuildOp(disable_push=True))
            assert server.process is not None
            server.process.wait(60)
            server.start()
            later = server.connect()
            complete, shown = later.finish(job_id)
            later.close()
        assert complete.error.message == ""
        assert counted(shown) == list(range(40_000))
    finally:
        client.close()
        server.close()


def test_leaving_does_not_wait_long_for_a_server_that_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    server = RealServer(folder)
    client = server.connect()
    shop, there = Shop(), threading.Event()

    def before(name: str, ctx: Context) -> None:
        if name == "build":
            there.set()
            ctx.wait(120)

    shop.before = before
    try:
        runner = shop_runner(client, tmp_path, "leaving", shop)
        runner.start()
        client.queue(runner.id, "leaving", "web", build=pb.Job.BuildOp())
        assert there.wait(60)
        server.kill()
        stopper = threading.Thread(target=runner.stop, kwargs={"cancel": True})
        stopper.start()
        stopper.join(100)
        assert not stopper.is_alive()
    finally:
        client.close()
        server.close()
