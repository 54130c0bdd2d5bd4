"""`waypoint fmt`: the canonical format of waypoint.hcl."""

from __future__ import annotations

import contextlib
import difflib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from wp_cli.command import Command
from wp_cli.errors import EXIT_NOT_FORMATTED, EXIT_OK, CliError
from wp_cli.flags import BOOL, Flag
from wp_cli.target import config_problem

if TYPE_CHECKING:
    from wp_cli.session import Session

STDIN = "-"

WRITE = Flag("write", BOOL, True, "Write the result back to the file instead of printing it.")
CHECK = Flag("check", BOOL, False, "Only say, by exit code 3, whether something is not in the canonical format.")
DIFF = Flag("diff", BOOL, False, "Print what changes.")


def run(session: Session) -> int:
    """Format each file (default.

    Waypoint.hcl here) or stdin. With -check nothing is written and 3 means "not formatted".
    """
    changed = False
    for name in session.words or ["waypoint.hcl"]:
        changed |= format_one(session, name)
    return EXIT_NOT_FORMATTED if changed and session[CHECK] else EXIT_OK


def format_one(session: Session, name: str) -> bool:
    """Format one file; returns whether it differed from the canonical format."""
    before = read(name)
    after = canonical(before, name)
    if session[DIFF]:
        lines = difflib.unified_diff(
            before.decode("utf-8", "replace").splitlines(), after.decode("utf-8", "replace").splitlines(), name, name,
            lineterm="",
        )  # fmt: skip
        for line in lines:
            session.screen.result(line)
    if session[CHECK]:
        if before != after:
            session.screen.note(f"{name} is not in the canonical format")
    elif name == STDIN or not session[WRITE]:
        if not session[DIFF]:
            session.screen.data(after)
    elif before != after:
        replace(Path(name), after)
        session.screen.result(name)
    return before != after


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
    from wp_config.fmt import format_source

    try:
        return format_source(source, name)
    except wp_config.Diagnostics as problems:
        raise config_problem(problems) from problems


def replace(path: Path, content: bytes) -> None:
    """Replace a file's content at once, keeping its mode; through a symlink its target is replaced."""
    path = path.resolve()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, path.stat().st_mode & 0o7777)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


FMT = Command(
    "fmt", run,
    """
    Rewrites configuration files in the canonical format and prints the names of those that changed. Without a file,
    waypoint.hcl in the current directory is formatted; `-` reads stdin and prints.
    """,
    flags=(WRITE, CHECK, DIFF), arguments="[FILE ...|-]", words=(0, None), connection=False,
)  # fmt: skip
