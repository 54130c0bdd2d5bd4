"""Deployed by a push: a server, a runner and a repository, each of them killed and back again."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.git_servers import GitHttp
from tests.wp_cli.projects import app
from tests.wp_cli.servers import RealServer, lasting_address
from tests.wp_cli.test_runner_agent import objects, online, runner_of
from tests.wp_runner.repositories import Repository

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

DEADLINE = 180.0
NOT_STOPPED = ("pending", "starting", "started", "running", "completed", "stopping")


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.2)


def deployed(cli: Cli) -> list[str]:
    """Commits that were brought up, oldest first."""
    done = cli.run("job", "list", "-project=shop", "-state=success", "-json")
    found = objects(done.stdout) if done.returncode == 0 else []
    ups = sorted((job for job in found if "up" in job), key=lambda job: job["id"])
    return [job["dataSourceRef"]["git"]["commit"] for job in ups]


def polled(cli: Cli) -> dict[str, str]:
    done = cli.run("project", "inspect", "-json", "shop")
    found = json.loads(done.stdout)["polling"] if done.returncode == 0 else []
    return next((one for one in found if "application" not in one), {})


@pytest.mark.timeout(600)
def test_a_push_is_deployed_whoever_was_killed_before(cli: Cli, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repositories")
    served = GitHttp(repository.bare.parent, tls=False)
    hcl = f'project = "shop"\n\n{app("web", stages="null")}'
    (repository.work / "web").mkdir()
    (repository.work / "web" / "waypoint.hcl").write_text(hcl)
    first = repository.push("First")
    server = RealServer(cli.home / "server", cli.environ, listen=lasting_address())
    try:
        connection = ("-server-tls-skip-verify", "-context-create=main")
        cli.ok("server", "bootstrap", f"-server-addr={server.address}", *connection)
        token = json.loads(cli.ok("context", "inspect", "-show-secrets", "-json", "main"))["auth_token"]
        cli.ok(
            "project", "apply", "shop", "-data-source=git", f"-git-url={served.url('shop.git')}", "-git-path=web",
            "-git-ignore-changes-outside-path", "-poll", "-poll-interval=1s",
        )  # fmt: skip
        until(lambda: "No runner takes it" in polled(cli).get("problem", ""))
        with runner_of(cli, server, "-id=one", WAYPOINT_SERVER_TOKEN=token) as runner:
            until(lambda: deployed(cli) == [first])
            shown = cli.ok("project", "inspect", "shop")
            assert f"Polled Commit: {first}" in shown
            assert "Last Poll: " in shown
            assert "Poll Problem" not in shown

            server.kill()
            second = repository.push("While the server is away", web__text="2")
            server = RealServer(cli.home / "server", cli.environ, listen=server.address)
            until(lambda: deployed(cli) == [first, second])
            until(lambda: online(cli, "one"))

            runner.signal(signal.SIGKILL)
            runner.ends()
        outside = repository.push("Outside", other="1")
        with runner_of(cli, server, "-id=two", WAYPOINT_SERVER_TOKEN=token):
            until(lambda: polled(cli).get("commit") == outside)
            third = repository.push("Inside", web__text="3")
            until(lambda: deployed(cli) == [first, second, third])
            served.close()
            until(lambda: "cannot be fetched" in polled(cli).get("problem", ""))
            assert "Poll Problem: The job " in cli.ok("project", "inspect", "shop")
            cli.ok("project", "apply", "shop", "-poll=false")
            assert "polling" not in json.loads(cli.ok("project", "inspect", "-json", "shop")) or not polled(cli)
    finally:
        served.close()
        server.kill()


def test_flags_of_polling(cli: Cli) -> None:
    git = ("-data-source=git", "-git-url=https://example.com/a.git", "-git-path=web")
    cli.ok("project", "apply", "shop", *git, "-git-ignore-changes-outside-path", "-poll", "-poll-interval=1h")
    stored = json.loads(cli.ok("project", "inspect", "-json", "shop"))
    assert stored["dataSource"]["git"]["ignoreChangesOutsidePath"] is True
    assert "next" in stored["polling"][0]
    cli.ok("project", "apply", "shop", "-poll-interval=2h", "-git-ignore-changes-outside-path=false")
    cli.ok("project", "apply", "shop", "-app-status-poll-interval=1h")
    stored = json.loads(cli.ok("project", "inspect", "-json", "shop"))
    assert "ignoreChangesOutsidePath" not in stored["dataSource"]["git"]
    assert stored["dataSourcePoll"] == {"enabled": True, "interval": "2h"}
    assert stored["statusReportPoll"] == {"enabled": True, "interval": "1h"}
    assert "must be at least 1s" in cli.fails("project", "apply", "shop", "-poll-interval=1ms")
    cli.ok("project", "apply", "shop", "-data-source=local", "-app-status-poll=false")
    assert "polling" not in json.loads(cli.ok("project", "inspect", "-json", "shop"))
    assert "is not polled" in cli.fails("project", "apply", "shop", "-poll-interval=1h")
    assert "is not asked for" in cli.fails("project", "apply", "shop", "-app-status-poll-interval=1h")


@pytest.mark.timeout(600)
def test_looks_and_deployments_on_runners_of_their_own(cli: Cli, tmp_path: Path) -> None:
    """With a default profile every one of these jobs gets its own runner, which is gone afterwards."""
    repository = Repository(tmp_path / "repositories")
    (repository.work / "waypoint.hcl").write_text(f'project = "shop"\n\n{app("web", stages="null")}')
    first = repository.push("First")
    address = lasting_address()
    flags = (f"-advertise-addr={address}", "-advertise-tls-skip-verify")
    server = RealServer(cli.home / "server", cli.environ, *flags, listen=address)
    try:
        cli.ok(
            "server", "bootstrap", f"-server-addr={address}", "-server-tls-skip-verify", "-context-create=main"
        )  # fmt: skip
        token = json.loads(cli.ok("context", "inspect", "-show-secrets", "-json", "main"))["auth_token"]
        cli.ok("runner", "profile", "set", "own", "-plugin-type=local", "-default", "-target-runner-id=launcher")
        with runner_of(cli, server, "-id=launcher", WAYPOINT_SERVER_TOKEN=token):
            git = ("-data-source=git", f"-git-url={repository.url}")
            cli.ok("project", "apply", "shop", *git, "-poll", "-poll-interval=1s", "-app-status-poll=false")
            until(lambda: deployed(cli) == [first])
            second = repository.push("Second", text="2")
            until(lambda: deployed(cli) == [first, second])
            cli.ok("project", "apply", "shop", "-poll=false")
            jobs = objects(cli.ok("job", "list", "-project=shop", "-json"))
            looks = [job for job in jobs if "poll" in job and "assignedRunner" in job]
            assert looks
            assert "launcher" not in {job["assignedRunner"]["id"] for job in looks}
            until(lambda: not objects(cli.ok("task", "list", "-json", *(f"-state={state}" for state in NOT_STOPPED))))
            assert list((cli.home / ".local/share/waypoint/local/tasks").iterdir()) == []
    finally:
        server.kill()
