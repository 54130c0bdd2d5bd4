"""The Go command line beside ours, both talking to one server of ours."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.interop.go_waypoint import GoWaypoint
from tests.wp_cli.conftest import Cli
from tests.wp_cli.servers import RealServer

DEADLINE = 60.0
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds; fails when it does not in time."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.05)


class GoCli(Cli):
    """Runs the Go program. It writes what it has to say, errors too, to its standard output."""

    def __init__(self, program: Path, home: Path) -> None:
        super().__init__(home)
        self._program = program

    @property
    def command(self) -> list[str]:
        return [str(self._program)]

    def shown(self, *args: str, code: int = 0, **extra: str) -> str:
        """Run a command that must end with `code`; returns all it says, without colours and with single spaces."""
        done = self.run(*args, **extra)
        text = _COLOUR.sub("", done.stdout + done.stderr)
        assert done.returncode == code, f"{args}: {done.returncode}\n{text}"
        return re.sub(r"[ \t]+", " ", text)

    def plays(self, script: str) -> None:
        """Run the commands of a script, each below `$` (must succeed) or `!` (must fail), and expect of its output the
        pieces that follow, in this order, however it breaks its lines."""
        for block in re.split(r"^\s*(?=[$!] )", script, flags=re.MULTILINE)[1:]:
            command, *expected = block.strip().splitlines()
            text = " ".join(self.shown(*shlex.split(command[2:]), code=int(command.startswith("!"))).split())
            position = 0
            for piece in map(str.strip, expected):
                found = text.find(piece, position)
                assert found >= 0, f"{command}: no {piece!r} after the first {position} of\n{text}"
                position = found + len(piece)


@dataclass
class World:
    """A server of ours, what both command lines say to it, and where its applications find it."""

    server: RealServer
    go: GoCli
    ours: Cli
    folder: Path

    @property
    def http(self) -> str:
        found = re.search(r"HTTP Address: (\S+)", self.server.log.read_text())
        assert found is not None
        return found[1]

    def restart(self) -> None:
        """End the server and start it again at the same address with the same state."""
        self.server.stop()
        self.server = RealServer(self.server.log.parent, self.ours.environ, listen=self.server.address)

    def project(self, name: str, files: dict[str, str]) -> Path:
        """A folder with these files, which both command lines work in from now on."""
        folder = self.folder / name
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_text(content)
        self.go.folder = self.ours.folder = folder
        return folder

    @contextmanager
    def runner(self, cli: Cli, *flags: str, **extra: str) -> Iterator[Path]:
        """A remote runner of one of the command lines; gives its log."""
        folder = self.folder / f"runner{time.monotonic_ns()}"
        folder.mkdir()
        log = folder / "log"
        command = [*cli.command, "runner", "agent", f"-state-dir={folder}/state", *flags]
        with log.open("wb") as file:
            process = subprocess.Popen(
                command, cwd=folder, env=cli.environ | extra, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                start_new_session=True,
            )  # fmt: skip
        try:
            yield log
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # with the plugins that run for it
            process.wait(DEADLINE)
            eventually(lambda: '"online": true' not in self.go.shown("runner", "list", "-json"))


@contextmanager
def world(folder: Path, programs: GoWaypoint) -> Iterator[World]:
    """A bootstrapped server that applications on this machine find."""
    for name in ("go", "ours"):
        (folder / name).mkdir(parents=True)
    go, ours = GoCli(programs.waypoint, folder / "go"), Cli(folder / "ours")
    server = RealServer(folder / "server", ours.environ)
    made = World(server, go, ours, folder)
    try:
        at = ("-server-addr=" + server.address, "-server-tls-skip-verify", "-context-create=")
        connection = {
            "WAYPOINT_SERVER_ADDR": server.address,
            "WAYPOINT_SERVER_TLS": "1",
            "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1",
            "WAYPOINT_SERVER_TOKEN": go.ok("server", "bootstrap", *at).strip(),
        }
        go.environ |= connection
        ours.environ |= connection
        go.shown("server", "config-set", f"-advertise-addr={server.address}", "-advertise-tls-skip-verify")
        yield made
    finally:
        made.server.kill()
