"""How the command is found among the words, and what happens when it is not (CLI specification 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

from wp_cli import registry
from wp_cli.command import Command
from wp_cli.help import command_help
from wp_cli.main import take_level, wants_help


def test_every_row_of_the_registry_is_a_command_with_that_name() -> None:
    for name in registry.COMMANDS:
        command = registry.load(name)
        assert isinstance(command, Command)
        assert command.name == name


def test_every_command_explains_itself_and_no_two_of_its_flags_share_a_name() -> None:
    for name in registry.COMMANDS:
        command = registry.load(name)
        assert f"Usage: waypoint {name}" in command_help(command)
        names = [spelling for flag in command.flags for spelling in flag.names]
        assert len(names) == len(set(names)), name


def test_without_a_command_the_help_is_shown_and_the_code_is_127(cli: Cli) -> None:
    done = cli.run()
    assert done.returncode == 127
    assert done.stdout == ""
    assert "Common commands\n  login" in done.stderr


def test_an_unknown_command_gets_the_nearest_one_suggested(cli: Cli) -> None:
    assert "Did you mean `waypoint deploy`?" in cli.fails("deply", code=127)


def test_help_goes_to_stdout(cli: Cli) -> None:
    assert cli.ok("-h").startswith("Welcome to Waypoint")
    shown = cli.ok("context", "create", "--help")
    assert shown.startswith("Usage: waypoint context create [options] NAME\n")
    assert "  -server-addr=<string>\n" in shown
    assert "Alias: -p." in shown


def test_a_group_without_subcommand_shows_its_help_and_fails(cli: Cli) -> None:
    shown = cli.fails("context")
    assert "Subcommands:" in shown
    assert f"Config Path: {cli.home}/.config/waypoint/context\n" in shown
    assert "unknown subcommand 'creat'" in cli.fails("context", "creat")


def test_a_flag_before_the_command_is_explained(cli: Cli) -> None:
    assert "`waypoint status -app`" in cli.fails("-app", "status").replace("x ", "")


def test_missing_and_surplus_words_are_refused(cli: Cli) -> None:
    assert "`waypoint context use` needs NAME" in cli.fails("context", "use")
    assert "unexpected argument 'b'" in cli.fails("context", "use", "a", "b")


def test_the_version_needs_no_server(cli: Cli) -> None:
    for words in (["version"], ["-version"], ["--version"], ["-v"], ["version", "-plain"]):
        assert cli.ok(*words).startswith("CLI: v")


def test_the_version_imports_neither_grpc_nor_protobuf_nor_click(cli: Cli) -> None:
    import subprocess
    import sys

    code = "import sys; from wp_cli.main import main; main(['version']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], env=cli.environ, capture_output=True, text=True, check=True)
    for heavy in ("'grpc'", "'google.protobuf'", "'click'", "'rich'", "'dataclasses'", "'wp_config'"):
        assert heavy not in done.stdout


def test_grpc_comes_without_its_asyncio_half_and_without_traces_in_the_environment(cli: Cli) -> None:
    import subprocess
    import sys

    code = """
import os, sys
from wp_cli import leangrpc
leangrpc.install()
assert os.environ["GRPC_VERBOSITY"] == "NONE"
import grpc
assert "GRPC_VERBOSITY" not in os.environ
assert "grpc.aio._channel" not in sys.modules
assert grpc.aio.Channel
assert "grpc.aio._channel" in sys.modules
assert grpc.aio.Channel is sys.modules["grpc.aio"].Channel
"""
    done = subprocess.run([sys.executable, "-c", code], env=cli.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_server_version_is_best_effort(cli: Cli) -> None:
    done = cli.run("version", WAYPOINT_SERVER_ADDR="127.0.0.1:1")
    assert done.returncode == 0
    assert done.stdout.startswith("CLI: v")
    assert "cannot reach the server at 127.0.0.1:1 (from WAYPOINT_SERVER_ADDR): connection refused" in done.stderr


@pytest.mark.parametrize(
    ("words", "level", "kept"),
    [
        (["up", "-vv", "-app", "x"], "debug", ["up", "-app", "x"]),
        (["up", "-v", "-vvv"], "trace", ["up"]),
        (["exec", "node", "-v"], "", ["exec", "node", "-v"]),
        (["exec", "-v", "-app", "web", "node", "-v"], "info", ["exec", "-app", "web", "node", "-v"]),
        (["exec", "--", "-v"], "", ["exec", "--", "-v"]),
    ],
)
def test_log_level_flags_are_ours_only_outside_the_program_that_exec_runs(
    words: list[str], level: str, kept: list[str]
) -> None:
    assert take_level(words) == (level, kept)


def test_help_flags_of_the_program_that_exec_runs_are_not_ours() -> None:
    assert not wants_help(["exec", "ls", "-h"])
    assert not wants_help(["exec", "--", "-h"])
    assert wants_help(["exec", "-app", "web", "-h", "ls"])
    assert wants_help(["up", "x", "-h"])


def test_an_invalid_log_level_is_one_sentence(cli: Cli) -> None:
    assert "'loud', which is no log level" in cli.fails("context", "list", WAYPOINT_LOG_LEVEL="loud")
