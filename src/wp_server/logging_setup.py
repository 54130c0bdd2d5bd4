"""The server's own log: one line per event on stderr, `<time> [LEVEL] <name>: <message>` (cli.md §5.8), or JSON."""

from __future__ import annotations

import json
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
        text = f"{_moment(record)} [{_level(record)}] {_name(record)}: {record.getMessage()}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class _JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, and what the caller named (`extra`)."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _moment(record),
            "level": _level(record).lower(),
            "logger": _name(record),
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD and name not in line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _level(record: logging.LogRecord) -> str:
    return {"WARNING": "WARN", "CRITICAL": "ERROR"}.get(record.levelname, record.levelname)


def _name(record: logging.LogRecord) -> str:
    return record.name.replace("wp_server", "waypoint.server")


_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_FORMATTERS = {"text": _Formatter, "json": _JsonFormatter}


def configure(level: str, form: str = "text") -> None:
    """Sends everything from `level` on to stderr, as `text` or as `json`."""
    logging.addLevelName(TRACE, "TRACE")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FORMATTERS[form]())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[level])
    # Libraries tell their inner life at INFO; theirs is only of interest with -vv.
    quiet = logging.WARNING if _LEVELS[level] > logging.DEBUG else _LEVELS[level]
    for library in ("uvicorn", "asyncio", "alembic", "grpc"):
        logging.getLogger(library).setLevel(quiet)
    # It would print every statement's parameters: keys, tokens, configuration values.
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
    # It would print the queries of websockets, which may hold a token.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
