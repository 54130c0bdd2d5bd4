"""The standalone entrypoint for tests, one build for all of them.

`standalone`        the file for this machine's architecture
`standalone_files`  architecture → file, for every architecture
`standalone_licences`  the text beside them
`standalone_where_possible`  the same; empty where the files cannot be built

A build with an empty cache takes minutes, so it begins when the tests begin, at the lowest priority and with one job,
and tests that use it come last. (Several workers start one each, which share the work: stages are locked.) Where its
sources cannot be had (no Debian mirror, or none that has the pinned versions any more) they skip, and the summary
says so in red.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAME = "waypoint-entrypoint-linux-{}"
ARCHITECTURES = ("amd64", "arm64")
LICENCES = "waypoint-entrypoint-licences.txt"
NATURE = "nature"
STANDALONE = "standalone"
NATURES = {STANDALONE, "emulated"}
FIXTURES = {"standalone", "standalone_files", "standalone_licences", "standalone_where_possible"}
LEFT_OUT = " is left out: "
BUILD_SECONDS = 1500
STOP_SECONDS = 30
LOWEST = 19


class Build:
    """One run of the build, beside the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, str(ROOT / "build_zipapps.py"), *map(NAME.format, ARCHITECTURES)]
        options = ["--output", str(self.folder), "--jobs", "1", "--bytecode", "none"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        os.setpriority(os.PRIO_PROCESS, self._process.pid, LOWEST)

    def file(self, architecture: str) -> Path:
        """Wait for the file; skips the test when its sources cannot be had, fails it when it cannot be built."""
        return self._wait(NAME.format(architecture))

    def licences(self) -> Path:
        """Wait for the text beside the files, as for them."""
        return self._wait(LICENCES)

    def _wait(self, name: str) -> Path:
        if self._process is None:
            self.start()
        assert self._process is not None
        path = self.folder / name
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpriority(os.PRIO_PGRP, self._process.pid, 0)  # now somebody waits
        deadline = time.monotonic() + BUILD_SECONDS
        while not path.exists():
            if self._process.poll() is not None and not path.exists():
                self._give_up()
            assert time.monotonic() < deadline, f"not built within {BUILD_SECONDS} s: {self.log.read_text()}"
            time.sleep(0.1)
        return path

    def _give_up(self) -> NoReturn:
        said = self.log.read_text()
        left_out = [line for line in said.splitlines() if LEFT_OUT in line]
        if not left_out:
            pytest.fail(f"the standalone entrypoint cannot be built:\n{said}", pytrace=False)
        pytest.skip(f"optional: {left_out[0]}")

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()  # it removes its folders then
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:  # a command does not end
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()


def uses_standalone(item: pytest.Item) -> bool:
    """Whether a test needs the build."""
    callspec = getattr(item, "callspec", None)
    return bool(FIXTURES & set(getattr(item, "fixturenames", ()))) or (
        callspec is not None and callspec.params.get(NATURE) in NATURES
    )


@pytest.hookimpl(tryfirst=True)  # before workers read the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that need the build at the end, in a group of their own, and let them wait for it."""
    for item in items:
        if uses_standalone(item):
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(BUILD_SECONDS + 120))
            if "docker_client" not in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(STANDALONE), append=False)
    items.sort(key=uses_standalone)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FOLDER] = folder = tempfile.TemporaryDirectory(prefix="waypoint-standalone-")
    Path(folder.name).chmod(0o755)  # some tests start the file as another user
    config.stash[BUILD] = Build(Path(folder.name))


def pytest_collection_finish(session: pytest.Session) -> None:
    if not session.config.option.collectonly and any(map(uses_standalone, session.items)):
        session.config.stash[BUILD].start()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[BUILD].stop()
    config.stash[FOLDER].cleanup()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = {str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ()) if report.longrepr}
    if troubles := [reason for reason in reasons if LEFT_OUT in reason]:
        terminalreporter.section("NO STANDALONE ENTRYPOINT WAS TESTED", red=True, bold=True)
        terminalreporter.line(troubles[0])


@pytest.fixture(scope="session")
def standalone_files(request: pytest.FixtureRequest) -> dict[str, Path]:
    build = request.config.stash[BUILD]
    return {architecture: build.file(architecture) for architecture in ARCHITECTURES}


@pytest.fixture(scope="session")
def standalone_licences(request: pytest.FixtureRequest) -> Path:
    text: Path = request.config.stash[BUILD].licences()
    return text


@pytest.fixture(scope="session")
def standalone_where_possible(request: pytest.FixtureRequest) -> dict[str, Path]:
    try:
        return request.getfixturevalue("standalone_files")
    except pytest.skip.Exception:
        return {}


@pytest.fixture(scope="session")
def standalone(request: pytest.FixtureRequest) -> Path:
    file: Path = request.config.stash[BUILD].file("amd64")
    return file


FOLDER = pytest.StashKey[tempfile.TemporaryDirectory[str]]()
BUILD = pytest.StashKey[Build]()
