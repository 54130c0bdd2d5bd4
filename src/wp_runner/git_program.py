"""Running the git program for one job: in a folder, with an access, until the job is cancelled."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from wp_runner.errors import OperationFailed
from wp_runner.git_access import Access
from wp_sdk.context import Context

LAST_LINES = 5


@dataclass(frozen=True)
class Git:
    """Commands run in `folder`."""

    ctx: Context
    folder: Path
    access: Access

    def at(self, folder: Path) -> Git:
        """Return the same for another folder."""
        return replace(self, folder=folder)

    def run(self, *words: str, given: str = "") -> str:
        """Run git with `given` on its standard input; returns its output. Raises `OperationFailed`."""
        done = self.attempt(*words, given=given)
        if done.returncode != 0:
            raise self.failure(done)
        return done.stdout

    def failure(self, done: subprocess.CompletedProcess[str]) -> OperationFailed:
        """Return what to say of a command that failed: its last lines, or what they mean."""
        said = self.access.without_secrets(done.stderr.strip())
        if problem := self.access.host_keys.problem(said, self.access.shown):
            return problem
        last = "\n".join(said.splitlines()[-LAST_LINES:])
        return OperationFailed("The repository cannot be fetched", where=self.access.shown, output=last)

    def attempt(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run git and return how it ended. Raises `Cancelled`; then everything that git started has ended, too."""
        self.ctx.raise_if_cancelled()
        self.folder.mkdir(exist_ok=True)
        child = subprocess.Popen(
            ["git", *words],
            cwd=self.folder,
            env=dict(self.access.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # A group of its own: git's helpers end with it, and ssh finds no terminal to ask questions on.
            start_new_session=True,
        )

        def end() -> None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)

        with child, self.ctx.on_cancel(end):
            output, errors = child.communicate(given)
        self.ctx.raise_if_cancelled()
        return subprocess.CompletedProcess(words, child.returncode, output, errors)
