"""Whether the checkout here has what a remote job of its project will not see (CLI specification 3.5).

A remote job works on what the server fetches from git. Who has the repository checked out and changed may think that
the changes count. Nothing is fetched to find out, and what cannot be found out is only logged.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from wp_proto.waypoint import api as pb

TIMEOUT = 10.0  # seconds that a git command may take
OWN_FOLDER = ".waypoint"  # what local jobs keep beside waypoint.hcl is no change of the project
SCP_FORM = re.compile(r"(?:[^@/:]+@)?(?P<host>[^/:]+):(?P<path>[^/].*|/(?!/).*)")

log = logging.getLogger("waypoint.checkout")


class _GitFailed(Exception):
    """Git is missing, does not answer, or refuses."""


@dataclass(frozen=True)
class _Source:
    """What the job will use: repository, branch, tag or commit ("" for the default branch), and folder."""

    url: str
    ref: str
    path: str


def changes_not_used(git: pb.Job.Git, overrides: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    """Return a sentence for each kind of change in the checkout at `folder` that a job from `git` will not have.

    Empty if there is none, if the folder belongs to no checkout of that repository, or if git does not say.
    """
    source = _Source(overrides.get("url", git.url), overrides.get("ref", git.ref), overrides.get("path", git.path))
    try:
        return _changes(source, folder)
    except _GitFailed as failure:
        log.info("the checkout is not compared with %s: %s", source.url, failure)
        return ()


def _changes(source: _Source, folder: Path) -> tuple[str, ...]:
    root = Path(_git(folder, "rev-parse", "--show-toplevel").removesuffix("\n"))
    remote = _remote(root, source.url)
    if not remote:
        log.info("no remote of the checkout %s is %s", root, source.url)
        return ()
    below = str(PurePosixPath(source.path.strip("/") or "."))
    places = ("--", below, f":(exclude,glob)**/{OWN_FOLDER}/**")
    found = []
    changed = [
        entry[3:]
        for entry in _git(root, "status", "--porcelain", "--no-renames", "-z", *places).split("\0")
        if entry[2:3] == " "
    ]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        found.append(f"what is not committed here ({changed[0]}{more}) will not be used")
    wanted = _commit(root, remote, source.ref)
    if wanted and _git(root, "diff", "--name-only", wanted, "HEAD", *places):
        name = f"{remote}/{source.ref}" if source.ref else f"{remote}'s default branch"
        found.append(f"what is committed here differs from {name}, which will be used")
    return tuple(found)


def _remote(root: Path, url: str) -> str:
    """Name of the remote with this URL, "" if there is none."""
    lines = _git(root, "config", "--get-regexp", r"^remote\..*\.url$", missing="").splitlines()
    for line in lines:
        key, _, value = line.partition(" ")
        if place_of(value) == place_of(url):
            return key.removeprefix("remote.").removesuffix(".url")
    return ""


def _commit(root: Path, remote: str, ref: str) -> str:
    """What a ref of the remote stood for when it was last fetched, "" if that is not known."""
    names = [f"refs/remotes/{remote}/{ref}", f"refs/tags/{ref}", ref] if ref else [f"refs/remotes/{remote}/HEAD"]
    for name in names:
        commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", missing="")
        if commit:
            return commit.strip()
    log.info("what %s is at %s is not known here", ref or "the default branch", remote)
    return ""


def place_of(url: str) -> tuple[str, str]:
    """Host and path of a repository, the same for every way to write its URL; host "" for a local one."""
    scp = SCP_FORM.fullmatch(url)
    if "://" in url:
        parts = urlsplit(url)
        host, path = (parts.hostname or "").lower(), parts.path
    elif scp:
        host, path = scp["host"].lower(), scp["path"]
    else:
        host, path = "", os.path.abspath(url)
    return host, path.strip("/").removesuffix(".git").rstrip("/")


def _git(folder: Path, *words: str, missing: str | None = None) -> str:
    """Output of a git command. With `missing`, that is the answer when git finds nothing (exit status 1)."""
    environ = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as err:
        raise _GitFailed(str(err)) from err
    if done.returncode == 1 and missing is not None:
        return missing
    if done.returncode:
        raise _GitFailed(done.stderr.decode("utf-8", "replace").strip() or f"exit status {done.returncode}")
    return done.stdout.decode("utf-8", "surrogateescape")
