"""Where the jobs of a command run (CLI specification 3.5)."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING

from tests.wp_cli.projects import app, write_project

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

NO_PROFILE = "There is no runner profile 'fast' on this server"


def write_with_profiles(cli: Cli) -> None:
    """`web` has the project's profile, `api` one of its own."""
    own = 'runner {\n    profile = "own"\n  }\n  build'
    write_project(
        cli.folder, 'runner {\n  profile = "fast"\n}\n',
        app("web", stages="null"), app("api", stages="null").replace("build", own, 1),
    )  # fmt: skip


def test_a_remote_job_names_the_runner_profile_of_its_app(cli: Cli) -> None:
    write_with_profiles(cli)
    cli.ok("init")
    assert NO_PROFILE in cli.fails("up", "-app=web", "-local=false")
    assert "There is no runner profile 'own' on this server" in cli.fails("build", "-app=api", "-local=false")
    assert "Created artifact" not in cli.ok("build", "-local", "-push=false")


def test_a_remote_runner_and_a_profile_are_what_makes_jobs_remote(cli: Cli) -> None:
    write_with_profiles(cli)
    cli.ok("init")
    cli.ok("project", "apply", "shop", "-data-source=git", "-git-url=https://git.example.com/team/shop")
    cli.ok("build", "-app=web")  # no remote runner is there
    state = json.loads((cli.home / ".local/share/waypoint/server/server.json").read_text())
    with open(state["token_file"]) as file:
        connection = {
            "WAYPOINT_SERVER_ADDR": state["grpc"], "WAYPOINT_SERVER_TLS": "1", "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1",
            "WAYPOINT_SERVER_TOKEN": file.read().strip(),
        }  # fmt: skip
    log = (cli.home / "runner.log").open("w")
    with (
        log,
        subprocess.Popen(
            [*cli.command, "runner", "agent"], env=cli.environ | connection, cwd=cli.home, stdout=log, stderr=log
        ) as agent,
    ):
        try:
            end = time.monotonic() + 60
            while "remote" not in cli.ok("runner", "list"):
                assert time.monotonic() < end, (cli.home / "runner.log").read_text()
            assert NO_PROFILE in cli.fails("build", "-app=web")
            cli.ok("build", "-app=web", "-local")
            write_project(cli.folder, app("web", stages="null"))
            cli.ok("build", "-app=web")  # no profile is named, and none is the server's default
        finally:
            agent.terminate()


def test_sources_of_remote_jobs_cannot_be_given_to_local_ones(cli: Cli) -> None:
    write_project(cli.folder, app("web", stages="null"))
    assert "-remote-source is for jobs on remote runners" in cli.fails("up", "-remote-source=ref=main")
