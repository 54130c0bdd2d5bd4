"""`pipeline list|inspect|run`: registering, running here and remotely, and everything that can be wrong.

Runs with containers, several workspaces and inputs are in tests/e2e.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.wp_cli.projects import app, waits_for, write_project
from tests.wp_cli.terminal import Terminal
from tests.wp_cli.test_completion import words
from tests.wp_cli.test_on_demand import launcher, server, tasks_folder  # noqa: F401 (fixtures)
from tests.wp_cli.test_operations import wait_until
from tests.wp_cli.test_runner_agent import Runner, objects, remote_project, until

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

FAILS = 'hook {\n      when    = "before"\n      command = ["sh", "-c", "echo out of luck; exit 4"]\n    }'
BUILD_TWICE = """
pipeline "twice" {
  step "one" {
    use "build" {}
  }
  step "two" {
    use "up" {}
  }
}
"""
NESTED = """
variable "keep" {
  type    = number
  default = 1
}

pipeline "outer" {
  step "first" {
    use "build" {}
  }
  step "inside" {
    workspace = "staging"
    pipeline "inner" {
      step "up" {
        use "up" {
          prune_retain          = var.keep
          prune_retain_override = true
        }
      }
    }
  }
}
"""


def project(cli: Cli, *pipelines: str, hook: str = "") -> None:
    write_project(cli.folder, app("web", hook, stages="null"), *pipelines)


def state_of(cli: Cli, name: str, run: int) -> str:
    shown = cli.ok("pipeline", "inspect", f"-run={run}", "-json", name)
    return str(json.loads(shown)["pipelineRun"]["state"])


def test_init_registers_pipelines_and_leaves_those_that_the_server_has(cli: Cli) -> None:
    project(cli, NESTED)
    assert "Registered the pipelines inner, outer" in cli.ok("init")
    listed = cli.ok("pipeline", "list").splitlines()
    assert [row.split()[1:] for row in listed[1:]] == [["inner", "shop", "1", "0"], ["outer", "shop", "2", "0"]]
    before = {found["name"]: found for found in objects(cli.ok("pipeline", "list", "-json"))}
    assert before["outer"]["steps"]["inside"]["workspace"] == {"workspace": "staging"}
    assert before["inner"]["steps"]["up"]["up"] == {"pruneRetain": 1, "pruneRetainOverride": True}
    text = (cli.folder / "waypoint.hcl").read_text()
    (cli.folder / "waypoint.hcl").write_text(text.replace("default = 1", "default = 7") + BUILD_TWICE)
    assert "Registered the pipeline twice" in cli.ok("init")
    again = {found["name"]: found for found in objects(cli.ok("pipeline", "list", "-json"))}
    assert again.keys() == {"inner", "outer", "twice"}
    assert again["inner"] == before["inner"]
    assert "egistered the pipeline" not in cli.ok("init")
    synced = cli.ok("config", "sync").splitlines()
    assert [line.split('"')[1] for line in synced if "synchronized!" in line] == ["inner", "outer", "twice"]
    changed = {found["name"]: found for found in objects(cli.ok("pipeline", "list", "-json"))}
    assert changed["inner"]["steps"]["up"]["up"]["pruneRetain"] == 7
    result = json.loads(cli.ok("config", "sync", "-json").splitlines()[-1])
    assert result["pipelines"] == ["inner", "outer", "twice"]


def test_a_pipeline_that_would_run_itself_is_refused_with_its_place(cli: Cli) -> None:
    circle = 'pipeline "a" {\n  step "again" {\n    use "pipeline" {\n      name = "a"\n    }\n  }\n}\n'
    project(cli, circle)
    line = (cli.folder / "waypoint.hcl").read_text().splitlines().index('    use "pipeline" {') + 1
    for command in (("validate",), ("init",)):
        said = cli.fails(*command)
        assert f"waypoint.hcl:{line}:5" in said
        assert 'The pipeline "a" would run itself: a → a.' in said
    cli.ok("project", "apply", "shop")
    assert "would run itself" in cli.fails("pipeline", "run", "a", "-local=true")


def test_a_run_here_brings_what_the_file_says_now_and_uses_the_values_given(cli: Cli) -> None:
    project(cli, NESTED)
    done = cli.run("pipeline", "run", "-var=keep=5", "-workspace=dev", "outer")
    assert done.returncode == 0, done.stderr
    assert "Registered project 'shop' with the server." in done.stderr
    assert re.findall(r"Executing Step .*", done.stderr) == [
        'Executing Step "first" in workspace: "dev"',
        'Executing Step "up" of pipeline "inner" in workspace: "staging"',
    ]
    lines = done.stdout.splitlines()
    assert lines[1:5] == [
        '» Pipeline "outer" Run v1 Complete', "✔ first in dev", "✔ inner → up in staging",
        "2/2 steps successfully executed",
    ]  # fmt: skip
    assert re.search(r"keep +5 +\w+ +cli", done.stdout)
    jobs = objects(cli.ok("job", "list", "-json", "-pipeline-name=outer", "-run=1"))
    assert len(jobs) == 3
    (up,) = [job for job in jobs if "up" in job]
    assert up["up"]["release"]["pruneRetain"] == 5
    assert up["workspace"] == {"workspace": "staging"}
    shown = cli.ok("job", "inspect", up["id"])
    assert re.search(r"Pipeline: inner\n +Run: 1\n +Step: up", shown)
    row = cli.ok("pipeline", "list").splitlines()[2]
    assert re.search(r"outer +shop +2 +(just now|.* ago) +(just now|.* ago) +Success +1$", row)


def test_runs_that_start_together_use_the_values_they_were_given(cli: Cli) -> None:
    project(cli, NESTED)
    cli.ok("init")
    running = [
        subprocess.Popen(
            [*cli.command, "pipeline", "run", f"-var=keep={keep}", "-json", "inner"], cwd=cli.folder, env=cli.environ,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for keep in (5, 6, 7)
    ]  # fmt: skip
    for process in running:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    ups = [job for job in objects(cli.ok("job", "list", "-json", "-pipeline-name=inner")) if "up" in job]
    retained = [job["up"]["release"]["pruneRetain"] for job in ups]
    assert sorted(retained) == [5, 6, 7]
    assert [int(job["variableFinalValues"]["keep"]["num"]) for job in ups] == retained


def test_pipelines_are_shown_by_id_and_by_name(cli: Cli) -> None:
    project(cli, NESTED)
    cli.ok("init")
    (outer,) = [found for found in objects(cli.ok("pipeline", "list", "-json")) if found["name"] == "outer"]
    shown = cli.ok("pipeline", "inspect", outer["id"])
    for form in (("-name=outer",), ("outer",), ("OUTER",)):
        assert cli.ok("pipeline", "inspect", *form) == shown
    assert re.search(r"Root Step: first\n +Total Steps: 2\n +Total Runs: 0", shown)
    table = [line.split() for line in shown.splitlines()[-2:]]
    assert table == [["first", "build"], ["inside", "pipeline", "inner", "first", "staging"]]
    answer = json.loads(cli.ok("pipeline", "inspect", "-json", "outer"))
    assert (answer["rootStep"], answer["pipeline"]["id"]) == ("first", outer["id"])
    assert "has no run 3" in cli.fails("pipeline", "inspect", "-run=3", "outer")
    done = json.loads(cli.ok("pipeline", "run", f"-id={outer['id']}", "-json").splitlines()[-1])
    assert (done["event"], done["success"], done["pipeline"], done["run"]) == ("result", True, "outer", 1)
    assert [(step["step"], step["pipeline"], step["workspace"], step["state"]) for step in done["steps"]] == [
        ("first", "outer", "default", "success"), ("up", "inner", "staging", "success")
    ]  # fmt: skip
    tree = json.loads(cli.ok("pipeline", "inspect", "-json", "-run=1", "outer"))
    assert tree["rootTreeNode"]["children"]["nodes"][0]["step"]["name"] == "inside"


def test_a_step_that_fails(cli: Cli) -> None:
    project(cli, BUILD_TWICE, hook=FAILS)
    done = cli.run("pipeline", "run", "twice")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert '» Pipeline "twice" Run v1 Failed' in done.stdout
    assert "● two in default (not run)" in done.stdout
    assert "0/2 steps successfully executed" in done.stdout
    last = done.stderr[done.stderr.index("! step") :]
    assert last.startswith("! step 'one' of run 1 of pipeline 'twice' failed: ")
    job = re.search(r"`waypoint job get-stream (\w+)` shows its output again", last)
    assert job
    assert "out of luck" in cli.run("job", "get-stream", job[1]).stdout
    assert state_of(cli, "twice", 1) == "ERROR"
    shown = cli.ok("pipeline", "inspect", "-run=1", "twice")
    assert re.search(r"one +build +Error", shown)
    assert re.search(r"two +up +Not run", shown)
    result = json.loads(cli.run("pipeline", "run", "-json", "twice").stdout.splitlines()[-1])
    assert (result["success"], result["run"]) == (False, 2)
    assert [step["state"] for step in result["steps"]] == ["error", "not run"]
    assert "step 'one' failed" in result["error"]
    again = cli.run("pipeline", "run", "-run=1", "twice")
    assert again.returncode == 1
    assert "out of luck" in again.stderr
    assert "Run v1 Failed" in again.stdout
    explained = cli.ok("job", "explain", result["steps"][1]["job"])
    assert 'the step "one" of run 2 of the pipeline "twice" failed' in explained


def test_ctrl_c_cancels_the_whole_run_on_a_terminal(cli: Cli) -> None:
    started, go = cli.folder / "started", cli.folder / "go"
    project(cli, BUILD_TWICE, hook=waits_for(go, started))
    with Terminal([*cli.command, "pipeline", "run", "twice"], cli.environ, str(cli.folder)) as seen:
        wait_until(lambda: seen.read() and started.exists())
        seen.child.sendintr()
        assert seen.finish() == 130
        assert "Canceling the run" in seen.history
        assert "Run v1 Canceled" in seen.history
        assert not seen.cursor_hidden
    go.touch()
    assert state_of(cli, "twice", 1) == "CANCELLED"
    assert {job["state"] for job in objects(cli.ok("job", "list", "-json", "-pipeline-name=twice"))} == {"ERROR"}


def test_a_step_cancelled_from_elsewhere_ends_the_run(cli: Cli) -> None:
    started, go = cli.folder / "started", cli.folder / "go"
    project(cli, BUILD_TWICE, hook=waits_for(go, started))
    running = subprocess.Popen(
        [*cli.command, "pipeline", "run", "twice"], cwd=cli.folder, env=cli.environ, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(started.exists)
    jobs = objects(cli.ok("job", "list", "-json", "-pipeline-name=twice"))
    waits = next(job["id"] for job in jobs if "up" in job)
    first = next(job["id"] for job in jobs if "build" in job)
    why = cli.ok("job", "explain", waits)
    assert f'Waiting for the step "one" of run 1 of the pipeline "twice" to finish: build {first} (running).' in why
    cli.ok("job", "cancel", first)
    out, err = running.communicate(timeout=60)
    go.touch()
    assert running.returncode == 130, err
    assert "● one in default (canceled)" in out
    assert "canceled (run 1 of pipeline 'twice')" in err


@pytest.mark.parametrize(
    ("args", "words_"),
    [
        (("pipeline", "run"), "give either the name of a pipeline or -id"),
        (("pipeline", "run", "-id=X", "twice"), "give either the name of a pipeline or -id"),
        (("pipeline", "inspect"), "give either the pipeline or -name"),
        (("pipeline", "run", "twixe"), "project 'shop' has no pipeline 'twixe'"),
        (("pipeline", "run", "-id=01ARZ3NDEKTSV4RRFFQ69G5FAV"), "has no pipeline '01ARZ3NDEKTSV4RRFFQ69G5FAV'"),
        (("pipeline", "run", "-reattach", "twice"), "has not run yet"),
        (("pipeline", "run", "-run=4", "twice"), "has no run 4"),
        (("pipeline", "run", "-var=nope=1", "twice"), "nope"),
        (("pipeline", "run", "-app=nope", "twice"), "has no app 'nope'"),
    ],
)
def test_what_cannot_be_run_or_shown(cli: Cli, args: tuple[str, ...], words_: str) -> None:
    project(cli, BUILD_TWICE)
    cli.ok("init")
    assert words_ in cli.fails(*args)


def test_one_of_several_apps_has_to_be_chosen(cli: Cli) -> None:
    write_project(cli.folder, app("web", stages="null"), app("api", stages="null"), BUILD_TWICE)
    cli.ok("init")
    assert "Choose one with -app." in cli.fails("pipeline", "run", "twice")
    cli.ok("pipeline", "run", "-app=api", "twice")
    jobs = objects(cli.ok("job", "list", "-json", "-pipeline-name=twice"))
    assert {job["application"]["application"] for job in jobs} == {"api"}


def test_a_project_without_pipelines(cli: Cli) -> None:
    project(cli)
    cli.ok("init")
    assert "There are no pipelines of 'shop'" in cli.run("pipeline", "list").stderr
    assert "Add a `pipeline` block" in cli.fails("pipeline", "run", "any")


REMOTE = """
pipeline "remote" {
  step "look" {
    image_url = "any"
    use "exec" {
      command = "sh"
      args    = ["-c", "echo ${var.word} from the task; while [ ! -e ${var.go} ]; do sleep 0.05; done"]
    }
  }
  step "build" {
    use "build" {}
  }
}

