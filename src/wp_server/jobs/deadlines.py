"""Ends, requeues or expires jobs whose deadline has passed (server.md §7.4, G6)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from sqlalchemy import Connection

from wp_server.errors import Aborted, DomainError
from wp_server.jobs.machine import HEARTBEAT_TIMEOUT, SECOND
from wp_server.store import Store, clock, jobs, replicas, runners, transitions

SWEEP_SECONDS = 1.0
SWEEP_JOBS = 200
"""Jobs per transaction."""

JUMP = 5 * SECOND
"""Nanoseconds that the clock may gain or lose between two looks without having been set."""
STALL = 30 * SECOND
"""A look that is so late says that this process, and so whatever it should have heard, stood still."""

ALONE = 0
"""In place of a duty's number, where there are no other servers."""
SWEEPING = "sweeping"
"""The duty of whoever keeps the deadlines of jobs, settles what dead servers left, polls and clears up."""

log = logging.getLogger(__name__)


class Pace:
    """Tells whether time went on as it should since the last look; the machine may have slept, or its clock be set."""

    def __init__(self) -> None:
        self._last: tuple[int, int] | None = None

    def is_even(self, steady: int, wall: int) -> bool:
        """`steady` never jumps, `wall` is the store's clock; both in nanoseconds."""
        last, self._last = self._last, (steady, wall)
        if last is None:
            return True
        passed, shown = steady - last[0], wall - last[1]
        if abs(shown - passed) > JUMP:
            log.warning("the clock was set by %+.0f s; running jobs get a full period", (shown - passed) / SECOND)
            return False
        return passed <= STALL


async def take_over(store: Store) -> None:
    """Prepares what an earlier process left: runners are offline, and running jobs get a full period to reattach."""
    await store.write(_take_over)


async def run(store: Store, leads: Callable[[], int | None] = lambda: ALONE) -> None:
    """Sweeps every second until cancelled, while `leads` returns the number of that duty (ALONE: nobody else could).

    Whoever begins or could not sweep for a while first gives every job a full period: its runner could not be heard. So
    does whoever sees that the clock was set: deadlines are moments of the clock before.
    """
    swept_with: int | None = ALONE
    pace = Pace()
    while True:
        fence = leads()
        try:
            if fence is not None and not pace.is_even(time.monotonic_ns(), await store.read(clock.now)):
                swept_with = None
            if fence is not None and fence != swept_with:
                await store.write(transitions.prolong, HEARTBEAT_TIMEOUT)
                swept_with = fence
            while fence is not None and await store.read(jobs.is_overdue):
                await store.write(_sweep, fence)
                fence = leads()
        except Aborted as error:
            log.info("another server keeps the deadlines: %s", error)
        except DomainError as error:
            swept_with = None
            log.warning("the deadlines of jobs could not be kept: %s", error)
        await asyncio.sleep(SWEEP_SECONDS)


def check_lead(connection: Connection, fence: int) -> None:
    """Errors: Aborted when the duty has passed to another server since it had this number (ALONE: it cannot)."""
    if fence != ALONE:
        replicas.check_fence(connection, SWEEPING, fence)


def _sweep(connection: Connection, fence: int) -> None:
    check_lead(connection, fence)
    transitions.sweep(connection, SWEEP_JOBS)


def _take_over(connection: Connection) -> None:
    runners.all_offline(connection)
    transitions.take_over(connection, HEARTBEAT_TIMEOUT)
