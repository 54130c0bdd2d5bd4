"""`waypoint validate`: everything that can be known to be wrong with a configuration without touching a platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_ERROR, EXIT_OK, CliError
from wp_cli.flags import BOOL, Flag
from wp_cli.target import FILE_NAMES, find_file

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_config import Diagnostics

FORMAT_VERSION = "1.0"
"""Of the JSON: the first number changes when something is removed or changes its meaning."""

JSON = Flag("json", BOOL, False, "Print the result as JSON.")
COMPAT = Flag("compat", BOOL, False, "Also list, as a failure, everything that Go Waypoint 0.11 would not accept.")


def run(session: Session) -> int:
    """Check the file; 0 when it is valid, 1 when it is not."""
    from wp_cli.validation import examine

    path = wanted(session)
    found = examine(path, session)
    foreign = 0
    if session[COMPAT]:
        foreign = add_incompatibilities(path, found)
    if session[JSON]:
        session.screen.json(as_json(path, found))
    else:
        show(session, path, found, foreign)
    return EXIT_ERROR if found.has_errors or foreign else EXIT_OK


def wanted(session: Session) -> Path:
    """The file that is named, or in the named folder, or the nearest one. CliError if there is none."""
    if not session.words:
        path = find_file(Path.cwd())
        if path is None:
            raise CliError(
                "there is no waypoint.hcl here or in a folder above",
                do="Name the file to check, or write one with `waypoint init`.",
            )
        return path
    named = Path(session.words[0])
    if not named.is_dir():
        return named
    for name in FILE_NAMES:
        if (named / name).exists():
            return named / name
    raise CliError(f"there is no waypoint.hcl in {named}", do="Name the file to check.")


def add_incompatibilities(path: Path, found: Diagnostics) -> int:
    """Add what Go Waypoint would not accept to what was found, and return how much that is."""
    import wp_config
    from wp_runner.compatibility import incompatibilities

    try:
        foreign = incompatibilities(path)
    except wp_config.Diagnostics:
        return 0  # the file cannot be read, which was found already
    found.extend(foreign)
    return len(foreign.items)


def as_json(path: Path, found: Diagnostics) -> dict[str, object]:
    """The machine form (docs/command-line.md)."""
    return {
        "format_version": FORMAT_VERSION,
        "file": str(path.absolute()),
        "valid": not found.has_errors,
        "error_count": len(found.errors),
        "warning_count": len(found.warnings),
        "diagnostics": [item.to_json() for item in found],
    }


def show(session: Session, path: Path, found: Diagnostics, foreign: int) -> None:
    """Print every diagnostic with its source line, and one line that sums up."""
    from wp_cli.render.text import printable

    screen = session.screen
    for item in found:
        safe = item._replace(
            summary=printable(item.summary), detail=printable(item.detail),
            values=tuple(map(printable, item.values)),
        )  # fmt: skip
        screen.err.write(safe.render(colour=screen.color_err) + "\n\n")
    screen.err.flush()
    warnings = len(found.warnings) - foreign
    counts = [(len(found.errors), "error"), (warnings, "warning")]
    summary = ", ".join(f"{count} {word}{'s' * (count > 1)}" for count, word in counts if count)
    if found.has_errors:
        screen.error(f"{path.name} is not valid: {summary}")
    else:
        mark = screen.icon("✓", "ok:")
        screen.result(f"{mark} {path.name} is valid{f' ({summary})' if summary else ''}", "success")
    if foreign:
        screen.error(f"Go Waypoint 0.11 would not accept {foreign} place{'s' * (foreign > 1)} in it")
    elif session[COMPAT] and not found.has_errors:
        screen.result(f"{screen.icon('✓', 'ok:')} Go Waypoint 0.11 would accept it too", "success")


VALIDATE = Command(
    "validate", run,
    """
    Checks everything that can be checked without touching a platform: syntax, names, types, references, selectors,
    pipelines, variables, whether the plugins exist and take their bodies, and whether they fit together. All problems
    are shown at once, each with its place. FILE is the nearest waypoint.hcl when it is left out. No server is needed.
    """,
    flags=(JSON, COMPAT, shared.VAR, shared.VAR_FILE), arguments="[FILE]", words=(0, 1), connection=False,
)  # fmt: skip
