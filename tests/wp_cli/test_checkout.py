"""A warning for who has changed the checkout that a remote job will not look at (CLI specification 3.5)."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.wp_cli.projects import app, write_project

from wp_cli.checkout import changes_not_used, place_of
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with the folders `web` and `api` on the branch `main`."""
    folder = tmp_path / "origin.git"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for name in ("web", "api"):
        (folder / name).mkdir()
        (folder / name / "app.py").write_text("1")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    return folder


@pytest.fixture
def checkout(origin: Path) -> Path:
    git(origin.parent, "clone", "-q", str(origin), "checkout")
    return origin.parent / "checkout"


def test_a_checkout_that_is_what_the_job_gets_is_nothing_to_say(origin: Path, checkout: Path) -> None:
    for source in (pb.Job.Git(url=str(origin)), pb.Job.Git(url=f"file://{origin}", ref="main", path="web")):
        assert changes_not_used(source, {}, checkout) == ()
    (checkout / ".waypoint").mkdir()
    (checkout / ".waypoint/state").write_text("of local jobs")
    (checkout / "web/.waypoint").mkdir()
    (checkout / "web/.waypoint/state").write_text("of local jobs")
    assert changes_not_used(pb.Job.Git(url=str(origin)), {}, checkout / "web") == ()


def test_what_is_not_committed(origin: Path, checkout: Path) -> None:
    source = pb.Job.Git(url=str(origin))
    (checkout / "web/new file.py").write_text("2")
    assert changes_not_used(source, {}, checkout / "api") == (
        "what is not committed here (web/new file.py) will not be used",
    )
    (checkout / "web/app.py").write_text("2")
    (found,) = changes_not_used(source, {}, checkout)
    assert found == "what is not committed here (web/app.py and 1 more) will not be used"
    assert changes_not_used(pb.Job.Git(url=str(origin), path="api"), {}, checkout) == ()
    assert changes_not_used(source, {"path": "/web/"}, checkout) == (found,)


def test_what_is_committed_but_not_pushed(origin: Path, checkout: Path) -> None:
    (checkout / "web/app.py").write_text("2")
    git(checkout, "commit", "-qam", "two")
    (found,) = changes_not_used(pb.Job.Git(url=str(origin), ref="main"), {}, checkout)
    assert found == "what is committed here differs from origin/main, which will be used"
    assert "origin's default branch" in changes_not_used(pb.Job.Git(url=str(origin)), {}, checkout)[0]
    assert changes_not_used(pb.Job.Git(url=str(origin), ref="main", path="api"), {}, checkout) == ()
    git(checkout, "push", "-q", "origin", "HEAD:refs/heads/next")
    assert changes_not_used(pb.Job.Git(url=str(origin), ref="main"), {"ref": "next"}, checkout) == ()
    git(checkout, "tag", "v2")
    assert changes_not_used(pb.Job.Git(url=str(origin), ref="v2"), {}, checkout) == ()
    assert changes_not_used(pb.Job.Git(url=str(origin), ref="never-fetched"), {}, checkout) == ()
    assert changes_not_used(pb.Job.Git(url=str(origin), ref="--help"), {}, checkout) == ()


def test_elsewhere_there_is_nothing_to_compare(origin: Path, checkout: Path, tmp_path: Path) -> None:
    (checkout / "web/app.py").write_text("2")
    assert changes_not_used(pb.Job.Git(url="https://example.com/other.git"), {}, checkout) == ()
    assert changes_not_used(pb.Job.Git(url=str(origin)), {}, tmp_path) == ()
    git(tmp_path, "init", "-q", "empty")
    git(tmp_path / "empty", "remote", "add", "origin", str(origin))
    assert changes_not_used(pb.Job.Git(url=str(origin)), {}, tmp_path / "empty") == ()


def test_without_git_nothing_is_said(origin: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert changes_not_used(pb.Job.Git(url=str(origin)), {}, checkout) == ()


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.com/team/shop.git",
        "https://me@git.example.com/team/shop/",
        "git@git.example.com:team/shop",
        "git@git.example.com:/team/shop.git",
        "ssh://git@git.example.com:22/team/shop.git",
        "GIT.example.com:team/shop",
    ],
)
def test_spellings_of_one_repository(url: str) -> None:
    assert place_of(url) == ("git.example.com", "team/shop")


def test_other_repositories_are_others() -> None:
    assert place_of("/srv/shop.git") == ("", "srv/shop") == place_of("file:///srv/shop")
    assert place_of("https://git.example.com/team/other") != place_of("git@git.example.com:team/shop")


def test_up_on_a_remote_runner_warns_once(cli: Cli) -> None:
    write_project(cli.folder, app("web", stages="null"), app("api", stages="null"))
    git(cli.folder, "init", "-q", "-b", "main")
    git(cli.folder, "remote", "add", "origin", "git@git.example.com:team/shop.git")
    cli.ok("init")
    cli.ok("project", "apply", "shop", "-data-source=git", "-git-url=https://git.example.com/team/shop")
    log = cli.home / "up.log"
    command = [*cli.command, "up", "-local=false"]
    with log.open("w") as file, subprocess.Popen(command, cwd=cli.folder, env=cli.environ, stderr=file) as watching:
        end = time.monotonic() + 60
        while "No runner takes it" not in log.read_text():
            assert time.monotonic() < end
            time.sleep(0.05)
        watching.send_signal(signal.SIGINT)
        assert watching.wait(60) == 130
    warning = (
        "warning: The job runs on a remote runner, from https://git.example.com/team/shop: what is not committed here"
    )
    assert log.read_text().count(warning) == 1
    assert "app.py and 1 more" in log.read_text()
