from __future__ import annotations

import errno
import sys
import time
from typing import TYPE_CHECKING

import pytest
from google.rpc import code_pb2, error_details_pb2
from tests.wp_runner.shop import Bench

from wp_config.records import Hook, PluginDeclaration, StageKind
from wp_plugins import files
from wp_proto.plugins import docker_pb2, exec_pb2
from wp_proto.waypoint import api as pb
from wp_sdk.component import Context, Platform, Plugin, PluginError
from wp_sdk.values import unpack

if TYPE_CHECKING:
    from tests.wp_runner.fake_server import FakeServer

ERROR, CREATED, DESTROYED = pb.Status.ERROR, pb.Operation.CREATED, pb.Operation.DESTROYED


def failing(function: str, error: Exception) -> object:
    def before(name: str, _ctx: Context) -> None:
        if name == function:
            raise error

    return before


@pytest.mark.parametrize(
    ("function", "kind"), [("build", "build"), ("push", "artifact"), ("deploy", "deployment"), ("release", "release")]
)
def test_a_failure_is_told_and_recorded(bench: Bench, function: str, kind: str) -> None:
    bench.shop.before = failing(function, PluginError("The oven is cold", do="Heat it"))
    outcome = bench.fails(up=pb.Job.UpOp())
    assert outcome.error.error.message == "The oven is cold. Heat it"
    assert outcome.error.error.code == code_pb2.UNKNOWN
    record = bench.records(kind)[-1]
    assert record.status.state == ERROR
    assert record.status.error.message == "The oven is cold. Heat it"
    assert record.status.HasField("complete_time")


def test_a_defect_names_plugin_function_and_error_and_keeps_the_traceback(bench: Bench) -> None:
    bench.shop.before = failing("build", KeyError("oven"))
    error = bench.fails(up=pb.Job.UpOp()).error.error
    assert error.message == "The plugin shop failed unexpectedly in build: KeyError: 'oven'"
    assert error.code == code_pb2.INTERNAL
    info = error_details_pb2.DebugInfo()
    assert error.details[0].Unpack(info)
    assert any("KeyError" in entry for entry in info.stack_entries)


def test_a_deploy_that_fails_half_way_leaves_what_destroy_needs(bench: Bench) -> None:
    bench.shop.before = failing("deploy", PluginError("The port is in use"))
    bench.fails(up=pb.Job.UpOp())
    (deployment,) = bench.records("deployment")
    assert deployment.state == CREATED
    assert unpack(deployment.deployment, docker_pb2.Deployment).id == deployment.id
    assert deployment.id in bench.shop.running
    bench.shop.before = lambda _name, _ctx: None
    bench.ok(destroy=pb.Job.DestroyOp(workspace={}))
    assert bench.shop.running == {}
    assert bench.records("deployment")[0].state == DESTROYED


@pytest.mark.parametrize(
    ("function", "kind"), [("build", "build"), ("push", "artifact"), ("deploy", "deployment"), ("release", "release")]
)
def test_cancelling_a_stage_is_recorded_and_cleaned_up_by_destroy(bench: Bench, function: str, kind: str) -> None:
    there, _go = bench.blocked(function)
    job_id = bench.waypoint.queue(bench.job(up=pb.Job.UpOp()))
    assert there.wait(60)
    bench.waypoint.commands[job_id].put(pb.RunnerJobStreamResponse(cancel=pb.RunnerJobStreamResponse.JobCancel()))
    outcome = bench.waypoint.outcome(job_id)
    assert outcome.error.error.code == code_pb2.CANCELLED
    record = bench.records(kind)[-1]
    assert record.status.state == ERROR
    assert record.status.error.code == code_pb2.CANCELLED
    bench.shop.before = lambda _name, _ctx: None
    bench.ok(destroy=pb.Job.DestroyOp(workspace={}))
    assert bench.shop.running == {}
    assert bench.shop.released == ""


