"""The Go Waypoint asked what configurations mean: its command line beside a server of its own, with a plugin that does
nothing.

A file is accepted when `init` calls it valid; values come out through hooks, which its runner evaluates and runs.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.interop.go_waypoint import GoWaypoint
from tests.ports import free_port

PATIENCE = 120
BATCH = 60
"""Expressions in one hook; together their values must fit into one argument of a program (128 KiB)."""

_VALID = "Configuration file appears valid"
_STAGES = """  build {
    use "null" {}
%s  }
  deploy {
    use "null" {}
  }
"""


class GoLanguage:
    """Answers of the Go program. Use it as a context manager; everything it leaves lies in `home`."""

    def __init__(self, go: GoWaypoint, home: Path) -> None:
        self.program = go.waypoint
        self._home = home
        self._folders = home / "folders"
        self._folders.mkdir(parents=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("WAYPOINT_", "WP_", "XDG_"))}
        self.environ = kept | {"HOME": str(home), "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1"}
        address, http = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self._log = (home / "server.log").open("wb")
        self._server = subprocess.Popen(
            [self.program, "server", "run", "-accept-tos", "-url-enabled=false", f"-db={home / 'data.db'}",
             "-disable-ui", f"-listen-grpc={address}", f"-listen-http={http}"],
            env=self.environ, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while True:
            done = self.run(home, "server", "bootstrap", f"-server-addr={address}", "-server-tls-skip-verify")
            if done.returncode == 0:
                break
            assert self._server.poll() is None, (home / "server.log").read_text()
            assert time.monotonic() < until, done.stderr + done.stdout
            time.sleep(0.1)

    def __enter__(self) -> GoLanguage:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait(PATIENCE)
        self._log.close()

    def folder(self) -> Path:
        """A new empty folder."""
        return Path(tempfile.mkdtemp(dir=self._folders))

    def run(
        self, folder: Path, *args: str, stdin: str | bytes = "", environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A command of the Go program in a folder."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [self.program, *args], cwd=folder, env=self.environ | dict(environ or {}), input=given,
            capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        )

    def refusal(self, text: str | bytes, name: str = "waypoint.hcl") -> str:
        """Why `init` does not take a file; empty when it does."""
        folder = self.folder()
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
        done = self.run(folder, "init", "-plain")
        return "" if _VALID in done.stdout else _reason(done.stdout + done.stderr)

    def values(
        self,
        expressions: Sequence[str],
        head: str = "",
        folder: Path | None = None,
        flags: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The JSON text of each expression, evaluated in a hook of a build with such flags; `head` is the rest of the
        file.
        """
        folder = folder or self.folder()
        parts = [expressions[start : start + BATCH] for start in range(0, len(expressions), BATCH)]
        hooks = "".join(
            f'    hook {{\n      when    = "before"\n      command = ["sh", "-c", "printf %s \\"$1\\" > out.{number}", '
            f'"sh", jsonencode([\n{_each(part)}])]\n    }}\n'
            for number, part in enumerate(parts)
        )
        text = f'project = "values"\n{head}\napp "web" {{\n{_STAGES % hooks}}}\n'
        (folder / "waypoint.hcl").write_text(text, encoding="utf-8")
        done = self.run(folder, "init", "-plain")
        assert done.returncode == 0, done.stdout + done.stderr
        done = self.run(folder, "build", "-local", "-plain", *flags, environ=environ)
        assert done.returncode == 0, done.stdout + done.stderr
        found: list[str] = []
        for number in range(len(parts)):
            found += json.loads((folder / f"out.{number}").read_text(encoding="utf-8"))
        return found


def _each(expressions: Iterable[str]) -> str:
    return "".join(f"jsonencode(\n{expression}\n),\n" for expression in expressions)


def _reason(output: str) -> str:
    """The short title of the first diagnostic."""
    message = " ".join(output.partition("\n! ")[2].partition("\n! ")[0].split())
    found = re.search(r"^(?:.*?:\d+,\d+-[\d,-]+: )?(.*?)(?:; |$)", message)
    assert found, output
    return found[1][:60]
