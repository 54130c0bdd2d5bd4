"""Real files, real plugins, the server program: what a project sees of the runner."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.wp_runner.real_server import Client, RealServer

from wp_config.records import Context, VariableInputs
from wp_proto.waypoint import api as pb
from wp_runner.local import LocalRunner
from wp_runner.validate import validate

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "waypoint.hcl"
    file.write_text(textwrap.dedent(text))
    return file


def project(name: str, *before: str, **stages: str) -> str:
    """A project with one app; each stage is the text inside its braces."""
    lines = [f'project = "{name}"', *before, 'app "web" {']
    for stage, inside in stages.items():
        lines += [f"  {stage} {{", f"    {inside}", "  }"]
    return "\n".join([*lines, "}", ""])


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the expected never happened"
        time.sleep(0.02)


def test_hello_from_source_to_an_address_and_away_again(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "hello"
    shutil.copytree(EXAMPLES / "hello", folder)
    client.project("hello")
    with LocalRunner(client.stub, folder) as runner:
        done, shown = client.finish(client.queue(runner.id, "hello", "web", up=pb.Job.UpOp()))
        assert done.error.message == "", shown
        with urllib.request.urlopen(done.result.up.release_url) as answer:
            assert answer.read() == b"Hello, world!\n"
        request = pb.ListInstancesRequest(deployment_id=done.result.deploy.deployment.id, wait_timeout="30s")
        assert len(client.stub.ListInstances(request).instances) == 1
        gone, shown = client.finish(client.queue(runner.id, "hello", "web", destroy=pb.Job.DestroyOp(workspace={})))
        assert gone.error.message == "", shown
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(done.result.up.deploy_url)


def test_an_app_that_exits_at_once_is_a_failure_with_its_last_words(client: Client, tmp_path: Path) -> None:
    command = json.dumps([sys.executable, "-c", "raise SystemExit('no database')"])
    deploy = f'use "local" {{ command = {command} }}'
    write(tmp_path / "dying", project("dying", build='use "files" {}', deploy=deploy))
    client.project("dying")
    with LocalRunner(client.stub, tmp_path / "dying") as runner:
        done, _ = client.finish(client.queue(runner.id, "dying", "web", up=pb.Job.UpOp()))
    assert "no database" in done.error.message
    request = pb.ListDeploymentsRequest(application=pb.Ref.Application(application="web", project="dying"))
    (deployment,) = client.stub.ListDeployments(request).deployments
    assert deployment.status.state == pb.Status.ERROR


def test_the_server_hears_which_file_and_which_variables(client: Client, tmp_path: Path) -> None:
    variables = (
        'variable "size" { default = "small" }',
        'variable "secret" {\n  default = "hush"\n  sensitive = true\n}',
    )
    stages = {"config": "env = { SIZE = var.size }", "build": 'use "null" {}', "deploy": 'use "null" {}'}
    write(tmp_path / "vars", project("vars", *variables, **stages))
    client.project("vars")
    with LocalRunner(client.stub, tmp_path / "vars") as runner:
        given = pb.Variable(name="size", str="large")
        given.cli.SetInParent()
        job_id = client.queue(runner.id, "vars", "web", up=pb.Job.UpOp(), variables=[given])
        done, shown = client.finish(job_id)
        assert done.error.message == "", shown
    job = client.stub.GetJob(pb.GetJobRequest(job_id=job_id))
    assert job.config.source == pb.Job.Config.FILE
    assert job.variable_final_values["size"].str == "large"
    assert job.variable_final_values["size"].source == pb.Variable.FinalValue.CLI
    assert len(job.variable_final_values["secret"].sensitive) == 64
    config = client.stub.GetConfig(
        pb.ConfigGetRequest(application=pb.Ref.Application(application="web", project="vars"))
    )
    assert [(v.name, v.static) for v in config.variables] == [("SIZE", "large")]


def test_values_of_sensitive_variables_are_in_neither_output_nor_error_nor_record(
    client: Client, tmp_path: Path
) -> None:
    variable = 'variable "secret" {\n  default = "hush-hush"\n  sensitive = true\n}'
    hook = 'hook {\n when = "before"\n command = ["sh", "-c", "echo one; echo ${var.secret}; exit 3"]\n}\n'
    write(tmp_path / "masked", project("masked", variable, build=hook + 'use "null" {}', deploy='use "null" {}'))
    client.project("masked")
    with LocalRunner(client.stub, tmp_path / "masked") as runner:
        done, shown = client.finish(client.queue(runner.id, "masked", "web", up=pb.Job.UpOp()))
    assert "echo (sensitive); exit 3: exit status 3" in done.error.message
    request = pb.ListBuildsRequest(application=pb.Ref.Application(application="web", project="masked"))
    (build,) = client.stub.ListBuilds(request).builds
    assert "(sensitive)" in build.status.error.message
    assert "(sensitive)" in str(shown)
    assert "hush-hush" not in str(shown) + str(done) + str(build)


def test_a_file_with_errors_fails_the_job_with_the_place(client: Client, tmp_path: Path) -> None:
    write(tmp_path / "bad", project("bad", build='use "null" { dealy = 1 }', deploy='use "null" {}'))
    client.project("bad")
    with LocalRunner(client.stub, tmp_path / "bad") as runner:
        done, _ = client.finish(client.queue(runner.id, "bad", "web", up=pb.Job.UpOp()))
    assert done.error.code == 3
    assert "dealy" in done.error.message
    assert "delay" in done.error.message
    assert "waypoint.hcl:4:" in done.error.message


def test_no_file_at_all_says_what_to_do(client: Client, tmp_path: Path) -> None:
    client.project("empty")
    with LocalRunner(client.stub, tmp_path) as runner:
        done, _ = client.finish(client.queue(runner.id, "empty", "web", up=pb.Job.UpOp()))
    assert "There is no waypoint.hcl in" in done.error.message
    assert "waypoint init" in done.error.message


@pytest.mark.parametrize(
    ("build", "words"),
    [
        ('use "dokcer" {}', ["dokcer", "docker", "waypoint.hcl:4:"]),
        ('use "null" { dealy = 1 }', ["dealy", "delay", "waypoint.hcl:4:"]),
        ('use "local" {}', ["local", "builder", "waypoint.hcl:4:"]),
        ('use "null" {}\n  regystry {}', ["regystry", "registry", "waypoint.hcl:5:"]),
    ],
)
def test_init_finds_misspelt_plugins_and_attributes(tmp_path: Path, build: str, words: list[str]) -> None:
    file = write(tmp_path, project("p", build=build, deploy='use "null" {}'))
    problems = validate(file)
    assert problems.has_errors
    for word in words:
        assert word in problems.render()


def test_init_finds_plugins_that_do_not_fit(tmp_path: Path) -> None:
    file = write(tmp_path, project("p", build='use "files" {}', deploy='use "docker" {}'))
    problems = validate(file, context=Context(), variables=VariableInputs())
    text = problems.render()
    assert "docker deploy cannot run after files build" in text
    assert "missing: docker.Image" in text
    assert "plugins that produce docker.Image: docker" in text
    assert "waypoint.hcl:7:" in text


def test_the_examples_are_valid() -> None:
    for file in EXAMPLES.glob("*/waypoint.hcl"):
        assert not validate(file).has_errors, file


KILLED = """
import json, os, sys
sys.path[:0] = [{root!r}, {root!r} + "/src"]
from tests.wp_runner.real_server import RealServer
from pathlib import Path
from wp_proto.waypoint import api as pb
from wp_runner.local import LocalRunner
server = object.__new__(RealServer)
server.folder = Path({state!r})
client = server.connect()
with LocalRunner(client.stub, Path({folder!r})) as runner:
    job = client.queue(runner.id, "killed", "web", up=pb.Job.UpOp())
    print(json.dumps(job), flush=True)
    client.finish(job)
