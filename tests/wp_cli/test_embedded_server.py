"""The server that the command line runs by itself: one per user, found again, restarted, stopped (issue section B)."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from wp_cli import local

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


def place(cli: Cli) -> Path:
    return cli.home / ".local/share/waypoint/server"


def state(cli: Cli) -> dict[str, object]:
    return json.loads((place(cli) / "server.json").read_text())


def test_reading_never_starts_one(cli: Cli) -> None:
    said = cli.fails("project", "list")
    assert "no server is configured, and there is no embedded one yet" in said
    assert not (cli.home / ".local").exists()
    assert "never started" in cli.run("server", "status").stdout
    assert cli.run("server", "stop").returncode == 0


def test_it_is_started_once_found_again_and_stopped_with_its_data_kept(cli: Cli) -> None:
    first = cli.run("workspace", "create", "dev")
    assert first.returncode == 0, first.stderr
    assert "Started the embedded Waypoint server" in first.stderr
    pid = state(cli)["pid"]
    second = cli.run("workspace", "list")
    assert (second.stdout, second.stderr) == ("NAME  PROJECTS\ndev\n", "")
    shown = json.loads(cli.ok("server", "status", "-json"))
    assert (shown["running"], shown["pid"]) == (True, pid)
    cli.ok("server", "stop")
    assert not local.alive(int(str(pid)))
    assert json.loads(cli.run("server", "status", "-json").stdout)["running"] is False
    assert "dev" in cli.ok("workspace", "list")


def test_it_is_private_and_needs_its_token(cli: Cli) -> None:
    cli.ok("workspace", "create", "dev")
    assert place(cli).stat().st_mode & 0o077 == 0
    for name in ("server.json", "server.log", "token"):
        assert (place(cli) / name).stat().st_mode & 0o077 == 0, name
    said = cli.fails("workspace", "list", f"-server-addr={state(cli)['grpc']}", "-server-tls-skip-verify")
    assert "does not accept us without a token" in said


def test_many_command_lines_at_once_start_one_server(cli: Cli) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda name: cli.run("workspace", "create", name), ["aa", "bb", "cc", "dd"]))
    assert [run.returncode for run in done] == [0] * 4, [run.stderr for run in done]
    assert sum("Started the embedded" in run.stderr for run in done) == 1
    assert cli.ok("workspace", "list").split() == ["NAME", "PROJECTS", "aa", "bb", "cc", "dd"]


def test_a_crashed_one_is_restarted_with_its_data(cli: Cli) -> None:
    cli.ok("workspace", "create", "dev")
    before = state(cli)
    os.kill(int(str(before["pid"])), signal.SIGKILL)
    again = cli.run("workspace", "list")
    assert again.returncode == 0, again.stderr
    assert "dev" in again.stdout
    assert state(cli)["pid"] != before["pid"]
    assert state(cli)["grpc"] == before["grpc"]  # running apps find it where it was


def test_one_of_an_earlier_version_is_replaced(cli: Cli) -> None:
    cli.ok("workspace", "create", "dev")
    before = state(cli)
    (place(cli) / "server.json").write_text(json.dumps(before | {"version": "v0.9.0"}))
    again = cli.run("workspace", "list")
    assert "Started the embedded Waypoint server" in again.stderr
    assert "dev" in again.stdout
    assert not local.alive(int(str(before["pid"])))
    assert state(cli)["grpc"] == before["grpc"]


def test_a_damaged_database_is_one_sentence(cli: Cli) -> None:
    place(cli).mkdir(parents=True)
    (place(cli) / "data.db").write_bytes(b"this is no database" * 1000)
    said = cli.fails("workspace", "list")
    assert said.startswith("! the embedded server ended with exit code 1\n")
    assert str(place(cli) / "data.db") in said


def test_a_database_in_use_is_one_sentence(cli: Cli) -> None:
    place(cli).mkdir(parents=True)
    command = [*cli.command, "server", "run", f"-db={place(cli)}/data.db", "-listen-grpc=127.0.0.1:0"]
    other = subprocess.Popen(
        [*command, "-listen-http=127.0.0.1:0", "-url-enabled=false"], env=cli.environ, cwd=cli.folder,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert other.stdout
        for line in other.stdout:
            if "Server logs" in line:
                break
        said = cli.fails("workspace", "create", "dev")
        assert "the embedded server ended with exit code 1" in said
        assert len(said.splitlines()) <= 4
    finally:
        other.kill()
        other.wait()
        if other.stdout:
            other.stdout.close()


def test_an_unusable_data_directory_is_one_sentence(cli: Cli) -> None:
    (cli.home / ".local").write_text("in the way")
    said = cli.fails("workspace", "create", "dev")
    assert f"the embedded server cannot keep its data in {place(cli)}" in said


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    problem = local.storage_problem(tmp_path, OSError(errno.ENOSPC, "No space left on device"))
    assert problem.message == f"the disk is full: the embedded server keeps its data in {tmp_path}"
