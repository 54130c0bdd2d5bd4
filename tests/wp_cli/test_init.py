"""`waypoint init` finds what is wrong before anything is built, and registers what is right (CLI specification 4.1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.wp_cli.projects import app, write_project

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


def test_a_valid_project_is_registered_and_repeating_changes_nothing(cli: Cli) -> None:
    write_project(cli.folder, app("web"), app("api"))
    first = cli.ok("init")
    assert "✓ waypoint.hcl is valid\n" in first
    assert "✓ Registered project 'shop' with web, api\n" in first
    assert "Project initialized!\n" in first
    assert "are registered\n" in cli.ok("init")
    assert cli.ok("project", "list") == "shop\n"
    assert "Applications: web, api" in cli.ok("project", "inspect").replace("api, web", "web, api")
    write_project(cli.folder, app("web"), app("api"), app("worker"))
    assert "✓ Registered worker in project 'shop'\n" in cli.ok("init")


def test_the_runner_block_is_stored_with_a_new_project_and_by_update(cli: Cli) -> None:
    runner = 'runner {\n  enabled = true\n  data_source "git" {\n    url = "https://example.com/%s.git"\n  }\n}\n'
    write_project(cli.folder, app("web"), runner % "one")
    cli.ok("init")
    shown = json.loads(cli.ok("project", "inspect", "-json"))
    assert (shown["remoteEnabled"], shown["dataSource"]["git"]["url"]) == (True, "https://example.com/one.git")
    cli.ok("project", "apply", "shop", "-app-status-poll")
    write_project(cli.folder, app("web"), runner % "two")
    cli.ok("init")
    assert json.loads(cli.ok("project", "inspect", "-json"))["dataSource"]["git"]["url"].endswith("/one.git")
    cli.ok("init", "-update")
    shown = json.loads(cli.ok("project", "inspect", "-json"))
    assert shown["dataSource"]["git"]["url"].endswith("/two.git")
    assert shown["statusReportPoll"]["enabled"] is True


def test_update_changes_only_what_the_file_says(cli: Cli) -> None:
    git = 'runner {\n  enabled = true\n  poll {\n    enabled = true\n    interval = "%s"\n  }\n%s}\n'
    source = '  data_source "git" {\n    url = "https://example.com/%s.git"\n%s  }\n'
    login = '    username = "me"\n    password = "letters"\n'
    write_project(cli.folder, app("web"), git % ("30s", source % ("one", login)))
    cli.ok("init")

    def stored() -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(cli.ok("project", "inspect", "-json"))
        return shown

    first = stored()
    assert first["dataSource"]["git"]["basic"]["username"] == "me"
    write_project(cli.folder, app("web"))
    cli.ok("init", "-update")
    assert stored() == first
    write_project(cli.folder, app("web"), "runner {\n" + source % ("one", '    ref = "next"\n') + "}\n")
    cli.ok("init", "-update")
    second = stored()
    assert second["dataSource"]["git"] == first["dataSource"]["git"] | {"ref": "next"}
    assert (second["remoteEnabled"], second["dataSourcePoll"]) == (True, first["dataSourcePoll"])
    write_project(cli.folder, app("web"), git % ("1m", source % ("other", "")))
    cli.ok("init", "-update")
    third = stored()
    assert "basic" not in third["dataSource"]["git"]
    assert third["dataSourcePoll"]["interval"] == "1m"


def one(build: str, deploy: str) -> str:
    """A project whose `use` blocks are on lines 4 and 7."""
    return f'project = "p"\napp "web" {{\n  build {{\n    use {build}\n  }}\n  deploy {{\n    use {deploy}\n  }}\n}}\n'


NULL_APP = 'app "web" {\n  deploy {\n    use "null" {}\n  }\n}\n'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (one('"dokcer" {}', '"local" {}'), ['"dokcer"', "waypoint.hcl:4", "docker"]),
        (one('"files" {}', '"local" {\n      comand = ["x"]\n    }'), ["comand", "waypoint.hcl:8", "command"]),
        ('project = "p"\napp "web" {\n', ["waypoint.hcl:3", "line 2"]),
        (one('"files" {}', '"local" {\n      command = 5\n    }'), ["waypoint.hcl:8", "command"]),
        (f'project = "p"\n{NULL_APP}{NULL_APP}', ['"web"', "waypoint.hcl:7"]),
        (one('"docker-pull" {}', '"docker" {}'), ["image", "waypoint.hcl:4"]),
        (one('"dokcer" {}', '"dockr" {}'), ['"dokcer"', '"dockr"']),
        ("", ["project"]),
    ],
)
def test_what_is_wrong_is_named_with_its_place(cli: Cli, text: str, wanted: list[str]) -> None:
    (cli.folder / "waypoint.hcl").write_text(text)
    said = cli.fails("init")
    for word in wanted:
        assert word in said, said
    assert not (cli.home / ".local").exists()


def test_plugins_that_do_not_fit_together_are_found_before_anything_is_built(cli: Cli) -> None:
    (cli.folder / "waypoint.hcl").write_text(one('"files" {}', '"docker" {}'))
    said = cli.fails("init")
    assert 'app "web"' in said
    assert "docker.Image" in said
    assert not (cli.home / ".local").exists()


def test_without_a_file_a_first_one_is_written_and_is_valid_and_canonical(cli: Cli) -> None:
    assert "Wrote" in cli.ok("init")
    (cli.folder / "Dockerfile").write_text("FROM scratch\n")
    assert cli.run("fmt", "-check").returncode == 0
    assert "is valid" in cli.ok("init")


def test_other_commands_without_a_file_say_so(cli: Cli) -> None:
    for command in (["up"], ["build"], ["config", "set", "A=1"]):
        assert "there is no waypoint.hcl here or in a folder above" in cli.fails(*command)


def test_up_of_a_broken_file_is_refused_with_its_place(cli: Cli) -> None:
    (cli.folder / "waypoint.hcl").write_text('project = "p"\napp "web" {{\n')
    said = cli.fails("up")
    assert "waypoint.hcl:2" in said
    assert not (cli.home / ".local").exists()


def test_a_directory_in_place_of_the_file(cli: Cli) -> None:
    (cli.folder / "waypoint.hcl").mkdir()
    assert "waypoint.hcl" in cli.fails("up")
