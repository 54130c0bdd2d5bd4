"""Unpacking archives of others: nothing outside of the folder, no links, no devices, and no more than there is room
for."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from wp_cli.errors import CliError

MAX_UNPACKED = 2 * 1024**3
"""Bytes that an archive may hold."""

MAX_ENTRIES = 200_000
"""Files and folders that an archive may hold."""

MAX_NAME = 4096
"""Characters of a path."""

PIECE = 1 << 20
MODE_FOLDER, MODE_FILE, MODE_PROGRAM = 0o755, 0o644, 0o755
_FORMAT_MASK, _LINK = 0o170000, 0o120000


class Entry(NamedTuple):
    """A file, or a folder (`content` is None)."""

    path: PurePosixPath
    content: IO[bytes] | None
    program: bool


def unpack(archive: Path, place: Path) -> list[str]:
    """Unpack into the new folder `place`; returns the links that were left out.

    Where everything lies in one folder, that folder's content is what counts. CliError when the archive is damaged,
    too large, or wants to write somewhere else.
    """
    left_out: list[str] = []
    place.mkdir(mode=MODE_FOLDER)
    written = entries = 0
    try:
        with _opened(archive, left_out) as found:
            for entry in found:
                entries += 1
                if entries > MAX_ENTRIES:
                    raise CliError(f"{archive.name} holds more than {MAX_ENTRIES} files")
                written += _write(entry, place, archive, MAX_UNPACKED - written)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as err:
        raise CliError(f"{archive.name} is damaged or no archive: {err}") from err
    if not entries:
        raise CliError(f"{archive.name} is empty")
    _hoist(place)
    return sorted(left_out)


@contextmanager
def _opened(archive: Path, left_out: list[str]) -> Iterator[Iterator[Entry]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            yield _zip_entries(packed, left_out)
        return
    with tarfile.open(archive) as tar:
        yield _tar_entries(tar, left_out)


def _zip_entries(packed: zipfile.ZipFile, left_out: list[str]) -> Iterator[Entry]:
    for item in packed.infolist():
        mode = item.external_attr >> 16
        path = _checked(item.filename)
        if mode & _FORMAT_MASK == _LINK:
            left_out.append(str(path))
        elif item.is_dir():
            yield Entry(path, None, program=False)
        else:
            with packed.open(item) as content:
                yield Entry(path, content, program=bool(mode & 0o100))


def _tar_entries(tar: tarfile.TarFile, left_out: list[str]) -> Iterator[Entry]:
    for item in tar:
        path = _checked(item.name)
        if item.isdir():
            yield Entry(path, None, program=False)
        elif item.isreg():
            yield Entry(path, tar.extractfile(item), program=bool(item.mode & 0o100))
        else:
            left_out.append(str(path))


def _checked(name: str) -> PurePosixPath:
    """The path of an entry. CliError when it leads out of the folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name or len(name) > MAX_NAME or name[1:2] == ":":
        raise CliError(f"the archive wants to write to {name[:200]!r}, which is outside of its folder")
    return path


def _write(entry: Entry, place: Path, archive: Path, room: int) -> int:
    """Write one entry; returns its size."""
    target = place / entry.path
    if entry.content is None:
        target.mkdir(mode=MODE_FOLDER, parents=True, exist_ok=True)
        return 0
    target.parent.mkdir(mode=MODE_FOLDER, parents=True, exist_ok=True)
    size = 0
    with target.open("wb") as file:
        while piece := entry.content.read(PIECE):
            size += len(piece)
            if size > room:
                raise CliError(f"{archive.name} unpacks to more than {MAX_UNPACKED // 1024**2} MB")
            file.write(piece)
    target.chmod(MODE_PROGRAM if entry.program else MODE_FILE)
    return size


def _hoist(place: Path) -> None:
    """Where one folder holds everything, put its content in its place."""
    inner = list(place.iterdir())
    if len(inner) != 1 or not inner[0].is_dir():
        return
    aside = place.with_name(f"{place.name}.inner")
    inner[0].rename(aside)
    place.rmdir()
    shutil.move(aside, place)
