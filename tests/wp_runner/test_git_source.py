from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from tests.wp_runner.real_server import Client
from tests.wp_runner.repositories import git
from tests.wp_runner.test_projects import project

from wp_proto.waypoint import api as pb
from wp_runner.agent import Agent, RunnerKind, RunnerSettings
from wp_runner.datasource import DataSource
from wp_runner.environment import RunnerFacts
from wp_runner.errors import OperationFailed
from wp_runner.git_access import shown_url
from wp_runner.git_mirrors import Mirrors
from wp_runner.git_source import GitSource, with_overrides
from wp_runner.job import JobExecutor
from wp_runner.plugins import PluginHost
from wp_runner.project import load_project
from wp_runner.server import Server
from wp_sdk.context import Context
from wp_sdk.errors import Cancelled
from wp_sdk.terminal import UI, RecordingSink


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """main: "two" (tag v1 on "one"), branch side: "side"; a sub-folder app."""
    folder = tmp_path / "repository"
    (folder / "app").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    for text, after in (
        ("one", ("tag", "v1")),
        ("two", ("checkout", "-q", "-b", "side")),
        ("side", ("checkout", "-q", "main")),
    ):
        (folder / "app" / "text").write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", f"Say {text}\n\nmore")
        git(folder, *after)
    return folder


def git_job(url: str, overrides: dict[str, str] | None = None, **settings: object) -> pb.Job:
    job = pb.Job(data_source_overrides=overrides or {})
    job.data_source.git.CopyFrom(pb.Job.Git(url=url, **settings))
    return job


@pytest.fixture(params=["mirror", "no mirror"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> GitSource:
    return GitSource(Mirrors(tmp_path / "cache", 2**30) if request.param == "mirror" else None)


@pytest.fixture
def fetched(repository: Path, source: GitSource) -> Callable[..., tuple[str, pb.Job.Git.Ref]]:
    """Returns what the file `text` says, and the commit."""

    def fetch(**settings: object) -> tuple[str, pb.Job.Git.Ref]:
        job = git_job(repository.as_uri(), **settings)
        with source(job, Context(), UI(RecordingSink())) as found:
            assert found.ref is not None
            return (found.directory / "text").read_text(), found.ref.git

    return fetch


Fetch: TypeAlias = Callable[..., tuple[str, pb.Job.Git.Ref]]


@contextmanager
def opened(source: GitSource, url: str, ctx: Context | None = None, **settings: object) -> Iterator[DataSource]:
    with source(git_job(url, **settings), ctx or Context(), UI(RecordingSink())) as found:
        yield found


@pytest.mark.parametrize(
    ("ref", "text"), [("", "two"), ("main", "two"), ("side", "side"), ("v1", "one"), ("refs/heads/side", "side")]
)
def test_branches_tags_and_the_default(repository: Path, fetched: Fetch, ref: str, text: str) -> None:
    found, commit = fetched(ref=ref, path="app")
    assert found == text
    assert commit.commit_message == f"Say {text}\n\nmore"
    assert commit.commit == git(repository, "log", "--all", "--format=%H", f"--grep=Say {text}").strip()
    assert commit.timestamp.seconds > 1_000_000_000


def test_commits_long_and_short(repository: Path, fetched: Fetch) -> None:
    commit = git(repository, "rev-parse", "v1").strip()
    for ref in (commit, commit[:10], commit, commit[:12], commit.upper()):
        assert fetched(ref=ref, path="app")[0] == "one"


def test_overrides_win_and_unknown_ones_are_refused(fetched: Fetch) -> None:
    assert fetched(ref="main", path="app", overrides={"ref": "side"})[0] == "side"
    with pytest.raises(OperationFailed, match='no setting "rfe"'):
        fetched(overrides={"rfe": "x"})
    changed = with_overrides(pb.Job.Git(), {"username": "u", "password": "p"})
    assert (changed.basic.username, changed.basic.password) == ("u", "p")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ref": "nowhere"}, 'no branch, tag or commit "nowhere"'),
        ({"path": "missing"}, "no folder 'missing'"),
        ({"path": "../outside"}, "leaves the repository"),
        ({"path": "a/../../b"}, "leaves the repository"),
        ({"ref": "--upload-pack=touch /tmp/x"}, "is not a branch"),
    ],
)
def test_what_is_not_there_is_said(fetched: Fetch, settings: dict[str, str], words: str) -> None:
    for _ in range(2):
        with pytest.raises(OperationFailed, match=words):
            fetched(**settings)


