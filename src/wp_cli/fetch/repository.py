"""Cloning a repository with the git program."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from wp_cli.errors import CliError
from wp_cli.fetch import Origin
from wp_cli.fetch.download import shown_url
from wp_proto.waypoint import api as pb
from wp_runner.git_access import Access, HostKeys

TIMEOUT = 30
"""Seconds."""

PROTOCOLS = "file:git:http:https:ssh"
LAST_LINES = 5


def clone(origin: Origin, place: Path) -> None:
    """Clone the newest state of the ref into `place`; links become small files. CliError with what git says."""
    if shutil.which("git") is None:
        raise CliError("git is not installed, so that no repository can be fetched")
    if origin.ref.startswith("-") or origin.location.startswith("-"):
        raise CliError(f"{origin.location} {origin.ref} is no repository")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": PROTOCOLS, "LC_ALL": "C"}
    branch = ["--branch", origin.ref] if origin.ref else []
    shown = shown_url(origin.location) if "://" in origin.location else origin.location
    address = origin.location
    said_of: Callable[[str], str] = str
    with tempfile.TemporaryDirectory(prefix="waypoint-git-") as private:
        if origin.location.startswith(("http://", "https://")) and shown != origin.location:
            # User and password go to git through its environment, and to that host only.
            access = Access.of(pb.Job.Git(url=origin.location), Path(private), HostKeys())
            address, said_of = access.url, access.without_secrets
            environment = dict(access.environment)
        try:
            done = subprocess.run(
                ["git", "-c", "core.symlinks=false", "clone", "--quiet", "--depth=1", *branch, "--",
                 address, str(place)],
                env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                timeout=TIMEOUT, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as err:
            raise CliError(f"{shown} could not be cloned in {TIMEOUT} seconds") from err
    if done.returncode != 0:
        lines = tuple(said_of(done.stderr).strip().splitlines()[-LAST_LINES:])
        raise CliError(f"the repository {shown} cannot be fetched", details=lines)


def inside(whole: Path, below: str) -> Path:
    """A folder of the clone. CliError when there is none."""
    path = PurePosixPath(below)
    if path.is_absolute() or ".." in path.parts:
        raise CliError(f"{below!r} leads out of the repository")
    folder = whole / path
    if not folder.is_dir() or not folder.resolve().is_relative_to(whole.resolve()):
        raise CliError(f"the repository has no folder {below!r}")
    return folder
