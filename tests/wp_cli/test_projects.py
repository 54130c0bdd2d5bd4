"""`project`, `workspace` and the version of the program."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


def test_apply_creates_then_changes_only_what_is_named(cli: Cli) -> None:
    git = ("-data-source=git", "-git-url=https://example.com/a.git", "-git-ref=main")
    auth = ("-git-auth-type=basic", "-git-username=me", "-git-password=hunter2")
    assert "created" in cli.ok("project", "apply", "shop", *git, *auth, "-poll", "-poll-interval=1m")
    assert "updated" in cli.ok("project", "apply", "shop", "-git-ref=next")
    assert "updated" in cli.ok("project", "apply", "-app-status-poll", "shop")
    secret = json.loads(cli.ok("project", "inspect", "-json", "-show-secrets", "shop"))
    assert secret["dataSource"]["git"]["ref"] == "next"
    assert secret["dataSource"]["git"]["basic"] == {"username": "me", "password": "hunter2"}
    assert secret["dataSourcePoll"] == {"enabled": True, "interval": "1m"}
    assert secret["statusReportPoll"] == {"enabled": True, "interval": "5m"}
    assert "hunter2" not in cli.ok("project", "inspect", "-json", "shop") + cli.ok("project", "inspect", "shop")
    cli.ok("project", "apply", "shop", "-git-auth-type=none")
    assert "basic" not in cli.ok("project", "inspect", "-json", "-show-secrets", "shop")


def test_apply_refuses_what_does_not_fit_and_saves_nothing(cli: Cli) -> None:
    for flags, said in (
        (["-git-url=x"], "need a git project"),
        (["-poll"], "only a git project can be polled"),
        (["-data-source=git"], "needs the repository's URL"),
        (["-data-source=svn"], "expected one of git, local"),
        (["-data-source=git", "-git-url=x", "-git-auth-type=ssh"], "needs a private key"),
        (["-waypoint-hcl=missing.hcl"], "missing.hcl"),
    ):
        assert said in cli.fails("project", "apply", "shop", *flags)
    assert cli.run("project", "list").stdout == ""


def test_an_unknown_project_is_one_sentence(cli: Cli) -> None:
    cli.ok("workspace", "create", "dev")
    for command in (["status", "-project=nope"], ["deployment", "list", "-project=nope"]):
        assert "the server does not know the project 'nope'" in cli.fails(*command)
    assert "nope" in cli.fails("project", "inspect", "nope")


def test_workspaces(cli: Cli) -> None:
    cli.ok("workspace", "create", "dev")
    cli.ok("workspace", "create", "dev")
    assert json.loads(cli.ok("workspace", "list", "-json")) == [{"name": "dev", "projects": []}]
    assert "Name: dev" in cli.ok("workspace", "inspect", "dev")
    assert json.loads(cli.ok("workspace", "inspect", "-json", "-workspace=dev"))["name"] == "dev"
    cli.fails("workspace", "inspect", "nope")


def test_a_reader_that_leaves_early_is_no_drama(cli: Cli) -> None:
    for number in range(3):
        cli.ok("project", "apply", f"project-{number}")
    pipe = f"{' '.join(cli.command)} project list | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", pipe], env=cli.environ, cwd=cli.folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode in {0, 1}
    assert done.stderr == ""
