"""Stages of the build, each done once for the same input.

A stage is data: a source package, commands, and what to keep of their work. Its key is a hash of all of that and of the
stages it needs, so a result is found again as long as nothing it is made of has changed. Commands name everything by
paths relative to the folder they run in, and the compiler is told to forget that folder: the same key, the same bytes,
wherever it is built.

A build may end at any moment. A result appears in one step or not at all; commands end with the build, also when it is
killed; what a killed one leaves is removed by the next that does the same stage.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO

from . import inputs
from .inputs import Package

EPOCH = "1700000000"
"""What the build takes for the time of day."""

UNUSED_SECONDS = 30 * 86400.0
ABANDONED_SECONDS = 86400.0


class StageError(Exception):
    """A command failed; the message says which, and where its output lies."""


class Commands:
    """The commands that run now, for all threads."""

    WITH_US = ("setpriv", "--pdeathsig", "TERM", "--")
    """Ends a command when the thread that waits for it is gone, however it went. `make` passes SIGTERM on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, command: tuple[str, ...], folder: Path, environment: Mapping[str, str], output: IO[bytes]) -> int:
        """Wait for the command's end; its status. Raises StageError when the build is to stop."""
        with self._lock:
            self.check()
            process = subprocess.Popen(
                (*self.WITH_US, *command),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
            self._running.add(process)
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            with self._lock:
                self._running.remove(process)

    def check(self) -> None:
        """Raise StageError when the build is to stop."""
        if self._stopped:
            raise StageError("the build was stopped")

    def stop(self) -> None:
        """Let no command go on, and no other begin."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.terminate()


@dataclass(frozen=True)
class Target:
    """A machine to build for: its name in images, in compilers, and in OpenSSL."""

    architecture: str
    triple: str
    openssl: str


AMD64 = Target("amd64", "x86_64-linux-musl", "linux-x86_64")
ARM64 = Target("arm64", "aarch64-linux-musl", "linux-aarch64")
TARGETS = (AMD64, ARM64)

COMPILER = "{architecture}-cc"
COMPILER_FLAGS = "-fno-sanitize=undefined -Wno-date-time -fPIE"
"""zig traps undefined behaviour and refuses __DATE__ unless told otherwise. Everything is position independent, for an
executable whose addresses the kernel chooses."""


@dataclass(frozen=True)
class Stage:
    """One step of the build. Commands run in `build/`, beside `source/` (the package), `needs/NAME/` (what other stages
    kept) and `given/` (files); `keeps` are paths beside it too."""

    name: str
    commands: tuple[tuple[str, ...], ...]
    keeps: tuple[str, ...]
    source: Package | None = None
    needs: Mapping[str, Stage] = field(default_factory=dict)
    given: Mapping[str, bytes] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Names the result."""
        parts = (
            COMPILER_FLAGS,
            EPOCH,
            self.name,
            self.commands,
            self.keeps,
            self.source.digest if self.source else "",
            sorted((name, stage.key) for name, stage in self.needs.items()),
            sorted((name, hashlib.sha256(content).hexdigest()) for name, content in self.given.items()),
            sorted(self.environment.items()),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Workshop:
    """Where stages are done and kept. `jobs` is how many commands make may run at once."""

    cache: Path
    jobs: int
    commands: Commands = field(default_factory=Commands)

    @property
    def sources(self) -> Path:
        """Folder of the source packages."""
        return self.cache / "sources"

    def kept(self, stage: Stage) -> Path:
        """Where the result of a stage lies, once it is done."""
        return self.cache / "stages" / f"{stage.name}-{stage.key}"

    def result(self, stage: Stage, zig: Path) -> Path:
        """The folder with what the stage keeps; does it, and those it needs, when they are not done.

        Raises StageError.
        """
        kept = self.kept(stage)
        if kept.is_dir():
            self._mark_used(stage)
            return kept
        needs = {name: self.result(needed, zig) for name, needed in stage.needs.items()}
        with self._alone(stage.name):
            if not kept.is_dir():
                self.commands.check()
                began = time.monotonic()
                print(f"building {stage.name} ...", flush=True)
                self._do(stage, needs, zig, kept)
                print(f"building {stage.name} took {time.monotonic() - began:.0f} s", flush=True)
        return kept

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Builds at the same time wait for each other, stage by stage."""
        folder = self.cache / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _do(self, stage: Stage, needs: Mapping[str, Path], zig: Path, kept: Path) -> None:
        (self.cache / "logs").mkdir(exist_ok=True)
        kept.parent.mkdir(exist_ok=True)
        for left in self.cache.glob(f"work-{stage.name}-*"):  # by a killed build: nobody else does this stage now
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self.cache, prefix=f"work-{stage.name}-") as name:
            work = Path(name).resolve()
            for folder in ("build", "needs", "given", "tools"):
                (work / folder).mkdir()
            if stage.source is not None:
                inputs.unpack(stage.source, self.sources, work / "source")
            for needed, folder in needs.items():
                (work / "needs" / needed).symlink_to(folder)
            for file, content in stage.given.items():
                (work / "given" / file).parent.mkdir(parents=True, exist_ok=True)
                (work / "given" / file).write_bytes(content)
            environment = self._environment(stage, work, zig)
            self._run_all(stage, work, environment)
            result = work / "result"
            result.mkdir()
            for path in stage.keeps:
                (result / path).parent.mkdir(parents=True, exist_ok=True)
                (work / path).rename(result / path)
            result.rename(kept)

    def _environment(self, stage: Stage, work: Path, zig: Path) -> dict[str, str]:
        tools = work / "tools"
        forget = f"-ffile-prefix-map={work}=."
        for target in TARGETS:
            arguments = f"-target {target.triple} {COMPILER_FLAGS} {forget}"
            _script(tools / COMPILER.format(architecture=target.architecture), f'"{zig}" cc {arguments}')
        for tool in ("ar", "ranlib"):
            _script(tools / f"zig-{tool}", f'"{zig}" {tool}')
        return {
            "PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(work),
            "LC_ALL": "C",
            "SOURCE_DATE_EPOCH": EPOCH,
            "PYTHONDONTWRITEBYTECODE": "1",  # into what another stage has kept
            "MAKEFLAGS": f"-j{self.jobs}",
            "ZIG_GLOBAL_CACHE_DIR": str(self.cache / "zig"),  # the C library, compiled once for all stages
            "ZIG_LOCAL_CACHE_DIR": str(work / "zig"),
            **stage.environment,
        }

    def _run_all(self, stage: Stage, work: Path, environment: Mapping[str, str]) -> None:
        log = self.cache / "logs" / f"{stage.name}.log"
        with log.open("wb") as output:
            for command in stage.commands:
                output.write(f"$ {' '.join(command)}\n".encode())
                output.flush()
                if status := self.commands.run(command, work / "build", environment, output):
                    raise StageError(f"{stage.name}: {command[0]} ended with status {status}, see {log}")

    def clean(self) -> None:
        """Remove results that no build has used for long, and what killed builds of stages of another time left."""
        for pattern, seconds in (("stages/*", UNUSED_SECONDS), ("work-*", ABANDONED_SECONDS)):
            for folder in self.cache.glob(pattern):
                with contextlib.suppress(FileNotFoundError):  # another build was quicker
                    if folder.stat().st_mtime < time.time() - seconds:
                        shutil.rmtree(folder, ignore_errors=True)

    def _mark_used(self, stage: Stage) -> None:
        for used in (stage, *stage.needs.values()):
            with contextlib.suppress(FileNotFoundError):
                os.utime(self.kept(used))
        for needed in stage.needs.values():
            self._mark_used(needed)


def _script(path: Path, command: str) -> None:
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(0o755)
