"""Cleans up again after launched runners whose clean-up failed (server.md §7.9).

The clean-up is a job like others: its runner can be killed, the platform can be away, a person can cancel it, and a
restored state has it ended. What was launched would then stay for ever; so it is queued anew, later and later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy import Connection

from wp_server.errors import Aborted, DomainError
from wp_server.jobs import queueing
from wp_server.jobs.deadlines import check_lead
from wp_server.store import Store, tasks

LOOK_SECONDS = 5.0
AT_ONCE = 20
"""Tasks per transaction."""

log = logging.getLogger(__name__)


async def run(store: Store, leads: Callable[[], int | None]) -> None:
    """Looks until cancelled, while `leads` returns the number of the duty."""
    while True:
        try:
            while (fence := leads()) is not None and bool(await store.read(tasks.to_stop_again, 1)):
                await store.write(stop_again, fence)
        except Aborted as error:
            log.info("another server cleans up: %s", error)
        except DomainError as error:
            log.warning("what launched runners left could not be cleaned up: %s", error)
        await asyncio.sleep(LOOK_SECONDS)


def stop_again(connection: Connection, fence: int) -> None:
    """Queues the clean-ups that are due. Errors: Aborted without the duty."""
    check_lead(connection, fence)
    for task in tasks.to_stop_again(connection, AT_ONCE):
        job_id = queueing.stop_again(connection, task)
        log.info("the task %s is cleaned up again by the job %s", task.id, job_id)
