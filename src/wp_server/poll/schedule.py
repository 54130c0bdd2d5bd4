"""How often is looked: intervals, back-off, spread. Pure (server.md §9.1; defect 40)."""

from __future__ import annotations

import random

from wp_proto.waypoint import api as pb
from wp_server.durations import parse_duration
from wp_server.store.polls import Kind

DEFAULT_SECONDS = {Kind.SOURCE: 30.0, Kind.APPLICATION: 300.0}
LEAST_SECONDS = 1.0
"""Nobody looks more often."""
MOST_PAUSE_SECONDS = 900.0
"""After failures the pauses double up to this, unless the interval is longer anyway."""
JITTER = 0.1
"""Share by which a pause is longer or shorter, so that what began together does not stay together."""


def interval(kind: Kind, project: pb.Project) -> float:
    """Returns the seconds between two looks that a project asks for."""
    asked = project.data_source_poll.interval if kind is Kind.SOURCE else project.status_report_poll.interval
    try:
        seconds = parse_duration(asked) if asked else DEFAULT_SECONDS[kind]
    except ValueError:  # stored by a server that did not check
        seconds = DEFAULT_SECONDS[kind]
    return max(seconds, LEAST_SECONDS)


def pause(seconds: float, failures: int) -> int:
    """Returns the nanoseconds until the next look, after so many failures in a row."""
    backed_off = min(seconds * 2 ** min(failures, 32), max(seconds, MOST_PAUSE_SECONDS))
    return int(backed_off * random.uniform(1 - JITTER, 1 + JITTER) * 1e9)


def spread(seconds: float) -> int:
    """Returns nanoseconds until the first look after a time without anybody who looked: any part of an interval."""
    return int(random.uniform(0, seconds) * 1e9)
