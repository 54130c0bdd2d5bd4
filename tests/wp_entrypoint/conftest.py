"""Fixtures: the packed entrypoint, a server, and processes that never outlive their test."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.wp_entrypoint.fake_server import DEPLOYMENT, INVITE, Certificate, FakeServer, make_certificate

from wp_entrypoint import archive

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture(scope="session")
def zipapp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The entrypoint as it lies in an image."""
    target = tmp_path_factory.mktemp("entrypoint") / "waypoint-entrypoint"
    archive.write(target)
    return target


@pytest.fixture(scope="session")
def certificate() -> Certificate:
    return make_certificate()


@pytest.fixture
def server(certificate: Certificate) -> Iterator[FakeServer]:
    server = FakeServer(certificate)
    yield server
    server.stop()


@dataclass
class Entrypoints:
    """Starts entrypoints, and sees to their end: the standalone one when there is one, else the zipapp."""

    zipapp: Path
    folder: Path
    standalone: Path | None = None
    emulator: tuple[str, ...] = ()
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self, server: FakeServer | None, **extra: str) -> dict[str, str]:
        environment = {"PATH": SYSTEM_PATH, "WAYPOINT_DEPLOYMENT_ID": DEPLOYMENT}
        if server is not None:
            environment |= {
                "WAYPOINT_SERVER_ADDR": f"127.0.0.1:{server.port}",
                "WAYPOINT_CEB_INVITE_TOKEN": INVITE,
                # None starts without its configuration because the machine is busy.
                "WAYPOINT_CEB_CONNECT_TIMEOUT": "60s",
            }
            if server.certificate is not None:
                environment |= {"WAYPOINT_SERVER_TLS": "1", "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1"}
        return environment | extra

    def program(self, python: str = sys.executable) -> list[str]:
        """How the entrypoint is started, before its own arguments."""
        return [*self.emulator, str(self.standalone)] if self.standalone else [python, "-I", "-S", str(self.zipapp)]

    def start(
        self,
        *argv: str,
        server: FakeServer | None = None,
        env: dict[str, str] | None = None,
        python: str = sys.executable,
        **popen: object,
    ) -> subprocess.Popen[bytes]:
        options: dict[str, object] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "cwd": self.folder,
        }
        process = subprocess.Popen(
            [*self.program(python), *argv],
            env=self.environment(server, **(env or {})),
            **(options | popen),  # type: ignore[call-overload]
        )
        self.started.append(process)
        return process

    def repack(self, module: str, **constants: float) -> None:
        """Use an entrypoint whose module has other constants, so that a test need not wait as long as a user may."""
        packed = self.folder / "waypoint-entrypoint"
        with zipfile.ZipFile(self.zipapp) as old, zipfile.ZipFile(packed.with_suffix(".new"), "w") as new:
            for entry in old.infolist():
                text = old.read(entry).decode()
                if entry.filename == f"lib/wp_entrypoint/{module}.py":
                    for name, value in constants.items():
                        text, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
                        assert count == 1, name
                new.writestr(entry, text)
        packed.with_suffix(".new").replace(packed)
        self.zipapp = packed

    def run(
        self, *argv: str, server: FakeServer | None = None, timeout: float = 60, **options: object
    ) -> subprocess.CompletedProcess[str]:
        process = self.start(*argv, server=server, **options)  # type: ignore[arg-type]
        out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(
            argv, process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
        )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `both_natures` with both, but for what is marked `as_zipapp`."""
    marked = metafunc.definition.get_closest_marker
    if "nature" in metafunc.fixturenames and marked("both_natures") and not marked("as_zipapp"):
        metafunc.parametrize("nature", ["zipapp", "standalone"], indirect=True)


@pytest.fixture
def nature(request: pytest.FixtureRequest) -> str:
    """Which of its natures the entrypoint has: zipapp, standalone, or emulated (the standalone one for arm64); without
    the mark the environment may say it."""
    if request.node.get_closest_marker("as_zipapp"):
        return "zipapp"
    return str(getattr(request, "param", os.environ.get("WAYPOINT_TESTS_NATURE", "zipapp")))


@pytest.fixture
def entrypoints(nature: str, request: pytest.FixtureRequest, zipapp: Path, tmp_path: Path) -> Iterator[Entrypoints]:
    standalone, emulator = None, ()
    if nature == "standalone":
        standalone = request.getfixturevalue("standalone")
    elif nature == "emulated":
        emulator = emulated()
        standalone = request.getfixturevalue("standalone_files")["arm64"]
    made = Entrypoints(zipapp, tmp_path, standalone, emulator)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def emulated() -> tuple[str, ...]:
    """What runs a program for arm64 here; what that starts is this machine's."""
    if shutil.which("qemu-aarch64-static") is None:
        pytest.skip("no qemu-aarch64-static on this machine (Debian: qemu-user-static)")
    return ("qemu-aarch64-static",)


def eventually(condition: Callable[[], object], timeout: float = 60, what: str = "", pause: float = 0.01) -> None:
    """Wait until a condition holds; `pause` is for those that cost something to look at."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"did not happen in time: {what or condition}"
        time.sleep(pause)


def alive(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children_of(pid: int) -> list[int]:
    """The pids of a process's children."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def parent_of(pid: int) -> int:
    """The pid of a process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def pid_file(path: Path) -> Callable[[], int]:
    """A reader for a file into which a program writes a number."""

    def read() -> int:
        try:
            text = path.read_text()
        except FileNotFoundError:
            return 0
        return int(text) if text.endswith("\n") else 0

    return read


__all__ = ["Entrypoints", "alive", "children_of", "eventually", "os", "parent_of", "pid_file"]
