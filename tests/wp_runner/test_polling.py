"""Polling of a repository, with the server program, a runner, and real repositories (server specification 9.1)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.git_servers import GitHttp
from tests.wp_runner.real_server import Client
from tests.wp_runner.repositories import Repository, git
from tests.wp_runner.test_projects import project, until

from wp_proto.own.polling_pb2 import Polling
from wp_proto.waypoint import api as pb
from wp_runner.agent import RunnerKind, RunnerSettings
from wp_runner.remote import RemoteRunner

DONE = (pb.Job.SUCCESS, pb.Job.ERROR)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repositories")


@pytest.fixture
def runner(client: Client, tmp_path: Path) -> Iterator[RemoteRunner]:
    with RemoteRunner(client.stub, RunnerSettings(RunnerKind.REMOTE, slots=2), tmp_path) as running:
        yield running


class Watched:
    """A project as its server sees it."""

    def __init__(self, client: Client, name: str) -> None:
        self.client, self.name = client, name

    def apply(self, poll: bool = True, interval: str = "1s", **source: object) -> None:
        applied = pb.Project(name=self.name)
        applied.data_source.git.CopyFrom(pb.Job.Git(**source))
        applied.data_source_poll.enabled, applied.data_source_poll.interval = poll, interval
        self.client.stub.UpsertProject(pb.UpsertProjectRequest(project=applied))

    @property
    def polling(self) -> Polling:
        found = self.client.stub.GetProject(pb.GetProjectRequest(project=pb.Ref.Project(project=self.name)))
        return next(one for one in found.polling if not one.application)

    def jobs(self, operation: str) -> list[pb.Job]:
        request = pb.ListJobsRequest(project=pb.Ref.Project(project=self.name))
        return [job for job in self.client.stub.ListJobs(request).jobs if job.WhichOneof("operation") == operation]

    def deployed(self) -> list[str]:
        """The commits that were deployed, oldest first."""
        application = pb.Ref.Application(project=self.name, application="web")
        found = self.client.stub.ListDeployments(pb.ListDeploymentsRequest(application=application)).deployments
        return [
            one.preload.job_data_source_ref.git.commit for one in found[::-1] if one.status.state == pb.Status.SUCCESS
        ]

    def until_seen(self, commit: str) -> None:
        until(lambda: self.polling.commit == commit, 60)

    def rest(self) -> None:
        """Polls no more, and lets everything end that was queued."""
        request = pb.GetProjectRequest(project=pb.Ref.Project(project=self.name))
        stored = self.client.stub.GetProject(request).project
        stored.data_source_poll.enabled = stored.status_report_poll.enabled = False
        self.client.stub.UpsertProject(pb.UpsertProjectRequest(project=stored))
        for operation in ("poll", "queue_project", "up", "status_report"):
            until(lambda operation=operation: all(job.state in DONE for job in self.jobs(operation)), 60)


@pytest.fixture
def watched(client: Client, runner: RemoteRunner, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """Ends before the runner, which has to execute what is still queued then."""
    made = Watched(client, f"polled-{zlib.crc32(request.node.name.encode())}")
    yield made
    made.rest()


def hcl(watched: Watched) -> str:
    return project(watched.name, build='use "null" {}', deploy='use "null" {}')


def test_a_commit_is_deployed_one_outside_the_path_is_not(
    repository: Repository, watched: Watched, runner: RemoteRunner
) -> None:
    first = repository.push("First", app__text="1", other="1")
    (repository.work / "app" / "waypoint.hcl").write_text(hcl(watched))
    first = repository.push("Configure")
    watched.apply(url=repository.url, path="app", ignore_changes_outside_path=True)
    until(lambda: watched.deployed() == [first], 60)
    second = repository.push("Inside", app__text="2")
    until(lambda: watched.deployed() == [first, second], 60)
    outside = repository.push("Outside", other="2")
    watched.until_seen(outside)
    empty = repository.push("Nothing at all")
    watched.until_seen(empty)
    third = repository.push("Inside again", app__text="3")
    until(lambda: watched.deployed() == [first, second, third], 60)
    assert len(watched.jobs("queue_project")) == 3
    assert watched.polling.problem == ""


def test_every_commit_counts_without_the_filter_but_not_one_that_changes_no_files(
    repository: Repository, watched: Watched, runner: RemoteRunner
) -> None:
    repository.push("First", app__text="1")
    (repository.work / "app" / "waypoint.hcl").write_text(hcl(watched))
    first = repository.push("Configure")
    watched.apply(url=repository.url, path="app")
    until(lambda: watched.deployed() == [first], 60)
    empty = repository.push("Nothing at all")
    watched.until_seen(empty)
    other = repository.push("Beside the application", other="1")
    until(lambda: watched.deployed() == [first, other], 60)


def test_a_repository_over_http_with_a_password(repository: Repository, watched: Watched, runner: RemoteRunner) -> None:
    (repository.work / "waypoint.hcl").write_text(hcl(watched))
    first = repository.push("First")
    served = GitHttp(repository.bare.parent, "me", "secret", tls=False)
    try:
        basic = pb.Job.Git.Basic(username="me", password="wrong")
        watched.apply(url=served.url("shop.git"), basic=basic)
        until(lambda: "cannot be fetched" in watched.polling.problem, 60)
        assert "secret" not in watched.polling.problem
        basic.password = "secret"
        watched.apply(url=served.url("shop.git"), basic=basic)
        until(lambda: watched.deployed() == [first], 60)
        second = repository.push("Second", text="2")
        until(lambda: watched.deployed() == [first, second], 60)
        assert watched.polling.problem == ""
        (queued, *_) = watched.jobs("queue_project")
        assert not queued.queue_project.job_template.HasField("data_source")
    finally:
        watched.rest()
        served.close()


def test_branches_tags_and_commits_that_were_replaced(
    repository: Repository, watched: Watched, runner: RemoteRunner
) -> None:
    (repository.work / "waypoint.hcl").write_text(hcl(watched))
    first = repository.push("First")
    git(repository.work, "tag", "-a", "-m", "v", "v1")
    git(repository.work, "push", "-q", "origin", "v1")
    watched.apply(url=repository.url, ref="v1")
    until(lambda: watched.deployed() == [first], 60)
    repository.push("Second", text="2")
    git(repository.work, "checkout", "-q", "-b", "feature/main")
    git(repository.work, "push", "-q", "origin", "HEAD")
    repository.push("On a branch whose name ends like the other", text="branch")
    git(repository.work, "checkout", "-q", "main")
    git(repository.work, "commit", "-q", "--amend", "-m", "Second, replaced")
    replaced = repository.push("Third", text="3")
    watched.apply(url=repository.url, ref="main")
    until(lambda: watched.deployed() == [first, replaced], 60)
    watched.apply(url=repository.url, ref=first)
    until(lambda: watched.deployed() == [first, replaced, first], 60)


def test_a_commit_that_cannot_be_configured_is_shown_and_the_next_one_deployed(
    repository: Repository, watched: Watched, runner: RemoteRunner
) -> None:
    (repository.work / "waypoint.hcl").write_text("project = ")
    broken = repository.push("Broken")
    watched.apply(url=repository.url)
    until(lambda: f"The commit {broken[:12]} is not deployed" in watched.polling.problem, 60)
    polls = len(watched.jobs("poll"))
    until(lambda: len(watched.jobs("poll")) > polls + 1, 60)
    assert len(watched.jobs("queue_project")) == 1, "a broken commit is not tried again and again"
    assert f"The commit {broken[:12]} is not deployed" in watched.polling.problem
    (repository.work / "waypoint.hcl").write_text(hcl(watched))
    mended = repository.push("Mended")
    until(lambda: watched.deployed() == [mended], 60)
    until(lambda: watched.polling.problem == "", 60)


def test_looks_stop_when_they_are_switched_off(repository: Repository, watched: Watched, runner: RemoteRunner) -> None:
    (repository.work / "waypoint.hcl").write_text(hcl(watched))
    first = repository.push("First")
    watched.apply(url=repository.url, interval="1h")
    until(lambda: watched.deployed() == [first], 60)
    second = repository.push("Second", text="2")
    watched.apply(url=repository.url, interval="2h")  # a change of the settings is a reason to look at once
    until(lambda: watched.deployed() == [first, second], 60)
    watched.apply(poll=False, url=repository.url)
    found = watched.client.stub.GetProject(pb.GetProjectRequest(project=pb.Ref.Project(project=watched.name)))
    assert not [one for one in found.polling if not one.application]


def test_a_look_that_somebody_asks_for_compares_with_what_the_workspace_was_made_from(
    repository: Repository, watched: Watched, runner: RemoteRunner
) -> None:
    """The server says nothing of what was seen, as one of another make: the runner asks for it."""
    (repository.work / "waypoint.hcl").write_text(hcl(watched))
    first = repository.push("First")
    watched.apply(poll=False, url=repository.url)

    def look() -> pb.Job.PollResult:
        job = pb.Job(poll=pb.Job.PollOp())
        job.application.project, job.workspace.workspace = watched.name, "default"
        job.target_runner.any.SetInParent()
        job_id = watched.client.stub.QueueJob(pb.QueueJobRequest(job=job)).job_id
        outcome, shown = watched.client.finish(job_id)
        assert not outcome.error.message, shown
        return outcome.result.poll

    until(lambda: all(job.state in DONE for job in watched.jobs("init")), 60)
    second = repository.push("Second", text="2")
    found = look()
    assert (found.old_ref.git.commit, found.new_ref.git.commit) == (first, second)
    assert found.job_id
    until(lambda: watched.deployed() == [second], 60)
    assert not look().job_id
    empty = repository.push("Nothing at all")
    found = look()
    assert (found.old_ref.git.commit, found.new_ref.git.commit, found.job_id) == (second, empty, "")
    assert look().old_ref.git.commit == empty


def test_what_cannot_be_looked_at_is_said(repository: Repository, watched: Watched, runner: RemoteRunner) -> None:
    repository.push("First", text="1")
    watched.apply(url=repository.url, path="missing")
    until(lambda: "has no folder 'missing'" in watched.polling.problem, 60)
    watched.apply(url=repository.url, ref="nowhere")
    until(lambda: 'no branch, tag or commit "nowhere"' in watched.polling.problem, 60)
    watched.apply(url=f"{repository.url}-gone")
    until(lambda: "cannot be fetched" in watched.polling.problem, 60)
    assert not watched.jobs("queue_project")
