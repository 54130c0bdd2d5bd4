"""One reader of application logs (server.md §5.3): backlogs first, merged by time; then every line as it comes.

The set of instances changes under the reader: new ones join, and the rings of lost ones are read to their end.

A reader on another server is told with each batch where it ends, and goes on from there after its link broke.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

from wp_proto.own.log_position_pb2 import LogFollow, LogPosition
from wp_proto.waypoint import api as pb
from wp_server.live.instances import Instance, Instances, logs_topic
from wp_server.store import Subscription
from wp_server.store.instances import ALL

Select = Callable[[], Awaitable[list[Instance]]]
RESTARTED = "lines may be missing here: the server did not hear this instance for a while, and kept none of its lines"


class LogReader:
    """Follows the instances that `select` returns, asking it again when instances or `topics` changed."""

    def __init__(
        self,
        instances: Instances,
        select: Select,
        topics: tuple[str, ...],
        backlog: int,
        follow: LogFollow | None = None,
    ) -> None:
        """`follow`: what a reader on another server has already."""
        self._changes = instances.changes
        self._lines = instances.lines
        self._select = select
        self._topics = frozenset((ALL, *topics))
        self._backlog = backlog
        self._started = time.monotonic()
        self._cursors: dict[Instance, int] = {}
        self._follow = follow

    async def batches(self) -> AsyncGenerator[bytes, None]:
        """Yields serialized `LogBatch` messages, for ever."""
        first = await self._select()
        if self._follow is None:
            self._cursors = {instance: instance.ring.backlog(self._backlog) for instance in first}
        else:
            yield pb.LogBatch(position=LogPosition()).SerializeToString()
            for batch in self._taken_up(first, self._follow):
                yield batch
        for batch in self._merged():
            yield batch
        while True:
            topics = {logs_topic(instance.id): instance for instance in self._cursors}
            with self._changes.subscribe(self._topics | topics.keys()) as subscription:
                for batch in self._refreshed(await self._select()):
                    yield batch
                async for batch in self._live(subscription, topics):
                    yield batch

    def _taken_up(self, first: list[Instance], follow: LogFollow) -> Iterator[bytes]:
        """Sets the cursors where the reader on the other server has come to; yields what it cannot have any more."""
        shown = {position.instance_id: position for position in follow.shown}
        for instance in first:
            known, ring = shown.get(instance.id), instance.ring
            if known is None:
                self._cursors[instance] = ring.start if follow.again else ring.backlog(self._backlog)
            elif known.ring == ring.id:
                self._cursors[instance] = known.next
            else:
                self._cursors[instance] = ring.start
                yield gap(instance.deployment_id, instance.id, RESTARTED)
        for lost in shown.keys() - {instance.id for instance in first}:
            yield pb.LogBatch(position=LogPosition(instance_id=lost)).SerializeToString()

    def _merged(self) -> Iterator[bytes]:
        """Yields the backlogs, oldest lines first, as runs of one instance each."""
        ends = {instance: instance.ring.end for instance in self._cursors}
        while waiting := [instance for instance, end in ends.items() if self._cursors[instance] < end]:
            oldest, *others = sorted(waiting, key=self._next_arrival)
            turn = self._next_arrival(others[0]) if others else float("inf")
            yield from self._read(oldest, min(ends[oldest], oldest.ring.arrived_by(turn)))

    def _next_arrival(self, instance: Instance) -> float:
        return instance.ring.arrival(self._cursors[instance])

    def _refreshed(self, selected: list[Instance]) -> Iterator[bytes]:
        """Brings the set of instances up to date; yields all that is unread, also of those that left."""
        for instance in selected:
            # What an instance that came after us wrote so far is news, not backlog.
            newcomer = instance.since >= self._started
            first = instance.ring.start if newcomer else instance.ring.backlog(self._backlog)
            self._cursors.setdefault(instance, first)
        unread = {instance: instance.ring.end for instance in self._cursors}
        for instance, end in unread.items():
            while self._cursors[instance] < end:
                yield from self._read(instance, end)
        if self._follow is not None:
            for instance in self._cursors.keys() - set(selected):
                yield pb.LogBatch(position=LogPosition(instance_id=instance.id)).SerializeToString()
        self._cursors = {instance: self._cursors[instance] for instance in selected}

    async def _live(self, subscription: Subscription, topics: dict[str, Instance]) -> AsyncGenerator[bytes, None]:
        """Yields lines until the set of instances may have changed."""
        if self._cursors.keys() != set(topics.values()):
            return
        while True:
            seen = await subscription.wait()
            for topic in seen & topics.keys():
                instance = topics[topic]
                while self._cursors[instance] < instance.ring.end:
                    for batch in self._read(instance):
                        yield batch
            if seen & self._topics:
                return

    def _read(self, instance: Instance, until: int | None = None) -> Iterator[bytes]:
        run = instance.ring.read(self._cursors[instance], until)
        self._cursors[instance] = run.cursor
        if run.skipped:
            self._lines.skipped += run.skipped
            plural = "line was" if run.skipped == 1 else "lines were"
            what = f"{run.skipped} {plural} skipped here: they came faster than this reader took them"
            yield gap(instance.deployment_id, instance.id, what)
        if run.count:
            head = pb.LogBatch(deployment_id=instance.deployment_id, instance_id=instance.id)
            if self._follow is not None:
                head.position.CopyFrom(
                    LogPosition(
                        deployment_id=instance.deployment_id,
                        instance_id=instance.id,
                        ring=instance.ring.id,
                        next=run.cursor,
                    )
                )
            yield head.SerializeToString() + run.wire


def gap(deployment_id: str, instance_id: str, what: str) -> bytes:
    """Returns a serialized `LogBatch` whose one line says what is missing there."""
    batch = pb.LogBatch(deployment_id=deployment_id, instance_id=instance_id)
    entry = batch.lines.add(source=pb.LogBatch.Entry.ENTRYPOINT, line=f"waypoint: {what}")
    entry.timestamp.GetCurrentTime()
    return batch.SerializeToString()
