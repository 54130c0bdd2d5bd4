"""Completion, asked the way the shells ask, and in a real bash (CLI specification 5.9)."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from wp_cli.completion import candidates

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


def words(*given: str) -> list[str]:
    *before, incomplete = given
    return [item.value for item in candidates(before, incomplete)]


def test_commands_subcommands_and_flags() -> None:
    assert "deployment" in words("de")
    assert "deploy" in words("de")
    assert words("deployment", "") == ["deploy", "destroy", "list"]
    assert words("release", "l") == ["list"]
    assert words("up", "-prune") == ["-prune", "-prune-retain"]
    assert words("up", "--prune-r") == ["--prune-retain"]
    assert words("nonsense", "x") == []


def test_values_that_are_known_without_a_server() -> None:
    assert words("deployment", "list", "-physical-state", "c") == ["created"]
    assert words("deployment", "list", "-physical-state=d") == ["-physical-state=destroyed"]


def test_contexts_and_apps_are_completed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.ok("context", "create", "-server-addr=a:1", "production")
    (cli.folder / "waypoint.hcl").write_text('project = "p"\napp "web" {}\napp "worker" {}\n')
    monkeypatch.setenv("HOME", str(cli.home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(cli.folder)
    assert words("context", "use", "p") == ["production"]
    assert words("up", "-app", "w") == ["web", "worker"]
    (cli.folder / "waypoint.hcl").write_text("broken {{")
    assert words("up", "-app", "w") == []


@pytest.mark.parametrize(
    ("shell", "piece"), [("bash", "complete -o nosort"), ("zsh", "#compdef"), ("fish", "complete --")]
)
def test_the_scripts(cli: Cli, shell: str, piece: str) -> None:
    script = cli.ok("completion", shell)
    assert piece in script
    assert "_WAYPOINT_COMPLETE" in script


def test_an_unknown_shell(cli: Cli) -> None:
    assert "There is for bash, zsh, fish." in cli.fails("completion", "tcsh")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes(cli: Cli) -> None:
    program = cli.home / "waypoint"
    program.write_text(f'#!/bin/sh\nexec {" ".join(cli.command)} "$@"\n')
    program.chmod(0o755)
    script = """
        eval "$(waypoint completion bash)"
        COMP_WORDS=(waypoint deployment li) COMP_CWORD=2
        _waypoint_completion waypoint
        echo "${COMPREPLY[@]}"
    """
    environ = cli.environ | {"PATH": f"{cli.home}:{cli.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=environ, capture_output=True, text=True, timeout=60)
    assert done.stdout == "list\n", done.stderr


def test_installing_and_uninstalling(cli: Cli) -> None:
    rc = cli.home / ".bashrc"
    rc.write_text("alias ll='ls -l'\n")
    assert str(rc) in cli.ok("-autocomplete-install")
    assert rc.read_text() == "alias ll='ls -l'\neval \"$(waypoint completion bash)\"  # waypoint completion\n"
    cli.fails("-autocomplete-install")
    cli.ok("-autocomplete-uninstall")
    assert rc.read_text() == "alias ll='ls -l'\n"
    cli.fails("-autocomplete-uninstall")
