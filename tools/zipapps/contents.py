"""What goes into an artifact: our packages, the distributions they import, of those only what runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from .shared_objects import loaded_part
from .wheels import Interpreter, Wheel

Files = dict[str, bytes]

DEVELOPMENT_SUFFIXES = (
    *(".pyi", ".pyx", ".pxd", ".pxi", ".c", ".h", ".cc", ".cpp", ".proto"),
    *(".cdx.json", ".cyclonedx.json"),
)
DEVELOPMENT_FOLDERS = {"tests", "test", "__pycache__"}
DEVELOPMENT_METADATA = {"RECORD", "WHEEL", "INSTALLER", "REQUESTED", "top_level.txt"}


@dataclass(frozen=True)
class Trim:
    """What of a distribution no part of Waypoint uses."""

    folders: tuple[str, ...] = ()
    requirements: frozenset[str] = frozenset()


TRIMS = {
    # The asyncio half repeats the whole client (42 MB unpacked); Waypoint uses the other half.
    "kubernetes": Trim(("kubernetes/aio/",), frozenset({"aiohttp", "aiohttp-retry"})),
    "alembic": Trim(("alembic/testing/",)),
    # It parses C declarations when a module of cffi is made, which was done when the wheel was.
    "cffi": Trim(requirements=frozenset({"pycparser"})),
    # For source code and Markdown on terminals, of which there is none.
    "rich": Trim(requirements=frozenset({"pygments", "markdown-it-py"})),
    "mako": Trim(("mako/testing/",)),
    "sqlalchemy": Trim(("sqlalchemy/testing/",)),
}
COMPILED_LATER = ("kubernetes/client/", "oauthlib/", "sqlalchemy/dialects/", "google/api/")
"""Sources that would double the first start; each is compiled when it is first imported."""


@dataclass(frozen=True)
class Contents:
    """Files below site-packages: for every interpreter, and in addition for each one."""

    common: Files
    by_interpreter: dict[str, Files]
    distributions: tuple[str, ...]
    glibc: tuple[int, int]

    def all_files(self) -> Iterator[tuple[str, bytes]]:
        """Every file under a name that is unique across interpreters, in a fixed order."""
        for group, files in [("", self.common), *sorted(self.by_interpreter.items())]:
            for name in sorted(files):
                yield f"{group}/{name}", files[name]


@dataclass
class Modules:
    """The dotted names a distribution offers."""

    names: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, wheel: Wheel) -> Modules:
        """All modules and packages in a wheel, compiled ones included."""
        names: set[str] = set()
        for path in wheel.files:
            folders, _, file = path.rpartition("/")
            if not file.endswith((".py", ".so")) or ".dist-info" in folders:
                continue
            stem = file.split(".")[0]
            parts = [*folders.split("/")] if folders else []
            if stem != "__init__":
                parts.append(stem)
            names |= {".".join(parts[: i + 1]) for i in range(len(parts))}
        return cls(names)


def own_files(source: Path, packages: Iterable[str]) -> Files:
    """All files of our packages that are needed at run time, with their paths below site-packages.

    Raises FileNotFoundError when a package is missing, or imports another one of ours that is not among them.
    """
    files: Files = {}
    packages = tuple(packages)
    for package in packages:
        folder = source / package
        if not (folder / "__init__.py").is_file():
            raise FileNotFoundError(f"{folder} is not a package: start from the root of a checkout, or give --source")
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(source).as_posix()
            if path.is_file() and not is_development(name) and not name.endswith(".pyc"):
                files[name] = path.read_bytes()
    imported = {dotted.split(".")[0] for dotted in imports_of(files)}
    if forgotten := sorted(name for name in imported - set(packages) if (source / name / "__init__.py").is_file()):
        raise FileNotFoundError(
            f"{', '.join(packages)} import {', '.join(forgotten)}, which would not be packed: add it to PROGRAMS"
        )
    return files


def is_development(name: str) -> bool:
    """Whether a file serves only those who build or test its distribution."""
    folders, _, file = name.rpartition("/")
    if folders.endswith(".dist-info") and file in DEVELOPMENT_METADATA:
        return True
    return name.endswith(DEVELOPMENT_SUFFIXES) or not DEVELOPMENT_FOLDERS.isdisjoint(folders.split("/"))


def imports_of(files: Files) -> set[str]:
    """Dotted names that the sources import anywhere, inside functions too."""
    found: set[str] = set()
    for name, content in files.items():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(content, filename=name)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def needed_wheels(imports: set[str], wheels: list[Wheel], interpreter: Interpreter) -> list[Wheel]:
    """The wheels that offer the imported names, and everything those require on that interpreter."""
    by_name = {wheel.name: wheel for wheel in wheels}
    offered = {wheel.name: Modules.of(wheel).names for wheel in wheels}
    todo: list[tuple[str, frozenset[str]]] = []
    for dotted in imports:
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            prefix = ".".join(parts[:length])
            if owners := [name for name, names in offered.items() if prefix in names]:
                todo += [(name, frozenset()) for name in owners]
                break
    environment = interpreter.environment()
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        name, extras = todo.pop()
        if name not in by_name or (name, extras) in seen:
            continue
        seen.add((name, extras))
        unused = TRIMS.get(name, Trim()).requirements
        for requirement in by_name[name].requires:
            wanted = canonicalize_name(requirement.name)
            marker = requirement.marker
            applies = marker is None or any(marker.evaluate({**environment, "extra": e}) for e in (extras or {""}))
            if applies and wanted not in unused:
                todo.append((wanted, frozenset(requirement.extras)))
    return [by_name[name] for name in sorted({name for name, _ in seen})]


def wheel_files(wheels: list[Wheel]) -> Files:
    """The run-time part of the wheels' files, with their paths below site-packages."""
    files: Files = {}
    for wheel in wheels:
        folders = TRIMS.get(wheel.name, Trim()).folders
        for name, content in wheel.read():
            if not is_development(name) and not name.startswith(folders):
                files[name] = loaded_part(content)
    return files


def collect(own: Files, wheels: dict[Interpreter, list[Wheel]], extra: Files) -> Contents:
    """Everything of an artifact. `extra` are files beside our sources, by path below site-packages."""
    imports = imports_of(own)
    chosen = {interpreter: needed_wheels(imports, found, interpreter) for interpreter, found in wheels.items()}
    sites = {interpreter.tag: wheel_files(found) for interpreter, found in chosen.items()}
    first, *others = sites.values()
    common = {name: content for name, content in first.items() if all(site.get(name) == content for site in others)}
    rest = {tag: {name: content for name, content in site.items() if name not in common} for tag, site in sites.items()}
    return Contents(
        common={**common, **own, **extra},
        by_interpreter=rest,
        distributions=tuple(sorted({wheel.name for found in chosen.values() for wheel in found})),
        glibc=max((wheel.glibc for found in chosen.values() for wheel in found), default=(0, 0)),
    )
