"""The standalone entrypoint: an executable for one architecture with the zipapp behind it.

    [launcher, CPython, OpenSSL, zlib, frozen modules][zip: the zipapp, licences]

The kernel runs the first part, `python3 FILE` the second. Nothing may be stripped or compressed afterwards: that would
lose the zip.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import inputs, licences
from .inputs import InputsMissingError
from .recipes import Recipes
from .stage import TARGETS, Stage, Target, Workshop

NAME = "waypoint-entrypoint-linux-{architecture}"
LICENCES = "waypoint-entrypoint-licences.txt"
LONGEST_TRACE = 200
"""Bytes shown before and behind a folder's name that should not be there."""
QUICK = ("frozen", "entrypoint", "licence")
"""Stages that take seconds: an offline builder does these, and finds the others done or gives up."""


def default_cache() -> Path:
    """Survives `make clean`, because its content takes minutes to make."""
    if given := os.environ.get("WAYPOINT_BUILD_CACHE"):
        return Path(given)
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "waypoint-build"


@dataclass(frozen=True)
class Builder:
    """Builds standalone entrypoints. `lock` pins the compiler, `own` has our LICENSE; with `only_cached` it does
    nothing that takes minutes."""

    cache: Path
    lock: Path
    own: Path
    jobs: int
    only_cached: bool = False

    @cached_property
    def _recipes(self) -> Recipes:
        return Recipes(inputs.read_pins(), hashlib.sha256(self.lock.read_bytes()).hexdigest())

    @cached_property
    def _workshop(self) -> Workshop:
        return Workshop(self.cache.resolve(), self.jobs)

    @cached_property
    def _zig(self) -> Path:
        """The compiler, with all sources at hand too."""
        self.cache.mkdir(parents=True, exist_ok=True)
        with (self.cache / "inputs.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            inputs.check_programs()
            zig = inputs.compiler(self.lock, self._workshop.cache)
            inputs.sources(self._recipes.pins, self._workshop.sources)
            return zig

    def build(self, target: Target, modules: Mapping[str, bytes], zipapp: Callable[[bytes, bytes], bytes]) -> bytes:
        """The bytes of the file. `modules` are our sources by path; zipapp(before, licences) gives the zipapp with
        something before it and the licences in it.

        Raises InputsMissingError, InputsWrongError, StageError.
        """
        stage = self._recipes.executable(target, modules)
        if self.only_cached and (missing := self._missing(stage)):
            raise InputsMissingError(
                f"it takes minutes to build, and was not built here yet ({missing} is not in {self.cache})"
            )
        executable = (self._workshop.result(stage, self._zig) / "build/waypoint-entrypoint").read_bytes()
        if traces := build_paths(executable, self._workshop.cache):
            raise ValueError(f"the executable for {target.architecture} names a folder of the build: {traces[0]}")
        content = zipapp(executable, self.licences())
        self._workshop.clean()
        return content

    def prepare(self, targets: Sequence[Target], modules: Mapping[str, bytes]) -> None:
        """Do what takes long for several machines side by side: much of it is one command after the other."""
        stages = [self._recipes.executable(target, modules) for target in targets]
        if self.jobs > 1 and not self.only_cached and not all(map(self._is_done, stages)):
            zig = self._zig
            with ThreadPoolExecutor(len(stages)) as threads:
                try:
                    list(threads.map(lambda stage: self._workshop.result(stage, zig), stages))
                except KeyboardInterrupt:
                    self._workshop.commands.stop()
                    raise

    def licences(self) -> bytes:
        """The licences of all parts."""
        return licences.text(self.own, self._zig, self._workshop, self._recipes)

    def _is_done(self, stage: Stage) -> bool:
        return self._workshop.kept(stage).is_dir()

    def _missing(self, stage: Stage) -> str:
        """The name of a slow stage that is not done."""
        if stage.name.rpartition("-")[0] not in QUICK and stage.name not in QUICK:
            return "" if self._is_done(stage) else stage.name
        return next(filter(None, map(self._missing, stage.needs.values())), "")


def build_paths(executable: bytes, cache: Path) -> list[str]:
    """Traces of the build's folders in an executable: none, so that it tells nothing about the machine it is from."""
    folders = {f"{folder}/".encode() for folder in (cache, Path.home(), Path.cwd()) if folder != Path("/")}
    any_of_them = b"|".join(map(re.escape, sorted(folders)))
    traces = []
    for found in re.finditer(any_of_them, executable):
        around = executable[max(0, found.start() - LONGEST_TRACE) : found.end() + LONGEST_TRACE]
        if text := re.search(rb"[\x20-\x7e]*(?:%s)[\x20-\x7e]*" % any_of_them, around):
            traces.append(text[0].decode())
    return traces


def names() -> dict[str, Target]:
    """Every file's name, and the machine it is for."""
    return {NAME.format(architecture=target.architecture): target for target in TARGETS}
