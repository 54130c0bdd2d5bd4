"""What has to stay of output that is dropped (server.md §7.8): a replay must not start inside a step it never opened.

Steps are updated by number over many events. Of the dropped events the open step group and one event per step that is
still open remain; what those showed last stays visible, what was finished is gone.
"""

from __future__ import annotations

from collections.abc import Iterable

from wp_proto.waypoint import api as pb

Event = pb.GetJobStreamResponse.Terminal.Event

KEPT_OUTPUT_BYTES = 8 * 1024
"""Of an open step's own output this much remains, the end of it."""


def folded(events: Iterable[Event]) -> list[Event]:
    """Returns the shortest events that open the same step group and steps as `events` leave open."""
    group: Event | None = None
    steps: dict[int, Event] = {}
    for event in events:
        match event.WhichOneof("event"):
            case "step_group":
                group = None if event.step_group.close else event
                steps.clear()
            case "step" if event.step.close:
                steps.pop(event.step.id, None)
            case "step":
                steps[event.step.id] = _merged(steps.get(event.step.id), event)
    return ([group] if group is not None else []) + list(steps.values())


def _merged(before: Event | None, update: Event) -> Event:
    merged = Event()
    if before is not None:
        merged.CopyFrom(before)
    if update.HasField("timestamp"):
        merged.timestamp.CopyFrom(update.timestamp)
    merged.step.id = update.step.id
    merged.step.msg = update.step.msg or merged.step.msg
    merged.step.status = update.step.status or merged.step.status
    merged.step.output = (merged.step.output + update.step.output)[-KEPT_OUTPUT_BYTES:]
    return merged
