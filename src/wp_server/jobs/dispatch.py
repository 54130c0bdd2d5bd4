"""Hands queued jobs to waiting runner streams (server.md §7.6).

One dispatcher for all streams: a change in the queue costs three index lookups, not one claim per waiting stream. Each
open stream that waits is a slot; runners that suit share what there is, one job each in turn.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from dataclasses import dataclass

from wp_server.errors import DomainError
from wp_server.store import Store, claims, transitions
from wp_server.store.claims import Candidate
from wp_server.store.jobs import JobRow

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""Pause after a claim that the store refused (full disk)."""


@dataclass(eq=False)
class _Slot:
    runner: Candidate
    job: asyncio.Future[JobRow]


class Dispatcher:
    """Run it as one task of the server."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._slots: OrderedDict[str, deque[_Slot]] = OrderedDict()

    async def next_job(self, runner: Candidate) -> JobRow:
        """Returns a job that is now WAITING for `runner`. Cancelled meanwhile, the job goes back to the queue."""
        slot = _Slot(runner, asyncio.get_running_loop().create_future())
        self._slots.setdefault(runner.id, deque()).append(slot)
        self._store.changes.publish((transitions.CLAIMABLE,))
        try:
            return await asyncio.shield(slot.job)
        except asyncio.CancelledError:
            if slot.job.done() and not slot.job.cancelled():
                await self._return(slot.job.result())
            else:
                slot.job.cancel()
            raise
        finally:
            self._leave(slot)

    async def run(self) -> None:
        """Serves the slots until cancelled."""
        with self._store.changes.subscribe(transitions.CLAIMABLE) as queue:
            while True:
                await queue.wait(self._store.look_seconds)
                try:
                    while await self._serve_round():
                        pass
                except DomainError as error:
                    log.warning("handing out jobs failed, trying again: %s", error)
                    await asyncio.sleep(RETRY_SECONDS)
                    self._store.changes.publish((transitions.CLAIMABLE,))

    async def _serve_round(self) -> bool:
        if not self._slots:
            return False
        offer = await self._store.read(claims.offer, list(self._slots))
        suitable = [slots[0].runner for slots in self._slots.values() if offer.suits(slots[0].runner)]
        if not suitable:
            return False
        alone = len(suitable) == 1
        claimed = await asyncio.gather(
            *(
                self._store.write(claims.claim, runner, len(self._slots[runner.id]) if alone else 1)
                for runner in suitable
            )
        )
        for runner, rows in zip(suitable, claimed, strict=True):
            for row in rows:
                await self._deliver(runner.id, row)
        return any(claimed)

    async def _deliver(self, runner_id: str, row: JobRow) -> None:
        slots = self._slots.get(runner_id, deque())
        while slots:
            slot = slots.popleft()
            if not slot.job.done():
                slot.job.set_result(row)
                break
        else:
            await self._return(row)
        if not slots:
            self._slots.pop(runner_id, None)
        else:
            self._slots.move_to_end(runner_id)

    async def _return(self, row: JobRow) -> None:
        await asyncio.shield(self._store.write(transitions.give_back, row.job.id, row.position.assignment))

    def _leave(self, slot: _Slot) -> None:
        slots = self._slots.get(slot.runner.id)
        if slots and slot in slots:
            slots.remove(slot)
            if not slots:
                del self._slots[slot.runner.id]
