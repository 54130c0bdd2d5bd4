"""`waypoint-server run`, `waypoint server run` and the embedded server are one program started in three ways."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

from wp_cli.commands.server import RUN_FLAGS
from wp_server import settings as server_settings
from wp_server.settings import Settings

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

ADDRESSES = ("-listen-grpc=127.0.0.1:0", "-listen-http=127.0.0.1:0")


def banner(command: list[str], environ: dict[str, str]) -> str:
    """What a server says until it serves, with what differs from run to run left out."""
    said = ""
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        while "Server logs:" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        process.terminate()
        assert process.wait(60) == 0
    return re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", re.sub(r"DB Path: \S+", "DB Path: PATH", said))


def test_the_command_and_the_program_run_the_same_server(cli: Cli) -> None:
    programs = {"server": [sys.executable, "-m", "wp_server", "run"], "cli": [*cli.command, "server", "run"]}
    said = {
        name: banner([*command, f"-db={cli.home}/{name}.db", *ADDRESSES], cli.environ)
        for name, command in programs.items()
    }
    assert said["cli"] == said["server"]
    assert "Server requires bootstrapping!" in said["cli"]
    for name, command in programs.items():
        refused = subprocess.run(
            [*command, "-listen-grpc=nowhere"],
            env=cli.environ,
            cwd=cli.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (refused.returncode, refused.stdout) == (1, ""), name
        assert refused.stderr == "! -listen-grpc=nowhere: write host:port, for example 127.0.0.1:9701.\n"


def test_the_embedded_server_is_started_by_the_same_command(cli: Cli) -> None:
    cli.ok("workspace", "create", "dev")
    place = cli.home / ".local/share/waypoint/server"
    log = (place / "server.log").read_text()
    assert log.startswith("Server configuration:\n")
    pid = cli.ok("server", "status", "-json").split('"pid": ')[1].split(",")[0]
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        assert file.read().split(b"\0")[1:-1] == [
            b"-m", b"wp_cli", b"server", b"run", b"-local", f"-db={place}/data.db".encode()
        ]  # fmt: skip


def test_both_know_the_same_flags_with_the_same_defaults() -> None:
    theirs = {flag.name: flag for flag in server_settings._FLAGS}
    assert {flag.name for flag in RUN_FLAGS} == set(theirs)
    defaults = server_settings.parse([], {})
    for flag in RUN_FLAGS:
        default = getattr(defaults, theirs[flag.name].field, "")  # no setting: where settings are read from
        if flag.name == "db":
            assert (flag.fallback, default.name) == ("", "data.db")
        else:
            assert flag.fallback == (default if default is not None else ""), flag.name
        assert flag.hidden == (theirs[flag.name].hidden or flag.name == "local")
    assert isinstance(defaults, Settings)
