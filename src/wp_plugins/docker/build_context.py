"""The build context: which files travel to the engine, and under which name the Dockerfile is among them.

`.dockerignore` decides (or `<Dockerfile>.dockerignore` beside the Dockerfile, as BuildKit has it); the Dockerfile and
`.dockerignore` always travel. A Dockerfile from outside the context is added under a random name: the user's tree is
never touched (plugins specification 1.2, step 2).
"""

from __future__ import annotations

import os
import secrets
import tarfile
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from docker.utils.build import exclude_paths

from wp_sdk.component import PluginError

SPOOL = 16 * 1024 * 1024
"""Bytes of a context that are kept in memory; a bigger one goes to a temporary file."""

PROJECT_FILES = ("waypoint.hcl", "waypoint.hcl.json")


@dataclass(frozen=True)
class BuildContext:
    """A folder to build, and the Dockerfile in or outside it. `dockerfile_name` is its name inside the context,
    `project` the folder that relative paths in the configuration start from."""

    project: Path
    folder: Path
    dockerfile: Path
    dockerfile_name: str

    @property
    def outside(self) -> bool:
        """True when the Dockerfile is not below the context's folder."""
        return not self.dockerfile.resolve().is_relative_to(self.folder.resolve())


def locate(app_path: Path, context: str, dockerfile: str) -> BuildContext:
    """Find folder and Dockerfile. A relative `context` is relative to the project's folder, a relative `dockerfile` to
    the application's.

    Raises PluginError when one of them is not there.
    """
    project = _project_folder(app_path)
    folder = project / context if context else app_path
    if not folder.is_dir():
        raise PluginError(
            "The build context is not there" if not folder.exists() else "The build context is not a folder",
            where=str(folder),
            do="Set `context` to a folder, relative to the folder of waypoint.hcl",
        )
    file = app_path / (dockerfile or "Dockerfile")
    if not file.is_file() and context and dockerfile and (folder / dockerfile).is_file():
        file = folder / dockerfile
    if not file.is_file():
        raise PluginError(
            "There is no Dockerfile" if not file.exists() else "The Dockerfile is not a file",
            where=str(file),
            do="Write one, or set `dockerfile` to its path, relative to the application's folder",
        )
    found = BuildContext(project, folder, file, "")
    name = (
        f".dockerfile.{secrets.token_hex(8)}"
        if found.outside
        else file.resolve().relative_to(folder.resolve()).as_posix()
    )
    return BuildContext(project, folder, file, name)


def _project_folder(app_path: Path) -> Path:
    """The folder of waypoint.hcl. It is looked for above the application, because the working directory is another one
    when the project was fetched from a repository, or the command called in a folder below."""
    for folder in (app_path, *app_path.absolute().parents):
        if any((folder / name).is_file() for name in PROJECT_FILES):
            return folder
    return Path.cwd()


def pack(context: BuildContext) -> IO[bytes]:
    """The context as an open tar file, at its beginning. Raises PluginError naming the file that cannot be read."""
    archive: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115 - the caller closes it
    try:
        with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name in _files(context):
                _add(tar, context.folder, name)
            if context.outside:
                _add_bytes(tar, context.dockerfile_name, context.dockerfile.read_bytes())
    except OSError as error:
        archive.close()
        raise PluginError(
            f"The build context cannot be read: {error.strerror or error}",
            where=str(error.filename or context.folder),
            do="Make it readable, or name it in .dockerignore",
        ) from error
    archive.seek(0)
    return archive


def _files(context: BuildContext) -> list[str]:
    own = context.dockerfile.with_name(context.dockerfile.name + ".dockerignore")
    ignore = own if own.is_file() else context.folder / ".dockerignore"
    patterns = ignore.read_text().splitlines() if ignore.is_file() else []
    patterns = [line.strip() for line in patterns if line.strip() and not line.startswith("#")]
    patterns.append("!.dockerignore")
    return sorted(exclude_paths(str(context.folder), patterns, dockerfile=context.dockerfile_name))


def _add(tar: tarfile.TarFile, folder: Path, name: str) -> None:
    path = folder / name
    entry = tar.gettarinfo(path, arcname=name)
    if entry is None:  # a socket: nothing that could be copied
        return
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = int(entry.mtime)
    if entry.isfile():
        with path.open("rb") as file:
            tar.addfile(entry, file)
    else:
        tar.addfile(entry)


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = mode
    tar.addfile(entry, BytesIO(content))


def pack_files(files: dict[str, tuple[bytes, int]]) -> IO[bytes]:
    """A tar of the given files (name → content, mode), owned by root, dated at the epoch: same input, same bytes."""
    archive: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115 - the caller closes it
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, (content, mode) in files.items():
            _add_bytes(tar, name, content, mode)
    archive.seek(0, os.SEEK_SET)
    return archive
