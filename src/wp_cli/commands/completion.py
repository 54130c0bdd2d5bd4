"""`waypoint completion`: the script that makes a shell complete our commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wp_cli.command import Command
from wp_cli.errors import EXIT_OK

if TYPE_CHECKING:
    from wp_cli.session import Session


def run(session: Session) -> int:
    """Print the script for a shell."""
    from wp_cli.completion import script

    session.screen.data(script(session.words[0]).encode() + b"\n")
    return EXIT_OK


COMPLETION = Command(
    "completion", run,
    """
    Prints a completion script. Source it, or let `waypoint -autocomplete-install` add it to your shell's rc file.

      eval "$(waypoint completion bash)"
    """,
    arguments="bash|zsh|fish", words=(1, 1), connection=False,
)  # fmt: skip
