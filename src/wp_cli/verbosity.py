"""Log records on stderr, for who asks with `-v` or WAYPOINT_LOG_LEVEL (CLI specification 5.8)."""

from __future__ import annotations

import logging
import sys

from wp_cli.errors import CliError

TRACE = 5
LEVELS = {
    "trace": TRACE, "debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR,
}  # fmt: skip


def configure(word: str) -> None:
    """Show records from level `word` on; CliError if there is no such level."""
    level = LEVELS.get(word.lower())
    if level is None:
        raise CliError(
            f"WAYPOINT_LOG_LEVEL is {word!r}, which is no log level", do=f"Use one of {', '.join(LEVELS)}, or unset it."
        )
    logging.addLevelName(TRACE, "TRACE")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s [%(levelname)s] %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    logging.basicConfig(level=level, handlers=[handler])
