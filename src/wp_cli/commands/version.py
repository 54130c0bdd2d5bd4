"""`waypoint version`. Imports nothing heavy unless a server is configured, because it must answer within 50 ms."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from wp_cli.version import VERSION

if TYPE_CHECKING:
    from wp_cli.command import Command
    from wp_cli.session import Session

TIMEOUT = 2.0  # seconds for the server to answer


def print_versions() -> int:
    """Print both versions for a command line without flags; the quick way if no server is configured."""
    if "WAYPOINT_SERVER_ADDR" not in os.environ and not context_is_set():
        sys.stdout.write(f"CLI: {VERSION}\n")
        return 0
    from wp_cli import registry

    return registry.load("version").invoke([])


def context_is_set() -> bool:
    """Return whether WAYPOINT_CONTEXT or a default context names a server."""
    named = os.environ.get("WAYPOINT_CONTEXT", "")
    if named:
        return named != "-"
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), config_folder())
    return os.path.lexists(os.path.join(home, "waypoint", "context", "_default.hcl"))


def config_folder() -> str:
    """Return the user's configuration folder below the home folder."""
    return os.path.join("Library", "Preferences") if sys.platform == "darwin" else ".config"


def run(session: Session) -> int:
    """Print our version, and the server's if one is configured and answers.

    Always 0: that it does not answer is shown.
    """
    from wp_cli import standard_flags as shared
    from wp_cli.errors import CliError

    as_json, screen, server = session[shared.JSON], session.screen, ""
    if not as_json:
        screen.result(f"CLI: {VERSION}")
    try:
        endpoint = session.configured_endpoint()
        if endpoint:
            from wp_cli.connect import connect

            client = connect(endpoint, TIMEOUT)
            server = client.server_version
            client.close()
    except CliError as err:
        screen.error(f"The server's version is unknown: {err.message}")
    if as_json:
        screen.json({"cli": VERSION, "server": server or None})
    elif server:
        screen.result(f"Server: {server}")
    return 0


def __getattr__(name: str) -> Command:
    """Make the `Command` when the registry asks for it; the quick way above must not load what it is made of."""
    if name != "VERSION_COMMAND":
        raise AttributeError(name)
    from wp_cli import standard_flags as shared
    from wp_cli.command import Command

    return Command(
        "version", run, "Prints the version of this command line, and the version of the server if one is configured.",
        flags=(shared.JSON,),
    )  # fmt: skip