def test_a_repository_without_a_commit_has_no_default(tmp_path: Path, source: GitSource) -> None:
    git(tmp_path, "init", "-q", "empty")
    with pytest.raises(OperationFailed, match="no default branch"), opened(source, (tmp_path / "empty").as_uri()):
        raise AssertionError("must not be reached")


def test_a_repository_that_does_not_exist_shows_what_git_said(fetched: Fetch, tmp_path: Path) -> None:
    with pytest.raises(OperationFailed, match="cannot be fetched") as caught:
        fetched(overrides={"url": (tmp_path / "nothing").as_uri()})
    assert "does not appear to be a git repository" in str(caught.value)


def test_the_tags_of_the_commit_are_there_and_follow_when_they_move(repository: Path, source: GitSource) -> None:
    def tags(ref: str) -> set[str]:
        with opened(source, repository.as_uri(), ref=ref) as found:
            return set(git(found.directory, "tag", "--points-at", "HEAD").split())

    git(repository, "tag", "-a", "-m", "Release", "v1.0", "v1")
    assert tags("v1") == {"v1", "v1.0"}
    assert tags("main") == set()
    git(repository, "tag", "-f", "v1", "main")
    assert tags("main") == {"v1"}
    assert tags("v1.0") == {"v1.0"}


def test_a_checkout_has_an_origin_and_no_place_of_the_runner(repository: Path, source: GitSource) -> None:
    with opened(source, repository.as_uri()) as found:
        assert git(found.directory, "remote", "get-url", "origin").strip() == repository.as_uri()
        assert not (found.directory / ".git/objects/info/alternates").exists()


def test_a_link_out_of_the_repository_is_no_sub_path(repository: Path, fetched: Fetch) -> None:
    (repository / "out").symlink_to("/")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "Link")
    with pytest.raises(OperationFailed, match="no folder 'out/etc'"):
        fetched(path="out/etc")


@pytest.mark.parametrize(("depth", "there"), [(0, []), (1, ["one"]), (2, ["one", "two"]), (9, ["one", "two", "three"])])
def test_submodules_are_there_as_deep_as_was_asked(
    tmp_path: Path, source: GitSource, depth: int, there: list[str]
) -> None:
    inner: Path | None = None
    for name in ("three", "two", "one", "whole"):
        folder = tmp_path / name
        git(tmp_path, "init", "-q", "-b", "main", name)
        (folder / "text").write_text(name)
        if inner is not None:
            git(folder, "submodule", "--quiet", "add", f"../{inner.name}", f"lib/{inner.name}")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", name)
        inner = folder
    with opened(source, folder.as_uri(), recurse_submodules=depth) as found:
        place = found.directory
        for name in ("one", "two", "three"):
            place = place / "lib" / name
            assert (place / "text").exists() == (name in there)


def test_passwords_are_not_shown() -> None:
    assert shown_url("https://me:secret@example.org:8443/x.git") == "https://example.org:8443/x.git"
    assert shown_url("git@example.org:x.git") == "git@example.org:x.git"


def test_nothing_is_left_and_cancelling_stops(
    repository: Path, source: GitSource, fetched: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    fetched(path="app")
    ctx = Context()
    ctx.cancel()
    with pytest.raises(Cancelled), opened(source, repository.as_uri(), ctx):
        raise AssertionError("must not be reached")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_standing_runner_works_on_a_repository(client: Client, repository: Path) -> None:
    (repository / "app" / "waypoint.hcl").write_text(project("remote", build='use "null" {}', deploy='use "null" {}'))
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "Configure")
    remote = pb.Project(name="remote")
    remote.data_source.git.CopyFrom(pb.Job.Git(url=repository.as_uri(), path="app"))
    client.stub.UpsertProject(pb.UpsertProjectRequest(project=remote))
    settings = RunnerSettings(RunnerKind.REMOTE, slots=2)
    facts = RunnerFacts(settings.id, local=False, host=PluginHost(), entrypoint=lambda: None)
    execute = JobExecutor(Server(client.stub), facts, GitSource(), load_project)
    with Agent(client.stub, settings, execute):
        job = pb.Job(
            application=pb.Ref.Application(application="web", project="remote"),
            workspace=pb.Ref.Workspace(workspace="default"),
            target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
            up=pb.Job.UpOp(),
        )
        job_id = client.stub.QueueJob(pb.QueueJobRequest(job=job)).job_id
        done, shown = client.finish(job_id)
    assert done.error.message == "", shown
    assert "Fetched file://" in shown
    stored = client.stub.GetJob(pb.GetJobRequest(job_id=job_id))
    assert stored.data_source_ref.git.commit == git(repository, "rev-parse", "HEAD").strip()