def test_what_a_killed_runner_leaves_is_cleaned_up_by_destroy(bench: Bench) -> None:
    """A killed runner writes nothing more: the record still says RUNNING and holds only the checkpoint."""
    there, go = bench.blocked("deploy")
    job_id = bench.waypoint.queue(bench.job(up=pb.Job.UpOp()))
    assert there.wait(60)
    (deployment,) = bench.records("deployment")
    left = pb.Deployment()
    left.CopyFrom(deployment)
    assert left.status.state == pb.Status.RUNNING
    assert unpack(left.deployment, docker_pb2.Deployment).id == left.id
    go.set()
    bench.waypoint.outcome(job_id)
    bench.waypoint.records["deployment"][left.id] = left
    bench.waypoint.records["release"].clear()
    bench.ok(destroy=pb.Job.DestroyOp(workspace={}))
    assert bench.shop.running == {}
    after = bench.records("deployment")[0]
    assert after.state == DESTROYED
    assert after.status.state == ERROR


def test_deploy_before_build_says_what_to_do(bench: Bench) -> None:
    message = bench.fails(deploy=pb.Job.DeployOp()).error.error.message
    assert message == 'The app "web" has no artifact to deploy. Run waypoint build first'
    assert not bench.records("deployment")


def test_release_before_deploy_says_what_to_do(bench: Bench) -> None:
    message = bench.fails(release=pb.Job.ReleaseOp()).error.error.message
    assert message == 'The app "web" has no deployment to release. Run waypoint deploy first'


def test_an_unknown_plugin_is_named_with_the_nearest(bench: Bench) -> None:
    bench.app.stages[StageKind.BUILD].use.plugin = "shpo"
    message = bench.fails(build=pb.Job.BuildOp()).error.error.message
    assert message == 'There is no plugin "shpo". Did you mean "shop"?'


def test_a_plugin_without_that_role_names_those_that_have_it(bench: Bench) -> None:
    bench.app.stages[StageKind.REGISTRY].use.plugin = "null"
    message = bench.fails(build=pb.Job.BuildOp()).error.error.message
    assert 'The plugin "null" has no registry. Plugins that have one: ' in message
    assert "files" in message


def test_plugins_that_do_not_fit_are_explained_and_found_without_running(server: FakeServer, tmp_path: object) -> None:
    def deploy(artifact: exec_pb2.Input) -> docker_pb2.Deployment:
        raise AssertionError("must not be called")

    def to_input(image: docker_pb2.Image) -> exec_pb2.Input:
        raise AssertionError("must not be called")

    odd = Plugin("odd", platform=Platform(deploy=deploy), mappers=(to_input,))
    bench = Bench(server, tmp_path, odd)
    bench.app.stages = {k: v for k, v in bench.app.stages.items() if k in (StageKind.BUILD, StageKind.DEPLOY)}
    bench.app.stages[StageKind.BUILD].use.plugin = "files"
    bench.app.stages[StageKind.DEPLOY].use.plugin = "odd"
    bench.project.plugins = tuple(PluginDeclaration(n, frozenset()) for n in ("files", "odd"))
    (tmp_path / "index.html").write_text("x")
    with bench.runner:
        found = bench.fails(validate=pb.Job.ValidateOp()).error.error.message
        assert 'Plugins of app "web" do not fit' in found
        assert "odd deploy cannot run after files build" in found
        assert not bench.records("build")
        error = bench.fails(up=pb.Job.UpOp()).error.error
    assert error.code == code_pb2.FAILED_PRECONDITION
    assert "missing: exec.Input" in error.message
    assert "docker.Image is not available" in error.message
    reason = error_details_pb2.ErrorInfo()
    assert error.details[0].Unpack(reason)
    assert reason.reason == "UNSATISFIED_ARGUMENTS"
    assert files.PLUGIN.name == "files"


def test_hooks_run_around_the_stage_in_the_apps_folder(bench: Bench) -> None:
    def touch(name: str, when: str) -> Hook:
        return Hook(when, (sys.executable, "-c", f"open({name!r}, 'w').close(); print('hook {name}')"))

    folder = bench.app.path
    bench.app.stages[StageKind.BUILD].hook_list = (touch("a", "before"), touch("b", "after"))
    bench.shop.before = lambda name, _ctx: bench.shop.calls.append(
        f"a={(folder / 'a').exists()} b={(folder / 'b').exists()}"
    )
    job = bench.job(build=pb.Job.BuildOp(disable_push=True))
    assert bench.waypoint.run(job).WhichOneof("event") == "complete"
    assert bench.shop.calls == ["build", "a=True b=False"]
    assert (folder / "b").exists()
    assert "hook a" in bench.waypoint.text(job.id)


