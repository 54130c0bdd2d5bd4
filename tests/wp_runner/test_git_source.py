from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.wp_runner.real_server import Client
from tests.wp_runner.test_projects import project

from wp_proto.waypoint import api as pb
from wp_runner.agent import Agent, RunnerKind, RunnerSettings
from wp_runner.environment import RunnerFacts
from wp_runner.errors import OperationFailed
from wp_runner.git_source import git_source, shown_url, with_overrides
from wp_runner.job import JobExecutor
from wp_runner.plugins import PluginHost
from wp_runner.project import load_project
from wp_runner.server import Server
from wp_sdk.context import Context
from wp_sdk.errors import Cancelled
from wp_sdk.terminal import UI, RecordingSink


def git(folder: Path, *words: str) -> str:
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.org",
        "GIT_ALLOW_PROTOCOL": "file",
    }
    return subprocess.run(
        ["git", *words], cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout


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


def fetched(repository: Path, **settings: object) -> tuple[str, pb.Job.Git.Ref]:
    overrides = settings.pop("overrides", {})
    job = pb.Job(data_source_overrides=overrides)
    job.data_source.git.CopyFrom(pb.Job.Git(url=repository.as_uri(), **settings))
    with git_source(job, Context(), UI(RecordingSink())) as source:
        assert source.ref is not None
        return (source.directory / "text").read_text(), source.ref.git


@pytest.mark.parametrize(
    ("ref", "text"), [("", "two"), ("main", "two"), ("side", "side"), ("v1", "one"), ("refs/heads/side", "side")]
)
def test_branches_tags_and_the_default(repository: Path, ref: str, text: str) -> None:
    found, commit = fetched(repository, ref=ref, path="app")
    assert found == text
    assert commit.commit_message == f"Say {text}\n\nmore"
    assert commit.commit == git(repository, "log", "--all", "--format=%H", f"--grep=Say {text}").strip()
    assert commit.timestamp.seconds > 1_000_000_000


def test_commits_long_and_short(repository: Path) -> None:
    commit = git(repository, "rev-parse", "v1").strip()
    assert fetched(repository, ref=commit, path="app")[0] == "one"
    assert fetched(repository, ref=commit[:10], path="app")[0] == "one"


def test_overrides_win_and_unknown_ones_are_refused(repository: Path) -> None:
    assert fetched(repository, ref="main", path="app", overrides={"ref": "side"})[0] == "side"
    with pytest.raises(OperationFailed, match='no setting "rfe"'):
        fetched(repository, overrides={"rfe": "x"})
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
def test_what_is_not_there_is_said(repository: Path, settings: dict[str, str], words: str) -> None:
    with pytest.raises(OperationFailed, match=words):
        fetched(repository, **settings)


def test_a_repository_that_does_not_exist_shows_what_git_said(tmp_path: Path) -> None:
    with pytest.raises(OperationFailed, match="cannot be fetched") as caught:
        fetched(tmp_path / "nothing")
    assert "does not appear to be a git repository" in str(caught.value)


def test_passwords_are_not_shown() -> None:
    assert shown_url("https://me:secret@example.org:8443/x.git") == "https://example.org:8443/x.git"
    assert shown_url("git@example.org:x.git") == "git@example.org:x.git"


def test_nothing_is_left_and_cancelling_stops(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    fetched(repository, path="app")
    ctx = Context()
    ctx.cancel()
    job = pb.Job()
    job.data_source.git.url = repository.as_uri()
    with pytest.raises(Cancelled), git_source(job, ctx, UI(RecordingSink())):
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
    execute = JobExecutor(Server(client.stub), facts, git_source, load_project)
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
