"""The terminal output of jobs: append-only batches, numbered by their last event (server.md §7.8, G11; defects 31, 32).

Writes are of the weak class: output survives the death of the server process, and a power cut after the next full
commit, which the job's completion is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select, update

from wp_proto.waypoint import api as pb
from wp_server.jobs.fold import folded
from wp_server.jobs.machine import StaleAssignment, State
from wp_server.store.changes import changed
from wp_server.store.isolation import guarded
from wp_server.store.schema import job_output, jobs

KEPT_EVENTS = 16_000
"""Events of one job that stay readable; older ones go."""
TRIM_EVERY = 1_000
BATCH_EVENTS = 64
BATCH_BYTES = 256 * 1024

Event = pb.GetJobStreamResponse.Terminal.Event
Terminal = pb.GetJobStreamResponse.Terminal

_insert = job_output.insert()
_reserve = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"), jobs.c.assignment == bindparam("fence"), jobs.c.state == bindparam("running"))
    .values(output_last=jobs.c.output_last + bindparam("count"))
    .returning(jobs.c.output_last)
)
_after = (
    select(job_output.c.sequence, job_output.c.blob)
    .where(job_output.c.job_id == bindparam("job"), job_output.c.sequence > bindparam("after"))
    .order_by(job_output.c.sequence)
    .limit(bindparam("most"))
)
_oldest = (
    select(job_output.c.sequence, job_output.c.blob)
    .where(job_output.c.job_id == bindparam("job"), job_output.c.sequence <= bindparam("upto"))
    .order_by(job_output.c.sequence)
)
_drop = delete(job_output).where(job_output.c.job_id == bindparam("job"), job_output.c.sequence <= bindparam("upto"))


@dataclass(frozen=True)
class Batch:
    """Some events of a job; `last` is the number of the last one."""

    last: int
    terminal: Terminal


@guarded
def append(connection: Connection, job_id: str, assignment: int, events: Sequence[Event]) -> None:
    """Adds events of a RUNNING job. Errors: FailedPrecondition when the assignment is not in force any more."""
    if not events:
        return
    values = {"job": job_id, "fence": assignment, "running": int(State.RUNNING), "count": len(events)}
    last = connection.execute(_reserve, values).scalar()
    if last is None:
        raise StaleAssignment("This stream's assignment was taken back; its output is not kept.")
    number = last - len(events)
    for batch in _batches(events):
        number += len(batch)
        blob = Terminal(events=batch).SerializeToString()
        connection.execute(_insert, {"job_id": job_id, "sequence": number, "events": len(batch), "blob": blob})
    if last > KEPT_EVENTS and last // TRIM_EVERY != (last - len(events)) // TRIM_EVERY:
        _trim(connection, job_id, last - KEPT_EVENTS)
    changed(connection, f"output/{job_id}")


def after(connection: Connection, job_id: str, number: int, most: int) -> list[Batch]:
    """Returns up to `most` batches that follow event `number` (0: from the start)."""
    rows = connection.execute(_after, {"job": job_id, "after": number, "most": most})
    return [Batch(row.sequence, Terminal.FromString(row.blob)) for row in rows]


def _trim(connection: Connection, job_id: str, upto: int) -> None:
    """Drops the batches up to event `upto`; what they leave open stays, under the number of the last of them."""
    dropped = connection.execute(_oldest, {"job": job_id, "upto": upto}).all()
    if not dropped:
        return
    connection.execute(_drop, {"job": job_id, "upto": upto})
    kept = folded(event for row in dropped for event in Terminal.FromString(row.blob).events)
    if kept:
        blob = Terminal(events=kept).SerializeToString()
        values = {"job_id": job_id, "sequence": dropped[-1].sequence, "events": len(kept), "blob": blob}
        connection.execute(_insert, values)


def _batches(events: Sequence[Event]) -> Iterator[list[Event]]:
    batch: list[Event] = []
    size = 0
    for event in events:
        if batch and (len(batch) == BATCH_EVENTS or size + event.ByteSize() > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += event.ByteSize()
    yield batch
