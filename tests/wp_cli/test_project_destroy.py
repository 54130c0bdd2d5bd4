"""`waypoint project destroy`, with apps that run as processes of this machine in two workspaces."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.wp_cli.projects import app, write_project

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


@pytest.fixture(autouse=True)
def everything_is_destroyed(cli: Cli) -> Iterator[None]:
    yield
    if (cli.home / ".local").exists():
        cli.run("destroy", "-auto-approve")
        cli.run("destroy", "-auto-approve", "-workspace=dev")


def url(text: str) -> str:
    found = re.search(r"Deployment URL: (\S+)", text)
    assert found, text
    return found[1]


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10):
            return True
    except OSError:
        return False


def projects(cli: Cli) -> list[str]:
    return cli.ok("project", "list").split()


def test_everything_in_every_workspace_goes(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    places = [url(cli.ok("up")), url(cli.ok("up", "-workspace=dev"))]
    assert all(map(answers, places))
    cli.ok("config", "set", "-scope=global", "KEPT=1")
    cli.ok("config", "set", "GONE=1")
    said = cli.fails("project", "destroy", "-project=shop")
    assert "-auto-approve" in said
    assert projects(cli) == ["shop"]
    assert "Project 'shop' is destroyed." in cli.ok("project", "destroy", "-project=shop", "-auto-approve")
    assert not any(map(answers, places))
    assert projects(cli) == []
    assert "does not know the project 'shop'" in cli.fails("project", "destroy", "-project=shop", "-auto-approve")
    jobs = json.loads("[" + cli.ok("job", "list", "-json").replace("}\n{", "},{") + "]")
    assert {"state": "SUCCESS"}.items() <= next(job for job in jobs if "destroyProject" in job).items()
    cli.ok("init")
    assert set(json.loads(cli.ok("config", "get", "-json"))) == {"KEPT"}


def test_a_project_stays_as_long_as_something_of_it_cannot_be_destroyed(cli: Cli) -> None:
    write_project(cli.folder, app("web"), app("worker"))
    web, worker = url(cli.ok("up", "-app=web")), url(cli.ok("up", "-app=worker", "-workspace=dev"))
    write_project(cli.folder, app("web"))  # nobody knows any more how to destroy the other one
    said = cli.fails("project", "destroy", "-project=shop", "-auto-approve")
    assert "Not everything of the project could be destroyed" in said
    assert "worker in workspace dev" in said
    assert (answers(web), answers(worker)) == (False, True)
    assert projects(cli) == ["shop"]
    write_project(cli.folder, app("web"), app("worker"))
    cli.ok("config", "sync")  # it takes jobs again
    cli.ok("project", "destroy", "-project=shop", "-auto-approve")
    assert not answers(worker)
    assert projects(cli) == []


def test_records_alone_go_without_a_file(cli: Cli) -> None:
    write_project(cli.folder, app("web", stages="null"))
    cli.ok("up")
    (cli.folder / "waypoint.hcl").unlink()
    assert "there is no waypoint.hcl" in cli.fails("project", "destroy", "-project=shop", "-auto-approve")
    assert projects(cli) == ["shop"]
    cli.ok("project", "destroy", "-project=shop", "-auto-approve", "-skip-destroy-resources")
    assert projects(cli) == []


def test_the_project_must_be_named(cli: Cli) -> None:
    write_project(cli.folder, app("web", stages="null"))
    cli.ok("init")
    assert "name the project with -project" in cli.fails("project", "destroy", "-auto-approve")
    cli.ok("project", "apply", "empty")
    assert "has no data source" in cli.fails("project", "destroy", "-project=empty", "-auto-approve")


def test_the_data_source_of_a_file_becomes_the_projects(cli: Cli) -> None:
    file = cli.folder / "other.hcl"
    source = 'data_source "git" {\n    url = "https://example.com/a.git"\n    ref = "main"\n  }\n'
    file.write_text('project = "shop"\nrunner {\n  ' + source + '}\napp "web" {}\n')
    cli.ok("project", "apply", "shop", f"-from-waypoint-hcl={file}")
    assert json.loads(cli.ok("project", "inspect", "-json", "shop"))["dataSource"]["git"]["ref"] == "main"
    cli.ok("project", "apply", "shop", f"-from-waypoint-hcl={file}", "-git-ref=next")
    assert json.loads(cli.ok("project", "inspect", "-json", "shop"))["dataSource"]["git"]["ref"] == "next"
    file.write_text('project = "shop"\napp "web" {}\n')
    assert "names no data source" in cli.fails("project", "apply", "bare", f"-from-waypoint-hcl={file}")
