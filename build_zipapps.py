#!/usr/bin/env python3
"""Build the three artifacts: dist/waypoint, dist/waypoint-server, dist/waypoint-entrypoint.

The first two carry compiled wheels for several CPython releases and unpack themselves at their first start; the third
is a plain zip of Python sources, with bytecode for the CPython releases this machine has. The same checkout, the same
wheels and the same interpreters give the same bytes. Needs `packaging` and pip (both come with requirements/dev.txt),
and a package index once per lock; wheels are kept in .cache/wheels.
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

try:
    from tools.zipapps.archive import packed_program, write_executable
    from tools.zipapps.contents import Contents, Files, collect, own_files
    from tools.zipapps.entrypoint import BytecodeError, entrypoint
    from tools.zipapps.wheels import Interpreter, Wheel, WheelsMissingError, fetch
except ModuleNotFoundError as missing:
    sys.exit(f"build_zipapps: {sys.executable} has no {missing.name}: run `make zipapps`, which sets up what is needed")

ROOT = Path(__file__).resolve().parent
ENTRYPOINT = "waypoint-entrypoint"
ENTRYPOINT_RESOURCE = "wp_runner/artifacts/waypoint-entrypoint"
"""Where the command line carries the entrypoint that it puts into images."""


@dataclass(frozen=True)
class Program:
    """An artifact that unpacks itself."""

    name: str
    entry: str
    packages: tuple[str, ...]
    carries_entrypoint: bool


SERVER_PACKAGES = ("wp_config", "wp_proto", "wp_server")
PROGRAMS = (
    Program(
        "waypoint",
        "wp_cli.main:main",
        (*SERVER_PACKAGES, "wp_cli", "wp_plugins", "wp_runner", "wp_sdk", "wp_sources"),
        carries_entrypoint=True,
    ),
    Program("waypoint-server", "wp_server.__main__:main", SERVER_PACKAGES, carries_entrypoint=False),
)
NAMES = (ENTRYPOINT, *(program.name for program in PROGRAMS))


@dataclass(frozen=True)
class Settings:
    """What to build from what."""

    names: tuple[str, ...]
    source: Path
    output: Path
    lock: Path
    wheels: Path
    interpreters: tuple[Interpreter, ...]
    bytecode: tuple[str, ...] | None


def read_arguments(arguments: list[str] | None) -> Settings:
    """The command line; ends the program with a message when it makes no sense."""
    parser = argparse.ArgumentParser(description="Build dist/waypoint, dist/waypoint-server, dist/waypoint-entrypoint.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to build: {', '.join(NAMES)}; default: all")
    parser.add_argument("--pythons", default="3.11,3.12,3.13,3.14", help="CPython releases, default: %(default)s")
    parser.add_argument(
        "--bytecode",
        help="CPython releases the entrypoint carries bytecode for, such as 3.11,3.12, or none; "
        "default: every release this machine has",
    )
    parser.add_argument("--source", type=Path, default=ROOT / "src", help="folder of our packages")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder for the artifacts")
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements/run.txt", help="hashed lock of the wheels")
    parser.add_argument("--wheels", type=Path, default=ROOT / ".cache/wheels", help="folder that keeps the wheels")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.names) - set(NAMES)):
        parser.error(f"no artifact is called {unknown[0]}: choose from {', '.join(NAMES)}")
    try:
        interpreters = tuple(
            sorted({Interpreter.parse(text) for text in given.pythons.split(",")}, key=lambda i: i.minor)
        )
    except ValueError as error:
        parser.error(str(error))
    names = tuple(given.names) or NAMES
    bytecode = {None: None, "none": ()}.get(given.bytecode, tuple((given.bytecode or "").split(",")))
    return Settings(names, given.source, given.output, given.lock, given.wheels, interpreters, bytecode)


def build_entrypoint(settings: Settings) -> bytes:
    """The bytes of the entrypoint."""
    content, releases = entrypoint(settings.source, settings.bytecode)
    print(f"{ENTRYPOINT}: bytecode for {', '.join(releases) or 'no release'}; others compile at every start")
    return content


def own_metadata(project: Path) -> Files:
    """What an installed package would tell about itself, so that `importlib.metadata` knows the version."""
    facts = tomllib.loads(project.read_text())["project"]
    name, version = facts["name"], facts["version"]
    text = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nLicense-Expression: {facts['license']}\n"
    return {f"{name}-{version}.dist-info/METADATA": text.encode()}


def build_program(program: Program, settings: Settings, wheels: dict[Interpreter, list[Wheel]]) -> bytes:
    """The bytes of an artifact that unpacks itself."""
    extra = own_metadata(settings.source.parent / "pyproject.toml")
    if program.carries_entrypoint:
        extra[ENTRYPOINT_RESOURCE] = entrypoint(settings.source, settings.bytecode)[0]
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
    failed = False

    def build(name: str, make: Callable[[], bytes]) -> None:
        nonlocal failed
        began = time.monotonic()
        try:
            content = make()
            write_executable(settings.output / name, content)
        except (WheelsMissingError, BytecodeError, OSError, SyntaxError, ValueError) as error:
            failed = True
            print(f"build_zipapps: {name} was not built: {error}", file=sys.stderr)
        else:
            print(f"{settings.output / name}: {megabytes(len(content))} in {time.monotonic() - began:.1f} s")

    if ENTRYPOINT in settings.names:
        build(ENTRYPOINT, partial(build_entrypoint, settings))
    wheels: dict[Interpreter, list[Wheel]] = {}

    def make_program(program: Program) -> bytes:
        for interpreter in settings.interpreters:
            if interpreter not in wheels:
                wheels[interpreter] = fetch(settings.lock, interpreter, settings.wheels)
        return build_program(program, settings, wheels)

    for program in PROGRAMS:
        if program.name in settings.names:
            build(program.name, partial(make_program, program))
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
