"""Every listing: its flags, its JSON, its plain form, and its fit into a terminal of 80 columns."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from tests.wp_cli.conftest import Cli
from tests.wp_cli.terminal import Terminal

from wp_cli.commands.job import sort_key
from wp_cli.render.table import visible_width
from wp_proto.waypoint import api as pb
from wp_server.ids import new_id
from wp_server.jobs import machine
from wp_server.store import Store, jobs, projects

PROJECT = """\
project = "shop"

variable "status" {
  default = "0"
}

app "web" {
  build {
    use "null" {}
  }
  deploy {
    hook {
      when    = "before"
      command = ["sh", "-c", "exit ${var.status}"]
    }
    use "null" {}
  }
  release {
    use "null" {}
  }
}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """Deployments 1 and 2 in `default` (2 is released), 3 in `staging`, and 4, which failed."""
    home = tmp_path_factory.mktemp("shop") / "home"
    home.mkdir()
    cli = Cli(home)
    (cli.folder / "waypoint.hcl").write_text(PROJECT)
    cli.ok("up")
    cli.ok("up", "-label=team=blue", "-label", "team/long=a-value-of-many-more-than-thirty-characters")
    cli.ok("up", "-w=staging")
    cli.fails("deploy", "-var=status=3")
    yield cli
    cli.run("server", "stop")


def sequences(cli: Cli, *words: str) -> list[int]:
    return [int(row["sequence"]) for row in json.loads(cli.ok(*words, "-json"))]


def test_deployments(shop: Cli) -> None:
    listed = ("deployment", "list")
    assert sequences(shop, *listed) == [2, 1]
    assert sequences(shop, *listed, "-desc=false") == [1, 2]
    assert sequences(shop, *listed, "-limit=1") == [2]
    assert sequences(shop, *listed, "-limit=1", "-desc=false") == [1]
    assert sequences(shop, *listed, "-order-by=complete-time") == [2, 1]
    assert sequences(shop, *listed, "-workspace=staging") == [3]
    assert sequences(shop, *listed, "-workspace-all") == [3, 2, 1]
    assert sequences(shop, *listed, "-physical-state=any") == [4, 2, 1]
    assert sequences(shop, *listed, "-physical-state=any", "-state=error") == [4]
    assert sequences(shop, *listed, "-physical-state=any", "-state=error,success") == [4, 2, 1]
    assert sequences(shop, *listed, "-physical-state=destroyed") == []
    row = json.loads(shop.ok(*listed, "-json"))[0]
    assert row["labels"]["team"] == "blue"
    assert (row["status"]["state"], row["physical_state"], row["workspace"]) == ("success", "created", "default")
    plain = shop.ok(*listed)
    assert plain.startswith("\n» web\n")
    assert [line.split()[:2] for line in plain.splitlines()[3:]] == [["🚀", "2"], ["✔", "1"]]
    assert f"2 ({row['id']})" in shop.ok(*listed, "-long-ids")
    assert "URL" in shop.ok(*listed, "-u").splitlines()[2]
    shown = shop.ok(*listed, "-V")
    assert "team:blue" in shown
    assert "team/long:a-value-of-many-mor…" in shown
    assert "expected one of any, created" in shop.fails(*listed, "-physical-state=gone")


def test_releases(shop: Cli) -> None:
    listed = ("release", "list")
    assert sequences(shop, *listed) == [2, 1]
    assert sequences(shop, *listed, "-desc=false", "-order-by=complete-time") == [1, 2]
    assert sequences(shop, *listed, "-limit=1") == [2]
    assert sequences(shop, *listed, "-workspace-all") == [3, 2, 1]
    assert sequences(shop, *listed, "-state=error") == []
    assert sequences(shop, *listed, "-state=success", "-physical-state=any") == [2, 1]
    assert sequences(shop, *listed, "-physical-state=destroyed") == []
    row = json.loads(shop.ok(*listed, "-json"))[0]
    assert f"2 ({row['deploymentId']})" in shop.ok(*listed, "-long-ids")
    assert [line.split()[:3] for line in shop.ok(*listed).splitlines()[3:]] == [["🚀", "2", "2"], ["✔", "1", "1"]]
    assert "URL" in shop.ok(*listed, "-url").splitlines()[2]
    assert "team:blue" in shop.ok(*listed, "-verbose")


