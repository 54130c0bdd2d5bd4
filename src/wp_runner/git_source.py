"""Fetches a job's files from a git repository with the git program (server specification 7.11).

Only the wanted commit is fetched where the remote allows it, into the runner's mirror of the repository, and from there
into the job's own folder. The remote is asked for the ref in any case: it decides who may have what, not the mirror.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from wp_proto.waypoint import api as pb
from wp_runner.datasource import DataSource
from wp_runner.errors import OperationFailed
from wp_runner.git_access import Access, HostKeys, shown_url
from wp_runner.git_mirrors import Mirrors
from wp_runner.git_program import Git
from wp_sdk.context import Context
from wp_sdk.terminal import UI

HEAD = "HEAD"
_RULES = ("{}", "refs/{}", "refs/tags/{}", "refs/heads/{}")
"""Where git looks for a name, in its order."""
_PEELED = "^{}"
"""Ends the name of the line with the commit that an annotated tag is about."""
_PRIVATE = "private"
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?", re.IGNORECASE)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GitSource:
    """The checkout function of a runner for git repositories. `mirrors`: None fetches anew for each job."""

    mirrors: Mirrors | None = None
    host_keys: HostKeys = field(default_factory=HostKeys)

    @contextmanager
    def __call__(self, job: pb.Job, ctx: Context, ui: UI) -> Iterator[DataSource]:
        """Check out the job's repository into a folder that lives as long as the job.

        Raises `OperationFailed` with what git said when the repository or the ref cannot be had.
        """
        wanted = with_overrides(job.data_source.git, job.data_source_overrides)
        below = _inside(wanted.path)
        with self.opened(wanted, ctx) as git:
            shown = git.access.shown
            with ui.step(f"Fetching {shown}...") as step:
                self._check_out(git, wanted)
                ref = describe(git, HEAD)
                step.done(f"Fetched {shown} at {ref.git.commit[:12]}")
            shutil.rmtree(git.folder.parent / _PRIVATE)
            directory = git.folder / below
            if not directory.is_dir() or not directory.resolve().is_relative_to(git.folder.resolve()):
                raise OperationFailed(f"The repository has no folder {wanted.path!r}", where=shown)
            yield DataSource(directory, ref)

    @contextmanager
    def opened(self, wanted: pb.Job.Git, ctx: Context) -> Iterator[Git]:
        """Yield git in an empty repository whose `origin` is the wanted one; it goes away with everything in it.

        Raises `OperationFailed`.
        """
        if wanted.ref.startswith("-"):
            where = shown_url(wanted.url)
            raise OperationFailed(f"{wanted.ref!r} is not a branch, tag or commit", where=where)
        if shutil.which("git") is None:
            raise OperationFailed("The program git is not installed on this runner", do="Install git")
        with tempfile.TemporaryDirectory(prefix="waypoint-git-") as folder:
            private = Path(folder, _PRIVATE)
            private.mkdir(mode=0o700)
            git = Git(ctx, Path(folder, "source"), Access.of(wanted, private, self.host_keys))
            git.run("init", "--quiet")
            git.run("remote", "add", "origin", "--", git.access.url)
            yield git

    def _check_out(self, git: Git, wanted: pb.Job.Git) -> None:
        ref = wanted.ref or HEAD
        name, _ = found_at_remote(git, ref)
        commit = self._from_mirror(git, ref, name) or fetched(git, ref, name)
        git.run("checkout", "--quiet", "--detach", commit)
        _submodules(git, wanted.recurse_submodules)

    def _from_mirror(self, git: Git, ref: str, name: str) -> str:
        """Fetch by way of the mirror; returns the commit, empty when there is no mirror that can be used."""
        if self.mirrors is None:
            return ""
        try:
            with self.mirrors.of(git.access.url, git.ctx) as mirror:
                try:
                    return _brought_up(git, mirror, ref, name)
                except OperationFailed as error:
                    # The remote has just answered, so it is the mirror that is no good, unless the ref is not there.
                    if isinstance(error, _NoSuchRef):
                        raise
                    log.warning("the mirror of %s is made anew: %s", git.access.shown, error)
                    self.mirrors.drop(mirror)
                    mirror.mkdir()
                    return ""
        except OSError as error:
            log.warning("the cache of repositories in %s cannot be used: %s", self.mirrors.folder, error)
            return ""


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


class _NoSuchRef(OperationFailed):
    pass


def found_at_remote(git: Git, ref: str) -> tuple[str, str]:
    """Ask the remote for `ref`; returns its full name, the commit if it is one, or empty: perhaps an abbreviation. And
    the commit that it is at; empty with an empty name.

    The remote refuses here who may not read it; what a mirror has could be had without it.
    """
    commit = _COMMIT.fullmatch(ref) is not None
    asked = (HEAD,) if commit else (ref, f"{ref}{_PEELED}")
    listed = git.run("ls-remote", "--quiet", "--", "origin", *asked)
    if commit:
        return ref.lower(), ref.lower()
    there = {name: found for found, _, name in (line.partition("\t") for line in listed.splitlines())}
    name = next((name for rule in _RULES if (name := rule.format(ref)) in there), "")
    return name, there.get(f"{name}{_PEELED}", there.get(name, ""))


def _brought_up(git: Git, mirror: Path, ref: str, name: str) -> str:
    """Fetch into the mirror, and from it into the job's folder; returns the commit."""
    bare = git.at(mirror)
    bare.run("init", "--quiet", "--bare")
    # A tag may have moved; those that are on the commit come with it.
    bare.run("update-ref", "--stdin", given=bare.run("for-each-ref", "--format=delete %(refname)", "refs/tags"))
    commit = fetched(bare, ref, name)
    source = _kept(ref)
    bare.run("config", "uploadpack.allowAnySHA1InWant", "true")
    git.run("fetch", "--quiet", "--depth=1", "--", mirror.as_uri(), f"+{commit}:{source}")
    return commit


