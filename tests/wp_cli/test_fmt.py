"""`waypoint fmt` (CLI specification 4.28)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

UGLY = 'project="p"\napp "web" {\nbuild{\nuse "docker" {}\n}\n}\n'
NEAT = 'project = "p"\napp "web" {\n  build {\n    use "docker" {}\n  }\n}\n'


def test_the_file_here_is_rewritten_and_named_only_if_it_changed(cli: Cli) -> None:
    path = cli.folder / "waypoint.hcl"
    path.write_text(UGLY)
    path.chmod(0o600)
    assert cli.ok("fmt") == "waypoint.hcl\n"
    assert path.read_text() == NEAT
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.stat().st_mtime_ns
    assert cli.ok("fmt") == ""
    assert path.stat().st_mtime_ns == before
    assert os.listdir(cli.folder) == ["waypoint.hcl"]


def test_check_writes_nothing_and_exits_with_3(cli: Cli) -> None:
    path = cli.folder / "waypoint.hcl"
    path.write_text(UGLY)
    cli.fails("fmt", "-check", code=3)
    assert path.read_text() == UGLY
    path.write_text(NEAT)
    assert cli.ok("fmt", "-check") == ""


def test_stdin_and_write_false_print(cli: Cli) -> None:
    assert cli.ok("fmt", "-", stdin=UGLY) == NEAT
    (cli.folder / "other.hcl").write_text(UGLY)
    assert cli.ok("fmt", "-write=false", "other.hcl") == NEAT
    assert (cli.folder / "other.hcl").read_text() == UGLY
    assert '+project = "p"' in cli.ok("fmt", "-diff", "other.hcl")


def test_what_cannot_be_formatted_is_one_sentence(cli: Cli) -> None:
    assert "there is no waypoint.hcl" in cli.fails("fmt")
    assert "is JSON" in cli.fails("fmt", "waypoint.hcl.json")
    (cli.folder / "waypoint.hcl").write_text("app {{")
    assert "waypoint.hcl:1" in cli.fails("fmt")
    assert (cli.folder / "waypoint.hcl").read_text() == "app {{"
