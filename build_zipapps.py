#!/usr/bin/env python3
"""Build the artifacts: dist/waypoint, dist/waypoint-server, dist/waypoint-entrypoint and its standalone forms.

The first two carry compiled wheels for several CPython releases and unpack themselves at their first start; the third
is a plain zip of Python sources, with bytecode for the CPython releases this machine has. Its standalone forms,
dist/waypoint-entrypoint-linux-ARCHITECTURE, have a static executable before the same zip, and run in images without a
Python; they take minutes to build once, and need Debian's sources. The same checkout, the same wheels and the same
interpreters give the same bytes. Needs `packaging` and pip (both come with requirements/dev.txt), and a package index
once per lock; wheels are kept in .cache/wheels.
"""

from __future__ import annotations

import argparse
import contextlib
import lzma
import os
import signal
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

try:
    from tools.standalone import executable
    from tools.standalone.inputs import InputsMissingError, InputsWrongError
    from tools.standalone.stage import StageError
    from tools.zipapps.archive import packed_program, write_file
    from tools.zipapps.contents import Contents, Files, collect, own_files
    from tools.zipapps.entrypoint import BytecodeError, Entrypoint, entrypoint
    from tools.zipapps.wheels import Interpreter, Wheel, WheelsMissingError, fetch
except ModuleNotFoundError as missing:
    sys.exit(f"build_zipapps: {sys.executable} has no {missing.name}: run `make zipapps`, which sets up what is needed")

ROOT = Path(__file__).resolve().parent
ENTRYPOINT = "waypoint-entrypoint"
CARRIED = "wp_runner/artifacts/"
"""Where the command line carries the entrypoints that it puts into images, the standalone ones compressed."""
STANDALONE = executable.names()


EXPECTED = (
    BytecodeError,
    InputsMissingError,
    InputsWrongError,
    OSError,
    StageError,
    SyntaxError,
    ValueError,
    WheelsMissingError,
)
"""What may go wrong in ways a message explains."""


@dataclass(frozen=True)
class Program:
    """An artifact that unpacks itself."""

    name: str
    entry: str
    packages: tuple[str, ...]
    carries_entrypoint: bool


SERVER_PACKAGES = ("wp_config", "wp_proto", "wp_server", "wp_sources", "wp_text")
PROGRAMS = (
    Program(
        "waypoint",
        "wp_cli.main:main",
        (*SERVER_PACKAGES, "wp_cli", "wp_plugins", "wp_runner", "wp_sdk"),
        carries_entrypoint=True,
    ),
    Program("waypoint-server", "wp_server.__main__:main", SERVER_PACKAGES, carries_entrypoint=False),
)
NAMES = (ENTRYPOINT, *STANDALONE, *(program.name for program in PROGRAMS))

AUTO, CACHED, NEVER = "auto", "cached", "never"
THIS = "this"


@dataclass(frozen=True)
class Settings:
    """What to build from what; `named` are those names that were given and not taken by default."""

    names: tuple[str, ...]
    named: frozenset[str]
    source: Path
    output: Path
    lock: Path
    wheels: Path
    interpreters: tuple[Interpreter, ...]
    bytecode: tuple[str, ...] | None
    standalone: str
    toolchain: Path
    build_cache: Path
    jobs: int


def read_arguments(arguments: list[str] | None) -> Settings:
    """The command line; ends the program with a message when it makes no sense."""
    parser = argparse.ArgumentParser(
        description="Build dist/waypoint, dist/waypoint-server, dist/waypoint-entrypoint and its standalone forms."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to build: {', '.join(NAMES)}; default: all")
    parser.add_argument(
        "--pythons",
        default="3.11,3.12,3.13,3.14",
        help="CPython releases, or this for the one that builds, default: %(default)s",
    )
    parser.add_argument(
        "--bytecode",
        help="CPython releases the entrypoint carries bytecode for, such as 3.11,3.12, or none; "
        "default: every release this machine has",
    )
    parser.add_argument("--source", type=Path, default=ROOT / "src", help="folder of our packages")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder for the artifacts")
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements/run.txt", help="hashed lock of the wheels")
    parser.add_argument("--wheels", type=Path, default=ROOT / ".cache/wheels", help="folder that keeps the wheels")
    parser.add_argument(
        "--standalone",
        choices=(AUTO, CACHED, NEVER),
        default=AUTO,
        help="whether to build the standalone entrypoints that were not named: auto: where their sources can be had; "
        "cached: when that takes seconds, because the cache has their parts; default: %(default)s",
    )
    parser.add_argument(
        "--toolchain", type=Path, default=ROOT / "requirements/toolchain.txt", help="hashed lock of their compiler"
    )
    parser.add_argument(
        "--build-cache",
        type=Path,
        default=executable.default_cache(),
        help="folder that keeps their parts: %(default)s",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="commands at once, default: %(default)s")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.names) - set(NAMES)):
        parser.error(f"no artifact is called {unknown[0]}: choose from {', '.join(NAMES)}")
    try:
        interpreters = tuple(sorted({release(text) for text in given.pythons.split(",")}, key=lambda i: i.minor))
    except ValueError as error:
        parser.error(str(error))
    names = tuple(given.names) or NAMES
    bytecode = {None: None, "none": ()}.get(given.bytecode, tuple((given.bytecode or "").split(",")))
    return Settings(
        names,
        frozenset(given.names),
        given.source,
        given.output,
        given.lock,
        given.wheels,
        interpreters,
        bytecode,
        AUTO if given.names and set(given.names) & set(STANDALONE) else given.standalone,
        given.toolchain,
        given.build_cache,
        given.jobs,
    )


