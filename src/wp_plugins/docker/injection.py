"""Putting the entrypoint into an image: what has to change, as data, apart from doing it.

The image gets one layer with the file `/waypoint-entrypoint`; its own entrypoint and command become that program's
arguments (plugins specification 1.3). Everything else of the image stays. An image that has it already is left alone.

The program is either a self-contained executable for the image's architecture, or a zipapp that the image's own Python
runs. Which of them there are is seen from the files: `waypoint-entrypoint-linux-<arch>` beside the given file, or the
given file itself, which may be either.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENTRYPOINT_PATH = "/waypoint-entrypoint"
ENTRYPOINT_PATHS = frozenset({ENTRYPOINT_PATH, "/bin/wpceb"})
"""Paths under which an image may carry the entrypoint already (the second: the first release line)."""

OLDEST_PYTHON = 9
NEWEST_PYTHON = 30
"""Minor versions of Python 3 that are looked for."""

_ARCHITECTURES = {"amd64": "amd64", "x86_64": "amd64", "arm64": "arm64", "aarch64": "arm64"}
_ELF_MACHINES = {62: "amd64", 183: "arm64"}
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PYTHON_NAME = re.compile(r"python3\.(\d+)")


@dataclass(frozen=True)
class ImageConfig:
    """The part of an image's configuration that injection needs."""

    id: str
    architecture: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...] | None
    environment: Mapping[str, str]
    on_build: bool
    labels: Mapping[str, str]

    @property
    def has_command(self) -> bool:
        """True when a container made of the image knows what to run."""
        own = [word for word in self.entrypoint if word not in ENTRYPOINT_PATHS]
        return bool(own or self.command)

    @property
    def injected(self) -> bool:
        """True when the image carries the entrypoint already."""
        return bool(self.entrypoint) and self.entrypoint[0] in ENTRYPOINT_PATHS


def image_config(inspected: Mapping[str, Any]) -> ImageConfig:
    """Read what `inspect` says about an image."""
    config = inspected.get("Config") or {}
    return ImageConfig(
        id=str(inspected["Id"]),
        architecture=_ARCHITECTURES.get(str(inspected.get("Architecture", "")), str(inspected.get("Architecture", ""))),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config["Cmd"]) if config.get("Cmd") else None,
        environment=dict(entry.partition("=")[::2] for entry in config.get("Env") or ()),
        on_build=bool(config.get("OnBuild")),
        labels=dict(config.get("Labels") or {}),
    )


@dataclass(frozen=True)
class Program:
    """The file to put into the image, complete."""

    content: bytes
    mode: int = 0o755

    @property
    def digest(self) -> str:
        """Names the content; the same program has the same digest everywhere."""
        return hashlib.sha256(self.content).hexdigest()[:32]


def executable_for(artifact: Path, architecture: str) -> Program | None:
    """The self-contained executable for an architecture, or None when there is none."""
    for candidate in (artifact.with_name(f"{artifact.name}-linux-{architecture}"), artifact):
        if candidate.is_file() and _elf_architecture(candidate) == architecture:
            return Program(candidate.read_bytes())
    return None


def zipapp_for(artifact: Path, python: str) -> Program:
    """The zipapp with a first line that has the image's Python run it, isolated from the application's settings."""
    content = artifact.read_bytes()
    if content.startswith(b"#!"):
        content = content.partition(b"\n")[2]
    return Program(f"#!{python} -IS\n".encode() + content)


def is_executable(artifact: Path) -> bool:
    """True when the artifact is an executable and not a zipapp."""
    return _elf_architecture(artifact) is not None


def find_python(environment: Mapping[str, str], stat: Callable[[str], Mapping[str, Any] | None]) -> str | None:
    """Path of a Python in the image that is new enough, or None.

    `stat` describes a path inside the image (`linkTarget` when it is a link). The version is taken from the name of
    the program, of what it links to, or of the library folder beside it: nothing of the image is run.
    """
    for folder in dict.fromkeys((environment.get("PATH") or _DEFAULT_PATH).split(":") + _DEFAULT_PATH.split(":")):
        if not folder.startswith("/"):
            continue
        path = f"{folder.rstrip('/')}/python3"
        found = stat(path)
        if found is None:
            continue
        version = _version(path, str(found.get("linkTarget", "")), stat)
        if version is not None and version >= OLDEST_PYTHON:
            return path
    return None


def _version(path: str, target: str, stat: Callable[[str], Mapping[str, Any] | None]) -> int | None:
    if match := _PYTHON_NAME.search(target.rpartition("/")[2]):
        return int(match[1])
    prefix = (target if target.startswith("/") else path).rsplit("/", 2)[0]
    for minor in range(NEWEST_PYTHON, 2, -1):
        if stat(f"{prefix}/lib/python3.{minor}/os.py") is not None:
            return minor
    return None


def new_entrypoint(image: ImageConfig) -> list[str]:
    """ENTRYPOINT of the injected image."""
    return [ENTRYPOINT_PATH, *image.entrypoint]


def dockerfile(image: ImageConfig, labels: Mapping[str, str], *, with_program: bool = True) -> str:
    """Instructions that add program and labels on top of the image; the command is repeated, because a new ENTRYPOINT
    would clear it."""
    lines = [f"FROM {image.id}"]
    if with_program:
        lines += [f"COPY {ENTRYPOINT_PATH[1:]} {ENTRYPOINT_PATH}", f"ENTRYPOINT {_words(new_entrypoint(image))}"]
        lines += [f"CMD {_words(image.command)}"] if image.command else []
    lines.append("LABEL " + " ".join(f"{_quoted(name)}={_quoted(value)}" for name, value in sorted(labels.items())))
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A word of a Dockerfile, with nothing in it left to expand."""
    return '"' + re.sub(r'(["\\$])', r"\\\1", " ".join(text.splitlines())) + '"'


def _words(words: Sequence[str]) -> str:
    return json.dumps(list(words))


def _elf_architecture(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(20)
    if len(head) < 20 or not head.startswith(b"\x7fELF"):
        return None
    return _ELF_MACHINES.get(int.from_bytes(head[18:20], "little"))