@pytest.mark.parametrize("noun", ["list", "list-builds"])
def test_artifacts_and_builds(shop: Cli, noun: str) -> None:
    listed = ("artifact", noun)
    assert sequences(shop, *listed) == [2, 1]
    assert sequences(shop, *listed, "-desc=false", "-limit=1") == [1]
    assert sequences(shop, *listed, "-order-by=complete-time", "-workspace-all") == [3, 2, 1]
    assert sequences(shop, *listed, "-w", "staging") == [3]
    row = json.loads(shop.ok(*listed, "-json"))[0]
    assert f"2 ({row['id']})" in shop.ok(*listed, "-long-ids")
    assert [line.split()[:2] for line in shop.ok(*listed).splitlines()[3:]] == [["✔", "2"], ["✔", "1"]]
    assert "team:blue" in shop.ok(*listed, "-verbose")


def test_jobs(shop: Cli) -> None:
    def operations(*flags: str) -> list[str]:
        decoder, text, found = json.JSONDecoder(), shop.ok("job", "list", "-json", *flags), []
        while text.strip():
            job, end = decoder.raw_decode(text.lstrip())
            found.append(next(name for name in ("up", "deploy", "release", "build") if name in job))
            text = text.lstrip()[end:]
        return found

    assert operations() == ["deploy", "up", "up", "up"]
    assert operations("-desc=false") == ["up", "up", "up", "deploy"]
    assert operations("-limit=1") == ["deploy"]
    assert operations("-state=Error") == ["deploy"]
    assert operations("-state=success", "-state=running") == ["up", "up", "up"]
    assert operations("-workspace=staging") == ["up"]
    assert operations("-project=shop", "-app=web") == ["deploy", "up", "up", "up"]
    assert operations("-project=other") == []
    assert operations("-target-runner-id=*") == []
    assert operations("-target-runner-label=region=eu") == []
    shown = shop.ok("job", "list", "-verbose").splitlines()
    assert shown[0].split()[-2:] == ["APPLICATION", "PIPELINE"]
    runner = re.search(r"Target Runner: (\w+)", shop.ok("job", "inspect", shown[1].split()[0]))
    assert runner
    assert operations(f"-target-runner-id={runner[1]}") == ["deploy"]
    for flags in (
        ["-target-runner-id=x", "-target-runner-label=a=b"], ["-pipeline-id=x", "-pipeline-name=y"], ["-run=1"],
    ):  # fmt: skip
        assert "waypoint job list -h" in shop.fails("job", "list", *flags)
    for flags in (["-pipeline-name=none"], ["-pipeline-id=none", "-run=2"]):
        done = shop.run("job", "list", *flags)
        assert (done.returncode, done.stdout.count("\n")) in {(0, 1), (1, 0)}, done


def test_every_job_is_listed_however_many_there_are(cli: Cli) -> None:
    """More than a server answers to who asks for no page."""
    folder = cli.home / ".local/share/waypoint/server"
    folder.mkdir(parents=True)

    async def fill() -> None:
        store = Store.open(f"sqlite:///{folder}/data.db")
        await store.write(projects.upsert, pb.Project(name="shop"))
        await store.write(_finished_jobs, 1_200)
        await store.close()

    asyncio.run(fill())
    try:
        listed = cli.ok("job", "list").splitlines()[1:]
        assert len({line.split()[0] for line in listed}) == len(listed) == 1_200
    finally:
        cli.run("server", "stop")


