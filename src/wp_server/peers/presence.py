"""Tells the other servers which instances have their streams here: rows that follow the registry, in bulk."""

from __future__ import annotations

import asyncio
import logging

from wp_server.errors import DomainError
from wp_server.live.instances import Instances
from wp_server.store import Store
from wp_server.store import instances as rows

AT_ONCE = 200
RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


class Presence:
    """Run it as one task of the server."""

    def __init__(self, store: Store, instances: Instances) -> None:
        self._store = store
        self._instances = instances
        self._dirty: dict[str, None] = {}
        self._news = asyncio.Event()
        instances.observers.append(self._changed)

    def tell_all(self) -> None:
        """Writes every row anew: the others had taken this server for dead."""
        for instance_id in self._instances.known():
            self._changed(instance_id)

    async def run(self) -> None:
        """Writes what changed until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._dirty:
                batch = list(self._dirty)[:AT_ONCE]
                for instance_id in batch:
                    del self._dirty[instance_id]
                try:
                    await self._store.write_weak(rows.follow, [self._row(one) for one in batch])
                except DomainError as error:
                    log.warning("the other servers hear later what is connected here: %s", error)
                    self._dirty.update(dict.fromkeys(batch))
                    await asyncio.sleep(RETRY_SECONDS)

    def _changed(self, instance_id: str) -> None:
        self._dirty[instance_id] = None
        self._news.set()

    def _row(self, instance_id: str) -> rows.Standing:
        known = self._instances.get(instance_id)
        if known is None:
            deployment_id = self._instances.deployment_of(instance_id)
            return rows.Standing(instance_id, deployment_id, expected=bool(deployment_id))
        return rows.Standing(
            instance_id,
            known.deployment_id,
            known.message(),
            connected=known.connected,
            expected=known.owner is not None,
            takes_exec=known.takes_exec,
        )
