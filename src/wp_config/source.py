"""Files and stored texts: finding, reading, choosing the syntax (hcl.md §1)."""

from __future__ import annotations

from pathlib import Path

from wp_config.diagnostics import Range, SourceFile, failure
from wp_config.records import Format, Source
from wp_config.syntax import json_form, parse_body
from wp_config.syntax.tree import Body

FILE_NAME = "waypoint.hcl"
BOM = b"\xef\xbb\xbf"


def find_file(start: Path, name: str = FILE_NAME) -> Path | None:
    """The configuration file in ``start`` or the nearest parent: first ``name``, then ``name.json``; None when there
    is none.

    Raises OSError when a folder cannot be searched.
    """
    directory = Path(start).absolute()
    for folder in (directory, *directory.parents):
        found = file_in(folder, name)
        if found is not None:
            return found
    return None


def file_in(folder: Path, name: str = FILE_NAME) -> Path | None:
    """The configuration file in exactly this folder, as a runner looks for it."""
    for candidate in (folder / name, folder / f"{name}.json"):
        try:
            candidate.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        return candidate
    return None


def load_source(where: Path | Source) -> Source:
    """The contents and format of a file; a :class:`Source` is returned as it is. Raises :class:`Diagnostics`."""
    if isinstance(where, Source):
        return where
    path = Path(where).absolute()
    suffix = path.suffix.lower()
    if suffix not in (".hcl", ".json"):
        raise failure("Unsupported file format", f"{path.name} must end in .hcl or .json.")
    contents = _read_bytes(path)
    return Source(contents, path.parent, path.name, Format.JSON if suffix == ".json" else Format.HCL)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except IsADirectoryError as error:
        raise failure("Cannot read file", f"{path} is a folder.") from error
    except OSError as error:
        raise failure("Cannot read file", f"{path}: {error.strerror}.") from error


def decode(name: str, contents: bytes) -> SourceFile:
    """The text of a file. Raises :class:`Diagnostics` at the first byte that is not UTF-8."""
    bom = contents.startswith(BOM)
    if bom:
        contents = contents[len(BOM) :]
    try:
        return SourceFile(name, contents.decode("utf-8"), bom=bom)
    except UnicodeDecodeError as error:
        text = contents.decode("utf-8", "replace")
        place = len(contents[: error.start].decode("utf-8"))
        detail = f"The byte 0x{contents[error.start]:02x} is not valid UTF-8; save the file as UTF-8."
        raise failure(
            "Invalid text encoding", detail, Range(SourceFile(name, text, bom=bom), place, place + 1)
        ) from error


def read(path: Path) -> SourceFile:
    """The text of a file on disk. Raises :class:`Diagnostics`."""
    return decode(path.name, _read_bytes(path))


def parse(file: SourceFile) -> Body:
    """The tree of a file, by the ending of its name. Raises :class:`Diagnostics`."""
    if file.name.lower().endswith(".json"):
        return json_form.parse_json_body(file)
    return parse_body(file)


def parse_source(given: Source) -> Body:
    """The tree of a source. Raises :class:`Diagnostics`."""
    name = given.name
    if given.format is Format.JSON and not name.lower().endswith(".json"):
        name += ".json"
    return parse(decode(name, given.contents))
