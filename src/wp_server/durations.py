"""Durations as Go writes them (`30s`, `1h15m`, `87600h`), which is how they travel in requests."""

from __future__ import annotations

import re

_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_LIMIT_SECONDS = (2**63 - 1) / 1e9
"""Go counts nanoseconds in 64 bits."""


def parse_duration(text: str) -> float:
    """Returns seconds. Errors: ValueError saying what a duration looks like."""
    rest, sign = text.strip(), 1.0
    if rest[:1] in ("-", "+"):
        rest, sign = rest[1:], -1.0 if rest[0] == "-" else 1.0
    if rest == "0":
        return 0.0
    parts = list(_PART.finditer(rest))
    if not parts or "".join(part.group() for part in parts) != rest:
        raise ValueError(f"{text!r} is not a duration such as 30s, 15m or 1h30m")
    seconds = sign * sum(float(part[1]) * _UNIT_SECONDS[part[2]] for part in parts)
    if abs(seconds) > _LIMIT_SECONDS:
        raise ValueError(f"{text!r} is longer than 292 years")
    return seconds
