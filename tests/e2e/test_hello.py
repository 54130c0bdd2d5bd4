"""The first minutes of a new user: no Docker, no server, one command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.e2e.world import Waypoint, eventually, fetch

NewWaypoint = Callable[[str], Waypoint]


@pytest.fixture
def hello(new_waypoint: NewWaypoint) -> Iterator[Waypoint]:
    waypoint = new_waypoint("hello")
    waypoint.run("init")
    yield waypoint
    waypoint.run("destroy", "-auto-approve")


def release_url(text: str) -> str:
    found = re.search(r"Release URL: (\S+)", text)
    assert found, text
    return found[1]


def test_up_gives_an_address_that_answers(hello: Waypoint) -> None:
    shown = hello.run("up").stdout
    assert fetch(release_url(shown)) == "Hello, world!\n"
    assert re.search(r"Deployment URL: \S+", shown)


def test_output_of_a_pipe_has_no_control_characters(hello: Waypoint) -> None:
    done = hello.run("up")
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f]", done.stdout + done.stderr) == []


def test_logs_and_exec_reach_the_running_app(hello: Waypoint) -> None:
    url = release_url(hello.run("up").stdout)
    fetch(f"{url}/seen-in-the-log")
    eventually(lambda: "seen-in-the-log" in hello.run("logs", "-follow=false").stdout)
    assert hello.run("exec", "sh", "-c", "echo in $WAYPOINT_DEPLOYMENT_ID").stdout.startswith("in 01")
    hello.run("exec", "sh", "-c", "exit 7", status=7)
    hello.run("exec", "no-such-command", status=127)
    hello.run("exec", "sh", "-c", "kill -9 $$", status=137)


def test_a_configuration_change_restarts_the_app(hello: Waypoint) -> None:
    url = release_url(hello.run("up").stdout)
    hello.run("config", "set", "-app=web", "GREETED=Waypoint")
    eventually(lambda: fetch(url) == "Hello, Waypoint!\n")
    assert json.loads(hello.run("config", "get", "-app=web", "-json").stdout) == {"GREETED": "Waypoint"}
    hello.run("config", "delete", "-app=web", "GREETED")
    eventually(lambda: fetch(url) == "Hello, world!\n")


def test_going_back_to_an_older_deployment(hello: Waypoint) -> None:
    url = release_url(hello.run("up").stdout)
    app = hello.project / "app.py"
    app.write_text(app.read_text().replace("Hello", "Bye"))
    assert release_url(hello.run("up").stdout) == url
    assert fetch(url) == "Bye, world!\n"
    hello.run("release", "-deployment=1")
    assert fetch(url) == "Hello, world!\n"


def test_lists_and_status_tell_what_there_is(hello: Waypoint) -> None:
    hello.run("up")
    assert "files" in hello.run("artifact", "list-builds").stdout
    assert "local" in hello.run("deployment", "list").stdout
    listed = json.loads(hello.run("deployment", "list", "-json").stdout)
    assert [row["sequence"] for row in listed] == [1]
    assert "READY" in hello.run("status", "-app=web").stdout
    assert "hello" in hello.run("project", "list").stdout
    assert "default" in hello.run("workspace", "list").stdout
    assert hello.run("job", "list").stdout.count("\n") > 1


def test_destroy_leaves_nothing_running(hello: Waypoint) -> None:
    url = release_url(hello.run("up").stdout)
    hello.run("destroy", "-auto-approve")
    with pytest.raises(OSError, match="refused"):
        fetch(url)
    assert [line for line in hello.processes().values() if "server" not in line] == []


def test_an_app_that_ends_at_once_is_a_failure(hello: Waypoint) -> None:
    (hello.project / "app.py").write_text("print('no configuration'); raise SystemExit(3)")
    done = hello.run("up", status=1)
    assert "no configuration" in done.stdout + done.stderr
    assert "successful" not in done.stdout


def test_a_second_up_of_the_same_version_is_fine(hello: Waypoint) -> None:
    first, second = hello.run("up").stdout, hello.run("up").stdout
    assert release_url(first) == release_url(second)


def test_the_project_folder_stays_clean(hello: Waypoint, tmp_path: Path) -> None:
    hello.run("up")
    assert sorted(path.name for path in hello.project.iterdir() if path.name != ".waypoint") == [
        "app.py",
        "waypoint.hcl",
    ]
