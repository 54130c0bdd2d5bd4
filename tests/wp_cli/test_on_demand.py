"""Runners that are launched for one job each: profiles, tasks, and a remote `up` that leaves nothing behind."""

from __future__ import annotations

import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.wp_cli.projects import app
from tests.wp_cli.servers import RealServer, lasting_address, real_server
from tests.wp_cli.test_runner_agent import Runner, objects, online, remote_project, runner_of, until

from wp_cli.commands.task import chosen

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


@pytest.fixture
def server(cli: Cli) -> Iterator[RealServer]:
    """A server that advertises its own address, so that launched runners find it."""
    address = lasting_address()
    flags = (f"-listen-grpc={address}", f"-advertise-addr={address}", "-advertise-tls-skip-verify")
    with real_server(cli.home / "server", cli.environ, *flags) as running:
        connection = (f"-server-addr={running.address}", "-server-tls-skip-verify", "-context-create=main")
        cli.ok("server", "bootstrap", *connection)
        yield running


@pytest.fixture
def launcher(cli: Cli, server: RealServer) -> Iterator[Runner]:
    token = cli.ok("runner", "token", "-id=launcher").strip()
    with runner_of(cli, server, "-id=launcher", WAYPOINT_SERVER_TOKEN=token) as runner:
        until(lambda: online(cli, "launcher"), runner)
        yield runner


def tasks_folder(cli: Cli) -> Path:
    return cli.home / ".local/share/waypoint/local/tasks"


def test_a_remote_up_runs_on_a_runner_of_its_own_that_is_gone_afterwards(cli: Cli, launcher: Runner) -> None:
    remote_project(cli, app("web"))
    cli.ok("runner", "profile", "set", "own", "-plugin-type=local", "-default", "-target-runner-id=launcher")
    output = cli.ok("up", "-project=shop", "-app=web", "-local=false")
    assert "The deploy was successful!" in output
    (up,) = objects(cli.ok("job", "list", "-project=shop", "-json", "-state=Success", "-limit=0"))[-1:]
    tasks = objects(cli.ok("task", "list", "-json"))
    task = next(found for found in tasks if "up" in found["taskJob"])
    assert task["taskJob"]["assignedRunner"]["id"] != "launcher"
    assert task["startJob"]["assignedRunner"]["id"] == "launcher"
    assert up
    until(lambda: "Stopped" in cli.ok("task", "inspect", "-run-job-id", task["taskJob"]["id"]), launcher)
    watched = cli.ok("job", "get-stream", task["watchJob"]["id"])
    assert "Runner configuration:" in watched
    cli.ok("destroy", "-project=shop", "-app=web", "-local=false", "-auto-approve")
    until(lambda: not list(tasks_folder(cli).iterdir()), launcher)
    assert [row["id"] for row in objects(cli.ok("runner", "list", "-json"))] == ["launcher"]


def test_a_runner_that_cannot_be_launched_fails_the_job_with_the_reason(cli: Cli, launcher: Runner) -> None:
    remote_project(cli, app("web"))
    config = cli.folder / "profile.hcl"
    config.write_text('command = ["no-such-program"]\n')
    cli.ok("runner", "profile", "set", "broken", "-plugin-type=local", f"-plugin-config={config}", "-default")
    said = cli.fails("build", "-project=shop", "-app=web", "-local=false")
    assert "There is no program 'no-such-program'" in said


def test_a_runner_that_dies_at_once_fails_the_job_with_its_exit_code(cli: Cli, launcher: Runner) -> None:
    remote_project(cli, app("web"))
    config = cli.folder / "profile.hcl"
    config.write_text('command = ["sh", "-c", "echo out of luck; exit 9"]\n')
    cli.ok("runner", "profile", "set", "dies", "-plugin-type=local", f"-plugin-config={config}", "-default")
    said = cli.fails("build", "-project=shop", "-app=web", "-local=false")
    assert "the runner of this job is gone: The task ended with exit code 9" in said
    task = objects(cli.ok("task", "list", "-json"))[-1]
    done = cli.run("job", "get-stream", task["watchJob"]["id"])
    assert "out of luck" in done.stdout