"""


def test_a_runner_killed_while_deploying_leaves_what_destroy_cleans_up(
    real_server: RealServer, client: Client, tmp_path: Path
) -> None:
    folder, alive = tmp_path / "killed", tmp_path / "alive"
    app = f"import os,time; open({str(alive)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    command = json.dumps([sys.executable, "-c", app])
    deploy = f'use "local" {{\n command = {command}\n start_timeout = 600\n}}'
    write(folder, project("killed", build='use "files" {}', deploy=deploy))
    client.project("killed")
    script = KILLED.format(root=str(EXAMPLES.parent), state=str(real_server.folder), folder=str(folder))
    runner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        until(alive.exists)
        until(lambda: alive.read_text())
    finally:
        runner.send_signal(signal.SIGKILL)
        runner.wait(60)
        assert runner.stdout is not None
        job_id = json.loads(runner.stdout.readline())
        runner.stdout.close()
    client.stub.CancelJob(pb.CancelJobRequest(job_id=job_id, force=True))
    with LocalRunner(client.stub, folder) as again:
        gone, shown = client.finish(client.queue(again.id, "killed", "web", destroy=pb.Job.DestroyOp(workspace={})))
        assert gone.error.message == "", shown
    pid = int(alive.read_text())
    until(lambda: not Path(f"/proc/{pid}").exists())
    request = pb.ListDeploymentsRequest(application=pb.Ref.Application(application="web", project="killed"))
    assert [d.state for d in client.stub.ListDeployments(request).deployments] == [pb.Operation.DESTROYED]
    assert os.getpid() != pid


def test_hooks_see_the_runners_variables_only_while_it_runs(client: Client, tmp_path: Path) -> None:
    client.project("hooked")
    variable = pb.ConfigVar(name="HOOK_WORD", static="hello hook")
    getattr(variable.target, "global").SetInParent()
    variable.target.runner.any.SetInParent()
    client.stub.SetConfig(pb.ConfigSetRequest(variables=[variable]))
    command = json.dumps([sys.executable, "-c", "import os; print('word:', os.environ['HOOK_WORD'])"])
    build = f'use "null" {{}}\nhook {{\n when = "before"\n command = {command}\n}}'
    write(tmp_path / "hooked", project("hooked", build=build, deploy='use "null" {}'))
    with LocalRunner(client.stub, tmp_path / "hooked") as runner:
        done, shown = client.finish(client.queue(runner.id, "hooked", "web", build=pb.Job.BuildOp()))
    assert done.error.message == "", shown
    assert "word: hello hook" in shown
    assert "HOOK_WORD" not in os.environ


def test_the_signal_for_changed_files_follows_the_file(client: Client, tmp_path: Path) -> None:
    client.project("signal")
    stored = pb.GetApplicationRequest(application=pb.Ref.Application(application="web", project="signal"))
    text = project("signal", config='file_change_signal = "SIGHUP"', build='use "null" {}', deploy='use "null" {}')
    file = write(tmp_path / "signal", text)
    with LocalRunner(client.stub, file.parent) as runner:
        done, shown = client.finish(client.queue(runner.id, "signal", "web", up=pb.Job.UpOp()))
        assert done.error.message == "", shown
        assert client.stub.GetApplication(stored).application.file_change_signal == "HUP"
        file.write_text(project("signal", build='use "null" {}', deploy='use "null" {}'))
        done, shown = client.finish(client.queue(runner.id, "signal", "web", config_sync=pb.Job.ConfigSyncOp()))
        assert done.error.message == "", shown
        assert client.stub.GetApplication(stored).application.file_change_signal == ""
