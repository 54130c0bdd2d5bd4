"""Ends, requeues or expires jobs whose deadline has passed (server.md §7.4, G6)."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy import Connection

from wp_server.errors import DomainError
from wp_server.jobs.machine import HEARTBEAT_TIMEOUT
from wp_server.store import Store, jobs, runners, transitions

SWEEP_SECONDS = 1.0
SWEEP_JOBS = 200
"""Jobs per transaction."""

log = logging.getLogger(__name__)


async def take_over(store: Store) -> None:
    """Prepares what an earlier process left: runners are offline, and running jobs get a full period to reattach."""
    await store.write(_take_over)


async def run(store: Store) -> None:
    """Sweeps every second until cancelled."""
    while True:
        try:
            while await store.read(jobs.is_overdue):
                await store.write(transitions.sweep, SWEEP_JOBS)
        except DomainError as error:
            log.warning("the deadlines of jobs could not be kept: %s", error)
        await asyncio.sleep(SWEEP_SECONDS)


def _take_over(connection: Connection) -> None:
    runners.all_offline(connection)
    transitions.take_over(connection, HEARTBEAT_TIMEOUT)
