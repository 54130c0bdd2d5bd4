"""What the flags of the verbs do: pruning, repeating, destroying, health, JSON results, remote sources, targets."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from tests.wp_cli.projects import app, write_project
from tests.wp_cli.terminal import Terminal

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

WITH_HEALTH = """\
project = "shop"

app "web" {
  build {
    use "files" {}
  }
  deploy {
    use "exec" {
      command        = ["true"]
      status_command = ["cat", "health.json"]
    }
  }
}
"""


def deployments(cli: Cli, *flags: str) -> list[int]:
    return [row["sequence"] for row in json.loads(cli.ok("deployment", "list", "-json", *flags))]


def result(text: str) -> dict[str, object]:
    """The last object of a verb with -json; the ones before are events."""
    *events, last = [json.loads(line) for line in text.splitlines()]
    assert last["event"] == "result"
    assert all(event["app"] == "web" and event["time"] and event["event"] != "result" for event in events)
    return last


def test_pruning_keeps_what_it_is_told_to_keep(cli: Cli) -> None:
    stages = app("web", stages="null").rstrip().removesuffix("}") + '  release {\n    use "null" {}\n  }\n}\n'
    write_project(cli.folder, stages)
    for _ in range(3):
        cli.ok("up", "-prune=false")
    assert deployments(cli) == [3, 2, 1]
    cli.ok("up", "-prune-retain=2")
    assert deployments(cli) == [4, 3, 2]
    cli.ok("deploy")
    assert deployments(cli) == [5, 4]
    cli.ok("deploy", "-prune=false")
    cli.ok("release", "-prune=false", "-repeat")
    assert deployments(cli) == [6, 5, 4]
    cli.ok("release", "-deployment=5", "-prune-retain=0")
    assert deployments(cli) == [6, 5]  # the newest one stays: one has just gone back from it
    cli.ok("release", "-prune-retain=0")
    assert deployments(cli) == [6]


@pytest.mark.parametrize(("flags", "environ"), [(["-plain"], {}), ([], {"WAYPOINT_PLAIN": "1"})])
def test_plain_output_is_plain_on_a_terminal_too(cli: Cli, flags: list[str], environ: dict[str, str]) -> None:
    write_project(cli.folder, app("web", stages="null"), app("api", stages="null"))
    with Terminal([*cli.command, "up", *flags], cli.environ | environ, str(cli.folder)) as seen:
        assert seen.finish() == 0
    assert b"\x1b" not in seen.raw
    lines = seen.raw.decode().split("\r\n")
    assert lines.count("ok: Null deploy done") == 2
    assert lines.count("-> Null deploy...") == 2
    assert [line for line in lines if line in {"» web", "» api"}] == ["» web", "» api"]


def test_a_release_is_made_again_only_on_request(cli: Cli) -> None:
    write_project(
        cli.folder, app("web", stages="null").rstrip().removesuffix("}") + 'release {\n use "null" {}\n}\n}\n'
    )
    cli.ok("up")
    assert result(cli.ok("release", "-json"))["released_before"] is True
    assert "job" in result(cli.ok("release", "-json", "-repeat"))
    assert len(json.loads(cli.ok("release", "list", "-json"))) == 2


def test_verbs_end_with_their_result_as_json(cli: Cli) -> None:
    write_project(cli.folder, app("web", stages="null"))
    assert result(cli.ok("up", "-json"))["deployment"] == 1
    assert result(cli.ok("build", "-json"))["build"] == 2
    assert result(cli.ok("artifact", "push", "-json"))["success"] is True
    assert result(cli.ok("deploy", "-json"))["deployment"] == 2
    failed = cli.run("release", "-json", "-deployment=7")
    assert (failed.returncode, result(failed.stdout)["success"]) == (1, False)
    assert "there is no deployment '7'" in str(result(failed.stdout)["error"])
    assert result(cli.ok("destroy", "-json", "-auto-approve"))["success"] is True


def test_deployments_are_destroyed_by_number_and_the_released_one_only_with_all(cli: Cli) -> None:
    write_project(
        cli.folder, app("web", stages="null").rstrip().removesuffix("}") + 'release {\n use "null" {}\n}\n}\n'
    )
    for _ in range(4):
        cli.ok("up", "-prune=false")
    cli.ok("deployment", "destroy", "1", "v2", "-auto-approve")
    assert deployments(cli) == [4, 3]
    assert "there is no deployment '9'" in cli.fails("deployment", "destroy", "3", "9", "-force")
    assert deployments(cli) == [4, 3]
    cli.ok("deployment", "destroy", "-force")
    assert deployments(cli) == [4]
    assert "There is nothing to destroy." in cli.ok("deployment", "destroy", "-force")
    cli.ok("deployment", "destroy", "-all", "-force")
    assert deployments(cli) == []


def test_health_is_refreshed_explained_and_in_the_exit_code(cli: Cli) -> None:
    (cli.folder / "waypoint.hcl").write_text(WITH_HEALTH)
    health = cli.folder / "health.json"
    health.write_text('{"health": "READY", "message": "all good"}')
    cli.ok("up")
    health.write_text('{"health": "DOWN", "message": "no database"}')
    assert "READY" in cli.ok("status", "-exit-code")
    done = cli.run("status", "-refresh", "-exit-code")
    assert done.returncode == 1
    assert "✖ DOWN" in done.stdout
    assert "Something is down. `waypoint logs` shows what the app says." in done.stderr
    assert "no database" not in done.stdout
    assert "no database" in cli.ok("status", "-verbose")
    assert "no database" in cli.ok("status", "-app=web", "-V")
    told = json.loads(cli.ok("status", "-json", "-verbose"))
    assert told["Applications"][0]["DeploymentMessage"] == "no database"
    assert "1 DOWN" in cli.ok("status", "-all-projects")
    assert cli.run("status", "-all-projects", "-exit-code", "-json").returncode == 1
    assert "does nothing together with -all-projects" in cli.run("status", "-all-projects", "-refresh").stderr


def test_a_remote_job_carries_labels_overrides_and_where_it_belongs(cli: Cli) -> None:
    write_project(cli.folder, app("web", stages="null"), app("api", stages="null"))
    cli.ok("init")
    flags = ["-a", "web", "-w", "dev", "-label=team=blue", "-remote-source=ref=next", "-remote-source", "path=web"]
    watching = subprocess.Popen(
        [*cli.command, "up", "-local=false", *flags, "-var=size=big"], cwd=cli.folder, env=cli.environ,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not cli.ok("job", "list", "-json"):
        assert time.monotonic() < end
    watching.send_signal(signal.SIGINT)
    said = watching.communicate(timeout=60)[1]
    found = re.search(r"`waypoint job cancel (\w+)` ends it", said)
    assert found, said
    job = json.loads(cli.ok("job", "inspect", "-json", found[1]))
    assert job["application"] == {"application": "web", "project": "shop"}
    assert (job["workspace"], job["labels"]) == ({"workspace": "dev"}, {"team": "blue"})
    assert job["dataSourceOverrides"] == {"ref": "next", "path": "web"}
    assert job["variables"] == [{"name": "size", "cli": {}}]  # until it is known whether it is sensitive: no value
    assert job["targetRunner"] == {"any": {}}
    forced = cli.run("job", "cancel", "-dangerously-force", found[1])
    assert (forced.returncode, "will be marked as finished" in forced.stderr) == (0, True)
    assert json.loads(cli.ok("job", "inspect", "-json", found[1]))["state"] == "ERROR"
    assert "-local=false says the same" in cli.fails("up", "-remote")


def variables(cli: Cli, *flags: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(cli.ok("config", "get", "-json", *flags))
    return found


def test_variables_have_scopes_workspaces_labels_and_runners(cli: Cli) -> None:
    write_project(cli.folder, app("web", stages="null"), app("api", stages="null"))
    cli.ok("init")
    cli.ok("config", "set", "-scope=global", "G=global")
    cli.ok("config", "set", "P=project")
    cli.ok("config", "set", "-scope=app", "-app=web", "A=app")
    cli.ok("config", "set", "-app=web", "-workspace=dev", "W=dev")
    cli.ok("config", "set", "-label-scope", "env == prod", "L=prod")
    cli.ok("config", "set", "-runner", "R=runner")
    assert variables(cli) == {"G": "global", "P": "project", "L": "prod"}
    assert variables(cli, "-app=web")["A"] == "app"
    assert "A" not in variables(cli, "-app=api")
    assert "W" not in variables(cli, "-app=web")
    assert variables(cli, "-app=web", "-workspace=dev")["W"] == "dev"
    assert "L" not in variables(cli, "-app=web", "-label=env=test")
    assert variables(cli, "-app=web", "-label", "env=prod")["L"] == "prod"
    assert variables(cli, "-runner") == {"R": "runner"}
    assert variables(cli, "G") == {"G": "global"}
    rows = [line.split() for line in cli.ok("config", "get").splitlines()]
    assert ["global", "G", "global"] in rows
    assert ["project", "L", "prod", "env", "==", "prod"] in rows
    assert "-label needs -app" in cli.fails("config", "get", "-label=env=prod")
    assert "several apps" in cli.fails("config", "set", "-scope=app", "A=1")
    cli.ok("config", "delete", "-runner", "R")
    cli.ok("config", "delete", "-label-scope=env == prod", "L")
    cli.ok("config", "delete", "-app=web", "A")
    cli.ok("config", "delete", "-app=web", "-workspace=dev", stdin="W\n")
    cli.ok("config", "delete", "-scope=global", "G")
    assert variables(cli) == {"P": "project"}
    assert variables(cli, "-app=web", "-workspace=dev") == {"P": "project"}
    assert variables(cli, "-runner") == {}


@pytest.mark.parametrize("command", ["config set", "config delete"])
def test_setting_nothing_does_nothing(cli: Cli, command: str) -> None:
    write_project(cli.folder, app("web", stages="null"))
    cli.ok("init")
    done = cli.run(*command.split())
    assert done.returncode in {0, 1}
    assert variables(cli) == {}
