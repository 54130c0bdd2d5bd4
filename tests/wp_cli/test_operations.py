"""The verbs, for real: embedded server, a runner in the process, apps as processes on this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.wp_cli.projects import app, waits_for, write_project
from tests.wp_cli.servers import RealServer, lasting_address
from tests.wp_cli.terminal import Terminal

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

DEADLINE = 60.0


@pytest.fixture(autouse=True)
def everything_is_destroyed(cli: Cli) -> Iterator[None]:
    yield
    if (cli.folder / "waypoint.hcl").exists() and (cli.home / ".local").exists():
        cli.run("destroy", "-auto-approve")


def url(text: str, name: str) -> str:
    found = re.search(rf"^ *{name}: (\S+)$", text, re.MULTILINE)
    assert found, text
    return found[1]


def fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.read().decode()


def wait_until(condition: object) -> None:
    end = time.monotonic() + DEADLINE
    assert callable(condition)
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_from_source_to_a_url_and_back(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    first = cli.run("up")
    assert first.returncode == 0, first.stderr
    assert "The deploy was successful!" in first.stdout
    assert fetch(url(first.stdout, "Release URL")) == "None None"
    assert fetch(url(first.stdout, "Deployment URL")) == "None None"
    progress = first.stderr.splitlines()
    assert [line for line in progress if line.startswith("»")] == ["» Building...", "» Deploying...", "» Releasing..."]
    assert "Registered project 'shop' with the server." in progress
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", first.stdout + first.stderr)

    second = cli.ok("up", "-label", "team=blue", "-prune-retain=1")
    release = url(second, "Release URL")
    assert release == url(first.stdout, "Release URL")
    listed = json.loads(cli.ok("deployment", "list", "-json"))
    assert [deployment["sequence"] for deployment in listed] == [2, 1]
    assert listed[0]["labels"]["team"] == "blue"
    assert [row["sequence"] for row in json.loads(cli.ok("deployment", "list", "-json", "-limit=1"))] == [2]
    assert [row["sequence"] for row in json.loads(cli.ok("deployment", "list", "-json", "-desc=false"))] == [1, 2]
    assert json.loads(cli.ok("deployment", "list", "-json", "-state=error")) == []
    table = cli.ok("deployment", "list", "-url").splitlines()
    assert table[1] == "» web"
    assert table[2].split() == ["ID", "PLATFORM", "DETAILS", "STARTED", "COMPLETED", "HEALTH", "URL"]
    assert table[3].startswith("🚀  2")
    assert len(json.loads(cli.ok("artifact", "list", "-json"))) == 2
    assert len(json.loads(cli.ok("artifact", "list-builds", "-json"))) == 2

    rollback = cli.ok("release", "-deployment", "1")
    assert url(rollback, "Release URL") == release
    assert "is the released one already" in cli.ok("release", "-deployment=v1")
    assert json.loads(cli.ok("release", "list", "-json"))[0]["sequence"] == 3
    assert "there is no deployment '9' of 'web'" in cli.fails("release", "-deployment", "9")

    status = json.loads(cli.ok("status", "-json"))
    assert status["Applications"][0]["DeploymentStatus"] == "✔ READY"
    assert "READY" in cli.ok("status", "-all-projects")
    assert "v2" in cli.ok("status", "-app=web")

    said = cli.fails("deployment", "destroy", "1", "-auto-approve")
    assert "is the released one; nothing was destroyed" in said
    for command in (["destroy"], ["deployment", "destroy"], ["destroy", "-plain"]):
        said = cli.fails(*command)
        assert "nothing was done" in said
        assert "-auto-approve" in said
    assert fetch(release) == "None None"
    cli.ok("deployment", "destroy", "2", "-force")
    assert [row["sequence"] for row in json.loads(cli.ok("deployment", "list", "-json"))] == [1]
    assert "Destroy successful!" in cli.ok("destroy", "-auto-approve")
    assert json.loads(cli.ok("deployment", "list", "-json")) == []
    with pytest.raises(OSError):
        fetch(release)


def test_exec_keeps_streams_input_and_exit_codes(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    cli.ok("up")
    done = cli.run("exec", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")
    big = bytes(range(256)) * 2000
    command = [*cli.command, "exec", "cat"]
    copied = subprocess.run(command, cwd=cli.folder, env=cli.environ, input=big, capture_output=True, timeout=60)
    assert copied.stdout == big
    assert cli.run("exec", "no-such-command").returncode == 127
    assert cli.run("exec", "sh", "-c", "kill -9 $$").returncode == 137
    assert cli.ok("exec", "--", "echo", "-app", "x", "-v", "-h") == "-app x -v -h\n"
    assert cli.ok("exec", "echo", "a/b", "-h") == "a/b -h\n"
    assert "there is no instance 'x' of 'web'" in cli.fails("exec", "-instance=x", "true")
    wait_until(lambda: cli.ok("logs", "-follow=false", "-json"))
    instance = json.loads(cli.ok("logs", "-follow=false", "-json").splitlines()[0])["instance"]
    for flags in ([f"-instance={instance}"], ["-instance", instance[-6:]], ["-deployment=1"], ["-d", "v1"]):
        assert cli.ok("exec", *flags, "echo", "here") == "here\n"
    assert "there is no deployment '7'" in cli.fails("exec", "-deployment=7", "true")
    assert "tty" in cli.run("exec", "-t", "sh", "-c", "test -t 0 && test -t 1 && echo tty").stdout
    with Terminal(
        [*cli.command, "exec", "-T", "sh", "-c", "test -t 1 || echo none"], cli.environ, str(cli.folder)
    ) as seen:
        assert seen.finish() == 0
        assert "none" in seen.history
    cli.ok("destroy", "-auto-approve")
    assert "there is no successful deployment of 'web'" in cli.fails("exec", "true")


def test_exec_in_a_terminal_has_its_size_and_ends_on_the_escape(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    cli.ok("up")
    with Terminal([*cli.command, "exec", "sh"], cli.environ, str(cli.folder), columns=90) as seen:
        seen.wait_for("Connected to deployment v1")
        seen.send(b"stty size; echo $TERM; test -t 0 && echo inter'active'\r")
        seen.wait_for("interactive")
        greeted = next(line for line in seen.raw.split(b"\n") if b"Connected to" in line)
        assert greeted.endswith(b"v1\r")  # no staircase: the next line begins at its left
        assert "30 90" in seen.history
        assert "xterm-256color" in seen.history
        seen.send(b"exit 3\r")
        assert seen.finish() == 3
    with Terminal([*cli.command, "exec", "sh"], cli.environ, str(cli.folder)) as seen:
        seen.wait_for("Connected to deployment v1")
        seen.send(b"sleep 1000\r")
        seen.wait_for("sleep 1000")
        seen.send(b"\r~.")
        assert seen.finish() == 1


def test_logs_are_the_bytes_of_the_app(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    cli.ok("up")
    wait_until(lambda: "hello" in cli.ok("logs", "-follow=false"))
    shown = cli.ok("logs", "-follow=false", "-source=app").splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \w{6}: hello 100% \x1b\[31mred\x1b\[0m \[bold\]", shown[0]
    )
    bare = cli.ok("logs", "-follow=false", "-source=app", "-no-timestamps", "-deployment=1")
    assert bare.splitlines()[0].split(": ", 1)[1] == "hello 100% \x1b[31mred\x1b[0m [bold]"
    lines = [json.loads(line) for line in cli.ok("logs", "-follow=false", "-json").splitlines()]
    assert {line["source"] for line in lines} == {"app", "entrypoint"}
    assert cli.ok("logs", "-follow=false", "-instance=nobody") == ""
    assert cli.ok("logs", "-f=false", f"-instance={lines[0]['instance'][-6:]}", "-json").splitlines()
    assert len(cli.ok("logs", "-follow=false", "-tail=1").splitlines()) == 1
    assert len(cli.ok("logs", "-follow=false", "-n", "-1", "-deployment-seq=1").splitlines()) >= len(lines)
    assert cli.ok("logs", "-follow=false", "-since=1h", "-d=1").count("hello") == 1
    assert cli.ok("logs", "-follow=false", "-since=0.001ms") == ""
    assert "must not be negative" in cli.fails("logs", "-since=-1s")
    assert "no deployment" in cli.fails("logs", "-deployment=7").lower()
    command = [*cli.command, "logs"]
    with subprocess.Popen(command, cwd=cli.folder, env=cli.environ, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout
        while "hello" not in following.stdout.readline():
            pass
        following.send_signal(2)
        assert following.wait(60) == 130


def test_config_reaches_the_running_app(cli: Cli) -> None:
    write_project(cli.folder, app("web"), app("api"))
    output = cli.ok("up", "-app=web")
    cli.ok("config", "set", "-app=web", "NAME=a=b", "GREETING=line 1\nline 2")
    release = url(output, "Release URL")

    def answered() -> bool:
        try:
            return fetch(release) == "a=b line 1\nline 2"
        except OSError:
            return False  # the app restarts with its new environment

    wait_until(answered)
    assert json.loads(cli.ok("config", "get", "-json", "-app=api")) == {}
    cli.ok("config", "set", stdin="SHARED=1\n\nOTHER=two words\n")
    assert json.loads(cli.ok("config", "get", "-json", "-app=api")) == {"OTHER": "two words", "SHARED": "1"}
    assert cli.ok("config", "get", "-raw", "-app=api") == 'OTHER="two words"\nSHARED=1\n'
    assert cli.ok("config", "get", "-value", "OTHER") == "two words\n"
    assert "there is no variable 'MISSING'" in cli.fails("config", "get", "-raw", "MISSING")
    assert cli.ok("config", "get", "-app=web").splitlines()[0].split() == [
        "SCOPE",
        "NAME",
        "VALUE",
        "WORKSPACE",
        "LABELS",
    ]
    cli.ok("config", "delete", "SHARED")
    cli.ok("config", "set", "OTHER=")
    assert json.loads(cli.ok("config", "get", "-json", "-app=api")) == {}
    assert "contradict" in cli.fails("config", "set", "-app=web", "-scope=project", "A=1")
    assert "not of the form NAME=VALUE" in cli.fails("config", "set", "A")
    assert "is not UTF-8" in cli.fails("config", "set", stdin=b"A=\xff\xfe\n")
    large = "x" * (1024 * 1024)
    cli.ok("config", "set", stdin=f"LARGE={large}\n")
    assert cli.ok("config", "get", "-value", "LARGE") == large + "\n"


def test_variables_that_leave_the_file_leave_the_server_unless_told_otherwise(cli: Cli) -> None:
    def written(env: str) -> None:
        config = f"config {{\n  env = {{ {env} }}\n}}\n"
        write_project(cli.folder, config, app("web", stages="null"))

    def stored() -> dict[str, str]:
        found: dict[str, str] = json.loads(cli.ok("config", "get", "-app=web", "-json"))
        return found

    written('A = "1", B = "2", C = "3"')
    cli.ok("up")
    cli.ok("config", "set", "C=by hand", "OWN=4")
    written('A = "1"')
    cli.ok("deploy", "-keep-config")
    assert stored() == {"A": "1", "B": "2", "C": "by hand", "OWN": "4"}
    cli.ok("up", "-workspace=staging")
    assert stored() == {"A": "1", "B": "2", "C": "by hand", "OWN": "4"}
    written("")
    cli.ok("up")
    assert stored() == {"A": "1", "C": "by hand", "OWN": "4"}  # A was last set from staging


def test_one_failing_app_does_not_hide_the_others(cli: Cli) -> None:
    broken = app("broken", command='["no-such-program"]')
    write_project(cli.folder, broken, app("web"))
    done = cli.run("up")
    assert done.returncode == 1
    assert "! broken: " in done.stderr
    assert "no-such-program" in done.stderr
    assert fetch(url(done.stdout, "Release URL")) == "None None"
    assert [line for line in done.stdout.splitlines() if line.startswith("»")] == ["» broken", "» web"]
    objects = [json.loads(line) for line in cli.run("up", "-json").stdout.splitlines()]
    results = {entry["app"]: entry for entry in objects if entry["event"] == "result"}
    assert results["broken"]["success"] is False
    assert results["broken"]["error"]
    assert results["web"]["success"] is True
    assert "project 'shop' has several apps: broken, web" in cli.fails("exec", "true")
    assert "Did you mean 'web'?" in cli.fails("up", "-app=wep")


def test_a_terminal_shows_marks_and_ends_with_the_urls(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    with Terminal([*cli.command, "up"], cli.environ, str(cli.folder)) as seen:
        assert seen.finish() == 0
        shown = seen.history
        order = [
            "» Building...",
            "» Deploying...",
            "✓ Application runs on port",
            "» Releasing...",
            "The deploy was successful!",
        ]
        places = [shown.index(text) for text in order]
        assert places == sorted(places)
        assert url(shown, "Release URL").startswith("http://")
        assert not seen.cursor_hidden


def test_ctrl_c_and_sigterm_cancel_the_job_and_wait_for_its_end(cli: Cli) -> None:
    never, started = cli.folder / "never", cli.folder / "started"
    write_project(cli.folder, app("web", waits_for(never, started)))
    with Terminal([*cli.command, "up"], cli.environ, str(cli.folder)) as seen:
        wait_until(lambda: seen.read() and started.exists())
        seen.send(b"\x03")
        assert seen.finish() == 130
        assert "canceled" in seen.history
        assert not seen.cursor_hidden
    jobs = cli.ok("job", "list")
    assert "Error" in jobs
    assert "Running" not in jobs
    started.unlink()
    with subprocess.Popen([*cli.command, "up"], cwd=cli.folder, env=cli.environ, stderr=subprocess.DEVNULL) as running:
        wait_until(started.exists)
        running.terminate()
        assert running.wait(60) == 130


def test_a_second_ctrl_c_leaves_at_once(cli: Cli) -> None:
    go, started = cli.folder / "go", cli.folder / "started"
    stubborn = waits_for(go, started).replace("touch", "trap : TERM INT; touch", 1)
    write_project(cli.folder, app("web", stubborn))
    with Terminal([*cli.command, "up"], cli.environ, str(cli.folder)) as seen:
        wait_until(lambda: seen.read() and started.exists())
        seen.send(b"\x03")
        seen.wait_for("press Ctrl-C again to leave at once")
        seen.send(b"\x03")
        assert seen.finish() == 130
        assert not seen.cursor_hidden
    go.touch()


def test_a_server_that_restarts_costs_the_watcher_nothing(cli: Cli) -> None:
    go, started = cli.folder / "go", cli.folder / "started"
    write_project(cli.folder, app("web", waits_for(go, started)))
    first = RealServer(cli.home / "server", cli.environ, listen=lasting_address())
    servers = [first]
    try:
        flags = (f"-server-addr={first.address}", "-server-tls-skip-verify")
        cli.ok("server", "bootstrap", *flags)
        log = cli.home / "up.log"
        with (
            log.open("w") as file,
            subprocess.Popen([*cli.command, "up"], cwd=cli.folder, env=cli.environ, stderr=file) as up,
        ):
            wait_until(started.exists)
            first.kill()
            wait_until(lambda: "The server is gone" in log.read_text())
            servers.append(RealServer(cli.home / "server", cli.environ, listen=first.address))
            go.touch()
            assert up.wait(90) == 0, log.read_text()
        lines = log.read_text().splitlines()
        assert lines.count("» Building...") == 1
        assert lines.count("» Releasing...") == 1
        cli.ok("destroy", "-auto-approve")
    finally:
        for server in servers:
            server.kill()


def test_following_logs_goes_on_after_the_server_restarts(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    release = url(cli.ok("up"), "Release URL")
    log = cli.home / "logs.log"
    command = [*cli.command, "logs", "-source=app"]
    with log.open("w") as file, subprocess.Popen(command, cwd=cli.folder, env=cli.environ, stdout=file) as following:
        try:
            wait_until(lambda: "hello" in log.read_text())
            server = json.loads(cli.ok("server", "status", "-json"))
            os.kill(server["pid"], signal.SIGKILL)
            cli.ok("workspace", "list")
            fetch(f"{release}/again")
            wait_until(lambda: "served /again" in log.read_text())
        finally:
            following.terminate()
        assert following.wait(60) == 130
    assert log.read_text().count("hello") == 1


def test_a_second_up_of_the_same_app_waits_and_says_for_what(cli: Cli) -> None:
    go, started = cli.folder / "go", cli.folder / "started"
    write_project(cli.folder, app("web", waits_for(go, started)))
    log = (cli.home / "second.log").open("w+")
    with (
        subprocess.Popen([*cli.command, "up"], cwd=cli.folder, env=cli.environ, stderr=subprocess.DEVNULL) as first,
        log,
    ):
        wait_until(started.exists)
        command = [*cli.command, "up", "-plain"]
        with subprocess.Popen(
            command, cwd=cli.folder, env=cli.environ, stderr=log, stdout=subprocess.DEVNULL
        ) as second:
            said = Path(log.name)
            wait_until(lambda: "Waiting for the up of shop/web in workspace default" in said.read_text())
            go.touch()
            assert first.wait(60) == 0
            assert second.wait(60) == 0
    assert len(json.loads(cli.ok("deployment", "list", "-json", "-physical-state=any"))) == 2


def test_jobs_are_listed_inspected_and_replayed(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    cli.ok("build")
    lines = cli.ok("job", "list", "-state=Success").splitlines()
    assert lines[1].split()[1:3] == ["Build", "Success"]
    job = lines[1].split()[0]
    assert json.loads(cli.ok("job", "list", "-json"))["id"] == job
    assert "Operation: Build" in cli.ok("job", "inspect", job)
    assert json.loads(cli.ok("job", "inspect", "-json", job))["application"]["application"] == "web"
    assert "ok: Files: " in cli.ok("job", "get-stream", job)
    assert cli.ok("job", "list", "-state=Queued,Running").count("\n") == 1
    assert job in cli.ok("job", "cancel", job)
    cli.fails("job", "inspect", "nonsense")
    cli.fails("job", "get-stream", "nonsense")
    cli.fails("job", "cancel", "nonsense")


def test_stages_one_by_one(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    cli.ok("init")
    assert "Run `waypoint build` first." in cli.fails("deploy")
    cli.ok("build")
    assert "Release URL" not in cli.ok("deploy", "-release=false")
    first = cli.ok("release")
    assert fetch(url(first, "Release URL")) == "None None"
    cli.ok("build")
    cli.ok("deploy", "-artifact=1", "-prune=false")
    assert json.loads(cli.ok("deployment", "list", "-json"))[0]["artifact"]["sequence"] == "1"
    assert "there is no artifact '77'" in cli.fails("deploy", "-artifact=77")


def test_a_build_is_pushed_by_itself(cli: Cli) -> None:
    store = cli.home / "store"
    registry = f'registry {{\n      use "files" {{\n        path = "{store}"\n      }}\n    }}'
    write_project(cli.folder, app("web").replace('use "files" {}', f'use "files" {{}}\n    {registry}', 1))
    assert "there is no build of 'web'" in cli.fails("artifact", "push", "-local")
    assert "Created artifact" not in cli.ok("build", "-push=false")
    assert "Created artifact v1\n" in cli.ok("artifact", "push")
    assert "Created artifact v2\n" in cli.ok("build")


def test_a_remote_job_goes_on_when_the_watcher_leaves(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    cli.ok("init")
    log = cli.home / "up.log"
    command = [*cli.command, "up", "-local=false"]
    with log.open("w") as file, subprocess.Popen(command, cwd=cli.folder, env=cli.environ, stderr=file) as watching:
        wait_until(lambda: "No runner takes it" in log.read_text())
        watching.send_signal(signal.SIGINT)
        assert watching.wait(60) == 130
    found = re.search(r"`waypoint job cancel (\w+)` ends it", log.read_text())
    assert found, log.read_text()
    assert found[1] in cli.ok("job", "list", "-state=Queued")
    cli.ok("job", "cancel", found[1])
    assert found[1] in cli.ok("job", "list", "-state=Error")
    assert "cannot run locally" in cli.fails("up", "-project=other", "-app=web", "-local")


def test_it_runs_from_a_folder_below_and_stays_out_of_it(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    below = cli.folder / "src/deep"
    below.mkdir(parents=True)
    done = subprocess.run([*cli.command, "up"], cwd=below, env=cli.environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert list(below.iterdir()) == []
    assert not (cli.folder / "data.db").exists()


def test_destroy_asks_on_a_terminal_and_only_yes_is_yes(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    release = url(cli.ok("up"), "Release URL")
    for answer, destroyed in ((b"no\n", False), (b"\n", False), (b"\x04", False), (b"yes\n", True)):
        with Terminal([*cli.command, "destroy"], cli.environ, str(cli.folder)) as seen:
            seen.wait_for("This destroys 1 deployment and 1 release of app 'web'")
            seen.send(answer)
            assert seen.finish() == 0
            assert ("Nothing was destroyed." in seen.history) is not destroyed
            assert ("Destroy successful!" in seen.history) is destroyed
        if not destroyed:
            assert fetch(release) == "None None"


def test_variables_come_from_environment_files_and_flags(cli: Cli) -> None:
    variables = "".join(
        f'variable "{name}" {{\n  default = "default"\n}}\n' for name in ("one", "two", "three", "four")
    )
    labels = 'labels = {\n    all = join("-", [var.one, var.two, var.three, var.four])\n  }'
    write_project(cli.folder, variables, app("web").replace("  build {", f"  {labels}\n  build {{", 1))
    (cli.folder / "more.wpvars").write_text('two = "file"\nthree = "file"\n')
    output = cli.ok("build", "-var-file=more.wpvars", "-var", "three=flag", WP_VAR_one="env", WP_VAR_two="env")
    rows = [line.split() for line in output.split("Variables used:\n")[1].splitlines()[1:5]]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("four", "default", "default"), ("one", "env", "env"), ("three", "flag", "cli"), ("two", "file", "file"),
    ]  # fmt: skip
    assert "missing.wpvars" in cli.fails("build", "-var-file=missing.wpvars")
