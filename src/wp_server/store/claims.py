"""Which queued job a runner's stream gets (server.md §7.6): the earliest that fits and is not blocked. G3.

The queries walk the partial index over (target, queue time) of jobs that are QUEUED with no unfinished dependency, so
the length of the queue does not matter; only jobs kept back by an application lock are stepped over.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, bindparam, exists, literal_column, not_, select

from wp_server.store import jobs as rows
from wp_server.store import transitions
from wp_server.store.isolation import guarded
from wp_server.store.jobs import JobRow, Target
from wp_server.store.schema import app_locks, jobs, runners

_claimable: ColumnElement[bool] = literal_column("jobs.state = 1 AND jobs.unfinished = 0")
"""Spelled like the index's condition: SQLite uses a partial index only then."""
_free = not_(
    exists(
        select(app_locks.c.job_id).where(rows.conflicts(jobs.c.lock_project, jobs.c.lock_app, jobs.c.lock_workspace))
    )
)


def _first(kind: Target) -> Select[str, int]:
    return (
        select(jobs.c.id, jobs.c.queue_time)
        .where(_claimable, jobs.c.target_kind == literal_column(str(int(kind))), jobs.c.target == bindparam("target"))
        .where(_free)
        .order_by(jobs.c.queue_time, jobs.c.id)
        .limit(1)
    )


_first_of = {kind: _first(kind) for kind in Target}
_take_first_of = {kind: _first(kind).with_for_update(of=jobs, skip_locked=True) for kind in Target}
"""The same for a claim: what another replica is just taking is stepped over."""
_next_label_set = (
    select(jobs.c.target)
    .where(
        _claimable, jobs.c.target_kind == literal_column(str(int(Target.LABELS))), jobs.c.target > bindparam("after")
    )
    .order_by(jobs.c.target)
    .limit(1)
)
_wanted_by_id = select(runners.c.id).where(
    runners.c.id.in_(bindparam("waiting", expanding=True)),
    exists(
        select(jobs.c.id).where(
            _claimable, jobs.c.target_kind == literal_column(str(int(Target.ID))), jobs.c.target == runners.c.id
        )
    ),
)


@dataclass(frozen=True)
class Candidate:
    """What a claim needs to know of a runner."""

    id: str
    labels: Mapping[str, str]
    by_id_only: bool
    inside_command: bool = False
    """It lives in a command line, and ends with it."""


@dataclass(frozen=True)
class Offer:
    """For whom there are jobs now."""

    anybody: bool
    label_sets: tuple[Mapping[str, str], ...]
    ids: frozenset[str]

    def suits(self, runner: Candidate) -> bool:
        """Returns whether it is worth a claim for `runner`."""
        if runner.id in self.ids:
            return True
        if runner.by_id_only:
            return False
        return self.anybody or any(wanted.items() <= runner.labels.items() for wanted in self.label_sets)


def offer(connection: Connection, waiting: Collection[str]) -> Offer:
    """Returns for whom there is something to claim, of the runners `waiting` (ids).

    The cost grows with the waiting runners and the different label sets asked for, not with the queue.
    """
    return Offer(
        anybody=connection.execute(_first_of[Target.ANY], {"target": ""}).first() is not None,
        label_sets=tuple(json.loads(target) for target in _label_sets(connection)),
        ids=frozenset(connection.execute(_wanted_by_id, {"waiting": list(waiting)}).scalars()),
    )


@guarded
def claim(connection: Connection, runner: Candidate, most: int) -> list[JobRow]:
    """Assigns up to `most` jobs to `runner`, earliest first, and returns them as WAITING."""
    claimed: list[JobRow] = []
    while len(claimed) < most:
        job_id = _earliest(connection, runner)
        if job_id is None:
            break
        row = transitions.assign(connection, job_id, runner.id)
        if row is not None:
            claimed.append(row)
    return claimed


def _earliest(connection: Connection, runner: Candidate) -> str | None:
    targets = [(Target.ID, runner.id)]
    if not runner.by_id_only:
        targets.append((Target.ANY, ""))
        for target in _label_sets(connection):
            if json.loads(target).items() <= runner.labels.items():
                targets.append((Target.LABELS, target))
    found = [connection.execute(_take_first_of[kind], {"target": target}).first() for kind, target in targets]
    candidates = sorted((row.queue_time, row.id) for row in found if row is not None)
    return candidates[0][1] if candidates else None


def _label_sets(connection: Connection) -> Iterator[str]:
    """Yields the different label sets of queued jobs, by one index lookup each."""
    after = ""
    while (target := connection.execute(_next_label_set, {"after": after}).scalar()) is not None:
        yield target
        after = target
