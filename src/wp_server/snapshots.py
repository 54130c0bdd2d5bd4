"""Taking and restoring snapshots on a running server, and the one that was laid beside the state before its start.

A file is written and read in threads, on the disk of the state; calls go on meanwhile. A restore is checked to its end
and staged before it replaces anything, in one transaction; then every stream ends with UNAVAILABLE, on all servers of
the database, so that runners, entrypoints and command lines come back to the state they find now (server.md §10.2).
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, Engine

from wp_proto.waypoint import api as pb
from wp_server.errors import Aborted, DomainError
from wp_server.store import Store, settings, snapshot

LAID_FILE = "waypoint-restore.db"
"""A snapshot of this name beside the state is restored at the start."""
PREFIX = "snapshot-"

log = logging.getLogger(__name__)


class Snapshots:
    """One per server. `folder` is where files may lie for a while."""

    def __init__(self, store: Store, folder: Path, version: pb.VersionInfo, run_queued: bool) -> None:
        self._store = store
        self._folder = folder
        self._version = version
        self._run_queued = run_queued
        self._restoring = asyncio.Lock()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[BinaryIO]:
        """Yields a snapshot of now, as a file that is gone afterwards."""
        with tempfile.TemporaryFile(dir=self._folder, prefix=PREFIX) as file:
            await self._store.read_aside(snapshot.create, file, self._version)
            file.seek(0)
            yield file

    @asynccontextmanager
    async def incoming(self) -> AsyncIterator[Path]:
        """Yields the path for a file that is to be restored. Errors: Aborted while another restore runs."""
        if self._restoring.locked():
            raise Aborted("Another snapshot is being restored; wait until that has ended.")
        async with self._restoring:
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=PREFIX) as scratch:
                yield Path(scratch) / "snapshot"

    async def restore(self, file: Path) -> None:
        """Replaces the state by that in `file`. Errors: InvalidArgument and others; then nothing was changed."""
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=PREFIX) as scratch:
            opened = snapshot.staged(file, Path(scratch))
            state = await asyncio.to_thread(opened.__enter__)
            try:
                await self._store.write_alone(self._apply, state)
            finally:
                await asyncio.to_thread(opened.__exit__, None, None, None)

    async def restore_laid(self) -> None:
        """Restores what was laid beside the state; a file that cannot be is moved aside, and the state stays."""
        file = self._folder / LAID_FILE
        if not file.exists():
            return
        log.warning("restoring the snapshot %s", file)
        try:
            await self.restore(file)
        except DomainError as error:
            aside = file.with_name(f"{LAID_FILE}.refused-{int(time.time())}")
            file.rename(aside)
            log.critical("the snapshot was not restored, and is %s now; the state stays: %s", aside, error)
        else:
            file.unlink()
            log.warning("the snapshot was restored")

    async def watch(self, restored: Callable[[], None]) -> None:
        """Calls `restored` after every restore, on whatever server of the database, until cancelled."""
        with self._store.changes.subscribe("restored") as news:
            known = await self._store.read(settings.restored)
            while True:
                await news.wait()
                try:
                    now = await self._store.read(settings.restored)
                except DomainError as error:
                    log.debug("whether the state was restored is not known yet: %s", error)
                    continue
                if now != known:
                    known = now
                    restored()

    def _apply(self, connection: Connection, state: Engine) -> None:
        snapshot.apply(connection, state, self._run_queued)