def release(text: str) -> Interpreter:
    """`3.12`, or `this`. Raises ValueError for anything else."""
    return Interpreter(*sys.version_info[:2]) if text == THIS else Interpreter.parse(text)


class Entrypoints:
    """The entrypoint in all its forms, each made once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._standalone: dict[str, bytes] = {}
        self._builder = executable.Builder(
            settings.build_cache,
            settings.toolchain,
            ROOT,
            settings.jobs,
            only_cached=settings.standalone == CACHED,
        )

    @cached_property
    def parts(self) -> Entrypoint:
        """What all forms have in common."""
        made = entrypoint(self._settings.source, self._settings.bytecode)
        print(f"{ENTRYPOINT}: bytecode for {', '.join(made.releases) or 'no release'}; others compile at every start")
        return made

    def zipapp(self) -> bytes:
        """The form for every machine that has a Python."""
        return self.parts.zipapp()

    def standalone(self, name: str) -> bytes:
        """The form for one architecture. Raises InputsMissingError and what else building may raise."""
        if name not in self._standalone:
            if self._settings.standalone == NEVER:
                raise InputsMissingError("it was not asked for")
            self._standalone[name] = self._builder.build(STANDALONE[name], self.parts.modules, self.parts.behind)
        return self._standalone[name]

    def prepare(self, names: Sequence[str]) -> None:
        """Build for several architectures side by side; what goes wrong is told when the form itself is asked for."""
        if names and self._settings.standalone != NEVER:
            with contextlib.suppress(*EXPECTED):
                self._builder.prepare([STANDALONE[name] for name in names], self.parts.modules)

    def licences(self) -> bytes:
        """Of what the standalone forms are made of."""
        return self._builder.licences()

    def carried(self) -> Files:
        """What the command line carries: the zipapp, and the standalone forms there are."""
        with ThreadPoolExecutor() as threads:
            packed = list(threads.map(lzma.compress, self._standalone.values()))
        files = {f"{CARRIED}{name}.xz": form for name, form in zip(self._standalone, packed, strict=True)}
        return {f"{CARRIED}{ENTRYPOINT}": self.zipapp(), **files}


def own_metadata(project: Path) -> Files:
    """What an installed package would tell about itself, so that `importlib.metadata` knows the version."""
    facts = tomllib.loads(project.read_text())["project"]
    name, version = facts["name"], facts["version"]
    text = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nLicense-Expression: {facts['license']}\n"
    return {f"{name}-{version}.dist-info/METADATA": text.encode()}


def build_program(
    program: Program, settings: Settings, wheels: dict[Interpreter, list[Wheel]], entrypoints: Entrypoints
) -> bytes:
    """The bytes of an artifact that unpacks itself."""
    extra = own_metadata(settings.source.parent / "pyproject.toml")
    if program.carries_entrypoint:
        extra |= entrypoints.carried()
    contents = collect(own_files(settings.source, program.packages), wheels, extra)
    report_contents(program, contents)
    return packed_program(program.name, program.entry, contents)


def report_contents(program: Program, contents: Contents) -> None:
    """Say what is inside, so that nobody has to unpack an artifact to find out why it grew."""
    common = sum(map(len, contents.common.values()))
    each = ", ".join(f"{tag} {megabytes(sum(map(len, f.values())))}" for tag, f in contents.by_interpreter.items())
    print(f"{program.name}: {len(contents.distributions)} distributions, unpacked {megabytes(common)} for all; {each}")


def megabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1e6:.1f} MB"


def main(arguments: list[str] | None = None) -> int:
    """Build what is asked for; the exit code is 1 when something could not be built, and the rest is built anyway."""
    settings = read_arguments(arguments)
    entrypoints = Entrypoints(settings)
    failed = False

    def build(name: str, make: Callable[[], bytes], mode: int = 0o755) -> bool:
        nonlocal failed
        began = time.monotonic()
        try:
            content = make()
            write_file(settings.output / name, content, mode)
        except InputsMissingError as error:
            (settings.output / name).unlink(missing_ok=True)  # one of another time would be taken for this one's
            failed |= name in settings.named
            print(f"{name} is left out: {error}. Images without Python 3.9 or newer get no entrypoint", flush=True)
            return False
        except EXPECTED as error:
            failed = True
            print(f"build_zipapps: {name} was not built: {error}", file=sys.stderr)
            return False
        print(f"{settings.output / name}: {megabytes(len(content))} in {time.monotonic() - began:.1f} s", flush=True)
        return True

    if ENTRYPOINT in settings.names:
        build(ENTRYPOINT, entrypoints.zipapp)
    carrying = any(program.carries_entrypoint for program in PROGRAMS if program.name in settings.names)
    wanted = [name for name in STANDALONE if name in settings.names or carrying]
    entrypoints.prepare(wanted)
    made = [name for name in wanted if build(name, partial(entrypoints.standalone, name))]
    if made:
        build(executable.LICENCES, entrypoints.licences, 0o644)
    wheels: dict[Interpreter, list[Wheel]] = {}

    def make_program(program: Program) -> bytes:
        for interpreter in settings.interpreters:
            if interpreter not in wheels:
                wheels[interpreter] = fetch(settings.lock, interpreter, settings.wheels)
        return build_program(program, settings, wheels, entrypoints)

    for program in PROGRAMS:
        if program.name in settings.names:
            build(program.name, partial(make_program, program))
    return int(failed)


def interrupted(*_: object) -> None:
    """End as if by Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupted)
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        sys.exit("build_zipapps: stopped; what was finished is kept, and the next build goes on from there")
