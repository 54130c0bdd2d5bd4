"""`waypoint fmt` (CLI specification 4.28)."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from wp_cli.commands.fmt import replace
from wp_cli.errors import CliError

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


def test_recursive_takes_our_files_and_leaves_others_alone(cli: Cli) -> None:
    for name in ("waypoint.hcl", "api/waypoint.hcl", "api/dev.auto.wpvars", ".git/waypoint.hcl", "infra/main.hcl"):
        path = cli.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("a=1\n")
    (cli.folder / "loop").symlink_to(cli.folder, target_is_directory=True)
    assert cli.ok("fmt", "-recursive").splitlines() == ["waypoint.hcl", "api/dev.auto.wpvars", "api/waypoint.hcl"]
    assert (cli.folder / "api/dev.auto.wpvars").read_text() == "a = 1\n"
    assert (cli.folder / ".git/waypoint.hcl").read_text() == "a=1\n"
    assert (cli.folder / "infra/main.hcl").read_text() == "a=1\n"
    assert cli.ok("fmt", "-recursive", "-check", "api") == ""
    assert "api is a folder" in cli.fails("fmt", "api")
    assert "exclude each other" in cli.fails("fmt", "-recursive", "-")


def test_one_broken_file_keeps_all_from_being_written(cli: Cli) -> None:
    (cli.folder / "one.hcl").write_text(UGLY)
    (cli.folder / "two.hcl").write_text("a = \n")
    (cli.folder / "three.hcl").write_text("b = [\n")
    said = cli.fails("fmt", "one.hcl", "two.hcl", "three.hcl")
    assert "two.hcl:1" in said
    assert "three.hcl:" in said
    assert "Nothing was written" in said
    assert (cli.folder / "one.hcl").read_text() == UGLY
    assert "<stdin>:1" in cli.fails("fmt", "-", stdin="a = \n")


def test_a_link_stays_a_link_and_comments_stay_byte_for_byte(cli: Cli) -> None:
    target = cli.folder / "real.hcl"
    target.write_bytes(b"\xef\xbb\xbf#  odd   comment\t\r\na=1 //\xc3\xbc  \r\n\r\n/* x\n   y */ b =2")
    (cli.folder / "waypoint.hcl").symlink_to(target)
    assert cli.ok("fmt") == "waypoint.hcl\n"
    assert (cli.folder / "waypoint.hcl").is_symlink()
    assert target.read_bytes() == b"\xef\xbb\xbf#  odd   comment\t\r\na = 1 //\xc3\xbc  \r\n\r\n/* x\n   y */ b = 2"
    assert cli.ok("fmt", "-check") == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="optional: needs an ordinary user, whom a folder can refuse")
def test_a_folder_that_takes_no_file_is_one_sentence(cli: Cli) -> None:
    (cli.folder / "waypoint.hcl").write_text(UGLY)
    cli.folder.chmod(0o500)
    try:
        assert "cannot write" in cli.fails("fmt")
    finally:
        cli.folder.chmod(0o700)


def test_a_full_disk_leaves_the_file_as_it_was(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cli.folder / "waypoint.hcl"
    path.write_text(UGLY)

    def full(descriptor: int, *args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(CliError, match="No space left"):
        replace(path, b"x")
    assert path.read_text() == UGLY
    assert os.listdir(cli.folder) == ["waypoint.hcl"]
