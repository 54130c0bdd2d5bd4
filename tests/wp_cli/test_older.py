"""The version before beside this one: its command line, runner and entrypoints with the present server (n-1)."""

from __future__ import annotations

import copy
import json
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.wp_cli.projects import app, write_project
from tests.wp_cli.servers import RealServer, real_server
from tests.wp_cli.test_runner_agent import online, runner_of, until

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


@pytest.fixture
def server(cli: Cli) -> Iterator[RealServer]:
    with real_server(cli.home / "server", cli.environ) as running:
        flags = (f"-server-addr={running.address}", "-server-tls-skip-verify", "-context-create=main")
        cli.ok("server", "bootstrap", *flags)
        cli.ok("server", "config-set", f"-advertise-addr={running.address}", "-advertise-tls-skip-verify")
        yield running


@pytest.fixture
def older(cli: Cli, older_source: Path) -> Cli:
    """The command line of the version before, in the same home and folder."""
    found = copy.copy(cli)
    found.environ = cli.environ | {"PYTHONPATH": str(older_source)}
    return found


def url(text: str) -> str:
    found = re.search(r"Release URL: (\S+)", text)
    assert found, text
    return found[1]


def fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())


def greeted(cli: Cli, greeting: str) -> None:
    """Wait until commands in the app have the greeting: a change of configuration takes a moment to get there."""
    end = time.monotonic() + 60
    while (said := cli.ok("exec", "sh", "-c", "echo $GREETING").strip()) != greeting:
        assert time.monotonic() < end, said


def test_an_older_command_line_with_its_runner_and_entrypoint(cli: Cli, older: Cli, server: RealServer) -> None:
    write_project(cli.folder, app("web"))
    older.ok("init")
    try:
        address = url(older.ok("up"))
        assert fetch(address) == "None None"
        older.ok("config", "set", "-app=web", "GREETING=hello")
        assert json.loads(cli.ok("config", "get", "-app=web", "-json")) == {"GREETING": "hello"}
        for version in (older, cli):  # both reach the entrypoint of the version before
            greeted(version, "hello")
            assert version.run("exec", "sh", "-c", "exit 7").returncode == 7
            assert "hello 100%" in version.ok("logs", "-follow=false")
        newer = url(cli.ok("up"))  # one of this version beside it
        assert fetch(newer) == "None hello"
        assert [one["sequence"] for one in json.loads(older.ok("deployment", "list", "-json"))] == [2, 1]
        older.ok("release", "-deployment=1")
        assert "READY" in older.ok("status", "-app=web", "-refresh")
        assert older.run("job", "list").returncode == 0
    finally:
        older.ok("destroy", "-auto-approve")
    assert json.loads(cli.ok("deployment", "list", "-json")) == []


def test_an_older_runner_works_for_the_present_server(cli: Cli, older: Cli, server: RealServer) -> None:
    repository = cli.home / "repository"
    repository.mkdir()
    write_project(repository, app("web", stages="null"))
    git = ["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], check=True)
    cli.ok("project", "apply", "shop", "-data-source=git", f"-git-url={repository}", "-git-ref=main")
    token = cli.ok("runner", "token", "-id=older").strip()
    with runner_of(older, server, "-id=older", WAYPOINT_SERVER_TOKEN=token) as runner:
        until(lambda: online(cli, "older"), runner)
        for version in (cli, older):
            assert "Created artifact" in version.ok("build", "-project=shop", "-app=web", "-local=false")
        cli.ok("deploy", "-project=shop", "-app=web", "-local=false")
        cli.ok("destroy", "-project=shop", "-app=web", "-local=false", "-auto-approve")
        runner.signal(signal.SIGTERM)
        assert runner.ends() == 0


def test_this_command_line_with_an_older_server(cli: Cli, older: Cli) -> None:
    with real_server(cli.home / "server", older.environ) as running:
        flags = (f"-server-addr={running.address}", "-server-tls-skip-verify", "-context-create=main")
        cli.ok("server", "bootstrap", *flags)
        write_project(cli.folder, app("web", stages="null"))
        cli.ok("up")
        assert [one["sequence"] for one in json.loads(cli.ok("deployment", "list", "-json"))] == [1]
        cli.ok("destroy", "-auto-approve")
