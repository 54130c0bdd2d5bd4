"""Looking at a repository for something to deploy, without fetching its files (server specification 9.1).

The commit is compared first, then git's hashes of the files: a commit that changes none of them, or none below the
source's path where only those count, is noted as seen and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wp_proto.waypoint import api as pb
from wp_runner.errors import OperationFailed
from wp_runner.git_program import Git
from wp_runner.git_source import HEAD, GitSource, describe, fetched, found_at_remote, with_overrides
from wp_runner.server import Server
from wp_sdk.context import Context
from wp_sdk.terminal import UI

_TREES_ONLY = "--filter=blob:none"
"""Names and hashes of files; their content is not needed, and a remote that cannot leave it out sends it."""
_SHOWN = 12
"""Digits of a commit."""


@dataclass
class SourceJob:
    """One job about a data source as such. `repositories` reaches it; `seen` tells the server which revision the
    project is at."""

    job: pb.Job
    server: Server
    ui: UI
    ctx: Context
    repositories: GitSource
    seen: Callable[[pb.Job.DataSource.Ref], None]


def poll(env: SourceJob) -> pb.Job.Result:
    """`poll{known}`: queue an `up` of every application when there is something new. Raises `OperationFailed`."""
    if env.job.data_source.WhichOneof("source") != "git":
        raise OperationFailed("Only a git data source can be polled", do="Set one with waypoint project apply")
    wanted = with_overrides(env.job.data_source.git, env.job.data_source_overrides)
    old = _known(env)
    with env.repositories.opened(wanted, env.ctx) as git:
        shown = git.access.shown
        with env.ui.step(f"Looking at {shown}...") as step:
            name, commit = found_at_remote(git, wanted.ref or HEAD)
            if commit and commit == old.git.commit and old.git.path == wanted.path:
                step.done(f"{shown} is still at {commit[:_SHOWN]}")
                return pb.Job.Result(poll=pb.Job.PollResult(old_ref=old, new_ref=old))
            new = _described(git, _fetched(git, wanted.ref or HEAD, name), wanted.path)
            step.done(f"{shown} is at {new.git.commit[:_SHOWN]}")
        result = pb.Job.PollResult(old_ref=old, new_ref=new)
        if _same_files(git, old.git, new.git, wanted.ignore_changes_outside_path):
            place = f" below {wanted.path}" if wanted.ignore_changes_outside_path and wanted.path else ""
            env.ui.line(f"The commit {new.git.commit[:_SHOWN]} changes no files{place}: nothing to deploy")
            env.seen(new)
            return pb.Job.Result(poll=result)
    result.job_id = _queue(env, new.git.commit)
    env.ui.line(f"Queued the deployment of {new.git.commit[:_SHOWN]} (job {result.job_id})")
    return pb.Job.Result(poll=result)


def _known(env: SourceJob) -> pb.Job.DataSource.Ref:
    """What was seen last; of a server that does not keep that, what the default workspace was made from last."""
    if env.job.poll.HasField("known"):
        return env.job.poll.known
    project = pb.Ref.Project(project=env.job.application.project)
    answer = env.server.call(env.server.stub.GetProject, pb.GetProjectRequest(project=project))
    wanted = env.job.workspace.workspace.lower()
    for entry in answer.workspaces:
        if entry.workspace.workspace.lower() == wanted:
            return entry.data_source_ref
    return pb.Job.DataSource.Ref()


def _fetched(git: Git, ref: str, name: str) -> str:
    """Fetch a ref without the content of its files; returns what it is called now. Raises `OperationFailed`."""
    if name and _bring(git, name):
        return "FETCH_HEAD"
    return fetched(git, ref, name)


def _bring(git: Git, name: str) -> bool:
    return git.attempt("fetch", "--quiet", "--depth=1", "--no-tags", _TREES_ONLY, "origin", name).returncode == 0


def _described(git: Git, revision: str, path: str) -> pb.Job.DataSource.Ref:
    ref = describe(git, revision)
    ref.git.path = path
    ref.git.tree = git.run("rev-parse", f"{revision}^{{tree}}").strip()
    below = git.attempt("rev-parse", "--verify", "--quiet", f"{revision}:{path.rstrip('/')}")
    if below.returncode != 0:
        raise OperationFailed(f"The repository has no folder {path!r}", where=git.access.shown)
    ref.git.path_tree = below.stdout.strip()
    return ref


def _same_files(git: Git, old: pb.Job.Git.Ref, new: pb.Job.Git.Ref, below_path_only: bool) -> bool:
    if not old.commit:
        return False
    if not old.tree:
        # Noted by somebody who does not look at files; a commit that was replaced may be gone.
        if not _bring(git, old.commit):
            return False
        try:
            old = _described(git, old.commit, new.path).git
        except OperationFailed:
            return False
    if old.path != new.path:
        return False
    return old.path_tree == new.path_tree if below_path_only else old.tree == new.tree


def _queue(env: SourceJob, commit: str) -> str:
    """The data source is left to the server, so that no credentials lie in the template."""
    project, workspace = env.job.application.project, env.job.workspace.workspace
    up = pb.Job(
        workspace=env.job.workspace,
        target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
        singleton_id=f"poll-trigger/{workspace}/{project}".lower(),
        data_source_overrides={"ref": commit},
    )
    job = pb.Job()
    job.CopyFrom(up)
    up.up.SetInParent()
    job.application.project = project
    job.queue_project.job_template.CopyFrom(up)
    # A repetition replaces the job that it repeats.
    return env.server.call(env.server.stub.QueueJob, pb.QueueJobRequest(job=job)).job_id
