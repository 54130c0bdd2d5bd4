"""Completion, asked the way the shells ask, and in a real bash (CLI specification 5.9)."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator

import pytest
from tests.wp_cli.conftest import Cli
from tests.wp_cli.projects import app, write_project
from tests.wp_cli.terminal import Terminal

from wp_cli.completion import candidates


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


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """A project with two apps, of which one has two deployments and one has none; no file here names it."""
    home = tmp_path_factory.mktemp("shop") / "home"
    home.mkdir()
    cli = Cli(home)
    write_project(cli.folder, app("web", stages="null"), app("worker", stages="null"))
    cli.ok("up", "-app=web")
    cli.ok("up", "-app=web", "-workspace=staging")
    cli.ok("init")
    cli.ok("config", "set", "PORT_OF_SHOP=1")
    cli.ok("config", "source-set", "-type=vault", "-config=addr=a")
    cli.ok("runner", "profile", "set", "small", "-plugin-type=docker")
    (cli.folder / "waypoint.hcl").unlink()
    program = cli.home / "waypoint"
    program.write_text(f'#!/bin/sh\nexec {" ".join(cli.command)} "$@"\n')
    program.chmod(0o755)
    cli.environ["PATH"] = f"{cli.home}:{cli.environ['PATH']}"
    yield cli
    cli.run("server", "stop")


def answer(cli: Cli, *typed: str, **environ: str) -> list[str]:
    """What bash would be told."""
    words = "\n".join(["waypoint", *typed])
    asked = {"_WAYPOINT_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(typed))}
    done = cli.run(**asked, **environ)
    assert (done.returncode, done.stderr) == (0, ""), done
    return [line.removeprefix("plain,") for line in done.stdout.splitlines() if line]


def test_values_come_from_the_server(shop: Cli) -> None:
    assert answer(shop, "status", "-project", "") == ["shop"]
    assert answer(shop, "status", "-project=shop", "-app=w") == ["-app=web", "-app=worker"]
    assert answer(shop, "up", "-workspace", "s") == ["staging"]
    assert answer(shop, "release", "-p", "shop", "-a", "web", "-deployment", "") == ["1"]
    assert answer(shop, "release", "-p", "shop", "-a", "web", "-w", "staging", "-d", "") == ["2"]
    assert answer(shop, "release", "-p", "shop", "-a", "worker", "-d", "") == []
    assert answer(shop, "deployment", "destroy", "-p", "shop", "-a", "web", "") == ["1"]
    assert answer(shop, "deploy", "-p", "shop", "-a", "web", "-artifact", "") == ["1"]
    assert answer(shop, "config", "get", "-project=shop", "PORT") == ["PORT_OF_SHOP"]
    assert answer(shop, "config", "source-get", "-type", "") == ["vault"]
    assert answer(shop, "hostname", "delete", "") == []
    assert answer(shop, "project", "inspect", "s") == ["shop"]
    assert answer(shop, "runner", "forget", "") == []
    assert answer(shop, "runner", "profile", "inspect", "") == ["small"]
    assert answer(shop, "workspace", "inspect", "") == ["default", "staging"]
    assert len(answer(shop, "job", "inspect", "")) == 2
    assert answer(shop, "job", "inspect", "X", "") == []
    assert answer(shop, "exec", "ls", "-") == []
    assert answer(shop, "logs", "-p", "shop", "-a", "web", "-instance", "") == []


def test_completion_starts_no_server_and_complains_of_nothing(shop: Cli) -> None:
    shop.ok("server", "stop")
    try:
        assert answer(shop, "status", "-project", "") == []
        assert json.loads(shop.run("server", "status", "-json").stdout)["running"] is False
    finally:
        shop.ok("workspace", "list")
    assert answer(shop, "status", "-project", "", WAYPOINT_SERVER_ADDR="127.0.0.1:1") == []
    assert answer(shop, "status", "-project", "", WAYPOINT_SERVER_ADDR="not an address://") == []
    assert answer(shop, "status", "-project", "", WAYPOINT_CONTEXT="missing") == []
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and says nothing
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        assert answer(shop, "status", "-project", "", WAYPOINT_SERVER_ADDR=address) == []


SHELLS = {
    "bash": (["bash", "--norc", "-i"], 'stty echo; eval "$(waypoint completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -U compinit; compinit -u; eval "$(waypoint completion zsh)"'),
    "fish": (["fish", "--no-config", "-i"], "waypoint completion fish | source"),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_completes(shop: Cli, shell: str) -> None:
    command, prepare = SHELLS[shell]
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    with Terminal(command, shop.environ | {"PS1": "> "}, str(shop.folder)) as seen:
        seen.send(f"{prepare}; printf 'rea%s\\n' dy\n".encode())
        seen.wait_for("ready")
        for typed, completed in (
            ("waypoint deployment li\t", "waypoint deployment list"),
            ("waypoint status -proj\t", "waypoint status -project"),
            ("waypoint status -project s\t", "waypoint status -project shop"),
            ("waypoint status -project=s\t", "waypoint status -project=shop"),
            ("waypoint release -p shop -a web -d \t", "waypoint release -p shop -a web -d 1"),
            ("waypoint server run -db w\t", "waypoint server run -db work.db"),
        ):
            (shop.folder / "work.db").touch()
            seen.send(typed.encode())
            seen.wait_for(completed)
            seen.send(b"\x15")
            seen.wait_gone(completed)


def test_installing_and_uninstalling(cli: Cli) -> None:
    rc = cli.home / ".bashrc"
    rc.write_text("alias ll='ls -l'\n")
    assert str(rc) in cli.ok("-autocomplete-install")
    assert rc.read_text() == "alias ll='ls -l'\neval \"$(waypoint completion bash)\"  # waypoint completion\n"
    cli.fails("-autocomplete-install")
    cli.ok("-autocomplete-uninstall")
    assert rc.read_text() == "alias ll='ls -l'\n"
    cli.fails("-autocomplete-uninstall")
