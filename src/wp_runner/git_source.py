"""Fetches a job's files from a git repository with the git program (server specification 7.11).

Only the wanted commit is fetched where the remote allows it. Credentials reach git through its environment and a
helper file in a private folder that goes away with the job, never through arguments or the address.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit, urlunsplit

from wp_proto.waypoint import api as pb
from wp_runner.datasource import DataSource
from wp_runner.errors import OperationFailed
from wp_sdk.context import Context
from wp_sdk.terminal import UI

PROTOCOLS = "file:git:http:https:ssh"
LAST_LINES = 5
ASKPASS = """\
#!/bin/sh
case "$1" in
  Username*) printf '%s\\n' "$WAYPOINT_GIT_USERNAME" ;;
  *) printf '%s\\n' "$WAYPOINT_GIT_PASSWORD" ;;
esac
"""


@contextmanager
def git_source(job: pb.Job, ctx: Context, ui: UI) -> Iterator[DataSource]:
    """Check out the job's repository into a folder that lives as long as the job.

    Raises `OperationFailed` with what git said when the repository or the ref cannot be had.
    """
    wanted = with_overrides(job.data_source.git, job.data_source_overrides)
    below = _inside(wanted.path)
    if shutil.which("git") is None:
        raise OperationFailed("The program git is not installed on this runner", do="Install git")
    with tempfile.TemporaryDirectory(prefix="waypoint-git-") as folder:
        private = Path(folder, "private")
        private.mkdir(mode=0o700)
        git = _Git(ctx, Path(folder, "source"), _environment(wanted, private), shown_url(wanted.url))
        with ui.step(f"Fetching {git.shown}...") as step:
            _check_out(git, wanted)
            ref = _describe(git)
            step.done(f"Fetched {git.shown} at {ref.git.commit[:12]}")
        shutil.rmtree(private)
        directory = git.folder / below
        if not directory.is_dir():
            raise OperationFailed(f"The repository has no folder {wanted.path!r}", where=git.shown)
        yield DataSource(directory, ref)


def with_overrides(git: pb.Job.Git, overrides: Mapping[str, str]) -> pb.Job.Git:
    """Apply a job's `data_source_overrides`; raises `OperationFailed` for a key that means nothing."""
    result = pb.Job.Git()
    result.CopyFrom(git)
    for key, value in overrides.items():
        match key:
            case "url" | "ref" | "path":
                setattr(result, key, value)
            case "username" | "password":
                setattr(result.basic, key, value)
            case "key":
                result.ssh.private_key_pem = value.encode()
            case "key_password":
                result.ssh.password = value
            case _:
                raise OperationFailed(f'The data source has no setting "{key}"', do="Correct -remote-source")
    return result


def shown_url(url: str) -> str:
    """The address without user and password."""
    parts = urlsplit(url)
    if not parts.scheme or parts.username is None:
        return url
    host = parts.hostname or ""
    return urlunsplit(parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host))


@dataclass(frozen=True)
class _Git:
    ctx: Context
    folder: Path
    environment: Mapping[str, str]
    shown: str

    def run(self, *words: str) -> str:
        """Run git in the folder; returns its output. Raises `OperationFailed` with its last lines."""
        done = self.attempt(*words)
        if done.returncode != 0:
            said = "\n".join(done.stderr.strip().splitlines()[-LAST_LINES:])
            raise OperationFailed("The repository cannot be fetched", where=self.shown, output=said)
        return done.stdout

    def attempt(self, *words: str) -> subprocess.CompletedProcess[str]:
        self.ctx.raise_if_cancelled()
        self.folder.mkdir(exist_ok=True)
        child = subprocess.Popen(
            ["git", *words],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        with child, self.ctx.on_cancel(child.kill):
            output, errors = child.communicate()
        self.ctx.raise_if_cancelled()
        return subprocess.CompletedProcess(words, child.returncode, output, errors)


def _check_out(git: _Git, wanted: pb.Job.Git) -> None:
    git.run("init", "--quiet")
    git.run("remote", "add", "origin", "--", wanted.url)
    ref = wanted.ref or "HEAD"
    if ref.startswith("-"):
        raise OperationFailed(f"{ref!r} is not a branch, tag or commit", where=git.shown)
    target = "FETCH_HEAD"
    if git.attempt("fetch", "--quiet", "--depth=1", "--no-tags", "origin", ref).returncode != 0:
        git.run("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
        target = _resolve(git, ref)
    git.run("checkout", "--quiet", "--detach", target)
    if wanted.recurse_submodules:
        deep = ("--recursive",) if wanted.recurse_submodules > 1 else ()
        git.run("submodule", "--quiet", "update", "--init", *deep)


def _resolve(git: _Git, ref: str) -> str:
    for candidate in (ref, f"origin/{ref}"):
        found = git.attempt("rev-parse", "--verify", "--quiet", f"{candidate}^{{commit}}")
        if found.returncode == 0:
            return found.stdout.strip()
    raise OperationFailed(f'The repository has no branch, tag or commit "{ref}"', where=git.shown)


def _describe(git: _Git) -> pb.Job.DataSource.Ref:
    commit, seconds, message = git.run("log", "-1", "--format=%H%n%ct%n%B").split("\n", 2)
    ref = pb.Job.DataSource.Ref(git=pb.Job.Git.Ref(commit=commit, commit_message=message.strip()))
    ref.git.timestamp.FromSeconds(int(seconds))
    return ref


def _environment(wanted: pb.Job.Git, private: Path) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": PROTOCOLS, "LC_ALL": "C"}
    auth = wanted.WhichOneof("auth")
    if auth == "basic":
        environment |= {
            "GIT_ASKPASS": str(_helper(private)),
            "WAYPOINT_GIT_USERNAME": wanted.basic.username,
            "WAYPOINT_GIT_PASSWORD": wanted.basic.password,
        }
    elif auth == "ssh":
        key = private / "key"
        with contextlib.closing(os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "wb")) as file:
            file.write(wanted.ssh.private_key_pem.rstrip() + b"\n")
        user = wanted.ssh.user or "git"
        environment |= {
            "GIT_SSH_COMMAND": f"ssh -i '{key}' -l '{user}' -o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new",
            "SSH_ASKPASS": str(_helper(private)),
            "SSH_ASKPASS_REQUIRE": "force",
            "WAYPOINT_GIT_PASSWORD": wanted.ssh.password,
        }
    return environment


def _helper(private: Path) -> Path:
    helper = private / "askpass"
    helper.write_text(ASKPASS)
    helper.chmod(0o700)
    return helper


def _inside(path: str) -> PurePosixPath:
    below = PurePosixPath(path)
    if below.is_absolute() or ".." in below.parts:
        raise OperationFailed(f"The data source's path {path!r} leaves the repository", do="Use a path below its root")
    return below
