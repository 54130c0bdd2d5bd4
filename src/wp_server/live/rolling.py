"""A changed configuration restarts applications: this lets it reach a few of a deployment's instances at a time
(entrypoint-url.md A11.5).

The configuration itself says how, by the variable `WAYPOINT_CEB_RELOAD_ROLLING`: `2/1m` lets it to two instances, and
to the next two a minute after. Nobody is asked whether an application is back: an entrypoint knows that it runs, not
that it serves. Each server counts the instances that are connected to it.
"""

from __future__ import annotations

from collections import deque

from wp_proto.own import source_pb2
from wp_proto.waypoint import api as pb
from wp_server.durations import parse_duration

VARIABLE = "WAYPOINT_CEB_RELOAD_ROLLING"
DEFAULT_SECONDS = 30.0


class Rolling:
    """When instances may have a changed configuration."""

    def __init__(self) -> None:
        self._given: dict[str, deque[float]] = {}

    def due(self, deployment_id: str, old: pb.EntrypointConfig, new: pb.EntrypointConfig, now: float) -> float:
        """Returns the time at which an instance that has `old` may get `new`. When that is `now` it counts as given;
        else ask again then.
        """
        pace = _pace(new)
        if pace is None or not restarts(old, new):
            return now
        size, seconds = pace
        given = self._given.setdefault(deployment_id, deque())
        while given and given[0] <= now - seconds:
            given.popleft()
        if len(given) >= size:
            return given[-size] + seconds
        given.append(now)
        return now


def restarts(old: pb.EntrypointConfig, new: pb.EntrypointConfig) -> bool:
    """Whether an application is started again for this change: files alone do not."""
    return _environment(old) != _environment(new)


def _environment(config: pb.EntrypointConfig) -> tuple[list[pb.ConfigVar], list[source_pb2.BrokeredValue]]:
    return [variable for variable in config.env_vars if not variable.name_is_path], list(config.brokered)


def _pace(config: pb.EntrypointConfig) -> tuple[int, float] | None:
    """How many at a time, and for how many seconds; None for all at once, also when it cannot be read."""
    text = next((variable.static for variable in config.env_vars if variable.name == VARIABLE), "")
    size, _, pause = text.partition("/")
    try:
        seconds = parse_duration(pause) if pause else DEFAULT_SECONDS
    except ValueError:
        return None
    return (int(size), seconds) if size.isdigit() and int(size) > 0 and seconds > 0 else None
