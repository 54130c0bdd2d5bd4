"""Terminal events of the SDK as the messages that travel in job streams."""

from __future__ import annotations

from wp_proto.waypoint import api as pb
from wp_sdk.terminal import Cell, Event, Line, NamedValues, Raw, Status, Step, StepGroup, Table

_T = pb.GetJobStreamResponse.Terminal.Event


def to_message(event: Event) -> pb.GetJobStreamResponse.Terminal.Event:
    """Turn an event into its message, without a timestamp."""
    match event:
        case Line(msg=msg, style=style):
            return _T(line=_T.Line(msg=msg, style=style))
        case Step(id=step_id, close=close, msg=msg, status=status, output=output):
            return _T(step=_T.Step(id=step_id, close=close, msg=msg, status=status, output=output))
        case Raw(data=raw, stderr=stderr):
            return _T(raw=_T.Raw(data=raw, stderr=stderr))
        case Status(status=status, msg=msg, step=step):
            return _T(status=_T.Status(status=status, msg=msg, step=step))
        case NamedValues(values=values):
            return _T(
                named_values=_T.NamedValues(values=[_T.NamedValue(name=name, value=value) for name, value in values])
            )
        case Table(headers=headers, rows=rows):
            entries = [
                _T.TableRow(entries=[_T.TableEntry(value=cell.value, color=cell.color) for cell in row]) for row in rows
            ]
            return _T(table=_T.Table(headers=headers, rows=entries))
        case StepGroup(close=close):
            return _T(step_group=_T.StepGroup(close=close))


def from_message(message: pb.GetJobStreamResponse.Terminal.Event) -> Event:
    """Turn a message back into its event. Messages do not say which group a step is in: it is in group 0."""
    match message.WhichOneof("event"):
        case "step":
            step = message.step
            return Step(step.id, 0, step.msg, step.status, step.output, step.close)
        case "raw":
            return Raw(message.raw.data, message.raw.stderr)
        case "status":
            return Status(message.status.status, message.status.msg, message.status.step)
        case "named_values":
            return NamedValues(tuple((pair.name, pair.value) for pair in message.named_values.values))
        case "table":
            rows = tuple(tuple(Cell(cell.value, cell.color) for cell in row.entries) for row in message.table.rows)
            return Table(tuple(message.table.headers), rows)
        case "step_group":
            return StepGroup(0, message.step_group.close)
        case _:
            return Line(message.line.msg, message.line.style)


def merge(first: Event, second: Event, limit: int) -> Event | None:
    """Join two neighbouring chunks of raw output or of one step's output up to `limit` bytes;

    None when they do not join.
    """
    match first, second:
        case Raw(data=one, stderr=stderr), Raw(data=two, stderr=other) if (
            stderr == other and len(one) + len(two) <= limit
        ):
            return Raw(one + two, stderr)
        case (
            Step(id=step_id, group=group, msg="", status="", output=one, close=False),
            Step(id=other_id, msg="", status="", output=two, close=False),
        ) if step_id == other_id and one and two and len(one) + len(two) <= limit:
            return Step(step_id, group, output=one + two)
    return None
