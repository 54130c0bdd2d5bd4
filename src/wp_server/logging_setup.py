"""The server's own log: one line per event on stderr, `<time> [LEVEL] <name>: <message>` (cli.md §5.8)."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

TRACE = 5
_LEVELS = {
    "trace": TRACE,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        level = {"WARNING": "WARN", "CRITICAL": "ERROR"}.get(record.levelname, record.levelname)
        text = f"{moment} [{level}] {record.name.replace('wp_server', 'waypoint.server')}: {record.getMessage()}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def configure(level: str) -> None:
    """Sends everything from `level` on to stderr."""
    logging.addLevelName(TRACE, "TRACE")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[level])
    # Libraries tell their inner life at INFO; theirs is only of interest with -vv.
    quiet = logging.WARNING if _LEVELS[level] > logging.DEBUG else _LEVELS[level]
    for library in ("uvicorn", "asyncio", "alembic", "grpc"):
        logging.getLogger(library).setLevel(quiet)
    # It would print every statement's parameters: keys, tokens, configuration values.
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
