"""The entrypoint artifact: laid out by `wp_entrypoint.archive`, with bytecode from the interpreters at hand."""

from __future__ import annotations

import importlib.util
import marshal
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from . import interpreters
from .wheels import Interpreter

RELEASES = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
COMPILE_SECONDS = 120
LICENCES = "LICENCES.txt"


class BytecodeError(Exception):
    """An interpreter that was asked for is missing or failed; the message says which."""


@dataclass(frozen=True)
class Entrypoint:
    """What an entrypoint is packed from: our modules by path, their bytecode by interpreter, and those releases."""

    modules: dict[str, bytes]
    compiled: dict[str, dict[str, bytes]]
    releases: tuple[str, ...]
    layout: ModuleType

    def zipapp(self) -> bytes:
        """The bytes of the artifact for every machine, whose interpreter runs it."""
        content: bytes = self.layout.pack(self.modules, self.compiled)
        return content

    def behind(self, executable: bytes, licences: bytes) -> bytes:
        """The same behind an executable, with the licences of that one's parts."""
        content: bytes = self.layout.pack(self.modules, self.compiled, executable, {LICENCES: licences})
        return content


def entrypoint(source: Path, releases: Iterable[str] | None) -> Entrypoint:
    """All of the entrypoint that is the same for every machine.

    `releases` None takes every release this machine has; a release that is asked for and missing raises BytecodeError.
    """
    layout = source / "wp_entrypoint/archive.py"
    archive = load(layout)
    texts: dict[str, bytes] = archive.sources(source)
    compiled: dict[str, dict[str, bytes]] = {}
    found: list[str] = []
    for release in RELEASES if releases is None else releases:
        python = interpreters.find(release)
        if python is None:
            if releases is not None:
                raise BytecodeError(f"no CPython {release} on this machine, neither on PATH nor in pyenv")
            continue
        compiled[Interpreter.parse(release).tag] = bytecode(python, layout, texts)
        found.append(release)
    return Entrypoint(texts, compiled, tuple(found), archive)


def load(layout: Path) -> ModuleType:
    """The module behind a file, which need not be importable from here."""
    spec = importlib.util.spec_from_file_location("entrypoint_archive", layout)
    if spec is None or spec.loader is None or not layout.is_file():
        raise FileNotFoundError(f"{layout} is missing: start from the root of a checkout, or give --source")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def bytecode(python: Path, layout: Path, texts: dict[str, bytes]) -> dict[str, bytes]:
    """What `python` compiles the modules to; the same every time, because it starts with a fixed hash seed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [
            str(python),
            "-s",
            "-S",
            "-c",
            layout.read_text(),
            "--bytecode",
        ],  # by text: its folder must not be imported from
        env={**environment, "PYTHONHASHSEED": "0"},
        input=marshal.dumps(texts, 2),
        capture_output=True,
        timeout=COMPILE_SECONDS,
        check=False,
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise BytecodeError(f"{python} could not compile the entrypoint: {last[-1]}")
    compiled: dict[str, bytes] = marshal.loads(done.stdout)  # noqa: S302 - from our own process
    return compiled