def _finished_jobs(connection: Connection, count: int) -> None:
    now = time.time_ns()
    at = machine.complete(machine.acknowledge(machine.assign(machine.queued(now, None), "r", now), 1, now), 1, now)
    app = pb.Ref.Application(project="shop", application="web")
    for _ in range(count):
        job = pb.Job(id=new_id(), application=app, workspace=pb.Ref.Workspace(workspace="default"), noop=pb.Job.Noop())
        jobs.insert(connection, job, at, "user:test", 0)


def test_a_job_is_replayed_as_it_was_drawn_and_as_json(shop: Cli) -> None:
    job = shop.ok("job", "list").splitlines()[2].split()[0]
    lines = shop.ok("job", "get-stream", job).splitlines()
    assert [line for line in lines if line.startswith("»")] == ["» Building...", "» Deploying...", "» Releasing..."]
    events = [json.loads(line) for line in shop.ok("job", "get-stream", "-json", job).splitlines()]
    assert {"line", "step"} <= {event["event"] for event in events}


LISTINGS = (
    "artifact list", "artifact list-builds", "deployment list", "release list", "job list", "status",
    "status -app=web", "status -all-projects", "project list", "project inspect", "workspace list",
    "workspace inspect", "config get", "context list", "context inspect", "server status",
)  # fmt: skip


@pytest.mark.parametrize("command", LISTINGS)
def test_a_listing_is_json_and_plain_and_fits_a_terminal(shop: Cli, command: str) -> None:
    words = command.split()
    text = shop.ok(*words, "-json")
    first, _ = json.JSONDecoder().raw_decode(text)
    assert isinstance(first, list | dict)
    if command == "config get":
        shop.ok("config", "set", "GREETING=" + "hello " * 30)
    piped = shop.ok(*words)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", piped)
    with Terminal([*shop.command, *words, "-plain"], shop.environ, str(shop.folder), columns=80) as seen:
        assert seen.finish() == 0
        assert b"\x1b" not in seen.raw
        told = seen.raw.decode().replace("\r\n", "\n")
    ages = re.compile(r"\d+ \w+ ago|just now")
    if command != "context list":  # there are none, which is a notice and not a result
        assert ages.sub("AGE", told).split() == ages.sub("AGE", piped).split()
    with Terminal([*shop.command, *words], shop.environ, str(shop.folder), columns=80) as seen:
        assert seen.finish() == 0
        shown = seen.raw.decode().replace("\r\n", "\n").splitlines()
        tables = [line for line in shown if not re.match(r"» |\s+(Config Path|Data):", line)]
        assert max(map(visible_width, tables)) <= 80
        for fact in re.findall(r"\w+", ages.sub("", piped)):
            assert fact in "".join(shown) or len(fact) > 40


def test_a_folder_without_a_project_still_has_an_overview(shop: Cli, tmp_path: Path) -> None:
    elsewhere = Cli.__new__(Cli)
    elsewhere.__dict__.update(shop.__dict__)
    elsewhere.folder = tmp_path
    assert "shop" in elsewhere.ok("status")
    assert "no waypoint.hcl here" in elsewhere.fails("deployment", "list")
    assert sequences(elsewhere, "deployment", "list", "-p", "shop") == [2, 1]


def test_a_job_that_never_ran_is_finished_even_if_nothing_says_since_when() -> None:
    """As Go Waypoint's server has it that was canceled in the queue."""
    waiting = pb.Job(id="waiting", state=pb.Job.QUEUED, queue_time={"seconds": 1})
    done = pb.Job(id="done", state=pb.Job.SUCCESS, queue_time={"seconds": 2}, complete_time={"seconds": 5})
    canceled = pb.Job(id="canceled", state=pb.Job.ERROR, queue_time={"seconds": 2}, cancel_time={"seconds": 4})
    fallen = pb.Job(id="fallen", state=pb.Job.ERROR, queue_time={"seconds": 3})
    found = sorted([waiting, done, canceled, fallen], key=sort_key, reverse=True)
    assert [job.id for job in found] == ["waiting", "done", "canceled", "fallen"]
