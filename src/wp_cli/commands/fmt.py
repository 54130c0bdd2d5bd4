"""`waypoint fmt`: the canonical format of waypoint.hcl."""

from __future__ import annotations

import contextlib
import difflib
import fnmatch
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wp_cli.command import Command
from wp_cli.errors import EXIT_NOT_FORMATTED, EXIT_OK, CliError, UsageProblem
from wp_cli.flags import BOOL, Flag

if TYPE_CHECKING:
    from wp_cli.session import Session

STDIN = "-"
DEFAULT = "waypoint.hcl"
PATTERNS = (DEFAULT, "*.wpvars")
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__"})
STYLE_OF_CHANGE = {"+": "success", "-": "error"}

WRITE = Flag("write", BOOL, True, "Write the result back to the file instead of printing it.")
CHECK = Flag("check", BOOL, False, "Only say, by exit code 3, whether something is not in the canonical format.")
DIFF = Flag("diff", BOOL, False, "Print what changes.")
RECURSIVE = Flag("recursive", BOOL, False, "Format waypoint.hcl and *.wpvars in the named folders and all below them.")


class Formatted(NamedTuple):
    """A file's content as it is and as it should be."""

    name: str
    before: bytes
    after: bytes


def run(session: Session) -> int:
    """Format each file, waypoint.hcl here if none is named, or stdin. With -check nothing is written and 3 means "not
    formatted".

    All files are read before one is written: where one of them cannot be formatted, none is changed.
    """
    files = format_all(list(chosen(session)))
    for file in files:
        show_or_write(session, file)
    changed = any(file.before != file.after for file in files)
    return EXIT_NOT_FORMATTED if changed and session[CHECK] else EXIT_OK


def chosen(session: Session) -> Iterator[str]:
    """Names of the files to format. CliError for a folder without -recursive, or one that cannot be read."""
    if not session[RECURSIVE]:
        for name in session.words or [DEFAULT]:
            if os.path.isdir(name):
                raise CliError(f"{name} is a folder", do="Name the file, or format all files below it with -recursive.")
            yield name
        return
    if STDIN in session.words:
        raise UsageProblem("-recursive and - exclude each other", command="fmt")
    for name in session.words or ["."]:
        yield from below(name) if os.path.isdir(name) else [name]


def below(folder: str) -> Iterator[str]:
    """Files of ours in a folder and below it, sorted; hidden folders and links to folders are left out."""

    def refuse(err: OSError) -> None:
        raise CliError(f"cannot look into {err.filename}: {err.strerror}") from err

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in PATTERNS):
                yield os.path.normpath(os.path.join(place, name))


def format_all(names: list[str]) -> list[Formatted]:
    """Format the files' contents. CliError with the problems of all that cannot be formatted."""
    files: list[Formatted] = []
    problems: list[CliError] = []
    for name in names:
        try:
            before = read(name)
            files.append(Formatted(name, before, canonical(before, name)))
        except CliError as problem:
            problems.append(problem)
    if len(problems) == 1 and len(names) == 1:
        raise problems[0]
    if problems:
        text = "\n\n".join("\n".join(filter(None, (problem.message, problem.do))) for problem in problems)
        raise CliError(text, do="Nothing was written.")
    return files


def show_or_write(session: Session, file: Formatted) -> None:
    """Do with one file what the flags say."""
    name, before, after = file
    if session[DIFF]:
        for line in difflib.unified_diff(lines_of(before), lines_of(after), name, name, lineterm=""):
            session.screen.result(line, STYLE_OF_CHANGE.get(line[0], ""))
    if session[CHECK]:
        if before != after:
            session.screen.note(f"{name} is not in the canonical format")
    elif name == STDIN or not session[WRITE]:
        if not session[DIFF]:
            session.screen.data(after)
    elif before != after:
        replace(Path(name), after)
        if not session[DIFF]:
            session.screen.result(name)


def lines_of(content: bytes) -> list[str]:
    """Lines for a comparison."""
    return content.decode("utf-8", "replace").splitlines()


def read(name: str) -> bytes:
    """Content of a file or of stdin."""
    if name == STDIN:
        return sys.stdin.buffer.read()
    if name.endswith(".json"):
        raise CliError(f"{name} is JSON, which has no canonical format here", do="Only the HCL form can be formatted.")
    try:
        return Path(name).read_bytes()
    except FileNotFoundError:
        raise CliError(f"there is no {name} in {Path.cwd()}", do="Name the file to format.") from None
    except OSError as err:
        raise CliError(f"cannot read {name}: {err.strerror}") from err


def canonical(source: bytes, name: str) -> bytes:
    """Return the formatted text. CliError with the place of a syntax error."""
    import wp_config
    from wp_cli.target import config_problem
    from wp_config.fmt import format_source

    try:
        return format_source(source, "<stdin>" if name == STDIN else name)
    except wp_config.Diagnostics as problems:
        raise config_problem(problems) from problems


def replace(path: Path, content: bytes) -> None:
    """Replace a file's content at once, keeping its mode; through a symlink its target is replaced.

    CliError when that is impossible; the file is then as it was.
    """
    temporary = ""
    try:
        path = path.resolve()
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, path.stat().st_mode & 0o7777)
        os.replace(temporary, path)
    except OSError as err:
        raise CliError(f"cannot write {path}: {err.strerror}", do="The file was not changed.") from err
    finally:
        if temporary:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


FMT = Command(
    "fmt", run,
    """
    Rewrites configuration files in the canonical format and prints the names of those that changed. Without a file,
    waypoint.hcl in the current directory is formatted; `-` reads stdin and prints. A file with a syntax error is
    refused, and then no file is written.
    """,
    flags=(WRITE, CHECK, DIFF, RECURSIVE), arguments="[FILE ...|-]", words=(0, None), connection=False,
)  # fmt: skip