variable "word" {
  type = string
}

variable "go" {
  type = string
}
"""


def test_a_run_on_launched_runners_goes_on_without_the_one_who_watched(
    cli: Cli,
    launcher: Runner,  # noqa: F811
) -> None:
    """From a machine that has only the command line; the profile launches processes, also for the exec step."""
    remote_project(cli, app("web", stages="null"), REMOTE)
    cli.ok("runner", "profile", "set", "own", "-plugin-type=local", "-default", "-target-runner-id=launcher")
    go = cli.home / "go"
    flags = ("-project=shop", "-app=web", "-local=false")
    command = [*cli.command, "pipeline", "run", *flags, "-var=word=hello", f"-var=go={go}", "remote"]
    watching = subprocess.Popen(
        command, cwd=cli.folder, env=cli.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert watching.stderr is not None
    for line in watching.stderr:
        if "hello from the task" in line:
            watching.send_signal(signal.SIGINT)
            break
    _, said = watching.communicate(timeout=60)
    assert watching.returncode == 130
    assert "stopped watching; run 1 of pipeline 'remote' goes on" in said
    assert "waypoint pipeline run -reattach -run=1 remote" in said
    assert json.loads(cli.ok("pipeline", "inspect", "-project=shop", "-run=1", "-json", "remote"))["pipelineRun"][
        "state"
    ] == ("RUNNING")
    go.touch()
    again = cli.run("pipeline", "run", "-project=shop", "-app=web", "-reattach", "remote")
    assert again.returncode == 0, again.stderr
    assert "hello from the task" in again.stderr
    assert "2/2 steps successfully executed" in again.stdout
    until(lambda: not list(tasks_folder(cli).iterdir()), launcher)


LAUNCHED = """
pipeline "launched" {
  step "build" {
    use "build" {}
  }
  step "look" {
    image_url = "any"
    use "exec" {
      command = "no-such-program"
    }
  }
  step "after" {
    image_url = "any"
    use "exec" {
      command = "true"
    }
  }
}
"""


def test_a_step_whose_container_cannot_be_launched_has_failed(
    cli: Cli,
    launcher: Runner,  # noqa: F811
) -> None:
    remote_project(cli, app("web", stages="null"), LAUNCHED)
    cli.ok("runner", "profile", "set", "own", "-plugin-type=local", "-default", "-target-runner-id=launcher")
    flags = ("pipeline", "run", "-project=shop", "-app=web", "-local=false")
    for again in ((), ("-reattach",)):
        done = cli.run(*flags, *again, "launched")
        assert done.returncode == 1, done.stderr
        assert "There is no program 'no-such-program'" in done.stderr
        assert "✔ build in default" in done.stdout
        assert "✖ look in default: Job dependency" in done.stdout
        assert "● after in default (not run)" in done.stdout
    shown = cli.ok("pipeline", "inspect", "-project=shop", "-run=1", "-json", "launched")
    assert json.loads(shown)["pipelineRun"]["state"] == "ERROR"
    until(lambda: not list(tasks_folder(cli).iterdir()), launcher)


def test_a_project_that_is_named_and_not_here_is_run(
    cli: Cli,
    launcher: Runner,  # noqa: F811
) -> None:
    """Its apps come from the server (CLI specification, table of defects 13)."""
    remote_project(cli, app("web", stages="null"), BUILD_TWICE)
    cli.ok("runner", "profile", "set", "own", "-plugin-type=local", "-default", "-target-runner-id=launcher")
    cli.ok("build", "-project=shop", "-app=web", "-local=false")
    done = cli.ok("pipeline", "run", "-project=shop", "-local=false", "twice")
    assert "2/2 steps successfully executed" in done


def test_names_of_pipelines_are_completed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    project(cli, BUILD_TWICE)
    monkeypatch.setenv("HOME", str(cli.home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(cli.folder)
    assert words("pipeline", "") == ["inspect", "list", "run"]
    assert words("pipeline", "run", "t") == ["twice"]
    cli.ok("init")
    (cli.folder / "waypoint.hcl").write_text('project = "shop"\n')
    assert words("pipeline", "inspect", "") == ["twice"]
    assert words("job", "list", "-pipeline-name", "") == ["twice"]