def test_a_cancelled_task_is_ended_and_cleaned_up(cli: Cli, launcher: Runner) -> None:
    remote_project(cli, app("web"))
    config = cli.folder / "profile.hcl"
    config.write_text('command = ["sh", "-c", "sleep 600"]\n')
    cli.ok("runner", "profile", "set", "waits", "-plugin-type=local", f"-plugin-config={config}", "-default")
    up = subprocess.Popen(
        [*cli.command, "build", "-project=shop", "-app=web", "-local=false"], cwd=cli.folder, env=cli.environ,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: objects(cli.ok("task", "list", "-json", "-state=started")), launcher)
    task = objects(cli.ok("task", "list", "-json", "-state=started"))[-1]
    until(lambda: "Running" in cli.ok("job", "inspect", task["watchJob"]["id"]), launcher)
    cli.ok("task", "cancel", task["task"]["id"])
    assert up.wait(60) != 0
    until(lambda: "Stopped" in cli.ok("task", "inspect", task["task"]["id"]), launcher)
    assert list(tasks_folder(cli).iterdir()) == []


def test_a_profile_keeps_what_is_not_named(cli: Cli, server: RealServer) -> None:
    assert "-plugin-type" in cli.fails("runner", "profile", "set", "small")
    config = cli.folder / "p.json"
    config.write_text('{"command": ["waypoint"]}')
    variables = ("-env-var=A=1", "-env-var=B=2")
    flags = (f"-plugin-config={config}", "-target-runner-label=site=here", "-default", *variables)
    cli.ok("runner", "profile", "set", "small", "-plugin-type=local", "-oci-url=waypoint:1", *flags)
    cli.ok("runner", "profile", "set", "-name=small", "-env-var=A=", "-default=false")
    (found,) = objects(cli.ok("runner", "profile", "inspect", "small", "-json"))
    assert found["environmentVariables"] == {"B": "2"}
    assert found["targetRunner"] == {"labels": {"labels": {"site": "here"}}}
    assert (found["ociUrl"], found["pluginType"], found["configFormat"]) == ("waypoint:1", "local", "JSON")
    listed = cli.ok("runner", "profile", "list")
    assert "labels: site=here" in listed
    assert "no" in listed
    assert "No runner profile of this server is the default" in cli.fails("runner", "profile", "inspect")
    cli.ok("runner", "profile", "delete", "small")
    assert "There is no runner profile 'small'" in cli.fails("runner", "profile", "delete", "small")


def test_a_profile_is_edited_and_a_broken_edit_changes_nothing(cli: Cli, server: RealServer) -> None:
    cli.ok("runner", "profile", "set", "small", "-plugin-type=local")
    editor = cli.home / "editor"
    editor.write_text('#!/bin/sh\necho "$CONTENT" > "$1"\n')
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    cli.ok("runner", "profile", "edit", "small", EDITOR=str(editor), CONTENT='command = ["x"]')
    assert 'command = ["x"]' in cli.ok("runner", "profile", "inspect", "small")
    said = cli.fails("runner", "profile", "edit", "small", EDITOR=str(editor), CONTENT="command = = 1")
    assert "plugin.hcl:1" in said
    assert 'command = ["x"]' in cli.ok("runner", "profile", "inspect", "small")
    assert "not changed" in cli.fails("runner", "profile", "edit", "small", EDITOR="true")
    assert "cannot run the editor" in cli.fails("runner", "profile", "edit", "small", EDITOR="no-such-editor")


def test_a_stopped_launcher_leaves_the_watch_to_its_successor(cli: Cli, server: RealServer) -> None:
    """The launching runner goes away while a launched one works: the job itself is not touched."""
    token = cli.ok("runner", "token", "-id=launcher").strip()
    remote_project(cli, app("web"))
    cli.ok("runner", "profile", "set", "own", "-plugin-type=local", "-default", "-target-runner-id=launcher")
    with runner_of(cli, server, "-id=launcher", WAYPOINT_SERVER_TOKEN=token) as runner:
        until(lambda: online(cli, "launcher"), runner)
        cli.ok("build", "-project=shop", "-app=web", "-local=false")
        runner.signal(signal.SIGTERM)
        assert runner.ends() == 0
    with runner_of(cli, server, "-id=launcher", WAYPOINT_SERVER_TOKEN=token) as again:
        until(lambda: not objects(cli.ok("task", "list", "-json", "-state=completed")), again)
        assert objects(cli.ok("task", "list", "-json", "-state=stopped"))


def test_a_limit_keeps_the_newest_tasks_in_either_order() -> None:
    cases = ((0, False, "abc"), (0, True, "cba"), (2, False, "bc"), (2, True, "cb"), (9, False, "abc"))
    for limit, newest_first, shown in cases:
        assert "".join(chosen("abc", limit, newest_first=newest_first)) == shown