def test_a_failing_hook_fails_the_stage_unless_told_to_continue(bench: Bench) -> None:
    bad = (sys.executable, "-c", "import sys; sys.exit(3)")
    bench.app.stages[StageKind.BUILD].hook_list = (Hook("before", bad, continue_on_failure=True), Hook("after", bad))
    message = bench.fails(build=pb.Job.BuildOp()).error.error.message
    assert message.startswith("The after hook failed: ")
    assert "exit status 3" in message
    assert bench.shop.calls == ["build"]
    assert bench.records("build")[0].status.state == ERROR


def test_a_hook_that_cannot_start_says_why(bench: Bench) -> None:
    bench.app.stages[StageKind.BUILD].hook_list = (Hook("before", ("/no/such/program",)),)
    message = bench.fails(build=pb.Job.BuildOp()).error.error.message
    assert "/no/such/program: No such file or directory" in message
    assert bench.shop.calls == []


def test_an_operation_this_runner_does_not_know_is_unimplemented(bench: Bench) -> None:
    error = bench.fails(logs=pb.Job.LogsOp()).error.error
    assert error.code == code_pb2.UNIMPLEMENTED
    assert '"logs"' in error.message


def test_a_git_job_is_refused_by_a_runner_that_only_has_a_folder(bench: Bench) -> None:
    job = bench.job(build=pb.Job.BuildOp())
    job.data_source.git.url = "x"
    assert "works on local files only" in bench.waypoint.run(job).error.error.message


def test_a_server_restart_in_the_middle_is_waited_out(bench: Bench) -> None:
    bench.waypoint.outages["RunnerGetDeploymentConfig"] = 2
    assert bench.ok(up=pb.Job.UpOp()).deploy.deployment.id
    assert bench.waypoint.outages["RunnerGetDeploymentConfig"] == 0


def test_the_slot_takes_the_next_job_after_a_failure(bench: Bench) -> None:
    bench.shop.before = failing("build", PluginError("no"))
    bench.fails(build=pb.Job.BuildOp())
    bench.shop.before = lambda _name, _ctx: None
    bench.ok(build=pb.Job.BuildOp())


def test_a_hook_that_ignores_the_signal_is_ended_on_cancel_with_its_children(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr("wp_runner.operations.hooks.TERMINATE_SECONDS", 0.2)
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "subprocess.Popen([sys.executable, '-c', 'import signal,time; signal.signal(15, 1); time.sleep(600)']); "
        "print('stubborn', flush=True); time.sleep(600)"
    )
    bench.app.stages[StageKind.BUILD].hook_list = (Hook("before", (sys.executable, "-c", code)),)
    job_id = bench.waypoint.queue(bench.job(build=pb.Job.BuildOp()))
    deadline = time.monotonic() + 60
    while "\nstubborn" not in bench.waypoint.text(job_id):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    bench.waypoint.commands[job_id].put(pb.RunnerJobStreamResponse(cancel=pb.RunnerJobStreamResponse.JobCancel()))
    assert bench.waypoint.outcome(job_id).error.error.code == code_pb2.CANCELLED
    assert bench.records("build")[0].status.error.code == code_pb2.CANCELLED


def test_a_full_disk_or_a_closed_folder_is_one_sentence(bench: Bench) -> None:
    def before(name: str, _ctx: Context) -> None:
        with open("/dev/full", "w") as file:
            file.write("x" * 100_000)

    bench.shop.before = before
    error = bench.fails(build=pb.Job.BuildOp()).error.error
    assert error.message == "No space left on device. Free some space"
    assert error.code == code_pb2.UNKNOWN
    bench.shop.before = failing("build", PermissionError(errno.EACCES, "Permission denied", "/srv/app"))
    message = bench.fails(build=pb.Job.BuildOp()).error.error.message
    assert message == "/srv/app: Permission denied. Give the user who runs waypoint access to it"
