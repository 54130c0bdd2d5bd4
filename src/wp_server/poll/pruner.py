"""The loop that removes what is finished and old, every ten minutes (server.md §9.2), on the server with the duty.

What may go is searched for beside the server's work, and deleted in many small transactions with pauses between them,
so that nobody who writes waits for more than one of them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from wp_server.errors import Aborted, DomainError
from wp_server.jobs.deadlines import check_lead
from wp_server.store import Store, clock, pruning, record_pruning

P = ParamSpec("P")
T = TypeVar("T")

TICK_SECONDS = 600.0
FIRST_SECONDS = 60.0
"""Until the first round after the start."""
PAGE = 100
"""Rows that are searched for at once."""
LEAST_PAUSE_SECONDS = 0.02
"""Between two transactions; not less than the one before took."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What is kept. 0 seconds: for ever. `jobs` is per project, `records` per kind, application and workspace."""

    seconds: float
    audit_seconds: float
    jobs: MappingProxyType[str, int] = field(
        default_factory=lambda: MappingProxyType({"ordinary": 10_000, "routine": 1_000, "launching": 40_000})
    )
    records: int = 100
    runner_seconds: float = 86_400.0
    """Since a runner left that has no job any more."""


class _Lost(Exception):
    """The duty has passed to another server."""


class Pruner:
    """One per server; `leads` returns the number of the duty while this server has it."""

    def __init__(self, store: Store, limits: Limits, leads: Callable[[], int | None]) -> None:
        self._store = store
        self._limits = limits
        self._leads = leads

    async def run(self) -> None:
        """Prunes until cancelled."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            try:
                await self.round()
            except DomainError as error:
                log.warning("what is old could not be removed: %s", error)
            await asyncio.sleep(TICK_SECONDS)

    async def round(self) -> None:
        """Removes everything that may go now; less when the duty is lost meanwhile. Errors: those of the store."""
        try:
            if self._limits.seconds:
                now = await self._store.read(clock.now)
                before = now - int(self._limits.seconds * 1e9)
                for place in await self._store.read_aside(record_pruning.crowded, self._limits.records):
                    await self._records(place, before)
                await self._aged_jobs(before)
                await self._crowded_jobs()
                await self._runners(now - int(self._limits.runner_seconds * 1e9))
            if self._limits.audit_seconds:
                while await self._write(pruning.drop_audit, self._limits.audit_seconds):
                    pass
        except _Lost:
            log.info("another server removes what is old")

    async def _records(self, place: record_pruning.Place, before: int) -> None:
        after, known = "", record_pruning.UNKNOWN
        while found := await self._store.read_aside(
            record_pruning.aged, place, self._limits.records, before, after, PAGE
        ):
            if known is record_pruning.UNKNOWN:
                known = await self._store.read_aside(record_pruning.named, place, "")
            await self._write(record_pruning.drop, place, found, known)
            after = found[-1]

    async def _aged_jobs(self, before: int) -> None:
        after = ""
        while found := await self._store.read_aside(pruning.aged, before, after, PAGE):
            await self._jobs(found, before)
            after = found[-1]

    async def _crowded_jobs(self) -> None:
        for kind, most in self._limits.jobs.items():
            for group in await self._store.read_aside(pruning.crowded, kind, most):
                after = ""
                while found := await self._store.read_aside(pruning.excess, group, most, after, PAGE):
                    await self._jobs(found, None)
                    after = found[-1]

    async def _jobs(self, found: list[str], before: int | None) -> None:
        while found:
            found = found[await self._write(pruning.drop_jobs, found, before) :]

    async def _runners(self, before: int) -> None:
        after = ""
        while found := await self._store.read_aside(pruning.departed, after, PAGE):
            if old := [one.id for one in found if one.last_seen < before]:
                await self._write(pruning.drop_runners, old)
            after = found[-1].id

    async def _write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One small transaction, and a pause for everybody else. Raises `_Lost`."""
        fence = self._leads()
        if fence is None:
            raise _Lost

        def step(connection: Connection) -> T:
            check_lead(connection, fence)
            return fn(connection, *args, **kwargs)

        began = time.monotonic()
        try:
            result = await self._store.write(step)
        except Aborted as error:
            raise _Lost from error
        await asyncio.sleep(max(LEAST_PAUSE_SECONDS, time.monotonic() - began))
        return result