def fetched(git: Git, ref: str, name: str) -> str:
    """Fetch a ref from the remote into the repository of `git`; returns its commit."""
    url = git.access.url
    if name:
        into = _kept(ref)
        if git.attempt("fetch", "--quiet", "--depth=1", "--", url, f"+{name}:{into}").returncode == 0:
            return _resolved(git, ref, (into,))
    whole = ("--unshallow",) if git.run("rev-parse", "--is-shallow-repository").strip() == "true" else ()
    everything = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
    git.run("fetch", "--quiet", *whole, "--", url, *everything)
    return _resolved(git, ref, (ref, f"refs/tags/{ref}", f"refs/remotes/origin/{ref}"))


def _kept(ref: str) -> str:
    """Where a fetched ref is kept, so that it is not taken for garbage."""
    return f"refs/waypoint/{hashlib.sha256(ref.encode()).hexdigest()[:16]}"


def _resolved(git: Git, ref: str, names: tuple[str, ...]) -> str:
    for name in names:
        found = git.attempt("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if found.returncode == 0:
            return found.stdout.strip()
    if ref == HEAD:
        raise _NoSuchRef("The repository has no default branch", where=git.access.shown, do="Push one, or set ref")
    raise _NoSuchRef(f'The repository has no branch, tag or commit "{ref}"', where=git.access.shown)


def _submodules(git: Git, depth: int) -> None:
    """Check out submodules, those of submodules, and so on, `depth` levels deep."""
    listing = git.folder / ".gitmodules"
    if depth < 1 or not listing.is_file():
        return
    git.run("submodule", "--quiet", "update", "--init")
    listed = git.run("config", "--null", "--file", str(listing), "--get-regexp", r"^submodule\..*\.path$")
    for entry in filter(None, listed.split("\0")):
        folder = git.folder / entry.partition("\n")[2]
        if (folder / ".git").exists():
            _submodules(git.at(folder), depth - 1)


def describe(git: Git, revision: str) -> pb.Job.DataSource.Ref:
    """Return which commit a revision is that was fetched."""
    commit, seconds, message = git.run("log", "-1", "--format=%H%n%ct%n%B", revision).split("\n", 2)
    ref = pb.Job.DataSource.Ref(git=pb.Job.Git.Ref(commit=commit, commit_message=message.strip()))
    ref.git.timestamp.FromSeconds(int(seconds))
    return ref


def _inside(path: str) -> PurePosixPath:
    below = PurePosixPath(path)
    if below.is_absolute() or ".." in below.parts:
        raise OperationFailed(f"The data source's path {path!r} leaves the repository", do="Use a path below its root")
    return below
