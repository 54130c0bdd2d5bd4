"""Facts about the git repository around the project, asked of the ``git`` program (hcl.md §13).

Answers are remembered for the life of a loaded project, so that one job sees one reference.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import Value, string

TIMEOUT = 60
"""Seconds a git command may take."""


def _run(directory: Path, *arguments: str, allowed: tuple[int, ...] = (0,)) -> tuple[int, str]:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=directory, env=environment, capture_output=True, timeout=TIMEOUT, check=False
        )
    except FileNotFoundError as error:
        if not directory.is_dir():
            raise FunctionError(f"{directory} is no folder") from error
        raise FunctionError("the git program is not installed; install it to use the git functions") from error
    except subprocess.TimeoutExpired as error:
        raise FunctionError(f"git {arguments[0]} did not answer within {TIMEOUT} seconds") from error
    if done.returncode not in allowed:
        reason = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        if "not a git repository" in reason:
            reason = f"{directory} is not in a git repository; run git init and commit, or do not use git functions"
        raise FunctionError(f"git {arguments[0]} failed: {reason or f'exit status {done.returncode}'}")
    return done.returncode, done.stdout.decode("utf-8", "replace")


def _head(directory: Path) -> str:
    _run(directory, "rev-parse", "--git-dir")
    status, text = _run(directory, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", allowed=(0, 1))
    if status:
        raise FunctionError(f"the repository around {directory} has no commit yet; commit something first")
    return text.strip()


def _tag(directory: Path, head: str) -> str:
    """The first tag of HEAD's commit: loose references by name, then packed ones by name; annotated tags are peeled."""
    text = _run(directory, "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", "refs/tags")[1]
    matching = [line.split(" ")[0] for line in text.splitlines() if head in line.split(" ")[1:]]
    if not matching:
        return ""
    common = _run(directory, "rev-parse", "--git-common-dir")[1].strip()
    loose = [name for name in matching if (directory / common / name).exists()]
    return (loose or matching)[0].removeprefix("refs/tags/")


@function("gitrefhash()", outside=True)
def _gitrefhash(call: Invocation) -> Value:
    """The full hash of the commit that is checked out."""
    directory = call.surroundings.git_directory
    return call.remember(("gitrefhash", directory), lambda: string(_head(directory)))


@function("gitreftag()", outside=True)
def _gitreftag(call: Invocation) -> Value:
    """The tag of the commit that is checked out, or an empty string."""
    directory = call.surroundings.git_directory
    return call.remember(("gitreftag", directory), lambda: string(_tag(directory, _head(directory))))


@function("gitrefpretty()", outside=True)
def _gitrefpretty(call: Invocation) -> Value:
    """Tag or hash of the commit, followed by ``_CHANGES_`` and the time when tracked files were changed."""
    directory = call.surroundings.git_directory

    def find() -> Value:
        head = _head(directory)
        name = _tag(directory, head) or head
        changed = _run(directory, "diff", "--quiet", allowed=(0, 1))[0]
        return string(f"{name}_CHANGES_{int(time.time())}" if changed else name)

    return call.remember(("gitrefpretty", directory), find)


@function("gitremoteurl(name: string)", outside=True)
def _gitremoteurl(call: Invocation, name: Value) -> Value:
    """The first fetch URL configured for a remote, as it is written."""
    directory = call.surroundings.git_directory

    def find() -> Value:
        _run(directory, "rev-parse", "--git-dir")
        status, text = _run(directory, "config", "--get-all", f"remote.{name.text}.url", allowed=(0, 1))
        urls = text.splitlines()
        if status or not urls:
            known = _run(directory, "remote")[1].split()
            have = "It has " + ", ".join(f'"{remote}"' for remote in known) if known else "It has none"
            raise FunctionError(f'the repository has no remote "{name.text}". {have}.', 0)
        return string(urls[0])

    return call.remember(("gitremoteurl", directory, name.text), find)
