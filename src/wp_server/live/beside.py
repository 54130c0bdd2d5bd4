"""Running one coroutine beside a stream's generator, for exactly as long as the generator lives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine


@contextlib.asynccontextmanager
async def beside(work: Coroutine[object, object, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Starts `work`; on leaving cancels it if it still runs, and waits for its end.

    An exception of `work` is raised on leaving, unless the block itself failed. It does not interrupt the block: `work`
    tells its partner through what they share.
    """
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error
